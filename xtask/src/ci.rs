//! `cargo xtask ci` and `cargo xtask daily`: the checks of a tier. Each is printed with its time. A failure doesn't stop
//! the checks after it. Nothing is installed or changed: what is missing is a SKIP with its reason.

use std::time::{Duration, Instant};
use std::{env, fmt};

use crate::checks::{CHECKS, Check, Run, Tier};
use crate::manifest::rust_version;
use crate::process::{self, quoted};
use crate::tools::Need;
use crate::{ADAPTERS, CRATES};

/// A variable that makes a failure of each SKIP, for machines on which nothing should be missing.
const NO_SKIP: &str = "XTASK_NO_SKIP";

/// How a check ended.
enum Outcome {
    Passed,
    Failed(String),
    Skipped(String),
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

impl Check {
    /// Runs it with these arguments.
    fn outcome(&self, args: &[String]) -> Outcome {
        if let Some(missing) = self.needs.iter().find_map(|need| need.look().err()) {
            // What setup installs is named by the check that needs it.
            let missing = missing.replace("xtask setup", &format!("xtask setup {}", self.name));
            let is_strict = env::var_os(NO_SKIP).is_some();
            return if is_strict { Outcome::Failed(missing) } else { Outcome::Skipped(missing) };
        }
        let problems: Vec<String> = match self.run {
            Run::Job(job, _) => job(args).err().into_iter().collect(),
            Run::Lines([line]) => {
                process::run(&[&self.filled(line), &args.join(" ")].map(String::as_str).join(" "))
                    .err()
                    .into_iter()
                    .collect()
            }
            Run::Lines(_) if !args.is_empty() => vec![format!("{} takes no arguments", self.name)],
            Run::Lines(lines) => {
                lines.iter().filter_map(|line| process::run(&self.filled(line)).err()).collect()
            }
        };
        if problems.is_empty() { Outcome::Passed } else { Outcome::Failed(problems.join("\n")) }
    }

    /// Puts in what the names in braces stand for.
    fn filled(&self, line: &str) -> String {
        let packages =
            |names: &[&str]| names.iter().map(|name| format!("-p {name}")).collect::<Vec<_>>().join(" ");
        let four = packages(&CRATES);
        let wished = self.needs.iter().filter_map(|need| match need {
            Need::Wish(program, _) if process::find(program).is_some() => Some(format!(",{program}")),
            _ => None,
        });
        line.replace("{libraries}", &format!("{four} {}", packages(&ADAPTERS)))
            .replace("{four}", &four)
            .replace("{wished}", &wished.collect::<String>())
            .replace("{target}", &quoted(&process::target_dir()))
            .replace("{oldest}", &rust_version().unwrap_or_default())
    }

    /// Runs it as part of a tier.
    fn in_tier(&self) -> Outcome {
        let Run::Job(_, args) = self.run else { return self.outcome(&[]) };
        self.outcome(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>())
    }

    /// Runs it as a job by itself.
    ///
    /// # Errors
    ///
    /// What failed.
    pub(crate) fn alone(&self, args: &[String]) -> Result<(), String> {
        match self.outcome(args) {
            Outcome::Failed(why) => Err(why),
            Outcome::Skipped(why) => {
                println!("SKIP: {why}");
                Ok(())
            }
            Outcome::Passed => Ok(()),
        }
    }
}

/// Runs the checks of a tier; `--only A,B` and `--skip A,B` choose, and so do names.
///
/// # Errors
///
/// How many failed; an argument that isn't known.
pub(crate) fn run(tier: Tier, args: &[String]) -> Result<(), String> {
    let of_tier: Vec<&Check> = CHECKS.iter().filter(|check| check.tier == tier).collect();
    let choice = Choice::parse(args, &of_tier)?;
    let chosen =
        of_tier.into_iter().filter(|check| choice.only.is_empty() || choice.only.contains(&check.name));
    let done: Vec<(&str, Duration, Outcome)> = chosen.map(|check| take(check, &choice)).collect();

    println!("\ncheck          seconds  result");
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

/// Which checks the command line asked for.
#[derive(Default)]
struct Choice<'a> {
    only: Vec<&'a str>,
    skip: Vec<&'a str>,
}

impl<'a> Choice<'a> {
    fn parse(args: &'a [String], known: &[&Check]) -> Result<Self, String> {
        let mut choice = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let (list, names) = match arg.as_str() {
                "--only" => (&mut choice.only, args.next()),
                "--skip" => (&mut choice.skip, args.next()),
                _ => (&mut choice.only, Some(arg)),
            };
            list.extend(names.ok_or("the names of checks are missing")?.split(','));
        }
        let is_known = |name: &str| known.iter().any(|check| check.name == name);
        match choice.only.iter().chain(&choice.skip).find(|name| !is_known(name)) {
            Some(name) => {
                let names: Vec<&str> = known.iter().map(|check| check.name).collect();
                Err(format!("no check {name} in this tier: {}", names.join(", ")))
            }
            None => Ok(choice),
        }
    }
}

/// Runs a check and prints how it went.
fn take(check: &Check, choice: &Choice<'_>) -> (&'static str, Duration, Outcome) {
    println!("\n=== {}", check.name);
    let started = Instant::now();
    let skipped = choice.skip.contains(&check.name);
    let outcome = if skipped { Outcome::Skipped("as asked".to_owned()) } else { check.in_tier() };
    let time = started.elapsed();
    println!("=== {}: {outcome} ({:.1} s)", check.name, time.as_secs_f64());
    (check.name, time, outcome)
}
