//! The rows by id, each with the tests that prove it, for who wants to run those.

use std::collections::BTreeSet;

use super::SPECIFICATIONS;
use super::annotations::{Collection, Test, collect};
use super::records::{Records, Status};
use crate::process;

/// All rows and all tests.
pub(crate) struct Rows {
    records: Records,
    collection: Collection,
}

/// A test that a row names, and how to run it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct NamedTest {
    pub(crate) package: String,
    /// The name of its function, or `transcripts/` and the file's.
    pub(crate) name: String,
    /// What tells cargo where it is: `--lib` or `--test facade`.
    pub(crate) target: String,
}

impl Rows {
    /// Reads the rows and the annotations of the crates.
    ///
    /// # Errors
    ///
    /// The file that can't be read.
    pub(crate) fn read() -> Result<Self, String> {
        let root = process::root();
        let records = Records::read(&root.join("docs/requirements"), &SPECIFICATIONS)?;
        Ok(Self { records, collection: collect(&root.join("crates"))? })
    }

    /// Returns whether there is a row with this id: `rfc6455#5.2-3`, or a threat's `F1`.
    pub(crate) fn contains(&self, id: &str) -> bool {
        self.records.contains(id) || self.records.threats.iter().any(|threat| threat.id == id)
    }

    /// The ids of the requirements that are done and of the threats that have tests.
    pub(crate) fn proved(&self) -> Vec<String> {
        let done =
            self.records.requirements().filter(|(_, row)| row.status == Status::Done).map(|(id, _)| id);
        let threats = self.records.threats.iter().filter(|threat| threat.untested.is_none());
        done.chain(threats.map(|threat| threat.id.clone())).collect()
    }

    /// The tests that prove a row.
    pub(crate) fn tests_of(&self, id: &str) -> BTreeSet<NamedTest> {
        let tests =
            if id.contains('#') { self.collection.tests_of(id) } else { self.collection.tests_of_threat(id) };
        let named = |test: &Test| {
            let files = self.collection.files_of(test);
            let named = move |file: &str| NamedTest {
                package: test.package.clone(),
                name: test.name.clone(),
                target: target(file),
            };
            files.map(named).collect::<Vec<_>>()
        };
        tests.into_iter().flat_map(named).collect()
    }

    /// The tests that prove any of the rows.
    pub(crate) fn tests_of_all(&self, ids: &[String]) -> BTreeSet<NamedTest> {
        ids.iter().flat_map(|id| self.tests_of(id)).collect()
    }
}

impl NamedTest {
    /// What makes a test program run it.
    pub(crate) fn filter(&self) -> &str {
        if self.transcript().is_some() { "as_they_stand" } else { &self.name }
    }

    /// Tells from what a test program printed whether it passed; `None` where it did not run to its end.
    pub(crate) fn outcome(&self, printed: &str) -> Option<bool> {
        let name = self.filter();
        let mut outcomes = printed.lines().filter_map(|line| {
            let (path, outcome) = line.strip_prefix("test ")?.split_once(" ... ")?;
            let is_it = path.trim_end_matches(" - should panic").rsplit("::").next() == Some(name);
            let passed = match outcome {
                "ok" => true,
                "FAILED" => false,
                _ => return None,
            };
            is_it.then_some(passed)
        });
        let first = outcomes.next()?;
        let passed = first && outcomes.all(|passed| passed);
        // All transcripts are one test, which tells the file and line of each that failed.
        Some(passed || self.transcript().is_some_and(|stem| !printed.contains(&format!("{stem}.txt:"))))
    }

    fn transcript(&self) -> Option<&str> {
        self.name.strip_prefix("transcripts/")
    }
}

/// Where cargo finds the tests of a file: `wsproto/tests/facade/limits.rs` is a part of `--test facade`.
fn target(file: &str) -> String {
    let mut parts = file.split('/').skip_while(|part| *part != "tests").skip(1);
    match parts.next() {
        Some(name) if !file.contains("/src/") => format!("--test {}", name.trim_end_matches(".rs")),
        _ => "--lib".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_part_of_a_target() {
        #[rustfmt::skip]
        let table = [
            ("wsproto/tests/facade/limits.rs",       "--test facade"),
            ("wsproto/tests/rfc6455.rs",             "--test rfc6455"),
            ("wsproto/tests/transcripts/close.txt",  "--test transcripts"),
            ("wsproto-frame/src/header/tests.rs",    "--lib"),
            ("wsproto-x/src/deflate/tests/text.rs",  "--lib"),
        ];
        for (file, expected) in table {
            assert_eq!(target(file), expected, "{file}");
        }
    }

    #[test]
    fn an_outcome_is_read_from_what_was_printed() {
        let printed = "test a::b::one ... ok\ntest two ... FAILED\ntest as_they_stand ... FAILED\nclose.txt:3: no\n\
                       test both ... ok\ntest x::both ... FAILED\ntest one_more ... FAILED\n";
        #[rustfmt::skip]
        let table = [
            ("one",               Some(true)),
            ("two",               Some(false)),
            ("three",             None),
            ("both",              Some(false)),
            ("transcripts/close", Some(false)),
            ("transcripts/ping",  Some(true)),
        ];
        for (name, expected) in table {
            let (package, target) = ("wsproto".to_owned(), "--lib".to_owned());
            let test = NamedTest { package, name: name.to_owned(), target };
            assert_eq!(test.outcome(printed), expected, "{name}");
        }
    }
}
