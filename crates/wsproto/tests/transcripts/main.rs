//! Runs every transcript of this folder: as it stands, with each received line cut in two, and a byte at a time.
#![cfg(feature = "deflate")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking, in its helpers too"
)]

mod run;
mod script;
mod side;
mod words;

use std::fs;
use std::path::Path;

use run::{Pace, run};
use script::{Conversation, What};

fn conversations() -> Vec<Conversation> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder).expect("the folder is beside this file") {
        let path = entry.expect("a folder can be listed").path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let text = fs::read_to_string(&path).expect(name);
            found.extend(script::parse(name, &text).unwrap_or_else(|problem| panic!("{problem}")));
        }
    }
    assert!(found.len() > 50, "{} conversations are too few to be all", found.len());
    found
}

/// Runs each conversation at the paces that `paces` gives for it, and tells all that fails.
fn run_all(paces: fn(&Conversation) -> Vec<Pace>) {
    let mut problems = Vec::new();
    for conversation in conversations() {
        let failed = paces(&conversation).into_iter().find_map(|pace| run(&conversation, pace).err());
        problems.extend(failed);
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn as_they_stand() {
    run_all(|_| vec![Pace::Whole]);
}

#[test]
fn each_received_line_in_any_two_reads() {
    run_all(|conversation| {
        let mut paces = Vec::new();
        for (step, what) in conversation.steps.iter().map(|step| &step.what).enumerate() {
            if let What::Receive(bytes) = what {
                paces.extend((1..bytes.len()).map(|at| Pace::Cut { step, at }));
            }
        }
        paces
    });
}

#[test]
fn a_byte_at_a_time() {
    run_all(|_| vec![Pace::Bytes]);
}
