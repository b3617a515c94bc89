//! The opening handshake: requests, answers, rejections; proxies.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
};

use wsproto::{ProxyError, RemoteProtocolError, handshake::RequestError};
use wsproto_blocking::{
    AcceptConnection, Asked, Config, Connector, Deadline, Error, RejectConnection, Settings, TextMessage,
    WebSocket, accept, accept_with, connect,
};

use crate::{ms, tcp, timeouts};

const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

fn answer(asked: Asked<'_>) -> Result<AcceptConnection, RejectConnection> {
    match asked {
        Asked::WebSocket(request) if request.path() == "/closed" => {
            Err(RejectConnection::new(403).with_text("members only\n"))
        }
        Asked::WebSocket(request) if request.path() == "/wrong" => {
            Ok(AcceptConnection::new().with_subprotocol("never proposed"))
        }
        Asked::WebSocket(request) if request.path() == "/wrong-rejection" => Err(RejectConnection::new(99)),
        Asked::WebSocket(request) => {
            assert_eq!(request.headers().get_str("X-Token"), Some("1"));
            Ok(AcceptConnection::new().with_subprotocol("chat").with_header("X-Seen", "yes"))
        }
        Asked::Other(request, _) if request.path() == "/healthz" => {
            Err(RejectConnection::new(200).with_text("fine\n"))
        }
        Asked::Other(..) => Ok(AcceptConnection::new()),
    }
}

/// Accepts one connection, and returns its outcome.
fn server() -> (String, thread::JoinHandle<Result<WebSocket<TcpStream>, Error>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (address, thread::spawn(move || accept_with(listener.accept()?.0, Config::default(), answer)))
}

#[test]
fn a_subprotocol_and_fields_are_asked_for_and_chosen() {
    let (address, server) = server();
    let connector = Connector::new()
        .with_compression()
        .with_subprotocol("other")
        .with_subprotocol("chat")
        .with_header("X-Token", "1");
    let mut ws = connector.connect(&format!("ws://{address}/chat")).unwrap();
    let mut server = server.join().unwrap().unwrap();
    assert_eq!((ws.subprotocol(), server.subprotocol()), (Some("chat"), Some("chat")));
    assert!(ws.get_ref().nodelay().unwrap());
    server.send("hello").unwrap();
    assert_eq!(ws.read().unwrap(), Some("hello".into()));
}

#[test]
fn a_rejection_is_told_to_both_with_its_body() {
    let (address, server) = server();
    let Err(Error::Rejected(rejection)) = connect(&format!("ws://{address}/closed")) else {
        panic!("refused")
    };
    assert_eq!((rejection.status, &rejection.content[..]), (403, &b"members only\n"[..]));
    assert!(matches!(server.join().unwrap(), Err(Error::Rejected(rejection)) if rejection.status == 403));
}

#[test]
fn an_answer_that_cannot_be_sent_is_an_error_of_ours_and_500_to_the_client() {
    for path in ["wrong", "wrong-rejection"] {
        let (address, server) = server();
        let Err(Error::Rejected(rejection)) = connect(&format!("ws://{address}/{path}")) else {
            panic!("{path}")
        };
        assert_eq!(rejection.status, 500, "{path}");
        assert!(matches!(server.join().unwrap(), Err(Error::Local(_))), "{path}");
    }
}

#[test]
fn what_asks_for_no_websocket_is_answered_as_the_program_says() {
    for (path, status, body) in [("healthz", "200 OK", "fine\n"), ("page", "426 Upgrade Required", "")] {
        let (address, server) = server();
        let mut client = TcpStream::connect(address).unwrap();
        write!(client, "GET /{path} HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        client.write_all(&[0; 10_000]).unwrap(); // unread, and no reset
        client.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{path}: {answer}");
        assert!(answer.ends_with(&format!("\r\n\r\n{body}")), "{path}: {answer}");
        match (path, server.join().unwrap()) {
            ("healthz", Err(Error::Rejected(rejection))) => assert_eq!(rejection.status, 200),
            (
                "page",
                Err(Error::Remote(RemoteProtocolError::Request(RequestError::ConnectionNotUpgrade))),
            ) => {}
            (path, other) => panic!("{path}: {other:?}"),
        }
    }
}

#[test]
fn a_probe_that_connects_and_leaves_can_be_told_apart() {
    for (sent, received_any) in [(&b""[..], false), (b"GET", true)] {
        let (address, server) = server();
        TcpStream::connect(address).unwrap().write_all(sent).unwrap();
        let outcome = server.join().unwrap();
        let Err(Error::Remote(error)) = outcome else { panic!("no request: {outcome:?}") };
        assert_eq!(error, RemoteProtocolError::EndOfStream { received_any });
    }
}

#[test]
fn frames_behind_the_request_in_one_segment_the_last_one_cut_survive_the_upgrade() {
    let mut frames = Vec::new();
    let mut peer = wsproto_blocking::Connection::open_client(Config::default());
    peer.send(TextMessage::new("first"), &mut frames).unwrap();
    let first = frames.len();
    peer.send(TextMessage::new("second"), &mut frames).unwrap();
    for cut in first..frames.len() {
        let (mut client, server) = tcp();
        client.write_all(&[REQUEST, &frames[..cut]].concat()).unwrap();
        let mut ws = accept(server, Config::default()).unwrap();
        client.write_all(&frames[cut..]).unwrap();
        assert_eq!(ws.read().unwrap(), Some("first".into()), "cut at {cut}");
        assert_eq!(ws.read().unwrap(), Some("second".into()), "cut at {cut}");
    }
    // If the WebSocket is taken apart in between, the unread bytes are returned.
    let (mut client, server) = tcp();
    client.write_all(&[REQUEST, &frames[..]].concat()).unwrap();
    let mut ws = accept(server, Config::default()).unwrap();
    assert_eq!(ws.read().unwrap(), Some("first".into()));
    let (stream, unread) = ws.into_parts();
    assert_eq!(unread, frames[first..]);
    let connection = wsproto_blocking::Connection::open_server(Config::default());
    let mut ws = WebSocket::from_upgraded(stream, connection, unread, &Settings::default());
    assert_eq!(ws.read().unwrap(), Some("second".into()));
}

#[test]
fn urls_that_cannot_be_connected_to() {
    assert!(matches!(connect("http://a/"), Err(Error::Url(_))));
    let Err(error @ Error::Io(_)) = connect("wss://a/") else { panic!("TLS") };
    assert!(!error.may_pass() && error.to_string().contains("TLS"), "{error}");
    let (client, _server) = tcp();
    let connector = Connector::new().with_header("Sec-WebSocket-Key", "1");
    assert!(matches!(connector.connect_over(client, "ws://a/"), Err(Error::Local(_))));
}

#[test]
fn a_server_that_speaks_something_else_broke_a_rule() {
    let (client, mut server) = tcp();
    server.write_all(b"SSH-2.0-OpenSSH\r\n\r\n").unwrap();
    assert!(matches!(Connector::new().connect_over(client, "ws://a/"), Err(Error::Remote(_))));
    let (client, server) = tcp();
    server.shutdown(Shutdown::Write).unwrap();
    let error = Connector::new().connect_over(client, "ws://a/").unwrap_err();
    assert!(error.may_pass(), "{error}");
}

#[test]
fn a_header_field_takes_the_place_of_the_urls_credentials_and_of_one_of_its_name() {
    let (client, mut server) = tcp();
    let asking = thread::spawn(move || {
        let connector = Connector::new()
            .with_header("authorization", "Bearer 1")
            .with_header("Authorization", "Bearer 2")
            .with_header("X-Other", "3");
        connector.connect_over(client, "ws://user:secret@a/").map(drop)
    });
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        server.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    drop(server);
    asking.join().unwrap().unwrap_err();
    let head = String::from_utf8(head).unwrap();
    let fields: Vec<_> =
        head.lines().filter(|line| line.to_lowercase().starts_with("authorization")).collect();
    assert_eq!(fields, ["Authorization: Bearer 2"]);
    assert!(head.contains("X-Other: 3\r\n"), "{head}");
}

/// A proxy that answers, and then leads to the requested server.
fn proxy(status: &'static str) -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://user:secret@{}", listener.local_addr().unwrap());
    let proxy = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        for piece in format!("HTTP/1.1 {status}\r\nVia: here\r\n\r\n").as_bytes().chunks(7) {
            client.write_all(piece).unwrap();
        }
        if status.starts_with("200") {
            let target = head.split(' ').nth(1).unwrap();
            let mut server = TcpStream::connect(target).unwrap();
            let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let up = thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(Shutdown::Write);
            });
            let _ = std::io::copy(&mut server, &mut client);
            let _ = client.shutdown(Shutdown::Write);
            up.join().unwrap();
        }
        head
    });
    (url, proxy)
}

#[test]
fn a_proxy_leads_to_the_server() {
    let (address, server) = server();
    let (url, proxy) = proxy("200 OK");
    let connector = Connector::new()
        .with_header("X-Token", "1")
        .with_subprotocol("chat")
        .with_proxy(url.parse().unwrap());
    let mut ws = connector.connect(&format!("ws://{address}/")).unwrap();
    let mut server = server.join().unwrap().unwrap();
    server.send("through").unwrap();
    assert_eq!(ws.read().unwrap(), Some("through".into()));
    drop((ws, server));
    let head = proxy.join().unwrap();
    assert!(head.starts_with(&format!("CONNECT {address} HTTP/1.1\r\n")), "{head}");
    assert!(head.contains("\r\nProxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n"), "{head}");
}

#[test]
fn a_proxy_that_says_no_or_nothing_is_told() {
    let (url, proxy) = proxy("407 Proxy Authentication Required");
    let outcome = Connector::new().with_proxy(url.parse().unwrap()).connect("ws://a/");
    assert!(matches!(outcome, Err(Error::Proxy(ProxyError::Refused(refusal))) if refusal.status == 407));
    proxy.join().unwrap();

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let settings = Settings::default().with_timeouts(timeouts().with_handshake(ms(50)));
    let outcome =
        Connector::new().with_settings(settings).with_proxy(url.parse().unwrap()).connect("ws://a/");
    assert!(matches!(outcome, Err(Error::TimedOut(Deadline::Proxy))));
}
