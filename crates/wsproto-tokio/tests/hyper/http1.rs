//! Upgrades of HTTP/1.1.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use http_body_util::{Empty, Full};
use hyper::{Response, StatusCode, body::Bytes, client::conn::http1, server, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    time::Instant,
};
use wsproto_tokio::{
    AcceptConnection, CloseCode, Config, Deadline, Error, Message, Request, Settings, Side, TextMessage,
    WebSocket,
    hyper::{ClientUpgrade, Upgrade, UpgradeError, Upgraded, Upgrading},
    wsproto::{Connection, Event, ReadBuffer},
};

use crate::ends::{CAPACITY, builder, serve, serve_chat, settings};

const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

#[tokio::test(start_paused = true)]
async fn frames_behind_the_request_in_one_segment_the_last_one_cut_survive_the_upgrade() {
    let (mut client, mut frames) = (Connection::open_client(Config::default()), Vec::new());
    for text in ["one", "two"] {
        client.send(TextMessage::new(text), &mut frames).unwrap();
    }
    for cut in 0..=frames.len() {
        let (mut stream, _ends) = serve_chat(builder());
        stream.write_all(&[REQUEST.as_bytes(), &frames[..cut]].concat()).await.unwrap();
        assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 101 "), "cut at {cut}");
        stream.write_all(&frames[cut..]).await.unwrap();
        let mut client = Connection::open_client(Config::default());
        let mut buffer = ReadBuffer::messages();
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

/// Reads up to the empty line, byte by byte, so that later bytes stay in the stream.
async fn read_head(stream: &mut DuplexStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_request_that_breaks_a_rule_is_answered_and_told_so() {
    #[rustfmt::skip]
    let table = [
        // name                 what is replaced                     by                              status  field                            text
        ("a page is wanted",    ("Connection: Upgrade\r\nUpgrade: websocket\r\n", ""),                "426", "upgrade: websocket",            "request without"),
        ("another version",     ("Version: 13", "Version: 8"),                                        "426", "sec-websocket-version: 13",     "Sec-WebSocket-Version"),
        ("no key",              ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""),              "400", "content-type: text/plain",      "Sec-WebSocket-Key"),
        ("a body",              ("Host:", "Content-Length: 1\r\nHost:"),                              "400", "content-type: text/plain",      "body"),
        ("POST",                ("GET", "POST"),                                                      "405", "allow: GET",                    "GET"),
        ("a page elsewhere",    ("Host:", "Origin: https://evil.example\r\nHost:"),                   "403", "content-length: 0",             ""),
        ("a page of the host",  ("Host:", "Origin: https://example.com\r\nHost:"),                    "101", "upgrade: websocket",            ""),
    ];
    for (name, (old, new), status, field, text) in table {
        let (mut stream, _ends) = serve_chat(builder());
        let request = REQUEST.replacen(old, new, 1);
        assert_ne!((name, &*request), (name, REQUEST));
        stream.write_all(request.as_bytes()).await.unwrap();
        let head = read_head(&mut stream).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {head}");
        assert!(head.to_lowercase().contains(&field.to_lowercase()), "{name}: {head}");
        let mut body = vec![0; 1000];
        if !text.is_empty() {
            let len = stream.read(&mut body).await.unwrap();
            body.truncate(len);
            let body = String::from_utf8(body).unwrap();
            assert!(body.contains(text) && body.ends_with('\n'), "{name}: {body}");
        }
    }
}

/// Opens a WebSocket with hyper's client.
async fn ask(stream: DuplexStream, asks: Request, settings: Settings) -> Result<WebSocket<Upgraded>, Error> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection.with_upgrades());
    let (request, upgrade) = ClientUpgrade::http1(&settings, asks)?;
    upgrade.receive(sender.send_request(request.map(|()| Empty::<Bytes>::new())).await).await
}

#[tokio::test(start_paused = true)]
async fn client_and_server_agree_talk_and_close_and_a_naive_echo_answers_4001() {
    let (stream, mut ends) = serve_chat(builder());
    let asks = Request::new("example.com", "/chat").with_subprotocol("chat.v1").with_subprotocol("chat.v2");
    let mut ws = ask(stream, asks, settings()).await.unwrap();
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
    assert_eq!(started.elapsed(), Duration::ZERO, "no deadline was needed");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_brings_status_fields_and_the_start_of_its_body() {
    for (len, kept) in [(0, 0), (9, 9), (16 << 10, 16 << 10), (100 << 10, 16 << 10)] {
        let stream = serve(builder(), move |_| async move {
            let mut response = Response::new(Full::from(vec![b'x'; len]));
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            response.headers_mut().insert("retry-after", "7".parse().unwrap());
            response
        });
        let error = ask(stream, Request::new("example.com", "/"), settings()).await.unwrap_err();
        assert!(error.may_pass(), "{error}");
        let Error::Rejected(reject) = error else { panic!("{error}") };
        assert_eq!((reject.status, reject.headers.get_str("Retry-After")), (503, Some("7")));
        assert_eq!(reject.content.len(), kept, "{len}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_whose_body_never_ends_is_told_at_the_deadline() {
    let (stream, mut server) = duplex(CAPACITY);
    let asked = tokio::spawn(ask(stream, Request::new("example.com", "/"), settings()));
    read_head(&mut server).await;
    server.write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\nstart").await.unwrap();
    let started = Instant::now();
    let error = asked.await.unwrap().unwrap_err();
    let Error::Rejected(reject) = error else { panic!("{error}") };
    assert_eq!((reject.status, &*reject.content), (503, &b"start"[..]));
    assert_eq!(started.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_consent_that_breaks_a_rule_opens_nothing() {
    let (stream, mut server) = duplex(CAPACITY);
    let asked = tokio::spawn(ask(stream, Request::new("example.com", "/"), settings()));
    read_head(&mut server).await;
    server
        .write_all(b"HTTP/1.1 101 Yes\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: AAAA\r\n\r\n")
        .await
        .unwrap();
    let error = asked.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Remote(_)), "{error}");
}

/// The future that a server's handler stores.
type Left = Arc<Mutex<Option<Upgrading>>>;

/// Accepts, and answers with the response that `answer` makes from ours.
async fn upgrade_with(
    answer: impl Fn(Response<Vec<u8>>) -> Option<Response<Vec<u8>>> + Send + 'static,
) -> Upgrading {
    let left = Left::default();
    let leave = Arc::clone(&left);
    let mut stream = serve(builder(), move |mut request| {
        let upgrade = Upgrade::new(&mut request, &settings()).unwrap();
        let (response, upgrading) = upgrade.accept(AcceptConnection::new()).unwrap();
        *leave.lock().unwrap() = Some(upgrading);
        let answer = answer(response);
        async move {
            match answer {
                Some(response) => response.map(Full::from),
                None => std::future::pending().await,
            }
        }
    });
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    loop {
        if let Some(upgrading) = left.lock().unwrap().take() {
            tokio::spawn(async move { drop(stream.read_to_end(&mut Vec::new()).await) });
            return upgrading;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_that_fails_is_heard_of() {
    let started = Instant::now();
    // Code between the program and hyper has replaced the answer, and the connection goes on.
    let replaced = upgrade_with(|_| Some(Response::new(Vec::new()))).await;
    let error = replaced.await.unwrap_err();
    assert!(matches!(error, Error::TimedOut(Deadline::Handshake)), "{error}");
    assert_eq!(started.elapsed(), Duration::from_secs(10));

    let unanswered = upgrade_with(|_| None).await;
    let error = unanswered.await.unwrap_err();
    assert!(matches!(error, Error::TimedOut(Deadline::Handshake)), "{error}");
    assert_eq!(started.elapsed(), Duration::from_secs(20));

    let mut opened = upgrade_with(Some).await;
    (&mut opened).await.unwrap();
    assert!(matches!(opened.await, Err(Error::Closed)), "once");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_not_served_with_upgrades_is_heard_of() {
    let (mut stream, io) = duplex(CAPACITY);
    let left = Left::default();
    let leave = Arc::clone(&left);
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    let service = service_fn(move |mut request| {
        let upgrade = Upgrade::new(&mut request, &settings()).unwrap();
        let (response, upgrading) = upgrade.accept(AcceptConnection::new()).unwrap();
        *leave.lock().unwrap() = Some(upgrading);
        async move { Ok::<_, io::Error>(response.map(|_| Empty::<Bytes>::new())) }
    });
    server::conn::http1::Builder::new().serve_connection(TokioIo::new(io), service).await.unwrap();
    let upgrading = left.lock().unwrap().take().unwrap();
    assert!(matches!(upgrading.await, Err(Error::Io(_))));
}

#[test]
fn a_request_without_a_stream_can_not_be_upgraded() {
    let mut request = hyper::Request::get("/")
        .header("Host", "a")
        .header("Connection", "upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        .body(())
        .unwrap();
    let error = Upgrade::new(&mut request, &Settings::default()).unwrap_err();
    assert_eq!(error, UpgradeError::NotUpgradable);
    assert_eq!(error.explained().into_response().status(), 500);
}

#[test]
fn without_deadlines_no_timer_is_needed() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let stream = serve(builder(), |mut request| {
            let settings = Settings::default().without_timeouts();
            let (response, upgrading) =
                Upgrade::new(&mut request, &settings).unwrap().accept(AcceptConnection::new()).unwrap();
            tokio::spawn(async move {
                let mut ws = upgrading.await?;
                while let Some(message) = ws.recv().await? {
                    ws.feed(message).await?;
                }
                Ok::<(), Error>(())
            });
            async move { response.map(Full::from) }
        });
        let asks = Request::new("example.com", "/chat");
        let mut ws = ask(stream, asks, Settings::default().without_timeouts()).await.unwrap();
        ws.send("hello").await.unwrap();
        assert_eq!(ws.recv().await.unwrap(), Some("hello".into()));
        assert!(ws.close(CloseCode::NORMAL, "").await.unwrap().clean);
    });
}

#[test]
fn what_waits_for_an_upgrade_is_send() {
    fn check<T: Send + 'static>() {}
    check::<Upgrading>();
    check::<Upgrade>();
    check::<WebSocket<Upgraded>>();
    check::<ClientUpgrade>();
    let _ = |event: Event<'static>| event;
}
