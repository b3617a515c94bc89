//! Connections over streams in memory and over TCP.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "tests")]

mod basics;
mod ends;
