//! The public API of each crate, as `cargo public-api` lists it, must be the committed listing: the diff of api/ shows
//! each change. `--write` renews the listings.

use std::fs;

use crate::{ADAPTERS, CRATES, process};

/// Runs the job.
///
/// # Errors
///
/// Each crate whose listing is another one, with what differs.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let mut problems = Vec::new();
    for name in CRATES.into_iter().chain(ADAPTERS) {
        // Without the items of blanket and automatic traits, which say nothing new.
        let line = format!("cargo +nightly public-api -sss --all-features -p {name}");
        let listed = process::stdout(&line)?;
        let path = process::root().join(format!("api/{name}.txt"));
        if args == ["--write"] {
            fs::write(&path, listed).map_err(|error| format!("{}: {error}", path.display()))?;
            continue;
        }
        let committed = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let gone = committed.lines().filter(|line| !listed.contains(line)).map(|line| format!("-{line}"));
        let new = listed.lines().filter(|line| !committed.contains(line)).map(|line| format!("+{line}"));
        let changes: Vec<String> = gone.chain(new).collect();
        if !changes.is_empty() {
            problems.push(format!(
                "{name}: cargo xtask api --write, and look at the diff\n{}",
                changes.join("\n")
            ));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}
