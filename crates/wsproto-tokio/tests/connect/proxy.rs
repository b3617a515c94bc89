//! Connecting through an HTTP proxy.

use tokio::{
    io::{AsyncWriteExt, copy_bidirectional},
    net::TcpStream,
    task::JoinHandle,
};
use wsproto_tokio::{
    AcceptConnection, Connector, Error, Settings,
    wsproto::{Proxy, ProxyError, RemoteProtocolError, handshake::ResponseError},
};

use crate::server::{answer, close, echo, listener, read_head};

/// A proxy that connects one client to the server that it asks for; returns the client's request.
pub(crate) async fn proxy(head: &'static str) -> (u16, JoinHandle<String>) {
    let (listener, port) = listener().await;
    let serving = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let asked = read_head(&mut client).await;
        let to = asked.strip_prefix("CONNECT ").unwrap().split(' ').next().unwrap();
        let mut server = TcpStream::connect(to).await.unwrap();
        client.write_all(head.as_bytes()).await.unwrap();
        let _ = copy_bidirectional(&mut client, &mut server).await;
        asked
    });
    (port, serving)
}

fn at(port: u16) -> Proxy {
    format!("http://user:secret@127.0.0.1:{port}").parse().unwrap()
}

#[tokio::test]
async fn a_connection_goes_through_a_tunnel() {
    let (server, serving) = echo(Settings::default(), AcceptConnection::new()).await;
    let (port, proxying) = proxy("HTTP/1.0 200 Connection established\r\nVia: test\r\n\r\n").await;
    let connector = Connector::new().with_proxy(at(port)).with_header("User-Agent", "for the server");
    let (mut ws, _) = connector.connect(format!("ws://127.0.0.1:{server}/chat")).await.unwrap();
    assert_eq!(ws.with_stream(|stream| stream.get_ref().peer_addr()).unwrap().port(), port);
    ws.send("Hello").await.unwrap();
    assert_eq!(ws.recv().await.unwrap(), Some("Hello".into()));
    assert!(close(ws).await.clean);
    let (request, _) = serving.await.unwrap().unwrap();
    assert_eq!(request.host(), format!("127.0.0.1:{server}"));
    assert!(!request.headers().contains("Proxy-Authorization"));
    assert_eq!(
        proxying.await.unwrap(),
        format!(
            "CONNECT 127.0.0.1:{server} HTTP/1.1\r\nHost: 127.0.0.1:{server}\r\n\
             Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n"
        )
    );
}

#[tokio::test]
async fn a_proxy_that_refuses_is_told_with_its_status() {
    #[rustfmt::skip]
    let table = [
        ("HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"a\"\r\nContent-Length: 4\r\n\r\nbody", 407, false),
        ("HTTP/1.1 403 No\r\n\r\n",                                                                     403, false),
        ("HTTP/1.1 504 Late\r\n\r\n",                                                                   504, true),
    ];
    for (bytes, status, may_pass) in table {
        let (port, proxying) = answer(bytes).await;
        let outcome = Connector::new().with_proxy(at(port)).connect("ws://example.invalid").await.map(drop);
        let Err(error) = outcome else { panic!("{status}: {outcome:?}") };
        assert_eq!(error.may_pass(), may_pass, "{status}");
        let Error::Proxy(ProxyError::Refused(refusal)) = error else { panic!("{status}: {error:?}") };
        assert_eq!(refusal.status, status);
        assert_eq!(refusal.headers.contains("Proxy-Authenticate"), status == 407);
        proxying.await.unwrap();
    }
}

#[tokio::test]
async fn a_proxy_that_breaks_a_rule_is_told_as_such() {
    let endless = format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "a".repeat(16 << 10));
    for bytes in ["", "HTTP/1.1 200", "SSH-2.0-OpenSSH_9\r\n", "HTTP/1.1 200 OK\n\n", &endless] {
        let (port, proxying) = answer(bytes).await;
        let outcome = Connector::new().with_proxy(at(port)).connect("ws://example.invalid").await.map(drop);
        assert!(
            matches!(&outcome, Err(Error::Proxy(ProxyError::Answer(ResponseError::Head(_))))),
            "{bytes:?}: {outcome:?}"
        );
        proxying.await.unwrap();
    }
}

/// Bytes right after the proxy's answer come from the server; this server answers before it was asked.
#[tokio::test]
async fn bytes_after_the_proxys_answer_belong_to_the_tunnel() {
    let (port, proxying) =
        answer("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 418 Teapot\r\nContent-Length: 3\r\n\r\ntea").await;
    let outcome = Connector::new().with_proxy(at(port)).connect("ws://example.invalid").await.map(drop);
    let Err(Error::Rejected(rejection)) = outcome else { panic!("{outcome:?}") };
    assert_eq!((rejection.status, &rejection.content[..]), (418, &b"tea"[..]));
    proxying.await.unwrap();

    let (port, proxying) = answer("HTTP/1.1 200 OK\r\n\r\nSSH-2.0-OpenSSH_9\r\n").await;
    let outcome = Connector::new().with_proxy(at(port)).connect("ws://example.invalid").await.map(drop);
    assert!(matches!(outcome, Err(Error::Remote(RemoteProtocolError::Response(_)))), "{outcome:?}");
    proxying.await.unwrap();
}

/// The server's name goes to the proxy unchanged, and only the proxy looks it up.
#[tokio::test]
async fn the_proxy_looks_the_name_up() {
    let (port, proxying) = answer("HTTP/1.1 502 Bad Gateway\r\n\r\n").await;
    let outcome =
        Connector::new().with_proxy(at(port)).connect("ws://no-such-name.invalid:81/").await.map(drop);
    assert!(matches!(outcome, Err(Error::Proxy(_))), "{outcome:?}");
    assert!(proxying.await.unwrap().starts_with("CONNECT no-such-name.invalid:81 HTTP/1.1\r\n"));
}
