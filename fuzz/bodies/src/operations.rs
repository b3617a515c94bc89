//! Two connections talk: any sends in any order, bytes delivered in any pieces. Both receive the other's events, and
//! both end closed.

mod model;
mod side;

use wsproto::{Config, Connection, ConnectionState, DeflateConfig, Event, Transport};

use self::side::{Hears, Side};
use crate::{Source, deflate, source::Choices};

/// The most operations of a run.
const MOST: usize = 80;

/// Runs a sequence of operations on a client and a server.
pub fn operations(data: &[u8]) {
    let mut source = Source::new(data);
    let choices = source.choices();
    let mut pair = Pair::open(&mut source, choices);
    for _ in 0..MOST {
        if source.is_empty() {
            break;
        }
        pair.step(&mut source);
    }
    pair.end(choices);
}

struct Pair {
    client: Side,
    server: Side,
}

impl Pair {
    /// Opens a connection. The answer may still be on its way.
    fn open(source: &mut Source<'_>, choices: Choices) -> Self {
        let [client, server] = [choices.has(0), choices.has(1)].map(|compresses| {
            let config = if compresses { deflate::config(source) } else { DeflateConfig::default() };
            let limited = Config::default().with_max_message_len(side::LIMIT);
            let limited = if choices.has(5) { limited } else { Config::default() };
            if compresses { limited.with_extension(config) } else { limited }
        });
        let entropy = |bytes: &mut [u8]| bytes.fill(0x5a);
        let client = Connection::client_with_entropy(client, entropy);
        let [client_hears, server_hears] = match (choices.has(6), choices.has(7)) {
            (false, false) => [Hears::Lent, Hears::Messages],
            (true, false) => [Hears::Messages, Hears::Lent],
            (false, true) => [Hears::Parts, Hears::Messages],
            (true, true) => [Hears::Messages, Hears::Parts],
        };
        let mut pair = Self {
            client: Side::new(client, client_hears, choices.has(2), choices.has(5)),
            server: Side::new(Connection::server(server), server_hears, choices.has(3), choices.has(5)),
        };
        pair.client.send_unasked(wsproto::Request::new("example.com", "/").into());
        pair.deliver(true, usize::MAX);
        pair.server.send_unasked(wsproto::AcceptConnection::new().into());
        pair
    }

    /// Does one operation: the lowest bit chooses the side, the next three the action.
    fn step(&mut self, source: &mut Source<'_>) {
        let choices = source.choices();
        let by_client = choices.has(0);
        let side = if by_client { &mut self.client } else { &mut self.server };
        match choices.get() >> 1 & 7 {
            0 | 1 => self.deliver(by_client, usize::from(source.byte()) + 1),
            2 => self.deliver(by_client, usize::MAX),
            3 | 4 => side.say_text(source, choices),
            5 => side.say_bytes(source, choices),
            6 => side.say_ping_or_pong(source, choices),
            _ => side.say_close(source),
        }
    }

    /// Delivers at most `most` of the bytes that one side sent.
    fn deliver(&mut self, by_client: bool, most: usize) {
        let (from, to) = if by_client {
            (&mut self.client, &mut self.server)
        } else {
            (&mut self.server, &mut self.client)
        };
        let len = from.wire.len().min(most);
        let mut bytes: Vec<u8> = from.wire.drain(..len).collect();
        to.receive(&mut bytes);
    }

    fn deliver_all(&mut self) {
        while !(self.client.wire.is_empty() && self.server.wire.is_empty()) {
            self.deliver(true, usize::MAX);
            self.deliver(false, usize::MAX);
        }
    }

    /// Ends the connection, by the closing handshake or by the end of both streams.
    fn end(mut self, choices: Choices) {
        self.deliver_all();
        if !choices.has(4) {
            self.client.close_if_possible();
            self.deliver_all();
            self.server.close_if_possible();
            self.deliver_all();
            assert_eq!(self.server.ws.transport(), Transport::ShutdownWrite, "a server ends first");
            assert_eq!(self.client.ws.transport(), Transport::AwaitEnd, "a client waits for that");
        }
        self.server.assert_heard(&self.client.said);
        self.client.assert_heard(&self.server.said);
        for side in [&mut self.client, &mut self.server] {
            side.end();
        }
    }
}

impl Side {
    fn close_if_possible(&mut self) {
        if matches!(self.ws.state(), ConnectionState::Open | ConnectionState::RemoteClosing) {
            self.close(wsproto::CloseCode::NORMAL, "bye");
        }
    }

    /// Takes the end of the peer's stream. An open connection is closed then.
    fn end(&mut self) {
        let before = self.ws.state();
        let event = self.ws.receive_eof().expect("the handshake is done");
        let is_abnormal = matches!(
            event,
            Some(Event::CloseConnection(close)) if close.code == wsproto::CloseCode::ABNORMAL
        );
        let open = matches!(before, ConnectionState::Open | ConnectionState::LocalClosing);
        assert_eq!(is_abnormal, open, "the end of the stream in {before:?}");
        self.close_if_possible();
        assert_eq!((self.ws.state(), self.ws.transport()), (ConnectionState::Closed, Transport::Close));
    }
}
