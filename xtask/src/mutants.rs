//! `cargo xtask mutants [NAME…]`: changes one thing after the other in the code, and sees whether a test fails, by
//! cargo-mutants. At least 95 of a hundred changes must be noticed; tests that never end have noticed, too. It takes
//! some hours, most of which the compiler needs.

use std::fs;

use crate::process;

/// The least share of changes that tests must notice, in percent.
const LEAST: usize = 95;

/// Nobody debugs what is built here, and without what a debugger needs it is built faster. Without optimisation across
/// the parts of a crate a change is built in half the time, and the tests take as long.
const VARIABLES: [(&str, &str); 2] = [("CARGO_PROFILE_DEV_DEBUG", "0"), ("CARGO_PROFILE_DEV_LTO", "off")];

/// What is changed: a name, the package, its files, and the tests that have to notice.
const SETS: [(&str, &str, &str, &str); 5] = [
    ("frame", "wsproto-frame", "**/wsproto-frame/src/**/*.rs", "--lib"),
    ("handshake", "wsproto-handshake", "**/wsproto-handshake/src/**/*.rs", "--lib --test handshake"),
    (
        "deflate-negotiation",
        "wsproto-extensions",
        "**/src/{deflate/config,deflate/extension,deflate/parameters,deflate/window,grammar,negotiation,params}.rs",
        "--lib --test rfc7692 --test public_items_only",
    ),
    (
        "deflate",
        "wsproto-extensions",
        "**/src/deflate/{backend,inflate,pool,receiver,sender}{.rs,/*.rs}",
        "--lib --test rfc7692",
    ),
    (
        "pipeline",
        "wsproto-extensions",
        "**/wsproto-extensions/src/{extension,output,pipeline}{.rs,/*.rs}",
        "--lib",
    ),
];

/// Runs the job.
///
/// # Errors
///
/// The sets of which too few changes were noticed, one a line; a set that isn't known.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let names = SETS.map(|set| set.0);
    if let Some(other) = args.iter().find(|arg| !names.contains(&arg.as_str())) {
        return Err(format!("mutants does not know {other}: {}", names.join(", ")));
    }
    if !process::succeeds("cargo mutants --version") {
        println!("SKIP: no cargo-mutants: cargo install cargo-mutants");
        return Ok(());
    }
    let chosen = SETS.iter().filter(|set| args.is_empty() || args.iter().any(|arg| arg == set.0));
    let problems: Vec<String> =
        chosen.filter_map(|(name, package, files, tests)| judge(name, package, files, tests).err()).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// Changes the code of one set, and counts what was noticed.
fn judge(name: &str, package: &str, files: &str, tests: &str) -> Result<(), String> {
    let folder = process::target_dir().join("mutants").join(name);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    // How long tests may take follows from how long they take without a change: five times that, or 20 s.
    let options = format!("--jobs 1 --no-shuffle --all-features --output {}", folder.display());
    // It fails when one change goes unnoticed; what counts is how many do.
    let line = format!("cargo mutants {options} -p {package} -f {files} -- {tests}");
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
