//! A server that has seen the request accepts without extensions, or with some of those that were offered.

use std::sync::Arc;

use wsproto::extensions::ExtensionConfig;
use wsproto::{
    AcceptConnection, BytesMessage, Config, Connection, DeflateConfig, Event, HandshakeLimits, Headers,
    HttpVersion, ReadBuffer, Request, RequestHead, Upgrade,
};

const OFFERS: &str = "x-device; id=\"12:34:56, 7\", permessage-deflate; server_max_window_bits=10, \
                      permessage-deflate; client_max_window_bits";

fn config() -> Config {
    Config::default().with_extension(DeflateConfig::default().with_threshold(0))
}

/// Returns a request's fields, for a request that is parsed elsewhere.
fn fields() -> Headers {
    Headers::new()
        .with("Host", "example.com")
        .with("Connection", "Upgrade")
        .with("Upgrade", "websocket")
        .with("Sec-WebSocket-Version", "13")
        .with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        .with("Sec-WebSocket-Extensions", OFFERS)
}

fn from_bytes() -> Connection {
    let mut text = String::from("GET / HTTP/1.1\r\n");
    for (name, value) in &fields() {
        text.extend([name, ": ", &String::from_utf8_lossy(value), "\r\n"]);
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    let mut server = Connection::server(config());
    let request = server.receive(&mut &mut bytes[..]).expect("a good request");
    assert!(matches!(request, Some(Event::Request(_))));
    server
}

/// Accepts a request that came as bytes. Also returns the field that names extensions.
fn accept_bytes(accept: AcceptConnection) -> (Connection, Option<String>) {
    let (mut server, mut out) = (from_bytes(), Vec::new());
    server.send(accept, &mut out).expect("an acceptance");
    let head = String::from_utf8(out).unwrap();
    let field = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "));
    (server, field.map(String::from))
}

/// Accepts the same request, parsed elsewhere.
fn accept_parsed(accept: AcceptConnection) -> (Connection, Option<String>) {
    let head = RequestHead::new(HttpVersion::Http11, "GET", "/");
    let upgrade =
        Upgrade::from_fields(&head, &fields(), &HandshakeLimits::default()).expect("a good request");
    let (response, server) = upgrade.accept(config(), accept).expect("an acceptance");
    (server, response.headers.get_str("Sec-WebSocket-Extensions").map(String::from))
}

#[test]
fn a_server_accepts_with_what_it_chooses() {
    const SMALL: &str = "permessage-deflate; server_max_window_bits=10";
    const PLAIN: &str = "permessage-deflate";
    #[rustfmt::skip]
    let table = [
        ("all",              AcceptConnection::new(),                                                  Some(SMALL)),
        ("none",             AcceptConnection::new().without_extensions(),                             None),
        ("by name",          AcceptConnection::new().with_only_extensions([PLAIN]),                    Some(SMALL)),
        ("one offer",        AcceptConnection::new().with_only_extensions([SMALL]),                    Some(SMALL)),
        ("the other offer",  AcceptConnection::new().with_only_extensions(["permessage-deflate;client_max_window_bits"]), Some(PLAIN)),
        ("not offered",      AcceptConnection::new().with_only_extensions(["permessage-deflate; x"]),  None),
        ("not known",        AcceptConnection::new().with_only_extensions(["x-device"]),               None),
        ("one of two",       AcceptConnection::new().with_only_extensions(["x-other", PLAIN]),         Some(SMALL)),
        ("no list",          AcceptConnection::new().with_only_extensions(["\""]),                     None),
    ];
    for (name, accept, expected) in table {
        for accept_one in [accept_bytes, accept_parsed] {
            let (mut server, field) = accept_one(accept.clone());
            assert_eq!(field.as_deref(), expected, "{name}");
            // The connection does what was agreed.
            let mut out = Vec::new();
            server.send(BytesMessage::new(vec![b'a'; 1000]), &mut out).expect(name);
            assert_eq!(out[0], if expected.is_some() { 0xc2 } else { 0x82 }, "{name}");
            let mut marked = *b"\xc1\x81\0\0\0\0\0";
            let outcome = server.receive(&mut &mut marked[..]);
            assert_eq!(outcome.is_ok(), expected.is_some(), "{name}: {outcome:?}");
        }
    }
}

/// A client continues without an extension that the server refused.
#[test]
fn both_sides_go_on_without_an_extension() {
    let (mut client, mut server) = (Connection::client(config()), Connection::server(config()));
    let (mut wire, mut buffer) = (Vec::new(), ReadBuffer::messages());
    client.send(Request::new("example.com", "/"), &mut wire).unwrap();
    server.receive(&mut &mut wire[..]).unwrap();
    wire.clear();
    server.send(AcceptConnection::new().without_extensions(), &mut wire).unwrap();
    client.receive(&mut &mut wire[..]).unwrap();
    wire.clear();
    client.send(BytesMessage::new(vec![b'a'; 1000]), &mut wire).unwrap();
    buffer.room()[..wire.len()].copy_from_slice(&wire);
    buffer.filled(wire.len());
    let heard = server.receive_from(&mut buffer).unwrap();
    assert_eq!(heard, Some(BytesMessage::new(vec![b'a'; 1000]).into()));
}

/// A choice that can't be sent changes nothing: another answer may follow.
#[test]
fn a_choice_that_fails_is_forgotten() {
    let (mut server, mut out) = (from_bytes(), Vec::new());
    let wrong = AcceptConnection::new().without_extensions().with_subprotocol("not proposed");
    assert!(server.send(wrong, &mut out).is_err() && out.is_empty());
    server.send(AcceptConnection::new(), &mut out).unwrap();
    assert!(String::from_utf8(out).unwrap().contains("Sec-WebSocket-Extensions: permessage-deflate"));
}

/// A client can leave out what some servers can't read.
#[test]
fn a_client_leaves_its_window_out_of_the_offer() {
    let deflate: Arc<dyn ExtensionConfig> =
        Arc::new(DeflateConfig::default().without_client_window_in_offer());
    let mut config = Config::default();
    config.extensions = vec![deflate];
    let mut out = Vec::new();
    Connection::client(config).send(Request::new("example.com", "/"), &mut out).unwrap();
    let head = String::from_utf8(out).unwrap();
    assert!(head.contains("Sec-WebSocket-Extensions: permessage-deflate\r\n"), "{head}");
}
