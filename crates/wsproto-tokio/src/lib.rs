//! WebSocket connections on tokio: servers and clients over any stream, with deadlines, back-pressure and a clean close.
//!
//! A server that echoes:
//!
//! ```no_run
//! use std::time::Duration;
//! use tokio::net::TcpListener;
//! use wsproto_tokio::{Error, Settings, accept};
//!
//! #[tokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let listener = TcpListener::bind("127.0.0.1:9001").await?;
//!     loop {
//!         // A failed accept must not end the server or keep the processor busy.
//!         let Ok((stream, _)) = listener.accept().await else {
//!             tokio::time::sleep(Duration::from_millis(50)).await; // for example too many open files: that passes
//!             continue;
//!         };
//!         tokio::spawn(async move {
//!             let mut ws = accept(stream, &Settings::default()).await?;
//!             while let Some(message) = ws.recv().await? {
//!                 ws.feed(message).await?;
//!             }
//!             Ok::<(), Error>(())
//!         });
//!     }
//! }
//! ```
//!
//! The protocol itself is [`wsproto`], which does no I/O; this crate reads, writes and keeps time for it.
//!
//! | to | use |
//! |---|---|
//! | accept a connection; look at its request first | [`accept`], [`accept_with`] |
//! | connect; with subprotocols, header fields, a proxy, TLS | [`connect`], [`Connector`] |
//! | receive and send in one task | [`WebSocket`] |
//! | receive and send in two tasks | [`WebSocket::split`] |
//! | set deadlines, keepalive, limits, compression | [`Settings`] |
//! | end all connections in order | [`Shutdown`] |
//! | take over an upgrade of hyper, HTTP/2 as well | the feature `hyper` |
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `deflate` | on | permessage-deflate |
//! | `hyper` | off | servers and clients over connections of hyper: upgrades of HTTP/1.1, extended CONNECTs of HTTP/2 |
//! | `idna` | off | host names beyond ASCII |
//! | `rustls` | off | `wss://` for clients, by ring and with Mozilla's roots, unless others are chosen |
//! | `simd` | off | uses more instructions of the processor, found at run time |
//! | `tracing` | off | logs handshakes, changes of state and broken rules: lengths and opcodes, never payloads |
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

mod accept;
mod access;
mod connect;
mod error;
#[cfg(feature = "hyper")]
pub mod hyper;
mod parties;
mod pool;
mod pump;
mod replies;
mod shutdown;
mod split;
mod stream_sink;
mod trace;
mod web_socket;

#[cfg(feature = "rustls")]
pub use tokio_rustls::rustls;
#[cfg(feature = "deflate")]
pub use wsproto::DeflateConfig;
pub use wsproto::{
    self, AcceptConnection, AdapterError as Error, Asked, Bytes, BytesMessage, CloseCode, CloseConnection,
    CloseReport, Config, Counters, Deadline, Event, Headers, KeepAlive, Message, Ping, Pong, PreparedMessage,
    RejectConnection, Request, Settings, Side, TextMessage, Timeouts,
};

pub use self::{
    accept::{Incoming, accept, accept_with},
    connect::{Connector, MaybeTls, connect},
    replies::Replies,
    shutdown::{Shutdown, ShutdownReport},
    split::{Receiver, Sender},
    web_socket::WebSocket,
};
