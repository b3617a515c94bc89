//! Requests and responses that somebody else's HTTP has parsed.

use wsproto_handshake::{
    AcceptConnection, Answer, ClientHandshake, ClientState, HandshakeLimits, HeadError, Headers,
    RejectConnection, Request, RequestError, ResponseError, ServerHandshake, ServerState,
};

fn server() -> ServerHandshake {
    ServerHandshake::new(HandshakeLimits::default())
}

fn asked(request: &Request) -> ClientHandshake {
    let mut client = ClientHandshake::new(HandshakeLimits::default());
    client.request_headers(request, *b"the sample nonce").unwrap();
    client
}

fn good() -> Headers {
    Headers::new()
        .with("host", "example.com")
        .with("upgrade", "websocket")
        .with("connection", "Upgrade")
        .with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .with("sec-websocket-version", "13")
}

fn consent() -> Headers {
    Headers::new()
        .with("upgrade", "websocket")
        .with("connection", "upgrade")
        .with("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
}

#[test]
fn a_whole_handshake_without_bytes_of_http() {
    let request = Request::new("example.com", "/chat").with_subprotocol("chat").with_extension("foo");
    let mut client = ClientHandshake::new(HandshakeLimits::default());
    let fields = client.request_headers(&request, [7; 16]).unwrap();
    let mut server = server();
    let received = server.receive_parsed("GET", "/chat", &fields).unwrap();
    assert!(received.subprotocols().eq(["chat"]) && received.extensions().eq(["foo"]));
    let accept = AcceptConnection::new().with_subprotocol("chat").with_extension("foo").with_header("X", "y");
    let fields = server.accept_headers(&accept).unwrap();
    assert_eq!(client.receive_parsed(101, &fields), Ok(Some(Answer::Accept(accept))));
    assert_eq!((client.state(), server.state()), (ClientState::Accepted, ServerState::Accepted));
}

#[test]
fn h7_h8_h16_parsed_requests_meet_the_same_rules() {
    #[rustfmt::skip]
    let table = [
        ("POST",                 "POST", "/",             good(),                                    RequestError::Method),
        ("get",                  "get",  "/",             good(),                                    RequestError::Method),
        ("no target",            "GET",  "",              good(),                                    RequestError::TargetForm),
        ("space",                "GET",  "/a b",          good(),                                    RequestError::TargetCharacters),
        ("not ASCII",            "GET",  "/é",            good(),                                    RequestError::TargetCharacters),
        ("fragment",             "GET",  "/#",            good(),                                    RequestError::TargetFragment),
        ("another scheme",       "GET",  "ftp://a/",      good(),                                    RequestError::TargetForm),
        ("absolute, no Host",    "GET",  "http://a/",     Headers::new(),                            RequestError::HostMissing),
        ("an empty list",        "GET",  "/",             good().with("Sec-WebSocket-Extensions", ","), RequestError::ExtensionsEmpty),
        ("no Host",              "GET",  "/",             Headers::new(),                            RequestError::HostMissing),
        ("two Hosts",            "GET",  "/",             good().with("Host", "a"),                  RequestError::HostRepeated),
        ("two keys",             "GET",  "/",             good().with("Sec-WebSocket-Key", "a"),     RequestError::KeyRepeated),
        ("line in a value",      "GET",  "/",             good().with("X", "a\r\nb"),                HeadError::HeaderValue.into()),
        ("NUL in a value",       "GET",  "/",             good().with("X", "\0"),                    HeadError::HeaderValue.into()),
        ("no name",              "GET",  "/",             good().with("", ""),                       HeadError::HeaderName.into()),
        ("line in a name",       "GET",  "/",             good().with("a\r\n", ""),                  HeadError::HeaderName.into()),
        ("space behind a name",  "GET",  "/",             good().with("a ", ""),                     HeadError::SpaceBeforeColon.into()),
    ];
    for (name, method, target, headers, expected) in table {
        let mut server = server();
        assert_eq!(server.receive_parsed(method, target, &headers), Err(expected), "{name}");
        assert_eq!(server.receive_parsed("GET", "/", &good()), Err(expected), "{name}, for ever");
        assert_eq!(server.receive(&mut &b"GET"[..]), Err(expected), "{name}, for ever");
        assert_eq!(server.receive_eof(), Err(expected), "{name}, for ever");
        server.reject(&expected.rejection(), &mut Vec::new()).unwrap();
    }
    let padded = good().with("X", " y ");
    assert_eq!(server().receive_parsed("GET", "/", &padded).unwrap().headers().get("x"), Some(&b"y"[..]));
}

#[test]
fn h1_h2_parsed_requests_meet_the_same_limits() {
    let limits = HandshakeLimits::default().with_max_headers(5).with_max_target_len(2);
    assert!(ServerHandshake::new(limits).receive_parsed("GET", "/a", &good()).is_ok());
    let long = ServerHandshake::new(limits).receive_parsed("GET", "/ab", &good());
    assert_eq!(long, Err(RequestError::TargetTooLong { limit: 2 }));
    let many = ServerHandshake::new(limits).receive_parsed("GET", "/", &good().with("X", ""));
    assert_eq!(many, Err(HeadError::TooManyHeaders { limit: 5 }.into()));
}

#[test]
fn k13_parsed_responses_meet_the_same_limits() {
    for (most, fits) in [(3, true), (2, false)] {
        let mut client = ClientHandshake::new(HandshakeLimits::default().with_max_headers(most));
        client.request_headers(&Request::new("example.com", "/"), *b"the sample nonce").unwrap();
        let expected = if fits {
            Ok(Some(Answer::Accept(AcceptConnection::new())))
        } else {
            Err(HeadError::TooManyHeaders { limit: most }.into())
        };
        assert_eq!(client.receive_parsed(101, &consent()), expected, "{most}");
    }
}

#[test]
fn a_second_parsed_request_is_an_error_of_the_client() {
    let mut server = server();
    server.receive_parsed("GET", "/", &good()).unwrap();
    assert_eq!(server.receive_parsed("GET", "/", &good()), Err(HeadError::StartLine.into()));
    assert_eq!(server.state(), ServerState::AwaitingAnswer);
}

#[test]
fn k3_k4_k7_k10_k13_parsed_responses_meet_the_same_rules() {
    #[rustfmt::skip]
    let table = [
        ("status",          99,  consent(),                                        ResponseError::Status),
        ("no accept",       101, Headers::new().with("upgrade", "websocket").with("connection", "upgrade"), ResponseError::AcceptMissing),
        ("accept twice",    101, consent().with("Sec-WebSocket-Accept", "a"),      ResponseError::AcceptRepeated),
        ("two Upgrades",    101, consent().with("Upgrade", "h2c"),                 ResponseError::UpgradeNotWebSocket),
        ("subprotocol",     101, consent().with("Sec-WebSocket-Protocol", "chat"), ResponseError::SubprotocolNotProposed("chat".into())),
        ("extension",       101, consent().with("Sec-WebSocket-Extensions", "foo"), ResponseError::ExtensionNotOffered("foo".into())),
        ("value",           101, consent().with("X", "\n"),                        HeadError::HeaderValue.into()),
    ];
    for (name, status, headers, expected) in table {
        let mut client = asked(&Request::new("a", "/"));
        assert_eq!(client.receive_parsed(status, &headers), Err(expected.clone()), "{name}");
        assert_eq!(client.receive_parsed(101, &consent()), Err(expected), "{name}, for ever");
    }
}

/// Whoever parsed the response knows where its body ends, or that nobody can.
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
        let mut client = asked(&Request::new("a", "/"));
        let Ok(Some(Answer::Reject(reject))) = client.receive_parsed(403, &headers) else { panic!("{name}") };
        assert_eq!((&reject.headers, reject.has_body), (&headers, false), "{name}");
        assert_eq!(client.state(), ClientState::Rejected, "{name}");

        let mut consent = consent();
        consent.extend(&headers);
        let mut client = asked(&Request::new("a", "/"));
        let accepted = client.receive_parsed(101, &consent);
        assert!(matches!(accepted, Ok(Some(Answer::Accept(_)))), "{name}: {accepted:?}");
    }
}

#[test]
fn a_parsed_refusal_leaves_its_body_to_whoever_parsed_it() {
    let headers = Headers::new().with("content-length", "5");
    let mut client = asked(&Request::new("a", "/"));
    assert_eq!(client.receive_parsed(103, &Headers::new()), Ok(None));
    let reject = RejectConnection::new(404).with_header("content-length", "5");
    assert_eq!(client.receive_parsed(404, &headers), Ok(Some(Answer::Reject(reject))));
    assert_eq!(client.state(), ClientState::Rejected);
    assert_eq!(client.receive_parsed(404, &headers), Err(ResponseError::Unrequested));
    let mut idle = ClientHandshake::new(HandshakeLimits::default());
    assert_eq!(idle.receive_parsed(101, &consent()), Err(ResponseError::Unrequested));
}
