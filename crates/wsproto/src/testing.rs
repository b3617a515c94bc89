//! Tools for tests: two ends in memory, a peer that breaks any rule by its name, a clock that the test sets.
//!
//! - An [`End`] is a connection with the bytes that it has read and written.
//! - A [`Pair`] is a client's and a server's end. Bytes that one has written are delivered to the other in pieces of
//!   your choice ([`Cuts`]).
//! - A [`Violation`] is a rule for an open connection that a peer can break. A [`HandshakeViolation`] is one for the
//!   request and its answer.
//! - A [`ManualClock`] stands still until a test advances it.
//!
//! There is no I/O in this module, and the bytes are the same in each run.
//!
//! An example: the echo of an application, for every way to cut the bytes into reads.
//!
//! ```
//! use wsproto::testing::{Cuts, Pair};
//! use wsproto::{Config, Connection, Event, ReadBuffer, TextMessage};
//!
//! /// The program to test: it answers what was read.
//! fn echo(ws: &mut Connection, buffer: &mut ReadBuffer, out: &mut Vec<u8>) -> Result<(), Box<dyn std::error::Error>> {
//!     while let Some(event) = ws.receive_from(buffer)? {
//!         match event {
//!             Event::TextMessage(message) => ws.send(message, out)?,
//!             event => ws.reply(&event, out)?,
//!         }
//!     }
//!     Ok(())
//! }
//!
//! for cuts in Cuts::every_split(19) {
//!     let mut pair = Pair::open(Config::default(), Config::default())?;
//!     pair.client.send(TextMessage::new("Hello"))?;
//!     pair.client.send(TextMessage::new("é"))?;
//!     assert_eq!(pair.client.written().len(), 19);
//!     pair.serve(&cuts, echo)?;
//!     let echoed = pair.to_client(&cuts)?;
//!     assert_eq!(echoed, [TextMessage::new("Hello").into(), TextMessage::new("é").into()], "{cuts:?}");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A rule that is broken by its name, and the Close that the peer gets:
//!
//! ```
//! use wsproto::testing::{Cuts, Pair, Violation};
//! use wsproto::{CloseConnection, Config, Event, Role};
//!
//! let violation: Violation = "text-not-utf8".parse()?;
//! let mut pair = Pair::open(Config::default(), Config::default())?;
//! pair.client.write(&violation.bytes(Role::Client));
//!
//! let error = pair.to_server(&Cuts::EachByte).unwrap_err();
//! pair.server.reply_to_error(&error)?;
//! let [Event::CloseConnection(close)] = &pair.to_client(&Cuts::Whole)?[..] else { panic!("no Close") };
//! assert_eq!(close.code, violation.close_code());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod clock;
mod cuts;
mod end;
mod handshake;
mod pair;
mod random;
mod violation;

pub use self::{
    clock::ManualClock,
    cuts::Cuts,
    end::End,
    handshake::HandshakeViolation,
    pair::Pair,
    random::SeededEntropy,
    violation::{Needs, UnknownViolation, Violation},
};
