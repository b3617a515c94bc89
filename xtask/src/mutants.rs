//! `cargo xtask mutants [CRATE…]`: changes one thing after the other in the code, and sees whether a test fails, by
//! cargo-mutants. Tests must notice at least 97 of a hundred changes in each crate; tests that never end have noticed,
//! too. It takes some hours, most of which the compiler needs.

use std::fs;

use crate::process::{self, quoted};

/// The least share of changes that tests must notice, in percent.
const LEAST: usize = 97;

/// What isn't changed: `|` joins parts of a word that don't overlap, and there `^` is the same.
const EQUAL: &str = r"replace.[|].with.\^";

/// Nobody debugs what is built here, and without what a debugger needs it is built faster. Without optimisation across
/// the parts of a crate a change is built in half the time, and the tests take as long.
const VARIABLES: [(&str, &str); 2] = [("CARGO_PROFILE_DEV_DEBUG", "0"), ("CARGO_PROFILE_DEV_LTO", "off")];

/// Each crate, and its tests that have to notice: not those that replay recorded vectors.
const SETS: [(&str, &str); 4] = [
    ("wsproto-frame", "--lib"),
    ("wsproto-handshake", "--lib --test handshake"),
    ("wsproto-extensions", "--lib --test rfc7692 --test kept_memory"),
    ("wsproto", "--lib --tests"),
];

/// Runs the job.
///
/// # Errors
///
/// The crates of which too few changes were noticed, one a line; a crate that isn't known.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let names = SETS.map(|(name, _)| name);
    if let Some(other) = args.iter().find(|arg| !names.contains(&arg.as_str())) {
        return Err(format!("mutants does not know {other}: {}", names.join(", ")));
    }
    let chosen = SETS.iter().filter(|(name, _)| args.is_empty() || args.iter().any(|arg| arg == name));
    let problems: Vec<String> = chosen.filter_map(|(name, tests)| judge(name, tests).err()).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// Changes the code of one crate, and counts what was noticed.
fn judge(name: &str, tests: &str) -> Result<(), String> {
    let folder = process::target_dir().join("mutants").join(name);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    // How long tests may take follows from how long they take without a change: five times that, or 20 s.
    let options = format!("--jobs 1 --no-shuffle --all-features --output {}", quoted(&folder));
    // It fails when one change goes unnoticed; what counts is how many do.
    let line = format!("cargo mutants {options} -p {name} -E {EQUAL} -- {tests}");
    let outcome = process::run_with(&line, &VARIABLES);
    let lines = |file: &str| -> Result<Vec<String>, String> {
        let path = folder.join("mutants.out").join(file);
        let text =
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}; {outcome:?}", path.display()))?;
        Ok(text.lines().map(str::to_owned).collect())
    };
    let (caught, missed) = (lines("caught.txt")?.len() + lines("timeout.txt")?.len(), lines("missed.txt")?);
    let all = caught + missed.len();
    println!("{name}: {caught} of {all} changes noticed; not these:\n{}", missed.join("\n"));
    if all > 0 && caught * 100 >= all * LEAST {
        return Ok(());
    }
    Err(format!("{name}: fewer than {LEAST} % of the changes were noticed: {caught} of {all}"))
}
