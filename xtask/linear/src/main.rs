//! Work to be counted by callgrind: each scenario for n and for 2n, its bytes cut in several ways; or the kernels.
//!
//! `wsproto-linear [SCENARIO N]` prints a line for each measurement, in order: what it is, how its bytes are cut, n
//! and the number of bytes. `wsproto-linear --inflating [HEX...]` does the same for compressed messages, or for those
//! that the generator makes of these bytes. `wsproto-linear --kernels [NAME]` prints how many times each kernel did its
//! work, and its name. Only what happens within [`measured`] counts.

mod inflating;
mod kernels;
mod scenario;

use std::hint::black_box;
use std::process::ExitCode;

use kernels::{BATCHES, KERNELS, Kernel, RUNS};
use scenario::{SCENARIOS, Scenario, Script};

/// The lengths in bytes of the pieces in which the peer's bytes come: as a network gives them, and as nobody should.
const CUTS: [usize; 4] = [1, 7, 1460, usize::MAX];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match args.as_slice() {
        [] => SCENARIOS.iter().try_for_each(|scenario| {
            measure(scenario, scenario.n).and_then(|()| measure(scenario, scenario.n.saturating_mul(2)))
        }),
        [inflating] if inflating == "--inflating" => inflating::all(),
        [inflating, bytes @ ..] if inflating == "--inflating" => inflating::candidates(bytes),
        [kernels] if kernels == "--kernels" => KERNELS.iter().try_for_each(count),
        [kernels, name] if kernels == "--kernels" => {
            KERNELS.iter().filter(|kernel| kernel.name == name).try_for_each(count)
        }
        [name, n] => match (SCENARIOS.iter().find(|scenario| scenario.name == name), n.parse()) {
            (Some(scenario), Ok(n)) => measure(scenario, n),
            _ => Err(format!("no scenario {name}, or {n} is not a number")),
        },
        _ => Err("wsproto-linear [SCENARIO N | --inflating [HEX...] | --kernels [NAME]]".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a scenario once for each cut.
fn measure(scenario: &Scenario, n: usize) -> Result<(), String> {
    for cut in CUTS {
        let mut script = (scenario.prepare)(n).map_err(|problem| format!("{}: {problem}", scenario.name))?;
        let mut outcome = Ok(());
        measured(&mut || outcome = feed(&mut script, cut));
        outcome.map_err(|problem| format!("{}/{cut}: {problem}", scenario.name))?;
        let cut = if cut == usize::MAX { "all".to_owned() } else { cut.to_string() };
        println!("{} {cut} {n} {}", scenario.name, script.wire.len());
    }
    Ok(())
}

/// Runs a kernel: the last of its batches is measured.
fn count(kernel: &Kernel) -> Result<(), String> {
    let mut work = (kernel.prepare)().map_err(|problem| format!("{}: {problem}", kernel.name))?;
    let mut done: usize = (1..BATCHES).map(|_| (work.0)()).sum();
    measured(&mut || done = done.saturating_add((work.0)()));
    if done != RUNS.saturating_mul(BATCHES) {
        return Err(format!("{}: {done} times in {BATCHES} batches of {RUNS}", kernel.name));
    }
    println!("{RUNS} {}", kernel.name);
    Ok(())
}

/// The function whose instructions are counted, with all that it calls.
#[inline(never)]
fn measured(work: &mut dyn FnMut()) {
    work();
    // So that the call above is no jump, which would leave this function before the work is done.
    black_box(());
}

/// Hands the bytes to the connection and takes all of its events.
fn feed(script: &mut Script, cut: usize) -> Result<(), String> {
    for mut piece in script.wire.chunks_mut(cut) {
        loop {
            match script.connection.receive(&mut piece) {
                Ok(Some(event)) => drop(black_box(event)),
                Ok(None) => break,
                Err(error) => return Err(error.to_string()),
            }
        }
    }
    Ok(())
}
