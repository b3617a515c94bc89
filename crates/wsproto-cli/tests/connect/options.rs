//! What is told to the server, and `--wire`.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wsproto::Settings;

use crate::{
    connect,
    servers::{echo, once, open, serve},
    ws,
};

#[test]
fn the_request_has_what_was_asked_for() {
    let ask = |options: &[&str]| {
        let (port, seen) = once(|mut stream| async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n").await.unwrap();
            String::from_utf8(head).unwrap().lines().map(String::from).collect::<Vec<_>>()
        });
        let url = format!("ws://user:pass@127.0.0.1:{port}/a?b");
        let outcome = connect(&[&[&*url], options].concat(), b"");
        assert_eq!(outcome.status, 4, "{options:?}: {}", outcome.stderr);
        seen.recv().unwrap()
    };
    let has = |seen: &[String], line: &str| seen.iter().any(|field| field.eq_ignore_ascii_case(line));

    let seen = ask(&[]);
    assert!(has(&seen, "GET /a?b HTTP/1.1") && has(&seen, "Authorization: Basic dXNlcjpwYXNz"), "{seen:?}");
    assert!(seen.iter().any(|field| field.contains("permessage-deflate")), "{seen:?}");

    let seen = ask(&[
        "-H",
        "X-One: 1",
        "--header",
        "Cookie: a=b; c=d",
        "--origin",
        "https://example.com",
        "-s",
        "one",
        "--subprotocol",
        "two",
        "--no-compression",
    ]);
    for line in
        ["X-One: 1", "Cookie: a=b; c=d", "Origin: https://example.com", "Sec-WebSocket-Protocol: one, two"]
    {
        assert!(has(&seen, line), "{line}: {seen:?}");
    }
    assert!(!seen.iter().any(|field| field.contains("permessage-deflate")), "{seen:?}");
}

#[test]
fn the_wire_shows_the_handshake_and_each_frame() {
    let outcome = connect(
        &[&ws(echo()), "--wire", "--expect", "1"],
        b"hello, hello, hello, hello, hello, hello, hello, hello\n/ping x\n",
    );
    assert_eq!(outcome.status, 0);
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    let count =
        |parts: &[&str]| lines.iter().filter(|line| parts.iter().all(|part| line.contains(part))).count();
    #[rustfmt::skip]
    let table: [(&[&str], usize); 9] = [
        (&["→ GET / HTTP/1.1"],                       1),
        (&["Sec-WebSocket-Key: "],                    1),
        (&["← HTTP/1.1 101"],                         1),
        (&["open: extensions permessage-deflate"],    1),
        (&["→ #1 text FIN RSV1 mask "],               1),
        (&["← #1 text FIN RSV1 "],                    1),
        (&["→ #2 ping FIN mask "],                    1),
        (&["→", "close FIN", "1000"],                 1),
        (&["←", "close FIN", "1000"],                 1),
    ];
    for (parts, expected) in table {
        assert_eq!(count(parts), expected, "{parts:?}: {}", outcome.stderr);
    }
    assert!(!outcome.stderr.contains('\x1b'), "no colours where there is no terminal");
}

#[test]
fn a_proxy_is_asked_for_a_tunnel() {
    let (port, asked) = once(|mut stream| async move {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        drop(crate::servers::echo_to_the_end(stream).await);
        String::from_utf8(head).unwrap()
    });
    let proxy = format!("http://a:b@127.0.0.1:{port}");
    let outcome = connect(&["ws://server.example/", "--proxy", &proxy, "--expect", "1"], b"hello\n");
    assert_eq!((outcome.status, outcome.text()), (0, "hello\n"), "{}", outcome.stderr);
    let asked = asked.recv().unwrap();
    assert!(asked.starts_with("CONNECT server.example:80 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("\r\nProxy-Authorization: Basic YTpi\r\n"), "{asked}");

    let (port, _) = once(|mut stream| async move {
        let mut some = [0; 9];
        stream.read_exact(&mut some).await.unwrap();
        stream.write_all(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        drop(tokio::io::copy(&mut stream, &mut tokio::io::sink()).await);
    });
    let outcome = connect(&["ws://server.example/", "--proxy", &format!("http://127.0.0.1:{port}")], b"");
    assert_eq!(outcome.status, 3, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("status 407: it wants credentials"), "{}", outcome.stderr);

    // It isn't the server that can't be reached.
    let port = crate::servers::nobody();
    let outcome = connect(&["ws://server.example/", "--proxy", &format!("http://127.0.0.1:{port}")], b"");
    assert_eq!(outcome.status, 3, "{}", outcome.stderr);
    let says = format!("can't reach server.example:80 through the proxy 127.0.0.1:{port}: ");
    assert!(outcome.stderr.contains(&says), "{}", outcome.stderr);
}

#[test]
fn a_limit_of_our_own_is_no_rule_that_the_server_broke() {
    let writing = |bytes: &'static [u8]| {
        serve(move |stream| async move {
            let Ok((mut stream, _)) = open(stream).await.into_parts() else { panic!("it is open") };
            stream.write_all(bytes).await.unwrap();
            drop(tokio::io::copy(&mut stream, &mut tokio::io::sink()).await);
        })
    };
    let many: &'static [u8] =
        Box::leak([&b"\x01\x00"[..], &b"\x00\x00".repeat(20_000)].concat().into_boxed_slice());
    // Three zeros and a hundred, compressed.
    let bomb = b"\xc1\x05\x32\x30\x30\x00\x00\xc1\x06\x32\x30\xa0\x3d\x00\x00";
    #[rustfmt::skip]
    let table: [(&str, &[u8], &str, &str); 4] = [
        ("a frame",        b"\x81\x0812345678\x81\x09123456789", "12345678\n", "limit of 8 bytes. --max-message raises it"),
        ("fragments",      b"\x01\x0512345\x80\x046789",     "",       "limit of 8 bytes. --max-message raises it"),
        ("compressed",     bomb,                           "000\n",  "--max-message raises it"),
        ("empty frames",   many,                           "",       "no option changes it"),
    ];
    for (name, bytes, stdout, says) in table {
        let outcome = connect(&[&ws(writing(bytes)), "--max-message", "8", "--wait", "forever"], b"");
        assert_eq!((outcome.status, outcome.text()), (10, stdout), "{name}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("more than this client takes"), "{name}: {}", outcome.stderr);
        assert!(
            outcome.stderr.contains(says) && !outcome.stderr.contains("broke"),
            "{name}: {}",
            outcome.stderr
        );
    }
}

#[cfg(unix)]
#[test]
fn a_socket_of_unix_will_do() {
    use crate::servers::on;

    let path = std::env::temp_dir().join(format!("wsproto-connect-{}.sock", std::process::id()));
    drop(std::fs::remove_file(&path));
    let path_text = path.to_str().unwrap();
    let outcome = connect(&["ws://localhost/", "--unix", path_text], b"");
    assert_eq!(outcome.status, 3);
    assert!(outcome.stderr.contains(&format!("can't reach {path_text}: ")), "{}", outcome.stderr);

    on(async {
        let listener = tokio::net::UnixListener::bind(&path).unwrap();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut ws = wsproto_tokio::accept(stream, &Settings::default()).await.unwrap();
            while let Ok(Some(message)) = ws.recv().await {
                ws.feed(message).await.unwrap();
            }
        });
    });
    let outcome = connect(&["ws://localhost/", "--unix", path_text, "--expect", "1"], b"hello\n");
    assert_eq!((outcome.status, outcome.text()), (0, "hello\n"), "{}", outcome.stderr);
    std::fs::remove_file(&path).unwrap();
}
