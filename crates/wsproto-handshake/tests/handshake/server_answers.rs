//! The answers that a server sends, and answers that it must not send (RFC 6455 §4.2.2).

use wsproto_handshake::{
    AcceptConnection, Answer, ClientHandshake, ClientState, HandshakeLimits, HeadError, LocalError,
    RejectConnection, RejectData, Request, RequestError, ServerHandshake, ServerState, Upgrade,
};

use super::feed::{REQUEST, cut, head};

/// A server that has read a request with these additional lines.
fn asked(lines: &str) -> ServerHandshake {
    let mut server = ServerHandshake::new(HandshakeLimits::default());
    server.receive(&mut &head(&REQUEST, &[("+", lines.as_bytes())])[..]).unwrap().unwrap();
    server
}

/// The same request, parsed by another HTTP library.
fn upgrade(lines: &str) -> Upgrade {
    let bytes = head(&REQUEST, &[("+", lines.as_bytes())]);
    let (head, fields) = cut(&bytes).unwrap();
    Upgrade::from_fields(&head, fields, &HandshakeLimits::default()).unwrap()
}

/// Checks that a refused acceptance writes nothing and changes nothing.
fn refuses_to_accept(name: &str, lines: &str, accept: &AcceptConnection, expected: LocalError) {
    let mut server = asked(lines);
    let mut out = b"before".to_vec();
    assert_eq!(server.accept(accept, &mut out), Err(expected.clone()), "{name}");
    assert_eq!(upgrade(lines).accept(accept), Err(expected), "{name}, parsed");
    assert_eq!((out.as_slice(), server.state()), (&b"before"[..], ServerState::AwaitingAnswer), "{name}");
    server.accept(&AcceptConnection::new(), &mut out).expect("the handshake is unchanged");
}

#[test]
fn a_body_comes_in_chunks_only_where_the_head_was_http_1_1() {
    #[rustfmt::skip]
    let table: [(&str, &[u8], &str); 2] = [
        ("PUT / HTTP/1.1",  b"PUT / HTTP/1.1\r\n\r\n",  "Connection: close\r\nTransfer-Encoding: chunked\r\n"),
        ("bare line feed",  b"GET / HTTP/1.1\n",        "Connection: close\r\n"),
    ];
    for (name, bytes, framing) in table {
        let mut server = ServerHandshake::new(HandshakeLimits::default());
        server.receive(&mut &bytes[..]).unwrap_err();
        let mut out = Vec::new();
        server.reject(&RejectConnection::new(400).with_body(), &mut out).unwrap();
        assert_eq!(
            String::from_utf8_lossy(&out),
            format!("HTTP/1.1 400 Bad Request\r\n{framing}\r\n"),
            "{name}"
        );
    }
}

//= rfc6455#4.2.2-1, rfc6455#4.2.2-10, rfc6455#4.2.2-11, rfc6455#4.2.2-12, rfc6455#4.2.2-13, rfc6455#4.2.2-14
#[test]
fn rfc6455_1_3_the_example_is_accepted_byte_for_byte() {
    let request = b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://example.com\r\n\
        Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let mut server = ServerHandshake::new(HandshakeLimits::default());
    let request = server.receive(&mut &request[..]).unwrap().unwrap();
    assert_eq!(request.origin(), Some("http://example.com"));
    let mut out = Vec::new();
    server.accept(&AcceptConnection::new().with_subprotocol("chat"), &mut out).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&out),
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
    );
    assert_eq!(server.state(), ServerState::Accepted);
}

//= rfc6455#4.2.2-12, rfc6455#4.2.2-13, rfc6455#4.2.2-14
#[test]
fn what_was_agreed_comes_before_the_callers_fields() {
    let lines =
        "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b, c\r\nSec-WebSocket-Extensions: foo, bar";
    let accept = AcceptConnection::new()
        .with_subprotocol("c")
        .with_extension("foo; a=\"12\"")
        .with_extension("bar")
        .with_header("Set-Cookie", "a=b")
        .with_header("set-cookie", b"c=\xff");
    let mut out = Vec::new();
    asked(lines).accept(&accept, &mut out).unwrap();
    let expected: &[u8] =
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: c\r\n\
        Sec-WebSocket-Extensions: foo; a=\"12\", bar\r\nSet-Cookie: a=b\r\nset-cookie: c=\xff\r\n\r\n";
    assert_eq!(out, expected);

    let response = upgrade(lines).accept(&accept).unwrap();
    let mut written = b"HTTP/1.1 101 Switching Protocols\r\n".to_vec();
    for (name, value) in &response.headers {
        written.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    written.extend_from_slice(b"\r\n");
    assert_eq!((written.as_slice(), response.status), (expected, 101), "the fields are the same");
}

//= rfc6455#4.2.2-6, rfc6455#4.2.2-7, rfc6455#4.2.2-15
#[test]
fn h25_subprotocol_that_was_not_proposed() {
    let choose = |subprotocol: &str| AcceptConnection::new().with_subprotocol(subprotocol);
    let proposed = "Sec-WebSocket-Protocol: chat, superchat";
    #[rustfmt::skip]
    let table = [
        ("not proposed",     proposed, "talk",            LocalError::SubprotocolNotProposed("talk".into())),
        ("a part of one",    proposed, "super",           LocalError::SubprotocolNotProposed("super".into())),
        ("another case",     proposed, "Chat",            LocalError::SubprotocolNotProposed("Chat".into())),
        ("none proposed",    "",       "chat",            LocalError::SubprotocolNotProposed("chat".into())),
        ("both",             proposed, "chat, superchat", LocalError::Subprotocol),
        ("empty",            proposed, "",                LocalError::Subprotocol),
        ("another line",     proposed, "chat\r\nX: y",    LocalError::Subprotocol),
        ("not ASCII",        proposed, "é",               LocalError::Subprotocol),
    ];
    for (name, lines, subprotocol, expected) in table {
        refuses_to_accept(name, lines, &choose(subprotocol), expected);
    }
    let mut out = Vec::new();
    asked(proposed).accept(&AcceptConnection::new(), &mut out).unwrap();
    assert!(!String::from_utf8_lossy(&out).contains("Protocol:"), "no choice, no field");
}

//= rfc6455#4.2.2-8, rfc6455#4.2.2-9, rfc6455#9.1-5
#[test]
fn h25_extension_that_was_not_offered() {
    let offered = "Sec-WebSocket-Extensions: foo; a=1, bar\r\nSec-WebSocket-Extensions: baz;b";
    let agree = |extensions: &[&str]| {
        extensions.iter().fold(AcceptConnection::new(), |accept, text| accept.with_extension(*text))
    };
    #[rustfmt::skip]
    let table: [(&str, &str, &[&str], &str); 5] = [
        ("another",              offered, &["other; x"],      "other"),
        ("one of two",           offered, &["foo", "other"],  "other"),
        ("another case",         offered, &["FOO"],           "FOO"),
        ("a parameter's name",   offered, &["a"],             "a"),
        ("nothing offered",      "",      &["foo"],           "foo"),
    ];
    for (name, lines, extensions, told) in table {
        let expected = LocalError::ExtensionNotOffered(told.into());
        refuses_to_accept(name, lines, &agree(extensions), expected);
    }
    for extensions in [&[][..], &["foo"], &["foo; c=2", "bar; d"], &["baz"]] {
        asked(offered).accept(&agree(extensions), &mut Vec::new()).expect("all of it was offered");
    }
}

//= rfc6455#11.3.2-1, rfc6455#11.3.3-1, rfc6455#11.3.4-1
#[test]
fn h23_h24_h25_fields_of_an_acceptance_that_cannot_be_sent() {
    let with = |name: &str, value: &[u8]| AcceptConnection::new().with_header(name, value);
    #[rustfmt::skip]
    let table = [
        ("CR LF in a value",     with("X", b"y\r\nZ: z"),                   LocalError::HeaderValue("X".into())),
        ("LF in a value",        with("X", b"\n"),                          LocalError::HeaderValue("X".into())),
        ("CR in a value",        with("X", b"\r"),                          LocalError::HeaderValue("X".into())),
        ("NUL in a value",       with("X", b"\0"),                          LocalError::HeaderValue("X".into())),
        ("DEL in a value",       with("X", b"\x7f"),                        LocalError::HeaderValue("X".into())),
        ("space at the end",     with("X", b"y "),                          LocalError::HeaderValue("X".into())),
        ("empty name",           with("", b"y"),                            LocalError::HeaderName("".into())),
        ("CR LF in a name",      with("X: y\r\nZ", b"z"),                   LocalError::HeaderName("X: y\r\nZ".into())),
        ("colon in a name",      with("X:", b"y"),                          LocalError::HeaderName("X:".into())),
        ("name beyond ASCII",    with("é", b"y"),                           LocalError::HeaderName("é".into())),
        ("Upgrade",              with("upgrade", b"h2c"),                   LocalError::HeaderReserved("upgrade".into())),
        ("Connection",           with("CONNECTION", b"close"),              LocalError::HeaderReserved("CONNECTION".into())),
        ("Host",                 with("Host", b"a"),                        LocalError::HeaderReserved("Host".into())),
        ("Content-Length",       with("Content-Length", b"0"),              LocalError::HeaderReserved("Content-Length".into())),
        ("Transfer-Encoding",    with("Transfer-Encoding", b"chunked"),     LocalError::HeaderReserved("Transfer-Encoding".into())),
        ("Accept",               with("Sec-WebSocket-Accept", b"a"),        LocalError::HeaderReserved("Sec-WebSocket-Accept".into())),
        ("Protocol",             with("Sec-WebSocket-Protocol", b"a"),      LocalError::HeaderReserved("Sec-WebSocket-Protocol".into())),
        ("Extensions",           with("Sec-WebSocket-Extensions", b"a"),    LocalError::HeaderReserved("Sec-WebSocket-Extensions".into())),
        ("any of them",          with("sec-websocket-new", b"a"),           LocalError::HeaderReserved("sec-websocket-new".into())),
    ];
    for (name, accept, expected) in table {
        refuses_to_accept(name, "", &accept, expected);
    }
    for text in [
        "",
        " ",
        ",",
        "a, b",
        "a ",
        " a",
        "a\r\nX: y",
        "a\t",
        "a\0",
        "é",
        "a; b=\"c",
        "a; b=\"c\\\"",
        "a\\\"",
    ] {
        let accept = AcceptConnection::new().with_extension(text);
        refuses_to_accept(text, "", &accept, LocalError::Extension(text.into()));
    }
    for text in ["foo bar", "foo; a=", "foo; a=b c", "foo; a=\"\"", "foo; a=\"b c\"", "foo; a=b:c", "foo;;a"]
    {
        let offered = "Sec-WebSocket-Extensions: foo";
        refuses_to_accept(
            text,
            offered,
            &AcceptConnection::new().with_extension(text),
            LocalError::Extension(text.into()),
        );
    }
}

#[test]
fn rejections_without_a_body_say_so() {
    #[rustfmt::skip]
    let table = [
        (RejectConnection::default(),                                            "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
        (RejectConnection::new(599),                                             "HTTP/1.1 599 \r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
        (RejectConnection::new(200),                                             "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
        (RejectConnection::new(205),                                             "HTTP/1.1 205 Reset Content\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
        (RejectConnection::new(204),                                             "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"),
        (RejectConnection::new(304),                                             "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"),
        (RejectConnection::new(403).with_header("content-length", "0"),          "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nConnection: close\r\n\r\n"),
        (RejectConnection::new(503).with_header("Connection", "close"),          "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
        (RejectConnection::new(426).with_header("Sec-WebSocket-Version", "13"),  "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nUpgrade: websocket\r\nConnection: close, Upgrade\r\nContent-Length: 0\r\n\r\n"),
        (RejectConnection::new(302).with_header("Location", "/"),                "HTTP/1.1 302 Found\r\nLocation: /\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
    ];
    for (reject, expected) in table {
        let mut server = asked("");
        let mut out = Vec::new();
        server.reject(&reject, &mut out).unwrap();
        assert_eq!(String::from_utf8_lossy(&out), expected);
        assert_eq!(server.state(), ServerState::Rejected, "{expected}");
    }
}

/// RFC 9112 §9.3, RFC 9110 §7.8 and §15.5.22.
#[test]
fn every_rejection_says_in_one_field_that_the_connection_closes() {
    let with = |status, fields: &[(&str, &str)]| {
        let reject = RejectConnection::new(status);
        fields.iter().fold(reject, |reject, (name, value)| reject.with_header(name, value))
    };
    #[rustfmt::skip]
    let table = [
        // name                     rejection                                                       Connection               Upgrade
        ("without fields",          with(403, &[]),                                                 "close",                 None),
        ("said already",            with(403, &[("connection", "Close")]),                          "close",                 None),
        ("said twice",              with(403, &[("Connection", "close"), ("connection", "close")]), "close",                 None),
        ("the contrary",            with(403, &[("Connection", "Keep-Alive")]),                     "close",                 None),
        ("nothing",                 with(403, &[("Connection", " ,".trim())]),                      "close",                 None),
        ("a field of its own",      with(403, &[("Connection", "X-Hop, keep-alive"), ("X-Hop", "1")]), "close, X-Hop",       None),
        ("426",                     with(426, &[]),                                                 "close, Upgrade",        Some("websocket")),
        ("426 with Upgrade",        with(426, &[("Upgrade", "h2c")]),                               "close, Upgrade",        Some("h2c")),
        ("426, all said",           with(426, &[("upgrade", "websocket"), ("Connection", "upgrade")]), "close, Upgrade",     Some("websocket")),
        ("another with Upgrade",    with(400, &[("Upgrade", "websocket"), ("Connection", "a"), ("connection", "b, Upgrade")]), "close, Upgrade, a, b", Some("websocket")),
        ("Upgrade of nothing",      with(400, &[("Connection", "Upgrade")]),                        "close",                 None),
    ];
    for (name, reject, connection, upgrade) in table {
        for with_body in [false, true] {
            let (mut server, mut out) = (asked(""), Vec::new());
            let reject = if with_body { reject.clone().with_body() } else { reject.clone() };
            server.reject(&reject, &mut out).unwrap();
            let head = String::from_utf8(out).unwrap();
            let values = |name: &str| {
                let fields = head.lines().filter_map(|line| line.split_once(": "));
                fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
            };
            let (found, upgrades): (Vec<_>, Vec<_>) = (values("Connection"), values("Upgrade"));
            assert_eq!(found, [connection], "{name}, with body: {with_body}");
            assert_eq!(upgrades, Vec::from_iter(upgrade), "{name}, with body: {with_body}");
        }
    }
}

/// RFC 9113 §8.2.2: a program that answers over HTTP/2 copies the fields unchanged.
#[test]
fn what_a_client_should_get_has_no_field_of_a_connection() {
    let errors = [
        RequestError::Method,
        RequestError::ConnectionNotUpgrade,
        RequestError::VersionUnsupported,
        RequestError::HostMissing,
        HeadError::TooLong { limit: 1 }.into(),
        HeadError::HttpVersion.into(),
    ];
    for error in errors {
        let rejection = error.rejection();
        for name in ["Connection", "Upgrade", "Keep-Alive", "Transfer-Encoding", "Proxy-Connection"] {
            assert_eq!(rejection.headers.get(name), None, "{error}: {name}");
        }
    }
}

#[test]
fn h23_h24_rejections_that_cannot_be_sent() {
    let with = |name: &str, value: &[u8]| RejectConnection::new(403).with_header(name, value);
    #[rustfmt::skip]
    let table = [
        ("0",                        RejectConnection::new(0),                                    LocalError::Status),
        ("100",                      RejectConnection::new(100),                                  LocalError::Status),
        ("101",                      RejectConnection::new(101),                                  LocalError::Status),
        ("199",                      RejectConnection::new(199),                                  LocalError::Status),
        ("600",                      RejectConnection::new(600),                                  LocalError::Status),
        ("value",                    with("X", b"a\r\nb: c"),                                     LocalError::HeaderValue("X".into())),
        ("name",                     with("X\r\nY", b""),                                         LocalError::HeaderName("X\r\nY".into())),
        ("Accept",                   with("Sec-WebSocket-Accept", b"a"),                          LocalError::HeaderReserved("Sec-WebSocket-Accept".into())),
        ("Extensions",               with("Sec-WebSocket-Extensions", b"a"),                      LocalError::HeaderReserved("Sec-WebSocket-Extensions".into())),
        ("chunks of a 205",          RejectConnection::new(205).with_header("Transfer-Encoding", "chunked"), LocalError::StatusWithoutBody),
        ("length of a 205",          RejectConnection::new(205).with_header("Content-Length", "1"), LocalError::StatusWithoutBody),
        ("length of a 204",          RejectConnection::new(204).with_header("Content-Length", "1"), LocalError::StatusWithoutBody),
        ("length without body",      with("Content-Length", b"5"),                                LocalError::BodyFraming),
        ("chunked without body",     with("Transfer-Encoding", b"chunked"),                       LocalError::BodyFraming),
        ("length that is none",      with("Content-Length", b"five").with_body(),                 LocalError::BodyFraming),
        ("two lengths",              with("Content-Length", b"5").with_header("content-length", b"5").with_body(), LocalError::BodyFraming),
        ("length and chunked",       with("Content-Length", b"5").with_header("Transfer-Encoding", b"chunked").with_body(), LocalError::BodyFraming),
        ("another coding",           with("Transfer-Encoding", b"gzip, chunked").with_body(),     LocalError::BodyFraming),
        ("chunked twice",            with("Transfer-Encoding", b"chunked").with_header("Transfer-Encoding", b"chunked").with_body(), LocalError::BodyFraming),
    ];
    for (name, reject, expected) in table {
        let mut server = asked("");
        let mut out = b"before".to_vec();
        assert_eq!(server.reject(&reject, &mut out), Err(expected), "{name}");
        assert_eq!((out.as_slice(), server.state()), (&b"before"[..], ServerState::AwaitingAnswer), "{name}");
    }
}

/// A client's received rejection can be forwarded unchanged, with the empty body that follows it.
#[test]
fn a_received_rejection_that_has_no_body_can_be_forwarded() {
    #[rustfmt::skip]
    let table = [
        // received                                                  forwarded
        ("HTTP/1.1 204 No Content\r\n\r\n",                          "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"),
        ("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",     "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"),
        ("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n",         "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nConnection: close\r\n\r\n"),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",   "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\nConnection: close\r\n\r\n"),
        ("HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n",  "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",      "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    ];
    for (received, forwarded) in table {
        let mut client = ClientHandshake::new(HandshakeLimits::default());
        client.send_request(&Request::new("a", "/"), [0; 16], &mut Vec::new()).unwrap();
        let (mut server, mut out, mut input) = (asked(""), Vec::new(), received.as_bytes());
        while let Some(answer) = client.receive(&mut input).unwrap() {
            match answer {
                Answer::Reject(reject) => server.reject(&reject, &mut out).unwrap(),
                Answer::RejectData(data) => server.reject_data(&data, &mut out).unwrap(),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(String::from_utf8(out).unwrap(), forwarded, "{received:?}");
        assert_eq!((client.state(), server.state()), (ClientState::Rejected, ServerState::Rejected));
    }
    let mut server = asked("");
    server.reject(&RejectConnection::new(204).with_body(), &mut Vec::new()).unwrap();
    assert_eq!(server.reject_data(&RejectData::new(b"a"), &mut Vec::new()), Err(LocalError::BodyTooLong));
}

/// A server that refused a request with this first line, of HTTP/1.1 or 1.0.
fn refused(line: &str) -> ServerHandshake {
    let mut server = ServerHandshake::new(HandshakeLimits::default());
    server.receive(&mut format!("{line}\r\nHost: a\r\n\r\n").as_bytes()).unwrap_err();
    server
}

#[test]
fn h16_rejections_bring_a_body_of_their_own() {
    const PAGE: &str =
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: 5\r\n\r\n";
    const NOT_FOUND: &str =
        "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n";
    let page = || RejectConnection::new(200).with_content("text/html", "<p>é");
    #[rustfmt::skip]
    let table = [
        // name                first line               rejection                                         expectation
        ("a page",             "GET / HTTP/1.1",        page(),                                           format!("{PAGE}<p>é")),
        ("over HTTP/1.0",      "GET / HTTP/1.0",        page(),                                           format!("{PAGE}<p>é")),
        ("of a POST",          "POST / HTTP/1.1",       page(),                                           format!("{PAGE}<p>é")),
        ("of a HEAD",          "HEAD / HTTP/1.1",       page(),                                           PAGE.into()),
        ("HEAD over 1.0",      "HEAD / HTTP/1.0",       page(),                                           PAGE.into()),
        ("head in small",      "head / HTTP/1.1",       page(),                                           format!("{PAGE}<p>é")),
        ("a text",             "GET /a HTTP/1.1",       RejectConnection::new(404).with_text("no"),       format!("{NOT_FOUND}Content-Length: 2\r\n\r\nno")),
        ("an empty text",      "GET /a HTTP/1.1",       RejectConnection::new(404).with_text(""),         format!("{NOT_FOUND}Content-Length: 0\r\n\r\n")),
        ("length said, too",   "GET /a HTTP/1.1",       RejectConnection::new(404).with_header("Content-Length", "2").with_content("a/b", "no"),
            "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nContent-Type: a/b\r\nConnection: close\r\n\r\nno".into()),
        ("length of a HEAD",   "HEAD / HTTP/1.1",       RejectConnection::new(200).with_header("Content-Length", "2"),
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n".into()),
    ];
    for (name, line, reject, expected) in table {
        let (mut server, mut out) = (refused(line), Vec::new());
        server.reject(&reject, &mut out).unwrap();
        assert_eq!(
            (String::from_utf8(out).unwrap(), server.state()),
            (expected, ServerState::Rejected),
            "{name}"
        );
    }
    #[rustfmt::skip]
    let wrong = [
        ("another length",     page().with_header("Content-Length", "4"),             LocalError::BodyFraming),
        ("in chunks",          page().with_header("Transfer-Encoding", "chunked"),    LocalError::BodyFraming),
        ("another body",       page().with_body(),                                    LocalError::BodyFraming),
        ("type with a break",  RejectConnection::new(200).with_content("a\r\nb", ""), LocalError::HeaderValue("Content-Type".into())),
        ("of a 204",           RejectConnection::new(204).with_text("a"),             LocalError::StatusWithoutBody),
        ("of a 205",           RejectConnection::new(205).with_text("a"),             LocalError::StatusWithoutBody),
        ("of a 304",           RejectConnection::new(304).with_text("a"),             LocalError::StatusWithoutBody),
    ];
    for (name, reject, expected) in wrong {
        for line in ["GET / HTTP/1.1", "HEAD / HTTP/1.1"] {
            let (mut server, mut out) = (refused(line), Vec::new());
            assert_eq!(server.reject(&reject, &mut out), Err(expected.clone()), "{name}");
            assert_eq!((out, server.state()), (Vec::new(), ServerState::Failed), "{name}");
        }
    }
}

/// RFC 9110 §9.3.2.
#[test]
fn h16_the_parts_of_a_body_to_a_head_are_not_sent() {
    let with_body = || RejectConnection::new(200).with_body();
    for (reject, field) in [
        (with_body().with_header("Content-Length", "6"), "Content-Length: 6\r\nConnection: close\r\n"),
        (with_body(), "Connection: close\r\nTransfer-Encoding: chunked\r\n"),
        (with_body().with_header("Connection", "close"), "Connection: close\r\n"),
    ] {
        let (mut server, mut out) = (refused("HEAD / HTTP/1.1"), Vec::new());
        server.reject(&reject, &mut out).unwrap();
        server.reject_data(&RejectData::new("hello").unfinished(), &mut out).unwrap();
        assert_eq!(server.state(), ServerState::Rejecting);
        server.reject_data(&RejectData::new("!"), &mut out).unwrap();
        let expected = format!("HTTP/1.1 200 OK\r\n{field}\r\n");
        assert_eq!((String::from_utf8(out).unwrap(), server.state()), (expected, ServerState::Rejected));
    }
}

#[test]
fn bodies_of_rejections_are_framed_as_declared() {
    let with_body = || RejectConnection::new(403).with_body();
    #[rustfmt::skip]
    let table = [
        ("chunked",         with_body(),                                                 "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"),
        ("chunked, said",   with_body().with_header("transfer-encoding", "Chunked"),     "transfer-encoding: Chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"),
        ("chunked, closes", with_body().with_header("Connection", "close").with_header("Transfer-Encoding", "chunked"), "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"),
        ("keep-alive",      with_body().with_header("Connection", "keep-alive"),         "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"),
        ("a length",        with_body().with_header("Content-Length", "6"),              "Content-Length: 6\r\nConnection: close\r\n\r\nhello!"),
        ("until the end",   with_body().with_header("Connection", "close"),              "Connection: close\r\n\r\nhello!"),
    ];
    for (name, reject, expected) in table {
        for (last, finishes) in [("!", true), ("!", false)] {
            let mut server = asked("");
            let mut out = Vec::new();
            server.reject(&reject, &mut out).unwrap();
            assert_eq!(server.state(), ServerState::Rejecting, "{name}");
            server.reject_data(&RejectData::new("hello").unfinished(), &mut out).unwrap();
            server.reject_data(&RejectData::new("").unfinished(), &mut out).unwrap();
            if finishes {
                server.reject_data(&RejectData::new(last), &mut out).unwrap();
            } else {
                server.reject_data(&RejectData::new(last).unfinished(), &mut out).unwrap();
                assert_eq!(server.state(), ServerState::Rejecting, "{name}");
                server.reject_data(&RejectData::new(b""), &mut out).unwrap();
            }
            assert_eq!(
                String::from_utf8_lossy(&out),
                format!("HTTP/1.1 403 Forbidden\r\n{expected}"),
                "{name}"
            );
            assert_eq!(server.state(), ServerState::Rejected, "{name}");
        }
    }
}

#[test]
fn a_body_keeps_to_its_length() {
    let mut server = asked("");
    let mut out = Vec::new();
    server
        .reject(&RejectConnection::new(403).with_header("Content-Length", "5").with_body(), &mut out)
        .unwrap();
    server.reject_data(&RejectData::new("hel").unfinished(), &mut out).unwrap();
    let before = out.clone();
    assert_eq!(
        server.reject_data(&RejectData::new("lo!").unfinished(), &mut out),
        Err(LocalError::BodyTooLong)
    );
    assert_eq!(server.reject_data(&RejectData::new("l"), &mut out), Err(LocalError::BodyTooShort));
    assert_eq!((&out, server.state()), (&before, ServerState::Rejecting));
    server.reject_data(&RejectData::new("lo"), &mut out).unwrap();
    assert_eq!(server.state(), ServerState::Rejected);
}
