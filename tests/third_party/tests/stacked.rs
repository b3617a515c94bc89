//! Through the facade: stacked with permessage-deflate in either order, over fragments, in any chunking.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::sync::Arc;
use std::sync::atomic::Ordering;

use third_party::{Checksum, Counts, Tally};
use wsproto::extensions::deflate::DeflateConfig;
use wsproto::extensions::{FrameHeader, Rsv};
use wsproto::frame::{MaskingKey, Opcode};
use wsproto::{
    AcceptConnection, BytesMessage, CloseCode, Config, Connection, Event, Ping, RemoteProtocolError, Request,
    TextMessage,
};

fn checksum() -> Checksum {
    Checksum { key: 0x5a, max_len: 1 << 20 }
}

fn deflate() -> DeflateConfig {
    DeflateConfig::default().with_threshold(0)
}

fn tally(counts: &Arc<Counts>) -> Tally {
    Tally { counts: Arc::clone(counts) }
}

/// Every order of the three, and each of them alone.
fn stacks(counts: &Arc<Counts>) -> Vec<(&'static str, Config)> {
    let none = Config::default;
    vec![
        ("checksum", none().with_extension(checksum())),
        ("tally", none().with_extension(tally(counts))),
        ("deflate, checksum", none().with_extension(deflate()).with_extension(checksum())),
        ("checksum, deflate", none().with_extension(checksum()).with_extension(deflate())),
        (
            "deflate, tally, checksum",
            none().with_extension(deflate()).with_extension(tally(counts)).with_extension(checksum()),
        ),
        (
            "checksum, deflate, tally",
            none().with_extension(checksum()).with_extension(deflate()).with_extension(tally(counts)),
        ),
    ]
}

/// Opens a connection; returns the client, the server, and the names that were agreed.
fn open(config: &Config) -> (Connection, Connection, Vec<String>) {
    let (mut client, mut server) = (Connection::client(config.clone()), Connection::server(config.clone()));
    let mut wire = Vec::new();
    client.send(Request::new("example.com", "/"), &mut wire).expect("a good request");
    let request = server.receive(&mut &mut wire[..]).expect("a good request");
    assert!(matches!(request, Some(Event::Request(_))));
    wire.clear();
    server.send(AcceptConnection::new(), &mut wire).expect("a good answer");
    let Ok(Some(Event::AcceptConnection(accept))) = client.receive(&mut &mut wire[..]) else {
        panic!("the answer was refused")
    };
    let names = accept.extensions.iter().map(|text| text.split(';').next().unwrap_or_default().to_string());
    let names = names.collect();
    (client, server, names)
}

/// Receives bytes in reads of some length; returns the data and how many Pings came.
fn receive(
    connection: &mut Connection,
    mut wire: Vec<u8>,
    read: usize,
) -> Result<(Vec<u8>, usize), RemoteProtocolError> {
    let (mut data, mut pings) = (Vec::new(), 0);
    for piece in wire.chunks_mut(read) {
        let mut input = piece;
        while let Some(event) = connection.receive(&mut input)? {
            match event {
                Event::TextMessage(message) => data.extend_from_slice(message.data.as_bytes()),
                Event::BytesMessage(message) => data.extend_from_slice(&message.data),
                Event::Ping(_) => pings += 1,
                other => panic!("{other:?}"),
            }
        }
    }
    Ok((data, pings))
}

#[test]
fn every_order_and_every_cut() {
    let text = "Grüße, 世界! ".repeat(300);
    for (name, config) in stacks(&Arc::default()) {
        let (mut client, mut server, names) = open(&config);
        assert_eq!(names.join(", ").replace("permessage-", "").replace("x-", ""), name);
        for fragment in [1, 7, 1000, usize::MAX] {
            for read in [1, 2, 100, 1 << 20] {
                for turn in 0..2 {
                    let (from, to) =
                        if turn == 0 { (&mut client, &mut server) } else { (&mut server, &mut client) };
                    let characters: Vec<char> =
                        text.chars().take(if fragment == 1 { 200 } else { 3000 }).collect();
                    let sent: String = characters.iter().collect();
                    let mut wire = Vec::new();
                    let mut parts = characters.chunks(fragment).peekable();
                    let mut pings = 0;
                    while let Some(part) = parts.next() {
                        let message = TextMessage::new(part.iter().collect::<String>());
                        let more = parts.peek().is_some();
                        from.send(if more { message.unfinished() } else { message }, &mut wire)
                            .expect("sent");
                        if more {
                            from.send(Ping::new(&b"between"[..]), &mut wire).expect("sent");
                            pings += 1;
                        }
                    }
                    let found = receive(to, wire, read).map(|(data, pings)| (String::from_utf8(data), pings));
                    assert_eq!(
                        found,
                        Ok((Ok(sent), pings)),
                        "{name}, fragments of {fragment}, reads of {read}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_observer_sees_every_frame() {
    let counts = Arc::<Counts>::default();
    let config = Config::default().with_extension(deflate()).with_extension(tally(&counts));
    let (mut client, mut server, _) = open(&config);
    let mut wire = Vec::new();
    client.send(TextMessage::new("Hello").unfinished(), &mut wire).expect("sent");
    client.send(Ping::new(&b"ping"[..]), &mut wire).expect("sent");
    client.send(TextMessage::new("Hello"), &mut wire).expect("sent");
    receive(&mut server, wire, 10).expect("received");
    assert_eq!(counts.frames_sent.load(Ordering::Relaxed), 3);
    assert_eq!(counts.frames_received.load(Ordering::Relaxed), 3);
    assert!(counts.bytes_received.load(Ordering::Relaxed) > 4);
}

/// Two that own RSV1: the server declines the one that the client prefers less.
#[test]
fn collisions_are_declined() {
    let rival = DeflateConfig::default();
    let config = Config::default().with_extension(Rival(rival.clone())).with_extension(rival);
    let (_, _, names) = open(&config);
    assert_eq!(names, ["x-rival"]);
}

/// Permessage-deflate by another name.
#[derive(Debug)]
struct Rival(DeflateConfig);

impl wsproto_extensions::ExtensionConfig for Rival {
    fn name(&self) -> &'static str {
        "x-rival"
    }

    fn rsv(&self) -> Rsv {
        Rsv::RSV1
    }

    fn offers(&self) -> Vec<wsproto_extensions::Params<'static>> {
        vec![wsproto_extensions::Params::new("x-rival")]
    }

    fn agree(
        &self,
        answer: &wsproto_extensions::Params<'_>,
    ) -> Result<Box<dyn wsproto_extensions::Extension>, wsproto_extensions::Reason> {
        self.0.agree(answer)
    }

    fn answer(
        &self,
        offer: &wsproto_extensions::Params<'_>,
    ) -> Option<(wsproto_extensions::Params<'static>, Box<dyn wsproto_extensions::Extension>)> {
        self.0.answer(offer).map(|(_, agreed)| (wsproto_extensions::Params::new("x-rival"), agreed))
    }
}

fn frame(header: FrameHeader, payload: &[u8]) -> Vec<u8> {
    let header = header.with_mask(MaskingKey::new([0; 4]));
    [&header.encode()[..], payload].concat()
}

/// Each place where an extension can refuse, with its own close code.
#[test]
fn refusals_close_with_their_codes() {
    let config = Config::default().with_extension(Checksum { key: 1, max_len: 3 });
    let start = FrameHeader::new(Opcode::Binary, 8).with_rsv(Rsv::RSV2);
    #[rustfmt::skip]
    let table = [
        ("a header",  frame(FrameHeader::new(Opcode::Ping, 0).with_rsv(Rsv::RSV2), b""), CloseCode::PROTOCOL_ERROR),
        ("a chunk",   frame(start, b"12345678"),                                         CloseCode::MESSAGE_TOO_BIG),
        ("the end",   frame(FrameHeader { payload_len: 5, ..start }, b"12345"),           CloseCode::INVALID_PAYLOAD),
        ("too short", frame(FrameHeader { payload_len: 2, ..start }, b"12"),              CloseCode::INVALID_PAYLOAD),
        ("no owner",  frame(FrameHeader::new(Opcode::Binary, 0).with_rsv(Rsv::RSV3), b""), CloseCode::PROTOCOL_ERROR),
    ];
    for (name, wire, code) in table {
        for read in [1, 100] {
            let (_, mut server, _) = open(&config);
            let error = receive(&mut server, wire.clone(), read).expect_err(name);
            let Some(Event::CloseConnection(close)) = error.event_hint() else { panic!("{name}: {error:?}") };
            assert_eq!(close.code, code, "{name}, reads of {read}");
        }
    }
}

/// What comes out is bounded, whichever extension expands it.
#[test]
fn bombs_are_bounded_in_any_order() {
    let limit = 100_000;
    for (name, config) in stacks(&Arc::default()) {
        let limited = config.clone().with_max_message_len(limit);
        let (mut client, _, _) = open(&config);
        let (_, mut server, _) = open(&limited);
        let mut wire = Vec::new();
        client.send(BytesMessage::new(vec![0; 2_000_000]), &mut wire).expect("sent");
        let mut most = 0;
        let mut input = &mut wire[..];
        let error = loop {
            match server.receive(&mut input) {
                Ok(Some(Event::BytesMessage(message))) => most = most.max(message.data.len()),
                Ok(other) => panic!("{name}: {other:?}"),
                Err(error) => break error,
            }
        };
        let Some(Event::CloseConnection(close)) = error.event_hint() else { panic!("{name}: {error:?}") };
        assert_eq!(close.code, CloseCode::MESSAGE_TOO_BIG, "{name}");
        assert!(most <= 100_001, "{name}: {most}");
    }
}
