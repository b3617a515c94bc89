//! The reviewed list of differences from Python wsproto, and the exact steps at which each line of it applies.

use std::collections::BTreeSet;
use std::{env, fs};

use crate::script::{Step, What};

/// The list, in the folder of this file. The tests read it at run time.
const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/differences.toml");

/// Every step at which we differ. It excuses this script, this step and this difference, and no other.
const EXCUSED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/excused.txt");
/// `cargo xtask vectors --excused` sets this variable to write that file anew.
const WRITE: &str = "WSPROTO_WRITE_EXCUSED";

/// The list, and the places at which each line of it was seen.
pub(crate) struct Differences {
    /// Names of the same error: theirs, ours.
    equal: Vec<(String, String)>,
    /// States after a failure: theirs, ours.
    states: Vec<(char, char)>,
    lines: Vec<Line>,
    /// The names of lines about behaviour without a feature, while that feature is on.
    off: Vec<String>,
    seen: BTreeSet<Use>,
}

/// A line of the list that applied, and its place.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Use {
    /// Two names of one error.
    Equal(String),
    /// A difference, with its script, its step and the two outcomes: a line of the file.
    Difference { name: String, place: String },
}

struct Line {
    name: String,
    /// The kinds of steps in which it applies.
    steps: String,
    after_failure: bool,
    /// The scripts to which it applies.
    only: String,
    theirs: String,
    ours: String,
    /// Whether later steps can't be compared.
    ends: bool,
}

pub(crate) enum Verdict {
    Same,
    /// They differ in an allowed way, and later steps can't be compared.
    MayEnd,
    /// They differ; this is the description.
    Differs(String),
}

impl Differences {
    pub(crate) fn read() -> Self {
        let list = fs::read_to_string(LIST).expect(LIST);
        let list: toml::Table = list.parse().expect("differences.toml is TOML");
        let tables = |name: &str| list[name].as_array().expect(name).iter();
        let text = |table: &toml::Value, key: &str| table[key].as_str().expect(key).to_owned();
        let letter = |table: &toml::Value, key: &str| text(table, key).chars().next().expect(key);
        let on = |table: &toml::Value, key: &str| table.get(key).and_then(toml::Value::as_bool) == Some(true);
        let line = |table: &toml::Value| {
            assert!(text(table, "reason").len() > 20, "a difference has a reason");
            Line {
                name: text(table, "name"),
                steps: text(table, "steps"),
                after_failure: on(table, "after-failure"),
                only: table.get("only").and_then(toml::Value::as_str).unwrap_or("*").to_owned(),
                theirs: text(table, "theirs"),
                ours: text(table, "ours"),
                ends: on(table, "ends"),
            }
        };
        let equal = tables("equal").flat_map(|table| {
            let ours = table["ours"].as_array().expect("ours").iter();
            ours.map(|ours| (text(table, "theirs"), ours.as_str().expect("a name").to_owned()))
        });
        Self {
            equal: equal.collect(),
            states: tables("state").map(|table| (letter(table, "theirs"), letter(table, "ours"))).collect(),
            lines: tables("difference").filter(|table| !is_off(table)).map(line).collect(),
            off: tables("difference")
                .filter(|table| is_off(table))
                .map(|table| text(table, "name"))
                .collect(),
            seen: BTreeSet::new(),
        }
    }

    /// Compares the outcomes of a step, and records in `used` the lines that apply.
    pub(crate) fn judge(
        &self,
        (place, name): (&str, &str),
        step: &Step,
        (ours, our_state): &(Vec<String>, char),
        failed: bool,
        used: &mut Vec<Use>,
    ) -> Verdict {
        if let [status, fields @ ..] = &ours[..]
            && is_rejection(status)
        {
            assert!(fields.iter().any(|field| field.starts_with("connection: close")), "{name}: {ours:?}");
        }
        let (theirs, ours) = (without_closing(&step.theirs), without_closing(ours));
        let (mut theirs, mut ours) = (&theirs[..], &ours[..]);
        let same_state =
            step.state == *our_state || failed && self.states.contains(&(step.state, *our_state));
        while let ([first, theirs_rest @ ..], [our_first, our_rest @ ..]) = (theirs, ours)
            && self.same(first, our_first, used)
        {
            (theirs, ours) = (theirs_rest, our_rest);
        }
        while let ([theirs_rest @ .., last], [our_rest @ .., our_last]) = (theirs, ours)
            && self.same(last, our_last, used)
        {
            (theirs, ours) = (theirs_rest, our_rest);
        }
        if theirs.is_empty() && ours.is_empty() && same_state {
            return Verdict::Same;
        }
        let told = |lines: &[String], state: char| {
            let lines = lines.join("; ");
            if same_state { lines } else { format!("{lines} ={state}") }
        };
        let (theirs, ours) = (told(theirs, step.state), told(ours, *our_state));
        let kind = match step.what {
            What::Receive(_) => '<',
            What::End => '$',
            What::Send(_) => '>',
            What::AnswerError => '!',
            What::Parsed(..) => '#',
        };
        let applies = |line: &&Line| {
            line.steps.contains(kind)
                && (failed || !line.after_failure)
                && matches(&line.only, name)
                && matches(&line.theirs, &theirs)
                && matches(&line.ours, &ours)
        };
        let Some(line) = self.lines.iter().find(applies) else {
            return Verdict::Differs(format!("{kind} theirs {theirs}\n  ours   {ours}"));
        };
        let place = format!("{place} {kind} {} => {}", short(&theirs), short(&ours));
        used.push(Use::Difference { name: line.name.clone(), place });
        if line.ends { Verdict::MayEnd } else { Verdict::Same }
    }

    fn same(&self, theirs: &str, ours: &str, used: &mut Vec<Use>) -> bool {
        if theirs == ours || theirs.starts_with("!local ") && ours.starts_with("!local ") {
            return true;
        }
        let (Some(theirs), Some(ours)) = (theirs.strip_prefix('!'), ours.strip_prefix('!')) else {
            return false;
        };
        let equal = self.equal.iter().any(|pair| (pair.0.as_str(), pair.1.as_str()) == (theirs, ours));
        if equal {
            used.push(Use::Equal(format!("{theirs} = {ours}")));
        }
        equal
    }

    /// Records the lines that applied in a script.
    pub(crate) fn note(&mut self, used: Vec<Use>) {
        self.seen.extend(used);
    }

    /// Checks that every line applies, at exactly the steps that are written down.
    pub(crate) fn check(&self) {
        let equal = |theirs: &str, ours: &str| Use::Equal(format!("{theirs} = {ours}"));
        let unused = self.equal.iter().filter(|(theirs, ours)| !self.seen.contains(&equal(theirs, ours)));
        let mut wrong: Vec<String> =
            unused.map(|(theirs, ours)| format!("never: {theirs} = {ours}")).collect();
        let written = fs::read_to_string(EXCUSED).unwrap_or_default();
        let mut excused = BTreeSet::new();
        let mut kept = BTreeSet::new();
        for line in written.lines().filter(|line| !line.starts_with('#')) {
            let (name, place) = line.split_once(": ").expect("a name and a place");
            let of_line = Use::Difference { name: name.to_owned(), place: place.to_owned() };
            if self.off.iter().any(|off| off == name) {
                kept.insert(of_line)
            } else {
                excused.insert(of_line)
            };
        }
        let seen: BTreeSet<&Use> =
            self.seen.iter().filter(|one| matches!(one, Use::Difference { .. })).collect();
        if env::var_os(WRITE).is_some() {
            let lines = seen.into_iter().chain(&kept).collect::<BTreeSet<_>>();
            fs::write(EXCUSED, file(&lines)).expect(EXCUSED);
            return;
        }
        let idle = self.lines.iter().filter(|line| {
            !seen.iter().any(|one| matches!(one, Use::Difference { name, .. } if *name == line.name))
        });
        wrong.extend(idle.map(|line| format!("never: {}", line.name)));
        let told = |what: &str, one: &Use| format!("{what}: {}", shown(one));
        wrong.extend(seen.iter().filter(|one| !excused.contains(**one)).map(|one| told("not excused", one)));
        wrong.extend(excused.iter().filter(|one| !seen.contains(one)).map(|one| told("no longer", one)));
        assert!(
            wrong.is_empty(),
            "{}\nonce each of these is right: cargo xtask vectors --excused",
            wrong.join("\n")
        );
    }
}

/// Returns whether a line is the status of a rejection that was sent.
fn is_rejection(line: &str) -> bool {
    line.starts_with("HTTP/1.1 ") && line != "HTTP/1.1 101"
}

/// Removes from a rejection that the connection closes. We always announce it (RFC 9112 §9.3); Python wsproto does if
/// the program did, or if the body would not end otherwise.
fn without_closing(lines: &[String]) -> Vec<String> {
    let is_rejection = lines.first().is_some_and(|first| is_rejection(first));
    let is_left_out = |line: &String| is_rejection && line.starts_with("connection: ");
    lines.iter().filter(|line| !is_left_out(line)).cloned().collect()
}

/// Returns the text of the file of excused steps.
fn file(lines: &BTreeSet<&Use>) -> String {
    let head = "# Each step at which we differ from Python wsproto, as differences.toml permits: its line there, the script, which of\n\
                # those with its name and which step of it, then what is different: theirs => ours.\n\
                # `cargo xtask vectors --excused` writes this file.\n";
    lines.iter().fold(head.to_owned(), |file, one| file + &shown(one) + "\n")
}

fn shown(one: &Use) -> String {
    match one {
        Use::Equal(pair) => pair.clone(),
        Use::Difference { name, place } => format!("{name}: {place}"),
    }
}

/// Shortens a text that may be long, so that it stays distinct: its start, its length and a hash (FNV-1a).
fn short(text: &str) -> String {
    let text = text.replace(['\r', '\n'], " ");
    if text.chars().count() <= 72 {
        return text;
    }
    let sum = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let start: String = text.chars().take(48).collect();
    format!("{start}... ({} bytes, {sum:016x})", text.len())
}

/// Returns whether a line is about behaviour without a feature that is on.
fn is_off(table: &toml::Value) -> bool {
    match table.get("without").and_then(toml::Value::as_str) {
        Some("idna") => cfg!(feature = "idna"),
        other => other.is_some(),
    }
}

/// Returns whether a text matches a pattern in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            (0..=text.len()).filter(|at| text.is_char_boundary(*at)).any(|at| matches(rest, &text[at..]))
        }),
    }
}
