//! WebSockets in [axum](https://docs.rs/axum): an extractor in place of axum's `ws`.
//!
#![cfg_attr(feature = "deflate", doc = "```")]
#![cfg_attr(not(feature = "deflate"), doc = "```ignore")]
//! use std::sync::LazyLock;
//!
//! use axum::{Router, response::Response, routing::any};
//! use wsproto_axum::{DeflateConfig, Error, Upgraded, WebSocket, WebSocketUpgrade};
//!
//! /// One for all connections: they share the memory of compression.
//! static DEFLATE: LazyLock<DeflateConfig> = LazyLock::new(DeflateConfig::default);
//!
//! async fn upgrade(ws: WebSocketUpgrade) -> Response {
//!     ws.with_deflate(DEFLATE.clone()).on_upgrade(echo)
//! }
//!
//! async fn echo(mut ws: WebSocket<Upgraded>) -> Result<(), Error> {
//!     while let Some(message) = ws.recv().await? {
//!         ws.feed(message).await?;
//!     }
//!     Ok(())
//! }
//!
//! // any, not get: over HTTP/2 a WebSocket uses CONNECT.
//! let app: Router = Router::new().route("/ws", any(upgrade));
//! ```
//!
//! It adds to axum's extractor: compression, a check of [origins](WebSocketUpgrade::allow_origins),
//! [rejections](Rejection) that name the broken rule, deadlines, and keepalive. Its
//! [shutdown](WebSocketUpgrade::with_shutdown) closes all WebSockets with 1001 and waits for them. Every closing
//! handshake goes to its end, and an idle connection holds no buffer. The [`WebSocket`] is the one of
//! [`wsproto_tokio`].
//!
//! # HTTP/2
//!
//! `axum::serve` with axum's feature `http2` offers WebSockets over HTTP/2, but there all streams of a browser share
//! one window: an unread stream can stop the others. A server that is built from hyper's parts can choose its windows,
//! as the example [`http2_tls`] does; [`wsproto_tokio::hyper`] says more.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `deflate` | on | permessage-deflate |
//!
//! [`http2_tls`]: https://docs.rs/crate/wsproto-axum/latest/source/examples/http2_tls.rs
#![cfg_attr(docsrs, feature(doc_cfg))]
// No byte of a peer may cause a panic; tests may panic.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

#[cfg(all(doctest, feature = "deflate"))]
#[doc = include_str!("../README.md")]
struct Readme;

mod rejection;
mod upgrade;

#[cfg(feature = "deflate")]
pub use wsproto_tokio::DeflateConfig;
pub use wsproto_tokio::{
    self, CloseCode, CloseReport, Config, Error, KeepAlive, Message, Settings, Shutdown, Timeouts, WebSocket,
    hyper::Upgraded,
};

pub use self::{rejection::Rejection, upgrade::WebSocketUpgrade};
