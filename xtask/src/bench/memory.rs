//! `cargo xtask bench --memory`: what connections cost in memory, for docs/performance.md.

use super::page;
use crate::process;

/// Runs the job.
///
/// # Errors
///
/// Each goal that is missed, one a line.
pub(crate) fn run() -> Result<(), String> {
    process::run("cargo build --release --quiet --package wsproto-memory")?;
    let program = process::target_dir().join("release/wsproto-memory");
    let (succeeded, said) = process::output(&program.display().to_string())?;
    let (missed, tables): (Vec<&str>, Vec<&str>) =
        said.lines().partition(|line| line.starts_with("missed: "));
    let tables = tables.join("\n");
    println!("{tables}");
    page::fill("memory", &format!("{}.\n\n{tables}", page::circumstances()))?;
    if succeeded { Ok(()) } else { Err(missed.join("\n")) }
}
