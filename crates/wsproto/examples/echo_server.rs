//! An echo server on plain sockets: one thread per connection, directly on the library.
//!
//! `cargo run --release --example echo_server -- 9001`. Without a number it takes a free port.

use std::{
    error::Error,
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use wsproto::{
    AcceptConnection, Config, Connection, ConnectionState, DeflateConfig, Event, LocalProtocolError,
    ReadBuffer, RemoteProtocolError, Transport,
};

/// How long a client may take for each part of its request.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a client may take to close its side at the end.
const LINGER: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    match listen() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Accepts connections for ever.
fn listen() -> Result<(), Box<dyn Error>> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    let config = Config::default().with_explained_rejections().with_extension(DeflateConfig::default());
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("listening on ws://{}/", listener.local_addr()?);
    io::stdout().flush()?;
    for stream in listener.incoming() {
        let (stream, config) = (stream?, config.clone());
        thread::spawn(move || {
            if let Err(error) = serve(stream, config) {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

/// Serves one client until the connection is over.
pub(crate) fn serve(mut stream: TcpStream, config: Config) -> Result<(), Box<dyn Error>> {
    let mut ws = Connection::server(config);
    let (mut buffer, mut out) = (ReadBuffer::messages(), Vec::new());
    let mut answered = Ok(());
    while answered.is_ok() && ws.transport() == Transport::KeepOpen {
        let patience = (ws.state() == ConnectionState::Connecting).then_some(HANDSHAKE);
        stream.set_read_timeout(patience)?;
        match stream.read(buffer.room())? {
            0 => match ws.receive_eof() {
                // A health check's probe connects and leaves.
                Err(RemoteProtocolError::EndOfStream { received_any: false }) => return Ok(()),
                ended => drop(ended?),
            },
            n => buffer.filled(n),
        }
        answered = answer(&mut ws, &mut buffer, &mut out);
        stream.write_all(&out)?; // this includes bytes that were sent before a failure
        out.clear();
    }
    linger(&mut stream);
    if !ws.closed_cleanly() && ws.failure().is_none() {
        eprintln!("client: gone without a Close");
    }
    Ok(answered?)
}

/// Lets the client read our last bytes: if we close before the client's side has ended, it could lose them. Any error
/// here is the end, too.
fn linger(stream: &mut TcpStream) {
    if stream.shutdown(Shutdown::Write).is_err() {
        return;
    }
    let (end, mut ignored) = (Instant::now() + LINGER, [0; 4096]);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return;
        }
        if !stream.read(&mut ignored).is_ok_and(|n| n > 0) {
            return;
        }
    }
}

/// Answers all events of the bytes that were read.
fn answer(ws: &mut Connection, buffer: &mut ReadBuffer, out: &mut Vec<u8>) -> Result<(), LocalProtocolError> {
    loop {
        match ws.receive_from(buffer) {
            Ok(None) => return Ok(()),
            Ok(Some(Event::Request(request))) => {
                let mut accept = AcceptConnection::new();
                accept.subprotocol = request.subprotocols().next().map(Into::into);
                ws.send(accept, out)?;
            }
            Ok(Some(Event::TextMessage(message))) => ws.send(message, out)?,
            Ok(Some(Event::BytesMessage(message))) => ws.send(message, out)?,
            Ok(Some(event)) => ws.reply(&event, out)?, // a Pong for a Ping, a Close for a Close
            Err(error) => {
                eprintln!("client: {error}");
                return ws.reply_to_error(&error, out);
            }
        }
    }
}
