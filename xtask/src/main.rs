//! The jobs of the project: `cargo xtask <job>`; without a job, the list of them.

mod api;
mod bench;
mod callgrind;
mod checks;
mod ci;
mod dependencies;
mod front;
mod fuzz;
mod linear;
mod manifest;
mod manual;
mod mutants;
mod no_panic;
mod no_std;
mod packages;
mod page;
mod process;
mod readme;
mod rules;
mod spec;
mod tools;
mod vectors;

use std::process::ExitCode;

use crate::checks::{CHECKS, Tier};

/// The four crates without I/O, the lowest first.
const CRATES: [&str; 4] = ["wsproto-frame", "wsproto-handshake", "wsproto-extensions", "wsproto"];

/// The adapters, which do I/O on top of them.
const ADAPTERS: [&str; 3] = ["wsproto-axum", "wsproto-blocking", "wsproto-tokio"];

/// The command-line tool: a program, which no crate depends on.
const TOOL: &str = "wsproto-cli";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_default();
    let args: Vec<String> = args.collect();
    let result = match (name.as_str(), CHECKS.iter().find(|check| check.name == name)) {
        ("", _) => {
            println!("{}", usage());
            Ok(())
        }
        ("ci", _) => ci::run(Tier::Ci, &args),
        ("daily", _) => ci::run(Tier::Daily, &args),
        ("setup", _) => tools::setup(&args),
        ("bench", _) => bench::run(&args),
        (_, Some(check)) => check.alone(&args),
        (_, None) => Err(format!("no job {name}\n{}", usage())),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// Lists the jobs, one a line, those that are checks by tier.
fn usage() -> String {
    let mut text = "cargo xtask <job>\n\
                    \x20 ci              runs every check of this tier (--only A,B and --skip A,B choose)\n\
                    \x20 daily           runs those that take hours (--only, --skip, or names)\n\
                    \x20 setup           installs what the checks of ci need, or those that are named\n\
                    \x20 bench           measures: --peers, --loopback, --instructions, --memory\n"
        .to_owned();
    for (tier, title) in [(Tier::Ci, "\nchecks of ci:\n"), (Tier::Daily, "\nchecks of daily:\n")] {
        text += title;
        for check in CHECKS.iter().filter(|check| check.tier == tier) {
            text.extend([
                "  ",
                check.name,
                &" ".repeat(16_usize.saturating_sub(check.name.len())),
                check.purpose,
                "\n",
            ]);
        }
    }
    text
}
