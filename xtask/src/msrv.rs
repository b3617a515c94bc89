//! Checks the four crates, and runs their tests, with the oldest Rust that they promise to build with.

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
    check()
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

/// Checks the libraries with every feature and with none, and runs the tests.
pub(crate) fn check() -> Result<(), String> {
    let version = rust_version()?;
    let packages = CRATES.map(|name| format!("-p {name}")).join(" ");
    let target = process::target_dir().join("msrv");
    let cargo = |job: &str, rest: &str| {
        let line =
            format!("rustup run {version} cargo {job} {packages} {rest} --target-dir {}", target.display());
        process::run(&line)
    };
    cargo("check", "--no-default-features --lib")?;
    cargo("check", "--all-features --lib")?;
    cargo("test", "--all-features --lib --tests")
}
