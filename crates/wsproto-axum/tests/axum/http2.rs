//! Extended CONNECTs of HTTP/2.

use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::{body::Bytes, ext::Protocol};
use tokio::time::Instant;
use wsproto_axum::{
    CloseCode, Error, Message, Shutdown,
    wsproto_tokio::{Request, Side},
};

use crate::ends::{Program, eventually, http2_client, over_http2, serve};

#[tokio::test(start_paused = true)]
async fn a_naive_echo_loop_that_meets_close_4001_answers_4001_clean() {
    let program = Program::default();
    let sender = http2_client(serve(program.router())).await;
    let asks = Request::new("example.com", "/own?room=1")
        .with_header("Origin", "https://example.com")
        .with_subprotocol("chat.v1")
        .with_subprotocol("chat.v2");
    let mut ws = over_http2(&sender, asks).await.unwrap();
    assert_eq!(ws.subprotocol(), Some("chat.v2"));
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
async fn requests_are_answered_with_what_is_wrong_with_them() {
    let websocket = Some("websocket");
    #[rustfmt::skip]
    let table = [
        // name                   path         method     :protocol            field                                 status  text
        ("unknown protocol",      "/echo",     "CONNECT", Some("connect-udp"), ("sec-websocket-version", "13"),      501, ":protocol"),
        ("a page is wanted",      "/echo",     "GET",     None,                ("accept", "*/*"),                    405, "CONNECT"),
        ("another version",       "/echo",     "CONNECT", websocket,           ("sec-websocket-version", "8"),       400, "Sec-WebSocket-Version"),
        ("no version",            "/echo",     "CONNECT", websocket,           ("accept", "*/*"),                    400, "Sec-WebSocket-Version"),
        ("a page elsewhere",      "/own",      "CONNECT", websocket,           ("origin", "https://evil.example"),   403, "Origin is not allowed\n"),
        ("a page of the host",    "/own",      "CONNECT", websocket,           ("origin", "https://example.com"),    200, ""),
        ("get, where any is due", "/only-get", "CONNECT", websocket,           ("origin", "https://example.com"),    405, ""),
        ("page or WebSocket",     "/page",     "GET",     None,                ("accept", "*/*"),                    200, "a page\n"),
        ("page or a bad version", "/page",     "CONNECT", websocket,           ("sec-websocket-version", "8"),       400, "Sec-WebSocket-Version"),
        ("another path",          "/nothing",  "CONNECT", websocket,           ("origin", "https://example.com"),    404, ""),
    ];
    let mut sender = http2_client(serve(Program::default().router())).await;
    for (name, path, method, protocol, field, status, text) in table {
        let uri = format!("https://example.com{path}");
        let mut request = hyper::Request::builder().method(method).uri(uri).header(field.0, field.1);
        if field.0 == "origin" {
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
}

#[tokio::test(start_paused = true)]
async fn a_program_that_drops_the_websocket_in_the_middle_leaves_no_task() {
    let sender = http2_client(serve(Program::default().router())).await;
    let mut neighbour = over_http2(&sender, Request::new("example.com", "/echo")).await.unwrap();
    neighbour.send("hello").await.unwrap();
    assert_eq!(neighbour.recv().await.unwrap(), Some("hello".into()));
    let metrics = tokio::runtime::Handle::current().metrics();
    let before = metrics.num_alive_tasks();
    let mut ws = over_http2(&sender, Request::new("example.com", "/dropped")).await.unwrap();
    assert!(metrics.num_alive_tasks() > before);
    ws.send("first").await.unwrap();
    assert!(matches!(ws.recv().await, Err(Error::Io(_))), "the stream has ended without a Close");
    drop(ws);
    assert!(
        eventually(|| metrics.num_alive_tasks() == before).await,
        "{} for {before}",
        metrics.num_alive_tasks()
    );
    neighbour.send("still here").await.unwrap();
    assert_eq!(neighbour.recv().await.unwrap(), Some("still here".into()));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_shuts_down_closes_its_websockets_with_1001_and_waits_for_them() {
    let shutdown = Shutdown::spawn();
    let program = Program { shutdown: Some(shutdown.clone()), ..Program::default() };
    let sender = http2_client(serve(program.router())).await;
    let mut ws = over_http2(&sender, Request::new("example.com", "/closed")).await.unwrap();
    ws.send("hello").await.unwrap();
    assert_eq!(ws.recv().await.unwrap(), Some("hello".into()));
    let client = tokio::spawn(async move {
        let end = ws.recv().await.unwrap();
        (end, ws.close_report())
    });
    let report = shutdown.close_all(Duration::from_secs(30)).await;
    assert_eq!((report.closed, report.cut), (1, 0));
    let (end, report) = client.await.unwrap();
    assert!(end.is_none() && report.clean && report.code() == CloseCode::GOING_AWAY, "{report:?}");
}
