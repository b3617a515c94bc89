//! A page over HTTP/2 and TLS, and its WebSocket on the same connection: `https://localhost:3443/`.
//!
//! The certificate is self-signed and new at each start; browsers warn about it.

use std::sync::{Arc, LazyLock};

use axum::{Router, response::Html, response::Response, routing::any, routing::get};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::{server::conn::auto, service::TowerToHyperService};
use tokio::net::TcpListener;
use tokio_rustls::{TlsAcceptor, rustls};
use wsproto_axum::wsproto_tokio::hyper::{CONNECTION_WINDOW, STREAM_WINDOW};
use wsproto_axum::{DeflateConfig, Error, Rejection, Upgraded, WebSocket, WebSocketUpgrade};

/// One for all connections: they share the memory of compression.
static DEFLATE: LazyLock<DeflateConfig> = LazyLock::new(DeflateConfig::default);

const PAGE: &str = "<!doctype html><title>Echo</title><pre></pre><script>
const ws = new WebSocket(`wss://${location.host}/ws`), [pre] = document.getElementsByTagName('pre');
ws.onopen = () => { ws.send('Hello'); ws.send('na '.repeat(5000)); ws.send(new Uint8Array(70000)); };
ws.onmessage = ({data}) => {
    pre.append(`${typeof data} ${data.length ?? data.size}\\n`);
    if (typeof data != 'string') ws.close(4001, 'bye');
};
ws.onclose = ({code, wasClean}) => pre.append(`closed ${code} ${wasClean} ${ws.extensions} ${
    performance.getEntriesByType('navigation')[0].nextHopProtocol}\\n`);
</script>";

async fn upgrade(ws: WebSocketUpgrade) -> Result<Response, Rejection> {
    Ok(ws.allow_same_host()?.with_deflate(DEFLATE.clone()).on_upgrade(echo))
}

async fn echo(mut ws: WebSocket<Upgraded>) -> Result<(), Error> {
    while let Some(message) = ws.recv().await? {
        ws.feed(message).await?;
    }
    Ok(())
}

fn tls() -> Result<TlsAcceptor, Box<dyn std::error::Error>> {
    let made = rcgen::generate_simple_self_signed(["localhost".into(), "127.0.0.1".into()])?;
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.into()], key.into())?;
    config.alpn_protocols = vec!["h2".into(), "http/1.1".into()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = Router::new().route("/", get(async || Html(PAGE))).route("/ws", any(upgrade));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // All streams share the connection's window: an unread stream must not fill it.
    builder
        .http2()
        .enable_connect_protocol()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);

    let (tls, address) = (tls()?, std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3443".into()));
    let listener = TcpListener::bind(address).await?;
    println!("listening on https://localhost:{}/", listener.local_addr()?.port());
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await; // for example too many open files
            continue;
        };
        let (tls, builder, service) = (tls.clone(), builder.clone(), TowerToHyperService::new(app.clone()));
        tokio::spawn(async move {
            let stream = tls.accept(stream).await?;
            let served = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
            served.map_err(std::io::Error::other)
        });
    }
}
