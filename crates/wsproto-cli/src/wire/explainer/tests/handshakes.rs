//! Opening handshakes: accepted, refused, wrong, or unknown.

use wsproto::{Role, testing::HandshakeViolation};

use super::*;

#[test]
fn each_violation_is_found_with_its_status() {
    for violation in HandshakeViolation::ALL {
        let (steps, from) = match violation.violator() {
            Role::Client => (vec![client(&violation.apply(REQUEST))], Sender::Client),
            Role::Server => (vec![client(REQUEST), server(&violation.apply(ANSWER))], Sender::Server),
        };
        let records = explain(violation.name(), &Start::Handshake, &steps);
        let broken = broken_of(&records).unwrap_or_else(|| panic!("{violation}: {records:?}"));
        assert_eq!(broken.from, from, "{violation}");
        assert_eq!(
            broken.answer,
            violation.status().map_or(Answer::Nothing, Answer::Number),
            "{violation}: {broken:?}"
        );
        assert!(!broken.section.is_empty() && broken.byte.is_some(), "{violation}: {broken:?}");
    }
}

/// The head with one text in place of another.
fn with(head: &[u8], from: &str, to: &str) -> Vec<u8> {
    let head = std::str::from_utf8(head).unwrap();
    assert!(head.contains(from), "{from}");
    head.replace(from, to).into_bytes()
}

#[test]
fn the_offending_byte_of_a_head() {
    let (request, answer) = (REQUEST, ANSWER);
    let table: [(&str, Vec<u8>, Option<Vec<u8>>, &str); 9] = [
        ("not HTTP", b"\x16\x03\x01\x02\x00\x01".to_vec(), None, "\x16"),
        ("version", with(request, "n: 13", "n: 8"), None, "8\r\n"),
        ("key", with(request, "dGhlIHNhbXBsZSBub25jZQ==", "abc"), None, "abc\r\n"),
        ("no upgrade", with(request, "Connection: Upgrade", "Connection: close"), None, "close\r\n"),
        ("accept", request.into(), Some(with(answer, "s3pPLMB", "s3pPLMX")), "s3pPLMX"),
        ("subprotocol", request.into(), Some(with(answer, "l: chat", "l: talk")), "talk\r\n"),
        ("extension", request.into(), Some(with(answer, "permessage-deflate", "x-foo")), "x-foo\r\n"),
        (
            "window that wasn't offered",
            with(request, "; client_max_window_bits", ""),
            Some(with(answer, "-deflate", "-deflate; client_max_window_bits=9")),
            "permessage-deflate; client_max",
        ),
        ("a body", with(request, "Host", "Content-Length: 7\r\nHost"), None, "7\r\n"),
    ];
    for (name, request, answer, expected) in table {
        let mut steps = vec![client(&request)];
        steps.extend(answer.as_deref().map(server));
        let records = explain(name, &Start::Handshake, &steps);
        let broken = broken_of(&records).unwrap_or_else(|| panic!("{name}: {:?}", told(&records)));
        let head = answer.unwrap_or(request);
        let place = usize::try_from(broken.offset).unwrap();
        assert!(head[place..].starts_with(expected.as_bytes()), "{name}: {broken:?}");
        assert_eq!(broken.byte, Some(head[place]), "{name}");
    }
}

#[test]
fn what_comes_of_a_handshake() {
    let asked: &[&str] = &["client GET /chat HTTP/1.1", "client is connecting", "server is connecting"];
    let compressed = b"\xc1\x87\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\x00";
    let opened = [
        "server HTTP/1.1 101 Switching Protocols",
        r#"agreed Some("chat") "permessage-deflate""#,
        "client is open",
        "server is open",
    ];
    let early = ["client frame 1 at 254 818061626364 text 0", r#"client message (1, 1) text 0 of 0 """#];
    let table: [(&str, Vec<Step>, Vec<&str>); 5] = [
        (
            "interim responses",
            vec![client(REQUEST), server(b"HTTP/1.1 103 Early Hints\r\n\r\n"), server(ANSWER)],
            [&["server HTTP/1.1 103 Early Hints"], &opened[..]].concat(),
        ),
        (
            "frames before the answer",
            vec![client(REQUEST), client(b"\x81\x80abcd"), server(ANSWER)],
            [&opened[..], &early].concat(),
        ),
        (
            "no answer at all",
            vec![client(REQUEST), client(compressed), Step::Cut(Sender::Client)],
            vec!["client frame 1 at 254 c18700000000 text 7", r#"client message (1, 1) text 5 of 7 "Hello""#],
        ),
        (
            "the answer ends",
            vec![client(REQUEST), server(b"HTTP/1.1 10"), Step::End(Sender::Server)],
            vec![
                "server HTTP/1.1 10",
                r#"server broke "end of stream before the opening handshake was done" at 11 None RFC 6455 §4 Nothing"#,
                "server end abnormal",
                "client is closed",
                "server is closed",
            ],
        ),
        (
            "the server is silent",
            vec![client(REQUEST), Step::End(Sender::Server), Step::End(Sender::Client)],
            vec![
                r#"server broke "end of stream before the first byte" at 0 None RFC 6455 §4 Nothing"#,
                "server end abnormal",
                "client is closed",
                "server is closed",
                "client end abnormal",
            ],
        ),
    ];
    for (name, steps, expected) in table {
        let records = told(&explain(name, &Start::Handshake, &steps));
        assert_eq!(records, [asked, &expected].concat(), "{name}");
    }
}

#[test]
fn what_comes_of_a_refusal() {
    let asked: &[&str] = &["client GET /chat HTTP/1.1", "client is connecting", "server is connecting"];
    let refused_with_body = [
        client(REQUEST),
        server(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno"),
        server(b"HTTP/1.1 200"),
    ];
    let redirected = b"HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n";
    let refused = ["client is rejecting", "server is rejecting", "client is closed", "server is closed"];
    let table: [(&str, Vec<Step>, Vec<&str>); 5] = [
        (
            "refused with a body",
            refused_with_body.into(),
            [&["server HTTP/1.1 401 Unauthorized"], &refused[..]].concat(),
        ),
        (
            "a body in chunks",
            vec![
                client(REQUEST),
                server(b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
            ],
            [&["server HTTP/1.1 403 No"], &refused[..]].concat(),
        ),
        (
            "a body until the end",
            vec![client(REQUEST), server(b"HTTP/1.1 500 Oops\r\n\r\nsorry"), Step::End(Sender::Server)],
            vec![
                "server HTTP/1.1 500 Oops",
                "client is rejecting",
                "server is rejecting",
                "server end abnormal",
                "client is closed",
                "server is closed",
            ],
        ),
        (
            "a bad chunk",
            vec![client(REQUEST), server(b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcx")],
            vec![
                "server HTTP/1.1 403 No",
                "client is rejecting",
                "server is rejecting",
                r#"server broke "malformed chunk" at 53 Some(78) RFC 9112 §7.1 Nothing"#,
                "client is closed",
                "server is closed",
            ],
        ),
        (
            "redirected without a body",
            vec![client(REQUEST), server(redirected)],
            [&["server HTTP/1.1 301 Moved"], &refused[..]].concat(),
        ),
    ];
    for (name, steps, expected) in table {
        let records = told(&explain(name, &Start::Handshake, &steps));
        assert_eq!(records, [asked, &expected].concat(), "{name}");
    }
}

#[test]
fn one_direction_alone() {
    let steps = [server(ANSWER), server(b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00")];
    assert_eq!(
        told(&explain("server", &Start::Handshake, &steps)),
        [
            "server HTTP/1.1 101 Switching Protocols",
            r#"agreed Some("chat") "permessage-deflate""#,
            "client is open",
            "server is open",
            "server frame 1 at 205 c107 text 7",
            r#"server message (1, 1) text 5 of 7 "Hello""#,
        ]
    );
}

#[test]
fn a_server_that_speaks_before_the_request_is_whole() {
    let steps = [client(b"GET / HTTP/1.1\r\n"), server(ANSWER)];
    let records = explain("early", &Start::Handshake, &steps);
    let broken = broken_of(&records).unwrap();
    assert_eq!(broken.rule, "bytes from the server before the request");
}
