//! Proves that each crate does without std: builds for a target that has none, and programs of this machine that
//! link no std (a second panic handler, std's, would be error E0152) and are run.

use std::time::Duration;

use crate::manifest::Manifest;
use crate::{CRATES, process};

/// A target without std.
const TARGET: &str = "thumbv7em-none-eabihf";

/// How long the installation of the target may take.
const INSTALLING: Duration = Duration::from_secs(120);

/// Runs the job.
///
/// # Errors
///
/// The commands that failed, one a line, or why the target can't be had.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let target = target_available().and_then(|()| build_for_target());
    let problems: Vec<String> = [target, run_consumers()].into_iter().filter_map(Result::err).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// Makes sure of the target.
///
/// # Errors
///
/// Why it can't be had.
pub(crate) fn target_available() -> Result<(), String> {
    process::run_within(&format!("rustup target add {TARGET}"), INSTALLING)
}

/// Builds each crate for the target, with no features and with all that don't need std.
pub(crate) fn build_for_target() -> Result<(), String> {
    for name in CRATES {
        let all = Manifest::read(name)?.without_std().join(",");
        for features in [String::new(), all] {
            let choice = format!("--no-default-features --features={features}");
            process::run(&format!("cargo build --quiet -p {name} {choice} --target {TARGET}"))?;
        }
    }
    Ok(())
}

/// Builds the consumer of each crate for this machine and runs it.
pub(crate) fn run_consumers() -> Result<(), String> {
    let target = process::target_dir().join("no-std");
    let problems = CRATES.into_iter().filter_map(|name| {
        let package = format!("--manifest-path xtask/no-std/Cargo.toml --package no-std-{name}");
        process::run(&format!("cargo run --quiet --locked {package} --target-dir {}", target.display())).err()
    });
    let problems: Vec<String> = problems.collect();
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}
