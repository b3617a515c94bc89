//! The requests that a client sends, and requests that it must not send (RFC 6455 §4.1).

use wsproto_handshake::{
    ClientHandshake, ClientState, ClientUpgrade, HandshakeLimits, LocalError, Request, generate_key,
};

fn client() -> ClientHandshake {
    ClientHandshake::new(HandshakeLimits::default())
}

//= rfc6455#4.1-1, rfc6455#4.1-17, rfc6455#4.1-18, rfc6455#4.1-19, rfc6455#4.1-20, rfc6455#4.1-21
//= rfc6455#4.1-22, rfc6455#4.1-23, rfc6455#4.1-24, rfc6455#4.1-25, rfc6455#4.1-26, rfc6455#4.1-27
//= rfc6455#4.1-28, rfc6455#4.1-31, rfc6455#4.1-32, rfc6455#3-4
#[test]
fn rfc6455_1_3_the_example_is_asked_byte_for_byte() {
    let request = Request::new("server.example.com", "/chat?a=b")
        .with_subprotocol("chat")
        .with_subprotocol("superchat")
        .with_extension("foo; a=\"12\"")
        .with_extension("bar")
        .with_header("Origin", "http://example.com")
        .with_header("Cookie", b"a=\xff");
    let expected: &[u8] = b"GET /chat?a=b HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Extensions: foo; a=\"12\", bar\r\n\
        Origin: http://example.com\r\nCookie: a=\xff\r\n\r\n";
    let mut out = Vec::new();
    client().send_request(&request, *b"the sample nonce", &mut out).unwrap();
    assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(expected));
    assert_eq!(out, expected);

    let fields = ClientUpgrade::http1(&request, *b"the sample nonce").unwrap().0.headers;
    let mut written = b"GET /chat?a=b HTTP/1.1\r\n".to_vec();
    for (name, value) in &fields {
        written.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    written.extend_from_slice(b"\r\n");
    assert_eq!(written, expected, "the fields are the same");
}

//= rfc6455#4.1-29
#[test]
fn k1_the_key_is_the_callers_nonce() {
    for nonce in [[0; 16], [0xff; 16], *b"0123456789abcdef"] {
        let mut out = Vec::new();
        client().send_request(&Request::new("a", "/"), nonce, &mut out).unwrap();
        let line = format!("\r\nSec-WebSocket-Key: {}\r\n", generate_key(nonce));
        assert!(String::from_utf8(out).unwrap().contains(&line));
    }
}

//= rfc6455#4.1-2, rfc6455#4.1-3, rfc6455#4.1-33, rfc6455#4.1-34, rfc6455#3-1
#[test]
fn h23_h24_h25_requests_that_cannot_be_sent() {
    let good = || Request::new("example.com", "/");
    let target = |target: &str| Request::new("example.com", target);
    let host = |host: &str| Request::new(host, "/");
    #[rustfmt::skip]
    let table = [
        ("no host",                 host(""),                                                LocalError::Host),
        ("host with a line",        host("a\r\nX: y"),                                       LocalError::Host),
        ("host with a path",        host("a/b"),                                             LocalError::HostIsUrl),
        ("host that is a URL",      host("ws://a"),                                          LocalError::HostIsUrl),
        ("no brackets",             host("::1"),                                             LocalError::HostWithoutBrackets),
        ("no brackets, a zone",     host("fe80::1%eth0"),                                    LocalError::HostWithoutBrackets),
        ("host with a space",       host("a b"),                                             LocalError::Host),
        ("host with a user",        host("u@a"),                                             LocalError::Host),
        ("port that is none",       host("a:http"),                                          LocalError::Host),
        ("no target",               target(""),                                              LocalError::Target),
        ("no slash",                target("chat"),                                          LocalError::Target),
        ("absolute",                target("http://example.com/"),                           LocalError::Target),
        ("fragment",                target("/#a"),                                           LocalError::TargetFragment),
        ("target with a space",     target("/a b"),                                          LocalError::TargetCharacter { at: 2 }),
        ("target with a line",      target("/ HTTP/1.1\r\nX: y"),                            LocalError::TargetCharacter { at: 1 }),
        ("target with NUL",         target("/\0"),                                           LocalError::TargetCharacter { at: 1 }),
        ("target beyond ASCII",     target("/é"),                                            LocalError::TargetCharacter { at: 1 }),
        ("empty subprotocol",       good().with_subprotocol(""),                             LocalError::Subprotocol),
        ("list of subprotocols",    good().with_subprotocol("a, b"),                         LocalError::Subprotocol),
        ("subprotocol with a line", good().with_subprotocol("a\r\nX: y"),                    LocalError::Subprotocol),
        ("subprotocol twice",       good().with_subprotocol("a").with_subprotocol("b").with_subprotocol("a"), LocalError::SubprotocolRepeated),
        ("empty extension",         good().with_extension(""),                               LocalError::Extension("".into())),
        ("list of extensions",      good().with_extension("a, b"),                           LocalError::Extension("a, b".into())),
        ("extension with a line",   good().with_extension("a\r\nX: y"),                      LocalError::Extension("a\r\nX: y".into())),
        ("open quotes",             good().with_extension("a; b=\"c"),                       LocalError::Extension("a; b=\"c".into())),
        ("field with a line",       good().with_header("X", "y\r\nZ: z"),                    LocalError::HeaderValue("X".into())),
        ("field with NUL",          good().with_header("X", "\0"),                           LocalError::HeaderValue("X".into())),
        ("name with a line",        good().with_header("X: y\r\nZ", "z"),                    LocalError::HeaderName("X: y\r\nZ".into())),
        ("no name",                 good().with_header("", "z"),                             LocalError::HeaderName("".into())),
        ("Host",                    good().with_header("host", "b"),                         LocalError::HeaderReserved("host".into())),
        ("Upgrade",                 good().with_header("Upgrade", "h2c"),                    LocalError::HeaderReserved("Upgrade".into())),
        ("Connection",              good().with_header("Connection", "close"),               LocalError::HeaderReserved("Connection".into())),
        ("Key",                     good().with_header("Sec-WebSocket-Key", "a"),            LocalError::HeaderReserved("Sec-WebSocket-Key".into())),
        ("Version",                 good().with_header("Sec-WebSocket-Version", "8"),        LocalError::HeaderReserved("Sec-WebSocket-Version".into())),
        ("Protocol",                good().with_header("Sec-WebSocket-Protocol", "a"),       LocalError::HeaderReserved("Sec-WebSocket-Protocol".into())),
        ("Extensions",              good().with_header("Sec-WebSocket-Extensions", "a"),     LocalError::HeaderReserved("Sec-WebSocket-Extensions".into())),
        ("any of them",             good().with_header("SEC-WEBSOCKET-x", "a"),              LocalError::HeaderReserved("SEC-WEBSOCKET-x".into())),
        ("Content-Length",          good().with_header("Content-Length", "0"),               LocalError::HeaderReserved("Content-Length".into())),
        ("Transfer-Encoding",       good().with_header("Transfer-Encoding", "chunked"),      LocalError::HeaderReserved("Transfer-Encoding".into())),
    ];
    for (name, request, expected) in table {
        let mut client = client();
        let mut out = b"before".to_vec();
        assert_eq!(client.send_request(&request, [7; 16], &mut out), Err(expected.clone()), "{name}");
        assert_eq!(ClientUpgrade::http1(&request, [7; 16]).map(drop), Err(expected), "{name}");
        assert_eq!((out.as_slice(), client.state()), (&b"before"[..], ClientState::Idle), "{name}");
        client.send_request(&good(), [7; 16], &mut out).expect("the handshake is unchanged");
    }
}

//= rfc6455#4.1-35
#[test]
fn a_second_request_is_refused() {
    let mut client = client();
    let mut out = Vec::new();
    client.send_request(&Request::new("a", "/"), [7; 16], &mut out).unwrap();
    let before = out.clone();
    assert_eq!(client.send_request(&Request::new("a", "/"), [7; 16], &mut out), Err(LocalError::WrongState));
    assert_eq!(out, before);
}

//= rfc6455#11.1.1-1, rfc6455#11.1.2-1
#[cfg(feature = "idna")]
#[test]
fn hosts_beyond_ascii_are_encoded_and_decoded() {
    let mut out = Vec::new();
    client().send_request(&Request::new("芝士汉堡:8080", "/"), [7; 16], &mut out).unwrap();
    assert!(String::from_utf8_lossy(&out).contains("\r\nHost: xn--7ks3rz39bh7u:8080\r\n"));
    let mut server = wsproto_handshake::ServerHandshake::new(HandshakeLimits::default());
    let request = server.receive(&mut &out[..]).unwrap().unwrap();
    assert_eq!((request.host(), &*request.unicode_host()), ("xn--7ks3rz39bh7u:8080", "芝士汉堡:8080"));
    assert_eq!(Request::new("Example.COM:80", "/").unicode_host(), "Example.COM:80", "nothing to decode");
    assert_eq!(
        Request::new("xn--zzzzzzzzz", "/").unicode_host(),
        "xn--zzzzzzzzz",
        "the name can't be decoded"
    );
    let full_width = client().send_request(&Request::new("example.com：80", "/"), [7; 16], &mut Vec::new());
    assert_eq!(full_width, Err(LocalError::Host), "a full-width colon begins no port");
}

/// RFC 6874 §4.
#[test]
fn the_zone_of_an_address_stays_here() {
    let mut out = Vec::new();
    client().send_request(&Request::new("[fe80::1%25eth0]:8080", "/"), [7; 16], &mut out).unwrap();
    assert!(String::from_utf8_lossy(&out).contains("\r\nHost: [fe80::1]:8080\r\n"));
}

#[cfg(not(feature = "idna"))]
#[test]
fn hosts_beyond_ascii_are_refused_without_idna() {
    let outcome = client().send_request(&Request::new("芝士汉堡", "/"), [7; 16], &mut Vec::new());
    assert_eq!(outcome, Err(LocalError::HostNotAscii));
}
