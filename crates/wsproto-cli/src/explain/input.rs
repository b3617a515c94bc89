//! The input, and its kind.

use std::{
    fs::File,
    io::{self, IsTerminal, Read},
    path::Path,
};

use super::hex::HexReader;
use crate::{
    exit::{Failure, Status},
    streams::{self, Patient},
};

/// The first bytes of each kind of input. They are as few as possible, because the input may be a live stream.
const MAGICS: [(&[u8], Result<Kind, &str>); 11] = [
    (b"\xd4\xc3\xb2\xa1", Ok(Kind::Pcap)),
    (b"\xa1\xb2\xc3\xd4", Ok(Kind::Pcap)),
    (b"\x4d\x3c\xb2\xa1", Ok(Kind::Pcap)),
    (b"\xa1\xb2\x3c\x4d", Ok(Kind::Pcap)),
    (b"\n\r\r\n", Ok(Kind::Pcap)),
    (b"{\"", Ok(Kind::Session)),
    (b"\x1f\x8b", Err("is compressed: unpack it with gunzip first")),
    (b"\x28\xb5\x2f\xfd", Err("is compressed: unpack it with unzstd first")),
    (b"\x16\x03\x01", Err(TLS)),
    (b"\x16\x03\x03", Err(TLS)),
    (
        b"PRI * HTTP/2",
        Err("begins with HTTP/2: its frames aren't WebSocket's; `serve --tls` shows what is in them"),
    ),
];
const TLS: &str = "begins with TLS: the bytes are encrypted, and can't be explained";
/// The longest first block of a pcapng, in bytes.
const BLOCK_LEN: u32 = 64 << 10;

/// The kind of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Kind {
    /// The bytes of one direction.
    Raw,
    /// The same as hexadecimal digits.
    Hex,
    /// A session that the page of `serve` has recorded.
    Session,
    /// A capture of packets: pcap or pcapng.
    Pcap,
}

/// An open input that isn't empty.
pub(super) struct Input {
    pub(super) kind: Kind,
    /// Its name in messages.
    pub(super) name: String,
    pub(super) reader: Box<dyn Read + Send>,
}

impl Input {
    /// Reads digits of the command line.
    pub(super) fn of_hex(digits: &str) -> Result<Self, Failure> {
        let (mut reader, mut bytes) = (HexReader::default(), Vec::new());
        reader
            .push(digits.as_bytes(), &mut bytes)
            .and_then(|()| reader.finish())
            .map_err(|error| Failure::new(Status::Usage, format_args!("--hex: {error}")))?;
        if bytes.is_empty() {
            return Err(Failure::new(Status::Usage, "--hex: no digits, so nothing to explain"));
        }
        Ok(Self { kind: Kind::Raw, name: "--hex".into(), reader: Box::new(io::Cursor::new(bytes)) })
    }

    /// Opens a file or standard input.
    pub(super) fn open(file: Option<&Path>, kind: Option<Kind>) -> Result<Self, Failure> {
        let (name, reader): (_, Box<dyn Read + Send>) = match file {
            Some(path) if path != Path::new("-") => {
                let name = path.display().to_string();
                let file = File::open(path).map_err(|error| unreadable(&name, &error))?;
                (name, Box::new(Patient(file)))
            }
            _ => {
                if file.is_none() && io::stdin().is_terminal() {
                    let message =
                        "no file: name one, or --hex DIGITS, or pipe something in; --help has examples";
                    return Err(Failure::new(Status::Usage, message));
                }
                ("standard input".into(), Box::new(streams::stdin()))
            }
        };
        Self::read(name, reader, kind)
    }

    /// Reads the first bytes, and finds the kind by them unless `kind` names it.
    pub(super) fn read(
        name: String,
        mut reader: Box<dyn Read + Send>,
        kind: Option<Kind>,
    ) -> Result<Self, Failure> {
        let mut first = Vec::new();
        let is_undecided = |first: &[u8]| {
            first.is_empty()
                || (kind.is_none()
                    && MAGICS.iter().any(|(magic, _)| magic != &first && magic.starts_with(first)))
        };
        while is_undecided(&first) {
            let before = first.len();
            fill(&mut reader, &mut first, before.saturating_add(1))
                .map_err(|error| unreadable(&name, &error))?;
            if first.len() == before {
                break;
            }
        }
        if first.is_empty() {
            return Err(Failure::new(Status::Local, format_args!("{name} is empty: nothing to explain")));
        }
        let kind = match kind {
            Some(kind) => kind,
            None => {
                kind_of(&first).map_err(|what| Failure::new(Status::Local, format_args!("{name} {what}")))?
            }
        };
        if kind == Kind::Pcap {
            fill_first_block(&mut reader, &mut first).map_err(|error| unreadable(&name, &error))?;
        }
        let reader = Box::new(io::Cursor::new(first).chain(reader));
        Ok(Self { kind, name, reader })
    }
}

/// Returns the failure for an input that can't be read.
pub(super) fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::new(Status::Local, format_args!("can't read {name}: {error}"))
}

/// Reads until `bytes` has `len` bytes, or the input ends.
fn fill(reader: &mut impl Read, bytes: &mut Vec<u8>, len: usize) -> io::Result<()> {
    let missing = u64::try_from(len.saturating_sub(bytes.len())).unwrap_or(u64::MAX);
    reader.take(missing).read_to_end(bytes).map(drop)
}

/// Returns the kind by the first bytes. The error is the end of a sentence that begins with the input's name.
fn kind_of(first: &[u8]) -> Result<Kind, &'static str> {
    let found = MAGICS.iter().find(|(magic, _)| first.starts_with(magic));
    found.map_or(Ok(Kind::Raw), |(_, kind)| *kind)
}

/// Reads the first block of a capture, because its reader needs it in one piece.
fn fill_first_block(reader: &mut impl Read, first: &mut Vec<u8>) -> io::Result<()> {
    fill(reader, first, 24)?;
    if !first.starts_with(b"\n\r\r\n") {
        return Ok(());
    }
    let Some(&[_, _, _, _, l0, l1, l2, l3, o0, o1, ..]) = first.first_chunk::<24>() else { return Ok(()) };
    let len = [l0, l1, l2, l3];
    // The magic of the byte order is 1a2b3c4d.
    let len = if [o0, o1] == [0x1a, 0x2b] { u32::from_be_bytes(len) } else { u32::from_le_bytes(len) };
    fill(reader, first, usize::try_from(len.clamp(28, BLOCK_LEN)).unwrap_or(28))
}
