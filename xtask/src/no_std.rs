//! Checks each crate for targets that have no std, with no features and with all that don't need std. The compiler finds
//! a missing std without generating code; no-std-run generates and links it.

use crate::manifest::Manifest;
use crate::{CRATES, process};

const TARGETS: [&str; 2] = ["thumbv7em-none-eabihf", "wasm32-unknown-unknown"];

/// Runs the job.
///
/// # Errors
///
/// The commands that failed, one a line.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let mut problems = Vec::new();
    for name in CRATES {
        let all = Manifest::read(name)?.without_std().join(",");
        for (target, features) in
            TARGETS.into_iter().flat_map(|target| [(target, ""), (target, all.as_str())])
        {
            let choice = format!("--no-default-features --features={features}");
            let line = format!("cargo check --quiet --locked -p {name} {choice} --target {target}");
            problems.extend(process::run(&line).err());
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}
