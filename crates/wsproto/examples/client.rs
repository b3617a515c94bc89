//! A client on a plain socket. It sends the lines of its standard input, prints the events, and closes at the end of
//! the input.
//!
//! `cargo run --release --example client -- ws://127.0.0.1:9001/`
//!
//! The command `wsproto connect` does more: TLS, Pings, close codes, a look at the wire.

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
    CloseCode, CloseConnection, Config, Connection, ConnectionState, DeflateConfig, Event, ReadBuffer,
    TextMessage, Transport, WebSocketUrl,
};

/// How long the server may take to answer our Close, or to close the connection after its own.
const LINGER: Duration = Duration::from_secs(5);
/// The longest accepted message.
const MAX_MESSAGE_LEN: u64 = 16 << 20;

/// An input of the program: bytes from the server, or a line from the user.
enum Input {
    Bytes(Vec<u8>),
    ServerEnded,
    Line(String),
    UserEnded,
}

fn main() -> ExitCode {
    match converse() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the connection, and returns whether it was opened, and closed by both sides.
fn converse() -> Result<bool, Box<dyn Error>> {
    let url: WebSocketUrl = std::env::args().nth(1).ok_or("client ws://HOST[:PORT][/TARGET]")?.parse()?;
    if url.is_secure() {
        return Err("only ws:// is supported: this example has no TLS".into());
    }
    let stream = TcpStream::connect((url.host(), url.port()))?;
    let config =
        Config::default().with_max_message_len(MAX_MESSAGE_LEN).with_extension(DeflateConfig::default());
    let mut ws = Connection::client(config);
    let mut out = Vec::new();
    ws.send(url.request(), &mut out)?;
    Client { ws, buffer: ReadBuffer::messages(), stream, out }.run(BufReader::new(io::stdin()))
}

pub(crate) struct Client {
    pub(crate) ws: Connection,
    pub(crate) buffer: ReadBuffer,
    pub(crate) stream: TcpStream,
    pub(crate) out: Vec<u8>,
}

impl Client {
    /// Runs until the connection is over: two threads read, this one writes. Returns whether both sides closed it.
    pub(crate) fn run(mut self, lines: impl BufRead + Send + 'static) -> Result<bool, Box<dyn Error>> {
        let (sender, inputs) = channel();
        let (socket, mut lines) = (self.stream.try_clone()?, Some((lines, sender.clone())));
        thread::spawn(move || read_socket(socket, &sender));
        let (mut handled, mut end) = (Ok(()), None);
        loop {
            // This includes bytes that were sent before a failure. If they can't be written, the reading thread finds
            // the end, after the server's last bytes.
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
            Input::UserEnded if is_open => {
                self.ws.send(CloseConnection::new(CloseCode::NORMAL), &mut self.out)?;
            }
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

/// Prints an event in words: its `Debug` form hides the payload.
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
