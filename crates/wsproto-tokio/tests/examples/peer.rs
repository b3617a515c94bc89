//! A client for the examples' servers.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use wsproto_tokio::{CloseCode, Config, Connector, DeflateConfig, Settings, WebSocket};

/// Connects over a stream on which a server listens; it offers to compress.
pub(crate) async fn connect<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> WebSocket<S> {
    let settings = Settings::new(Config::default().with_extension(DeflateConfig::default()));
    Connector::new().with_settings(settings).connect_over(stream, "ws://localhost/").await.unwrap().0
}

/// Listens on a port that is free.
pub(crate) async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A code of an application's own.
pub(crate) fn own_code() -> CloseCode {
    CloseCode::new(4001).unwrap()
}
