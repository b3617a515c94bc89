//! Messages, fragments and heartbeats that an extension swallows, alone and with permessage-deflate in either order.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, in its helpers too"
)]

use third_party::{Checksum, Once};
use wsproto::extensions::deflate::DeflateConfig;
use wsproto::{
    AcceptConnection, BytesMessage, Config, Connection, Event, Ping, Pong, ReadBuffer, Request, TextMessage,
};

/// Every order; whether a repeated message is sent and swallowed by the peer, or not sent.
fn stacks() -> Vec<(String, Config)> {
    let deflate = || DeflateConfig::default().with_threshold(0);
    let checksum = || Checksum { key: 7, max_len: 1 << 20 };
    let none = Config::default;
    let mut all = Vec::new();
    for sends_repeated in [false, true] {
        let once = || Once { sends_repeated };
        for (name, config) in [
            ("once", none().with_extension(once())),
            ("once, deflate", none().with_extension(once()).with_extension(deflate())),
            ("deflate, once", none().with_extension(deflate().with_no_takeover()).with_extension(once())),
            ("once, checksum", none().with_extension(once()).with_extension(checksum())),
            ("checksum, once", none().with_extension(checksum()).with_extension(once())),
        ] {
            all.push((format!("{name}, sends repeated ones: {sends_repeated}"), config));
        }
    }
    all
}

/// What equals its like must be compressed to its like, for an extension that sees it compressed.
trait NoTakeover {
    fn with_no_takeover(self) -> Self;
}

impl NoTakeover for DeflateConfig {
    fn with_no_takeover(self) -> Self {
        self.with_server_no_context_takeover().with_client_no_context_takeover()
    }
}

/// Opens a connection between a client and a server.
fn open(config: &Config) -> (Connection, Connection) {
    let (mut client, mut server) = (Connection::client(config.clone()), Connection::server(config.clone()));
    let mut wire = Vec::new();
    client.send(Request::new("example.com", "/"), &mut wire).expect("a good request");
    assert!(matches!(server.receive(&mut &mut wire[..]), Ok(Some(Event::Request(_)))));
    wire.clear();
    server.send(AcceptConnection::new(), &mut wire).expect("a good answer");
    assert!(matches!(client.receive(&mut &mut wire[..]), Ok(Some(Event::AcceptConnection(_)))));
    (client, server)
}

/// Which way the program receives.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Parts, out of memory of its own, joined here.
    OwnMemory,
    /// Parts, out of a read buffer.
    Parts,
    /// Whole messages, found first and then borrowed.
    Whole,
    /// Whole messages, found first and then taken.
    Taken,
}

/// Receives bytes in reads of some length; returns what was seen.
fn receive(connection: &mut Connection, mut wire: Vec<u8>, read: usize, way: Way) -> Vec<String> {
    let (mut seen, mut part, mut bytes) = (Vec::new(), String::new(), 0);
    let mut buffer = if let Way::Parts = way { ReadBuffer::parts() } else { ReadBuffer::messages() };
    let mut note = |event: Event<'_>| match event {
        Event::TextMessage(message) => {
            part.push_str(message.data.as_str());
            if message.message_finished {
                seen.push(std::mem::take(&mut part));
            }
        }
        Event::BytesMessage(message) => {
            bytes += message.data.len();
            if message.message_finished {
                seen.push(format!("{} bytes", std::mem::take(&mut bytes)));
            }
        }
        Event::Ping(_) => seen.push("Ping".into()),
        Event::Pong(_) => seen.push("Pong".into()),
        other => panic!("{other:?}"),
    };
    for mut input in wire.chunks_mut(read) {
        if let Way::OwnMemory = way {
            while let Some(event) = connection.receive(&mut input).expect("received") {
                note(event);
            }
            continue;
        }
        buffer.extend_from_slice(input);
        match way {
            Way::Taken => {
                while connection.advance(&mut buffer).expect("received") {
                    note(buffer.take_event().expect("what was found"));
                }
            }
            Way::Whole => {
                while connection.advance(&mut buffer).expect("received") {
                    note(buffer.event().expect("what was found"));
                }
            }
            _ => {
                while let Some(event) = connection.receive_from(&mut buffer).expect("received") {
                    note(event);
                }
            }
        }
    }
    assert!(buffer.is_empty(), "something waits");
    seen
}

#[test]
fn what_is_said_twice_in_a_row_arrives_once() {
    let long = "What is long is read in parts. ".repeat(50);
    let part = |text: &str| Event::from(TextMessage::new(text.to_owned()).unfinished());
    let whole = |text: &str| Event::from(TextMessage::new(text.to_owned()));
    let events = [
        whole("a"),
        whole("a"),
        Pong::new(b"heartbeat").into(),
        whole(&long),
        whole(&long),
        whole(&long),
        Ping::new(b"").into(),
        whole(&long),
        part("a"),
        Pong::new(b"heartbeat").into(),
        Pong::new(b"").into(),
        whole("b"),
        whole("ab"),
        whole("ab"),
        BytesMessage::new(b"ab").into(),
        whole(""),
        whole(""),
        whole("end"),
    ];
    let expected = ["a", &long, "Ping", "Pong", "ab", "ab", "2 bytes", "", "end"];
    for (name, config) in stacks() {
        for server_sends in [false, true] {
            for way in [Way::OwnMemory, Way::Parts, Way::Whole, Way::Taken] {
                for read in [1, 2, 100, 4096] {
                    let (client, server) = open(&config);
                    let (mut from, mut to) = if server_sends { (server, client) } else { (client, server) };
                    let mut wire = Vec::new();
                    for event in &events {
                        from.send(event.clone(), &mut wire).expect("sent");
                    }
                    let seen = receive(&mut to, wire, read, way);
                    assert_eq!(seen, expected, "{name}, {way:?}, reads of {read}, server: {server_sends}");
                }
            }
        }
    }
}
