//! Writes bits as bytes.

use std::vec::Vec;

use super::Block;

/// A stream that is being written.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
    /// How many bits of the last byte are written, unless it is full.
    used: u32,
}

impl Writer {
    /// Writes the lowest `count` bits of a number, the lowest first.
    pub fn number(&mut self, number: u32, count: u32) {
        for bit in 0..count {
            self.bit(number >> bit & 1 == 1);
        }
    }

    /// Writes a code of `len` bits, the highest first.
    pub fn code(&mut self, code: u32, len: u32) {
        for bit in (0..len).rev() {
            self.bit(code >> bit & 1 == 1);
        }
    }

    /// Continues with the next byte.
    pub const fn align(&mut self) {
        self.used = 0;
    }

    /// Writes whole bytes from the next one on.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.align();
        self.bytes.extend_from_slice(bytes);
    }

    /// How many bytes were begun.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Returns whether nothing was written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Ends a message with an empty stored block whose last four bytes are left out.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.number(0, 3);
        self.bytes
    }

    fn bit(&mut self, bit: bool) {
        if self.used == 0 {
            self.bytes.push(0);
        }
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(bit) << self.used;
        }
        self.used = (self.used + 1) % 8;
    }
}

/// Makes a message of blocks.
#[must_use]
pub fn message(blocks: &[Block]) -> Vec<u8> {
    let mut writer = Writer::default();
    for block in blocks {
        block.write(&mut writer);
    }
    writer.finish()
}
