//! WebSockets over the streams of hyper: after an upgrade of HTTP/1.1, or an extended CONNECT of HTTP/2.
//!
//! A server uses [`Upgrade`], a client [`ClientUpgrade`]. In a service of hyper:
//!
//! ```
//! use hyper::{Request, Response, body::Incoming};
//! use wsproto_tokio::{AcceptConnection, Settings, hyper::{Upgrade, UpgradeError}};
//!
//! async fn echo(mut request: Request<Incoming>) -> Result<Response<Vec<u8>>, UpgradeError> {
//!     let (response, upgrading) =
//!         Upgrade::new(&mut request, &Settings::default())?.accept(AcceptConnection::new())?;
//!     tokio::spawn(async move {
//!         let mut ws = upgrading.await?; // once the response is sent
//!         while let Some(message) = ws.recv().await? {
//!             ws.feed(message).await?;
//!         }
//!         Ok::<(), wsproto_tokio::Error>(())
//!     });
//!     Ok(response)
//! }
//!
//! async fn service(request: Request<Incoming>) -> Response<Vec<u8>> {
//!     echo(request).await.unwrap_or_else(|error| error.explained().into_response())
//! }
//! ```
//!
//! The body of a response is bytes: `response.map(http_body_util::Full::from)` turns it into a body that hyper sends. A
//! connection of HTTP/1.1 must be served `with_upgrades()`.
//!
//! # HTTP/2
//!
//! A server must enable it: call `enable_connect_protocol()` of hyper's builder, which is off by default. The server
//! must also choose its windows. All streams of a connection share one window, and a WebSocket that isn't read fills a
//! part of it. With hyper's defaults, the window of one stream is as large as that of the connection. Then one unread
//! WebSocket stops all other streams of the same browser, and its pages. [`STREAM_WINDOW`] and [`CONNECTION_WINDOW`]
//! leave room for each of the 200 streams that hyper allows at a time:
//!
//! ```
//! use hyper::server::conn::http2;
//! use hyper_util::rt::TokioExecutor;
//! use wsproto_tokio::hyper::{CONNECTION_WINDOW, STREAM_WINDOW};
//!
//! let mut http2 = http2::Builder::new(TokioExecutor::new());
//! http2
//!     .enable_connect_protocol()
//!     .initial_stream_window_size(STREAM_WINDOW)
//!     .initial_connection_window_size(CONNECTION_WINDOW);
//! ```
//!
//! hyper also counts unread frames. With this window, it closes a connection with about 35 000 small unread messages
//! (`ENHANCE_YOUR_CALM`); with its default window, one with 2 000. So read on, or close.
//!
//! After the closing handshake, a stream ends as RFC 8441 [§5](https://www.rfc-editor.org/rfc/rfc8441#section-5) says:
//! `END_STREAM` replaces the end of a TCP connection. hyper doesn't let a program reset a stream. So a dropped
//! WebSocket ends with `END_STREAM`, too, and its peer sees that no Close came. A stream that the peer resets with
//! CANCEL or `NO_ERROR` looks like a stream that ended; with another code, reading and writing fail.

mod client;
mod server;
mod upgraded;
mod upgrading;

pub use self::{
    client::{ClientUpgrade, connect_enabled},
    server::{Upgrade, UpgradeError},
    upgraded::Upgraded,
    upgrading::Upgrading,
};

/// A window for each stream of HTTP/2, in bytes: at most so many unread bytes of a WebSocket are under way.
///
/// It is the initial window of HTTP/2
/// (RFC 9113 [§6.5.2](https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2)).
pub const STREAM_WINDOW: u32 = 65_535;

/// A window for each connection of HTTP/2, in bytes: the unread bytes of 256 streams fit into it.
///
/// hyper allows 200 streams at a time. If you allow more, multiply.
pub const CONNECTION_WINDOW: u32 = 256 * STREAM_WINDOW;
