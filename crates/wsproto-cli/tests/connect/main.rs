//! Runs `wsproto connect` against servers made here.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking, in its helpers too"
)]

mod endings;
mod lines;
mod options;
#[path = "../against/servers.rs"]
mod servers;
#[cfg(unix)]
mod signals;
mod streams;
#[cfg(feature = "tls")]
mod tls;
#[path = "../against/tool.rs"]
mod tool;

use tool::{Outcome, Tool};

/// Runs the command to its end, with this input in a pipe.
fn connect(arguments: &[&str], input: &[u8]) -> Outcome {
    Tool::start("connect", arguments).finish(input)
}

/// The address of a server on this machine.
fn ws(port: u16) -> String {
    format!("ws://127.0.0.1:{port}/")
}
