//! `wss://` with rustls, against a rustls server with a self-signed certificate.

use std::{io, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use wsproto_tokio::{
    AcceptConnection, CloseCode, Connector, Error, MaybeTls, Settings, WebSocket,
    rustls::{self, ClientConfig, RootCertStore, ServerConfig, pki_types::PrivateKeyDer},
    wsproto::{Config, Connection, ReadBuffer},
};

use crate::{
    proxy::proxy,
    server::{close, echo_over, listener},
};

/// A server's side of TLS, and the roots that trust it.
struct Certificate {
    acceptor: TlsAcceptor,
    roots: RootCertStore,
}

fn certificate(alpn: &[&[u8]]) -> Certificate {
    certificate_for(&["localhost", "127.0.0.1"], alpn)
}

fn certificate_for(names: &[&str], alpn: &[&[u8]]) -> Certificate {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let own = rcgen::generate_simple_self_signed(names).unwrap();
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let mut roots = RootCertStore::empty();
    roots.add(own.cert.der().clone()).unwrap();
    Certificate { acceptor: TlsAcceptor::from(Arc::new(config)), roots }
}

/// Serves one client over TLS with `serve`.
async fn serve<T: Send + 'static, F: Future<Output = T> + Send>(
    certificate: &Certificate,
    serve: impl FnOnce(TlsStream<TcpStream>) -> F + Send + 'static,
) -> (u16, JoinHandle<io::Result<T>>) {
    let (listener, port) = listener().await;
    let acceptor = certificate.acceptor.clone();
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        Ok(serve(acceptor.accept(stream).await?).await)
    });
    (port, serving)
}

async fn echo(stream: TlsStream<TcpStream>) -> Option<Vec<u8>> {
    let alpn = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
    let (_, report) = echo_over(stream, &Settings::default(), AcceptConnection::new()).await.unwrap();
    assert!(report.clean, "{report:?}");
    alpn
}

async fn greet(mut ws: WebSocket<MaybeTls>) {
    ws.with_stream(|stream| {
        assert!(stream.tls().is_some_and(|tls| tls.peer_certificates().is_some()));
        assert!(stream.get_ref().nodelay().unwrap());
    });
    let long = "x".repeat(100_000);
    ws.send(long.clone()).await.unwrap();
    assert_eq!(ws.recv().await.unwrap(), Some(long.into()));
    let report = close(ws).await;
    assert!(report.clean, "{report:?}");
}

#[tokio::test]
async fn wss_with_chosen_roots_offers_http_1_1() {
    let certificate = certificate(&[b"h2", b"http/1.1"]);
    let connector = Connector::new().with_roots(certificate.roots.clone());
    for host in ["localhost", "127.0.0.1"] {
        let (port, serving) = serve(&certificate, echo).await;
        let (ws, _) = connector.connect(format!("wss://{host}:{port}/chat")).await.unwrap();
        greet(ws).await;
        assert_eq!(serving.await.unwrap().unwrap().as_deref(), Some(&b"http/1.1"[..]), "{host}");
    }
}

#[tokio::test]
async fn wss_goes_through_a_tunnel() {
    let certificate = certificate(&[]);
    let (server, serving) = serve(&certificate, echo).await;
    let (port, proxying) = proxy("HTTP/1.1 200 OK\r\n\r\n").await;
    let proxy = format!("http://127.0.0.1:{port}").parse().unwrap();
    let connector = Connector::new().with_roots(certificate.roots).with_proxy(proxy);
    let (ws, _) = connector.connect(format!("wss://localhost:{server}/")).await.unwrap();
    greet(ws).await;
    assert_eq!(serving.await.unwrap().unwrap(), None);
    assert!(proxying.await.unwrap().starts_with(&format!("CONNECT localhost:{server} HTTP/1.1\r\n")));
}

/// An untrusted certificate and a wrong name are refused; a further attempt makes no sense.
#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_refused() {
    let certificate = certificate_for(&["localhost"], &[]);
    let trusting = Connector::new().with_roots(certificate.roots.clone());
    #[rustfmt::skip]
    let table = [
        ("roots by default", Connector::new(), "localhost"),
        ("no roots",         Connector::new().with_roots(RootCertStore::empty()), "localhost"),
        ("another name",     trusting, "127.0.0.1"),
    ];
    for (name, connector, host) in table {
        let (port, serving) = serve(&certificate, echo).await;
        let outcome = connector.connect(format!("wss://{host}:{port}")).await.map(drop);
        let Err(error) = outcome else { panic!("{name}") };
        assert!(!error.may_pass(), "{name}: {error:?}");
        let Error::Io(error) = error else { panic!("{name}: {error:?}") };
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{name}");
        assert!(serving.await.unwrap().is_err(), "{name}");
    }
}

fn own_config(roots: RootCertStore, alpn: &[u8]) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    Arc::new(config)
}

#[tokio::test]
async fn a_configuration_of_ones_own_is_used_and_http_2_is_no_protocol_of_ours() {
    let certificate = certificate(&[b"h2", b"http/1.1"]);
    let (port, serving) = serve(&certificate, echo).await;
    let config = own_config(certificate.roots.clone(), b"http/1.1");
    let (ws, _) =
        Connector::new().with_rustls(config).connect(format!("wss://localhost:{port}")).await.unwrap();
    greet(ws).await;
    serving.await.unwrap().unwrap();

    let (port, serving) = serve(&certificate, |_| async {}).await;
    let config = own_config(certificate.roots, b"h2");
    let outcome =
        Connector::new().with_rustls(config).connect(format!("wss://localhost:{port}")).await.map(drop);
    let Err(Error::Io(error)) = outcome else { panic!("{outcome:?}") };
    assert!(error.kind() == io::ErrorKind::InvalidData && error.to_string().contains("ALPN"), "{error}");
    serving.await.unwrap().unwrap();
}

/// Other code of the process may set another provider as the default; this one supports nothing.
#[tokio::test]
async fn the_default_of_the_process_is_not_trusted() {
    let mut nothing = rustls::crypto::ring::default_provider();
    nothing.cipher_suites.clear();
    // Another test may have set it first; no test sets one that works.
    let _ = nothing.install_default();
    let certificate = certificate(&[]);
    let (port, serving) = serve(&certificate, echo).await;
    let connector = Connector::new().with_roots(certificate.roots);
    let (ws, _) = connector.connect(format!("wss://localhost:{port}")).await.unwrap();
    greet(ws).await;
    serving.await.unwrap().unwrap();
}

/// Opens a connection on the server's side by hand: it says "Hello", answers a Close if asked to, and ends TCP without
/// an end of TLS.
async fn rude(mut stream: TlsStream<TcpStream>, answers_close: bool) {
    let mut server = Connection::server(Config::default());
    let mut buffer = ReadBuffer::messages();
    let mut is_done = false;
    while !is_done {
        let len = stream.read(buffer.room()).await.unwrap();
        assert!(len > 0, "the client waits");
        buffer.filled(len);
        let mut out = Vec::new();
        while let Some(event) = server.receive_from(&mut buffer).unwrap() {
            match event {
                wsproto_tokio::Event::Request(_) => {
                    server.send(AcceptConnection::new(), &mut out).unwrap();
                    server.send(wsproto_tokio::TextMessage::new("Hello"), &mut out).unwrap();
                    is_done = !answers_close;
                }
                event => {
                    server.reply(&event, &mut out).unwrap();
                    is_done = true;
                }
            }
        }
        stream.write_all(&out).await.unwrap();
        stream.flush().await.unwrap();
    }
    let (mut tcp, _) = stream.into_inner();
    tcp.shutdown().await.unwrap();
    // The client may send more; closing before its end would reset the connection.
    let _ = tcp.read_to_end(&mut Vec::new()).await;
}

#[tokio::test]
async fn tls_that_ends_without_close_notify_is_fine_after_both_closes() {
    let certificate = certificate(&[]);
    let (port, serving) = serve(&certificate, |stream| rude(stream, true)).await;
    let connector = Connector::new().with_roots(certificate.roots);
    let (mut ws, _) = connector.connect(format!("wss://localhost:{port}")).await.unwrap();
    assert_eq!(ws.recv().await.unwrap(), Some("Hello".into()));
    let report = close(ws).await;
    assert!(report.clean, "{report:?}");
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn tls_that_ends_without_close_notify_is_an_abnormal_end_before() {
    let certificate = certificate(&[]);
    let (port, serving) = serve(&certificate, |stream| rude(stream, false)).await;
    let connector = Connector::new().with_roots(certificate.roots);
    let (mut ws, _) = connector.connect(format!("wss://localhost:{port}")).await.unwrap();
    assert_eq!(ws.recv().await.unwrap(), Some("Hello".into()));
    let outcome = ws.recv().await;
    assert!(
        matches!(&outcome, Err(Error::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof),
        "{outcome:?}"
    );
    let report = ws.close_report();
    assert!(!report.clean && report.code() == CloseCode::ABNORMAL, "{report:?}");
    drop(ws);
    serving.await.unwrap().unwrap();
}

/// Names that can't stand in a certificate are refused before any connection.
#[tokio::test]
async fn a_name_that_no_certificate_can_have_is_refused() {
    let outcome = Connector::new().connect("wss://a..b/").await.map(drop);
    let Err(Error::Io(error)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
}
