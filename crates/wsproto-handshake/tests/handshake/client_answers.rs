//! Valid and invalid answers, as a client reads them (RFC 6455 §4.1).

use wsproto_handshake::{
    AcceptConnection, ClientHandshake, HandshakeLimits, HeadError, Headers, RejectConnection, Request,
    ResponseError,
};

use super::feed::{Outcome, RESPONSE, Then, answer, head};

fn request() -> Request {
    Request::new("example.com", "/")
        .with_subprotocol("chat")
        .with_subprotocol("superchat")
        .with_extension("foo; a=1")
        .with_extension("baz")
}

fn outcome(name: &str, edits: &[(&str, &[u8])]) -> Outcome {
    answer(name, &request(), &head(&RESPONSE, edits), Then::More, HandshakeLimits::default())
}

fn refuses<E: Into<ResponseError> + Clone>(table: &[(&str, &[(&str, &[u8])], E)]) {
    for (name, edits, expected) in table {
        let outcome = outcome(name, edits);
        let expected = Outcome { error: Some(expected.clone().into()), ..Outcome::default() };
        assert_eq!(outcome, expected, "{name}");
    }
}

//= rfc6455#4.1-36, rfc6455#4.1-42, rfc6455#10.7-1
#[test]
fn k13_heads_that_are_not_http() {
    #[rustfmt::skip]
    refuses(&[
        ("bare LF",                  &[("HTTP", b"HTTP/1.1 101 X\nX: y")],                 HeadError::BareLineFeed),
        ("bare CR in a field",       &[("+", b"X: y\rZ: z")],                              HeadError::BareCarriageReturn),
        ("bare CR in the first",     &[("HTTP", b"HTTP/1.1 101 X\rX: y")],                 HeadError::BareCarriageReturn),
        ("fold",                     &[("+", b"X: y\r\n z")],                              HeadError::FoldedHeader),
        ("space before colon",       &[("+", b"X : y")],                                   HeadError::SpaceBeforeColon),
        ("empty name",               &[("+", b": y")],                                     HeadError::HeaderName),
        ("control in a value",       &[("+", b"X: \x01")],                                 HeadError::HeaderValue),
        ("control in the first",     &[("HTTP", b"HTTP/1.1 101 \x01")],                    HeadError::StartLine),
        ("no status",                &[("HTTP", b"HTTP/1.1")],                             HeadError::StartLine),
        ("status of two digits",     &[("HTTP", b"HTTP/1.1 10 X")],                        HeadError::StartLine),
        ("status of four digits",    &[("HTTP", b"HTTP/1.1 1010 X")],                      HeadError::StartLine),
        ("status with a sign",       &[("HTTP", b"HTTP/1.1 +10 X")],                       HeadError::StartLine),
        ("two spaces",               &[("HTTP", b"HTTP/1.1  101 X")],                      HeadError::StartLine),
        ("a request",                &[("HTTP", b"GET / HTTP/1.1")],                       HeadError::StartLine),
        ("empty line before",        &[("HTTP", b"\r\nHTTP/1.1 101 X")],                   HeadError::StartLine),
        ("frames at once",           &[("HTTP", b"\x81\x05hello")],                        HeadError::StartLine),
        ("HTTP/1.0 with 101",        &[("HTTP", b"HTTP/1.0 101 X")],                       HeadError::HttpVersion),
        ("HTTP/2.0",                 &[("HTTP", b"HTTP/2.0 101 X")],                       HeadError::HttpVersion),
    ]);
    #[rustfmt::skip]
    refuses(&[
        ("status 0",                 &[("HTTP", b"HTTP/1.1 000 X")],                       ResponseError::Status),
        ("status 99",                &[("HTTP", b"HTTP/1.1 099 X")],                       ResponseError::Status),
    ]);
}

/// A server of another protocol may wait for our bytes, so the end of a head may never come.
#[test]
fn k13_what_cant_become_a_response_is_refused_at_the_byte_that_says_so() {
    #[rustfmt::skip]
    let table: [(&str, &[u8], usize, HeadError); 10] = [
        // name                bytes                      good  error
        ("an alert of TLS",    b"\x15\x03\x01\0\x02\x02", 0,    HeadError::StartLine),
        ("a frame",            b"\x81\x05hello",          0,    HeadError::StartLine),
        ("SSH",                b"SSH-2.0-OpenSSH_9.9\r\n", 0,    HeadError::StartLine),
        ("mail",               b"220 mail.example.com",    0,    HeadError::StartLine),
        ("an empty line",      b"\r\n",                    0,    HeadError::StartLine),
        ("a request",          b"HEAD / HTTP/1.1\r\n",     1,    HeadError::StartLine),
        ("small letters",      b"http/1.1 101\r\n",        0,    HeadError::StartLine),
        ("no version",         b"HTTP/x.1 101\r\n",        5,    HeadError::StartLine),
        ("HTTP/2",             b"HTTP/2 101\r\n",          5,    HeadError::HttpVersion),
        ("two digits",         b"HTTP/11 101\r\n",         6,    HeadError::StartLine),
    ];
    for (name, bytes, good, expected) in table {
        for interim in ["", "HTTP/1.1 103 X\r\n\r\n"] {
            for read in [bytes.len(), 1] {
                let mut client = ClientHandshake::new(HandshakeLimits::default());
                client.send_request(&request(), *b"the sample nonce", &mut Vec::new()).unwrap();
                assert_eq!(client.receive(&mut interim.as_bytes()), Ok(None), "{name}");
                assert_eq!(client.receive(&mut &bytes[..good]), Ok(None), "{name}: it might be a response");
                let mut rest = bytes[good..].chunks(read);
                assert_eq!(client.receive(&mut rest.next().unwrap()), Err(expected.into()), "{name}");
            }
        }
    }
}

#[test]
fn status_lines_that_are_good() {
    for line in ["HTTP/1.1 101", "HTTP/1.1 101 ", "HTTP/1.1 101 Web Socket Protocol Handshake"] {
        assert!(outcome(line, &[("HTTP", line.as_bytes())]).accept.is_some(), "{line}");
    }
    assert!(outcome("obs-text", &[("HTTP", b"HTTP/1.1 101 \xe9")]).accept.is_some());
}

/// RFC 9110 §2.5: a higher minor version is compatible with 1.1.
#[test]
fn k13_a_higher_minor_version_is_read_as_1_1() {
    for version in 2..=9 {
        let line = format!("HTTP/1.{version} 101 X");
        assert!(outcome(&line, &[("HTTP", line.as_bytes())]).accept.is_some(), "{line}");
        let refusal =
            format!("HTTP/1.{version} 404 X\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n");
        let refusal = answer(&line, &request(), refusal.as_bytes(), Then::More, HandshakeLimits::default());
        assert_eq!(refusal.error, None, "{line}");
        assert_eq!(
            (refusal.reject.map(|reject| reject.status), &*refusal.body),
            (Some(404), &b"a"[..]),
            "{line}"
        );
    }
}

#[test]
fn k3_accept() {
    use ResponseError::*;
    #[rustfmt::skip]
    refuses(&[
        //= rfc6455#4.1-39
        ("missing",         &[("Sec", b"")],                                                        AcceptMissing),
        ("empty",           &[("Sec", b"Sec-WebSocket-Accept:")],                                   AcceptMismatch),
        ("another",         &[("Sec", b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo")],       AcceptMismatch),
        ("another case",    &[("Sec", b"Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=")],      AcceptMismatch),
        ("the key",         &[("Sec", b"Sec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==")],          AcceptMismatch),
        ("not UTF-8",       &[("Sec", b"Sec-WebSocket-Accept: \xff")],                              AcceptMismatch),
        //= rfc6455#11.3.3-1
        ("twice",           &[("+", b"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")],        AcceptRepeated),
    ]);
    //= rfc6455#4.1-39
    let padded = outcome("padded", &[("Sec", b"SEC-websocket-accept: \t s3pPLMBiTxaQ9kYGzzhZRbK+xOo= \t")]);
    assert!(padded.accept.is_some());
}

#[test]
fn k4_upgrade_and_connection() {
    use ResponseError::*;
    #[rustfmt::skip]
    refuses(&[
        //= rfc6455#4.1-37, rfc6455#4.1-38
        ("no Upgrade",           &[("Upgrade", b"")],                                            UpgradeNotWebSocket),
        ("an empty one",         &[("Upgrade", b"Upgrade:")],                                    UpgradeNotWebSocket),
        ("another protocol",     &[("Upgrade", b"Upgrade: h2c")],                                UpgradeNotWebSocket),
        ("one before",           &[("Upgrade", b"Upgrade: foo, websocket")],                     UpgradeNotWebSocket),
        ("one behind",           &[("Upgrade", b"Upgrade: websocket, foo")],                     UpgradeNotWebSocket),
        ("a comma",              &[("Upgrade", b"Upgrade: websocket,")],                         UpgradeNotWebSocket),
        ("a version",            &[("Upgrade", b"Upgrade: websocket/13")],                       UpgradeNotWebSocket),
        ("quoted",               &[("Upgrade", b"Upgrade: \"websocket\"")],                      UpgradeNotWebSocket),
        ("another field before", &[("Upgrade", b"Upgrade: h2c\r\nUpgrade: websocket")],          UpgradeNotWebSocket),
        ("another field behind", &[("+", b"Upgrade: h2c")],                                      UpgradeNotWebSocket),
        ("an empty field",       &[("+", b"Upgrade:")],                                          UpgradeNotWebSocket),
        ("the field twice",      &[("+", b"upgrade: websocket")],                                UpgradeNotWebSocket),
        ("no Connection",        &[("Connection", b"")],                                         ConnectionNotUpgrade),
        ("keep-alive",           &[("Connection", b"Connection: keep-alive")],                   ConnectionNotUpgrade),
        ("a longer word",        &[("Connection", b"Connection: upgraded")],                     ConnectionNotUpgrade),
        ("two words",            &[("Connection", b"Connection: keep-alive upgrade")],           ConnectionNotUpgrade),
        ("not UTF-8",            &[("Connection", b"Connection: \xff")],                         ConnectionNotUpgrade),
    ]);
    #[rustfmt::skip]
    let table: [(&str, &[(&str, &[u8])]); 4] = [
        //= rfc6455#4.1-37, rfc6455#4.1-38, rfc6455#4.1-44
        ("case",        &[("Upgrade", b"UPGRADE: WebSocket"), ("Connection", b"connection: uPGRADE")]),
        ("white space", &[("Upgrade", b"Upgrade: \twebsocket \t"), ("Connection", b"Connection:upgrade ")]),
        ("a list",      &[("Connection", b"Connection: keep-alive,, Upgrade")]),
        ("several",     &[("Connection", b"Connection: a\r\nConnection: upgrade\r\nConnection: b")]),
    ];
    for (name, edits) in table {
        assert!(outcome(name, edits).accept.is_some(), "{name}");
    }
}

/// RFC 9112 §6.3, rule 1: a 1xx ends with the empty line, whatever its fields announce.
#[test]
fn k5_k12_fields_that_announce_a_body_announce_none() {
    #[rustfmt::skip]
    let table: [(&str, &[u8]); 10] = [
        ("length of zero",     b"Content-Length: 0"),
        ("length",             b"Content-Length: 5"),
        ("malformed length",   b"Content-Length: x"),
        ("empty length",       b"Content-Length:"),
        ("too long a length",  b"Content-Length: 18446744073709551616"),
        ("two lengths",        b"Content-Length: 1\r\nContent-Length: 2"),
        ("chunked",            b"Transfer-Encoding: chunked"),
        ("identity",           b"Transfer-Encoding: identity"),
        ("gzip, chunked",      b"Transfer-Encoding: gzip, chunked"),
        ("both",               b"Content-Length: 5\r\nTransfer-Encoding: chunked"),
    ];
    let frames = b"\x81\x05hello";
    for (name, lines) in table {
        let interim = |status| [&b"HTTP/1.1 "[..], status, b" X\r\n", lines, b"\r\n\r\n"].concat();
        let bytes =
            [&interim(b"100"), &interim(b"103"), &head(&RESPONSE, &[("+", lines)]), &frames[..]].concat();
        let outcome = answer(name, &request(), &bytes, Then::More, HandshakeLimits::default());
        let expected = lines.split(|&byte| byte == b'\n').count();
        assert_eq!(outcome.error, None, "{name}");
        assert_eq!(
            outcome.accept.map(|accept| accept.headers.len()),
            Some(expected),
            "{name}: the fields are kept"
        );
        assert_eq!(outcome.rest, frames, "{name}: the first frame follows directly");
    }
}

#[test]
fn k7_k9_k10_subprotocol_and_extensions() {
    use ResponseError::*;
    #[rustfmt::skip]
    refuses(&[
        //= rfc6455#4.1-41
        ("not proposed",          &[("+", b"Sec-WebSocket-Protocol: talk")],                         SubprotocolNotProposed("talk".into())),
        ("another case",          &[("+", b"Sec-WebSocket-Protocol: Chat")],                         SubprotocolNotProposed("Chat".into())),
        ("empty",                 &[("+", b"Sec-WebSocket-Protocol:")],                              SubprotocolNotProposed("".into())),
        ("trailing comma",        &[("+", b"Sec-WebSocket-Protocol: chat,")],                        SubprotocolNotProposed("chat,".into())),
        ("not UTF-8",             &[("+", b"Sec-WebSocket-Protocol: \xff")],                         SubprotocolNotProposed("\u{fffd}".into())),
        ("two in a list",         &[("+", b"Sec-WebSocket-Protocol: chat, superchat")],              SubprotocolRepeated),
        //= rfc6455#11.3.4-1
        ("two fields",            &[("+", b"Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat")], SubprotocolRepeated),
        //= rfc6455#11.3.2-1
        ("two of extensions",     &[("+", b"Sec-WebSocket-Extensions: foo\r\nSec-WebSocket-Extensions: foo")], ExtensionsRepeated),
        ("extensions not ASCII",  &[("+", b"Sec-WebSocket-Extensions: \xc3\xa9")],                   ExtensionsInvalid),
        //= rfc6455#4.1-40
        ("not offered",           &[("+", b"Sec-WebSocket-Extensions: bar")],                        ExtensionNotOffered("bar".into())),
        ("not offered, too",      &[("+", b"Sec-WebSocket-Extensions: foo, bar; a")],                ExtensionNotOffered("bar".into())),
        ("name in another case",  &[("+", b"Sec-WebSocket-Extensions: Foo")],                        ExtensionNotOffered("Foo".into())),
        ("a longer name",         &[("+", b"Sec-WebSocket-Extensions: foo-bar")],                    ExtensionNotOffered("foo-bar".into())),
        ("a name cut short",      &[("+", b"Sec-WebSocket-Extensions: fo")],                         ExtensionNotOffered("fo".into())),
        //= rfc6455#4.1-42, rfc6455#9.1-1
        ("no extension",          &[("+", b"Sec-WebSocket-Extensions:")],                            ExtensionsInvalid),
        ("elements without any",  &[("+", b"Sec-WebSocket-Extensions: , ,")],                        ExtensionsInvalid),
        //= rfc6455#8.1-2
        ("extensions not UTF-8",  &[("+", b"Sec-WebSocket-Extensions: \xff")],                       ExtensionsInvalid),
    ]);
    let edits: &[(&str, &[u8])] = &[(
        "+",
        b"Sec-WebSocket-Protocol: superchat\r\nSec-WebSocket-Extensions: foo; a=\"1, 2\",, baz ;b\r\nSet-Cookie: a=b\r\nServer: x",
    )];
    let expected = AcceptConnection::new()
        .with_subprotocol("superchat")
        .with_extension("foo; a=\"1, 2\"")
        .with_extension("baz ;b")
        .with_header("Set-Cookie", "a=b")
        .with_header("Server", "x");
    assert_eq!(outcome("all of it", edits).accept, Some(expected));
    assert_eq!(outcome("none of it", &[]).accept, Some(AcceptConnection::new()));
}

#[test]
fn k10_a_subprotocol_may_be_required() {
    let strict = |request: &Request, edits: &[(&str, &[u8])]| {
        let mut client = ClientHandshake::new(HandshakeLimits::default()).require_subprotocol();
        client.send_request(request, *b"the sample nonce", &mut Vec::new()).unwrap();
        client.receive(&mut &head(&RESPONSE, edits)[..]).map(|answer| answer.is_some())
    };
    assert_eq!(strict(&request(), &[]), Err(ResponseError::SubprotocolMissing));
    assert_eq!(strict(&request(), &[("+", b"Sec-WebSocket-Protocol: chat")]), Ok(true));
    assert_eq!(strict(&Request::new("a", "/"), &[]), Ok(true), "none proposed");
    let not_proposed = strict(&Request::new("a", "/"), &[("+", b"Sec-WebSocket-Protocol: chat")]);
    assert_eq!(not_proposed, Err(ResponseError::SubprotocolNotProposed("chat".into())));
}

#[test]
fn k11_bytes_behind_the_answer_stay() {
    let mut bytes = head(&RESPONSE, &[]);
    bytes.extend_from_slice(b"\x81\x05hello\r\n\r\nHTTP/1.1 100\r\n\r\n");
    let outcome = answer("frames", &request(), &bytes, Then::End, HandshakeLimits::default());
    assert!(outcome.accept.is_some());
    assert_eq!(outcome.rest, b"\x81\x05hello\r\n\r\nHTTP/1.1 100\r\n\r\n");
}

#[test]
fn k5_interim_responses_are_passed_over() {
    let mut bytes =
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 5\r\n\r\n"
            .to_vec();
    bytes.extend_from_slice(&head(&RESPONSE, &[]));
    bytes.extend_from_slice(b"frames");
    let outcome = answer("interim", &request(), &bytes, Then::More, HandshakeLimits::default());
    assert_eq!((outcome.accept, outcome.rest), (Some(AcceptConnection::new()), b"frames".to_vec()));
}

//= rfc6455#4.1-43
#[test]
fn k6_other_statuses_are_refusals() {
    for status in [200, 204, 301, 302, 304, 401, 403, 404, 407, 426, 500, 503, 599, 999] {
        let bytes =
            format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nLocation: /a\r\nlocation: /b\r\n\r\n");
        let outcome = answer("refusal", &request(), bytes.as_bytes(), Then::More, HandshakeLimits::default());
        let mut reject = RejectConnection::new(status).with_body();
        reject.headers =
            Headers::new().with("Content-Length", "0").with("Location", "/a").with("location", "/b");
        let expected = Outcome { reject: Some(reject), body_finished: true, ..Outcome::default() };
        assert_eq!(outcome, expected, "{status}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "exhaustive")]
fn every_prefix_of_an_answer_awaits_more_and_may_not_be_the_end() {
    let bytes = head(&RESPONSE, &[]);
    for len in 0..bytes.len() {
        let mut client = ClientHandshake::new(HandshakeLimits::default());
        client.send_request(&request(), *b"the sample nonce", &mut Vec::new()).unwrap();
        assert_eq!(client.receive(&mut &bytes[..len]), Ok(None), "{len} bytes");
        assert_eq!(client.buffered(), len);
        assert_eq!(client.receive_eof(), Err(HeadError::Ended.into()), "{len} bytes");
        assert_eq!(client.buffered(), 0);
    }
}

#[test]
fn errors_say_what_and_where() {
    let error = ResponseError::from(HeadError::FoldedHeader);
    assert_eq!(
        (error.to_string(), error.section()),
        ("header field folded over several lines".into(), "RFC 9112 §5.2")
    );
    let error = ResponseError::BodyTooLong { limit: 7 };
    assert_eq!(error.to_string(), "rejection's body longer than 7 bytes");
    assert_eq!(ResponseError::AcceptMismatch.section(), "RFC 6455 §4.1");
}
