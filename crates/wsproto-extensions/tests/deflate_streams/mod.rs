//! DEFLATE streams (RFC 1951) for tests of an inflater: written block by block, made of any bytes, or hostile; and
//! oracles for their contents.
//!
//! Every stream here is valid and is the payload of a message. Its last block is stored and empty, without the four
//! bytes that a sender omits (RFC 7692 §7.2.1).
//!
//! The unit tests of wsproto-extensions have it as a module; fuzz/streams makes a package of it, for the other tools.
#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "used by tests alone; a stream that can't be written is a fault of theirs"
)]

mod block;
mod codes;
mod generate;
mod hostile;
mod libraries;
mod writer;

pub use self::block::{Block, Content, Symbol};
pub use self::codes::Lengths;
pub use self::generate::generate;
pub use self::hostile::{Hostile, START, hostile, repeated, start};
pub use self::libraries::{Library, Read};
pub use self::writer::{Writer, message};

/// The bytes that a sender omits at the end of a message.
pub const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
