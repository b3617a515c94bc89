//! `wss://`.

use std::sync::Arc;

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};
use wsproto::Settings;

use crate::{
    connect,
    servers::{answer, echo, serve},
};

/// An echo whose certificate signs itself.
fn secure_echo() -> u16 {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.into()], key)
        .unwrap();
    let acceptor: &'static TlsAcceptor = Box::leak(Box::new(TlsAcceptor::from(Arc::new(config))));
    serve(move |stream| async move {
        let Ok(stream) = acceptor.accept(stream).await else { return };
        let Ok(mut ws) = wsproto_tokio::accept(stream, &Settings::default()).await else { return };
        while let Ok(Some(message)) = ws.recv().await {
            ws.feed(message).await.unwrap();
        }
    })
}

#[test]
fn a_certificate_counts_unless_told_otherwise() {
    let port = secure_echo();
    let url = format!("wss://localhost:{port}/");
    let outcome = connect(&[&url], b"hello\n");
    assert_eq!(outcome.status, 3, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("its certificate isn't trusted"), "{}", outcome.stderr);

    let outcome = connect(&[&url, "--insecure", "--expect", "1", "--wire"], b"hello\n");
    assert_eq!((outcome.status, outcome.text()), (0, "hello\n"), "{}", outcome.stderr);
    assert!(
        outcome.stderr.starts_with("wsproto: --insecure: the certificate isn't checked"),
        "{}",
        outcome.stderr
    );
    // What is shown is what was said under TLS.
    assert!(outcome.stderr.contains("→ GET / HTTP/1.1"), "{}", outcome.stderr);

    let outcome = connect(&[&format!("ws://localhost:{port}/")], b"hello\n");
    assert_eq!(outcome.status, 4, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("this port speaks TLS"), "{}", outcome.stderr);
}

#[test]
fn a_port_without_tls_is_told() {
    #[rustfmt::skip]
    let table = [
        ("our echo",  echo(),                                          "plain HTTP"),
        ("400",       answer(b"HTTP/1.1 400 Bad Request\r\n\r\n", true), "plain HTTP"),
        ("end",       answer(b"", true),                               "plain HTTP"),
    ];
    for (name, port, says) in table {
        let outcome = connect(&[&format!("wss://127.0.0.1:{port}/"), "--insecure", "--timeout", "5"], b"");
        assert_eq!(outcome.status, 3, "{name}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(says), "{name}: {}", outcome.stderr);
    }
}
