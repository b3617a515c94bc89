//! `wsproto explain`.

use std::process::ExitCode;

use crate::exit::Failure;

/// Explains recorded bytes: each frame, each bit, and the rule that was broken.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Runs the command.
pub(crate) fn run(_: Args) -> Result<ExitCode, Failure> {
    Ok(ExitCode::SUCCESS)
}
