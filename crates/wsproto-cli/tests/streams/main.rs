//! Standard streams of each command: non-blocking, closed, pipes without a reader, terminals.
#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking, in its helpers too"
)]

mod closed;
mod nonblocking;
#[path = "../against/servers.rs"]
mod servers;
#[cfg(target_os = "linux")]
mod terminal;
#[path = "../against/tool.rs"]
#[allow(dead_code, reason = "streams are made here")]
mod tool;

use std::{
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

/// The command, with these arguments.
fn wsproto(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wsproto"));
    command.args(arguments);
    command
}

/// Waits for the end of the command, and returns its status.
fn ended(mut child: Child) -> i32 {
    let began = Instant::now();
    while began.elapsed() < tool::PATIENCE {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().unwrap_or(-1);
        }
        thread::sleep(Duration::from_millis(5));
    }
    drop(child.kill());
    panic!("it has not ended after {:?}", tool::PATIENCE);
}

fn url(port: u16) -> String {
    format!("ws://127.0.0.1:{port}/")
}
