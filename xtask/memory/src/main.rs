//! What connections cost in memory: tables in Markdown for docs/performance.md, on standard output, and each goal that
//! is missed, one a line, on standard error.

mod million;
mod parked;
mod setting;

use std::fmt::Write as _;
use std::process::ExitCode;

use wsproto::frame::FrameDecoder;
use wsproto::{Connection, Event, ReadBuffer, Role};

use setting::{Pair, Setting};

/// The most bytes that the structure of a connection may take.
const MAX_STRUCT: usize = 256;

fn main() -> ExitCode {
    let mut missed = Vec::new();
    // Resident memory is that of a process: each row of some tables has one of its own.
    if let Some(name) = std::env::args().nth(1) {
        print!("{}", parked::row(&name, &mut missed));
    } else {
        let tables = [
            structs(&mut missed),
            settings(&mut missed),
            million::table(&mut missed),
            parked::table(&mut missed),
        ];
        println!("{}", tables.join("\n"));
    }
    for goal in &missed {
        eprintln!("missed: {goal}");
    }
    if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The sizes of the structures, which are all that a connection without extensions takes.
fn structs(missed: &mut Vec<String>) -> String {
    let rows = [
        ("`FrameDecoder`", size_of::<FrameDecoder>()),
        ("`Connection`", size_of::<Connection>()),
        ("`Event`", size_of::<Event<'_>>()),
        ("`ReadBuffer`", size_of::<ReadBuffer>()),
    ];
    let mut table = String::from("| structure | bytes |\n|---|--:|\n");
    for (name, size) in rows {
        let _ = writeln!(table, "| {name} | {size} |");
        if size > MAX_STRUCT {
            missed.push(format!("{name} takes {size} bytes, more than {MAX_STRUCT}"));
        }
    }
    table
}

/// The heap of one connection, the pool that connections share not counted, and what a message allocates.
fn settings(missed: &mut Vec<String>) -> String {
    let mut table = String::from(
        "| extension, window, context takeover | open | after 1 KiB each way | after 1 MiB each way | allocations a \
         message, received | sent |\n|---|--:|--:|--:|--:|--:|\n",
    );
    for setting in Setting::all() {
        match row(&setting, missed) {
            Ok(row) => table.push_str(&row),
            Err(problem) => missed.push(format!("{}: {problem}", setting.name())),
        }
    }
    table
}

fn row(setting: &Setting, missed: &mut Vec<String>) -> Result<String, String> {
    let name = setting.name();
    let heap = [Role::Server, Role::Client].map(|role| setting.heap(role));
    let [server, client] = heap;
    let (server, client) = (server?, client?);
    let largest = [0, 1, 2].map(|state| server[state].max(client[state]));
    let [open, small, large] = largest;
    if setting.is_plain() && largest != [0; 3] {
        missed.push(format!("{name}: {largest:?} bytes on the heap"));
    }
    if setting.forgets() && (small, large) != (open, open) {
        missed.push(format!("{name}: {small} and {large} bytes between messages, {open} when open"));
    }
    let allocations = Pair::new(setting)?.allocations()?;
    if allocations.iter().any(|count| *count != 0) {
        missed.push(format!("{name}: allocations in {} messages: {allocations:?}", Pair::MESSAGES));
    }
    let [received, sent] = allocations.map(|count| {
        let hundredths = (100 * count).div_ceil(Pair::MESSAGES);
        if hundredths == 0 { "0".to_owned() } else { format!("{}.{:02}", hundredths / 100, hundredths % 100) }
    });
    Ok(format!("| {name} | {open} | {small} | {large} | {received} | {sent} |\n"))
}
