//! Requests that somebody else's HTTP has parsed, and the connections that come of them.

use wsproto::{
    AcceptConnection, BytesMessage, Config, Connection, ConnectionState, DeflateConfig, Event,
    HandshakeLimits, Headers, HttpVersion, LocalProtocolError, ReadBuffer, RejectConnection,
    RemoteProtocolError, RequestHead, Role, Upgrade, UpgradeError, UpgradeFault,
    handshake::{LocalError, RequestError},
};

const HTTP_1_1: RequestHead<'_> = RequestHead::new(HttpVersion::Http11, "GET", "/chat");
const CONNECT: RequestHead<'_> = RequestHead::new(HttpVersion::Http2, "CONNECT", "/chat")
    .with_scheme("https")
    .with_authority("example.com")
    .with_protocol("websocket");

/// Both kinds of requests, with these fields more.
fn requests(more: &[(&str, &str)]) -> [(RequestHead<'static>, Headers); 2] {
    let mut connecting = Headers::from([("sec-websocket-version", "13")]);
    connecting.extend(more.iter().copied());
    let mut upgrading = connecting.clone();
    upgrading.extend([
        ("host", "example.com"),
        ("upgrade", "websocket"),
        ("connection", "keep-alive, Upgrade"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]);
    [(HTTP_1_1, upgrading), (CONNECT, connecting)]
}

fn read((head, fields): &(RequestHead<'static>, Headers)) -> Result<Upgrade, UpgradeError> {
    Upgrade::from_fields(head, fields, &HandshakeLimits::default())
}

fn upgrades(more: &[(&str, &str)]) -> [Upgrade; 2] {
    requests(more).map(|request| read(&request).expect("a good request"))
}

fn deflating() -> Config {
    Config::default().with_extension(DeflateConfig::default().with_threshold(0))
}

#[test]
fn an_accepted_upgrade_is_an_open_connection_with_what_was_agreed() {
    let offers = [("sec-websocket-extensions", "permessage-deflate"), ("sec-websocket-protocol", "a, b")];
    for upgrade in upgrades(&offers) {
        let mut accept = AcceptConnection::new();
        accept.subprotocol = upgrade.choose_subprotocol(&["c", "b", "a"]).map(String::from);
        let (response, mut server) = upgrade.accept(deflating(), accept).expect("an acceptance");
        assert_eq!(response.headers.get_str("Sec-WebSocket-Extensions"), Some("permessage-deflate"));
        assert_eq!(server.state(), ConnectionState::Open);
        assert_eq!((server.role(), server.subprotocol()), (Role::Server, Some("b")));
        assert!(server.extensions().eq(["permessage-deflate"]));

        let mut wire = Vec::new();
        server.send(BytesMessage::new(vec![b'a'; 1000]), &mut wire).unwrap();
        assert!(wire[0] == 0xc2 && wire.len() < 50, "compressed");
        let mut frame = ReadBuffer::messages().with_unread(*b"\x82\x81\0\0\0\0a");
        let event = server.receive_from(&mut frame).unwrap();
        assert_eq!(event, Some(Event::BytesMessage(BytesMessage::new(b"a"))));
    }
}

#[test]
fn mistakes_of_the_caller_leave_the_answer_open() {
    let handshake = |error: LocalError| LocalProtocolError::Handshake(error);
    #[rustfmt::skip]
    let table = [
        ("subprotocol",  AcceptConnection::new().with_subprotocol("c"),           handshake(LocalError::SubprotocolNotProposed("c".into()))),
        ("extension",    AcceptConnection::new().with_extension("x"),             LocalProtocolError::ExtensionsInEvent),
        ("field",        AcceptConnection::new().with_header("Upgrade", "h2c"),   handshake(LocalError::HeaderReserved("Upgrade".into()))),
    ];
    for upgrade in upgrades(&[("sec-websocket-protocol", "a")]) {
        for (name, accept, expected) in table.clone() {
            let error = upgrade.accept(Config::default(), accept).map(drop).expect_err(name);
            assert_eq!(error.fault, UpgradeFault::Local(expected), "{name}");
            assert_eq!((error.response.status, error.response.headers.len()), (500, 0), "{name}");
            assert!(error.explained().response.content.is_empty(), "{name}: the client is told nothing");
        }
        let error = upgrade.reject(&RejectConnection::new(100)).unwrap_err();
        assert_eq!(error.fault, UpgradeFault::Local(handshake(LocalError::Status)));
        assert_eq!(upgrade.reject(&RejectConnection::new(403)).unwrap().status, 403);
        assert!(upgrade.accept(Config::default(), AcceptConnection::new().with_subprotocol("a")).is_ok());
    }
}

#[test]
fn offers_that_make_no_sense_are_answered_with_a_400() {
    let bad = [("sec-websocket-extensions", "permessage-deflate; a b")];
    for upgrade in upgrades(&bad) {
        for config in [Config::default(), deflating()] {
            for accept in [AcceptConnection::new(), AcceptConnection::new().without_extensions()] {
                let error = upgrade.accept(config.clone(), accept.clone()).map(drop).unwrap_err();
                let UpgradeFault::Remote(RemoteProtocolError::Negotiation {
                    received_by: Role::Server, ..
                }) = error.fault
                else {
                    panic!("{error:?}")
                };
                assert_eq!((error.response.status, error.response.content.len()), (400, 0));
                let explaining = config.clone().with_explained_rejections();
                let explained = upgrade.accept(explaining, accept).map(drop).unwrap_err();
                assert_eq!(explained.response.content, format!("{error}\n").into_bytes());
                assert_eq!(error.explained(), explained);
            }
        }
    }
}

#[test]
fn an_error_tells_the_client_which_rule_it_broke_where_it_is_asked_to() {
    for (head, fields) in requests(&[("sec-websocket-version", "13")]) {
        let error = read(&(head, fields)).unwrap_err();
        assert_eq!(error.fault, UpgradeFault::Remote(RequestError::VersionRepeated.into()));
        let text = "Sec-WebSocket-Version is repeated";
        assert_eq!(error.to_string(), text);
        let response = error.explained().response;
        assert_eq!(response.headers.get_str("Content-Type"), Some("text/plain; charset=utf-8"));
        assert_eq!(response.content, format!("{text} (RFC 6455 §11.3.5)\n").into_bytes());
    }
}

/// A parsed request comes to the same connection as its bytes do.
#[test]
fn what_the_same_request_as_bytes_is_answered() {
    let (head, fields) =
        &requests(&[("sec-websocket-extensions", "permessage-deflate; client_max_window_bits")])[0];
    let mut bytes = format!("{} {} HTTP/1.1\r\n", head.method, head.target).into_bytes();
    for (name, value) in fields {
        bytes.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    bytes.extend_from_slice(b"\r\n");
    let (mut server, mut out) = (Connection::server(deflating()), Vec::new());
    server.receive(&mut &mut bytes[..]).unwrap();
    server.send(AcceptConnection::new(), &mut out).unwrap();

    let upgrade = Upgrade::from_fields(head, fields, &HandshakeLimits::default()).unwrap();
    let (response, parsed) = upgrade.accept(deflating(), AcceptConnection::new()).unwrap();
    let mut written = b"HTTP/1.1 101 Switching Protocols\r\n".to_vec();
    for (name, value) in &response.headers {
        written.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    written.extend_from_slice(b"\r\n");
    assert_eq!(String::from_utf8(written), String::from_utf8(out));
    assert!(parsed.extensions().eq(server.extensions()));
}

/// What a browser's request out of a map of fields costs: a text of what is kept, and the answer.
#[cfg(feature = "http")]
#[test]
fn a_parsed_request_takes_few_allocations() {
    use allocation_counter::measure;
    let mut request = http::Request::get("/chat?room=42");
    for (name, value) in [
        ("host", "server.example.com"),
        ("connection", "Upgrade"),
        ("pragma", "no-cache"),
        ("cache-control", "no-cache"),
        (
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0",
        ),
        ("upgrade", "websocket"),
        ("origin", "https://server.example.com"),
        ("sec-websocket-version", "13"),
        ("accept-encoding", "gzip, deflate, br, zstd"),
        ("accept-language", "en-GB,en;q=0.9"),
        ("cookie", "session=0123456789abcdef"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
    ] {
        request = request.header(name, value);
    }
    let request = request.body(()).unwrap();
    let config = std::sync::Arc::new(Config::default());
    let mut upgrade = None;
    let reading = measure(|| upgrade = Some(Upgrade::from_http(&request, None).unwrap()));
    assert_eq!(reading.count_total, 2, "{reading:?}");
    let upgrade = upgrade.unwrap();
    let mut answer = None;
    let answering =
        measure(|| answer = Some(upgrade.accept(std::sync::Arc::clone(&config), AcceptConnection::new())));
    assert_eq!(answering.count_total, 2, "{answering:?}");
    let (response, connection) = answer.unwrap().unwrap();
    let converting = measure(|| drop(response.into_http()));
    assert!(converting.count_total <= 5, "{converting:?}");
    drop(upgrade);
    let idle = measure(|| drop(connection));
    assert_eq!(idle.bytes_current, 0, "an open connection owns no memory");
}
