//! A WebSocket connection without I/O: the peer's bytes go in and events come out; events of yours go in and bytes for
//! the peer come out ([RFC 6455](https://www.rfc-editor.org/rfc/rfc6455),
//! [RFC 7692](https://www.rfc-editor.org/rfc/rfc7692)).
//!
//! There is no socket, no clock and no runtime in here. What the peer sends is read into a [`ReadBuffer`]. A
//! [`Connection`] takes events out of it, which borrow from it: [whole messages](ReadBuffer::messages), or
//! [parts](ReadBuffer::parts) of them. An echo server:
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::{Shutdown, TcpStream};
//! use std::time::{Duration, Instant};
//! use wsproto::{AcceptConnection, Config, Connection, Event, LocalProtocolError, ReadBuffer, Transport};
//!
//! fn echo(mut stream: TcpStream) -> Result<(), Box<dyn std::error::Error>> {
//!     let mut ws = Connection::server(Config::default().with_explained_rejections());
//!     let (mut buffer, mut out) = (ReadBuffer::messages(), Vec::new());
//!     let mut answered = Ok(());
//!     while answered.is_ok() && ws.transport() == Transport::KeepOpen {
//!         match stream.read(buffer.room())? {
//!             0 => drop(ws.receive_eof()?),
//!             n => buffer.filled(n),
//!         }
//!         answered = answer(&mut ws, &mut buffer, &mut out);
//!         stream.write_all(&out)?; // what was sent before a failure, too
//!         out.clear();
//!     }
//!     // The peer may still be sending; to close before it has ended could lose what we said last.
//!     if stream.shutdown(Shutdown::Write).is_ok() {
//!         let patience = Duration::from_secs(5);
//!         let (end, mut ignored) = (Instant::now() + patience, [0; 4096]);
//!         stream.set_read_timeout(Some(patience))?;
//!         while Instant::now() < end && stream.read(&mut ignored).is_ok_and(|n| n > 0) {}
//!     }
//!     Ok(answered?)
//! }
//!
//! fn answer(ws: &mut Connection, buffer: &mut ReadBuffer, out: &mut Vec<u8>) -> Result<(), LocalProtocolError> {
//!     loop {
//!         match ws.receive_from(buffer) {
//!             Ok(Some(Event::Request(_))) => ws.send(AcceptConnection::new(), out)?,
//!             Ok(Some(Event::TextMessage(message))) => ws.send(message, out)?,
//!             Ok(Some(Event::BytesMessage(message))) => ws.send(message, out)?,
//!             Ok(Some(event)) => ws.reply(&event, out)?, // a Pong for a Ping, a Close for a Close
//!             Ok(None) => return Ok(()),
//!             Err(error) => return ws.reply_to_error(&error, out), // a rejection or a Close: which rule was broken
//!         }
//!     }
//! }
//! ```
//!
//! | to | use |
//! |---|---|
//! | receive whole messages in a loop | [`ReadBuffer::messages`], [`Connection::receive_from`] |
//! | write a function that reads and returns the next event | [`Connection::advance`], then [`ReadBuffer::event`] |
//! | keep a message, without a copy if it is long | [`Connection::advance`], then [`ReadBuffer::take_event`] |
//! | receive parts of messages that are too long for memory | [`ReadBuffer::parts`], [`Connection::receive_from`] |
//! | receive parts in memory of your own, with no heap | [`Connection::receive`] |
//! | answer a request that an HTTP server has parsed, HTTP/2 as well | [`Upgrade`] |
//! | ask a server through an HTTP client, HTTP/2 as well | [`ClientUpgrade`] |
//! | begin after an opening handshake elsewhere | [`Connection::open_server`], [`Connection::open_client`] |
//! | put to work extensions that were agreed elsewhere | [`Connection::with_extensions`], [`extensions::Pipeline`] |
//! | send one message to many connections | [`PreparedMessage`] |
//! | test a program: two ends in memory, a peer that breaks rules | the feature `testing` |
//!
//! The [`guide`] goes through all of it by task; [`guide::from_wsproto`] maps the names of Python's wsproto.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `std` | on | masking keys and nonces from the operating system, SIMD for text and for heads |
//! | `deflate` | on | permessage-deflate; miniz_oxide compresses, unless `zlib-rs` is on |
//! | `simd` | off | uses more instructions of the processor, found at run time: the widest SIMD masks long payloads (fearless_simd), SHA-1 instructions hash the keys of handshakes (sha1) |
//! | `zlib-rs` | off | zlib-rs compresses: it is faster than miniz_oxide, which `DeflateConfig::backend` can still choose |
//! | `http` | off | `Upgrade` takes requests of the crate http and gives its responses |
//! | `idna` | off | host names beyond ASCII |
//! | `testing` | off | for tests: two ends in memory, a peer that breaks any rule by its name, a clock set by hand |
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
#[cfg(feature = "std")]
extern crate std;

mod agreement;
mod config;
mod connection;
mod driver;
mod entropy;
mod error;
mod event;
#[cfg(any(doc, doctest))]
pub mod guide;
mod memory;
mod message;
mod opening;
mod output;
mod payload;
mod prepared;
mod read_buffer;
mod send_buffer;
mod state;
#[cfg(feature = "testing")]
pub mod testing;
mod timers;
mod upgrade;

pub use bytes::Bytes;
pub use wsproto_extensions::WriteBuffer;
#[cfg(feature = "deflate")]
pub use wsproto_extensions::deflate::{Backend, DeflateConfig, WindowBits};
pub use wsproto_frame::{CloseCode, Role};
#[cfg(feature = "http")]
pub use wsproto_handshake::HttpHead;
pub use wsproto_handshake::{
    AcceptConnection, HandshakeLimits, Headers, HttpRequest, HttpVersion, OriginError, Proxy, ProxyError,
    ProxyHandshake, RejectConnection, RejectData, Request, RequestHead, UpgradeRequest, UpgradeResponse,
    UrlError, WebSocketUrl, basic_credentials, check_origin, check_same_host,
};

pub use {wsproto_extensions as extensions, wsproto_frame as frame, wsproto_handshake as handshake};

#[cfg(feature = "std")]
pub use self::error::AdapterError;
pub use self::{
    config::Config,
    connection::Connection,
    driver::{Asked, Clock, CloseReport, Counters, Driver, ServerAnswer, Settings, Side},
    entropy::{Entropy, EntropyError},
    error::{LocalProtocolError, Remedy, RemoteProtocolError},
    event::{BytesMessage, CloseConnection, DataMessage, Event, Ping, Pong, TextMessage},
    message::Message,
    output::OutputQueue,
    payload::{Payload, Text},
    prepared::PreparedMessage,
    read_buffer::ReadBuffer,
    send_buffer::SendBuffer,
    state::{ConnectionState, Transport},
    timers::{Deadline, Due, KeepAlive, Timeouts, Timers},
    upgrade::{ClientUpgrade, ClientUpgradeError, Upgrade, UpgradeError, UpgradeFault},
};
