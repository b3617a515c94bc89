//! Replays thousands of scripts that Python wsproto has run, and compares events, bytes, errors and states.
//!
//! `cargo xtask vectors` wrote the scripts in this folder. `differences.toml` has each allowed difference with its
//! reason, and `excused.txt` each step at which it occurs. A difference that is not listed fails, and so does a listed
//! one that does not occur.
#![cfg(all(feature = "std", feature = "deflate"))]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking, in its helpers too"
)]

mod differences;
mod events;
mod outcome;
mod peer;
mod script;
mod side;

use std::collections::BTreeMap;

use differences::{Differences, Verdict};
use script::{Suite, Vector};
use side::{Pace, Side};

const SUITES: [&str; 5] = ["requests", "responses", "frames", "states", "compressed"];

#[test]
fn as_python_wsproto_does() {
    compare(Pace::Whole);
}

#[test]
fn as_python_wsproto_does_a_byte_at_a_time() {
    compare(Pace::Bytes);
}

/// Replays every script, and reports all failures, similar ones together.
fn compare(pace: Pace) {
    let mut differences = Differences::read();
    let mut problems = BTreeMap::<String, Vec<String>>::new();
    let (mut vectors, mut steps) = (0, 0);
    for name in SUITES {
        let mut seen = BTreeMap::<String, usize>::new();
        for vector in Suite::read(name).vectors() {
            vectors += 1;
            let times = seen.entry(vector.name.to_owned()).or_default();
            *times += 1;
            let script = format!("{name}/{}, {times}.", vector.name);
            match replay(&script, &vector, pace, &mut differences) {
                Ok(compared) => steps += compared,
                Err(problem) => problems.entry(problem).or_default().push(format!("{name}: {}", vector.name)),
            }
        }
    }
    println!("{vectors} vectors, {steps} steps compared");
    let told = problems.iter().map(|(problem, at)| format!("{problem}\n  {} times: {}", at.len(), at[0]));
    assert!(problems.is_empty(), "{}", told.collect::<Vec<_>>().join("\n"));
    assert!(vectors > 3000 && steps > 6000, "{vectors} vectors and {steps} steps are too few to be all");
    if let Pace::Whole = pace {
        differences.check();
    }
}

/// Replays a script until the two differ in a way that ends the comparison. Returns the number of steps.
fn replay(
    script: &str,
    vector: &Vector<'_>,
    pace: Pace,
    differences: &mut Differences,
) -> Result<usize, String> {
    let mut side = Side::new(&vector.kind);
    let mut used = Vec::new();
    for (at, step) in vector.steps.iter().enumerate() {
        let ours = side.run(at, &step.what, pace);
        match differences.judge(
            (&format!("{script}{at}"), vector.name),
            step,
            &ours,
            side.has_failed(),
            &mut used,
        ) {
            Verdict::Same => {}
            Verdict::MayEnd => {
                differences.note(used);
                return Ok(at + 1);
            }
            Verdict::Differs(problem) => return Err(problem),
        }
    }
    differences.note(used);
    Ok(vector.steps.len())
}
