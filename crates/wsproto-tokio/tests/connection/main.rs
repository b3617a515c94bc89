//! Connections over streams in memory and over TCP.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod basics;
#[cfg(feature = "deflate")]
mod broadcast;
mod cancel_safety;
mod closing;
mod ends;
mod fairness;
mod shutdown;
mod split;
mod stream_sink;
mod time;
#[cfg(feature = "tracing")]
mod trace;
