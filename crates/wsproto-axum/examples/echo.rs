//! Echoes messages, compressed if the client supports it: `ws://127.0.0.1:3000/ws`.

use std::sync::LazyLock;

use axum::{Router, response::Response, routing::any};
use wsproto_axum::{DeflateConfig, Error, Upgraded, WebSocket, WebSocketUpgrade};

/// One for all connections: they share the memory of compression.
static DEFLATE: LazyLock<DeflateConfig> = LazyLock::new(DeflateConfig::default);

async fn upgrade(ws: WebSocketUpgrade) -> Response {
    ws.with_deflate(DEFLATE.clone()).on_upgrade(echo)
}

async fn echo(mut ws: WebSocket<Upgraded>) -> Result<(), Error> {
    while let Some(message) = ws.recv().await? {
        ws.feed(message).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".into());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on ws://{}/ws", listener.local_addr()?);
    axum::serve(listener, Router::new().route("/ws", any(upgrade))).await
}
