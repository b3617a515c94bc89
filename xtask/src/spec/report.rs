//! The pages that the job writes: docs/conformance.md and docs/threats.md.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::annotations::{Collection, Test};
use super::records::{Records, Requirement, Specification, Status};

/// A page to write.
pub(super) struct Page {
    /// From the root of the project.
    pub(super) path: &'static str,
    pub(super) text: String,
}

/// Makes both pages.
pub(super) fn pages(records: &Records, collection: &Collection) -> [Page; 2] {
    [
        Page { path: "docs/conformance.md", text: conformance(records, collection) },
        Page { path: "docs/threats.md", text: threats(records, collection) },
    ]
}

const CONFORMANCE: &str = "\
# Conformance

Every MUST and SHOULD of the RFCs, in our words, and who keeps it:

- *done*: the library keeps it, in the named code, and the named tests prove it.
- *caller*: it belongs to the program that uses the library, or to its transport. A library without sockets and clocks
  can't do it; the reason says how the library helps.
- *refused*: not done, for the given reason.

RULE marks a statement of an RFC in lower case, or as a fact. It is kept like a MUST.

`cargo xtask spec` writes this page from docs/requirements and from the annotations in code and tests
(`//= rfc6455#5.2-3`).
";

fn conformance(records: &Records, collection: &Collection) -> String {
    let mut page = CONFORMANCE.to_owned();
    page.push_str("\n| | done | caller | refused |\n|---|---|---|---|\n");
    for spec in &records.specifications {
        let count = |status| spec.requirements.iter().filter(|one| one.status == status).count();
        let (done, caller, refused) = (count(Status::Done), count(Status::Caller), count(Status::Refused));
        let _ = writeln!(page, "| {} | {done} | {caller} | {refused} |", title(&spec.name));
    }
    for spec in &records.specifications {
        let _ = write!(page, "\n## {}\n", title(&spec.name));
        for (number, heading) in &spec.sections {
            page.push_str(&section(spec, number, heading, collection));
        }
    }
    page
}

fn section(spec: &Specification, number: &str, heading: &str, collection: &Collection) -> String {
    let link = format!("https://www.rfc-editor.org/rfc/{}#section-{number}", spec.name);
    let mut text = format!("\n### [§{number}]({link}) {heading}\n\n");
    text.push_str("| id | level | who | requirement | how |\n|---|---|---|---|---|\n");
    for requirement in spec.requirements.iter().filter(|one| one.section() == number) {
        let Requirement { id, level, who, text: words, .. } = requirement;
        let name = format!("{}#{id}", spec.name);
        let kept = kept(requirement, &collection.tests_of(&name), &collection.code_of(&name));
        let _ = writeln!(text, "| {id} | {level} | {who} | {} | {kept} |", cell(words));
    }
    text
}

/// How a requirement is kept: its status, its reason, its code, its tests.
fn kept(requirement: &Requirement, tests: &BTreeSet<&Test>, code: &BTreeSet<&str>) -> String {
    let status = match requirement.status {
        Status::Done => "done",
        Status::Caller => "caller",
        Status::Refused => "refused",
    };
    let reason =
        requirement.reason.as_deref().map(|reason| format!(": {}", cell(reason))).unwrap_or_default();
    let named = if tests.is_empty() { String::new() } else { format!("<br>{}", names(tests)) };
    let link = |file: &&str| format!("[{file}](../crates/{file})");
    let code: Vec<String> = code.iter().map(link).collect();
    let code = if code.is_empty() { String::new() } else { format!("<br>in {}", code.join(", ")) };
    format!("*{status}*{reason}{code}{named}")
}

const THREATS: &str = "\
# Threats

The attacks of a hostile or broken peer, the library's answer to each, and the tests that show it. For any bytes, in any
chunking, and for any order of calls:

- no panic, and no loop without progress
- work that grows with the bytes, and memory within the configured limits
- one verdict, however the bytes were cut, and nothing is read after a fatal error

A number in an answer is the close code or the HTTP status that the peer gets.

`cargo xtask spec` writes this page from docs/requirements/threats.toml. A test belongs to a row when its name begins with
the row's id.
";

fn threats(records: &Records, collection: &Collection) -> String {
    let mut page = THREATS.to_owned();
    let mut group = "";
    for threat in &records.threats {
        if threat.group != group {
            group = &threat.group;
            let _ = write!(page, "\n## {group}\n\n| id | attack | answer | tests |\n|---|---|---|---|\n");
        }
        let tests = collection.tests_of_threat(&threat.id);
        let tests = match &threat.untested {
            Some(reason) if tests.is_empty() => format!("none: {}", cell(reason)),
            _ => names(&tests),
        };
        let (attack, answer) = (cell(&threat.attack), cell(&threat.answer));
        let _ = writeln!(page, "| {} | {attack} | {answer} | {tests} |", threat.id);
    }
    page
}

/// Tests as a list, the crate named once for those that share it.
fn names(tests: &BTreeSet<&Test>) -> String {
    let packages: BTreeSet<&str> = tests.iter().map(|test| test.package.as_str()).collect();
    let of = |package: &str| {
        let names =
            tests.iter().filter(|test| test.package == package).map(|test| format!("`{}`", test.name));
        format!("{package}: {}", names.collect::<Vec<_>>().join(", "))
    };
    packages.into_iter().map(of).collect::<Vec<_>>().join("<br>")
}

/// Text that may stand in a table's cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

/// `RFC 6455` from `rfc6455`.
fn title(name: &str) -> String {
    name.replacen("rfc", "RFC ", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(package: &str, name: &str) -> Test {
        Test { package: package.to_owned(), name: name.to_owned() }
    }

    #[test]
    fn tests_are_grouped_by_crate() {
        let all = [test("b", "two"), test("a", "one"), test("b", "three")];
        assert_eq!(names(&all.iter().collect()), "a: `one`<br>b: `three`, `two`");
        assert_eq!(names(&BTreeSet::new()), "");
    }

    #[test]
    fn a_cell_stays_in_its_row() {
        assert_eq!(cell("a | b < c"), "a \\| b &lt; c");
    }
}
