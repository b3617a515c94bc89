//! The jobs of the project: `cargo xtask <job>`; without a job, the list of them.

mod bench;
mod callgrind;
mod ci;
mod coverage;
mod daily;
mod dependencies;
mod features;
mod fork;
mod fuzz;
mod i686;
mod layers;
mod linear;
mod manifest;
mod manual;
mod miri;
mod msrv;
mod mutants;
mod no_panic;
mod no_std;
mod packages;
mod page;
mod process;
mod readme;
mod rules;
mod spec;
mod vectors;

use std::process::ExitCode;

/// The four crates that are published, the lowest first.
const CRATES: [&str; 4] = ["wsproto-frame", "wsproto-handshake", "wsproto-extensions", "wsproto"];

/// The adapters, which do I/O on top of them.
const ADAPTERS: [&str; 3] = ["wsproto-axum", "wsproto-blocking", "wsproto-tokio"];

/// The command-line tool: a program, which no crate depends on.
const TOOL: &str = "wsproto-cli";

/// One thing that `cargo xtask` can do.
struct Job {
    name: &'static str,
    purpose: &'static str,
    run: fn(&[String]) -> Result<(), String>,
}

impl Job {
    const fn new(
        name: &'static str,
        purpose: &'static str,
        run: fn(&[String]) -> Result<(), String>,
    ) -> Self {
        Self { name, purpose, run }
    }
}

const JOBS: [Job; 23] = [
    Job::new("ci", "runs every check (--only A,B and --skip A,B choose steps)", ci::run),
    Job::new("spec", "ties requirements to tests, writes docs/conformance.md", spec::run),
    Job::new("interop", "runs WebSocket software of others against ours", interop),
    Job::new(
        "page",
        "tests the page of wsproto serve in Chromium (--images takes its screenshots)",
        page::run,
    ),
    Job::new("layers", "checks that arrows between the crates point down only", layers::run),
    Job::new("features", "checks every combination of each crate's features", features::run),
    Job::new("fuzz", "runs the fuzz targets (--seconds N, names of targets)", fuzz::run),
    Job::new("no-std", "builds for a target without std, runs the consumers", no_std::run),
    Job::new("i686", "runs the tests on 32 bits", i686::run),
    Job::new("miri", "runs tests in Miri, on big-endian words too", miri::run),
    Job::new("coverage", "tells which lines the tests run", coverage::run),
    Job::new("daily", "runs what takes hours: rules, mutants, fuzz targets, the peers' bench", daily::run),
    Job::new("mutants", "changes the code and sees whether a test fails", mutants::run),
    Job::new("rules", "turns each rule off and sees whether the tests that its row names fail", rules::run),
    Job::new("linear", "counts instructions: twice the bytes, twice the work", linear::run),
    Job::new("no-panic", "proves by linking that no panic can be reached", no_panic::run),
    Job::new("fork", "forks, and compares the keys of parent and child", fork::run),
    Job::new("readme", "runs the commands of README.md", readme::run),
    Job::new("bench", "measures: --peers, --loopback, --instructions, --memory", bench::run),
    Job::new(
        "vectors",
        "has Python wsproto write test vectors (--check only compares, --excused where we differ)",
        vectors::run,
    ),
    Job::new(
        "manual",
        "copies the guide into wsproto, as its module guide (--check only compares)",
        manual::run,
    ),
    Job::new(
        "packages",
        "packs the crates, and tests what was packed (--check only compiles the tests)",
        packages::run,
    ),
    Job::new("msrv", "checks the crates with the oldest supported Rust", msrv::run),
];

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let Some(name) = args.next() else {
        println!("{}", usage());
        return ExitCode::SUCCESS;
    };
    let args: Vec<String> = args.collect();
    let result = match JOBS.iter().find(|job| job.name == name) {
        Some(job) => (job.run)(&args),
        None => Err(format!("no job {name}\n{}", usage())),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// Lists the jobs, one a line.
fn usage() -> String {
    let lines = JOBS.iter().map(|job| format!("  {:10}{}", job.name, job.purpose));
    format!("cargo xtask <job>\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// Hands the arguments to the interop tool, which is a program of its own because it needs the facade.
fn interop(args: &[String]) -> Result<(), String> {
    let line = "cargo run --release --quiet --package wsproto-interop --";
    process::run(&[line, &args.join(" ")].join(" "))
}
