//! TLS with a certificate that signs itself, over which HTTP/2 is spoken, too.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc, time::Duration};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use super::{
    assets,
    guard::named,
    http1::{self, Opener},
    http2,
    listener::{self, Transport},
    site::Site,
};
use crate::exit::{Failure, Status};

/// How long TLS may take to be agreed on.
const PATIENCE: Duration = Duration::from_secs(10);

/// What begins each connection of TLS: a record with a handshake.
const HANDSHAKE_RECORD: u8 = 0x16;

/// The answer to HTTP without TLS.
const SPEAKS_TLS: &str = "This port speaks TLS: use https:// here.\n";

/// Makes a certificate for this machine, the address that the server listens on, and these hosts.
pub(super) fn transport(listen: IpAddr, hosts: &[String]) -> Result<Transport, Failure> {
    let names = ["localhost", "127.0.0.1", "::1"].into_iter().map(String::from);
    let listen = Some(listen.to_string()).filter(|_| !listen.is_unspecified());
    let names: BTreeSet<String> = names.chain(listen).chain(hosts.iter().map(|host| named(host))).collect();
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(Status::Local, format_args!("can't make a certificate: {error}"))
    };
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(Vec::from_iter(names)).map_err(|error| failed(&error))?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?
        .with_no_client_auth()
        .with_single_cert(vec![cert.into()], key)
        .map_err(|error| failed(&error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Transport::Tls(TlsAcceptor::from(Arc::new(config))))
}

/// Serves a connection to its end.
pub(super) async fn serve(site: &Arc<Site>, stream: TcpStream, acceptor: TlsAcceptor) {
    let mut first = [0];
    let Ok(Ok(1)) = timeout(PATIENCE, stream.peek(&mut first)).await else { return };
    if first != [HANDSHAKE_RECORD] {
        return listener::dismiss(stream, &assets::unasked("400 Bad Request", SPEAKS_TLS)).await;
    }
    let Ok(Ok(stream)) = timeout(PATIENCE, acceptor.accept(stream)).await else { return };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        http2::serve(site, stream).await;
    } else {
        // What a peer does wrong it is told; there is nobody else to tell.
        drop(http1::serve(site, stream, Opener::Client).await);
    }
}
