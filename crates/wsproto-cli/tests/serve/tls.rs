//! Over TLS: HTTP/2, with pseudo-header fields, and HTTP/1.1.

// The tests of the server trust its certificate as `--insecure` does.
#[path = "../../src/client/insecure.rs"]
mod insecure;

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::{
    body::Incoming,
    client::conn::http2::{self, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{ClientConfig, pki_types::ServerName},
};
use wsproto::{Config, DeflateConfig, Message, Settings};
use wsproto_tokio::{
    Connector, Error, WebSocket,
    hyper::{ClientUpgrade, Upgraded, connect_enabled},
};

use crate::server::{PATIENCE, Server, Wire, of_kind};

async fn dial(server: &Server, protocol: &[u8]) -> TlsStream<TcpStream> {
    dial_at("127.0.0.1", server, protocol).await
}

async fn dial_at(address: &str, server: &Server, protocol: &[u8]) -> TlsStream<TcpStream> {
    let mut config = ClientConfig::clone(&insecure::config().unwrap());
    config.alpn_protocols = vec![protocol.to_vec()];
    let stream = TcpStream::connect((address, server.port)).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

async fn http2(server: &Server) -> SendRequest<Empty<Bytes>> {
    let stream = TokioIo::new(dial(server, b"h2").await);
    let (sender, mut connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    connect_enabled(&mut connection, &Settings::default()).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn ask(sender: &mut SendRequest<Empty<Bytes>>, method: Method, uri: String) -> Response<Incoming> {
    let request = Request::builder().method(method).uri(uri).body(Empty::new()).unwrap();
    sender.send_request(request).await.unwrap()
}

async fn open(
    sender: &mut SendRequest<Empty<Bytes>>,
    request: wsproto::Request,
) -> Result<WebSocket<Upgraded>, Error> {
    let settings = Settings::new(Config::default().with_extension(DeflateConfig::default()));
    let (request, upgrade) = ClientUpgrade::connect(&settings, request, "https")?;
    let response = sender.send_request(request.map(|()| Empty::new())).await;
    upgrade.receive(response).await
}

#[tokio::test]
async fn pages_and_web_sockets_share_a_connection_of_http2() {
    let server = Server::start(&["--tls", "--host", "demo.example:443", "--host", "[2001:db8::1]"]);
    let port = server.port;
    let mut sender = http2(&server).await;
    for (method, path, host, status) in [
        (Method::GET, "/", "localhost", 200),
        (Method::HEAD, "/healthz", "127.0.0.1", 200),
        (Method::GET, "/nothing", "localhost", 404),
        (Method::POST, "/", "localhost", 405),
        (Method::GET, "/echo", "localhost", 426),
        (Method::GET, "/", "evil.example", 421),
        (Method::GET, "/", "demo.example", 200),
        (Method::GET, "/", "[2001:db8::1]", 200),
    ] {
        let answer = ask(&mut sender, method.clone(), format!("https://{host}:{port}{path}")).await;
        assert_eq!(answer.status(), StatusCode::from_u16(status).unwrap(), "{method} {path} at {host}");
        assert!(answer.headers().contains_key("content-security-policy"), "{method} {path}");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body.is_empty(), method == Method::HEAD, "{method} {path}");
    }

    let tls = dial(&server, b"http/1.1").await;
    let (ws, _) =
        Connector::new().connect_over(tls, format!("wss://localhost:{port}/wire").as_str()).await.unwrap();
    let mut wire = Wire::of(ws).await;
    let request = |host: &str, path: &str| wsproto::Request::new(format!("{host}:{port}"), path);
    let target = format!("/echo?session={}", wire.session);
    let mut echo = open(&mut sender, request("localhost", &target)).await.unwrap();
    echo.send("Hello").await.unwrap();
    assert_eq!(echo.recv().await.unwrap(), Some(Message::text("Hello")));
    echo.close(wsproto::CloseCode::NORMAL, "").await.unwrap();
    let records = wire.until("over").await;
    let heads: Vec<_> = of_kind(&records, "handshake").collect();
    let field = |head: usize, name: &str| {
        let fields = heads[head]["fields"].as_array().unwrap();
        fields
            .iter()
            .find(|field| field["name"] == name)
            .map(|field| field["value"].as_str().unwrap().to_owned())
    };
    assert_eq!(heads[0]["version"], "HTTP/2");
    assert_eq!(field(0, ":method").as_deref(), Some("CONNECT"));
    assert_eq!(field(0, ":protocol").as_deref(), Some("websocket"));
    assert_eq!(field(0, ":path"), Some(target));
    assert_eq!(field(1, ":status").as_deref(), Some("200"));
    let agreed = of_kind(&records, "agreed").next().unwrap();
    assert!(agreed["extensions"].as_str().unwrap().starts_with("permessage-deflate"), "{agreed}");
    let names: Vec<_> = of_kind(&records, "frame").map(|frame| frame["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["text", "text", "close", "close"]);
    assert!(of_kind(&records, "broken").next().is_none(), "{records:?}");

    for (request, status) in [
        (request("localhost", "/echo").with_header("Origin", "https://evil.example"), 403),
        (request("evil.example", "/echo"), 421),
        (request("localhost", "/nothing"), 404),
        (request("localhost", "/echo?session=x"), 404),
    ] {
        match open(&mut sender, request.clone()).await {
            Err(Error::Rejected(answer)) => assert_eq!(answer.status, status, "{request:?}"),
            other => panic!("{request:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn web_sockets_of_one_connection_of_http2_take_places_as_connections_do() {
    let server = Server::start(&["--tls"]);
    let (mut senders, mut open_ones) = (Vec::new(), Vec::new());
    let refused = 'full: loop {
        let mut sender = http2(&server).await;
        // A client of HTTP/2 may have 32 streams at a time; so many leave places on the fifth connection.
        for _ in 0..30 {
            let request = wsproto::Request::new(format!("localhost:{}", server.port), "/echo");
            match open(&mut sender, request).await {
                Ok(ws) => open_ones.push(ws),
                Err(Error::Rejected(answer)) => break 'full answer,
                Err(other) => panic!("{other}"),
            }
        }
        senders.push(sender);
    };
    assert_eq!(refused.status, 503);
    assert!(refused.headers.get("content-security-policy").is_some(), "{refused:?}");
    // Each connection of TCP takes a place, too.
    assert_eq!(open_ones.len() + senders.len() + 1, 128);
    let ended = open_ones.pop().unwrap().close(wsproto::CloseCode::NORMAL, "").await.unwrap();
    assert!(ended.clean, "{ended:?}");
    let again = async {
        loop {
            let request = wsproto::Request::new(format!("localhost:{}", server.port), "/echo");
            if open(&mut senders[0], request).await.is_ok() {
                break;
            }
        }
    };
    timeout(PATIENCE, again).await.unwrap();
}

#[tokio::test]
async fn the_certificate_is_of_all_that_people_type() {
    let server = Server::start(&["--tls", "--listen", "127.0.0.7", "--host", "Demo.Example:443"]);
    let tls = dial_at("127.0.0.7", &server, b"http/1.1").await;
    let certificate = tls.get_ref().1.peer_certificates().unwrap()[0].to_vec();
    // Names and addresses as a certificate has them (RFC 5280 §4.2.1.6).
    for name in
        [&b"\x82\x0cdemo.example"[..], b"\x82\x09localhost", b"\x87\x04\x7f\0\0\x07", b"\x87\x04\x7f\0\0\x01"]
    {
        assert!(certificate.windows(name.len()).any(|window| window == name), "{}", name.escape_ascii());
    }
}

#[tokio::test]
async fn who_speaks_http_to_a_port_of_tls_is_told_so() {
    let server = Server::start(&["--tls"]);
    let answer = server.ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("https://"), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{answer}");
    assert!(head.contains("X-Content-Type-Options: nosniff"), "{answer}");
}

#[tokio::test]
async fn what_is_no_preface_of_http2_ends_the_connection() {
    let server = Server::start(&["--tls"]);
    let mut stream = dial(&server, b"h2").await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // How it ends is hyper's: a GOAWAY, or at once.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}
