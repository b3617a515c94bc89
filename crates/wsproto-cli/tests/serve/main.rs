//! `wsproto serve` from outside: its endpoints, who may ask, its limits, and what a page is shown.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test fails by a panic"
)]

mod asking;
mod ending;
mod looking;
mod server;
#[cfg(feature = "tls")]
mod tls;
