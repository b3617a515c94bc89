//! `cargo xtask bench --memory`: what connections cost in memory, for docs/performance.md.

use super::page;
use crate::process::{self, quoted};

/// Runs the job.
///
/// # Errors
///
/// Each goal that is missed, one a line.
pub(crate) fn run() -> Result<(), String> {
    process::run("cargo build --release --quiet --locked --package wsproto-memory")?;
    let program = process::target_dir().join("release/wsproto-memory");
    let (succeeded, said) = process::output(&quoted(&program))?;
    let (missed, tables): (Vec<&str>, Vec<&str>) =
        said.lines().partition(|line| line.starts_with("missed: "));
    let tables = tables.join("\n");
    println!("{tables}");
    page::fill("memory", &format!("{}.\n\n{tables}", page::circumstances()))?;
    if succeeded { Ok(()) } else { Err(missed.join("\n")) }
}
