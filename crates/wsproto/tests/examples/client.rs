//! A client for the examples' servers, on a blocking stream.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use wsproto::{Config, Connection, Event, ReadBuffer, Request};

/// A client on a blocking stream.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    pub(crate) connection: Connection,
    buffer: ReadBuffer,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let connection = Connection::client(Config::default());
        let mut client = Self { stream, connection, buffer: ReadBuffer::messages() };
        client.send(Request::new("localhost", "/"));
        assert!(matches!(client.receive(), Some(Event::AcceptConnection(_))));
        client
    }

    pub(crate) fn send<'e>(&mut self, event: impl Into<Event<'e>>) {
        let mut out = Vec::new();
        self.connection.send(event, &mut out).unwrap();
        self.stream.write_all(&out).unwrap();
    }

    /// Returns the next event, or `None` at the end of the stream.
    pub(crate) fn receive(&mut self) -> Option<Event<'static>> {
        while !self.connection.advance(&mut self.buffer).unwrap() {
            match self.stream.read(self.buffer.room()).unwrap() {
                0 => return None,
                len => self.buffer.filled(len),
            }
        }
        self.buffer.take_event()
    }
}
