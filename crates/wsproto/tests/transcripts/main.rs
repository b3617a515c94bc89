//! Runs every transcript of this folder: unchanged, with each received line cut in two, a byte at a time, and with each
//! disturbance at every step.
#![cfg(feature = "deflate")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking, in its helpers too"
)]

mod everywhere;
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

/// Runs each conversation at the paces that `paces` returns for it, and reports all failures.
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

#[test]
fn a_transcript_that_is_wrong_fails() {
    #[rustfmt::skip]
    let table = [
        // name                          transcript                                                          told
        ("as it must be",                "<- 81 01 \"a\"\n== text \"a\" last\n.. open keep",                 ""),
        ("another text",                 "<- 81 01 \"a\"\n== text \"b\" last",                              "events"),
        ("an event too few",             "<- 81 01 \"a\"\n.. open keep",                                    "events"),
        ("an event too many",            "<- 81 01 \"a\"\n== text \"a\" last\n== ping \"\"",                "events"),
        ("an event of no cause",         "== ping \"\"",                                                     "no cause"),
        ("an error that there is not",   "<- 81 01 \"a\"\n!! 1002 5.2",                                     "events"),
        ("another error",                "<- 83 00\n!! 1002 5.1",                                           "events"),
        ("nothing written",              "<- 89 00\n== ping \"\"\n-> 8a 80 37fa213d",                        "written"),
        ("something not told",           "<- 89 00\n== ping \"\"\n>> reply\n.. open keep",                  "also written"),
        ("something not told at the end","<- 89 00\n== ping \"\"\n>> reply",                                 "also written"),
        ("a wrong key",                  ">> ping \"\"\n-> 89 80 00000000",                                 "written"),
        ("another state",                ".. closed keep",                                                  "state"),
        ("another transport",            ".. open close",                                                   "state"),
        ("refused and not told",         ">> ping 00*126",                                                  "was refused"),
        ("sent and told to be refused",  ">> ping \"\" !! local",                                            "was sent"),
    ];
    for (name, text, told) in table {
        let conversations = script::parse("x", &format!("@ open client\n{text}")).expect(name);
        let problem = run(&conversations[0], Pace::Whole).err().unwrap_or_default();
        assert!(problem.contains(told) && problem.is_empty() == told.is_empty(), "{name}: {problem}");
    }
}
