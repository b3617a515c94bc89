//! Requirements of RFC 6455 that no transcript shows: keys, their sources, extensions.
#![cfg(feature = "std")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::collections::BTreeSet;

use wsproto::{
    AcceptConnection, BytesMessage, CloseCode, CloseConnection, Config, Connection, Event,
    LocalProtocolError, Ping, Request, TextMessage,
};

/// Returns a source that counts, so that its keys are recognized.
fn counting() -> impl FnMut(&mut [u8]) + Send {
    let mut next = 0u8;
    move |bytes: &mut [u8]| {
        for byte in bytes {
            *byte = next;
            next = next.wrapping_add(1);
        }
    }
}

/// The masking key of a frame of less than 126 bytes.
fn key(frame: &[u8]) -> [u8; 4] {
    frame[2..6].try_into().expect("a masked frame has a key")
}

//= rfc6455#5.3-2, rfc6455#5.3-3, rfc6455#5.3-4, rfc6455#10.3-1
#[test]
fn k2_each_frame_has_a_fresh_key_of_the_operating_system() {
    let mut client = Connection::open_client(Config::default());
    let mut keys = BTreeSet::new();
    for round in 0..2000 {
        let mut out = Vec::new();
        match round % 3 {
            0 => client.send(Ping::new(&b"same"[..]), &mut out),
            1 => client.send(TextMessage::new("same"), &mut out),
            _ => client.send(BytesMessage::new(&b"same"[..]), &mut out),
        }
        .expect("the connection is open");
        keys.insert(key(&out));
    }
    // Two of 2 000 random keys of 32 bits are rarely equal; five equal ones are practically impossible.
    assert!(keys.len() > 1995, "{} different keys", keys.len());
    let bits: u32 = keys.iter().map(|key| u32::from_ne_bytes(*key).count_ones()).sum();
    let ones = f64::from(bits) / (32.0 * 2000.0);
    assert!((0.48..0.52).contains(&ones), "{ones} of the bits are ones");
}

//= rfc6455#5.3-2, rfc6455#5.3-4
#[test]
fn keys_come_from_the_given_source_and_from_nowhere_else() {
    let mut client = Connection::open_client_with_entropy(Config::default(), counting());
    let mut out = Vec::new();
    client.send(TextMessage::new("a").unfinished(), &mut out).expect("open");
    client.send(Ping::new(&b""[..]), &mut out).expect("open");
    client.send(TextMessage::new("b"), &mut out).expect("open");
    let keys = [key(&out), key(&out[7..]), key(&out[13..])];
    assert_eq!(keys, [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]);
}

//= rfc6455#4.1-28, rfc6455#4.1-29
#[test]
fn k1_each_connection_has_a_key_of_its_own() {
    let mut keys = BTreeSet::new();
    for _ in 0..100 {
        let mut out = Vec::new();
        let mut client = Connection::client(Config::default());
        client.send(Request::new("example.com", "/"), &mut out).expect("the request is sound");
        let head = String::from_utf8(out).expect("a head is ASCII");
        let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).expect("a key");
        assert!(key.len() == 24 && key.ends_with("=="), "{key} is 16 bytes in base64");
        keys.insert(key.to_owned());
    }
    assert_eq!(keys.len(), 100);
}

//= rfc6455#10.3-2, rfc6455#6.1-1
#[test]
fn a_frame_is_written_as_a_whole() {
    let mut client = Connection::open_client_with_entropy(Config::default(), counting());
    for len in [0, 1, 125, 126, 65_535, 65_536] {
        let mut payload = vec![7; len];
        let mut out = Vec::new();
        client.send(BytesMessage::new(payload.as_slice()), &mut out).expect("open");
        let written = out.clone();
        payload.fill(9);
        assert_eq!(out, written, "what changes later is not in the frame");
        let mut server = Connection::open_server(Config::default());
        let mut input = &mut out[..];
        let event = server.receive(&mut input).expect("the frame is sound").expect("and whole");
        assert_eq!(event, Event::BytesMessage(BytesMessage::new(vec![7; len])), "{len}");
        assert!(input.is_empty(), "{len}");
    }
}

#[test]
fn a_refused_event_writes_nothing_and_changes_nothing() {
    let long = [0; 126];
    let without_code = CloseConnection::new(CloseCode::NO_STATUS).with_reason("why");
    let events: [(&str, Event<'_>); 4] = [
        ("a Ping of 126 bytes", Ping::new(&long[..]).into()), //= rfc6455#5.5-1
        ("a reason without a code", without_code.into()),     //= rfc6455#5.5.1-1
        ("a request", Request::new("example.com", "/").into()),
        ("an acceptance", AcceptConnection::new().into()),
    ];
    for (name, event) in events {
        let mut server = Connection::open_server(Config::default());
        let mut out = Vec::new();
        let state = server.state();
        assert!(server.send(event, &mut out).is_err(), "{name}");
        assert_eq!((out.as_slice(), server.state()), (&[][..], state), "{name}");
    }
    let mut server = Connection::open_server(Config::default());
    let mut out = Vec::new();
    server.send(TextMessage::new("a").unfinished(), &mut out).expect("open");
    //= rfc6455#5.4-3, rfc6455#5.4-10
    let error = server.send(BytesMessage::new(&b"b"[..]), &mut out);
    assert!(matches!(error, Err(LocalProtocolError::Frame(_))), "{error:?}");
    assert_eq!(out, b"\x01\x01a");
}

/// Returns whether a client accepts a server's answer with these fields; the client offers what `config` has.
#[cfg(feature = "deflate")]
fn answered(config: Config, fields: &str) -> Result<bool, wsproto::RemoteProtocolError> {
    let mut client = Connection::client_with_entropy(config, |bytes: &mut [u8]| {
        bytes.copy_from_slice(&b"the sample nonce"[..bytes.len()]);
    });
    client.send(Request::new("example.com", "/"), &mut Vec::new()).expect("the request is sound");
    let mut head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n{fields}\r\n"
    )
    .into_bytes();
    let event = client.receive(&mut &mut head[..])?;
    Ok(matches!(event, Some(Event::AcceptConnection(_))))
}

#[cfg(feature = "deflate")]
#[test]
fn k7_k9_an_answer_that_was_not_offered_fails_the_connection() {
    use wsproto::extensions::deflate::DeflateConfig;

    let none = Config::default;
    let deflate = || Config::default().with_extension(DeflateConfig::default());
    #[rustfmt::skip]
    let table = [
        // name                      client     fields
        // accepted
        ("nothing",                  none(),    "",                                                                                             true),
        ("not offered",              none(),    "Sec-WebSocket-Extensions: permessage-deflate\r\n",                                             false),  //= rfc6455#4.1-40, rfc6455#9.1-5
        ("offered",                  deflate(), "Sec-WebSocket-Extensions: permessage-deflate\r\n",                                             true),
        ("declined",                 deflate(), "",                                                                                             true),
        ("another",                  deflate(), "Sec-WebSocket-Extensions: x-foo\r\n",                                                          false),  //= rfc6455#4.1-40
        ("another beside it",        deflate(), "Sec-WebSocket-Extensions: permessage-deflate, x-foo\r\n",                                      false),  //= rfc6455#4.1-40
        ("twice",                    deflate(), "Sec-WebSocket-Extensions: permessage-deflate, permessage-deflate\r\n",                         false),
        ("in two fields",            deflate(), "Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Extensions: permessage-deflate\r\n", false), //= rfc6455#11.3.2-1
        ("unknown parameter",        deflate(), "Sec-WebSocket-Extensions: permessage-deflate; x=1\r\n",                                        false),  //= rfc6455#9.1-4, rfc7692#5-1
        ("repeated parameter",       deflate(), "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; server_no_context_takeover\r\n", false), //= rfc7692#5.1-6
        ("quoted",                   deflate(), "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=\"12\"\r\n",              true),   //= rfc6455#9.1-2
        ("quoted, no token",         deflate(), "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=\"1 2\"\r\n",             false),  //= rfc6455#9.1-2
        ("no grammar",               deflate(), "Sec-WebSocket-Extensions: ;\r\n",                                                              false),  //= rfc6455#9.1-1
    ];
    for (name, config, fields, accepted) in table {
        let found = answered(config, fields);
        assert_eq!(found.as_ref().is_ok_and(|open| *open), accepted, "{name}: {found:?}");
    }
}

#[cfg(feature = "deflate")]
#[test]
fn a_server_lists_only_what_was_offered() {
    use wsproto::extensions::deflate::DeflateConfig;

    #[rustfmt::skip]
    let table = [
        // name                 field                                                                        answer
        ("nothing",             "",                                                                          Some("")),                               //= rfc6455#4.2.2-9, rfc6455#9-1
        ("another",             "Sec-WebSocket-Extensions: x-foo\r\n",                                       Some("")),                               //= rfc6455#4.2.2-8, rfc6455#9-1
        ("one of two",          "Sec-WebSocket-Extensions: x-foo, permessage-deflate\r\n",                   Some("permessage-deflate")),             //= rfc6455#4.2.2-8, rfc6455#9.1-8
        ("in two fields",       "Sec-WebSocket-Extensions: x-foo\r\nSec-WebSocket-Extensions: permessage-deflate\r\n", Some("permessage-deflate")),   //= rfc6455#9.1-6
        ("no grammar",          "Sec-WebSocket-Extensions: a=\r\n",                                          None),                                   //= rfc6455#9.1-1
    ];
    for (name, field, expected) in table {
        let mut server = Connection::server(Config::default().with_extension(DeflateConfig::default()));
        let mut head = format!(
            "GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{field}\r\n"
        )
        .into_bytes();
        let mut out = Vec::new();
        let found = server.receive(&mut &mut head[..]).ok().map(|_| {
            server.send(AcceptConnection::new(), &mut out).expect("the request can be accepted");
            let head = String::from_utf8_lossy(&out).into_owned();
            let line = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "));
            line.unwrap_or_default().to_owned()
        });
        assert_eq!(found.as_deref(), expected, "{name}");
    }
}
