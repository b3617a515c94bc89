//! Runs each example against a peer.
#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod chat;
mod chat_redis;
mod framed;
#[cfg(target_os = "linux")]
mod io_uring;
mod peer;
mod server;
