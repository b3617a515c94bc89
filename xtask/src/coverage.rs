//! `cargo xtask coverage`: which lines of the four crates their tests run, by cargo-llvm-cov. Lines of tests don't
//! count. Each line that no test runs is printed; fewer than 97 % is a failure.

use std::fs;
use std::path::Path;

use crate::{CRATES, process};

/// The least share of lines that tests must run, in percent.
const LEAST: usize = 97;

/// Where the tests of a file begin.
const TESTS: &str = "#[cfg(test)]";

/// Runs the job.
///
/// # Errors
///
/// What failed; that too few lines are covered.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    if !process::succeeds("cargo llvm-cov --version") {
        println!("SKIP: no cargo-llvm-cov: cargo install cargo-llvm-cov; rustup component add llvm-tools");
        return Ok(());
    }
    let packages = CRATES.map(|name| format!("-p {name}")).join(" ");
    let path = process::target_dir().join("coverage.lcov");
    let line = "cargo llvm-cov --quiet --all-features --lib --tests --lcov --output-path";
    process::run(&format!("{line} {} {packages}", path.display()))?;
    let report = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;

    let (mut all, mut missed) = (0, 0);
    println!("{:64} {:>6} {:>6}  lines that no test runs", "file", "lines", "missed");
    for file in read(&report)? {
        all += file.lines;
        missed += file.missed.len();
        println!("{:64} {:6} {:6}  {}", file.name, file.lines, file.missed.len(), spans(&file.missed));
    }
    let hundredths = (all - missed) * 10_000 / all.max(1);
    println!("{all} lines, {missed} missed: {}.{:02} %", hundredths / 100, hundredths % 100);
    if hundredths >= LEAST * 100 {
        Ok(())
    } else {
        Err(format!("fewer than {LEAST} % of the lines are covered"))
    }
}

/// The lines of a file that are code, and those that no test runs.
struct Covered {
    name: String,
    lines: usize,
    missed: Vec<usize>,
}

/// Reads a report in the format of lcov: `SF:` begins a file, `DA:` tells how often a line was run.
fn read(report: &str) -> Result<Vec<Covered>, String> {
    let sources = process::root().join("crates");
    let mut files: Vec<Covered> = Vec::new();
    let mut tests = 0;
    for line in report.lines() {
        if let Some(path) = line.strip_prefix("SF:") {
            let name =
                Path::new(path).strip_prefix(&sources).unwrap_or(Path::new(path)).display().to_string();
            let is_test = name.contains("/tests/") || name.ends_with("/tests.rs") || name.starts_with('/');
            tests = if is_test { 0 } else { start_of_tests(path)? };
            files.push(Covered { name, lines: 0, missed: Vec::new() });
        } else if let (Some(counted), Some(file)) = (line.strip_prefix("DA:"), files.last_mut()) {
            let mut numbers = counted.split(',').map_while(|number| number.parse::<usize>().ok());
            let (Some(number), Some(times)) = (numbers.next(), numbers.next()) else {
                return Err(format!("not understood: {line}"));
            };
            if number < tests {
                file.lines += 1;
                file.missed.extend((times == 0).then_some(number));
            }
        }
    }
    files.retain(|file| file.lines > 0);
    Ok(files)
}

/// Returns the line at which a file's tests begin.
fn start_of_tests(path: &str) -> Result<usize, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    Ok(text.lines().position(|line| line == TESTS).map_or(usize::MAX, |line| line + 1))
}

/// Lists numbers, those that follow each other as spans.
fn spans(numbers: &[usize]) -> String {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => spans.push((*number, *number)),
        }
    }
    let shown = spans.iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        _ => format!("{first}-{last}"),
    });
    shown.collect::<Vec<_>>().join(" ")
}
