//! Upgrades and extended CONNECTs of a client, where another HTTP library sends the request and parses the response.
//!
//! `feed::answer` checks, for all bytes that it feeds, that a parsed response of HTTP/1.1 meets the same rules.

use wsproto_handshake::{
    AcceptConnection, Answer, ClientUpgrade, HandshakeLimits, HeadError, Headers, HttpVersion, LocalError,
    RejectConnection, Request, RequestHead, ResponseError, Upgrade, UpgradeRequest,
};

fn http1(request: &Request) -> ClientUpgrade {
    ClientUpgrade::http1(request, *b"the sample nonce").expect("the request is valid").1
}

fn connect(request: &Request) -> ClientUpgrade {
    ClientUpgrade::connect(request, "https").expect("the request is valid").1
}

fn plain() -> Request {
    Request::new("example.com", "/")
}

fn full() -> Request {
    Request::new("example.com", "/chat?room=1")
        .with_subprotocol("a")
        .with_subprotocol("b")
        .with_extension("foo; c")
        .with_header("Origin", "https://example.com")
}

fn consent() -> Headers {
    Headers::from([
        ("upgrade", "websocket"),
        ("connection", "upgrade"),
        ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ])
}

/// The request as a server's HTTP library hands it over.
fn heard(sent: &UpgradeRequest) -> Upgrade {
    let version = if sent.protocol.is_some() { HttpVersion::Http2 } else { HttpVersion::Http11 };
    let mut head = RequestHead::new(version, sent.method, &sent.target);
    head.scheme = sent.scheme;
    head.protocol = sent.protocol;
    head.authority = sent.scheme.map(|_| &*sent.authority);
    Upgrade::from_fields(&head, &sent.headers, &HandshakeLimits::default()).expect("a sent request is valid")
}

//= rfc8441#4-1, rfc8441#4-2, rfc8441#5-1, rfc8441#5-2, rfc8441#5-3, rfc8441#5-4, rfc8441#5-5
#[test]
fn a_whole_handshake_without_bytes_of_http() {
    let asked = [
        ClientUpgrade::http1(&full(), *b"the sample nonce").expect("the request is valid"),
        ClientUpgrade::connect(&full(), "https").expect("the request is valid"),
        ClientUpgrade::connect(&full(), "http").expect("the request is valid"),
    ];
    let own = "Sec-WebSocket-Version Sec-WebSocket-Protocol Sec-WebSocket-Extensions Origin";
    let upgrading = format!("Host Upgrade Connection Sec-WebSocket-Key {own}");
    for ((sent, client), names) in asked.into_iter().zip([&*upgrading, own, own]) {
        assert_eq!(sent.headers.iter().map(|(name, _)| name).collect::<Vec<_>>().join(" "), names);
        assert_eq!(sent.protocol, sent.scheme.map(|_| "websocket"));
        let server = heard(&sent);
        assert_eq!((server.host(), server.target()), ("example.com", "/chat?room=1"));
        assert!(server.subprotocols().eq(["a", "b"]) && server.extensions().eq(["foo; c"]));
        let accept =
            AcceptConnection::new().with_subprotocol("b").with_extension("foo").with_header("X", "y");
        let response = server.accept(&accept).unwrap();
        assert_eq!(client.receive(response.status, &response.headers), Ok(Answer::Accept(accept)));
        assert!(!format!("{sent:?}{client:?}").contains("room"), "no query in a log");
    }
}

#[test]
fn requests_that_cannot_be_sent() {
    #[rustfmt::skip]
    let table = [
        ("host",        Request::new("a b", "/"),                       LocalError::Host),
        ("target",      Request::new("a", "b"),                         LocalError::Target),
        ("subprotocol", plain().with_subprotocol("a b"),                LocalError::Subprotocol),
        ("reserved",    plain().with_header("Upgrade", "h2c"),          LocalError::HeaderReserved("Upgrade".into())),
    ];
    for (name, request, expected) in table {
        let error = ClientUpgrade::http1(&request, [7; 16]).map(drop);
        assert_eq!(error, Err(expected.clone()), "{name}");
        assert_eq!(ClientUpgrade::connect(&request, "https").map(drop), Err(expected), "{name}");
    }
    // Fields that only HTTP/1.1 has.
    for (name, value) in [("Keep-Alive", "max=1"), ("proxy-connection", "close"), ("TE", "gzip")] {
        let request = plain().with_header(name, value);
        assert!(ClientUpgrade::http1(&request, [7; 16]).is_ok(), "{name}");
        let expected = Err(LocalError::HeaderReserved(name.into()));
        assert_eq!(ClientUpgrade::connect(&request, "https").map(drop), expected, "{name}");
    }
    assert!(ClientUpgrade::connect(&plain().with_header("TE", "trailers"), "https").is_ok());
    for scheme in ["wss", "HTTPS", ""] {
        assert_eq!(ClientUpgrade::connect(&plain(), scheme).map(drop), Err(LocalError::Scheme), "{scheme:?}");
    }
}

#[test]
fn k3_k4_k7_k10_k13_parsed_responses_meet_the_same_rules() {
    use ResponseError::*;
    let with = |name: &str, value: &str| consent().with(name, value);
    #[rustfmt::skip]
    let table = [
        ("status",          99,  consent(),                                        Status),
        ("interim",         103, Headers::new(),                                   Status),
        ("no upgrade",      101, Headers::new(),                                   ConnectionNotUpgrade),
        ("no accept",       101, Headers::from([("upgrade", "websocket"), ("connection", "upgrade")]), AcceptMissing),
        ("accept twice",    101, with("Sec-WebSocket-Accept", "a"),                AcceptRepeated),
        ("two Upgrades",    101, with("Upgrade", "h2c"),                           UpgradeNotWebSocket),
        ("subprotocol",     101, with("Sec-WebSocket-Protocol", "chat"),           SubprotocolNotProposed("chat".into())),
        ("extension",       101, with("Sec-WebSocket-Extensions", "foo"),          ExtensionNotOffered("foo".into())),
        ("value",           101, with("X", "\n"),                                  HeadError::HeaderValue.into()),
        ("name",            101, with("X ", ""),                                   HeadError::SpaceBeforeColon.into()),
    ];
    for (name, status, headers, expected) in table {
        assert_eq!(http1(&plain()).receive(status, &headers), Err(expected), "{name}");
    }
}

//= rfc8441#5.1-1
#[test]
fn k3_k4_k7_k10_answers_to_an_extended_connect_that_break_rules() {
    use ResponseError::*;
    let with = |name: &str, value: &str| Headers::from([(name, value)]);
    #[rustfmt::skip]
    let table = [
        ("status",             99,  Headers::new(),                             Status),
        ("interim",            103, Headers::new(),                             Status),
        ("101",                101, consent(),                                  Status),
        ("Connection",         200, with("connection", "upgrade"),              ConnectionField),
        ("Upgrade",            200, with("upgrade", "websocket"),               ConnectionField),
        ("chunks",             200, with("transfer-encoding", "chunked"),       ConnectionField),
        ("Keep-Alive",         200, with("keep-alive", "max=1"),                ConnectionField),
        ("subprotocol",        200, with("sec-websocket-protocol", "chat"),     SubprotocolNotProposed("chat".into())),
        ("two subprotocols",   200, with("sec-websocket-protocol", "a, b"),     SubprotocolRepeated),
        ("extension",          200, with("sec-websocket-extensions", "bar"),    ExtensionNotOffered("bar".into())),
        ("no extension",       200, with("sec-websocket-extensions", ","),      ExtensionsInvalid),
        ("value",              200, with("x", "a\r\nb"),                        HeadError::HeaderValue.into()),
    ];
    for (name, status, headers, expected) in table {
        assert_eq!(connect(&full()).receive(status, &headers), Err(expected), "{name}");
    }
    let required = connect(&full()).require_subprotocol();
    assert_eq!(required.receive(200, &Headers::new()), Err(SubprotocolMissing));
    // Fields that aren't used aren't checked.
    let ignored = Headers::from([("content-length", "5"), ("sec-websocket-accept", "x")]);
    for status in [200, 201, 299] {
        let answer = connect(&plain()).receive(status, &ignored);
        assert!(matches!(answer, Ok(Answer::Accept(_))), "{status}: {answer:?}");
    }
}

#[test]
fn h1_k13_parsed_responses_meet_the_limits_at_their_edges() {
    let accepts = |client: ClientUpgrade, limits, status, fields: &Headers| {
        client
            .with_limits(limits)
            .receive(status, fields)
            .map(|answer| assert!(matches!(answer, Answer::Accept(_))))
    };
    let limits = HandshakeLimits::default();
    let of_connect = Headers::from([("x", "y"), ("z", "")]);
    for (client, status, fields) in [(http1(&plain()), 101, consent()), (connect(&plain()), 200, of_connect)]
    {
        let count = fields.len() as u64;
        assert_eq!(accepts(client.clone(), limits.with_max_headers(count), status, &fields), Ok(()));
        let limit = count - 1;
        let many = accepts(client.clone(), limits.with_max_headers(limit), status, &fields);
        assert_eq!(many, Err(HeadError::TooManyHeaders { limit }.into()));
        let line = |(name, value): (&str, &[u8])| (name.len() + value.len() + 3) as u64;
        let len = fields.iter().map(line).sum::<u64>() + "HTTP/1.1 200 \r\n\r\n".len() as u64;
        assert_eq!(accepts(client.clone(), limits.with_max_head_len(len), status, &fields), Ok(()));
        let limit = len - 1;
        let long = accepts(client, limits.with_max_head_len(limit), status, &fields);
        assert_eq!(long, Err(HeadError::TooLong { limit }.into()));
    }
}

/// The HTTP library knows the end of the body, or that it is unknown.
#[test]
fn k6_k12_how_a_parsed_body_is_framed_is_not_looked_at() {
    #[rustfmt::skip]
    let table = [
        ("two lengths",      Headers::new().with("Content-Length", "1").with("Content-Length", "2")),
        ("no length",        Headers::new().with("Content-Length", "x")),
        ("another coding",   Headers::new().with("Transfer-Encoding", "gzip, chunked")),
        ("both",             Headers::new().with("Content-Length", "1").with("Transfer-Encoding", "chunked")),
    ];
    for (name, headers) in table {
        for client in [http1(&plain()), connect(&plain())] {
            let Ok(Answer::Reject(reject)) = client.receive(403, &headers) else { panic!("{name}") };
            assert_eq!((&reject.headers, reject.has_body), (&headers, false), "{name}");
        }
        let mut consent = consent();
        consent.extend(&headers);
        let accepted = http1(&plain()).receive(101, &consent);
        assert!(matches!(accepted, Ok(Answer::Accept(_))), "{name}: {accepted:?}");
    }
}

#[test]
fn a_parsed_refusal_is_told_with_status_and_fields() {
    let headers = Headers::from([("location", "/elsewhere"), ("set-cookie", "a"), ("set-cookie", "b")]);
    for (client, statuses) in [(http1(&plain()), [200, 307, 404]), (connect(&plain()), [300, 501, 600])] {
        for status in statuses {
            let mut reject = RejectConnection::new(status);
            reject.headers = headers.clone();
            assert_eq!(client.receive(status, &headers), Ok(Answer::Reject(reject)));
        }
    }
}

#[cfg(feature = "http")]
mod of_the_crate_http {
    use http::{Method, Response, Version};

    use super::*;

    #[test]
    fn requests_go_out_as_their_version_has_them() {
        let (sent, _) = ClientUpgrade::http1(&full(), *b"the sample nonce").unwrap();
        let request = sent.into_http().unwrap();
        assert_eq!((request.method(), request.version()), (&Method::GET, Version::HTTP_11));
        assert_eq!((&*request.uri().to_string(), request.headers().len()), ("/chat?room=1", 8));
        assert!(Upgrade::from_http(&request, None).is_ok());

        for (scheme, host) in [("https", "example.com:8443"), ("http", "[::1]:80")] {
            let (sent, _) = ClientUpgrade::connect(&Request::new(host, "/a?b"), scheme).unwrap();
            let request = sent.into_http().unwrap();
            assert_eq!((request.method(), request.version()), (&Method::CONNECT, Version::HTTP_2));
            assert_eq!(request.uri().to_string(), format!("{scheme}://{host}/a?b"));
            let upgrade = Upgrade::from_http(&request, Some("websocket")).expect("the request is valid");
            assert_eq!((upgrade.host(), upgrade.target()), (host, "/a?b"));
        }
    }

    #[test]
    fn a_target_that_the_crate_does_not_carry_is_told() {
        for (target, at) in [("/<", 1), ("/a`b", 2), ("/a?\"", 3), ("/?<", 2), ("/a>", 2)] {
            let (sent, _) = ClientUpgrade::connect(&Request::new("a", target), "https").unwrap();
            assert_eq!(sent.into_http().map(drop), Err(LocalError::TargetCharacter { at }), "{target}");
        }
    }

    #[test]
    fn responses_are_read_with_repeated_fields_and_values_that_are_no_text() {
        let mut response = Response::builder().status(101).header("x", "\u{e9}");
        for (name, value) in &consent() {
            response = response.header(name, value);
        }
        let response = response.header("set-cookie", "a").header("set-cookie", "b").body(()).unwrap();
        let Ok(Answer::Accept(accept)) = http1(&plain()).receive_http(&response) else { panic!("refused") };
        assert_eq!(accept.headers.get_all("set-cookie").collect::<Vec<_>>(), [b"a", b"b"]);
        assert_eq!(accept.headers.get("x"), Some("\u{e9}".as_bytes()));
        let response = Response::builder().status(403).body("no").unwrap();
        let reject = Ok(Answer::Reject(RejectConnection::new(403)));
        assert_eq!(connect(&plain()).receive_http(&response), reject);
    }
}
