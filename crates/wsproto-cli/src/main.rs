//! `wsproto`: see WebSocket at work.
//!
//! Each command has a folder: [`serve`], [`connect`], [`explain`], [`bench`]. They share three parts: [`wire`] finds in
//! the bytes of both directions what the protocol layer saw, [`streams`] writes to standard streams that may end at any
//! time, and [`exit`] has the exit statuses.

// The reader of the output may go away at any time, and `println!` panics then. `streams` handles that.
#![deny(clippy::print_stdout, clippy::print_stderr)]
// No byte of a peer may reach a panic; the tests are free to.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

mod bench;
mod client;
mod connect;
mod exit;
mod explain;
mod serve;
mod signals;
mod streams;
mod visible;
mod wire;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::exit::Failure;

/// See WebSocket at work: a server with a live page of its frames, a line client, an explainer of recorded bytes, and a
/// load generator.
#[derive(Parser)]
#[command(name = "wsproto", version, arg_required_else_help = true, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Args),
    Connect(connect::Args),
    Explain(explain::Args),
    Bench(bench::Args),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(args) => serve::run(args),
        Command::Connect(args) => connect::run(&args),
        Command::Explain(args) => explain::run(args),
        Command::Bench(args) => bench::run(&args),
    };
    outcome.unwrap_or_else(Failure::report)
}
