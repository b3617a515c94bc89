//! Each rule and each limit over every way in which it can be reached: parts, whole messages and joined ones; whole reads
//! and single bytes; without an extension, with permessage-deflate with and without context takeover, with an extension of
//! a third party; in a first frame, in a continuation, between fragments, after a Ping; on both sides.
//!
//! Bytes go in and events come out. What the API is called stands in `adapter.rs` alone.
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
