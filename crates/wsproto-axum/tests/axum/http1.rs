//! Upgrades of HTTP/1.1.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    time::Instant,
};
use wsproto_axum::{
    CloseCode, Error, Message, Shutdown,
    wsproto_tokio::{
        Deadline, Request, Side, TextMessage,
        wsproto::{Config, Connection, ReadBuffer},
    },
};

use crate::ends::{Program, eventually, over_http1, serve, soon};

const REQUEST: &str = "GET /echo HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Reads up to the empty line, byte by byte, so that later bytes stay in the stream.
async fn read_head(stream: &mut DuplexStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap().to_lowercase()
}

#[tokio::test(start_paused = true)]
async fn frames_behind_the_request_in_one_segment_the_last_one_cut_survive_the_upgrade() {
    let (mut client, mut frames) = (Connection::open_client(Config::default()), Vec::new());
    for text in ["one", "two"] {
        client.send(TextMessage::new(text), &mut frames).unwrap();
    }
    for cut in 0..=frames.len() {
        let mut stream = serve(Program::default().router());
        stream.write_all(&[REQUEST.as_bytes(), &frames[..cut]].concat()).await.unwrap();
        let head = read_head(&mut stream).await;
        assert!(
            head.starts_with("http/1.1 101 ") && !head.contains("content-length"),
            "cut at {cut}: {head}"
        );
        stream.write_all(&frames[cut..]).await.unwrap();
        let (mut client, mut buffer) = (Connection::open_client(Config::default()), ReadBuffer::messages());
        for expected in ["one", "two"] {
            while !client.advance(&mut buffer).unwrap() {
                let len = stream.read(buffer.room()).await.unwrap();
                assert!(len > 0, "cut at {cut}");
                buffer.filled(len);
            }
            assert_eq!(buffer.take_event(), Some(TextMessage::new(expected).into()), "cut at {cut}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn requests_are_answered_with_what_is_wrong_with_them() {
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    #[rustfmt::skip]
    let table = [
        // name                     what is replaced, by what                                      status  field                         text
        ("all is well",             ("Host:", "Host:"),                                            "101", "upgrade: websocket",            ""),
        ("plain GET",               (upgrade, ""),                                                 "426", "upgrade: websocket",            "request without Connection: upgrade (RFC 6455 §4.2.1)\n"),
        ("another version",         ("Version: 13", "Version: 8"),                                 "426", "sec-websocket-version: 13",     "Sec-WebSocket-Version"),
        ("no key",                  ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""),       "400", "content-type: text/plain",      "Sec-WebSocket-Key"),
        ("POST",                    ("GET", "POST"),                                               "405", "allow: get",                    "GET"),
        ("HTTP/1.0",                ("HTTP/1.1", "HTTP/1.0"),                                      "505", "content-type: text/plain",      "HTTP"),
        ("offers make no sense",    ("Host:", "Sec-WebSocket-Extensions: permessage-deflate;;\r\nHost:"), "400", "content-type: text/plain", "xtension"),
        ("a page elsewhere",        ("/echo", "/own"),                                             "403", "content-type: text/plain",      "Origin is not allowed\n"),
        ("a page of the host",      ("/echo", "/own#same"),                                        "101", "upgrade: websocket",            ""),
        ("no browser",              ("/echo", "/own#none"),                                        "101", "upgrade: websocket",            ""),
        ("a field of its own",      ("/echo", "/fields"),                                          "101", "x-a: 1",                        ""),
        ("a field that may not be", ("/echo", "/failing"),                                         "500", "content-length: 0",             ""),
        ("a subprotocol",           ("Host:", "Sec-WebSocket-Protocol: chat.v1, chat.v2\r\nHost:"),"101", "sec-websocket-protocol: chat.v2", ""),
        ("an unknown subprotocol",  ("Host:", "Sec-WebSocket-Protocol: chat.v7\r\nHost:"),         "101", "upgrade: websocket",            ""),
        ("page or WebSocket",       ("/echo", "/page"),                                            "101", "upgrade: websocket",            ""),
        ("page or WebSocket: page", ("GET /echo", "POST /page"),                                   "200", "content-type: text/plain",      "a page\n"),
        ("page or another version", ("/echo", "/page#old"),                                        "426", "sec-websocket-version: 13",     "Sec-WebSocket-Version"),
        ("page or HTTP/2 wanted",   ("/echo", "/page#h2c"),                                        "200", "content-type: text/plain",      "a page\n"),
    ];
    for (name, (old, new), status, field, text) in table {
        let (new, origin) = match new.split_once('#') {
            Some((path, "same")) => (path, "Origin: https://example.com\r\nHost:"),
            Some((path, _)) => (path, "Host:"),
            None if new == "/own" => (new, "Origin: https://evil.example\r\nHost:"),
            None => (new, "Host:"),
        };
        let request = REQUEST.replacen(old, new, 1).replacen("Host:", origin, 1);
        let request = match name {
            "page or another version" => request.replacen("Version: 13", "Version: 8", 1),
            "page or HTTP/2 wanted" => request.replacen("websocket", "h2c", 1),
            _ => request,
        };
        let mut stream = serve(Program::default().router());
        stream.write_all(request.as_bytes()).await.unwrap();
        let head = read_head(&mut stream).await;
        assert!(
            head.starts_with(&format!("http/1.{} {status} ", u8::from(name != "HTTP/1.0"))),
            "{name}: {head}"
        );
        assert!(head.contains(field), "{name}: {head}");
        assert_eq!(head.contains("sec-websocket-protocol"), name == "a subprotocol", "{name}: {head}");
        if !text.is_empty() {
            let mut body = vec![0; 1000];
            let len = stream.read(&mut body).await.unwrap();
            body.truncate(len);
            let body = String::from_utf8(body).unwrap();
            assert!(body.contains(text) && body.ends_with('\n'), "{name}: {body}");
        }
    }
    let mut stream = serve(Program::default().router());
    let request = REQUEST.replacen(upgrade, "", 1).replacen("/echo", "/page", 1);
    stream.write_all(request.as_bytes()).await.unwrap();
    assert!(
        read_head(&mut stream).await.starts_with("http/1.1 200 "),
        "a page where no WebSocket is asked for"
    );
}

#[tokio::test(start_paused = true)]
async fn a_naive_echo_loop_that_meets_close_4001_answers_4001_clean() {
    let program = Program::default();
    let asks = Request::new("example.com", "/echo").with_subprotocol("chat.v1");
    let mut ws = over_http1(serve(program.router()), asks).await.unwrap();
    assert_eq!(ws.subprotocol(), Some("chat.v1"));
    for message in [Message::from("na ".repeat(1000)), Message::from(vec![7; 70_000]), Message::from("")] {
        ws.send(message.clone()).await.unwrap();
        assert_eq!(ws.recv().await.unwrap(), Some(message));
    }
    assert!(ws.counters().wire_bytes_sent < 5000, "compressed");
    let started = Instant::now();
    let report = ws.close(CloseCode::new(4001).unwrap(), "bye").await.unwrap();
    assert!(report.clean && report.code() == 4001, "{report:?}");
    drop(ws);
    assert!(eventually(|| !program.ends.lock().unwrap().is_empty()).await);
    let report = program.ends.lock().unwrap().remove(0).unwrap();
    assert!(report.clean && report.begun_by == Some(Side::Remote), "{report:?}");
    assert!(started.elapsed() < Duration::from_secs(1), "no deadline was needed");
}

#[tokio::test(start_paused = true)]
async fn a_program_that_drops_the_websocket_in_the_middle_leaves_no_task() {
    let metrics = tokio::runtime::Handle::current().metrics();
    let before = metrics.num_alive_tasks();
    let mut ws = over_http1(serve(Program::default().router()), Request::new("example.com", "/dropped"))
        .await
        .unwrap();
    ws.send("first").await.unwrap();
    assert!(matches!(ws.recv().await, Err(Error::Io(_))), "the stream has ended without a Close");
    assert!(eventually(|| metrics.num_alive_tasks() == before).await, "{}", metrics.num_alive_tasks());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_gone_leaves_no_task() {
    let metrics = tokio::runtime::Handle::current().metrics();
    let before = metrics.num_alive_tasks();
    let program = Program::default();
    let ws = over_http1(serve(program.router()), Request::new("example.com", "/echo")).await.unwrap();
    assert!(metrics.num_alive_tasks() > before);
    drop(ws);
    assert!(eventually(|| metrics.num_alive_tasks() == before).await, "{}", metrics.num_alive_tasks());
    assert!(matches!(program.ends.lock().unwrap()[..], [Err(Error::Io(_))]));
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_that_fails_is_heard_of() {
    // The answer can't be sent.
    let program = Program::default();
    let mut stream = serve(program.router());
    stream.write_all(REQUEST.replacen("/echo", "/failing", 1).as_bytes()).await.unwrap();
    read_head(&mut stream).await;
    assert!(matches!(program.ends.lock().unwrap()[..], [Err(Error::Local(_))]));

    // Other code has changed the answer.
    let program = Program::default();
    let changed =
        program.router().layer(axum::middleware::map_response(async |_: axum::response::Response| "changed"));
    let mut stream = serve(changed);
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    assert!(read_head(&mut stream).await.starts_with("http/1.1 200 "));
    let started = Instant::now();
    assert!(eventually(|| !program.ends.lock().unwrap().is_empty()).await);
    assert!(matches!(program.ends.lock().unwrap()[..], [Err(Error::TimedOut(Deadline::Handshake))]));
    assert_eq!(started.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_shuts_down_closes_its_websockets_with_1001_and_waits_for_them() {
    let shutdown = Shutdown::spawn();
    let program = Program { shutdown: Some(shutdown.clone()), ..Program::default() };
    let mut ws = over_http1(serve(program.router()), Request::new("example.com", "/closed")).await.unwrap();
    ws.send("hello").await.unwrap();
    assert_eq!(ws.recv().await.unwrap(), Some("hello".into()));
    assert_eq!(shutdown.len(), 1);
    let client = tokio::spawn(async move {
        let end = ws.recv().await.unwrap();
        (end, ws.close_report())
    });
    let report = shutdown.close_all(Duration::from_secs(30)).await;
    assert_eq!((report.closed, report.cut), (1, 0));
    let (end, report) = client.await.unwrap();
    assert!(end.is_none() && report.clean && report.code() == CloseCode::GOING_AWAY, "{report:?}");
    // A later connection is closed at once.
    let mut late = over_http1(serve(program.router()), Request::new("example.com", "/closed")).await.unwrap();
    assert_eq!(soon(late.recv()).await.unwrap().unwrap(), None);
    assert_eq!(late.close_report().code(), CloseCode::GOING_AWAY);
}
