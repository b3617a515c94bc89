//! `cargo xtask ci`: the whole check. Each step is printed with its time; a failure doesn't stop the steps after it.

use std::fmt;
use std::time::{Duration, Instant};

use crate::{
    ADAPTERS, bench, callgrind, features, fork, i686, layers, linear, msrv, no_panic, no_std, page, process,
    readme, spec,
};

/// The command that runs all tests.
const TESTS: &str = "cargo test --workspace --all-features";

/// The command of README.md that runs those of the default members, which are among them.
const DEFAULT_TESTS: &str = "cargo test --all-features";

/// The command that runs each benchmark once, without measuring.
const BENCHES: &str = "cargo test --quiet --workspace --all-features --bench *";

/// The four crates, as arguments of cargo.
const FOUR: &str = "-p wsproto-frame -p wsproto-handshake -p wsproto-extensions -p wsproto";

/// The peers and proxies without which the interop step fails: those that pip and npm bring.
const PEERS: &str = "websockets,wsproto,aiohttp,ws,undici,http2,http-proxy";

/// Those that fail it where apt can bring them.
const PEERS_OF_APT: &str = "chromium,nginx,haproxy";

/// A part of the check that passes or fails by itself.
struct Step {
    name: &'static str,
    run: fn() -> Outcome,
}

const STEPS: [Step; 24] = [
    Step { name: "format", run: format },
    Step { name: "layers", run: || layers::run(&[]).into() },
    Step { name: "deny", run: deny },
    Step { name: "clippy", run: clippy },
    Step { name: "clippy-bare", run: clippy_bare },
    Step { name: "tests", run: || process::run(TESTS).into() },
    Step { name: "tests-bare", run: tests_bare },
    Step { name: "tests-i686", run: tests_i686 },
    Step { name: "benches", run: || process::run(BENCHES).into() },
    Step { name: "docs", run: docs },
    Step { name: "book", run: book },
    Step { name: "features", run: || features::run(&[]).into() },
    Step { name: "no-std-target", run: no_std_target },
    Step { name: "no-std-run", run: || no_std::run_consumers().into() },
    Step { name: "no-panic", run: no_panics },
    Step { name: "fork", run: forks },
    Step { name: "linear", run: linear },
    Step { name: "instructions", run: instructions },
    Step { name: "spec", run: || spec::run(&["--check", "--strict-threats"].map(str::to_owned)).into() },
    Step { name: "readme", run: || readme::run_except(&[DEFAULT_TESTS]).into() },
    Step { name: "fuzz-targets", run: fuzz_targets },
    Step { name: "msrv", run: oldest_rust },
    Step { name: "interop", run: interop },
    Step { name: "page", run: page_in_browser },
];

/// How a step ended.
enum Outcome {
    Passed,
    Failed(String),
    Skipped(String),
}

impl From<Result<(), String>> for Outcome {
    fn from(result: Result<(), String>) -> Self {
        result.map_or_else(Self::Failed, |()| Self::Passed)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("ok"),
            Self::Failed(why) => write!(f, "FAIL: {}", why.replace('\n', "; ")),
            Self::Skipped(why) => write!(f, "SKIP: {}", why.replace('\n', "; ")),
        }
    }
}

/// Runs the job.
///
/// # Errors
///
/// The number of steps that failed; an argument that isn't known.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let choice = Choice::parse(args)?;
    let steps = STEPS.iter().filter(|step| choice.only.is_empty() || choice.only.contains(&step.name));
    let done: Vec<(&str, Duration, Outcome)> = steps.map(|step| take(step, &choice)).collect();

    println!("\nstep           seconds  result");
    for (name, time, outcome) in &done {
        println!("{name:14} {:7.1}  {outcome}", time.as_secs_f64());
    }
    let count = |wanted: fn(&Outcome) -> bool| done.iter().filter(|(_, _, outcome)| wanted(outcome)).count();
    let passed = count(|outcome| matches!(outcome, Outcome::Passed));
    let failed = count(|outcome| matches!(outcome, Outcome::Failed(_)));
    let skipped = count(|outcome| matches!(outcome, Outcome::Skipped(_)));
    let line = format!("{passed} passed, {failed} failed, {skipped} skipped");
    if failed == 0 {
        println!("{line}");
        return Ok(());
    }
    Err(line)
}

/// Which steps the command line asked for.
#[derive(Default)]
struct Choice<'a> {
    only: Vec<&'a str>,
    skip: Vec<&'a str>,
}

impl<'a> Choice<'a> {
    fn parse(args: &'a [String]) -> Result<Self, String> {
        let mut choice = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let list = match arg.as_str() {
                "--only" => &mut choice.only,
                "--skip" => &mut choice.skip,
                other => return Err(format!("ci does not know {other}: --only A,B, --skip A,B")),
            };
            list.extend(args.next().ok_or("the names of steps are missing")?.split(','));
        }
        let known = |name: &str| STEPS.iter().any(|step| step.name == name);
        match choice.only.iter().chain(&choice.skip).find(|name| !known(name)) {
            Some(name) => Err(format!("no step {name}: {}", STEPS.map(|step| step.name).join(", "))),
            None => Ok(choice),
        }
    }
}

/// Runs a step and prints how it went.
fn take(step: &Step, choice: &Choice<'_>) -> (&'static str, Duration, Outcome) {
    println!("\n=== {}", step.name);
    let started = Instant::now();
    let skipped = choice.skip.contains(&step.name);
    let outcome = if skipped { Outcome::Skipped("as asked".to_owned()) } else { (step.run)() };
    let time = started.elapsed();
    println!("=== {}: {outcome} ({:.1} s)", step.name, time.as_secs_f64());
    (step.name, time, outcome)
}

fn format() -> Outcome {
    let folders = [
        "benches/loopback/Cargo.toml",
        "xtask/no-std/Cargo.toml",
        "xtask/no-panic/Cargo.toml",
        "xtask/fork/Cargo.toml",
        "fuzz/Cargo.toml",
    ];
    let others = folders.map(|path| format!("cargo fmt --all --check --manifest-path {path}"));
    let lines = std::iter::once("cargo fmt --all --check".to_owned()).chain(others);
    let problems: Vec<String> = lines.filter_map(|line| process::run(&line).err()).collect();
    if problems.is_empty() { Outcome::Passed } else { Outcome::Failed(problems.join("\n")) }
}

/// Licences, bans and sources, as deny.toml has them.
fn deny() -> Outcome {
    if !process::succeeds("cargo deny --version") {
        return Outcome::Skipped("no cargo-deny".to_owned());
    }
    process::run("cargo deny check licenses bans sources").into()
}

/// The pages of docs/ as a book; they read the same without it.
fn book() -> Outcome {
    if !process::succeeds("mdbook --version") {
        return Outcome::Skipped("no mdbook".to_owned());
    }
    process::run("mdbook build docs").into()
}

fn clippy() -> Outcome {
    process::run("cargo clippy --quiet --workspace --all-features --all-targets -- -D warnings").into()
}

/// The four crates alone: the benchmarks would turn on features for all.
fn clippy_bare() -> Outcome {
    process::run(&format!("cargo clippy --quiet {FOUR} --no-default-features --all-targets -- -D warnings"))
        .into()
}

/// Without the doc tests: examples show the default features.
fn tests_bare() -> Outcome {
    process::run(&format!("cargo test {FOUR} --no-default-features --lib --tests")).into()
}

/// On 32 bits, where this machine can be made to run programs of that kind.
fn tests_i686() -> Outcome {
    match i686::available() {
        Ok(()) => i686::test().into(),
        Err(why) => Outcome::Skipped(why),
    }
}

fn docs() -> Outcome {
    let adapters = ADAPTERS.map(|name| format!("-p {name}")).join(" ");
    let line = format!("cargo doc --quiet {FOUR} {adapters} --no-deps --all-features");
    process::run_with(&line, &[("RUSTDOCFLAGS", "-D warnings")]).into()
}

fn no_std_target() -> Outcome {
    match no_std::target_available() {
        Ok(()) => no_std::build_for_target().into(),
        Err(why) => Outcome::Skipped(why),
    }
}

fn no_panics() -> Outcome {
    match no_panic::available() {
        Ok(()) => no_panic::run(&[]).into(),
        Err(why) => Outcome::Skipped(why),
    }
}

/// Keys after a fork, where there is one.
fn forks() -> Outcome {
    match fork::available() {
        Ok(()) => fork::run(&[]).into(),
        Err(why) => Outcome::Skipped(why),
    }
}

fn linear() -> Outcome {
    match callgrind::available() {
        Ok(()) => linear::run(&[]).into(),
        Err(why) => Outcome::Skipped(why),
    }
}

fn instructions() -> Outcome {
    match bench::comparable() {
        Ok(()) => bench::run(&["--instructions".to_owned()]).into(),
        Err(why) => Outcome::Skipped(why),
    }
}

/// Compiles the fuzz targets; libFuzzer is C++.
fn fuzz_targets() -> Outcome {
    if !process::succeeds("c++ --version") {
        return Outcome::Skipped("no C++ compiler".to_owned());
    }
    let target = process::target_dir().join("fuzz");
    let line = "cargo check --quiet --locked --manifest-path fuzz/Cargo.toml --target-dir";
    process::run(&format!("{line} {}", target.display())).into()
}

fn oldest_rust() -> Outcome {
    match msrv::available() {
        Ok(()) => msrv::check().into(),
        Err(why) => Outcome::Skipped(why),
    }
}

/// The page of `wsproto serve`, where there is a browser.
fn page_in_browser() -> Outcome {
    match page::available() {
        Ok(()) => page::run(&[]).into(),
        Err(why) => Outcome::Skipped(why),
    }
}

fn interop() -> Outcome {
    let is_root = process::output("id -u").is_ok_and(|(_, user)| user.trim() == "0");
    let of_apt = is_root && process::succeeds("apt-get --version");
    let required = if of_apt { format!("{PEERS},{PEERS_OF_APT}") } else { PEERS.to_owned() };
    process::run(&format!("cargo run --release --quiet --package wsproto-interop -- --require {required}"))
        .into()
}
