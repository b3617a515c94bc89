//! A client on a plain socket: sends the lines of its standard input, prints the events that come.
//!
//! `cargo run --release --example client -- ws://HOST[:PORT]/TARGET [--ping] [--close CODE REASON] [--deflate]
//! [--subprotocol NAME]`

use std::{
    error::Error,
    io::{self, BufRead, Read, Write},
    net::{Shutdown, TcpStream},
    process,
    sync::mpsc::{Sender, channel},
    thread,
    time::Duration,
};

use wsproto::{
    CloseCode, CloseConnection, Config, ConnectionState, Event, Messages, Ping, RemoteProtocolError, Request,
    TextMessage, Transport, WsConnection, extensions::deflate::DeflateConfig,
};

/// How long the server may take to close the connection once nothing more is to be said.
const LINGER: Duration = Duration::from_secs(5);
/// The longest message that is put together from its parts.
const MAX_MESSAGE_LEN: usize = 16 << 20;

/// What happens: bytes come from the server, a line comes from the user.
enum Input {
    Bytes(Vec<u8>),
    ServerEnded,
    Line(String),
    UserEnded,
}

struct Options {
    host: String,
    target: String,
    ping: bool,
    close: CloseConnection<'static>,
    config: Config,
    subprotocol: Option<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = arguments()?;
    let port_or_default =
        if options.host.rsplit(']').next().is_some_and(|end| end.contains(':')) { "" } else { ":80" };
    let stream = TcpStream::connect(format!("{}{port_or_default}", options.host))?;
    let mut client = Client {
        ws: WsConnection::client(options.config),
        messages: Messages::new(MAX_MESSAGE_LEN),
        stream,
        out: Vec::new(),
        ping: options.ping,
        close: options.close,
        user_ended: false,
    };
    let mut request = Request::new(options.host, options.target);
    request.subprotocols.extend(options.subprotocol);
    client.ws.send(request, &mut client.out)?;
    client.run()
}

/// Reads the command line.
fn arguments() -> Result<Options, lexopt::Error> {
    use lexopt::prelude::{Long, Value, ValueExt};

    let (mut url, mut ping, mut config, mut subprotocol) = (None, false, Config::default(), None);
    let mut close = CloseConnection::new(CloseCode::NORMAL);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("ping") => ping = true,
            Long("deflate") => config = config.with_extension(DeflateConfig::default()),
            Long("subprotocol") => subprotocol = Some(parser.value()?.string()?),
            Long("close") => {
                let code = CloseCode::new(parser.value()?.parse()?).ok_or("--close: no such code")?;
                close = CloseConnection::new(code).with_reason(parser.value()?.string()?);
            }
            Value(value) if url.is_none() => url = Some(value.string()?),
            other => return Err(other.unexpected()),
        }
    }
    let url = url.ok_or("usage: client ws://HOST[:PORT]/TARGET")?;
    let rest = url.strip_prefix("ws://").ok_or("only ws:// is spoken here")?;
    let (host, target) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let target = if target.is_empty() { "/" } else { target };
    Ok(Options { host: host.into(), target: target.into(), ping, close, config, subprotocol })
}

struct Client {
    ws: WsConnection,
    messages: Messages,
    stream: TcpStream,
    out: Vec<u8>,
    ping: bool,
    close: CloseConnection<'static>,
    user_ended: bool,
}

impl Client {
    /// Goes on until the connection is over: two threads read, this one speaks.
    fn run(mut self) -> Result<(), Box<dyn Error>> {
        let (sender, inputs) = channel();
        let (socket, lines) = (self.stream.try_clone()?, sender.clone());
        thread::spawn(move || read_socket(socket, &sender));
        loop {
            self.stream.write_all(&self.out)?;
            self.out.clear();
            match self.ws.transport() {
                Transport::KeepOpen => {}
                Transport::ShutdownWrite => self.stream.shutdown(Shutdown::Write)?,
                Transport::Close => return Ok(()),
            }
            let over = self.ws.state() == ConnectionState::Closed;
            let input = if over { inputs.recv_timeout(LINGER).ok() } else { inputs.recv().ok() };
            match input {
                Some(Input::Bytes(mut bytes)) => self.receive(&mut bytes, &lines)?,
                Some(Input::ServerEnded) => match self.ws.receive_eof() {
                    Ok(event) => event.iter().for_each(print),
                    Err(error) => fail(&error),
                },
                Some(Input::Line(line)) if self.ws.state() == ConnectionState::Open => {
                    self.ws.send(TextMessage::new(line), &mut self.out)?;
                }
                Some(Input::UserEnded) => {
                    self.user_ended = true;
                    self.close()?;
                }
                Some(Input::Line(_)) => {}
                None => return Ok(()),
            }
        }
    }

    fn receive(&mut self, mut bytes: &mut [u8], lines: &Sender<Input>) -> Result<(), Box<dyn Error>> {
        loop {
            let event = match self.ws.receive(&mut bytes) {
                Ok(Some(event)) => event,
                Ok(None) => return Ok(()),
                Err(error) => {
                    self.ws.reply_to_error(&error, &mut self.out)?;
                    self.stream.write_all(&self.out)?;
                    fail(&error);
                }
            };
            self.ws.reply(&event, &mut self.out)?;
            let Some(event) = self.messages.push(event)? else { continue };
            print(&event);
            if matches!(event, Event::AcceptConnection(_)) {
                self.opened(lines)?;
            }
        }
    }

    /// Begins to speak once the server has agreed.
    fn opened(&mut self, lines: &Sender<Input>) -> Result<(), Box<dyn Error>> {
        if self.ping {
            self.ws.send(Ping::new(b"are you there?"), &mut self.out)?;
        }
        let lines = lines.clone();
        thread::spawn(move || read_lines(&lines));
        Ok(())
    }

    fn close(&mut self) -> Result<(), Box<dyn Error>> {
        if self.ws.state() == ConnectionState::Open {
            self.ws.send(self.close.clone(), &mut self.out)?;
        }
        Ok(())
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

fn read_lines(inputs: &Sender<Input>) {
    for line in io::stdin().lock().lines().map_while(Result::ok) {
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
        Event::RejectData(data) => println!("{}", String::from_utf8_lossy(&data.data)),
        Event::TextMessage(message) => println!("text: {}", message.data),
        Event::BytesMessage(message) => println!("binary: {} bytes", message.data.len()),
        Event::Ping(ping) => println!("ping: {}", ping.payload.escape_ascii()),
        Event::Pong(pong) => println!("pong: {}", pong.payload.escape_ascii()),
        Event::CloseConnection(close) => println!("closed: {} {}", close.code, close.reason),
        other => println!("{other:?}"),
    }
}

fn fail(error: &RemoteProtocolError) -> ! {
    eprintln!("server: {error}");
    process::exit(1)
}
