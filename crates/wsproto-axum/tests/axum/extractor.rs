//! The extractor before the answer: its values and its choices.

use axum::extract::FromRequestParts;
use wsproto_axum::{Rejection, WebSocketUpgrade, wsproto_tokio::wsproto::OriginError};

/// Runs the extractor on a request with these fields, in a server that has no stream for it.
async fn extract(fields: &[(&str, &str)]) -> Result<WebSocketUpgrade, Rejection> {
    let request = fields
        .iter()
        .fold(axum::http::Request::get("/chat"), |request, (name, value)| request.header(*name, *value));
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    WebSocketUpgrade::from_request_parts(&mut parts, &()).await
}

#[tokio::test]
async fn rejections_can_be_matched_and_have_a_status() {
    let asks = [
        ("host", "a"),
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let rejection = extract(&asks).await.unwrap_err();
    assert_eq!(rejection, Rejection::NotUpgradable);
    assert_eq!(rejection.status(), 500);
    let rejection = extract(&asks[..1]).await.unwrap_err();
    assert!(matches!(rejection, Rejection::Handshake(_)), "{rejection}");
    assert_eq!(rejection.status(), 426);
    assert_eq!(rejection.to_string(), "request without Connection: upgrade");
    assert_eq!(Rejection::from(OriginError::Foreign).status(), 403);
}
