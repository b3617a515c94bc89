//! One million open connections in one process, each of which has received and sent a message.

use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;

use allocation_counter::measure;
use wsproto::frame::{FrameHeader, MaskingKey, Opcode};
use wsproto::{AcceptConnection, Config, Connection, ConnectionState, Event};

const CONNECTIONS: usize = 1_000_000;

/// The most megabytes that they may take.
const MAX_MB: u64 = 300;

const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// The page that the kernel counts resident memory in.
const PAGE: u64 = 4096;

pub(crate) fn table(missed: &mut Vec<String>) -> String {
    let mut connections = Vec::new();
    let mut outcome = Ok(());
    let before = resident();
    let info = measure(|| outcome = open(&mut connections));
    let grown = resident().saturating_sub(before);
    if let Err(problem) = outcome {
        missed.push(format!("one million connections: {problem}"));
    }
    let heap = u64::try_from(info.bytes_current).unwrap_or_default();
    let mut table =
        String::from("| one million open connections | bytes in all | bytes each |\n|---|--:|--:|\n");
    for (name, bytes) in [("allocated", heap), ("resident", grown)] {
        let _ = writeln!(table, "| {name} | {bytes} | {} |", bytes.div_ceil(CONNECTIONS as u64));
        if bytes > MAX_MB * 1_000_000 {
            missed.push(format!("one million connections: {bytes} bytes {name}, more than {MAX_MB} MB"));
        }
    }
    if connections.iter().any(|connection| connection.state() != ConnectionState::Open) {
        missed.push("one million connections: some are not open".to_owned());
    }
    table
}

/// Opens them one after the other, with buffers that all of them share.
fn open(connections: &mut Vec<Connection>) -> Result<(), String> {
    let config = Arc::new(Config::default());
    let mut message =
        FrameHeader::new(Opcode::Text, 5).with_mask(MaskingKey::new([1, 2, 3, 4])).encode().to_vec();
    message.extend([b'h' ^ 1, b'e' ^ 2, b'l' ^ 3, b'l' ^ 4, b'o' ^ 1]);
    let (mut buffer, mut out) = (vec![0; 4096], Vec::with_capacity(4096));
    connections.reserve_exact(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let mut ws = Connection::server(Arc::clone(&config));
        for bytes in [REQUEST, &message] {
            let (mut input, _) = buffer.split_at_mut(bytes.len());
            input.copy_from_slice(bytes);
            answer(&mut ws, &mut input, &mut out)?;
        }
        if !out.ends_with(b"\x81\x05hello") {
            return Err("the message did not come back".to_owned());
        }
        out.clear();
        connections.push(ws);
    }
    Ok(())
}

fn answer(ws: &mut Connection, input: &mut &mut [u8], out: &mut Vec<u8>) -> Result<(), String> {
    while let Some(event) = ws.receive(input).map_err(|error| error.to_string())? {
        let sent = match event {
            Event::Request(_) => ws.send(AcceptConnection::new(), out),
            message => ws.send(message, out),
        };
        sent.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Returns how many bytes of this process are in memory.
pub(crate) fn resident() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
    pages * PAGE
}
