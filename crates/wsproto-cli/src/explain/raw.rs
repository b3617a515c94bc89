//! The bytes of one direction.

use std::{io::Read, time::Duration};

use super::{
    Options,
    hex::HexReader,
    input::{Input, Kind, unreadable},
    show::{Show, Stop},
};
use crate::{
    exit::{Failure, Status},
    wire::{Chunk, Explainer, Sender},
};

/// The bytes that are read at once. Their records are in memory together, and short frames make many records.
const READ_LEN: usize = 16 << 10;

/// Explains the bytes as they come, so that the input may be endless.
pub(super) fn explain(mut input: Input, options: &Options, show: &mut Show) -> Result<(), Stop> {
    let mut digits = (input.kind == Kind::Hex).then(HexReader::default);
    let mut looking: Option<(Explainer, Sender)> = None;
    let (mut buffer, mut records) = (vec![0; READ_LEN], Vec::new());
    // The bytes that the explainer hasn't seen yet.
    let mut bytes = Vec::new();
    loop {
        let len = input.reader.read(&mut buffer).map_err(|error| unreadable(&input.name, &error))?;
        let read = buffer.get(..len).unwrap_or_default();
        match &mut digits {
            Some(digits) => {
                let outcome = digits.push(read, &mut bytes);
                let outcome = if len == 0 { outcome.and_then(|()| digits.finish()) } else { outcome };
                outcome.map_err(|error| not_hex(&input.name, error))?;
            }
            None => bytes.extend_from_slice(read),
        }
        // The first few bytes show who has sent them.
        if looking.is_none() && !bytes.is_empty() && (len == 0 || tells(&bytes)) {
            let from = options.from.unwrap_or_else(|| sender(&bytes));
            looking = Some((options.explainer(!begins_with_handshake(&bytes)), from));
        }
        if let Some((explainer, from)) = &mut looking {
            let chunk = Chunk { at: Duration::ZERO, from: *from, bytes: std::mem::take(&mut bytes).into() };
            explainer.look(&chunk, &mut records);
            if len == 0 {
                explainer.cut(*from, Duration::ZERO, &mut records);
            }
            show.records(None, &mut records)?;
            // The input may be endless, and the explainer ignores the rest.
            if explainer.is_deaf(*from) {
                return Ok(());
            }
        }
        if len == 0 {
            return if looking.is_some() { Ok(()) } else { Err(nothing(&input.name).into()) };
        }
    }
}

fn nothing(name: &str) -> Failure {
    Failure::new(Status::Local, format_args!("{name} has no bytes: nothing to explain"))
}

fn not_hex(name: &str, error: impl std::fmt::Display) -> Failure {
    Failure::new(Status::Local, format_args!("{name}: {error}"))
}

/// Returns whether the first bytes suffice to find their kind: two bytes of a frame, or a method.
pub(super) fn tells(first: &[u8]) -> bool {
    let is_word = first.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'/');
    first.len() >= if is_word { 8 } else { 2 }
}

/// Returns whether the first bytes are a request or an answer, as far as they have come.
pub(super) fn begins_with_handshake(first: &[u8]) -> bool {
    first.starts_with(b"HTTP/") || is_request(first)
}

/// Returns whether the first bytes are a method: no frame begins with three capital letters and a blank.
pub(super) fn is_request(first: &[u8]) -> bool {
    let method = first.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    method >= 3 && matches!(first.get(method), Some(b' ') | None)
}

/// Returns the sender of the bytes, by the first line or by the mask bit of the first frame.
fn sender(first: &[u8]) -> Sender {
    let is_masked = first.get(1).is_some_and(|second| second & 0x80 != 0);
    if is_request(first) || (!begins_with_handshake(first) && is_masked) {
        Sender::Client
    } else {
        Sender::Server
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_the_sender() {
        let table: [(&[u8], Sender, bool); 7] = [
            (b"GET / HTTP/1.1\r\n", Sender::Client, true),
            (b"POST /x", Sender::Client, true),
            (b"HTTP/1.1 101", Sender::Server, true),
            (b"\x81\x85abcd", Sender::Client, false),
            (b"\x81\x05Hello", Sender::Server, false),
            (b"\x81", Sender::Server, false),
            (b"HEA\x85", Sender::Server, false),
        ];
        for (first, expected, handshake) in table {
            assert_eq!(sender(first), expected, "{first:?}");
            assert_eq!(begins_with_handshake(first), handshake, "{first:?}");
        }
    }
}
