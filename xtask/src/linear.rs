//! `cargo xtask linear`: work grows as the bytes do, however they are cut. Instructions are counted for n and for 2n,
//! and for streams that are hostile to an inflater. `--search N` looks for worse streams in N rounds.

mod inflating;

use std::collections::BTreeMap;

use crate::callgrind::{self, Counted, hundredths, shown};

/// The most that 2n may take, in hundredths of what n takes.
const MAX_RATIO: u64 = 205;

/// The most instructions for a hundred bytes on the wire: scenario, length of the pieces in bytes, bound.
///
/// What was measured on `x86_64` with Rust 1.95, and about a quarter more for other compilers and C libraries.
const BOUNDS: [(&str, &str, u64); 22] = [
    ("binary", "all", 30),
    ("binary", "1460", 55),
    ("binary", "1", 25_000),
    ("ascii", "all", 50),
    ("ascii", "1", 25_000),
    ("text", "all", 140),
    ("text", "1460", 200),
    ("text", "1", 25_000),
    ("compressed", "all", 10_000),
    ("compressed", "1", 200_000),
    ("fragments", "all", 6_000),
    ("fragments", "1", 48_000),
    ("pings", "all", 9_500),
    ("long-field", "all", 360),
    ("long-field", "1", 17_000),
    ("fields", "1", 19_000),
    ("answer", "1", 20_000),
    ("fields", "all", 1_700),
    ("subprotocols", "all", 8_100),
    ("extension-value", "all", 7_600),
    ("chunked-rejection", "1", 45_000),
    ("chunks", "all", 1_500),
];

/// One scenario with its bytes cut in one way: the lengths in bytes and instructions for n and for 2n.
#[derive(Default)]
struct Pair(Vec<(u64, u64)>);

/// Runs the job.
///
/// # Errors
///
/// Each scenario that takes too much, one a line.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    match args {
        [] => {}
        [search, rounds] if search == "--search" => {
            let rounds = rounds.parse().map_err(|_| format!("not a number of rounds: {rounds}"))?;
            return inflating::search(rounds);
        }
        _ => return Err("cargo xtask linear [--search N]".to_owned()),
    }
    let pairs = pair(callgrind::count("")?)?;
    let mut problems: Vec<String> = pairs.iter().flat_map(|(what, pair)| judge(what, pair)).collect();
    problems.extend(inflating::check()?);
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// Puts together what was measured for n and for 2n.
fn pair(counts: Vec<(String, Counted)>) -> Result<BTreeMap<(String, String), Pair>, String> {
    let mut pairs: BTreeMap<(String, String), Pair> = BTreeMap::new();
    for (line, counted) in counts {
        let [name, cut, _, bytes] = line.split(' ').collect::<Vec<_>>()[..] else {
            return Err(format!("not understood: {line}"));
        };
        let bytes = bytes.parse().map_err(|error| format!("{line}: {error}"))?;
        pairs.entry((name.to_owned(), cut.to_owned())).or_default().0.push((bytes, counted.instructions));
    }
    Ok(pairs)
}

/// Prints a scenario's figures, and returns what is wrong with them.
fn judge((name, cut): &(String, String), Pair(sizes): &Pair) -> Vec<String> {
    let [(_, small), (bytes, large)] = sizes[..] else {
        return vec![format!("{name} in pieces of {cut}: not measured twice")];
    };
    let ratio = hundredths(large, small);
    let each = hundredths(large, bytes);
    let bound = BOUNDS.iter().find(|bound| (bound.0, bound.1) == (name, cut)).map(|bound| bound.2);
    println!("{name:18} {cut:>5} {:>10} a byte {:>5} for twice as much", shown(each), shown(ratio));
    let ratio = (ratio > MAX_RATIO).then(|| format!("{name} in pieces of {cut}: {} times", shown(ratio)));
    let each = bound.filter(|bound| each > *bound).map(|bound| {
        format!("{name} in pieces of {cut}: {} instructions a byte, more than {}", shown(each), shown(bound))
    });
    ratio.into_iter().chain(each).collect()
}
