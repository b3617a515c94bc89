//! Extended CONNECTs of HTTP/2.

use std::{io, time::Duration};

use http_body_util::{BodyExt, Empty};
use hyper::{Request, body::Bytes, client::conn, ext::Protocol};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    io::AsyncWriteExt,
    time::{Instant, sleep},
};
use wsproto_tokio::{CloseCode, Deadline, Error, Message, Side, hyper::connect_enabled};

use crate::ends::{ask, builder, http2_client, open, serve_chat, settings};

#[tokio::test(start_paused = true)]
async fn client_and_server_agree_talk_and_close_and_a_naive_echo_answers_4001() {
    let (stream, mut ends) = serve_chat(builder());
    let sender = http2_client(stream).await;
    let asks = wsproto_tokio::Request::new("example.com", "/chat?room=1")
        .with_header("Origin", "https://example.com")
        .with_subprotocol("chat.v1")
        .with_subprotocol("chat.v2");
    let mut ws = ask(&sender, asks, &settings()).await.unwrap();
    assert_eq!(ws.subprotocol(), Some("chat.v2"), "in the server's order");
    for message in [Message::from("na ".repeat(1000)), Message::from(vec![7; 70_000]), Message::from("")] {
        ws.send(message.clone()).await.unwrap();
        assert_eq!(ws.recv().await.unwrap(), Some(message));
    }
    assert!(ws.counters().wire_bytes_sent < 5000, "compressed");
    let started = Instant::now();
    let report = ws.close(CloseCode::new(4001).unwrap(), "bye").await.unwrap();
    assert!(report.clean && report.code() == 4001, "{report:?}");
    drop(ws); // which ends our half of the stream
    let report = ends.recv().await.unwrap().unwrap();
    assert!(report.clean && report.begun_by == Some(Side::Remote), "{report:?}");
    assert_eq!(report.sent, CloseCode::new(4001));
    // Each end has seen the other end's END_STREAM.
    assert_eq!(started.elapsed(), Duration::ZERO, "no deadline was needed");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_breaks_a_rule_is_answered_and_told_so() {
    let websocket = Some("websocket");
    #[rustfmt::skip]
    let table = [
        // name                method     :protocol            field                                       status  text
        ("unknown protocol",   "CONNECT", Some("connect-udp"), ("sec-websocket-version", "13"),            501, ":protocol"),
        ("a page",             "GET",     None,                ("accept", "*/*"),                          405, "CONNECT"),
        ("a proxy is wanted",  "CONNECT", None,                ("accept", "*/*"),                          501, "CONNECT"),
        ("another version",    "CONNECT", websocket,           ("sec-websocket-version", "8"),             400, "Sec-WebSocket-Version"),
        ("no version",         "CONNECT", websocket,           ("accept", "*/*"),                          400, "Sec-WebSocket-Version"),
        ("a page elsewhere",   "CONNECT", websocket,           ("origin", "https://evil.example"),         403, ""),
    ];
    let (stream, _ends) = serve_chat(builder());
    let mut sender = http2_client(stream).await;
    for (name, method, protocol, field, status, text) in table {
        let uri = if protocol.is_none() && method == "CONNECT" {
            "example.com:443"
        } else {
            "https://example.com/chat"
        };
        let mut request = Request::builder().method(method).uri(uri).header(field.0, field.1);
        if name == "a page elsewhere" {
            request = request.header("sec-websocket-version", "13");
        }
        let mut request = request.body(Empty::<Bytes>::new()).unwrap();
        if let Some(protocol) = protocol {
            request.extensions_mut().insert(Protocol::from_static(protocol));
        }
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), status, "{name}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains(text) && body.is_empty() == text.is_empty(), "{name}: {body}");
    }
    // The connection goes on.
    let mut ws = open(&sender, "/chat").await;
    ws.send("hello").await.unwrap();
    assert_eq!(ws.recv().await.unwrap(), Some("hello".into()));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_reaches_the_client() {
    let (stream, _ends) = serve_chat(builder());
    let sender = http2_client(stream).await;
    let asks = wsproto_tokio::Request::new("example.com", "/").with_header("Origin", "https://evil.example");
    let error = ask(&sender, asks, &settings()).await.unwrap_err();
    let Error::Rejected(reject) = error else { panic!("{error}") };
    assert_eq!(reject.status, 403);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_no_extended_connect_is_asked_for_none() {
    let (stream, _ends) = serve_chat(auto::Builder::new(TokioExecutor::new()));
    let builder = conn::http2::Builder::new(TokioExecutor::new());
    let (mut sender, mut connection) =
        builder.handshake::<_, Empty<Bytes>>(TokioIo::new(stream)).await.unwrap();
    let started = Instant::now();
    let error = connect_enabled(&mut connection, &settings()).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut(Deadline::Handshake)), "{error}");
    assert_eq!(started.elapsed(), Duration::from_secs(10));
    // The connection is unchanged.
    tokio::spawn(connection);
    let request = Request::get("https://example.com/").body(Empty::new()).unwrap();
    assert_eq!(sender.send_request(request).await.unwrap().status(), 405);
}

/// haproxy sends its settings after it has read those of its client.
#[tokio::test(start_paused = true)]
async fn settings_that_come_late_are_seen_soon() {
    let (stream, mut server) = tokio::io::duplex(1 << 16);
    let builder = conn::http2::Builder::new(TokioExecutor::new());
    let (_sender, mut connection) = builder.handshake::<_, Empty<Bytes>>(TokioIo::new(stream)).await.unwrap();
    let serving = tokio::spawn(async move {
        sleep(Duration::from_secs(1)).await;
        // SETTINGS with SETTINGS_ENABLE_CONNECT_PROTOCOL (8) = 1.
        server.write_all(b"\0\0\x06\x04\0\0\0\0\0\0\x08\0\0\0\x01").await.unwrap();
        server
    });
    let started = Instant::now();
    connect_enabled(&mut connection, &settings()).await.unwrap();
    let elapsed = started.elapsed();
    assert!(elapsed < Duration::from_millis(1050), "{elapsed:?}");
    drop(serving.await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_ends_before_its_settings_is_told() {
    let (stream, server) = tokio::io::duplex(1 << 16);
    let builder = conn::http2::Builder::new(TokioExecutor::new());
    let (_sender, mut connection) = builder.handshake::<_, Empty<Bytes>>(TokioIo::new(stream)).await.unwrap();
    drop(server);
    let started = Instant::now();
    let error = connect_enabled(&mut connection, &settings()).await.unwrap_err();
    assert!(matches!(error, Error::Io(_) | Error::Closed), "{error}");
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_program_that_drops_the_websocket_in_the_middle_ends_the_stream_and_no_other() {
    let (stream, mut ends) = serve_chat(builder());
    let sender = http2_client(stream).await;
    let mut other = open(&sender, "/chat").await;
    let mut ws = open(&sender, "/dropped").await;
    ws.send("first").await.unwrap();
    ends.recv().await.unwrap().unwrap();
    let error = ws.recv().await.unwrap_err();
    let Error::Io(error) = error else { panic!("{error}") };
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{error}");
    other.send("still here").await.unwrap();
    assert_eq!(other.recv().await.unwrap(), Some("still here".into()));
    // And in the other direction.
    drop(other);
    let Err(Error::Io(error)) = ends.recv().await.unwrap() else { panic!("no Close came") };
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{error}");
}
