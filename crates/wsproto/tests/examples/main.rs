//! The examples that are servers, each against a client.
#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, in its helpers too")]

mod client;
mod futures_io;
mod mio;
