//! WebSocket extensions of a third party: [`Checksum`] changes payloads, [`Tally`] only looks on, [`Once`] swallows.
#![no_std]

extern crate alloc;

mod checksum;
mod once;
mod tally;

pub use checksum::Checksum;
pub use once::Once;
pub use tally::{Counts, Tally};

#[cfg(doctest)]
#[doc = include_str!("../../../docs/extensions.md")]
mod page {}
