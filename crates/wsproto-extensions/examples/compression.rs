//! Measures the cost of permessage-deflate in memory and time, and its savings in bytes, as tables for
//! `docs/compression.md`.
//!
//! `cargo run --release -p wsproto-extensions --features zlib-rs --example compression`

use std::fmt::Write;
use std::time::{Duration, Instant};

use allocation_counter::measure;
use wsproto_extensions::deflate::{
    Backend, DeflateConfig, DeflateParams, PermessageDeflate, Pool, WindowBits,
};
use wsproto_frame::Role;

fn main() {
    println!("{}", memory());
    println!("{}", ratio());
    println!("{}", costs());
}

fn backends() -> Vec<(&'static str, Backend)> {
    vec![
        ("miniz_oxide", Backend::Miniz),
        #[cfg(feature = "zlib-rs")]
        ("zlib-rs", Backend::ZlibRs),
    ]
}

/// Returns the heap bytes of one connection of a server, in each of its states.
fn memory() -> String {
    let mut table = String::from(
        "| backend | window | context takeover | agreed | after a message received | sent | both, between messages |\n\
         |---|--:|---|--:|--:|--:|--:|\n",
    );
    for (name, backend) in backends() {
        for bits in [15, 12, 9] {
            for takeover in [true, false] {
                let params = params(bits, takeover);
                let cells = [(false, false), (true, false), (false, true), (true, true)]
                    .map(|(receives, sends)| kept(backend, params, receives, sends).to_string());
                let takeover = if takeover { "yes" } else { "no" };
                let _ = writeln!(table, "| {name} | {bits} | {takeover} | {} |", cells.join(" | "));
            }
        }
    }
    table
}

fn params(bits: u8, takeover: bool) -> DeflateParams {
    let window = WindowBits::new(bits).unwrap_or_default();
    DeflateParams {
        server_no_context_takeover: !takeover,
        client_no_context_takeover: !takeover,
        server_max_window_bits: window,
        client_max_window_bits: window,
    }
}

/// Returns how many heap bytes a connection keeps, without the pool that connections share.
fn kept(backend: Backend, params: DeflateParams, receives: bool, sends: bool) -> i64 {
    let config = DeflateConfig::default().with_backend(backend);
    let message = json(0);
    let mut payload = Vec::new();
    let client = PermessageDeflate::new(Role::Client, params, &config).compress(&message, &mut payload);
    assert_eq!(client, Ok(true));
    let mut out = Vec::with_capacity(1 << 16);
    // The compressors for the pool are made before.
    let mut warm = PermessageDeflate::new(Role::Server, params, &config);
    let mut work = |server: &mut PermessageDeflate| {
        if receives {
            out.clear();
            assert_eq!(server.decompress(&payload, &mut out, 1 << 16), Ok(()));
        }
        if sends {
            out.clear();
            assert_eq!(server.compress(&message, &mut out), Ok(true));
        }
    };
    work(&mut warm);
    let mut server = None;
    let info = measure(|| {
        let mut new = Box::new(PermessageDeflate::new(Role::Server, params, &config));
        work(&mut new);
        server = Some(new);
    });
    info.bytes_current
}

/// Returns how much 200 messages of a feed shrink, in percent of their bytes.
fn ratio() -> String {
    let mut table = String::from(
        "| backend | level | context takeover | window 15 | 14 | 13 | 12 | 11 | 10 | 9 | 8 |\n\
         |---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for (name, backend) in backends() {
        for level in [1, 5, 9] {
            for takeover in [true, false] {
                let cells: Vec<_> = (8..=15)
                    .rev()
                    .map(|bits| format!("{} %", percent(backend, level, params(bits, takeover))))
                    .collect();
                let takeover = if takeover { "yes" } else { "no" };
                let _ = writeln!(table, "| {name} | {level} | {takeover} | {} |", cells.join(" | "));
            }
        }
    }
    table
}

/// The levels that are compared.
const LEVELS: [u8; 4] = [1, 3, 5, 7];

/// Returns the bytes of a compressor, and the cost of a message: microseconds, and percent of its bytes.
fn costs() -> String {
    let levels = LEVELS.map(|level| format!("level {level}: µs, %")).join(" | ");
    let mut table = format!(
        "| backend | window | memory level | bytes | {levels} |\n|---|--:|--:|--:|--:|--:|--:|--:|\n"
    );
    for (name, backend) in backends() {
        let (windows, memory_levels) = match backend {
            Backend::Miniz => (&[15, 12][..], &[8][..]),
            _ => (&[15, 13, 12, 10][..], &[8, 6, 5, 3, 1][..]),
        };
        for &bits in windows {
            for &memory_level in memory_levels {
                let config = DeflateConfig::default().with_backend(backend).with_memory_level(memory_level);
                let cells = LEVELS.map(|level| {
                    let (time, percent) = cost(&config.clone().with_level(level), params(bits, true));
                    format!("{:.1}, {percent:.1}", time.as_secs_f64() * 1e6)
                });
                let bytes = compressor(&config, params(bits, true));
                let memory_level =
                    if backend == Backend::Miniz { "-".into() } else { memory_level.to_string() };
                let _ =
                    writeln!(table, "| {name} | {bits} | {memory_level} | {bytes} | {} |", cells.join(" | "));
            }
        }
    }
    table
}

/// Returns the heap bytes of a compressor.
fn compressor(config: &DeflateConfig, params: DeflateParams) -> i64 {
    let config = config.clone().with_pool(Pool::new(1));
    let mut server = PermessageDeflate::new(Role::Server, params, &config);
    let mut out = Vec::with_capacity(1 << 16);
    measure(|| assert_eq!(server.compress(&json(0), &mut out), Ok(true))).bytes_current
}

/// Returns the shortest time for a message, and its compressed length in percent.
fn cost(config: &DeflateConfig, params: DeflateParams) -> (Duration, f64) {
    let messages: Vec<_> = (0..200).map(json).collect();
    let (mut best, mut wire, mut out) = (Duration::MAX, 0, Vec::with_capacity(1 << 16));
    for _ in 0..7 {
        let mut server = PermessageDeflate::new(Role::Server, params, config);
        assert_eq!(server.compress(&messages[0], &mut out), Ok(true));
        wire = 0;
        let started = Instant::now();
        for message in &messages {
            out.clear();
            assert_eq!(server.compress(message, &mut out), Ok(true));
            wire += out.len();
        }
        best = best.min(started.elapsed() / 200);
    }
    let plain: usize = messages.iter().map(Vec::len).sum();
    let tenths = u32::try_from(wire * 1000 / plain).unwrap_or(u32::MAX);
    (best, f64::from(tenths) / 10.0)
}

fn percent(backend: Backend, level: u8, params: DeflateParams) -> usize {
    let config = DeflateConfig::default().with_backend(backend).with_level(level);
    let mut server = PermessageDeflate::new(Role::Server, params, &config);
    let (mut plain, mut wire) = (0, 0);
    let mut out = Vec::new();
    for number in 0..200 {
        let message = json(number);
        out.clear();
        let compressed = server.compress(&message, &mut out).unwrap_or(false);
        wire += if compressed { out.len() } else { message.len() };
        plain += message.len();
    }
    wire * 100 / plain
}

/// Makes a message of about 1 KiB as a feed of prices would send it: all similar, none equal.
fn json(number: u32) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9) | 1;
    let mut random = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    let mut text = format!(r#"{{"type":"update","sequence":{number},"items":["#);
    while text.len() < 1000 {
        let _ = write!(
            text,
            r#"{{"symbol":"S{:03}","price":{}.{:02},"volume":{},"side":"{}"}},"#,
            random() % 500,
            random() % 1000,
            random() % 100,
            random() % 10_000,
            if random() % 2 == 0 { "buy" } else { "sell" },
        );
    }
    text.push_str("null]}");
    text.into_bytes()
}
