//! Where we may differ from Python wsproto: the reviewed list, and how often each line of it applies.

use std::collections::BTreeMap;
use std::fs;

use crate::script::{Step, What};

/// Beside this file, and read when the tests run.
const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/differences.toml");

/// The list, and the number of scripts in which each line was seen.
pub(crate) struct Differences {
    /// Names of the same error: theirs, ours.
    equal: Vec<(String, String)>,
    /// States after a failure: theirs, ours.
    states: Vec<(char, char)>,
    lines: Vec<Line>,
    seen: BTreeMap<String, u64>,
}

struct Line {
    name: String,
    /// The kinds of steps in which it applies.
    steps: String,
    after_failure: bool,
    /// Which scripts it is about.
    only: String,
    theirs: String,
    ours: String,
    /// Whether what follows can't be compared.
    ends: bool,
    vectors: u64,
}

pub(crate) enum Verdict {
    Same,
    /// They differ as they may, and what follows can't be compared.
    MayEnd,
    /// They differ in what is told.
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
                vectors: table["vectors"]
                    .as_integer()
                    .and_then(|count| u64::try_from(count).ok())
                    .expect("a count"),
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
            seen: BTreeMap::new(),
        }
    }

    /// Compares the outcomes of a step; notes in `used` the lines that apply.
    pub(crate) fn judge(
        &self,
        name: &str,
        step: &Step,
        (ours, our_state): &(Vec<String>, char),
        failed: bool,
        used: &mut Vec<String>,
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
        used.push(line.name.clone());
        if line.ends { Verdict::MayEnd } else { Verdict::Same }
    }

    fn same(&self, theirs: &str, ours: &str, used: &mut Vec<String>) -> bool {
        if theirs == ours || theirs.starts_with("!local ") && ours.starts_with("!local ") {
            return true;
        }
        let (Some(theirs), Some(ours)) = (theirs.strip_prefix('!'), ours.strip_prefix('!')) else {
            return false;
        };
        let equal = self.equal.iter().any(|pair| (pair.0.as_str(), pair.1.as_str()) == (theirs, ours));
        if equal {
            used.push(format!("{theirs} = {ours}"));
        }
        equal
    }

    /// Counts what applied in a script, once each.
    pub(crate) fn count(&mut self, mut used: Vec<String>) {
        used.sort();
        used.dedup();
        for name in used {
            *self.seen.entry(name).or_default() += 1;
        }
    }

    /// Makes sure that every line applies, and as often as it says.
    pub(crate) fn check_counts(&self) {
        let seen = |name: &str| self.seen.get(name).copied().unwrap_or_default();
        let mut wrong: Vec<String> = self
            .lines
            .iter()
            .filter(|line| line.vectors == 0 || seen(&line.name) != line.vectors)
            .map(|line| format!("{}: {} vectors, not {}", line.name, seen(&line.name), line.vectors))
            .collect();
        let equal = self.equal.iter().map(|(theirs, ours)| format!("{theirs} = {ours}"));
        wrong.extend(equal.filter(|pair| seen(pair) == 0).map(|pair| format!("never: {pair}")));
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// Whether a line is the status of a rejection that was sent.
fn is_rejection(line: &str) -> bool {
    line.starts_with("HTTP/1.1 ") && line != "HTTP/1.1 101"
}

/// Leaves out of a rejection that the connection closes: we always say it (RFC 9112 §9.3), Python wsproto where the
/// program did, or where the body would not end otherwise.
fn without_closing(lines: &[String]) -> Vec<String> {
    let is_rejection = lines.first().is_some_and(|first| is_rejection(first));
    let is_left_out = |line: &String| is_rejection && line.starts_with("connection: ");
    lines.iter().filter(|line| !is_left_out(line)).cloned().collect()
}

/// Whether a line is about what is not there without a feature that is on.
fn is_off(table: &toml::Value) -> bool {
    match table.get("without").and_then(toml::Value::as_str) {
        Some("idna") => cfg!(feature = "idna"),
        other => other.is_some(),
    }
}

/// Whether a text matches a pattern in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            (0..=text.len()).filter(|at| text.is_char_boundary(*at)).any(|at| matches(rest, &text[at..]))
        }),
    }
}
