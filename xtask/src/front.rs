//! Compares the table of features in each README with the crate's Cargo.toml, and copies it to the front page of the
//! crate's documentation.

use std::fs;

use crate::manifest::Manifest;
use crate::process::root;
use crate::{ADAPTERS, CRATES, TOOL};

/// How the table begins in a README.
const HEAD: &str = "| feature | default | what it adds |";

/// What stands before the table on a front page.
const TITLE: &str = "//! # Features\n//!\n";

/// Compares, and renews the front pages unless that is all that is asked for.
///
/// # Errors
///
/// Each row that is missing or wrong, and each front page that lacks a place or has another table, one a line.
pub(crate) fn check(only_checks: bool) -> Result<(), String> {
    let mut problems = Vec::new();
    for name in CRATES.into_iter().chain(ADAPTERS).chain([TOOL]) {
        let readme =
            if name == "wsproto" { "README.md".to_owned() } else { format!("crates/{name}/README.md") };
        let text = read(&readme)?;
        let table = table(&text);
        problems.extend(
            differences(&Manifest::read(name)?, &table).into_iter().map(|what| format!("{readme}: {what}")),
        );
        let page = format!("crates/{name}/src/lib.rs");
        // A program has no front page; that of wsproto-handshake is its README.
        if name == TOOL || read(&page)?.contains("#![doc = include_str!(\"../README.md\")]") {
            continue;
        }
        let old = read(&page)?;
        let Some(new) = with_table(&old, &table) else {
            problems.push(format!("{page} has no place for features: # Features"));
            continue;
        };
        if new != old && only_checks {
            problems
                .push(format!("{page} has another table of features than {readme}: run cargo xtask manual"));
        } else if new != old {
            fs::write(root().join(&page), new).map_err(|error| format!("{page}: {error}"))?;
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))
}

/// The lines of the table of features.
fn table(readme: &str) -> Vec<&str> {
    readme.lines().skip_while(|line| *line != HEAD).take_while(|line| line.starts_with('|')).collect()
}

/// Returns what a table says otherwise than a manifest.
fn differences(manifest: &Manifest, table: &[&str]) -> Vec<String> {
    let is_on = |feature: &String| manifest.features.get("default").is_some_and(|on| on.contains(feature));
    let features = manifest.features.keys().filter(|feature| *feature != "default");
    let rows: Vec<String> = features
        .map(|feature| format!("| `{feature}` | {} |", if is_on(feature) { "on" } else { "off" }))
        .collect();
    let missing = rows.iter().filter(|row| !table.iter().any(|line| line.starts_with(row.as_str())));
    let wrong = table.iter().skip(2).filter(|line| !rows.iter().any(|row| line.starts_with(row.as_str())));
    missing.map(|row| format!("lacks {row}")).chain(wrong.map(|line| format!("has {line}"))).collect()
}

/// Puts a table in place of that of a front page, if it has a place for one.
fn with_table(page: &str, table: &[&str]) -> Option<String> {
    let (before, after) = page.split_once(TITLE)?;
    let rest: Vec<&str> = after.split_inclusive('\n').skip_while(|line| line.starts_with("//! |")).collect();
    let rows: Vec<String> = table.iter().map(|row| ["//! ", row, "\n"].concat()).collect();
    Some([before, TITLE, &rows.concat(), &rest.concat()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_found_compared_and_copied() {
        let readme = format!(
            "# X\n\n{HEAD}\n|---|---|---|\n| `a` | on | A. |\n| `b` | on | B. |\n\n| other | table |\n"
        );
        let table = table(&readme);
        assert_eq!(table.len(), 4);
        let features = [("default", vec!["a"]), ("a", vec![]), ("b", vec![]), ("c", vec![])];
        let features =
            features.map(|(name, on)| (name.to_owned(), on.into_iter().map(str::to_owned).collect()));
        let manifest = Manifest { features: features.into(), dependencies: Vec::new(), tests: Vec::new() };
        let expected = ["lacks | `b` | off |", "lacks | `c` | off |", "has | `b` | on | B. |"];
        assert_eq!(differences(&manifest, &table), expected);

        let page = "//! X.\n//!\n//! # Features\n//!\n//! | old |\n#![no_std]\n";
        let new = with_table(page, &["| a |", "| b |"]).unwrap();
        assert_eq!(new, "//! X.\n//!\n//! # Features\n//!\n//! | a |\n//! | b |\n#![no_std]\n");
        assert_eq!(with_table("//! X.\n", &[]), None);
    }
}
