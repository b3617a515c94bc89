//! An echo server on plain sockets: one thread per connection, and nothing between it and the library.
//!
//! `cargo run --release --example echo_server -- [--port PORT] [--deflate off|on]`

use std::{
    error::Error,
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use wsproto::{
    AcceptConnection, Config, ConnectionState, Event, LocalProtocolError, Transport, WsConnection,
    extensions::deflate::DeflateConfig,
};

/// How long a client may take over each part of its request.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a client may take to close its side once nothing more is to be said.
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

/// Takes connections for ever.
fn listen() -> Result<(), Box<dyn Error>> {
    let (port, config) = arguments()?;
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

/// Reads the command line: the port (0: any that is free) and what connections are made with.
fn arguments() -> Result<(u16, Config), lexopt::Error> {
    use lexopt::prelude::{Long, ValueExt};

    let (mut port, mut config) = (0, Config::default());
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("port") => port = parser.value()?.parse()?,
            Long("deflate") => match parser.value()?.string()?.as_str() {
                "on" => config = config.with_extension(DeflateConfig::default()),
                "off" => {}
                other => return Err(format!("--deflate is on or off, not {other}").into()),
            },
            other => return Err(other.unexpected()),
        }
    }
    Ok((port, config))
}

/// Speaks with one client until the connection is over.
fn serve(mut stream: TcpStream, config: Config) -> Result<(), Box<dyn Error>> {
    let mut ws = WsConnection::server(config);
    let (mut buffer, mut out) = (vec![0; 64 << 10], Vec::new());
    loop {
        let patience = (ws.state() == ConnectionState::Connecting).then_some(HANDSHAKE);
        stream.set_read_timeout(patience)?;
        match stream.read(&mut buffer)? {
            0 => drop(ws.receive_eof()?),
            n => answer(&mut ws, &mut buffer[..n], &mut out)?,
        }
        stream.write_all(&out)?;
        out.clear();
        match ws.transport() {
            Transport::KeepOpen => {}
            Transport::ShutdownWrite => return linger(stream),
            Transport::Close => return Ok(()),
        }
    }
}

/// Lets the peer read what we said last before the connection goes: closing on unread bytes could lose it.
fn linger(mut stream: TcpStream) -> Result<(), Box<dyn Error>> {
    stream.shutdown(Shutdown::Write)?;
    let end = Instant::now() + LINGER;
    let mut ignored = [0; 4096];
    while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        stream.set_read_timeout(Some(left))?;
        if stream.read(&mut ignored)? == 0 {
            break;
        }
    }
    Ok(())
}

/// Answers everything that one read brought.
fn answer(ws: &mut WsConnection, mut input: &mut [u8], out: &mut Vec<u8>) -> Result<(), LocalProtocolError> {
    loop {
        match ws.receive(&mut input) {
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
