//! `cargo xtask bench --loopback`: echo servers over TCP, ours beside others, for docs/performance.md.

use std::fs;

use super::page;
use crate::process::{self, quoted};

/// Runs the job; without arguments, the figures go into docs/performance.md.
///
/// # Errors
///
/// What went wrong with building, serving or writing.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let line = "cargo run --release --quiet --locked --manifest-path benches/loopback/Cargo.toml --";
    if !args.is_empty() {
        return process::run_with(&format!("{line} {}", args.join(" ")), &[process::COPIES]);
    }
    let table = process::target_dir().join("loopback.md");
    process::run_with(&format!("{line} --table {}", quoted(&table)), &[process::COPIES])?;
    let text = fs::read_to_string(&table).map_err(|error| format!("{}: {error}", table.display()))?;
    page::fill("loopback", &format!("{}. {text}", page::circumstances()))
}
