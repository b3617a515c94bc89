//! The figures for readers.

use std::fmt::Write as _;

use crate::{FIRST_PEER, Options, Row, SERVERS, load::Sample};

/// The mark of a peer that flushes when there is nothing more to read.
const BATCHED: &str = " (batched)";

/// A row on the terminal.
pub(crate) fn line(row: &Row) -> String {
    let mut line = row.load.name();
    for (name, sample) in &row.best {
        let _ = write!(line, "\n    {name:28}{:10.0} ns{:12.0}/s", sample.cpu, sample.rate);
    }
    line
}

/// The table for the docs.
pub(crate) fn table(rows: &[Row], options: &Options) -> String {
    let mut text = format!(
        "CPU time of the server in nanoseconds a message, and in brackets thousands of messages a second; the best of \
         {} rounds of {} ms. Of a peer's two ways the one that takes less; * marks the batched one. Versions: {}.\n\n",
        options.rounds,
        options.duration.as_millis(),
        versions().join(", "),
    );
    text.push_str("| load | raw | wsproto | to raw | to the best peer |");
    let peers = peers();
    for name in &peers {
        let _ = write!(text, " {name} |");
    }
    let _ = writeln!(text, "\n|---|--:|--:|--:|--:|{}", "--:|".repeat(peers.len()));
    for row in rows {
        let (raw, ours) = (row.of("raw"), row.of("wsproto"));
        let samples: Vec<(Sample, &str)> = peers.iter().map(|name| better(row, name)).collect();
        let best = samples.iter().map(|(sample, _)| sample.cpu).fold(f64::INFINITY, f64::min);
        let _ = write!(
            text,
            "| {} | {} | {} | {:.2} | {:.2} |",
            row.load.name(),
            cell(raw),
            cell(ours),
            ours.cpu / raw.cpu,
            ours.cpu / best
        );
        for (sample, mark) in samples {
            let _ = write!(text, " {}{mark} |", cell(sample));
        }
        text.push('\n');
    }
    text.push('\n');
    text.push_str(&adapter_table(rows));
    text
}

/// The ways of our adapter in the table.
const ADAPTER: [&str; 2] = ["wsproto-tokio recv_with", "wsproto-tokio recv and feed"];

/// The adapter for tokio beside the loop on tokio that parses nothing, and beside the best peer.
fn adapter_table(rows: &[Row]) -> String {
    let mut text = String::from(
        "The adapter for tokio, in nanoseconds a message; \"to raw\" divides the best rounds, \"to the best peer\" is the \
         median of the rounds in pairs. The last column divides two worker threads by one, in pairs, too.\n\n\
         | load | raw on tokio | recv_with | to raw | to the best peer | recv and feed | to raw | to the best peer | \
         best peer | two workers to one |\n|---|--:|--:|--:|--:|--:|--:|--:|---|--:|\n",
    );
    for row in rows {
        let raw = row.of("raw on tokio").cpu;
        let Some((peer, best)) = best_peer(row) else { continue };
        let _ = write!(text, "| {} | {raw:.0} |", row.load.name());
        for name in ADAPTER {
            let ours = row.of(name).cpu;
            let _ = write!(text, " {ours:.0} | {:.2} | {:.2} |", ours / raw, row.paired(name, peer));
        }
        let workers = row.paired("wsproto-tokio two workers", "wsproto-tokio one worker");
        let _ = writeln!(text, " {peer} {:.0} | {workers:.2} |", best.cpu);
    }
    text
}

/// The peer that takes the least CPU time, in its best way.
fn best_peer(row: &Row) -> Option<(&'static str, Sample)> {
    let is_peer = |name: &str| SERVERS.iter().skip(FIRST_PEER).any(|server| server.name == name);
    let peers = row.best.iter().filter(|(name, _)| is_peer(name)).copied();
    peers.min_by(|a, b| a.1.cpu.total_cmp(&b.1.cpu))
}

/// The names of the peers, without their way.
fn peers() -> Vec<&'static str> {
    SERVERS
        .iter()
        .skip(FIRST_PEER)
        .map(|server| server.name)
        .filter(|name| !name.ends_with(BATCHED))
        .collect()
}

/// The faster way of a peer, and its mark.
fn better(row: &Row, name: &str) -> (Sample, &'static str) {
    let ways = [(row.of(name), ""), (row.of(&format!("{name}{BATCHED}")), "*")];
    ways.into_iter().min_by(|a, b| a.0.cpu.total_cmp(&b.0.cpu)).unwrap_or((Sample::WORST, ""))
}

fn cell(sample: Sample) -> String {
    format!("{:.0} ({:.0})", sample.cpu, sample.rate / 1e3)
}

/// Reads the versions out of the lock file.
fn versions() -> Vec<String> {
    let lock = include_str!("../Cargo.lock");
    let names = ["fastwebsockets", "mio", "tokio", "tokio-tungstenite", "tokio-websockets"];
    let version = |name: &&str| {
        let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        Some(format!("{name} {}", rest.split_once('"')?.0))
    };
    names.iter().filter_map(version).collect()
}
