//! What lies at which path, and who may ask.

use tokio::{io::AsyncWriteExt, net::TcpStream};
use wsproto::{Config, Settings};
use wsproto_tokio::{Connector, Error};

use crate::server::{PATIENCE, Server};

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).unwrap_or_else(|| panic!("no answer: {answer}")).parse().unwrap()
}

#[tokio::test]
async fn each_path_has_its_answer() {
    let server = Server::start(&["--host", "demo.example"]);
    let table = [
        // method   path                 Host                   status  type
        ("GET", "/", "localhost", 200, "text/html"),
        ("HEAD", "/", "localhost", 200, "text/html"),
        ("GET", "/?x=1", "127.0.0.1:9001", 200, "text/html"),
        ("GET", "/page/main.js", "[::1]:9001", 200, "text/javascript"),
        ("GET", "/page/page.css", "demo.example", 200, "text/css"),
        ("GET", "/page/icon.svg", "localhost", 200, "image/svg+xml"),
        ("GET", "/healthz", "localhost", 200, "text/plain"),
        ("HEAD", "/healthz", "localhost", 200, "text/plain"),
        ("GET", "/nothing", "localhost", 404, "text/plain"),
        ("GET", "/page/", "localhost", 404, "text/plain"),
        ("GET", "/page/../main.js", "localhost", 404, "text/plain"),
        ("GET", "/index.html", "localhost", 404, "text/plain"),
        ("POST", "/nothing", "localhost", 404, "text/plain"),
        ("POST", "/", "localhost", 405, "text/plain"),
        ("PUT", "/healthz", "localhost", 405, "text/plain"),
        ("DELETE", "/echo", "localhost", 405, "text/plain"),
        ("GET", "/echo", "localhost", 426, "text/plain"),
        ("GET", "/wire", "localhost", 426, "text/plain"),
        ("GET", "/", "evil.example", 421, "text/plain"),
        ("GET", "/healthz", "evil.example", 421, "text/plain"),
        ("GET", "/", "localhost.evil.example", 421, "text/plain"),
        ("GET", "/", "192.168.1.1", 421, "text/plain"),
        ("GET", "/", "[::1].evil", 421, "text/plain"),
        ("GET", "/", "localhost:9001:1", 421, "text/plain"),
    ];
    for (method, path, host, expected, kind) in table {
        let answer = server.ask(&format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
        let case = format!("{method} {path} at {host}: {answer}");
        assert_eq!(status(&answer), expected, "{case}");
        let (head, body) = answer.split_once("\r\n\r\n").expect(&case);
        assert!(head.contains(&format!("Content-Type: {kind}")), "{case}");
        assert!(head.contains("Content-Security-Policy: default-src 'none'; script-src 'self';"), "{case}");
        assert!(head.contains("X-Content-Type-Options: nosniff"), "{case}");
        assert!(!head.contains("unsafe-inline"), "{case}");
        assert_eq!(body.is_empty(), method == "HEAD", "{case}");
    }
}

#[tokio::test]
async fn what_is_no_request_is_told_so() {
    let server = Server::start(&[]);
    for (bytes, expected) in [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
        ("NONSENSE\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: local host\r\n\r\n", 400),
    ] {
        let answer = server.ask(bytes).await;
        assert!(matches!(status(&answer), 400 | 421), "{bytes:?}: {answer}, not {expected}");
    }
    let long = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    assert_eq!(status(&server.ask(&long).await), 431);
}

#[tokio::test]
async fn a_web_socket_asks_whence_and_whither() {
    let server = Server::start(&[]);
    let port = server.port;
    let here = format!("http://127.0.0.1:{port}");
    let table = [
        // path             Origin                            Host               status
        ("/echo", None, None, 101),
        ("/chat", None, None, 101),
        ("/wire", None, None, 101),
        ("/echo", Some(here.as_str()), None, 101),
        ("/wire", Some(here.as_str()), None, 101),
        ("/echo", Some("http://evil.example"), None, 403),
        ("/chat", Some("http://evil.example"), None, 403),
        ("/wire", Some("http://evil.example"), None, 403),
        ("/wire", Some("http://127.0.0.1:1"), None, 403),
        ("/echo", Some("null"), None, 403),
        // A name that leads here: its page has the same host, and that is none of ours.
        ("/echo", Some("http://evil.example"), Some("evil.example"), 421),
        ("/wire", None, Some("evil.example"), 421),
        ("/", None, None, 404),
        ("/healthz", None, None, 404),
        ("/echo?session=0123456789abcdef0123456789abcdef", None, None, 404),
        ("/chat?session=", None, None, 404),
    ];
    for (path, origin, host, expected) in table {
        let authority = host.map_or_else(|| format!("127.0.0.1:{port}"), String::from);
        let mut connector = Connector::new().with_settings(Settings::new(Config::default()));
        if let Some(origin) = origin {
            connector = connector.with_origin(origin);
        }
        let dial = TcpStream::connect(("127.0.0.1", port));
        let url = format!("ws://{authority}{path}");
        let opened = connector.connect_with(url.as_str(), dial);
        let outcome = tokio::time::timeout(PATIENCE, opened).await.unwrap();
        let told = match outcome {
            Ok(_) => 101,
            Err(Error::Rejected(answer)) => {
                assert!(!answer.content.is_empty() || answer.has_body, "{path}: no text");
                answer.status
            }
            Err(error) => panic!("{path}: {error}"),
        };
        assert_eq!(told, expected, "{path} from {origin:?} at {authority}");
    }
}

#[tokio::test]
async fn an_opening_handshake_that_breaks_a_rule_is_told_which() {
    let server = Server::start(&[]);
    let sound = "GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let table = [
        ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8", 426),
        ("Sec-WebSocket-Key: dGhl", "Sec-WebSocket-Key: dG", 400),
        ("Upgrade: websocket", "Upgrade: h2c", 400),
        ("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate; =\r\n\r\n", 400),
        ("\r\n\r\n", "\r\nSec-WebSocket-Protocol: a, a\r\n\r\n", 400),
        ("Host: localhost", "Host: evil.example\r\nSec-WebSocket-Version: 8", 421),
    ];
    for (from, to, expected) in table {
        let answer = server.ask(&sound.replacen(from, to, 1)).await;
        assert_eq!(status(&answer), expected, "{to}: {answer}");
        let (head, why) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("X-Content-Type-Options: nosniff"), "{to}: {answer}");
        assert!(expected != 426 || head.contains("Sec-WebSocket-Version: 13"), "{to}: {answer}");
        assert!(!why.is_empty() && !why.starts_with("This is a WebSocket"), "{to}: {answer}");
    }
}

/// What comes after a request that was refused is dropped, however much it is.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_follows_a_refused_request_takes_no_memory() {
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for request in [
        "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        "POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 99999999\r\n\r\n".to_owned(),
        format!("GET /echo HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n{upgrade}{key}\r\n"),
        format!("GET /echo HTTP/1.1\r\nHost: localhost\r\n{upgrade}\r\n"),
        "no HTTP\r\n\r\n".to_owned(),
    ] {
        let server = Server::start(&[]);
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let more = vec![b'x'; 1 << 20];
        for _ in 0..100 {
            if stream.write_all(&more).await.is_err() {
                break; // It has ended the connection, which is right, too.
            }
        }
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert!(kilobytes < 48 << 10, "{request:?}: {line}");
    }
}
