//! Responses that somebody else's HTTP has parsed.

use wsproto_handshake::{
    AcceptConnection, Answer, ClientHandshake, ClientState, HandshakeLimits, HeadError, Headers,
    RejectConnection, Request, ResponseError,
};

fn asked(request: &Request) -> ClientHandshake {
    let mut client = ClientHandshake::new(HandshakeLimits::default());
    client.request_headers(request, *b"the sample nonce").unwrap();
    client
}

fn consent() -> Headers {
    Headers::new()
        .with("upgrade", "websocket")
        .with("connection", "upgrade")
        .with("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
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
