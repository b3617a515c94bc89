//! WebSocket ([RFC 6455](https://www.rfc-editor.org/rfc/rfc6455)) over blocking streams, with deadlines.
//!
//! [`accept`] is for a server, [`connect`] for a client. Both return a [`WebSocket`], which has
//! [`read`](WebSocket::read), [`send`](WebSocket::send) and [`close`](WebSocket::close). Pings, Close and broken rules
//! are answered. This crate drives [`wsproto`], which has the whole protocol.
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
//!         thread::sleep(Duration::from_millis(50)); // for example too many open files: that passes
//!         continue;
//!     };
//!     let settings = settings.clone();
//!     thread::spawn(move || -> Result<(), Error> {
//!         let mut ws = accept(stream, settings)?;
//!         while let Some(message) = ws.read()? {
//!             ws.feed(message)?; // a read that would wait writes it: one write for each read
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
//! | speak over a stream without time-outs | [`NoTimeouts`] |
//! | set deadlines, and find dead peers | [`Settings`], [`Timeouts`] |
//! | receive without a copy | [`WebSocket::next`] |
//! | wait for a message for a limited time | [`WebSocket::read_for`] |
//! | send and receive in two threads | [`WebSocket::split`] |
//!
//! # Deadlines
//!
//! A deadline is one budget for a whole operation: connecting together with the opening handshake, or the closing
//! handshake together with the end of the stream. Before each call that blocks, the rest of the budget is set as the
//! stream's time-out. [`Error::TimedOut`] names the step. Keepalive works within calls that read. Its time begins again
//! with each byte that comes, and one more read is tried before a peer counts as dead.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `deflate` | on | permessage-deflate |
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
mod reading;
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
