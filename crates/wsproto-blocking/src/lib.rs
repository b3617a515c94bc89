//! WebSocket ([RFC 6455](https://www.rfc-editor.org/rfc/rfc6455)) over blocking streams, with deadlines.
//!
//! [`accept`] is a server's side, [`connect`] a client's; both give a [`WebSocket`], which has
//! [`read`](WebSocket::read), [`send`](WebSocket::send) and [`close`](WebSocket::close). Pings and Close are answered, a
//! broken rule, too. All protocol is [`wsproto`]'s, which this crate drives.
//!
//! An echo server, one thread for each connection:
//!
//! ```no_run
//! use std::{net::TcpListener, thread, time::Duration};
//! use wsproto_blocking::{Error, Settings, accept};
//!
//! let (listener, settings) = (TcpListener::bind("127.0.0.1:9001")?, Settings::default());
//! for stream in listener.incoming() {
//!     let Ok(stream) = stream else {
//!         thread::sleep(Duration::from_millis(50)); // too many open files, say: that passes
//!         continue;
//!     };
//!     let settings = settings.clone();
//!     thread::spawn(move || -> Result<(), Error> {
//!         let mut ws = accept(stream, settings)?;
//!         while let Some(message) = ws.read()? {
//!             ws.feed(message)?; // written by the read that would wait: once for each read
//!         }
//!         Ok(())
//!     });
//! }
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! | to | use |
//! |---|---|
//! | look at the request: subprotocol, origin, path, a health check | [`accept_with`] |
//! | connect with subprotocols, header fields, limits, compression, a proxy | [`Connector`] |
//! | speak over TLS | [`Layered`], [`Connector::connect_over`] |
//! | speak over a stream that has no time-outs | [`NoTimeouts`] |
//! | limit how long things take, and find dead peers | [`Settings`], [`Timeouts`] |
//! | receive without a copy | [`WebSocket::next`] |
//! | wait for a message no longer than so long | [`WebSocket::read_for`] |
//! | send and receive in two threads | [`WebSocket::split`] |
//!
//! # Deadlines
//!
//! A deadline is one budget for a whole operation: connecting with the opening handshake, the closing handshake with the
//! end of the stream. Before each call that blocks, what is left of it is set as the stream's time-out. An
//! [`Error::TimedOut`] names the step. Keepalive works inside of calls that read; it begins anew with each byte that
//! comes, and before a peer is given up one more read is tried.
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

mod client;
mod link;
mod proxy;
mod server;
mod split;
mod stream;
mod time;
mod web_socket;

#[cfg(feature = "deflate")]
pub use wsproto::DeflateConfig;
pub use wsproto::{
    self, AcceptConnection, AdapterError as Error, Asked, Bytes, BytesMessage, CloseCode, CloseConnection,
    CloseReport, Config, Connection, Counters, Deadline, Event, Headers, KeepAlive, Message, Ping, Pong,
    PreparedMessage, Proxy, RejectConnection, Request, Settings, Side, TextMessage, Timeouts, WebSocketUrl,
    check_origin, check_same_host,
};

pub use self::{
    client::{Connector, connect},
    server::{accept, accept_with},
    split::{Reader, Writer},
    stream::{CloneStream, Layered, NoTimeouts, Stream},
    web_socket::WebSocket,
};
