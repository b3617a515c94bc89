//! Connecting over TCP: requests, acceptances, rejections.

use std::{io, time::Duration};

use tokio::{io::AsyncWriteExt, net::TcpListener, time::timeout};
use wsproto_tokio::{
    AcceptConnection, CloseCode, Config, Connector, Deadline, Error, Request, Settings, connect,
    wsproto::{Proxy, RemoteProtocolError, WebSocketUrl},
};

use crate::server::{answer, answer_and, close, echo, echo_over, listener};

/// The fields of a request, without those that the handshake writes itself.
fn chosen_fields(request: &Request) -> Vec<(&str, &str)> {
    let own = ["Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"];
    let fields = request.headers().iter().filter(|(name, _)| !own.contains(name));
    fields.map(|(name, value)| (name, std::str::from_utf8(value).unwrap())).collect()
}

#[tokio::test]
async fn a_line_connects_and_messages_go_both_ways_to_a_clean_end() {
    let (port, serving) = echo(Settings::default(), AcceptConnection::new()).await;
    let mut ws = connect(format!("ws://127.0.0.1:{port}/chat?room=1")).await.unwrap();
    ws.with_stream(|stream| {
        assert_eq!(stream.get_ref().peer_addr().unwrap().port(), port);
        assert!(stream.get_ref().nodelay().unwrap());
    });
    ws.send("Hello").await.unwrap();
    assert_eq!(ws.recv().await.unwrap(), Some("Hello".into()));
    let report = close(ws).await;
    assert!(report.clean && report.code() == CloseCode::NORMAL, "{report:?}");
    let (request, report) = serving.await.unwrap().unwrap();
    assert_eq!((request.host(), request.target()), (&*format!("127.0.0.1:{port}"), "/chat?room=1"));
    assert_eq!(chosen_fields(&request), []);
    assert!(report.clean, "{report:?}");
}

/// On most machines `localhost` also has an IPv6 address, where no server listens.
#[tokio::test]
async fn all_addresses_of_a_name_are_tried() {
    let (port, serving) = echo(Settings::default(), AcceptConnection::new()).await;
    drop(connect(format!("ws://localhost:{port}")).await.unwrap());
    assert!(serving.await.unwrap().is_err(), "dropped without a Close");

    let (port, serving) = echo(Settings::default(), AcceptConnection::new()).await;
    let connector = Connector::new().without_timeout();
    drop(connector.connect(format!("ws://localhost:{port}")).await.unwrap());
    assert!(serving.await.unwrap().is_err(), "dropped without a Close");
}

#[tokio::test]
async fn an_address_of_ipv6_stands_in_brackets() {
    let Ok(listener) = TcpListener::bind("[::1]:0").await else {
        println!("SKIP: no IPv6 here");
        return;
    };
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        echo_over(stream, &Settings::default(), AcceptConnection::new()).await
    });
    let ws = connect(format!("ws://[::1]:{port}/")).await.unwrap();
    close(ws).await;
    let (request, _) = serving.await.unwrap().unwrap();
    assert_eq!(request.host(), format!("[::1]:{port}"));
}

#[tokio::test]
async fn what_is_chosen_is_asked_for_and_the_consent_is_told() {
    let accept = AcceptConnection::new().with_subprotocol("v2").with_header("Set-Cookie", "id=1");
    let (port, serving) = echo(Settings::default(), accept).await;
    let connector = Connector::new()
        .with_subprotocol("v1")
        .with_subprotocol("v2")
        .with_origin("https://example.com")
        .with_header("User-Agent", "first/1")
        .with_header("user-agent", "second/2");
    let url = format!("ws://Aladdin:open%20sesame@127.0.0.1:{port}");
    let (ws, accept) = connector.connect(url).await.unwrap();
    assert_eq!((ws.subprotocol(), accept.subprotocol.as_deref()), (Some("v2"), Some("v2")));
    assert_eq!(accept.headers.get_str("Set-Cookie"), Some("id=1"));
    close(ws).await;
    let (request, _) = serving.await.unwrap().unwrap();
    assert!(request.subprotocols().eq(["v1", "v2"]));
    let expected = [
        ("Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ("Origin", "https://example.com"),
        ("user-agent", "second/2"),
    ];
    assert_eq!(chosen_fields(&request), expected);
}

#[tokio::test]
async fn a_field_that_is_set_takes_the_place_of_the_urls_credentials() {
    let (port, serving) = echo(Settings::default(), AcceptConnection::new()).await;
    let connector = Connector::new().with_header("authorization", "Bearer 7");
    let (ws, _) = connector.connect(format!("ws://a:b@127.0.0.1:{port}")).await.unwrap();
    close(ws).await;
    let (request, _) = serving.await.unwrap().unwrap();
    assert_eq!(chosen_fields(&request), [("authorization", "Bearer 7")]);
}

#[cfg(feature = "deflate")]
#[tokio::test]
async fn compression_is_agreed_where_both_are_configured_with_it() {
    let settings = Settings::new(
        Config::default().with_extension(wsproto_tokio::DeflateConfig::default().with_threshold(0)),
    );
    let (port, serving) = echo(settings.clone(), AcceptConnection::new()).await;
    let connector = Connector::new().with_settings(settings);
    let (mut ws, accept) = connector.connect(format!("ws://127.0.0.1:{port}")).await.unwrap();
    assert_eq!(accept.extensions.len(), 1, "{accept:?}");
    let text = "a".repeat(10_000);
    ws.send(text.clone()).await.unwrap();
    assert_eq!(ws.recv().await.unwrap(), Some(text.into()));
    assert!(ws.counters().wire_bytes_received < 500, "{:?}", ws.counters());
    close(ws).await;
    serving.await.unwrap().unwrap();
}

/// The settings apply to the open connection: limits and deadlines.
#[tokio::test]
async fn limits_and_deadlines_of_the_settings_hold() {
    let (port, serving) = echo(Settings::default(), AcceptConnection::new()).await;
    let connector = Connector::new().with_settings(Config::default().with_max_message_len(4));
    let (mut ws, _) = connector.connect(format!("ws://127.0.0.1:{port}")).await.unwrap();
    ws.send("Hello").await.unwrap();
    let outcome = ws.recv().await;
    assert!(
        matches!(outcome, Err(Error::Remote(RemoteProtocolError::MessageTooLong { limit: 4 }))),
        "{outcome:?}"
    );
    drop(ws);
    let (_, report) = serving.await.unwrap().unwrap();
    assert_eq!(report.code(), CloseCode::MESSAGE_TOO_BIG);

    let idle = wsproto_tokio::Timeouts::default().with_idle(Duration::from_millis(20));
    let (port, serving) = echo(Settings::default(), AcceptConnection::new()).await;
    let connector = Connector::new().with_settings(Settings::default().with_timeouts(idle));
    let (mut ws, _) = connector.connect(format!("ws://127.0.0.1:{port}")).await.unwrap();
    while let Ok(Some(_)) = ws.recv().await {}
    drop(ws);
    assert_eq!(serving.await.unwrap().unwrap().1.code(), CloseCode::GOING_AWAY);
}

/// Frames in the same segment as the acceptance.
#[tokio::test]
async fn frames_right_after_the_consent_are_received() {
    let (listener, port) = listener().await;
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = crate::server::read_head(&mut stream).await;
        let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
        let token = wsproto_tokio::wsproto::handshake::accept_token(key);
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {token}\r\n\r\n\u{1}\u{3}Hel"
        );
        // A fragment, and half of the next one.
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.write_all(b"\x80\x02l").await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        stream.write_all(b"o").await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    });
    let mut ws = connect(format!("ws://127.0.0.1:{port}")).await.unwrap();
    assert_eq!(ws.recv().await.unwrap(), Some("Hello".into()));
    serving.await.unwrap();
}

#[tokio::test]
async fn a_refusal_has_status_fields_and_the_start_of_its_body() {
    let long = "x".repeat((16 << 10) + 1);
    let chunked = format!(
        "HTTP/1.1 502 Bad\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{long}\r\n0\r\n\r\n",
        long.len()
    );
    let most = &long[..16 << 10];
    #[rustfmt::skip]
    let table: [(&str, String, u16, &str, bool); 8] = [
        // name               answer                                                                 status  body     may pass
        ("by length",         "HTTP/1.1 404 No\r\nContent-Length: 7\r\n\r\nNothing".into(),            404, "Nothing", false),
        ("without a body",    "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n".into(),                 503, "",        true),
        ("until the end",     "HTTP/1.0 429 Slow\r\n\r\nSlow down".into(),                             429, "Slow down", true),
        ("cut",               "HTTP/1.1 500 Oops\r\nContent-Length: 9\r\n\r\nhalf".into(),             500, "half",    true),
        ("chunks",            "HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nNo\r\n0\r\n\r\n".into(), 403, "No", false),
        ("a broken chunk",    "HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nNo\r\n?".into(), 403, "No",   false),
        ("more than is kept", chunked,                                                                 502, most,      true),
        ("as much as is kept", format!("HTTP/1.1 502 Bad\r\nContent-Length: 16384\r\n\r\n{most}"),     502, most,      true),
    ];
    for (name, bytes, status, body, may_pass) in table {
        let (port, serving) = answer(bytes).await;
        let outcome = connect(format!("ws://127.0.0.1:{port}")).await.map(drop);
        let Err(error) = outcome else { panic!("{name}: {outcome:?}") };
        assert_eq!(error.may_pass(), may_pass, "{name}");
        let Error::Rejected(rejection) = error else { panic!("{name}: {error:?}") };
        assert_eq!(rejection.status, status, "{name}");
        assert!(rejection.content == body.as_bytes(), "{name}: {rejection:?}");
        serving.await.unwrap();
    }
}

/// Servers and proxies keep a connection open for the next request.
#[tokio::test]
async fn a_refusal_that_is_whole_is_told_at_once_whether_or_not_the_stream_ends() {
    let table = [
        ("no body", "Content-Length: 0\r\n\r\n", ""),
        ("a body", "Content-Length: 2\r\n\r\nNo", "No"),
        ("chunks", "Transfer-Encoding: chunked\r\n\r\n2\r\nNo\r\n0\r\n\r\n", "No"),
        ("no chunks", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""),
    ];
    for (name, rest, body) in table {
        let (port, serving) = answer_and(format!("HTTP/1.1 403 No\r\n{rest}"), false).await;
        let connecting = connect(format!("ws://127.0.0.1:{port}"));
        let Ok(outcome) = timeout(Duration::from_secs(10), connecting).await else {
            panic!("{name}: the client waits for an end that never comes")
        };
        let Err(Error::Rejected(rejection)) = outcome.map(drop) else { panic!("{name}") };
        assert_eq!((rejection.status, &*rejection.content), (403, body.as_bytes()), "{name}");
        serving.await.unwrap();
    }
}

#[tokio::test]
async fn a_redirect_is_told_and_not_followed() {
    let (port, serving) =
        answer("HTTP/1.1 307 There\r\nLocation: /chat/2?a\r\nContent-Length: 0\r\n\r\n").await;
    let url: WebSocketUrl = format!("ws://a:b@127.0.0.1:{port}/chat/1").parse().unwrap();
    let outcome = connect(url.clone()).await.map(drop);
    let Err(Error::Rejected(answer)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(answer.status, 307);
    let next = url.redirect(answer.headers.get_str("Location").unwrap()).unwrap();
    assert_eq!(next.to_string(), format!("ws://127.0.0.1:{port}/chat/2?a"));
    serving.await.unwrap();
}

#[tokio::test]
async fn an_answer_that_breaks_a_rule_is_an_error_of_the_server() {
    #[rustfmt::skip]
    let table = [
        ("no HTTP",      "SSH-2.0-OpenSSH_9\r\n",                                     false),
        ("nothing",      "",                                                          true),
        ("half a head",  "HTTP/1.1 101 Swi",                                          true),
        ("another key",  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                          Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", false),
    ];
    for (name, bytes, may_pass) in table {
        let (port, serving) = answer(bytes).await;
        let outcome = connect(format!("ws://127.0.0.1:{port}")).await.map(drop);
        assert!(matches!(&outcome, Err(Error::Remote(_))), "{name}: {outcome:?}");
        assert_eq!(outcome.unwrap_err().may_pass(), may_pass, "{name}");
        serving.await.unwrap();
    }
}

#[tokio::test]
async fn a_port_where_nobody_listens_refuses() {
    let (listener, port) = listener().await;
    drop(listener);
    for url in [format!("ws://127.0.0.1:{port}"), format!("ws://localhost:{port}")] {
        let outcome = connect(url.clone()).await.map(drop);
        let Err(error) = outcome else { panic!("{url}") };
        assert!(error.may_pass(), "{url}");
        let Error::Io(error) = error else { panic!("{url}: {error:?}") };
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused, "{url}");
    }
}

#[tokio::test]
async fn a_server_that_is_silent_takes_too_long() {
    let (listener, port) = listener().await;
    let connector = Connector::new().with_timeout(Duration::from_millis(50));
    let outcome = connector.connect(format!("ws://127.0.0.1:{port}")).await.map(drop);
    assert!(matches!(outcome, Err(Error::TimedOut(Deadline::Handshake))), "{outcome:?}");
    let proxy: Proxy = format!("http://127.0.0.1:{port}").parse().unwrap();
    let outcome = connector.with_proxy(proxy).connect("ws://example.com").await.map(drop);
    assert!(matches!(outcome, Err(Error::TimedOut(Deadline::Proxy))), "{outcome:?}");
    drop(listener);
}

#[cfg(unix)]
#[tokio::test]
async fn a_stream_of_ones_own_is_used_as_it_is() {
    let (ours, theirs) = tokio::net::UnixStream::pair().unwrap();
    let serving =
        tokio::spawn(async move { echo_over(theirs, &Settings::default(), AcceptConnection::new()).await });
    // The caller's stream decides about proxy and TLS.
    let connector = Connector::new().with_proxy("http://proxy.invalid".parse().unwrap());
    let (mut ws, _) = connector.connect_over(ours, "wss://example.com/chat").await.unwrap();
    ws.send("Hello").await.unwrap();
    assert_eq!(ws.recv().await.unwrap(), Some("Hello".into()));
    close(ws).await;
    let (request, _) = serving.await.unwrap().unwrap();
    assert_eq!((request.host(), request.target()), ("example.com", "/chat"));
}

#[tokio::test]
async fn a_stream_can_be_wrapped_between_dialling_and_the_handshake() {
    let (port, serving) = echo(Settings::default(), AcceptConnection::new()).await;
    let url: WebSocketUrl = format!("ws://127.0.0.1:{port}/chat").parse().unwrap();
    let connector = Connector::new();
    let stream = tokio::io::BufStream::new(connector.dial(&url).await.unwrap());
    let (mut ws, _) = connector.connect_over(stream, url).await.unwrap();
    ws.send("Hello").await.unwrap();
    assert_eq!(ws.recv().await.unwrap(), Some("Hello".into()));
    close(ws).await;
    assert!(serving.await.unwrap().is_ok());

    // A request that can't be sent is an error before any connection.
    let nobody: WebSocketUrl = "ws://127.0.0.1:1/".parse().unwrap();
    let outcome = Connector::new().with_subprotocol("a b").dial(&nobody).await.map(drop);
    assert!(matches!(outcome, Err(Error::Local(_))), "{outcome:?}");
}

#[tokio::test]
async fn what_dials_counts_for_the_time_out_and_its_error_is_told() {
    let connector = Connector::new().with_timeout(Duration::from_millis(20));
    let silent = std::future::pending::<io::Result<tokio::net::TcpStream>>();
    let outcome = connector.connect_with("ws://a", silent).await.map(drop);
    assert!(matches!(outcome, Err(Error::TimedOut(Deadline::Connect))), "{outcome:?}");
    let fails = async { Err::<tokio::net::TcpStream, _>(io::Error::from(io::ErrorKind::PermissionDenied)) };
    let outcome = connector.connect_with("ws://a", fails).await.map(drop);
    let Err(Error::Io(error)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
}
