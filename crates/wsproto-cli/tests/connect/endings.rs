//! How a connection ends, or why there is none: the exit status, and what is said.

use std::{future, time::Duration};

use tokio::io::AsyncWriteExt;
use wsproto::CloseCode;

use crate::{
    connect,
    servers::{answer, echo, nobody, once, open, serve},
    ws,
};

#[test]
fn a_server_that_is_none_is_told_by_what_it_says() {
    #[rustfmt::skip]
    let table: [(&str, u16, i32, &[&str]); 13] = [
        ("nobody",      nobody(), 3, &["can't reach 127.0.0.1:", ": Connection refused", "nothing listens there"]),
        ("rejection",   answer(b"HTTP/1.1 403 No\r\nContent-Length: 13\r\n\r\nNot \x1b[31m you", true), 4,
            &["refused: status 403 Forbidden", "  | Not \\u{1b}[31m yo"]),
        ("body cut",    answer(b"HTTP/1.1 503 No\r\nRetry-After: 7\r\nContent-Length: 99\r\n\r\nlater", true), 4,
            &["status 503 Service Unavailable", "Retry-After: 7", "  | later"]),
        ("a page",      answer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true), 4, &["status 200 OK: an ordinary page"]),
        ("redirect",    answer(b"HTTP/1.1 301 x\r\nLocation: //example.com/a?b\r\nContent-Length: 0\r\n\r\n", true), 4,
            &["redirects (status 301) to ws://example.com/a?b", "Redirects aren't followed"]),
        ("bad target",  answer(b"HTTP/1.1 302 x\r\nLocation: ftp://a/\r\nContent-Length: 0\r\n\r\n", true), 4, &["to ftp://a/ ("]),
        ("TLS alert",   answer(b"\x15\x03\x01\x00\x02\x02\x46", true), 4, &["this port speaks TLS: use wss://"]),
        ("TLS, open",   answer(b"\x15\x03\x03\x00\x02\x02\x46", false), 4, &["this port speaks TLS: use wss://"]),
        ("SSH",         answer(b"SSH-2.0-OpenSSH_9.6\r\n", true), 4, &["doesn't speak HTTP: it began with \"SSH-2.0-OpenSSH_9.6"]),
        ("no accept",   answer(b"HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", true), 4,
            &["doesn't answer as a WebSocket server"]),
        ("end",         answer(b"", true), 4, &["ended the connection before it answered"]),
        ("half a head", answer(b"HTTP/1.1 101", true), 4, &["doesn't answer as a WebSocket server"]),
        ("silence",     answer(b"", false), 7, &["the opening handshake took too long: more than 1 s"]),
    ];
    for (name, port, status, parts) in table {
        let outcome = connect(&[&ws(port), "--timeout", "1"], b"hello\n");
        assert_eq!((outcome.status, outcome.text()), (status, ""), "{name}: {}", outcome.stderr);
        for part in parts {
            assert!(outcome.stderr.contains(part), "{name}: {}", outcome.stderr);
        }
    }
}

#[test]
fn a_connection_that_was_open_ends_with_a_status() {
    let closing = |code: u16, reason: &'static str| {
        let (port, _) = once(move |stream| async move {
            let mut ws = open(stream).await;
            ws.send("last words").await.unwrap();
            ws.close(CloseCode::new(code).unwrap(), reason).await.unwrap();
        });
        port
    };
    let writing = |bytes: &'static [u8]| {
        serve(move |stream| async move {
            let mut ws = open(stream).await;
            ws.send("last words").await.unwrap();
            let Ok((mut stream, _)) = ws.into_parts() else { panic!("it is open") };
            stream.write_all(bytes).await.unwrap();
        })
    };
    #[rustfmt::skip]
    let table: [(&str, u16, i32, &str); 8] = [
        ("1000",          closing(1000, ""),    0, ""),
        ("1001",          closing(1001, "x"),   0, ""),
        ("1011",          closing(1011, "oh\x1b"), 6, "closed by the server: 1011 \"oh\\u{1b}\""),
        ("4001",          closing(4001, "no"),  6, "closed by the server: 4001 \"no\""),
        ("without code",  writing(b"\x88\x00"), 0, ""),
        ("no Close",      writing(b""),         5, "the connection ended without a Close"),
        ("half a frame",  writing(b"\x81\x05a"), 5, "the connection ended without a Close"),
        ("broken rule",   writing(b"\x83\x00"), 1, "the server broke a rule: "),
    ];
    for (name, port, status, says) in table {
        let outcome = connect(&[&ws(port), "--wait", "forever"], b"");
        assert_eq!((outcome.status, outcome.text()), (status, "last words\n"), "{name}: {}", outcome.stderr);
        assert!(
            outcome.stderr.contains(says) && outcome.stderr.is_empty() == says.is_empty(),
            "{name}: {}",
            outcome.stderr
        );
    }
}

#[test]
fn a_server_that_does_not_close_is_given_up() {
    let silent = serve(|stream| async {
        let _ws = open(stream).await;
        future::pending::<()>().await;
    });
    let outcome = connect(&[&ws(silent)], b"hello\n");
    assert_eq!(outcome.status, 7, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("the closing handshake took too long"), "{}", outcome.stderr);

    // With --keepalive, one that is silent while it is open.
    let outcome = connect(&[&ws(silent), "--keepalive", "0.2", "--wait", "forever"], b"");
    assert_eq!(outcome.status, 7, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("did not answer a Ping"), "{}", outcome.stderr);
    let outcome = connect(&[&ws(echo()), "--keepalive", "0.2", "--wait", "1"], b"");
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
}

#[test]
fn input_that_never_ends_holds_nothing() {
    let (port, _) = once(|stream| async {
        let mut ws = open(stream).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        ws.close(CloseCode::NORMAL, "").await.unwrap();
    });
    let tool = crate::Tool::start("connect", &[&ws(port)]);
    // Its standard input stays open.
    assert_eq!(tool.end().status, 0);
}

#[test]
fn what_cannot_be_asked_for_is_refused_before_anything_is_connected() {
    #[rustfmt::skip]
    let table: [(&[&str], &str); 10] = [
        (&["http://localhost/"],                            "ws"),
        (&["ws://"],                                        "invalid value"),
        (&["ws://localhost/", "-H", "no colon"],            "a header field is"),
        (&["ws://localhost/", "-H", "a b: c"],              ""),
        (&["ws://localhost/", "-H", "Host: x"],             ""),
        (&["ws://localhost/", "-H", "A: 1", "-H", "a: 2"],  "stands there twice"),
        (&["ws://localhost/", "-s", "a b"],                 ""),
        (&["ws://localhost/", "--timeout", "0"],            "more than 0 seconds"),
        (&["ws://localhost/", "--max-message", "0"],        "1.."),
        (&["wss://localhost/", "--unix", "/x"],             "without TLS"),
    ];
    for (arguments, says) in table {
        let outcome = connect(arguments, b"");
        assert_eq!(outcome.status, 2, "{arguments:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(says), "{arguments:?}: {}", outcome.stderr);
    }
}

#[cfg(not(feature = "tls"))]
#[test]
fn wss_says_which_feature_it_needs() {
    let outcome = connect(&["wss://localhost/"], b"");
    assert_eq!(outcome.status, 2);
    assert!(outcome.stderr.contains("wss:// needs the feature `tls`"), "{}", outcome.stderr);
}
