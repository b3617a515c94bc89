//! `wsproto connect`.

use std::process::ExitCode;

use crate::exit::Failure;

/// Connects to a server: prints messages, sends lines.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Runs the command.
pub(crate) fn run(_: Args) -> Result<ExitCode, Failure> {
    Ok(ExitCode::SUCCESS)
}
