//! `wss://` with a self-signed certificate: a server, and a client that trusts only this certificate.
//!
//! ```text
//! cargo run --example tls --features rustls
//! ```

use std::{error::Error, sync::Arc};

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use wsproto_tokio::{
    CloseCode, Connector, Settings, accept,
    rustls::{RootCertStore, ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

type AnyError = Box<dyn Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), AnyError> {
    println!("{}", run().await?);
    Ok(())
}

pub(crate) async fn run() -> Result<String, AnyError> {
    let own = generate_simple_self_signed(["localhost".to_owned()])?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("wss://localhost:{}/", listener.local_addr()?.port());
    let serving = tokio::spawn(serve(listener, acceptor(&own)?));

    let mut roots = RootCertStore::empty();
    roots.add(own.cert.der().clone())?;
    let (mut ws, _) = Connector::new().with_roots(roots).connect(url).await?;
    let version =
        ws.with_stream(|stream| stream.tls().and_then(|tls| tls.protocol_version())).ok_or("no TLS")?;
    ws.send("Hello").await?;
    let answer = ws.recv().await?.ok_or("closed")?;
    ws.close(CloseCode::NORMAL, "").await?;
    drop(ws);
    serving.await??;
    Ok(format!("{} over {version:?}", answer.as_text().ok_or("no text")?))
}

/// Serves one client: TLS, then the opening handshake, then an echo.
async fn serve(listener: TcpListener, acceptor: TlsAcceptor) -> Result<(), AnyError> {
    let (stream, _) = listener.accept().await?;
    let mut ws = accept(acceptor.accept(stream).await?, &Settings::default()).await?;
    while let Some(message) = ws.recv().await? {
        ws.feed(message).await?;
    }
    Ok(())
}

/// Makes the server's configuration of TLS. It offers only `http/1.1`, so that no client speaks HTTP/2.
fn acceptor(own: &CertifiedKey<KeyPair>) -> Result<TlsAcceptor, AnyError> {
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der())?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
