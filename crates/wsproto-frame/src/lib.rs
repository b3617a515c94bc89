//! The WebSocket frame codec of [RFC 6455](https://www.rfc-editor.org/rfc/rfc6455): no I/O, no allocation,
//! no dependencies.
//!
//! [`FrameDecoder`] takes bytes of the peer, unmasks them where they lie and hands out the parts of frames as
//! they arrive; [`FrameEncoder`] gives the headers of the frames that go out. Both hold every rule of §5 and
//! name the one that was broken ([`FrameError`]). The pieces stand alone, too: [`FrameHeader`],
//! [`MaskingKey`], [`CloseCode`], [`ClosePayload`], [`TextCheck`].
//!
//! ```
//! use wsproto_frame::{FrameDecoder, FrameHeader, MaskingKey, Opcode, Role};
//!
//! // A client masks: header first, then the payload.
//! let mut payload = *b"Hello";
//! let mut key = MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);
//! let header = FrameHeader::new(Opcode::Text, 5).with_mask(key).encode();
//! key.apply(&mut payload);
//!
//! // The server gets both in one read.
//! let mut read = [0; 11];
//! read[..6].copy_from_slice(&header);
//! read[6..].copy_from_slice(&payload);
//!
//! let mut decoder = FrameDecoder::new(Role::Server);
//! let mut input = &mut read[..];
//! let chunk = decoder.decode(&mut input)?.expect("the frame is complete");
//! assert_eq!(chunk.header.opcode, Opcode::Text);
//! assert_eq!(chunk.payload, b"Hello");
//! assert!(chunk.frame_finished && input.is_empty());
//! # Ok::<(), wsproto_frame::FrameError>(())
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

mod close;
mod decoder;
mod encoder;
mod error;
mod fragmentation;
mod header;
mod mask;
mod opcode;
mod text;

pub use close::{CloseCode, ClosePayload};
pub use decoder::{FrameChunk, FrameDecoder, FramePart, FrameWait};
pub use encoder::FrameEncoder;
pub use error::FrameError;
pub use fragmentation::Fragmentation;
pub use header::{EncodedHeader, FrameHeader};
pub use mask::MaskingKey;
pub use opcode::{Opcode, Role, Rsv};
pub use text::TextCheck;

/// The README, whose example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
