//! Certificates for one run: an authority that all are told to trust, and what it signed for servers on loopback.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use tokio_rustls::{
    TlsAcceptor, TlsConnector,
    rustls::{
        self, ClientConfig, RootCertStore, ServerConfig, crypto::CryptoProvider, pki_types::PrivateKeyDer,
    },
};

use crate::installed;

/// What a server and its clients need for TLS.
#[derive(Clone)]
pub(crate) struct Tls {
    /// Has `ca.pem`, and `server.pem` with the certificate and its key.
    pub(crate) folder: PathBuf,
    pub(crate) roots: Arc<RootCertStore>,
    server: ServerConfig,
}

impl Tls {
    /// Makes certificates, and writes them for the peers to read.
    ///
    /// # Errors
    ///
    /// What can't be made or written.
    pub(crate) fn make() -> Result<Self, String> {
        let folder = installed::root().join("target/interop/tls");
        made(&folder).map_err(|error| format!("certificates: {error}"))
    }

    /// What takes a TLS connection, and agrees to these protocols of HTTP.
    pub(crate) fn acceptor(&self, protocols: &[&str]) -> TlsAcceptor {
        let mut config = self.server.clone();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// What makes a TLS connection that trusts these roots, for these protocols of HTTP.
///
/// # Errors
///
/// What rustls can't do.
pub(crate) fn connector(
    roots: &Arc<RootCertStore>,
    protocols: &[&str],
) -> Result<TlsConnector, rustls::Error> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(Arc::clone(roots))
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn made(folder: &Path) -> Result<Tls, Box<dyn std::error::Error>> {
    let mut params = CertificateParams::default();
    // Apart from the name of what it signs, which else would seem to be signed by itself.
    params.distinguished_name.push(DnType::CommonName, "wsproto interop");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

    let mut params = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()])?;
    params.use_authority_key_identifier_extension = true;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &authority)?;

    fs::create_dir_all(folder)?;
    fs::write(folder.join("ca.pem"), authority.pem())?;
    fs::write(folder.join("server.pem"), certificate.pem() + &key.serialize_pem())?;

    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone())?;
    let server = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der())?)?;
    Ok(Tls { folder: folder.canonicalize()?, roots: Arc::new(roots), server })
}
