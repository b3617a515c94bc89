//! WebSockets over the streams that hyper leaves to them: an upgrade of HTTP/1.1, or an extended CONNECT of HTTP/2.
//!
//! A server's half is [`Upgrade`], a client's is [`ClientUpgrade`]. In a service of hyper:
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
//! A response's body is bytes: `response.map(http_body_util::Full::from)` makes a body of it that hyper sends. A
//! connection of HTTP/1.1 must be served `with_upgrades()`.
//!
//! # HTTP/2
//!
//! A server has to offer it: `enable_connect_protocol()` of hyper's builder, which is off by default. And it has to
//! choose its windows. All streams of a connection share one window, and a WebSocket that isn't read for a while keeps
//! what it doesn't read in it. With hyper's defaults, where the window of one stream is as large as that of the
//! connection, one such WebSocket stops all others of the same browser, and its pages. [`STREAM_WINDOW`] and
//! [`CONNECTION_WINDOW`] leave room for each of the 200 streams that hyper allows at a time:
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
//! hyper counts the frames that wait to be read, too: with this window, it closes a connection on which some 35 000 small
//! messages are unread (`ENHANCE_YOUR_CALM`), and with its own window one with 2 000. So read on, or close.
//!
//! A stream ends as RFC 8441 [§5](https://www.rfc-editor.org/rfc/rfc8441#section-5) says where the closing handshake is
//! done: `END_STREAM` stands for the end of a TCP connection. hyper lets nobody reset a stream: a WebSocket that is dropped
//! ends with `END_STREAM`, too, and its peer sees that no Close came. A stream that the peer resets with CANCEL or `NO_ERROR`
//! looks like one that ended; with another code, reading and writing fail.

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

/// The page of the documentation, whose blocks run as tests.
#[cfg(all(doctest, feature = "deflate"))]
#[doc = include_str!("../../../docs/hyper.md")]
struct Page;

/// A window for each stream of HTTP/2, in bytes: so much of a WebSocket that isn't read is under way at most.
///
/// It is the one that HTTP/2 itself begins with
/// (RFC 9113 [§6.5.2](https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2)).
pub const STREAM_WINDOW: u32 = 65_535;

/// A window for each connection of HTTP/2, in bytes: 256 streams fill theirs before it is full.
///
/// hyper allows 200 streams at a time. Who allows more, multiplies.
pub const CONNECTION_WINDOW: u32 = 256 * STREAM_WINDOW;
