//! The requirements and threats as written down in docs/requirements, and the rules that those files keep.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use toml::{Table, Value};

/// Everything that docs/requirements says.
pub(super) struct Records {
    pub(super) specifications: Vec<Specification>,
    pub(super) threats: Vec<Threat>,
}

/// One RFC.
pub(super) struct Specification {
    /// As in annotations: `rfc6455`.
    pub(super) name: String,
    /// Section number and title, in the order of the file.
    pub(super) sections: Vec<(String, String)>,
    pub(super) requirements: Vec<Requirement>,
}

/// One duty that an RFC states.
pub(super) struct Requirement {
    /// Section and running number: `5.2-3`.
    pub(super) id: String,
    /// MUST, SHOULD or RULE.
    pub(super) level: String,
    pub(super) who: String,
    pub(super) status: Status,
    pub(super) text: String,
    /// How it is done, or why not by the library.
    pub(super) reason: Option<String>,
}

/// Who keeps a requirement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Status {
    /// The library does.
    Done,
    /// The program that uses the library does.
    Caller,
    /// Nobody does, for a reason.
    Refused,
}

/// One attack, and the answer to it.
pub(super) struct Threat {
    pub(super) id: String,
    pub(super) group: String,
    pub(super) attack: String,
    pub(super) answer: String,
    /// Why no test can show it.
    pub(super) untested: Option<String>,
}

impl Records {
    /// Reads the files of the named specifications and threats.toml from `folder`.
    pub(super) fn read(folder: &Path, names: &[&str]) -> Result<Self, String> {
        let mut specifications = Vec::new();
        for name in names {
            specifications.push(Specification::parse(name, &table(&folder.join(format!("{name}.toml")))?)?);
        }
        let threats = table(&folder.join("threats.toml"))?;
        let threats = rows(&threats, "threat").map(Threat::parse).collect::<Result<_, _>>()?;
        Ok(Self { specifications, threats })
    }

    /// All requirements with their ids as in annotations.
    pub(super) fn requirements(&self) -> impl Iterator<Item = (String, &Requirement)> {
        self.specifications
            .iter()
            .flat_map(|spec| spec.requirements.iter().map(|one| (format!("{}#{}", spec.name, one.id), one)))
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.requirements().any(|(known, _)| known == id)
    }

    pub(super) fn len(&self) -> usize {
        self.requirements().count()
    }

    /// What breaks the files' own rules.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems: Vec<String> =
            self.specifications.iter().flat_map(Specification::problems).collect();
        let mut seen = BTreeSet::new();
        for threat in &self.threats {
            if !seen.insert(&threat.id) {
                problems.push(format!("threat {} stands twice", threat.id));
            }
        }
        problems
    }
}

impl Specification {
    fn parse(name: &str, table: &Table) -> Result<Self, String> {
        let sections = table.get("sections").and_then(Value::as_table);
        let sections = sections.ok_or_else(|| format!("{name}.toml has no [sections]"))?;
        let mut sections: Vec<(String, String)> = sections
            .iter()
            .map(|(number, title)| (number.clone(), title.as_str().unwrap_or_default().to_owned()))
            .collect();
        sections.sort_by_key(|(number, _)| numbers(number));
        let requirements = rows(table, "requirement").map(Requirement::parse).collect::<Result<_, _>>()?;
        Ok(Self { name: name.to_owned(), sections, requirements })
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut before: Option<(String, u32)> = None;
        let mut seen = BTreeSet::new();
        for requirement in &self.requirements {
            let id = format!("{}#{}", self.name, requirement.id);
            if !seen.insert(id.clone()) {
                problems.push(format!("{id} stands twice"));
            }
            let (section, number) = requirement.place();
            if !self.sections.iter().any(|(known, _)| *known == section) {
                problems.push(format!("{id}: section {section} has no title"));
            }
            let expected = match &before {
                Some((last, count)) if *last == section => count.saturating_add(1),
                _ => 1,
            };
            if number != expected {
                problems.push(format!("{id}: the next number in its section is {expected}"));
            }
            before = Some((section, number));
            problems.extend(requirement.problem().map(|what| format!("{id}: {what}")));
        }
        problems
    }
}

impl Requirement {
    fn parse(row: &Table) -> Result<Self, String> {
        let status = match field(row, "status")?.as_str() {
            "done" => Status::Done,
            "caller" => Status::Caller,
            "refused" => Status::Refused,
            other => return Err(format!("{other} is no status")),
        };
        Ok(Self {
            id: field(row, "id")?,
            level: field(row, "level")?,
            who: field(row, "who")?,
            status,
            text: field(row, "text")?,
            reason: row.get("reason").and_then(Value::as_str).map(str::to_owned),
        })
    }

    /// The section that the requirement stands in.
    pub(super) fn section(&self) -> String {
        self.place().0
    }

    fn place(&self) -> (String, u32) {
        let (section, number) = self.id.split_once('-').unwrap_or((&self.id, ""));
        (section.to_owned(), number.parse().unwrap_or(0))
    }

    fn problem(&self) -> Option<&'static str> {
        if !["MUST", "SHOULD", "RULE"].contains(&self.level.as_str()) {
            return Some("its level is none of MUST, SHOULD, RULE");
        }
        let parties = ["client", "server", "both", "intermediary", "application", "extension"];
        if !parties.contains(&self.who.as_str()) {
            return Some("nobody of that name has duties");
        }
        (self.status != Status::Done && self.reason.is_none()).then_some("what is not done needs a reason")
    }
}

impl Threat {
    fn parse(row: &Table) -> Result<Self, String> {
        Ok(Self {
            id: field(row, "id")?,
            group: field(row, "group")?,
            attack: field(row, "attack")?,
            answer: field(row, "answer")?,
            untested: row.get("untested").and_then(Value::as_str).map(str::to_owned),
        })
    }
}

fn table(path: &Path) -> Result<Table, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    text.parse().map_err(|error| format!("{}: {error}", path.display()))
}

fn rows<'t>(table: &'t Table, key: &str) -> impl Iterator<Item = &'t Table> {
    table.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table)
}

fn field(row: &Table, key: &str) -> Result<String, String> {
    let value = row.get(key).and_then(Value::as_str).map(str::to_owned);
    value.ok_or_else(|| format!("a row has no {key}: {row:?}"))
}

/// A section number as something to sort by.
fn numbers(section: &str) -> Vec<u32> {
    section.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = r#"
        [sections]
        "10.1" = "Later"
        "5.2" = "Base"
        [[requirement]]
        id = "5.2-1"
        level = "MUST"
        who = "both"
        status = "done"
        text = "One."
        [[requirement]]
        id = "5.2-2"
        level = "SHOULD"
        who = "client"
        status = "caller"
        text = "Two."
        reason = "not ours"
    "#;

    fn problems(text: &str) -> Vec<String> {
        let table = text.parse().expect("the example is TOML");
        Specification::parse("rfc1", &table).expect("the example has all fields").problems()
    }

    #[test]
    fn a_sound_file_has_no_problem() {
        assert_eq!(problems(SOUND), Vec::<String>::new());
    }

    #[test]
    fn sections_are_sorted_by_number() {
        let table = SOUND.parse().expect("the example is TOML");
        let sections = Specification::parse("rfc1", &table).expect("the example has all fields").sections;
        let numbers: Vec<&str> = sections.iter().map(|(number, _)| number.as_str()).collect();
        assert_eq!(numbers, ["5.2", "10.1"]);
    }

    #[test]
    fn each_broken_rule_is_told() {
        #[rustfmt::skip]
        let table = [
            // name              replace                  by                   told
            ("twice",            "5.2-2",                 "5.2-1",             "rfc1#5.2-1 stands twice"),
            ("a gap",            "5.2-2",                 "5.2-3",             "rfc1#5.2-3: the next number in its section is 2"),
            ("no title",         "\"5.2\" =",             "\"5.3\" =",         "rfc1#5.2-1: section 5.2 has no title"),
            ("no reason",        "reason = \"not ours\"", "",                  "rfc1#5.2-2: what is not done needs a reason"),
            ("unknown level",    "\"SHOULD\"",            "\"MAY\"",           "rfc1#5.2-2: its level is none of MUST, SHOULD, RULE"),
            ("unknown party",    "\"client\"",            "\"peer\"",          "rfc1#5.2-2: nobody of that name has duties"),
        ];
        for (name, old, new, told) in table {
            let found = problems(&SOUND.replace(old, new));
            assert!(found.iter().any(|problem| problem == told), "{name}: {found:?}");
        }
    }
}
