//! What the other jobs need to know from the crates' Cargo.toml.

use std::collections::BTreeMap;
use std::fs;

use toml::{Table, Value};

use crate::process::root;

/// One of our crates as its Cargo.toml describes it.
pub(crate) struct Manifest {
    /// Each feature and what it turns on.
    pub(crate) features: BTreeMap<String, Vec<String>>,
    /// The names of what it depends on outside tests, optional ones included.
    pub(crate) dependencies: Vec<String>,
    /// The names of what its tests and examples need besides.
    pub(crate) tests: Vec<String>,
}

impl Manifest {
    /// Reads the Cargo.toml of the named crate.
    ///
    /// # Errors
    ///
    /// The file's name and what is wrong with it.
    pub(crate) fn read(name: &str) -> Result<Self, String> {
        let table = table(&format!("crates/{name}/Cargo.toml"))?;
        let features = entries(&table, "features").map(|(name, value)| (name.clone(), strings(value)));
        let dependencies = ["dependencies", "build-dependencies"];
        Ok(Self {
            features: features.collect(),
            dependencies: dependencies.into_iter().flat_map(|kind| names(&table, kind)).collect(),
            tests: names(&table, "dev-dependencies"),
        })
    }

    /// The features apart from `default`.
    fn choices(&self) -> Vec<&str> {
        self.features.keys().map(String::as_str).filter(|name| *name != "default").collect()
    }

    /// The features that don't turn on `std`, here or in a crate below.
    pub(crate) fn without_std(&self) -> Vec<&str> {
        self.choices().into_iter().filter(|name| !self.reaches_std(name)).collect()
    }

    fn reaches_std(&self, feature: &str) -> bool {
        feature == "std"
            || feature.ends_with("/std")
            || self.features.get(feature).is_some_and(|parts| parts.iter().any(|part| self.reaches_std(part)))
    }
}

/// The oldest Rust that the workspace promises to build with.
pub(crate) fn rust_version() -> Result<String, String> {
    let table = table("Cargo.toml")?;
    let package = table.get("workspace").and_then(|workspace| workspace.get("package"));
    let version = package.and_then(|package| package.get("rust-version")).and_then(Value::as_str);
    version.map(str::to_owned).ok_or_else(|| "Cargo.toml states no rust-version".to_owned())
}

fn table(path: &str) -> Result<Table, String> {
    let text = fs::read_to_string(root().join(path)).map_err(|error| format!("{path}: {error}"))?;
    text.parse().map_err(|error| format!("{path}: {error}"))
}

fn entries<'a>(table: &'a Table, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    table.get(name).and_then(Value::as_table).into_iter().flatten()
}

/// The names in all tables of a kind, those for some targets only included.
fn names(table: &Table, kind: &str) -> Vec<String> {
    let of_targets = entries(table, "target").filter_map(|(_, target)| target.as_table());
    let tables = std::iter::once(table).chain(of_targets);
    tables.flat_map(|table| entries(table, kind)).map(|(name, _)| name.clone()).collect()
}

fn strings(value: &Value) -> Vec<String> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_targets_are_seen() {
        let text = "[dependencies]\na = \"1\"\n[target.'cfg(unix)'.dependencies]\nb = \"1\"\n\
                    [target.'cfg(unix)'.dev-dependencies]\nc = \"1\"\n[dev-dependencies]\nd = \"1\"\n";
        let table: Table = text.parse().unwrap();
        assert_eq!(names(&table, "dependencies"), ["a", "b"]);
        assert_eq!(names(&table, "dev-dependencies"), ["d", "c"]);
        assert!(names(&table, "build-dependencies").is_empty());
    }

    #[test]
    fn features_that_reach_std_are_left_out() {
        let features = [
            ("default", vec!["std"]),
            ("std", vec!["below/std"]),
            ("fast", vec!["std"]),
            ("weak", vec!["below?/std"]),
            ("plain", vec!["dep:below"]),
        ];
        let features =
            features.map(|(name, parts)| (name.into(), parts.into_iter().map(str::to_owned).collect()));
        let manifest = Manifest { features: features.into(), dependencies: Vec::new(), tests: Vec::new() };
        assert_eq!(manifest.choices(), ["fast", "plain", "std", "weak"]);
        assert_eq!(manifest.without_std(), ["plain"]);
    }
}
