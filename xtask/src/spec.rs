//! `cargo xtask spec`: ties each requirement and each threat to the tests that prove it.
//!
//! Reads docs/requirements/*.toml and the annotations in crates/, writes docs/conformance.md and
//! docs/threats.md, and fails where a promise has no proof.
//! `--check` writes nothing and fails when a page is out of date; `--strict-threats` fails when a threat has no test.

mod annotations;
mod records;
mod report;
mod rows;

use std::fs;
use std::path::PathBuf;

use annotations::{Collection, collect};
use records::{Records, Status};
pub(crate) use rows::{NamedTest, Rows};

use crate::process;

/// The specifications that have a requirements file, as named there and in annotations.
const SPECIFICATIONS: [&str; 4] = ["rfc6455", "rfc7692", "rfc8441", "rfc9220"];

/// Runs the job.
///
/// # Errors
///
/// A text that lists every problem found, one a line.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let options = Options::parse(args)?;
    let root = process::root();
    let records = Records::read(&root.join("docs/requirements"), &SPECIFICATIONS)?;
    let collection = collect(&root.join("crates"))?;

    let mut problems = records.problems();
    problems.extend(unproven(&records, &collection));
    let bare = records
        .threats
        .iter()
        .filter(|threat| threat.untested.is_none() && collection.tests_of_threat(&threat.id).is_empty());
    let bare: Vec<&str> = bare.map(|threat| threat.id.as_str()).collect();
    if !bare.is_empty() {
        let line = format!("{} threats have no test: {}", bare.len(), bare.join(" "));
        if options.strict_threats { problems.push(line) } else { println!("{line}") }
    }
    for page in report::pages(&records, &collection) {
        problems.extend(settle(&root.join(page.path), &page.text, options.check)?);
    }
    if problems.is_empty() {
        println!("{} requirements, {} threats", records.len(), records.threats.len());
        return Ok(());
    }
    Err(problems.join("\n"))
}

/// What the command line asked for.
struct Options {
    check: bool,
    strict_threats: bool,
}

impl Options {
    fn parse(args: &[String]) -> Result<Self, String> {
        let mut options = Self { check: false, strict_threats: false };
        for arg in args {
            match arg.as_str() {
                "--check" => options.check = true,
                "--strict-threats" => options.strict_threats = true,
                other => return Err(format!("spec does not know {other}: --check, --strict-threats")),
            }
        }
        Ok(options)
    }
}

/// Lists the annotations of ids that don't exist or that prove nothing, and the done requirements that no test proves
/// or no code is marked with.
fn unproven(records: &Records, collection: &Collection) -> Vec<String> {
    let mut problems = Vec::new();
    for annotation in &collection.annotations {
        let (id, place) = (&annotation.id, format!("{}:{}", annotation.file, annotation.line));
        if !records.contains(id) {
            problems.push(format!("{place}: {id} is not a requirement"));
        }
        if annotation.idle {
            problems.push(format!("{place}: {id} stands in a test file but belongs to no test"));
        }
    }
    for (id, requirement) in records.requirements() {
        if requirement.status != Status::Done {
            continue;
        }
        if collection.tests_of(&id).is_empty() {
            problems.push(format!("{id} is said to be done and has no test: {}", requirement.text));
        }
        if collection.code_of(&id).is_empty() {
            problems
                .push(format!("{id} is said to be done and no code is marked with it: {}", requirement.text));
        }
    }
    problems
}

/// Writes the page at `path`, or tells that it is out of date where only checking was asked for.
fn settle(path: &PathBuf, text: &str, check: bool) -> Result<Option<String>, String> {
    let old = fs::read_to_string(path).unwrap_or_default();
    if old == text {
        return Ok(None);
    }
    if check {
        return Ok(Some(format!("{} is out of date: run cargo xtask spec", path.display())));
    }
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(None)
}
