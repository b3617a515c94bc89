//! `wsproto bench`.

use std::process::ExitCode;

use crate::exit::Failure;

/// Measures a server: messages a second, and how long each takes.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Runs the command.
pub(crate) fn run(_: Args) -> Result<ExitCode, Failure> {
    Ok(ExitCode::SUCCESS)
}
