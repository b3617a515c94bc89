//! `cargo xtask bench --instructions`: what each kernel takes, compared with the committed baseline. If that is of
//! another compiler or processor, the commit before this one is built and counted here, and compared with.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use super::page;
use crate::callgrind::{self, Counted, hundredths, shown};
use crate::process::{self, quoted};

/// What was counted last, and with what. It holds for that alone: other compilers make other code.
const BASELINE: &str = "xtask/linear/baseline.toml";

/// How much a count may differ from the baseline, in percent.
const TOLERANCE: u64 = 2;

/// The kernels that are to be straight on: no function is called from start to end.
const STRAIGHT: [&str; 4] = ["header parse", "header encode", "mask 16 B", "decode 16 B"];

/// Everything that a count depends on besides our code.
#[derive(Debug, Eq, PartialEq)]
struct Conditions {
    compiler: String,
    /// Copies memory, and is chosen by what the processor can do.
    libc: String,
    cpu: String,
}

/// How many times each kernel ran, and instructions and calls in all.
struct Count {
    kernel: String,
    runs: u64,
    total: u64,
    calls: u64,
}

/// Runs the job; with `--write` it renews the baseline and the table of docs/performance.md.
///
/// # Errors
///
/// Each kernel that takes more than the baseline allows, one a line; an argument that isn't known.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    match args {
        [] => check(),
        [write] if write == "--write" => renew(),
        _ => Err("cargo xtask bench --instructions [--write]".to_owned()),
    }
}

/// Whether counts of this machine can be compared with the baseline.
///
/// # Errors
///
/// Why they can't.
pub(crate) fn comparable() -> Result<(), String> {
    let (ours, theirs) = (Conditions::here(), Conditions::of(&baseline()?));
    let all = [
        ("compiler", ours.compiler, theirs.compiler),
        ("C library", ours.libc, theirs.libc),
        ("processor", ours.cpu, theirs.cpu),
    ];
    let other = all.into_iter().find(|(_, ours, theirs)| ours != theirs);
    other.map_or(Ok(()), |(what, ours, theirs)| Err(format!("{what}: {ours} here, {theirs} in {BASELINE}")))
}

fn check() -> Result<(), String> {
    let other = comparable().err();
    let mut expected = match &other {
        None => Count::of(&baseline()?)?,
        Some(why) => {
            println!("{why}: compared with the commit before");
            of_base()?
        }
    };
    let mut problems = Vec::new();
    for count in count()? {
        let before = expected.remove(&count.kernel);
        if before.is_some() || other.is_none() {
            problems.extend(count.judge(before));
        }
        problems.extend(count.judge_calls());
    }
    if other.is_none() {
        let gone = expected.into_keys();
        problems.extend(gone.map(|kernel| format!("{kernel}: in the baseline alone, so --write")));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// Counts with the sources of the commit that this one is built on: where a branch began, or the one before.
fn of_base() -> Result<BTreeMap<String, u64>, String> {
    let commit = |line: &str| process::stdout(line).ok().map(|said| said.trim().to_owned());
    let head = commit("git rev-parse HEAD").ok_or("no commit")?;
    let began = commit("git merge-base HEAD origin/main").filter(|began| *began != head);
    let base = began.or_else(|| commit("git rev-parse HEAD~1")).ok_or("no commit before")?;
    let folder = process::target_dir().join("base");
    let sources = folder.join(&base);
    if !sources.exists() {
        fs::create_dir_all(&sources).map_err(|error| format!("{}: {error}", sources.display()))?;
        let packed = folder.join("sources.tar");
        process::run(&format!("git archive --output {} {base}", quoted(&packed)))?;
        process::run(&format!("tar -xf {} -C {}", quoted(&packed), quoted(&sources)))?;
    }
    let counts = callgrind::count_of(&sources, &folder.join("target"), "--kernels")?;
    Ok(understood(counts)?.into_iter().map(|count| (count.kernel, count.total)).collect())
}

fn renew() -> Result<(), String> {
    let counts = count()?;
    let Conditions { compiler, libc, cpu } = Conditions::here();
    let mut text = format!(
        "# Instructions of each kernel for {} runs. Written by: cargo xtask bench --instructions --write\n\
         compiler = \"{compiler}\"\nlibc = \"{libc}\"\ncpu = \"{cpu}\"\n\n[kernels]\n",
        counts.first().map_or(0, |count| count.runs)
    );
    let mut table =
        format!("Counted with {compiler}, {libc}, {cpu}.\n\n| kernel | instructions |\n|---|--:|\n");
    for Count { kernel, total, runs, .. } in &counts {
        let _ = writeln!(text, "\"{kernel}\" = {total}");
        let _ = writeln!(table, "| {kernel} | {} |", total.div_ceil(*runs));
    }
    let path = process::root().join(BASELINE);
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    page::fill("instructions", &table)
}

fn baseline() -> Result<toml::Table, String> {
    let path = process::root().join(BASELINE);
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    text.parse().map_err(|error| format!("{BASELINE}: {error}"))
}

fn count() -> Result<Vec<Count>, String> {
    understood(callgrind::count("--kernels")?)
}

fn understood(counts: Vec<(String, Counted)>) -> Result<Vec<Count>, String> {
    let understood = |(line, counted): (String, Counted)| {
        let (runs, kernel) = line.split_once(' ')?;
        let Counted { instructions: total, calls } = counted;
        Some(Count { kernel: kernel.to_owned(), runs: runs.parse().ok()?, total, calls })
    };
    let counts = counts.into_iter();
    counts.map(|count| understood(count).ok_or_else(|| "a line was not understood".to_owned())).collect()
}

impl Count {
    /// The kernels of the baseline.
    fn of(baseline: &toml::Table) -> Result<BTreeMap<String, u64>, String> {
        let kernels = baseline.get("kernels").and_then(toml::Value::as_table);
        let kernels = kernels.ok_or_else(|| format!("no [kernels] in {BASELINE}"))?.iter();
        let number = |value: &toml::Value| u64::try_from(value.as_integer()?).ok();
        kernels
            .map(|(kernel, value)| Some((kernel.clone(), number(value)?)))
            .collect::<Option<_>>()
            .ok_or_else(|| format!("no number in {BASELINE}"))
    }

    /// Returns what is wrong where a kernel that is to be straight on calls a function in each of its runs.
    fn judge_calls(&self) -> Option<String> {
        let Self { kernel, runs, calls, .. } = self;
        let straight = STRAIGHT.contains(&kernel.as_str());
        (straight && calls >= runs)
            .then(|| format!("{kernel}: {calls} calls in {runs} runs, but it is to call nothing"))
    }

    /// Prints a count, and returns what is wrong with it.
    fn judge(&self, expected: Option<u64>) -> Option<String> {
        let Self { kernel, runs, total, .. } = self;
        let each = shown(hundredths(*total, *runs));
        let Some(expected) = expected else {
            return Some(format!("{kernel}: not in the baseline, so --write"));
        };
        let percent = |part: u64| expected.saturating_mul(part);
        let counted = total.saturating_mul(100);
        let before = shown(hundredths(expected, *runs));
        let better = counted < percent(100 - TOLERANCE);
        let remark = if better {
            format!("  {before} before: renew the baseline with --write")
        } else {
            String::new()
        };
        println!("{kernel:34} {each:>10}{remark}");
        (counted > percent(100 + TOLERANCE))
            .then(|| format!("{kernel}: {each} instructions, {before} before"))
    }
}

impl Conditions {
    fn here() -> Self {
        let said = |line| process::stdout(line).map(|said| said.trim().to_owned()).unwrap_or_default();
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let avx2 = if info.split_whitespace().any(|word| word == "avx2") { "with" } else { "without" };
        Self {
            compiler: said("rustc --version"),
            libc: said("getconf GNU_LIBC_VERSION"),
            cpu: format!("{} {avx2} AVX2", std::env::consts::ARCH),
        }
    }

    fn of(baseline: &toml::Table) -> Self {
        let text = |key| baseline.get(key).and_then(toml::Value::as_str).unwrap_or_default().to_owned();
        Self { compiler: text("compiler"), libc: text("libc"), cpu: text("cpu") }
    }
}
