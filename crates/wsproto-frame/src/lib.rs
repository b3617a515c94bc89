//! The WebSocket frame codec of [RFC 6455](https://www.rfc-editor.org/rfc/rfc6455): no I/O, no allocation,
//! no dependencies.
//!
//! [`FrameDecoder`] takes the peer's bytes, unmasks them in place, and returns the parts of frames as they arrive.
//! [`FrameEncoder`] encodes the headers of outgoing frames. Both check headers. Other types check payloads, since only
//! the caller knows what a payload is (compressed text isn't text yet). Each type names the broken rule
//! ([`FrameError`]):
//!
//! | type | what it checks | sections |
//! |---|---|---|
//! | [`FrameHeader::parse`] | opcode, FIN and length of control frames, shortest form and top bit of a length | §5.2, §5.5 |
//! | [`FrameDecoder`] | the same; reserved bits, mask by role, order of fragments, limits of frame and message | §5.1 to §5.5, §10.4 |
//! | [`FrameEncoder`] | outgoing headers: mask by role, order of fragments, control frames, top bit; not reserved bits | §5.1 to §5.5 |
//! | [`TextCheck`] | the payload of a Text message is UTF-8 | §5.6, §8.1 |
//! | [`ClosePayload::parse`] | the payload of a Close: no half code, a code that may be sent, a reason in UTF-8 | §5.5.1, §7.4 |
//! | [`ControlPayload`] | nothing: it joins the parts of a control frame, for `ClosePayload` and for a Pong | §5.5 |
//! | the caller | it decodes nothing after a Close or an error, and sends no data after a Close | §5.5.1, §7.1.7 |
//!
//! The crate `wsproto` does all of it. To encode and decode the header of one frame:
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
//!
//! All checks of a server without extensions:
//!
//! ```
//! use wsproto_frame::{ClosePayload, ControlPayload, FrameDecoder, FrameError, Opcode, Role, TextCheck};
//!
//! struct Receiver {
//!     decoder: FrameDecoder,
//!     text: TextCheck,
//!     control: ControlPayload,
//!     closed: bool,
//! }
//!
//! impl Receiver {
//!     fn receive(&mut self, mut input: &mut [u8]) -> Result<(), FrameError> {
//!         // Bytes after a Close are ignored; after an error the decoder returns the error again.
//!         while !self.closed
//!             && let Some(chunk) = self.decoder.decode(&mut input)?
//!         {
//!             if let Some(payload) = self.control.push(&chunk) {
//!                 match chunk.header.opcode {
//!                     Opcode::Close => {
//!                         let close = ClosePayload::parse(payload)?;
//!                         println!("closed: {} {}", close.code, close.reason);
//!                         self.closed = true;
//!                     }
//!                     Opcode::Ping => println!("answer with a Pong and {payload:?}"),
//!                     _ => {}
//!                 }
//!             } else if chunk.message == Opcode::Text {
//!                 let (code_point, text) = self.text.push(chunk.payload)?;
//!                 print!("{}{text}", code_point.map(String::from).unwrap_or_default());
//!                 if chunk.message_finished() {
//!                     self.text.finish()?;
//!                 }
//!             }
//!         }
//!         Ok(())
//!     }
//! }
//!
//! let mut receiver = Receiver {
//!     decoder: FrameDecoder::new(Role::Server).with_max_message_len(1 << 20),
//!     text: TextCheck::new(),
//!     control: ControlPayload::new(),
//!     closed: false,
//! };
//! // "Hel", a Ping, "lo", a Close with 1000, and a byte that no frame begins with.
//! let mut read = *b"\x01\x83\0\0\0\0Hel\x89\x80\0\0\0\0\x80\x82\0\0\0\0lo\x88\x82\0\0\0\0\x03\xe8\xff";
//! receiver.receive(&mut read)?;
//! assert!(receiver.closed);
//! # Ok::<(), FrameError>(())
//! ```
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `simdutf8` | off | checks long texts with SIMD instructions |
//! | `fearless_simd` | off | masks payloads of 1 KiB and more with the widest SIMD instructions of the processor; needs `std` |
//! | `std` | off | lets `simdutf8` find out at run time what the processor can do |
#![no_std]
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

mod close;
mod control;
mod decoder;
mod encoder;
mod error;
mod fragmentation;
mod header;
mod mask;
mod opcode;
mod text;

pub use close::{CloseCode, ClosePayload};
pub use control::ControlPayload;
pub use decoder::{FrameChunk, FrameDecoder};
pub use encoder::FrameEncoder;
pub use error::FrameError;
pub use header::{EncodedHeader, FrameHeader};
pub use mask::MaskingKey;
pub use opcode::{Opcode, Role, Rsv};
pub use text::TextCheck;

/// The README; its example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
