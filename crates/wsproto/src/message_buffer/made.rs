//! A message that is made elsewhere than in the read buffer.

use alloc::vec::Vec;

use crate::memory::LastLong;

/// The length of the memory at first, in bytes.
const FIRST_LEN: usize = 16 << 10;
/// With less room than this the memory grows, in bytes.
const LEAST_ROOM: usize = 4 << 10;

/// Bytes in memory that is written in place, that doubles with what was written and stays for the next message; that of
/// a single long one is given back.
#[derive(Default)]
pub(crate) struct Made {
    /// Of which the first `len` count.
    bytes: Vec<u8>,
    len: usize,
    long: LastLong,
}

impl Made {
    /// Tells whether anything was ever made here.
    #[inline]
    pub(super) const fn is_used(&self) -> bool {
        !self.bytes.is_empty()
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Frees the place of a message, and gives its memory back where that is worth nothing to others.
    pub(super) fn clear(&mut self) {
        if self.len == 0 {
            return;
        }
        self.long.note(self.len);
        self.len = 0;
        if !self.long.keep(self.bytes.len()) {
            self.shrink_to(FIRST_LEN);
        }
    }

    #[inline]
    pub(super) const fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Gives memory back beyond so many bytes, and what counts.
    pub(super) fn shrink_to(&mut self, len: usize) {
        self.bytes.truncate(len.max(self.len));
        self.bytes.shrink_to_fit();
    }

    #[inline]
    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Returns where what comes next belongs: at least a byte, and at most `most`.
    pub(crate) fn room(&mut self, most: usize) -> &mut [u8] {
        if self.bytes.len().saturating_sub(self.len) < LEAST_ROOM {
            let len = self.bytes.len().saturating_mul(2).max(FIRST_LEN);
            self.bytes.resize(len, 0);
        }
        let end = self.len.saturating_add(most).min(self.bytes.len());
        self.bytes.get_mut(self.len..end).unwrap_or_default()
    }

    /// Says how many bytes were written into [`room`](Self::room), and returns them.
    pub(crate) fn advance(&mut self, len: usize) -> &[u8] {
        let start = self.len;
        self.len = start.saturating_add(len).min(self.bytes.len());
        self.bytes.get(start..self.len).unwrap_or_default()
    }

    pub(super) fn push(&mut self, mut part: &[u8]) {
        while !part.is_empty() {
            let room = self.room(part.len());
            let (fitting, rest) = part.split_at_checked(room.len()).unwrap_or((part, &[]));
            room.copy_from_slice(fitting);
            self.advance(fitting.len());
            part = rest;
        }
    }
}
