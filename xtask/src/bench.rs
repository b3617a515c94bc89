//! `cargo xtask bench`: measurements, each of them a program of its own that is built for speed.

pub(crate) mod instructions;
mod loopback;
mod memory;
mod page;

use crate::process;

const USAGE: &str = "\
cargo xtask bench --peers [--rounds N] [--only TEXT] [--peers A,B] [--json FILE]
                  --instructions [--write]
                  --loopback [--rounds N] [--millis N] [--only TEXT] [--servers A,B] [--crowd N]
                  --memory";

/// Runs the measurement that the first argument names; the others are its own.
///
/// # Errors
///
/// The measurement's exit status; a name that isn't known.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    match args.split_first() {
        Some((name, rest)) if name == "--peers" => peers(rest),
        Some((name, rest)) if name == "--instructions" => instructions::run(rest),
        Some((name, rest)) if name == "--loopback" => loopback::run(rest),
        Some((name, [])) if name == "--memory" => memory::run(),
        _ => Err(USAGE.to_owned()),
    }
}

/// Times the same work done by us and by other crates; those are dependencies of that program alone.
///
/// Without arguments, the figures go into docs/performance.md and docs/charts/.
fn peers(args: &[String]) -> Result<(), String> {
    let line = "cargo run --release --quiet --locked --manifest-path benches/peers/Cargo.toml --";
    let args = if args.is_empty() { "--rounds 100 --docs docs".to_owned() } else { args.join(" ") };
    process::run_with(&[line, &args].join(" "), &[process::COPIES])
}
