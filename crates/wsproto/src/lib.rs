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
//!     let (mut buf, mut out) = (vec![0; 64 << 10], Vec::new());
//!     while ws.transport() == Transport::KeepOpen {
//!         let n = stream.read(&mut buf)?;
//!         if n == 0 {
//!             ws.receive_eof()?;
//!             break;
//!         }
//!         let mut input = &mut buf[..n];
//!         while let Some(event) = ws.receive(&mut input)? {
//!             match event {
//!                 Event::Request(_) => ws.send(AcceptConnection::new(), &mut out)?,
//!                 Event::TextMessage(message) => ws.send(message, &mut out)?,
//!                 Event::BytesMessage(message) => ws.send(message, &mut out)?,
//!                 Event::Ping(ping) => ws.send(ping.response(), &mut out)?,
//!                 Event::CloseConnection(close) => ws.send(close.response(), &mut out)?,
//!                 _ => {}
//!             }
//!         }
//!         stream.write_all(&out)?;
//!         out.clear();
//!     }
//!     Ok(())
//! }
//! ```
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod config;
mod connection;
mod entropy;
mod error;
mod event;
#[cfg(all(doctest, feature = "std", feature = "deflate"))]
mod guide;
mod messages;
mod opening;
mod payload;
mod state;
mod ws_connection;

pub use bytes::Bytes;
pub use wsproto_extensions as extensions;
pub use wsproto_frame::{CloseCode, Role};
pub use wsproto_handshake::{
    AcceptConnection, HandshakeLimits, Headers, RejectConnection, RejectData, Request, check_origin,
};

pub use self::{
    config::Config,
    connection::Connection,
    entropy::{Entropy, EntropyError},
    error::{LocalProtocolError, RemoteProtocolError},
    event::{BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage},
    messages::{MessageTooLong, Messages},
    payload::{Payload, Text},
    state::{ConnectionState, Transport},
    ws_connection::WsConnection,
};
