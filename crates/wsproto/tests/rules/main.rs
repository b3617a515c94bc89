//! Each rule and each limit, in every way in which it can be reached: parts, whole messages and joined ones; whole
//! reads and single bytes; without an extension, with permessage-deflate with and without context takeover, with a
//! third-party extension; in a first frame, in a continuation, between fragments, after a Ping; on both sides.
//!
//! Bytes go in and events come out. Only `adapter.rs` uses names of the API.
#![cfg(all(feature = "std", feature = "deflate"))]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking, in its helpers too"
)]

mod adapter;
#[cfg(test)]
mod frames;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod randomness;
#[cfg(test)]
mod sending;
#[cfg(test)]
mod text_and_close;
mod ways;
mod wire;
