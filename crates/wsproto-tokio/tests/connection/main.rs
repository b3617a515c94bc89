//! Connections over streams in memory and over TCP.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod basics;
mod cancel;
mod citizens;
mod closing;
mod ends;
mod shutdown;
mod split;
mod time;
#[cfg(feature = "tracing")]
mod trace;
