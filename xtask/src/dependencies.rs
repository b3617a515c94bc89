//! Holds the tables of docs/dependencies.md against the crates' Cargo.toml and against what cargo resolves.

use std::collections::BTreeSet;
use std::fs;

use crate::manifest::Manifest;
use crate::{CRATES, process};

const PAGE: &str = "docs/dependencies.md";

/// What cargo resolves for a program that uses the facade; on one target, as the table says.
const TREE: &str =
    "cargo tree --locked --package wsproto --edges normal --prefix none --target x86_64-unknown-linux-gnu";

/// Compares the tables.
///
/// # Errors
///
/// Each row that is missing and each that is too many, one a line.
pub(crate) fn check() -> Result<(), String> {
    let page = fs::read_to_string(process::root().join(PAGE)).map_err(|error| format!("{PAGE}: {error}"))?;
    let mut problems = differences(&listed(&page), &named()?);
    problems.extend(differences(&shipped(&page), &resolved()?));
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// The rows of the first table: crate, dependency, and whether it is for tests.
fn listed(page: &str) -> BTreeSet<String> {
    rows(page)
        .filter_map(|row| match row[..] {
            [name, dependency, when, _] if CRATES.contains(&name) => {
                Some(named_row(name, dependency, when == "tests"))
            }
            _ => None,
        })
        .collect()
}

fn named() -> Result<BTreeSet<String>, String> {
    let mut all = BTreeSet::new();
    for name in CRATES {
        let Manifest { dependencies, tests, .. } = Manifest::read(name)?;
        let of_others = |dependency: &&String| !CRATES.contains(&dependency.as_str());
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
            [package, _, _] if !matches!(package, "package" | "---") => {
                Some(format!("{package} in a program"))
            }
            _ => None,
        })
        .collect()
}

fn resolved() -> Result<BTreeSet<String>, String> {
    let (succeeded, tree) = process::output(TREE)?;
    if !succeeded {
        return Err(tree);
    }
    let packages = tree.lines().filter_map(|line| line.split_once(" v")).map(|(package, _)| package);
    let others = packages.filter(|package| !CRATES.contains(package));
    Ok(others.map(|package| format!("{package} in a program")).collect())
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
    }
}
