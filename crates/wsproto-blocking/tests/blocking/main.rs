//! The adapter over real sockets, and over streams that fail in every way.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    reason = "a test fails by panicking, in its helpers too"
)]

mod closing;
mod connecting;
mod deadlines;
mod messages;
mod script;
mod split;
mod streams;

use std::{
    net::{TcpListener, TcpStream},
    thread::{self, JoinHandle},
    time::Duration,
};

use wsproto_blocking::{Connector, Error, Settings, Timeouts, WebSocket, accept};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn timeouts() -> Timeouts {
    Timeouts::default().with_handshake(ms(5000)).with_close(ms(5000))
}

/// Returns whether it is the error of an end without a Close.
fn is_end(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof)
}

/// Two ends of a TCP connection.
fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

/// Both ends of a WebSocket.
fn pair(client: &Settings, server: &Settings) -> (WebSocket<TcpStream>, WebSocket<TcpStream>) {
    let (client_end, server_end) = tcp();
    let server = server.clone();
    let server = thread::spawn(move || accept(server_end, server).unwrap());
    let connector = Connector::new().with_settings(client);
    (connector.connect_over(client_end, "ws://example.com/").unwrap(), server.join().unwrap())
}

/// A client, and the bare socket of a server that has answered its request.
fn client_of_bare(settings: &Settings) -> (WebSocket<TcpStream>, TcpStream) {
    let (client, server) = pair(settings, &Settings::default());
    let (stream, unread) = server.into_parts();
    assert!(unread.is_empty());
    stream.set_read_timeout(None).unwrap();
    (client, stream)
}

/// A server, and the bare socket of a client.
fn server_of_bare(settings: &Settings) -> (WebSocket<TcpStream>, TcpStream) {
    let (client, server) = pair(&Settings::default(), settings);
    let (stream, _) = client.into_parts();
    stream.set_read_timeout(None).unwrap();
    (server, stream)
}

/// Echoes messages until the end.
fn echo(mut ws: WebSocket<TcpStream>) -> JoinHandle<Result<WebSocket<TcpStream>, Error>> {
    thread::spawn(move || {
        while let Some(message) = ws.read()? {
            ws.feed(message)?;
        }
        Ok(ws)
    })
}
