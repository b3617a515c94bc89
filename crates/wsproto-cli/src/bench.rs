//! `wsproto bench`: a load generator for servers that echo.
//!
//! The [`plan`] is made from the options. Each connection has a [`load`] of its own; all loads start together once the
//! connections are [open](run). [`pace`] keeps a rate, [`tally`] counts, [`report`] writes the result.

mod echo;
mod files;
mod load;
mod pace;
mod plan;
mod report;
mod run;
mod tally;

use std::{io, process::ExitCode, time::Duration};

use wsproto::WebSocketUrl;

use self::plan::Plan;
use crate::{
    client::{self, seconds, url},
    exit::{Failure, Status},
    signals::Signals,
    streams::Output,
};

/// Measures a server that echoes: messages a second, and the time that each takes.
///
/// All connections are opened first. Measuring begins when all are open; after --timeout it begins with those that are.
/// Each answer is compared with the message. The result goes to standard output, everything else to standard error.
///
/// Without --rate, a connection sends the next message when an answer has come (a closed loop). Nothing is sent while
/// the server stalls. So few messages see the stall, and the latencies look better than those of real users. With
/// --rate, each message has a time at which it is due, and its latency counts from that time.
///
/// Ctrl-C closes all connections with 1001 and prints the result so far; a second Ctrl-C ends the program at once.
///
/// Measure only your own servers: the load can be more than a server can take.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
#[expect(clippy::struct_excessive_bools, reason = "they are switches of the command line")]
pub(crate) struct Args {
    /// Where to connect, with ws or wss: a server that answers each message with itself.
    #[arg(value_parser = url)]
    url: WebSocketUrl,
    #[command(flatten)]
    client: client::Options,
    /// The number of connections.
    #[arg(long, short, value_name = "NUMBER", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    connections: u32,
    /// The length of each message.
    #[arg(long, value_name = "BYTES", default_value_t = 128, value_parser = clap::value_parser!(u32).range(0..=16 << 20))]
    size: u32,
    /// The number of messages of a connection that may wait for their answers.
    #[arg(long, short, value_name = "MESSAGES", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    window: u32,
    /// The time to measure.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    seconds: Duration,
    /// Sends this number of messages a second over all connections together, each when it is due.
    #[arg(long, short, value_name = "MESSAGES", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: Option<u32>,
    /// Sends text messages; this is the default.
    #[arg(long, conflicts_with = "binary")]
    text: bool,
    /// Sends binary messages.
    #[arg(long)]
    binary: bool,
    /// Writes the result as one JSON object.
    #[arg(long)]
    json: bool,
    /// Says that a server on another machine is yours to load.
    #[arg(long)]
    allow_remote_host: bool,
}

const AFTER_HELP: &str = "\
Limits: 10 000 connections, messages of 16 MiB, 1024 of them under way on a connection, 1 GiB of them under way in all,
1 000 000 messages a second, an hour.

A message has its number in its first 16 bytes, and after it hexadecimal digits (or bytes, with --binary) from a fixed
generator: of the digits permessage-deflate makes half, bytes don't compress.

Exit status:
    0  all connections were opened, and none was lost
    1  an answer was not what was sent
    2  the command line can't be used
    3  connections failed to open
    5  connections were lost: they ended before the end
    7  messages had no answer within 5 s after the end
    8  a standard stream or something else of this machine failed
  130  Ctrl-C: what was measured until then is told, unless connections were still being opened

Examples:
  wsproto serve & wsproto bench ws://localhost:9001/echo
  wsproto bench ws://localhost:9001/echo --connections 100 --window 16 --size 1024
  wsproto bench ws://localhost:9001/echo --rate 5000 --seconds 30 --json";

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let local = |error: io::Error| Failure::new(Status::Local, error);
    let plan = Plan::new(args)?;
    files::check(plan.connections)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(local)?;
    let status = runtime.block_on(async {
        let signals = Signals::listen().map_err(local)?;
        let output = Output::start().map_err(local)?;
        let status = run::run(plan, args.json, signals, &output).await.unwrap_or_else(|failure| {
            output.note(format_args!("wsproto: {}", failure.message));
            failure.status
        });
        output.flush_notes().await;
        Ok(status)
    });
    runtime.shutdown_background();
    status.map(Into::into)
}
