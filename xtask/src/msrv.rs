//! Checks the crates with the oldest Rust that they promise to build with; as a job, runs the tests of the four, too.

use std::time::Duration;

use crate::manifest::rust_version;
use crate::{CRATES, process};

/// How long the installation of a toolchain may take.
const INSTALLING: Duration = Duration::from_secs(180);

/// Runs the job.
///
/// # Errors
///
/// The command that failed, or why the toolchain can't be had.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    available()?;
    check()?;
    cargo("test", &format!("{} --all-features --lib --tests", four()))
}

/// Makes sure of the toolchain.
///
/// # Errors
///
/// Why it can't be had.
pub(crate) fn available() -> Result<(), String> {
    let version = rust_version()?;
    if process::succeeds(&format!("rustup run {version} cargo --version")) {
        return Ok(());
    }
    process::run_within(&format!("rustup toolchain install {version} --profile minimal"), INSTALLING)
}

/// Checks the four libraries without features, and all that states the version with every feature.
pub(crate) fn check() -> Result<(), String> {
    cargo("check", &format!("{} --no-default-features --lib", four()))?;
    cargo("check", "--workspace --exclude wsproto-benches --all-features --all-targets")
}

fn cargo(job: &str, rest: &str) -> Result<(), String> {
    let (version, target) = (rust_version()?, process::target_dir().join("msrv"));
    process::run(&format!("rustup run {version} cargo {job} {rest} --target-dir {}", target.display()))
}

fn four() -> String {
    CRATES.map(|name| format!("-p {name}")).join(" ")
}
