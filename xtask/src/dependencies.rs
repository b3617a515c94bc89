//! Holds the tables of docs/dependencies.md against the crates' Cargo.toml and against what cargo resolves, and that
//! against what README.md names.

use std::collections::BTreeSet;
use std::fs;

use crate::manifest::Manifest;
use crate::{ADAPTERS, CRATES, TOOL, process};

const PAGE: &str = "docs/dependencies.md";
const README: &str = "README.md";

/// What cargo resolves for a program that uses the facade; on one target, as the table says.
const TREE: &str =
    "cargo tree --locked --package wsproto --edges normal --prefix none --target x86_64-unknown-linux-gnu";

/// Compares the tables.
///
/// # Errors
///
/// Each row that is missing and each that is too many, and each package that README.md doesn't name, one a line.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let read =
        |path| fs::read_to_string(process::root().join(path)).map_err(|error| format!("{path}: {error}"));
    let page = read(PAGE)?;
    let mut problems = differences(&listed(&page), &named()?);
    let resolved = resolved()?;
    problems.extend(differences(&shipped(&page), &in_a_program(&resolved)));
    problems.extend(not_named(&read(README)?, &resolved));
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// The rows of the first table: crate, dependency, and whether it is for tests.
fn listed(page: &str) -> BTreeSet<String> {
    rows(page)
        .filter_map(|row| match row[..] {
            [name, dependency, when, _] if ours().any(|ours| ours == name) => {
                Some(named_row(name, dependency, when == "tests"))
            }
            _ => None,
        })
        .collect()
}

/// The packages of this workspace that are for others to use, and the tool.
fn ours() -> impl Iterator<Item = &'static str> {
    CRATES.into_iter().chain(ADAPTERS).chain([TOOL])
}

fn named() -> Result<BTreeSet<String>, String> {
    let mut all = BTreeSet::new();
    for name in ours() {
        let Manifest { dependencies, tests, .. } = Manifest::read(name)?;
        let of_others = |dependency: &&String| !ours().any(|ours| ours == dependency.as_str());
        all.extend(dependencies.iter().filter(of_others).map(|other| named_row(name, other, false)));
        all.extend(tests.iter().filter(of_others).map(|other| named_row(name, other, true)));
    }
    Ok(all)
}

fn named_row(name: &str, dependency: &str, for_tests: bool) -> String {
    let what_for = if for_tests { "tests of " } else { "" };
    format!("{dependency} for {what_for}{name}")
}

/// The rows of the second table: packages that a program gets.
fn shipped(page: &str) -> BTreeSet<String> {
    rows(page)
        .filter_map(|row| match row[..] {
            [package, _, _] if !matches!(package, "package" | "---") => Some(row_in_a_program(package)),
            _ => None,
        })
        .collect()
}

fn row_in_a_program(package: &str) -> String {
    format!("{package} in a program")
}

fn in_a_program(packages: &BTreeSet<String>) -> BTreeSet<String> {
    packages.iter().map(|package| row_in_a_program(package)).collect()
}

/// The packages of others that a program gets.
fn resolved() -> Result<BTreeSet<String>, String> {
    let tree = process::stdout(TREE)?;
    let packages = tree.lines().filter_map(|line| line.split_once(" v")).map(|(package, _)| package);
    Ok(packages.filter(|package| !CRATES.contains(package)).map(str::to_owned).collect())
}

fn not_named(readme: &str, packages: &BTreeSet<String>) -> Vec<String> {
    let others = packages.iter().filter(|package| !readme.contains(&format!("`{package}`")));
    others.map(|package| format!("{README} does not name {package}")).collect()
}

/// The cells of each row of a table.
fn rows(page: &str) -> impl Iterator<Item = Vec<&str>> {
    let inner = page.lines().filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'));
    inner.map(|row| row.split('|').map(str::trim).collect())
}

fn differences(page: &BTreeSet<String>, truth: &BTreeSet<String>) -> Vec<String> {
    let missing = truth.difference(page).map(|row| format!("{PAGE} lacks {row}"));
    let too_many = page.difference(truth).map(|row| format!("{PAGE} has {row}, which isn't so"));
    missing.chain(too_many).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_both_tables_are_told_apart_and_compared() {
        let page = "| crate | dependency | when | what for |\n|---|---|---|---|\n| wsproto | bytes | always | x |\n\
                    | wsproto | toml | tests | x |\n\n| package | through | licence |\n|---|---|---|\n| libc | a | MIT |\n";
        let set = |rows: &[&str]| rows.iter().map(|row| (*row).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(listed(page), set(&["bytes for wsproto", "toml for tests of wsproto"]));
        assert_eq!(shipped(page), set(&["libc in a program"]));
        let problems = differences(&set(&["a", "b"]), &set(&["b", "c"]));
        assert_eq!(problems, [format!("{PAGE} lacks c"), format!("{PAGE} has a, which isn't so")]);
        assert_eq!(not_named("brings `a`, and bc", &set(&["a", "b"])), [format!("{README} does not name b")]);
    }
}
