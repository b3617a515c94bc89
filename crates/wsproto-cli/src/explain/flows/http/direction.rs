//! One direction of HTTP/1.1: its position in a head, in a body, or between messages.

use std::mem;

use super::body::{Body, Unclear};

/// The longest head, and the most bytes of a client that are held until its request is answered.
pub(super) const MOST: usize = 64 << 10;
/// The number of bytes that suffice to recognize a head: those of a method and a blank.
const TELLING: usize = 33;

/// One direction.
#[derive(Default)]
pub(super) struct Direction {
    /// The place of the next byte.
    pub(super) offset: u64,
    /// The bytes of a head that have come so far.
    pub(super) head: Vec<u8>,
    pub(super) body: Body,
    /// Heads can't be found any more, because bytes are missing or aren't HTTP/1.1.
    pub(super) lost: bool,
}

impl Direction {
    pub(super) fn passed(&mut self, bytes: &[u8]) {
        self.offset = self.offset.saturating_add(len(bytes));
    }

    /// Skips bodies and empty lines. Returns whether it skipped anything.
    pub(super) fn skip(&mut self, rest: &mut &[u8]) -> Result<bool, Unclear> {
        let before = *rest;
        let outcome = if self.lost {
            *rest = &[];
            Ok(())
        } else if self.body.is_over() {
            // Empty lines between messages.
            let is_line_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
            while let Some((_, after)) = rest
                .split_first()
                .filter(|(byte, _)| self.offset > 0 && self.head.is_empty() && is_line_end(byte))
            {
                *rest = after;
            }
            Ok(())
        } else {
            self.body.take(rest)
        };
        let taken = before.get(..before.len().saturating_sub(rest.len())).unwrap_or(before);
        self.passed(taken);
        outcome.map_err(|why| Unclear { offset: self.offset, why })?;
        Ok(!taken.is_empty())
    }

    /// Takes more of a head, and returns it once it is whole. `is_one` returns whether bytes may begin a head.
    pub(super) fn head(
        &mut self,
        rest: &mut &[u8],
        is_one: fn(&[u8]) -> bool,
    ) -> Result<Option<Vec<u8>>, Unclear> {
        let start = self.offset.saturating_sub(len(&self.head));
        while let Some((byte, after)) = rest.split_first() {
            self.head.push(*byte);
            self.offset = self.offset.saturating_add(1);
            *rest = after;
            if self.head.len() <= TELLING && !is_one(&self.head) {
                let why = if self.head.starts_with(b"\x16") {
                    "TLS follows"
                } else {
                    "what follows isn't HTTP/1.1"
                };
                return Err(Unclear { offset: start, why });
            }
            if *byte == b'\n' && (self.head.ends_with(b"\r\n\r\n") || self.head.ends_with(b"\n\n")) {
                return Ok(Some(mem::take(&mut self.head)));
            }
            if self.head.len() >= MOST {
                return Err(Unclear { offset: start, why: "a head is longer than 64 KiB" });
            }
        }
        Ok(None)
    }

    /// Skips missing bytes if all of them belong to a body. Returns whether they do.
    pub(super) fn pass_over(&mut self, missing: u64) -> bool {
        let is_body = self.lost || self.body.pass_over(missing);
        if is_body {
            self.offset = self.offset.saturating_add(missing);
        }
        is_body
    }
}

pub(super) fn len(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
