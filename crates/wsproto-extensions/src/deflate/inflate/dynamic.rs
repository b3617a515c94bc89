//! The codes of a block that brings its own (RFC 1951 §3.2.7).

use super::BadStream;
use super::bits::Bits;
use super::codes::{Codes, LengthCode};

/// What is read of the block's codes, and they themselves once all is read.
pub(super) struct Dynamic {
    pub(super) codes: Codes,
    length_code: LengthCode,
    /// Lengths in bits: of the code for lengths, and then of the codes for literals and for distances.
    lengths: [u8; Self::MOST],
    /// How many of them are known.
    known: usize,
    /// How many there are, for each of the three codes.
    counts: [usize; 3],
}

/// The order in which the lengths of the code for lengths come.
const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

impl Dynamic {
    /// The most literals and distances that a block can have.
    const MOST: usize = 286 + 30;

    pub(super) const NEW: Self = Self {
        codes: Codes::NONE,
        length_code: LengthCode::NONE,
        lengths: [0; Self::MOST],
        known: 0,
        counts: [0; 3],
    };

    /// Reads how many codes there are, in a number of [`COUNTS_LEN`](Self::COUNTS_LEN) bits.
    pub(super) fn start(&mut self, counts: u32) -> Result<(), BadStream> {
        let [literals, distances, lengths] =
            [(counts & 31, 257), (counts >> 5 & 31, 1), (counts >> 10 & 15, 4)]
                .map(|(more, least)| (more as usize).wrapping_add(least));
        if literals > 286 || distances > 30 {
            return Err(BadStream);
        }
        self.counts = [literals, distances, lengths];
        self.known = 0;
        self.lengths = [0; Self::MOST];
        Ok(())
    }

    /// How many bits say how many codes there are.
    pub(super) const COUNTS_LEN: u32 = 14;

    /// Reads the code for lengths, and tells whether it is complete.
    pub(super) fn read_length_code(&mut self, bits: &mut Bits, input: &mut &[u8]) -> Result<bool, BadStream> {
        let [_, _, count] = self.counts;
        for &place in ORDER.iter().take(count).skip(self.known) {
            let Some(len) = bits.take(3, input) else { return Ok(false) };
            if let Some(to) = self.lengths.get_mut(usize::from(place)) {
                *to = len.to_le_bytes()[0];
            }
            self.known = self.known.wrapping_add(1);
        }
        if let Some(lengths) = self.lengths.first_chunk() {
            self.length_code.make(lengths)?;
        }
        self.known = 0;
        Ok(true)
    }

    /// Reads the lengths of the block's codes and makes them, and tells whether that is done.
    pub(super) fn read_codes(&mut self, bits: &mut Bits, input: &mut &[u8]) -> Result<bool, BadStream> {
        let [literals, distances, _] = self.counts;
        let all = literals.wrapping_add(distances);
        while self.known < all {
            if bits.count < 14 {
                bits.fill(input);
            }
            let entry = self.length_code.symbol(bits.value);
            let symbol = entry.value(0);
            let extra = match symbol {
                16 => 2,
                17 => 3,
                18 => 7,
                _ => 0,
            };
            if entry.len().wrapping_add(extra) > bits.count {
                return Ok(false);
            }
            bits.drop(entry.len());
            let more = bits.take(extra, input).unwrap_or_default();
            self.add(symbol, more as usize, all)?;
        }
        let (literals, distances) = self.lengths.split_at_checked(literals).ok_or(BadStream)?;
        self.codes.make(literals, distances.get(..all.wrapping_sub(literals.len())).unwrap_or_default())?;
        Ok(true)
    }

    /// Adds what a symbol stands for: a length, or several that are the same.
    fn add(&mut self, symbol: usize, more: usize, all: usize) -> Result<(), BadStream> {
        let (length, count) = match symbol {
            0..16 => (symbol.to_le_bytes()[0], 1),
            16 => {
                let last = self.known.checked_sub(1).and_then(|last| self.lengths.get(last));
                (*last.ok_or(BadStream)?, more.wrapping_add(3))
            }
            17 => (0, more.wrapping_add(3)),
            _ => (0, more.wrapping_add(11)),
        };
        let end = self.known.wrapping_add(count);
        let places = self.lengths.get_mut(self.known..end).ok_or(BadStream)?;
        if end > all {
            return Err(BadStream);
        }
        places.fill(length);
        self.known = end;
        Ok(())
    }
}
