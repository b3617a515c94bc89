//! The edits that turn rules off, as docs/requirements/turn-off.toml has them.

use std::fmt;
use std::fs;
use std::path::Path;

use toml::{Table, Value};

/// What turns one rule off, and the rows that are broken then.
pub(super) struct Entry {
    /// `rfc6455#5.2-3`, or a threat's `F1`.
    pub(super) ids: Vec<String>,
    /// At least one.
    pub(super) edits: Vec<Edit>,
}

/// One text in one file, and what stands in its place when the rule is off.
pub(super) struct Edit {
    pub(super) file: String,
    /// Stands once in the file.
    pub(super) find: String,
    pub(super) replace: String,
}

impl Entry {
    /// Reads all entries.
    ///
    /// # Errors
    ///
    /// What is wrong with the file.
    pub(super) fn read(path: &Path) -> Result<Vec<Self>, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let table: Table = text.parse().map_err(|error| format!("{}: {error}", path.display()))?;
        let rules = table.get("rule").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        rules.iter().map(Self::parse).collect()
    }

    fn parse(value: &Value) -> Result<Self, String> {
        let ids: Vec<String> = value
            .get("ids")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|id| id.as_str().map(str::to_owned))
            .collect();
        if ids.is_empty() {
            return Err(format!("turn-off.toml: a rule has no ids: {value:?}"));
        }
        let also = value.get("also").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let edits = [value].into_iter().chain(also).map(|edit| Edit::parse(&ids, edit));
        Ok(Self { edits: edits.collect::<Result<_, _>>()?, ids })
    }

    /// Returns whether a word of the command line means it: an id, the start of one, or a part of a file's path.
    pub(super) fn is_meant_by(&self, wanted: &str) -> bool {
        let starts = |id: &String| {
            id.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with(['#', '.', '-']))
        };
        self.ids.iter().any(starts) || self.edits.iter().any(|edit| edit.file.contains(wanted))
    }
}

impl Edit {
    fn parse(ids: &[String], value: &Value) -> Result<Self, String> {
        let text = |key: &str| {
            let text = value.get(key).and_then(Value::as_str).map(str::to_owned);
            text.ok_or_else(|| format!("turn-off.toml: {} has no {key}", ids.join(", ")))
        };
        Ok(Self { file: text("file")?, find: text("find")?, replace: text("replace")? })
    }

    /// Makes the edit in a text.
    ///
    /// # Errors
    ///
    /// How often the text stands there, if that isn't once.
    pub(super) fn apply(&self, text: &str) -> Result<String, String> {
        match text.matches(&self.find).count() {
            1 => Ok(text.replacen(&self.find, &self.replace, 1)),
            count => Err(format!("{self} no longer applies: the text stands there {count} times")),
        }
    }
}

/// The first of its edits.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.edits.first().map_or(Ok(()), |edit| edit.fmt(f))
    }
}

/// File and first line.
impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.find.trim().lines().next().unwrap_or_default();
        write!(f, "{}: {line}", self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_applies_once_or_not_at_all() {
        let edit = |find: &str| Edit { file: "a.rs".into(), find: find.into(), replace: "c".into() };
        assert_eq!(edit("b").apply("a b d").as_deref(), Ok("a c d"));
        assert!(
            edit("b")
                .apply("a d")
                .is_err_and(|why| why.contains("a.rs: b no longer") && why.contains("0 times"))
        );
        assert!(edit("b").apply("b b").is_err_and(|why| why.contains("2 times")));
    }

    #[test]
    fn a_word_means_an_id_or_the_start_of_one_or_a_file() {
        let value: Table =
            "ids = ['rfc6455#5.2-3', 'F1']\nfile = 'crates/frame/src/header.rs'\nfind = 'a'\nreplace = 'b'"
                .parse()
                .expect("TOML");
        let entry = Entry::parse(&Value::Table(value)).expect("an entry");
        #[rustfmt::skip]
        let table = [
            ("rfc6455#5.2-3", true),
            ("rfc6455#5.2",   true),
            ("rfc6455#5",     true),
            ("rfc6455",       true),
            ("rfc6455#5.2-30", false),
            ("rfc7692",       false),
            ("F1",            true),
            ("F",             false),
            ("header.rs",     true),
            ("frame",         true),
            ("other.rs",      false),
        ];
        for (word, meant) in table {
            assert_eq!(entry.is_meant_by(word), meant, "{word}");
        }
    }

    #[test]
    fn an_entry_without_an_edit_is_told() {
        let value: Table = "ids = ['F1']\nfile = 'a.rs'\nfind = 'a'".parse().expect("TOML");
        assert!(
            Entry::parse(&Value::Table(value)).err().is_some_and(|why| why.contains("F1 has no replace"))
        );
    }
}
