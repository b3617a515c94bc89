//! Requests that an HTTP stack has parsed, and the connections that they open.

use wsproto::{
    AcceptConnection, BytesMessage, ClientUpgrade, ClientUpgradeError, Config, Connection, ConnectionState,
    DeflateConfig, Event, HandshakeLimits, Headers, HttpVersion, LocalProtocolError, ReadBuffer,
    RejectConnection, RemoteProtocolError, Request, RequestHead, Role, Upgrade, UpgradeError, UpgradeFault,
    UpgradeRequest,
    handshake::{LocalError, RequestError, ResponseError},
};

const HTTP_1_1: RequestHead<'_> = RequestHead::new(HttpVersion::Http11, "GET", "/chat");
const CONNECT: RequestHead<'_> = RequestHead::new(HttpVersion::Http2, "CONNECT", "/chat")
    .with_scheme("https")
    .with_authority("example.com")
    .with_protocol("websocket");

/// Returns both kinds of requests, with these additional fields.
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

/// A parsed request gets the same answer, and opens the same connection, as its bytes.
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

/// The cost of a browser's request out of a map of fields: one text with the kept values, and the answer.
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

fn heard(sent: &UpgradeRequest) -> Upgrade {
    let version = if sent.protocol.is_some() { HttpVersion::Http2 } else { HttpVersion::Http11 };
    let mut head = RequestHead::new(version, sent.method, &sent.target);
    head.scheme = sent.scheme;
    head.protocol = sent.protocol;
    head.authority = sent.scheme.map(|_| &*sent.authority);
    Upgrade::from_fields(&head, &sent.headers, &HandshakeLimits::default()).expect("what is sent is good")
}

fn asked(config: &Config, request: &Request) -> [(UpgradeRequest, ClientUpgrade); 4] {
    let (config, request) = (|| config.clone(), || request.clone());
    let entropy = |bytes: &mut [u8]| bytes.fill(7);
    [
        ClientUpgrade::http1(config(), request()).expect("a good request"),
        ClientUpgrade::http1_with_entropy(config(), request(), entropy).expect("a good request"),
        ClientUpgrade::connect(config(), request(), "https").expect("a good request"),
        ClientUpgrade::connect_with_entropy(config(), request(), "https", entropy).expect("a good request"),
    ]
}

#[test]
fn both_ends_of_an_upgrade_talk_with_what_was_agreed() {
    let request = Request::new("example.com", "/chat").with_subprotocol("a");
    for (sent, client) in asked(&deflating(), &request) {
        let accept = AcceptConnection::new().with_subprotocol("a");
        let (response, mut server) = heard(&sent).accept(deflating(), accept).expect("an acceptance");
        let mut client = client.receive(response.status, &response.headers).expect("a consent");
        assert_eq!((client.state(), client.role()), (ConnectionState::Open, Role::Client));
        assert_eq!(client.subprotocol(), Some("a"));
        assert!(client.extensions().eq(server.extensions()) && client.extensions().count() == 1);
        let (mut wire, mut buffer) = (Vec::new(), ReadBuffer::messages());
        client.send(BytesMessage::new(vec![b'a'; 1000]), &mut wire).unwrap();
        assert!(wire.len() < 50, "compressed");
        buffer.extend_from_slice(&wire);
        let event = server.receive_from(&mut buffer).unwrap();
        assert_eq!(event, Some(BytesMessage::new(vec![b'a'; 1000]).into()));
    }
}

#[test]
fn a_client_is_told_of_a_refusal_and_of_a_rule_that_the_server_broke() {
    let required = deflating().with_required_subprotocol();
    let request = Request::new("example.com", "/chat").with_subprotocol("a");
    for at in 0..4 {
        let ask = || asked(&required, &request).into_iter().nth(at).expect("four");
        let outcome = |fields: &[(&str, &str)]| {
            let (sent, client) = ask();
            let (response, _) = heard(&sent).accept(Config::default(), AcceptConnection::new()).unwrap();
            let mut headers = response.headers;
            headers.extend(fields.iter().copied());
            client.receive(response.status, &headers).map(drop).unwrap_err()
        };
        let remote = |error: ResponseError| ClientUpgradeError::Remote(error.into());
        assert_eq!(outcome(&[]), remote(ResponseError::SubprotocolMissing));
        let foreign = outcome(&[("sec-websocket-protocol", "b")]);
        assert_eq!(foreign, remote(ResponseError::SubprotocolNotProposed("b".into())));
        let agreed = [("sec-websocket-protocol", "a"), ("sec-websocket-extensions", "permessage-deflate; x")];
        let error = outcome(&agreed);
        let ClientUpgradeError::Remote(RemoteProtocolError::Negotiation {
            received_by: Role::Client, ..
        }) = error
        else {
            panic!("{error:?}")
        };
        let (sent, client) = ask();
        let response =
            heard(&sent).reject(&RejectConnection::new(503).with_header("Retry-After", "5")).unwrap();
        let error = client.receive(response.status, &response.headers).map(drop).unwrap_err();
        assert_eq!(error.to_string(), "the server refused with status 503");
        let expected = RejectConnection::new(503).with_header("Retry-After", "5");
        assert_eq!(error, ClientUpgradeError::Rejected(expected));
    }
    let own = Request::new("a", "/").with_extension("x");
    let error = ClientUpgrade::connect(Config::default(), own, "https").map(drop).unwrap_err();
    assert_eq!(error, LocalProtocolError::ExtensionsInEvent);
    let limits = HandshakeLimits::default().with_max_headers(1);
    let (_, client) =
        ClientUpgrade::http1(Config::default().with_handshake(limits), Request::new("a", "/")).unwrap();
    let many = client.receive(101, [("a", "b"), ("c", "d")]).map(drop).unwrap_err();
    assert_eq!(many.to_string(), "more than 1 header fields");
}

/// The keys of two requests differ, and so do the masking keys of later frames.
#[test]
fn k1_k2_keys_come_from_the_source_of_entropy() {
    let [one, own, connect, own_connect] = asked(&Config::default(), &Request::new("a", "/"));
    let key = |sent: &UpgradeRequest| sent.headers.get_str("Sec-WebSocket-Key").map(String::from);
    assert_eq!(key(&own.0).as_deref(), Some("BwcHBwcHBwcHBwcHBwcHBw=="));
    assert!(key(&one.0).is_some() && key(&one.0) != key(&own.0));
    assert_eq!([key(&connect.0), key(&own_connect.0)], [None, None]);
    for ((sent, client), is_own) in [(own, true), (own_connect, true), (connect, false)] {
        let (response, _) = heard(&sent).accept(Config::default(), AcceptConnection::new()).unwrap();
        let mut client = client.receive(response.status, &response.headers).unwrap();
        let mut wire = Vec::new();
        client.send(BytesMessage::new(b""), &mut wire).unwrap();
        assert_eq!(wire[2..] == [7; 4], is_own);
    }
}

#[cfg(feature = "http")]
#[test]
fn both_ends_of_an_upgrade_by_the_crate_http() {
    let request = || Request::new("example.com", "/chat");
    let asked = [
        (ClientUpgrade::http1(Config::default(), request()).unwrap(), None),
        (ClientUpgrade::connect(Config::default(), request(), "https").unwrap(), Some("websocket")),
    ];
    for ((sent, client), protocol) in asked {
        let upgrade = Upgrade::from_http(&sent.into_http().unwrap(), protocol).expect("a good request");
        let (response, _) = upgrade.accept(Config::default(), AcceptConnection::new()).unwrap();
        assert!(client.receive_http(&response.into_http()).is_ok());
    }
}
