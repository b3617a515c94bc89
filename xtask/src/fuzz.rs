//! `cargo xtask fuzz [--seconds N] [TARGET…]`: runs the fuzz targets one after the other, each from its committed seeds
//! and from what earlier runs found.

use std::fs;

use crate::process::{self, quoted};

/// How long each target runs where nothing else is asked for.
const SECONDS: u32 = 20;

/// The limits of a run: memory in MiB, of which the fuzzer itself takes some 250 after ten minutes, and seconds for one
/// input. The figures at the end count inputs.
const OPTIONS: &str = "-rss_limit_mb=512 -timeout=5 -verbosity=0 -print_final_stats=1";

/// Runs the job.
///
/// # Errors
///
/// The targets that found something, one a line; an argument that isn't known.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let known = targets()?;
    let Choice { seconds, targets } = Choice::parse(args, &known)?;
    let replayed = replay().err();
    let fuzzed = targets.iter().filter_map(|target| fuzz(target, seconds).err());
    let problems: Vec<String> = replayed.into_iter().chain(fuzzed).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// Lists the targets.
fn targets() -> Result<Vec<String>, String> {
    let folder = process::root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut targets: Vec<String> =
        names.filter_map(|name| name.strip_suffix(".rs").map(str::to_owned)).collect();
    targets.sort();
    Ok(targets)
}

/// Gives the seeds of the one target to tungstenite that the main workspace's tests don't replay.
fn replay() -> Result<(), String> {
    let built = process::target_dir().join("fuzz");
    let line = "cargo test --quiet --locked --lib --manifest-path fuzz/Cargo.toml --target-dir";
    process::run(&format!("{line} {}", quoted(&built)))
}

/// Runs a target. No sanitizer: our crates have no unsafe code, and what a sanitizer keeps would count as memory.
fn fuzz(target: &str, seconds: u32) -> Result<(), String> {
    let corpus = process::root().join("fuzz/corpus").join(target);
    fs::create_dir_all(&corpus).map_err(|error| format!("{}: {error}", corpus.display()))?;
    let built = process::target_dir().join("fuzz");
    let folders = format!("fuzz/corpus/{target} fuzz/seeds/{target}");
    process::run(&format!(
        "cargo +nightly fuzz run --fuzz-dir fuzz --sanitizer none --target-dir {} {target} {folders} -- \
         -max_total_time={seconds} {OPTIONS}",
        quoted(&built)
    ))
}

/// What the command line asked for.
struct Choice {
    seconds: u32,
    targets: Vec<String>,
}

impl Choice {
    fn parse(args: &[String], known: &[String]) -> Result<Self, String> {
        let mut choice = Self { seconds: SECONDS, targets: Vec::new() };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if arg == "--seconds" {
                let seconds = args.next().ok_or("how many seconds?")?;
                choice.seconds = seconds.parse().map_err(|error| format!("--seconds {seconds}: {error}"))?;
            } else if known.contains(arg) {
                choice.targets.push(arg.clone());
            } else {
                return Err(format!("no target {arg}: {}", known.join(", ")));
            }
        }
        if choice.targets.is_empty() {
            choice.targets = known.to_vec();
        }
        Ok(choice)
    }
}
