//! What is to be read, and its kind.

use std::{
    fs::File,
    io::{self, IsTerminal, Read},
    path::Path,
};

use super::hex::HexReader;
use crate::exit::{Failure, Status};

/// How much of an input is looked at to tell its kind.
const FIRST_LEN: usize = 16;
/// The longest first block of a pcapng.
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

/// An input that was opened, and isn't empty.
pub(super) struct Input {
    pub(super) kind: Kind,
    /// How messages call it.
    pub(super) name: String,
    /// Its first bytes; `reader` begins with them.
    pub(super) first: Vec<u8>,
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
        let first = bytes.clone();
        Ok(Self { kind: Kind::Raw, name: "--hex".into(), first, reader: Box::new(io::Cursor::new(bytes)) })
    }

    /// Opens a file or standard input.
    pub(super) fn open(file: Option<&Path>, kind: Option<Kind>) -> Result<Self, Failure> {
        let (name, reader): (_, Box<dyn Read + Send>) = match file {
            Some(path) if path != Path::new("-") => {
                let name = path.display().to_string();
                let file = File::open(path).map_err(|error| unreadable(&name, &error))?;
                (name, Box::new(file))
            }
            _ => {
                let stdin = io::stdin();
                if file.is_none() && stdin.is_terminal() {
                    let message =
                        "no file: name one, or --hex DIGITS, or pipe something in; --help has examples";
                    return Err(Failure::new(Status::Usage, message));
                }
                ("standard input".into(), Box::new(stdin))
            }
        };
        Self::read(name, reader, kind)
    }

    /// Reads the first bytes, and tells the kind by them unless it is known.
    fn read(name: String, mut reader: Box<dyn Read + Send>, kind: Option<Kind>) -> Result<Self, Failure> {
        let mut first = Vec::new();
        fill(&mut reader, &mut first, FIRST_LEN).map_err(|error| unreadable(&name, &error))?;
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
            // Its reader wants the first block in one piece.
            let len = first_block_len(&first);
            fill(&mut reader, &mut first, len).map_err(|error| unreadable(&name, &error))?;
        }
        let reader = Box::new(io::Cursor::new(first.clone()).chain(reader));
        Ok(Self { kind, name, first, reader })
    }
}

/// Says that an input can't be read.
pub(super) fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::new(Status::Local, format_args!("can't read {name}: {error}"))
}

/// Reads until there are so many bytes, or no more.
fn fill(reader: &mut impl Read, bytes: &mut Vec<u8>, len: usize) -> io::Result<()> {
    let missing = u64::try_from(len.saturating_sub(bytes.len())).unwrap_or(u64::MAX);
    reader.take(missing).read_to_end(bytes).map(drop)
}

/// Tells the kind by the first bytes; an error is the rest of a sentence.
fn kind_of(first: &[u8]) -> Result<Kind, &'static str> {
    match first {
        [0xd4, 0xc3, 0xb2, 0xa1, ..]
        | [0xa1, 0xb2, 0xc3, 0xd4, ..]
        | [0x4d, 0x3c, 0xb2, 0xa1, ..]
        | [0xa1, 0xb2, 0x3c, 0x4d, ..]
        | [0x0a, 0x0d, 0x0d, 0x0a, ..] => Ok(Kind::Pcap),
        [b'{', b'"', ..] => Ok(Kind::Session),
        [0x1f, 0x8b, ..] => Err("is compressed: unpack it with gunzip first"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Err("is compressed: unpack it with unzstd first"),
        [0x16, 0x03, 0..=4, ..] => Err("begins with TLS: the bytes are encrypted, and can't be explained"),
        [b'P', b'R', b'I', b' ', b'*', ..] => {
            Err("begins with HTTP/2: its frames aren't WebSocket's; `serve --tls` shows what is in them")
        }
        _ => Ok(Kind::Raw),
    }
}

/// Returns how long the first block of a capture is.
fn first_block_len(first: &[u8]) -> usize {
    let Some((magic, [l0, l1, l2, l3, o0, o1, ..])) = first.split_first_chunk::<4>() else {
        return FIRST_LEN;
    };
    if magic != b"\n\r\r\n" {
        return 24;
    }
    let len = [*l0, *l1, *l2, *l3];
    // The magic of the byte order is 1a2b3c4d.
    let len = if (*o0, *o1) == (0x1a, 0x2b) { u32::from_be_bytes(len) } else { u32::from_le_bytes(len) };
    usize::try_from(len.clamp(28, BLOCK_LEN)).unwrap_or(28)
}
