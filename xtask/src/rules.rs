//! `cargo xtask rules [ID or part of a path…]`: turns each rule off in a copy of the code, and sees whether a test that
//! the rule's row names fails.
//!
//! docs/requirements/turn-off.toml has the edits. Cargo builds what an edit touches, and runs only the named tests: the
//! recorded vectors, and tests that fail by chance with the rule off, prove nothing about the row. `--strict` also fails
//! if a row that is done, or a threat that has a test, has no edit; `--list` only lists those rows.
//! `--each` runs all named tests of each rule, and tells those that fail with none of their row's edits: they prove
//! another rule, or a part of this one that no edit turns off.

mod copy;
mod edits;

use std::collections::BTreeSet;

use self::copy::{Copy, TestRun};
use self::edits::Entry;
use crate::process;
use crate::spec::{NamedTest, Rows};

/// How an entry ended for one of its ids.
enum Verdict {
    /// One of the tests that the row names failed, or didn't end.
    Noticed(String),
    /// All of them passed.
    Unnoticed,
    /// The entry can't be judged.
    Broken(String),
}

/// Runs the job.
///
/// # Errors
///
/// The ids whose rule no named test misses, the entries that don't apply or build, one a line.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let (options, wanted): (Vec<&String>, Vec<&String>) = args.iter().partition(|arg| arg.starts_with("--"));
    if let Some(other) =
        options.iter().find(|option| !["--list", "--strict", "--each"].contains(&option.as_str()))
    {
        return Err(format!("rules does not know {other}: --list, --strict, --each, ids or parts of paths"));
    }
    let is_on = |option: &str| options.iter().any(|on| *on == option);
    let rows = Rows::read()?;
    let entries = Entry::read(&process::root().join("docs/requirements/turn-off.toml"))?;
    let mut problems = unknown_ids(&rows, &entries);
    let bare = without_entry(&rows, &entries);
    if is_on("--list") {
        println!("{}", bare.join("\n"));
        return Ok(());
    }
    if is_on("--strict") && !bare.is_empty() {
        problems.push(format!("no edit turns these off: {}", bare.join(" ")));
    }
    let chosen: Vec<&Entry> = entries
        .iter()
        .filter(|entry| wanted.is_empty() || wanted.iter().any(|wanted| entry.is_meant_by(wanted)))
        .collect();
    if chosen.is_empty() {
        problems.push("no entry is meant by that".to_owned());
    } else {
        problems.extend(judge_all(&rows, &chosen, is_on("--each"))?);
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// Ids of entries that no row has.
fn unknown_ids(rows: &Rows, entries: &[Entry]) -> Vec<String> {
    let ids = entries.iter().flat_map(|entry| &entry.ids);
    ids.filter(|id| !rows.contains(id)).map(|id| format!("turn-off.toml: {id} is no row")).collect()
}

/// The rows that tests prove and that no entry turns off.
fn without_entry(rows: &Rows, entries: &[Entry]) -> Vec<String> {
    let known: BTreeSet<&String> = entries.iter().flat_map(|entry| &entry.ids).collect();
    rows.proved().into_iter().filter(|id| !known.contains(id)).collect()
}

/// Turns one entry's rule off after the other; returns the problems. `each` lets no test be left out.
fn judge_all(rows: &Rows, entries: &[&Entry], each: bool) -> Result<Vec<String>, String> {
    let copy = Copy::make()?;
    let all: BTreeSet<_> = entries.iter().flat_map(|entry| rows.tests_of_all(&entry.ids)).collect();
    let whole = copy.run(&all, |_| false)?;
    if let Some(problem) = whole.refused().map(str::to_owned).or_else(|| whole.noticed_by(&all)) {
        return Err(format!("before any edit: {problem}"));
    }
    // A test may be there with fewer features only; one of a row's must be there with all of them.
    let mut ids = entries.iter().flat_map(|entry| &entry.ids);
    if let Some(id) = ids.find(|id| !whole.has_run(&rows.tests_of(id))) {
        return Err(format!("before any edit: {id} has no test that runs"));
    }
    let mut problems = Vec::new();
    let mut idle: BTreeSet<(&String, NamedTest)> = BTreeSet::new();
    if each {
        let ids = entries.iter().flat_map(|entry| &entry.ids);
        idle.extend(ids.flat_map(|id| rows.tests_of(id).into_iter().map(move |test| (id, test))));
    }
    let (mut noticed, mut judged) = (0_usize, 0_usize);
    for entry in entries {
        let is_noticed = |run: &TestRun, id| matches!(verdict(rows, id, run), Verdict::Noticed(_));
        let enough = |run: &TestRun| !each && entry.ids.iter().all(|id| is_noticed(run, id));
        let run = copy.edited(&entry.edits, || copy.run(&rows.tests_of_all(&entry.ids), enough))?;
        idle.retain(|(id, test)| {
            !entry.ids.contains(id) || run.noticed_by(&BTreeSet::from([test.clone()])).is_none()
        });
        for id in &entry.ids {
            judged = judged.saturating_add(1);
            let told = match verdict(rows, id, &run) {
                Verdict::Noticed(by) => {
                    noticed = noticed.saturating_add(1);
                    println!("{id}: noticed by {by}");
                    continue;
                }
                Verdict::Unnoticed => format!("{id}: NOT NOTICED, {entry}"),
                Verdict::Broken(why) => format!("{id}: NOT JUDGED, {why}"),
            };
            println!("{told}");
            problems.push(told);
        }
    }
    for (id, test) in idle {
        println!("{id}: {} of {} fails with no edit", test.name, test.package);
    }
    println!("{noticed} of {judged} noticed");
    Ok(problems)
}

/// Judges an entry by the tests that the row `id` names.
fn verdict(rows: &Rows, id: &str, run: &TestRun) -> Verdict {
    if let Some(why) = run.refused() {
        return Verdict::Broken(why.to_owned());
    }
    let tests = rows.tests_of(id);
    if tests.is_empty() {
        return Verdict::Broken("the row names no test".to_owned());
    }
    run.noticed_by(&tests).map_or(Verdict::Unnoticed, Verdict::Noticed)
}
