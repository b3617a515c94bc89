//! `cargo xtask daily`: the checks that take hours, for a machine that has a night. A failure doesn't stop those after it.

use crate::{bench, fuzz, mutants, process, rules};

/// How long each fuzz target runs, in seconds.
const FUZZ_SECONDS: &str = "600";

/// A check by its name.
type Check = (&'static str, fn() -> Result<(), String>);

/// How many random streams are received in every way.
const STREAMS: &str = "100000";

const CHECKS: [Check; 5] = [
    ("rules", || rules::run(&[])),
    ("streams", streams),
    ("mutants", || mutants::run(&[])),
    ("fuzz", || fuzz::run(&["--seconds", FUZZ_SECONDS].map(str::to_owned))),
    ("peers", peers),
];

/// Runs the job.
///
/// # Errors
///
/// The checks that failed, each with what it said.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    if let Some(other) = args.first() {
        return Err(format!("daily takes no arguments, {other} is one"));
    }
    let failed: Vec<String> = CHECKS
        .iter()
        .filter_map(|(name, check)| {
            println!("\n=== {name}");
            check().err().map(|why| format!("{name}: {why}"))
        })
        .collect();
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) }
}

/// Has parts and whole messages, borrowed and taken, agree about random streams.
fn streams() -> Result<(), String> {
    let tests = "cargo test --quiet --package wsproto --all-features --test facade f16_";
    process::run_with(tests, &[("PROPTEST_CASES", STREAMS)])
}

/// Measures beside the peers; the figures go into a file, not into the documentation.
fn peers() -> Result<(), String> {
    let file = process::target_dir().join("daily-peers.json").display().to_string();
    bench::run(&["--peers", "--rounds", "20", "--json", &file].map(str::to_owned))
}
