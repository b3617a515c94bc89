//! TLS for `wss://`, with rustls.
//!
//! The cryptography is that of ring, whatever default a program sets for its process, and whatever features of rustls
//! other dependencies enable. The roots are Mozilla's, compiled in: no file and no environment variable decides which
//! servers are trusted.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{self, ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName},
};

use crate::Error;

const HTTP_1_1: &[u8] = b"http/1.1";

/// The TLS configuration for one server.
pub(super) struct Client {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl Client {
    /// Uses the caller's configuration, or the default.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where the configuration is invalid, or the host can't be a name in a certificate.
    pub(super) fn new(
        config: Option<&Result<Arc<ClientConfig>, rustls::Error>>,
        host: &str,
    ) -> Result<Self, Error> {
        let config = config.map_or_else(default_config, Clone::clone).map_err(io::Error::other)?;
        // The zone of an address has a meaning only on this machine.
        let (host, _zone) = host.split_once('%').unwrap_or((host, ""));
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        Ok(Self { config, name })
    }

    /// Does the TLS handshake over a stream.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where TLS fails, or the server chose a protocol other than HTTP/1.1.
    pub(super) async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
        self,
        io: S,
    ) -> Result<TlsStream<S>, Error> {
        let stream = TlsConnector::from(self.config).connect(self.name, io).await?;
        match stream.get_ref().1.alpn_protocol() {
            None | Some(HTTP_1_1) => Ok(stream),
            Some(_) => {
                let why = "the server chose a protocol other than http/1.1 in ALPN";
                Err(io::Error::new(io::ErrorKind::InvalidData, why).into())
            }
        }
    }
}

/// Makes the default configuration with these roots.
pub(super) fn config(roots: Arc<RootCertStore>) -> Result<Arc<ClientConfig>, rustls::Error> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![HTTP_1_1.to_vec()];
    Ok(Arc::new(config))
}

/// Returns the default configuration; all connections share it, so that they can resume TLS sessions.
fn default_config() -> Result<Arc<ClientConfig>, rustls::Error> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = config(Arc::new(roots))?;
    Ok(Arc::clone(CONFIG.get_or_init(|| config)))
}
