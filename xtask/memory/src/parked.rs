//! Very many connections with context takeover both ways, most of them idle and parked, some of them talking.

use std::env;
use std::fmt::Write as _;
use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use allocation_counter::measure;
use wsproto::extensions::deflate::{Backend, Pool};
use wsproto::{Config, Connection, DeflateConfig, Role, TextMessage};

use crate::million::resident;
use crate::setting::{document, open, receive_all};

const CONNECTIONS: usize = 100_000;
const TALKING: usize = 1_000;

/// The most megabytes that all of them may take.
const MAX_MB: u64 = 500;

/// How much of the throughput of connections that each keep a compressor those must have that share the pool.
const LEAST_THROUGHPUT: f64 = 0.95;

/// How many messages each of the talking ones receives and sends in a round, and how many rounds there are.
const MESSAGES: usize = 5;
const ROUNDS: usize = 7;

/// What two sides are set to, by name.
fn settings() -> [(&'static str, DeflateConfig); 3] {
    [
        ("miniz_oxide", DeflateConfig::default().with_backend(Backend::Miniz)),
        ("zlib-rs", DeflateConfig::default().with_backend(Backend::ZlibRs)),
        ("zlib-rs, low memory", DeflateConfig::low_memory().with_backend(Backend::ZlibRs)),
    ]
}

pub(crate) fn table(missed: &mut Vec<String>) -> String {
    let mut table = format!(
        "| {CONNECTIONS} connections, context takeover, 1 KiB of JSON each way, parked | bytes allocated | resident | \
         µs to receive one more and park | µs without parking | {TALKING} talking: µs a message each way | if each keeps its compressor | bytes \
         sent | if each keeps it |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n"
    );
    for (name, _) in settings() {
        let program = env::current_exe().map_err(|error| error.to_string());
        match program
            .and_then(|program| Command::new(program).arg(name).output().map_err(|error| error.to_string()))
        {
            Ok(done) => {
                table.push_str(&String::from_utf8_lossy(&done.stdout));
                let said = String::from_utf8_lossy(&done.stderr);
                missed.extend(said.lines().map(|line| line.trim_start_matches("missed: ").to_owned()));
            }
            Err(problem) => missed.push(format!("{name}: {problem}")),
        }
    }
    table
}

pub(crate) fn row(name: &str, missed: &mut Vec<String>) -> String {
    let found = settings().into_iter().find(|(known, _)| *known == name);
    let row = found
        .ok_or_else(|| "no such setting".to_owned())
        .and_then(|(_, deflate)| measured(name, &deflate, missed));
    row.unwrap_or_else(|problem| {
        missed.push(format!("{name}: {problem}"));
        String::new()
    })
}

fn measured(name: &str, deflate: &DeflateConfig, missed: &mut Vec<String>) -> Result<String, String> {
    let shared = Config::default().with_extension(deflate.clone());
    let own = Config::default().with_extension(deflate.clone().with_pool(Pool::new(TALKING)));
    let text = document(0, 1 << 10);
    let mut wire = Vec::new();
    open(Role::Client, &shared)?
        .send(TextMessage::new(&text), &mut wire)
        .map_err(|error| error.to_string())?;

    let mut parked = Vec::with_capacity(CONNECTIONS);
    let mut outcome = Ok(());
    let before = resident();
    let info = measure(|| outcome = all(&shared, &wire, &mut parked));
    outcome?;
    let heap = u64::try_from(info.bytes_current).unwrap_or_default();
    let heap = heap + (CONNECTIONS * size_of::<Connection>()) as u64;
    let grown = resident().saturating_sub(before);
    for (what, bytes) in [("allocated", heap), ("resident", grown)] {
        if bytes > MAX_MB * 1_000_000 {
            missed.push(format!("{name}: {bytes} bytes {what}, more than {MAX_MB} MB"));
        }
    }
    let [parking, staying] = receiving(&mut parked[..TALKING], &wire)?;

    let mut alone = Vec::with_capacity(TALKING);
    for _ in 0..TALKING {
        alone.push(open(Role::Server, &own)?);
    }
    let mut best = [Duration::MAX; 2];
    let mut sent = [0; 2];
    for round in 0..ROUNDS {
        for (which, connections) in [&mut parked[..TALKING], &mut alone].into_iter().enumerate() {
            let (time, bytes) = talk(connections, round, &wire)?;
            best[which] = best[which].min(time);
            sent[which] = bytes;
        }
    }
    let share = best[1].as_secs_f64() / best[0].as_secs_f64();
    if share < LEAST_THROUGHPUT {
        missed.push(format!("{name}: {share:.2} of the throughput, less than {LEAST_THROUGHPUT}"));
    }
    let [with_pool, each] = best.map(|time| micros(time, TALKING * MESSAGES));
    let [short, shortest] = sent.map(|bytes| bytes / (TALKING * MESSAGES));
    let mut row = String::new();
    let _ = writeln!(
        row,
        "| {name} | {heap} | {grown} | {parking:.2} | {staying:.2} | {with_pool:.1} | {each:.1} | {short} | {shortest} |"
    );
    Ok(row)
}

/// Opens all, has each receive and send a message, and parks it.
fn all(config: &Config, wire: &[u8], parked: &mut Vec<Connection>) -> Result<(), String> {
    let (mut out, mut input) = (Vec::with_capacity(4096), wire.to_vec());
    let text = document(1, 1 << 10);
    for _ in 0..CONNECTIONS {
        let mut ws = open(Role::Server, config)?;
        input.copy_from_slice(wire);
        receive_all(&mut ws, &mut input)?;
        ws.send(TextMessage::new(&text), &mut out).map_err(|error| error.to_string())?;
        out.clear();
        ws.park();
        parked.push(ws);
    }
    Ok(())
}

/// What it costs, in microseconds, to receive a message on each connection: with parking after it, and without.
fn receiving(connections: &mut [Connection], wire: &[u8]) -> Result<[f64; 2], String> {
    let mut best = [Duration::MAX; 2];
    let mut input = wire.to_vec();
    for _ in 0..ROUNDS {
        for (parks, best) in [true, false].into_iter().zip(&mut best) {
            let started = Instant::now();
            for ws in connections.iter_mut() {
                input.copy_from_slice(wire);
                receive_all(ws, &mut input)?;
                if parks {
                    ws.park();
                }
            }
            *best = (*best).min(started.elapsed());
        }
    }
    Ok(best.map(|time| micros(time, connections.len())))
}

/// Microseconds for each of so many.
fn micros(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e6 / u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

/// Has each receive and send some messages, in turns; returns the time, and how many bytes were sent.
fn talk(connections: &mut [Connection], round: usize, wire: &[u8]) -> Result<(Duration, usize), String> {
    let (mut out, mut input, mut sent) = (Vec::with_capacity(4096), wire.to_vec(), 0);
    let texts: Vec<String> =
        (0..MESSAGES).map(|number| document(round * MESSAGES + number, 1 << 10)).collect();
    let started = Instant::now();
    for text in &texts {
        for ws in connections.iter_mut() {
            input.copy_from_slice(wire);
            receive_all(ws, &mut input)?;
            ws.send(TextMessage::new(text.as_str()), &mut out).map_err(|error| error.to_string())?;
            sent += black_box(&out).len();
            out.clear();
        }
    }
    Ok((started.elapsed(), sent))
}
