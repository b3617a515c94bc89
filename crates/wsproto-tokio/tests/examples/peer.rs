//! A client for the examples' servers.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use wsproto_tokio::{CloseCode, Config, Connector, DeflateConfig, Settings, WebSocket};

/// Connects over a stream to a server; offers compression.
pub(crate) async fn connect<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> WebSocket<S> {
    let settings = Settings::new(Config::default().with_extension(DeflateConfig::default()));
    Connector::new().with_settings(settings).connect_over(stream, "ws://localhost/").await.unwrap().0
}

/// Listens on a free port.
pub(crate) async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A close code for private use.
pub(crate) fn own_code() -> CloseCode {
    CloseCode::new(4001).unwrap()
}
