//! A recorded session as a file. `serve` offers it for download, and `explain` reads it.
//!
//! Each line is one JSON object. The first line names the format, `{"kind":"session","version":1}`. The others are the
//! events in their order, with `at` in microseconds:
//!
//! ```text
//! {"kind":"bytes","at":0,"from":"client","hex":"8180…"}
//! {"kind":"handshake","at":0,"from":"client","version":"HTTP/2","fields":[{"name":":method","value":"CONNECT"}, …]}
//! {"kind":"open","at":900,"extensions":"permessage-deflate","subprotocol":null}
//! {"kind":"gap","at":1200,"from":"server","missing":70000}
//! {"kind":"end","at":1300,"from":"server"}
//! ```
//!
//! The handshake of HTTP/1.1 is among the bytes. The handshake of HTTP/2 has its own lines, and `open` comes before the
//! first frame.

use std::{
    fmt,
    io::{self, Write},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{Chunk, Explainer, Field, Handshake, Record, Sender, Tapped, chunk::micros, hex, unhex};

/// The version of the format: the only one that is written and read.
const VERSION: u32 = 1;
/// The most bytes of one line's chunk.
const CHUNK_LEN: usize = 32 << 10;
/// The longest line that is read: room for the hex of the longest chunk, or for the fields of a handshake.
pub(crate) const LINE_LEN: usize = 256 << 10;

/// A line of a session's file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Entry {
    Session { version: u32 },
    Bytes { at: u64, from: Sender, hex: String },
    Handshake { at: u64, from: Sender, version: String, fields: Vec<Field> },
    Open { at: u64, extensions: String, subprotocol: Option<String> },
    Gap { at: u64, from: Sender, missing: Option<u64> },
    End { at: u64, from: Sender },
}

/// Records a session up to a limit. Bytes after the limit become a gap.
pub(crate) struct Recorder {
    entries: Vec<Entry>,
    /// The number of bytes that the file may still grow by.
    left: usize,
    /// The time when bytes were first left out, and their number for the client and for the server.
    missing: Option<Duration>,
    left_out: [u64; 2],
    /// The ends of both directions, which are written after a gap.
    ends: Vec<Entry>,
}

impl Recorder {
    /// Begins to record a file of about `limit` bytes at most.
    pub(crate) fn new(limit: usize) -> Self {
        let entries = vec![Entry::Session { version: VERSION }];
        Self { entries, left: limit, missing: None, left_out: [0; 2], ends: Vec::new() }
    }

    /// Records an event of the tap.
    pub(crate) fn record(&mut self, tapped: &Tapped) {
        match tapped {
            Tapped::Bytes(chunk) => {
                for part in chunk.bytes.chunks(CHUNK_LEN) {
                    let entry = Entry::Bytes { at: micros(chunk.at), from: chunk.from, hex: hex(part) };
                    let len = part.len().saturating_mul(2);
                    if !self.push(chunk.at, entry, len) {
                        let [client, server] = &mut self.left_out;
                        let left_out = if chunk.from == Sender::Client { client } else { server };
                        *left_out = left_out.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
                    }
                }
            }
            Tapped::End { at, from } if self.ends.len() < 2 => {
                self.ends.push(Entry::End { at: micros(*at), from: *from });
            }
            Tapped::End { .. } => {}
        }
    }

    /// Records a request or an answer of HTTP/2.
    #[cfg(any(feature = "tls", test))]
    pub(crate) fn handshake(&mut self, head: &Handshake) {
        let Handshake { at, from, version, fields, .. } = head;
        let len =
            fields.iter().map(|field| field.name.len().saturating_add(field.value.len()).saturating_add(24));
        let entry =
            Entry::Handshake { at: *at, from: *from, version: (*version).into(), fields: fields.clone() };
        self.push(Duration::from_micros(*at), entry, len.fold(0, usize::saturating_add));
    }

    /// Records that the connection is open, if its handshake isn't among the bytes.
    #[cfg(any(feature = "tls", test))]
    pub(crate) fn open(&mut self, at: Duration, extensions: &str, subprotocol: Option<&str>) {
        let len = extensions.len().saturating_add(subprotocol.map_or(0, str::len));
        let (extensions, subprotocol) = (extensions.into(), subprotocol.map(String::from));
        self.push(at, Entry::Open { at: micros(at), extensions, subprotocol }, len);
    }

    /// Keeps an entry, unless it doesn't fit or an earlier entry didn't.
    fn push(&mut self, at: Duration, entry: Entry, len: usize) -> bool {
        let left = self.left.checked_sub(len.saturating_add(48));
        let (Some(left), None) = (left, self.missing) else {
            self.missing.get_or_insert(at);
            return false;
        };
        self.left = left;
        self.entries.push(entry);
        true
    }

    /// Writes the file.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let at = micros(self.missing.unwrap_or_default());
        let gaps = [Sender::Client, Sender::Server].into_iter().zip(self.left_out);
        let gaps = gaps.filter(|(_, missing)| *missing > 0);
        let gaps: Vec<Entry> =
            gaps.map(|(from, missing)| Entry::Gap { at, from, missing: Some(missing) }).collect();
        for entry in self.entries.iter().chain(&gaps).chain(&self.ends) {
            serde_json::to_writer(&mut *out, entry)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }
}

/// The reason for which a line of a session's file can't be read.
#[derive(Debug)]
pub(crate) enum SessionError {
    /// The line isn't one of a session.
    Line(serde_json::Error),
    /// The version is unknown.
    Version(u32),
    /// The hex isn't valid.
    Hex,
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(error) => write!(f, "no line of a session: {error}"),
            Self::Version(version) => {
                write!(f, "a session of version {version}; this program reads version {VERSION}")
            }
            Self::Hex => f.write_str("the bytes of a session aren't hex"),
        }
    }
}

/// Passes a line of a session's file to an explainer, which must begin with `Start::Handshake`.
pub(crate) fn replay(
    line: &[u8],
    explainer: &mut Explainer,
    out: &mut Vec<Record>,
) -> Result<(), SessionError> {
    match serde_json::from_slice(line).map_err(SessionError::Line)? {
        Entry::Session { version: VERSION } => {}
        Entry::Session { version } => return Err(SessionError::Version(version)),
        Entry::Bytes { at, from, hex } => {
            let bytes = unhex(&hex).ok_or(SessionError::Hex)?.into();
            explainer.look(&Chunk { at: Duration::from_micros(at), from, bytes }, out);
        }
        Entry::Handshake { at, from, version, fields } => {
            let version = if version == "HTTP/3" { "HTTP/3" } else { "HTTP/2" };
            explainer.handshake(Handshake { at, from, version, text: String::new(), fields }, out);
        }
        Entry::Open { at, extensions, subprotocol } => {
            explainer.open(Duration::from_micros(at), &extensions, subprotocol.as_deref(), out);
        }
        Entry::Gap { at, from, missing } => explainer.gap(from, missing, Duration::from_micros(at), out),
        Entry::End { at, from } => explainer.end(from, Duration::from_micros(at), out),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
