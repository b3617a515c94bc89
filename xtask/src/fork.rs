//! Shows that a process and what it forked share no keys: xtask/fork is a program that forks.

use crate::process;

/// Runs the job.
///
/// # Errors
///
/// That the program has failed: it says where.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    available()?;
    let target = process::target_dir().join("fork");
    let line = "cargo run --quiet --locked --manifest-path xtask/fork/Cargo.toml --target-dir";
    process::run(&format!("{line} {}", target.display()))
}

/// Whether processes fork here.
///
/// # Errors
///
/// That they don't.
pub(crate) fn available() -> Result<(), String> {
    cfg!(unix).then_some(()).ok_or_else(|| "there is no fork here".to_owned())
}
