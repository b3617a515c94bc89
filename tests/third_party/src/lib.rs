//! Two WebSocket extensions of a third party: [`Checksum`] changes payloads, [`Tally`] only looks on.
#![no_std]

extern crate alloc;

mod checksum;
mod tally;

pub use checksum::Checksum;
pub use tally::{Counts, Tally};

#[cfg(doctest)]
#[doc = include_str!("../../../docs/extensions.md")]
mod page {}
