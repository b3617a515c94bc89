//! Makes the two ends of a connection.

use tokio::io::{DuplexStream, duplex};
use wsproto_tokio::{
    Config, Settings, WebSocket,
    wsproto::{Connection, ReadBuffer},
};

/// The request of a client.
pub(crate) const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// An open server and an open client, over a stream that holds so many bytes.
pub(crate) fn pair(capacity: usize) -> (WebSocket<DuplexStream>, WebSocket<DuplexStream>) {
    pair_with(capacity, &Settings::default())
}

pub(crate) fn pair_with(
    capacity: usize,
    settings: &Settings,
) -> (WebSocket<DuplexStream>, WebSocket<DuplexStream>) {
    let (server, client) = duplex(capacity);
    (open_server(server, settings), WebSocket::from_upgraded(client, client_connection(), b"", settings))
}

pub(crate) fn open_server<S>(io: S, settings: &Settings) -> WebSocket<S> {
    WebSocket::from_upgraded(io, Connection::open_server(settings.config.clone()), b"", settings)
}

pub(crate) fn client_connection() -> Connection {
    Connection::open_client(Config::default())
}

/// A server and the bare stream of its peer.
pub(crate) fn server_and_stream(
    capacity: usize,
    settings: &Settings,
) -> (WebSocket<DuplexStream>, DuplexStream) {
    let (server, peer) = duplex(capacity);
    (open_server(server, settings), peer)
}

/// The bytes that a client writes for these events.
pub(crate) fn client_bytes(events: impl IntoIterator<Item = wsproto_tokio::Event<'static>>) -> Vec<u8> {
    let (mut client, mut wire) = (client_connection(), Vec::new());
    for event in events {
        client.send(event, &mut wire).unwrap();
    }
    wire
}

/// The events that a client reads from these bytes.
pub(crate) fn client_events(bytes: &[u8]) -> Vec<wsproto_tokio::Event<'static>> {
    let (mut client, mut events) = (client_connection(), Vec::new());
    let mut buffer = ReadBuffer::messages().with_unread(bytes);
    while client.advance(&mut buffer).unwrap() {
        events.extend(buffer.take_event());
    }
    events
}
