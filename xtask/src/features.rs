//! Checks every combination of each crate's features, without warnings: features only add.

use std::collections::BTreeSet;

use crate::manifest::Manifest;
use crate::process;
use crate::{ADAPTERS, CRATES, TOOL};

/// Runs the job.
///
/// # Errors
///
/// The combinations that failed, one a line.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let mut problems = Vec::new();
    for name in CRATES.into_iter().chain(ADAPTERS).chain([TOOL]) {
        let manifest = Manifest::read(name)?;
        let target = if name == TOOL { "--bins" } else { "--lib" };
        let mut checked = BTreeSet::new();
        for chosen in combinations(&manifest.choices()) {
            // A combination that turns on the same features as one before is the same.
            if !checked.insert(manifest.turned_on(&chosen)) {
                continue;
            }
            let features = chosen.join(",");
            let line = format!(
                "cargo clippy --quiet -p {name} {target} --no-default-features --features={features} -- -D warnings"
            );
            problems.extend(process::run(&line).err());
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// Every subset of `names`, the empty one first.
fn combinations<'a>(names: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut subsets = vec![Vec::new()];
    for name in names {
        let with_it: Vec<Vec<&str>> = subsets.iter().map(|subset| [&subset[..], &[*name]].concat()).collect();
        subsets.extend(with_it);
    }
    subsets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subset_comes_once() {
        let none: [&str; 0] = [];
        assert_eq!(combinations(&[]), [none]);
        assert_eq!(combinations(&["a", "b"]), [&[][..], &["a"], &["b"], &["a", "b"]]);
        assert_eq!(combinations(&["a", "b", "c", "d"]).len(), 16);
    }
}
