//! `wsproto connect`: a line client.
//!
//! [`open`] connects, and [`watch`] sees each byte. Then a [`session`] runs: a thread reads the [`input`], one task
//! [sends](send) its messages, another [receives](receive), and [`ending`] says how the connection ended.

mod ending;
mod input;
mod open;
mod receive;
mod send;
mod session;
mod watch;

use std::{
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use wsproto::{Proxy, WebSocketUrl};

use self::session::Session;
use crate::{
    client::{self, seconds, url},
    exit::{Failure, Status},
    signals::Signals,
    streams::Output,
};

/// Connects to a server: prints messages, sends lines.
///
/// Each line of standard input is sent as a text message. Received text messages go to standard output, one a line;
/// everything else goes to standard error. On a terminal, a received line begins with `< `, and control characters are
/// shown as escapes. A pipe or a file gets the text byte for byte.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Where to connect, with ws or wss.
    #[arg(value_parser = url)]
    url: WebSocketUrl,
    #[command(flatten)]
    client: client::Options,
    /// Shows the handshake and each frame, in both directions, on standard error.
    #[arg(long, short)]
    wire: bool,
    /// Sends a Ping when nothing has come for this time, and ends the connection if no answer comes for the same time.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    keepalive: Option<Duration>,
    /// Connects to this Unix socket; the request still has the host and path of the URL.
    #[arg(long, value_name = "PATH")]
    unix: Option<PathBuf>,
    /// Connects through this HTTP proxy: `http://user:password@proxy.example:3128`.
    #[arg(long, value_name = "URL", value_parser = proxy, conflicts_with = "unix")]
    proxy: Option<Proxy>,
    /// The longest message that may come, in bytes after inflating.
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 20, value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    max_message: u64,
    /// Writes binary messages to standard output unchanged, with nothing between them. Without this option, their
    /// length and first bytes go to standard error.
    #[arg(long)]
    raw: bool,
    /// Sends every line as it is, even if it begins with a slash.
    #[arg(long)]
    no_commands: bool,
    /// After the end of the input, waits until this number of messages has come since the start.
    #[arg(long, value_name = "MESSAGES", value_parser = clap::value_parser!(u64).range(1..))]
    expect: Option<u64>,
    /// After the end of the input, waits for this time, or with "forever" until the server closes. With --expect,
    /// this is the longest time.
    #[arg(long, value_name = "SECONDS", value_parser = wait)]
    wait: Option<Wait>,
}

const AFTER_HELP: &str = "\
Lines:
  text               sends a text message; an empty line an empty one
  /ping [TEXT]       sends a Ping; its Pong is shown with the time that it took
  /close [CODE [REASON]]
                     closes, with 1000 unless told otherwise
  /binary FILE       sends a file as a binary message
  /help              shows this
  //x                sends \"/x\"
A line, and a file, has at most 16 MiB.

The end of the input (Ctrl-D) closes with 1000, after --expect and --wait; Ctrl-C and SIGTERM close with 1001. Then the
server has 5 s to close, too; a second Ctrl-C ends at once.

While nobody reads standard output, 4 MiB wait, and Pings are answered; then nothing more is read from the server.

Exit status:
    0  the connection was closed in order
    1  the server broke a rule of the protocol
    2  the command line can't be used
    3  the server can't be reached, or TLS failed
    4  the server refused, or is no WebSocket server
    5  the connection ended without a Close
    6  the server closed it with a code other than 1000 and 1001
    7  a deadline passed
    8  a file or a standard stream can't be read or written, or a line of a pipe can't be sent
    9  closed in order, but before all lines were sent or all messages came that --expect asks for
   10  the server sent more than a limit of this side allows, such as --max-message
  130  a second Ctrl-C, or one before the connection was open

Examples:
  wsproto connect ws://localhost:9001/echo
  wsproto connect --wire wss://example.com/chat --subprotocol chat -H 'Authorization: Bearer …'
  printf 'one\\ntwo\\n' | wsproto connect ws://localhost:9001/echo --expect 2 --wait 5
  wsproto connect ws://localhost:9001/chat --wait forever < /dev/null > messages.txt
  wsproto connect --unix /run/chat.sock ws://localhost/chat";

/// How long to wait for answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    Time(Duration),
    Forever,
}

fn wait(text: &str) -> Result<Wait, String> {
    if text == "forever" { Ok(Wait::Forever) } else { seconds(text).map(Wait::Time) }
}

/// Reads the URL of a proxy.
fn proxy(text: &str) -> Result<Proxy, String> {
    text.parse().map_err(|error: wsproto::UrlError| error.to_string())
}

impl Args {
    fn unix(&self) -> Option<&Path> {
        self.unix.as_deref()
    }

    /// Names the server as people write it.
    fn place(&self) -> String {
        match (self.unix(), &self.proxy) {
            (Some(path), _) => path.display().to_string(),
            (None, Some(proxy)) => {
                let (place, proxy) = (client::place(&self.url), client::named(proxy.host(), proxy.port()));
                format!("{place} through the proxy {proxy}")
            }
            (None, None) => client::place(&self.url),
        }
    }
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let local = |error: io::Error| Failure::new(Status::Local, error);
    open::check(args)?;
    if args.raw && io::stdout().is_terminal() {
        let why = "--raw is for pipes and files: bytes of a server could do anything to a terminal";
        return Err(Failure::new(Status::Usage, why));
    }
    let connector = open::connector(args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(local)?;
    let status = runtime.block_on(async {
        let signals = Signals::listen().map_err(local)?;
        let output = Output::start().map_err(local)?;
        let status = connect(args, connector, signals, &output).await.unwrap_or_else(|failure| {
            output.note(format_args!("wsproto: {}", failure.message));
            failure.status
        });
        output.flush_notes().await;
        Ok(status)
    });
    // A name that is still looked up waits for nobody.
    runtime.shutdown_background();
    status.map(Into::into)
}

async fn connect(
    args: &Args,
    connector: wsproto_tokio::Connector,
    mut signals: Signals,
    output: &Output,
) -> Result<Status, Failure> {
    let opened = tokio::select! {
        opened = open::open(args, connector, output) => opened?,
        () = signals.next() => return Ok(Status::Interrupted),
    };
    let lines = input::start(!args.no_commands)
        .map_err(|error| Failure::new(Status::Local, format_args!("can't read standard input: {error}")))?;
    Session::new(args, output.clone(), signals).run(opened, lines).await
}
