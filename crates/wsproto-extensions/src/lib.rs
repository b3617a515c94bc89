//! WebSocket extensions ([RFC 6455 §9](https://www.rfc-editor.org/rfc/rfc6455#section-9)) without I/O.
//!
//! This crate has the grammar of the header, negotiation, the pipeline of agreed extensions, and permessage-deflate
//! ([RFC 7692](https://www.rfc-editor.org/rfc/rfc7692)). It has two kinds of user:
//!
//! - An extension implements two traits. Its [`ExtensionConfig`] negotiates and makes an [`Extension`], which transforms
//!   frames once both sides agreed.
//! - A WebSocket stack calls [`offers`] and [`conclude`] as a client, or [`respond`] as a server. They return the
//!   [`Pipeline`] that frames go through.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `std` | on | the pool of compressors and decompressors that connections share |
//! | `deflate` | on | permessage-deflate, with `miniz_oxide` for compression; without it the build has no compressor |
//! | `zlib-rs` | off | `zlib-rs` for compression, which is the default backend then: faster, true windows |
//! | `conformance` | off | a check that authors of extensions run in their tests |
#![cfg_attr(
    feature = "deflate",
    doc = "",
    doc = "[`deflate`] is permessage-deflate; it uses nothing but these traits."
)]
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
#[cfg(any(test, feature = "std"))]
extern crate std;

#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "deflate")]
pub mod deflate;
mod error;
mod extension;
mod grammar;
#[cfg(test)]
mod mock;
mod negotiation;
mod output;
mod params;
mod pipeline;
mod reason;
mod write_buffer;

pub use error::{ExtensionError, GrammarError, NegotiationError, Unacceptable};
pub use extension::{Extension, ExtensionConfig, Handling, Outbound, OutboundFrame, Progress, Refusal};
pub use grammar::{MAX_EXTENSIONS, MAX_PARAMS, parse};
pub use negotiation::{conclude, offers, respond, respond_to_some};
pub use output::Output;
pub use params::Params;
pub use pipeline::{FrameEnd, Pipeline, Pulled};
pub use reason::Reason;
pub use write_buffer::WriteBuffer;
pub use wsproto_frame::{CloseCode, FrameHeader, Opcode, Role, Rsv};

#[cfg(all(doctest, feature = "deflate"))]
#[doc = include_str!("../README.md")]
pub struct Readme;
