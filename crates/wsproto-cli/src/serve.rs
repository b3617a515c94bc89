//! `wsproto serve`.

use std::process::ExitCode;

use crate::exit::Failure;

/// Runs a server with a live page that shows each frame of its WebSockets.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Runs the command.
pub(crate) fn run(_: Args) -> Result<ExitCode, Failure> {
    Ok(ExitCode::SUCCESS)
}
