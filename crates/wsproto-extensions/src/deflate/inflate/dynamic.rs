//! The codes of a block with its own codes (RFC 1951 §3.2.7).

use super::BadStream;
use super::bit_reader::BitReader;
use super::codes::{Codes, LengthCode};

/// The parts of the block's codes that were read, and the codes themselves once all was read.
pub(super) struct Dynamic {
    pub(super) codes: Codes,
    length_code: LengthCode,
    /// The lengths in bits, first of the code for lengths, and then of the codes for literals and for distances.
    lengths: [u8; Self::MOST],
    /// How many of them are known.
    known: usize,
    /// How many lengths each of the three codes has.
    counts: [usize; 3],
}

/// The order of the lengths of the code for lengths.
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

    /// Reads the numbers of codes, in a number of [`COUNTS_LEN`](Self::COUNTS_LEN) bits.
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

    /// How many bits the numbers of codes have.
    pub(super) const COUNTS_LEN: u32 = 14;

    /// Reads the code for lengths, and returns whether it is complete.
    pub(super) fn read_length_code(
        &mut self,
        bits: &mut BitReader,
        input: &mut &[u8],
    ) -> Result<bool, BadStream> {
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

    /// Reads the lengths of the block's codes and makes the codes. Returns whether that is done.
    pub(super) fn read_codes(&mut self, bits: &mut BitReader, input: &mut &[u8]) -> Result<bool, BadStream> {
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

    /// Adds the meaning of a symbol: a length, or several equal ones.
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

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// D14: symbols 286 and 287 and distances 30 and 31 have no meaning, so no block may have codes for them.
    #[test]
    fn d14_more_codes_than_there_are() {
        #[rustfmt::skip]
        let table = [
            // literals  distances  good
            (257,        1,         true),
            (286,        1,         true),
            (287,        1,         false),
            (288,        1,         false),
            (257,        30,        true),
            (257,        31,        false),
            (257,        32,        false),
            (286,        30,        true),
            (287,        31,        false),
            (288,        32,        false),
        ];
        for (literals, distances, good) in table {
            for lengths in [4, 19] {
                let counts = (literals - 257) | ((distances - 1) << 5) | ((lengths - 4) << 10);
                let mut dynamic = Dynamic::NEW;
                assert_eq!(dynamic.start(counts).is_ok(), good, "{literals} {distances} {lengths}");
                let expected = if good { [literals, distances, lengths] } else { [0; 3] };
                assert_eq!(
                    dynamic.counts.map(u32::try_from),
                    expected.map(Ok),
                    "{literals} {distances} {lengths}"
                );
            }
        }
    }

    /// The codes are complete with their last bit, and not before.
    #[test]
    fn codes_are_read_bit_by_bit() {
        let mut dynamic = Dynamic::NEW;
        dynamic.start(14 << 10).unwrap();
        // One bit says whether a symbol has a code of one bit: the first and the last literal have one, and the
        // distance.
        let length_code: Vec<bool> =
            ORDER[..18].iter().flat_map(|&symbol| [symbol < 2, false, false]).collect();
        let lengths: Vec<bool> = (0..258).map(|symbol| matches!(symbol, 0 | 256 | 257)).collect();
        let mut bits = BitReader::default();
        let mut one = |read: fn(&mut Dynamic, &mut BitReader, &mut &[u8]) -> _, bit: bool| {
            bits.value |= u64::from(bit) << bits.count;
            bits.count += 1;
            let done = read(&mut dynamic, &mut bits, &mut &[][..]) == Ok(true);
            (done, bits.count)
        };
        for (number, &bit) in length_code.iter().enumerate() {
            let (done, ..) = one(Dynamic::read_length_code, bit);
            assert_eq!(done, number + 1 == length_code.len(), "bit {number}");
        }
        for (number, &bit) in lengths.iter().enumerate() {
            let (done, left) = one(Dynamic::read_codes, bit);
            assert_eq!((done, left), (number + 1 == lengths.len(), 0), "bit {number}");
        }
        assert!(dynamic.codes.literal(0).is_literal() && dynamic.codes.literal(1).is_end());
    }

    /// A thread lends some 6 KB.
    #[test]
    fn it_is_small() {
        assert!(size_of::<Dynamic>() <= 6 << 10, "{}", size_of::<Dynamic>());
    }
}
