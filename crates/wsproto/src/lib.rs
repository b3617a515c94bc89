//! A WebSocket connection without I/O: the peer's bytes go in and events come out; events of yours go in and bytes for
//! the peer come out ([RFC 6455](https://www.rfc-editor.org/rfc/rfc6455),
//! [RFC 7692](https://www.rfc-editor.org/rfc/rfc7692)).
//!
//! There is no socket, no clock and no runtime in here. [`WsConnection`] speaks from the first byte of HTTP,
//! [`Connection`] from the first frame. Payloads are unmasked where they lie in your read buffer and handed out as slices
//! of it.
//!
//! ```no_run
//! use std::io::{Read, Write};
//! use wsproto::{AcceptConnection, Config, Event, Transport, WsConnection};
//!
//! fn echo(mut stream: std::net::TcpStream) -> Result<(), Box<dyn std::error::Error>> {
//!     let mut ws = WsConnection::server(Config::default());
//!     let (mut buffer, mut out) = (vec![0; 64 << 10], Vec::new());
//!     while ws.transport() == Transport::KeepOpen {
//!         let n = stream.read(&mut buffer)?;
//!         if n == 0 {
//!             ws.receive_eof()?;
//!         }
//!         let mut input = &mut buffer[..n];
//!         loop {
//!             match ws.receive(&mut input) {
//!                 Ok(Some(Event::Request(_))) => ws.send(AcceptConnection::new(), &mut out)?,
//!                 Ok(Some(Event::TextMessage(message))) => ws.send(message, &mut out)?,
//!                 Ok(Some(Event::BytesMessage(message))) => ws.send(message, &mut out)?,
//!                 Ok(Some(event)) => ws.reply(&event, &mut out)?, // a Pong for a Ping, a Close for a Close
//!                 Ok(None) => break,
//!                 Err(error) => {
//!                     ws.reply_to_error(&error, &mut out)?; // a rejection or a Close that says which rule was broken
//!                     break;
//!                 }
//!             }
//!         }
//!         stream.write_all(&out)?;
//!         out.clear();
//!     }
//!     Ok(()) // what is left to do with the socket says ws.transport(): the example echo_server does it
//! }
//! ```
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
// No byte of a peer may reach a panic; the tests are free to.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

extern crate alloc;

mod config;
mod connection;
mod entropy;
mod error;
mod event;
#[cfg(all(doctest, feature = "std", feature = "deflate"))]
mod guide;
mod message_buffer;
mod messages;
mod opening;
mod payload;
mod prepared;
mod state;
mod ws_connection;

pub use bytes::Bytes;
#[cfg(feature = "deflate")]
pub use wsproto_extensions::deflate::DeflateConfig;
pub use wsproto_frame::{CloseCode, Role};
pub use wsproto_handshake::{
    AcceptConnection, HandshakeLimits, Headers, OriginError, RejectConnection, RejectData, Request,
    check_origin,
};

pub use {wsproto_extensions as extensions, wsproto_frame as frame, wsproto_handshake as handshake};

pub use self::{
    config::Config,
    connection::Connection,
    entropy::{Entropy, EntropyError},
    error::{LocalProtocolError, RemoteProtocolError},
    event::{BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage},
    message_buffer::MessageBuffer,
    messages::Messages,
    payload::{Payload, Text},
    prepared::PreparedMessage,
    state::{ConnectionState, Transport},
    ws_connection::WsConnection,
};
