//! A client on a plain socket: sends the lines of its standard input, prints the events that come.
//!
//! `cargo run --release --example client -- --help` tells how to call it.

use std::{
    error::Error,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpStream},
    process::ExitCode,
    sync::mpsc::{Sender, channel},
    thread,
    time::{Duration, Instant},
};

use wsproto::{
    CloseCode, CloseConnection, Config, Connection, ConnectionState, Event, Ping, ReadBuffer, Request,
    TextMessage, Transport, WebSocketUrl, extensions::deflate::DeflateConfig,
};

const USAGE: &str =
    "client ws://[USER:PASSWORD@]HOST[:PORT][/TARGET] [--ping] [--close CODE REASON] [--deflate on|off] [--subprotocol NAME]
  sends each line of the standard input as a text, prints the events that come, closes at the input's end
  --ping          sends a Ping first
  --close         what to close with, in place of 1000
  --deflate       whether to offer permessage-deflate; off by default
  --subprotocol   proposes a subprotocol";

/// How long the server may take to answer our Close, or to close the connection after its own.
const LINGER: Duration = Duration::from_secs(5);
/// The longest message that is taken.
const MAX_MESSAGE_LEN: u64 = 16 << 20;

/// What happens: bytes come from the server, a line comes from the user.
enum Input {
    Bytes(Vec<u8>),
    ServerEnded,
    Line(String),
    UserEnded,
}

struct Options {
    url: WebSocketUrl,
    ping: bool,
    close: CloseConnection<'static>,
    config: Config,
    subprotocol: Option<String>,
}

fn main() -> ExitCode {
    match converse() {
        Ok(outcome) => outcome,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Speaks with the server; fails unless the connection was opened, and closed by both sides.
fn converse() -> Result<ExitCode, Box<dyn Error>> {
    let Some(options) = arguments()? else {
        println!("{USAGE}");
        return Ok(ExitCode::SUCCESS);
    };
    let stream = TcpStream::connect((options.url.host(), options.url.port()))?;
    let mut client = Client {
        ws: Connection::client(options.config),
        buffer: ReadBuffer::messages(),
        stream,
        out: Vec::new(),
        ping: options.ping,
        close: options.close,
    };
    let request = options.url.request();
    let request = options.subprotocol.into_iter().fold(request, Request::with_subprotocol);
    client.ws.send(request, &mut client.out)?;
    let is_clean = client.run(BufReader::new(io::stdin()))?;
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads the command line; nothing where help is asked for.
fn arguments() -> Result<Option<Options>, lexopt::Error> {
    use lexopt::prelude::{Long, Value, ValueExt};

    let (mut url, mut ping, mut config, mut subprotocol) =
        (None, false, Config::default().with_max_message_len(MAX_MESSAGE_LEN), None);
    let mut close = CloseConnection::new(CloseCode::NORMAL);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("help") => return Ok(None),
            Long("ping") => ping = true,
            Long("deflate") => match parser.value()?.string()?.as_str() {
                "on" => config = config.with_extension(DeflateConfig::default()),
                "off" => {}
                other => return Err(format!("--deflate is on or off, not {other}").into()),
            },
            Long("subprotocol") => subprotocol = Some(parser.value()?.string()?),
            Long("close") => {
                let code = CloseCode::new(parser.value()?.parse()?).ok_or("--close: no such code")?;
                close = CloseConnection::new(code).with_reason(parser.value()?.string()?);
            }
            Value(value) if url.is_none() => url = Some(value.string()?),
            other => return Err(other.unexpected()),
        }
    }
    let url = url.ok_or(USAGE)?;
    let url = url.parse::<WebSocketUrl>().map_err(|error| error.to_string())?;
    if url.is_secure() {
        return Err("only ws:// is spoken here: there is no TLS".into());
    }
    Ok(Some(Options { url, ping, close, config, subprotocol }))
}

pub(crate) struct Client {
    pub(crate) ws: Connection,
    pub(crate) buffer: ReadBuffer,
    pub(crate) stream: TcpStream,
    pub(crate) out: Vec<u8>,
    pub(crate) ping: bool,
    pub(crate) close: CloseConnection<'static>,
}

impl Client {
    /// Goes on until the connection is over: two threads read, this one speaks. Returns whether both sides closed it.
    pub(crate) fn run(mut self, lines: impl BufRead + Send + 'static) -> Result<bool, Box<dyn Error>> {
        let (sender, inputs) = channel();
        let (socket, mut lines) = (self.stream.try_clone()?, Some((lines, sender.clone())));
        thread::spawn(move || read_socket(socket, &sender));
        let (mut handled, mut end) = (Ok(()), None);
        loop {
            // What was sent before a failure, too. Where it can't be written, the thread that reads finds the end, after what
            // the server said before it.
            let _ = self.stream.write_all(&self.out);
            self.out.clear();
            handled?;
            match self.ws.transport() {
                Transport::KeepOpen | Transport::PauseRead | Transport::AwaitEnd => {}
                Transport::ShutdownWrite => drop(self.stream.shutdown(Shutdown::Write)),
                Transport::Close => return Ok(self.ws.closed_cleanly()),
            }
            let input = match self.ws.state() {
                ConnectionState::LocalClosing | ConnectionState::Closed => {
                    let end = *end.get_or_insert_with(|| Instant::now() + LINGER);
                    inputs.recv_timeout(end.saturating_duration_since(Instant::now())).ok()
                }
                _ => inputs.recv().ok(),
            };
            let Some(input) = input else { return Ok(self.ws.closed_cleanly()) };
            handled = self.handle(input);
            if self.ws.state() == ConnectionState::Open
                && let Some((lines, sender)) = lines.take()
            {
                thread::spawn(move || read_lines(lines, &sender));
            }
        }
    }

    fn handle(&mut self, input: Input) -> Result<(), Box<dyn Error>> {
        let is_open = self.ws.state() == ConnectionState::Open;
        match input {
            Input::Bytes(bytes) => self.receive(&bytes)?,
            Input::ServerEnded => match self.ws.receive_eof() {
                Ok(event) => event.iter().for_each(print),
                Err(error) => eprintln!("server: {error}"),
            },
            Input::Line(line) if is_open => self.ws.send(TextMessage::new(line), &mut self.out)?,
            Input::UserEnded if is_open => self.ws.send(self.close.clone(), &mut self.out)?,
            Input::Line(_) | Input::UserEnded => {}
        }
        Ok(())
    }

    fn receive(&mut self, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
        if self.ws.state() == ConnectionState::Closed {
            return Ok(());
        }
        self.buffer.extend_from_slice(bytes);
        loop {
            match self.ws.receive_from(&mut self.buffer) {
                Ok(Some(event)) => {
                    self.ws.reply(&event, &mut self.out)?;
                    print(&event);
                    if matches!(event, Event::AcceptConnection(_)) && self.ping {
                        self.ws.send(Ping::new(b"are you there?"), &mut self.out)?;
                    }
                }
                Ok(None) => return Ok(()),
                Err(error) => {
                    eprintln!("server: {error}");
                    return Ok(self.ws.reply_to_error(&error, &mut self.out)?);
                }
            }
        }
    }
}

fn read_socket(mut socket: TcpStream, inputs: &Sender<Input>) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(n @ 1..) = socket.read(&mut buffer) {
        if inputs.send(Input::Bytes(buffer[..n].to_vec())).is_err() {
            return;
        }
    }
    let _ = inputs.send(Input::ServerEnded);
}

fn read_lines(lines: impl BufRead, inputs: &Sender<Input>) {
    for line in lines.split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line)).into_owned();
        if inputs.send(Input::Line(line)).is_err() {
            return;
        }
    }
    let _ = inputs.send(Input::UserEnded);
}

/// Prints an event in words: its Debug form hides what it carries.
fn print(event: &Event<'_>) {
    match event {
        Event::AcceptConnection(accept) => {
            println!("open, subprotocol {:?}, extensions {:?}", accept.subprotocol, accept.extensions);
        }
        Event::RejectConnection(reject) => println!("rejected with status {}", reject.status),
        Event::RejectData(data) if data.data.is_empty() => {}
        Event::RejectData(data) => println!("{}", String::from_utf8_lossy(&data.data)),
        Event::TextMessage(message) => println!("text: {}", message.data),
        Event::BytesMessage(message) => println!("binary: {} bytes", message.data.len()),
        Event::Ping(ping) => println!("ping: {}", ping.payload.escape_ascii()),
        Event::Pong(pong) => println!("pong: {}", pong.payload.escape_ascii()),
        Event::CloseConnection(close) => println!("closed: {} {}", close.code, close.reason),
        other => println!("{other:?}"),
    }
}
