//! The bits of a stream that were taken from the input and not decoded yet.

/// At most 63 bits, the next one lowest. Bits above `count` are zero.
#[derive(Clone, Copy, Default)]
pub(super) struct BitReader {
    pub(super) value: u64,
    pub(super) count: u32,
}

impl BitReader {
    /// Takes whole bytes until there are 56 bits, or no input is left.
    pub(super) fn fill(&mut self, input: &mut &[u8]) {
        while self.count < 56
            && let Some((byte, rest)) = input.split_first()
        {
            self.value |= u64::from(*byte) << self.count;
            self.count = self.count.wrapping_add(8);
            *input = rest;
        }
    }

    /// Takes bytes until there are 56 bits, out of a whole word of input.
    ///
    /// Afterwards, bits above `count` may be set: they are the next input. [`trim`](Self::trim) clears them.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the inner loop")]
    pub(super) fn fill_fast(&mut self, input: &mut &[u8]) {
        let Some(word) = input.first_chunk() else { return };
        self.value |= u64::from_le_bytes(*word) << (self.count & 63);
        let taken = 63_u32.wrapping_sub(self.count) >> 3 & 7;
        *input = input.get(taken as usize..).unwrap_or_default();
        self.count |= 0x38;
    }

    /// Clears the bits that [`fill_fast`](Self::fill_fast) has left above the taken ones.
    pub(super) const fn trim(&mut self) {
        self.value &= !(u64::MAX << (self.count & 63));
    }

    /// Drops decoded bits. There must be as many.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the inner loop")]
    pub(super) const fn drop(&mut self, count: u32) {
        self.value >>= count & 63;
        self.count = self.count.wrapping_sub(count);
    }

    /// Takes a number of at most 32 bits, if all of them are there.
    pub(super) fn take(&mut self, count: u32, input: &mut &[u8]) -> Option<u32> {
        if self.count < count {
            self.fill(input);
        }
        if self.count < count {
            return None;
        }
        let value = self.value & !(u64::MAX << (count & 63));
        self.drop(count);
        u32::try_from(value).ok()
    }

    /// Drops the rest of the current byte.
    pub(super) const fn align(&mut self) {
        self.drop(self.count & 7);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: [u8; 12] = [0x81, 0x42, 0x24, 0x18, 0xff, 0x01, 0x80, 0x7e, 0xe7, 0x3c, 0xc3, 0x99];

    /// Returns bits of the input, from `from` on.
    fn bits(from: u32, count: u32) -> u64 {
        let number = INPUT.iter().rev().fold(0_u128, |number, &byte| number << 8 | u128::from(byte));
        u64::try_from(number >> from & !(u128::MAX << count)).unwrap()
    }

    #[test]
    fn bits_are_taken_in_their_order() {
        for steps in [&[1, 2, 3][..], &[32, 32, 32], &[14, 3, 3, 7, 32, 1], &[0, 8, 0, 31], &[5; 19]] {
            for lens in [&[12][..], &[1; 12], &[3, 9], &[7, 1, 4]] {
                let (mut taken, mut at, mut start) = (BitReader::default(), 0, 0);
                let mut pieces = lens.iter().map(|len| {
                    start += len;
                    &INPUT[start - len..start]
                });
                let mut input = &INPUT[..0];
                for &step in steps {
                    let number = loop {
                        match taken.take(step, &mut input) {
                            Some(number) => break number,
                            // The bits that are there stay until all are there.
                            None => assert!(
                                input.is_empty()
                                    && taken.count < step
                                    && taken.value == bits(at, taken.count)
                            ),
                        }
                        input = pieces.next().unwrap();
                    };
                    assert_eq!(u64::from(number), bits(at, step), "{steps:?}, {lens:?}, at {at}");
                    at += step;
                }
            }
        }
    }

    /// Bits that are there need no input.
    #[test]
    fn no_byte_is_taken_too_early() {
        let (mut taken, mut input) = (BitReader { value: 0b101, count: 3 }, &INPUT[..]);
        assert_eq!((taken.take(3, &mut input), input), (Some(0b101), &INPUT[..]));
    }

    /// Takes bytes until there is room for less than another one. The fast way takes all of them or none.
    #[test]
    fn at_most_63_bits_are_there() {
        for begun in 0..=63 {
            let start = BitReader { value: !(u64::MAX << begun), count: begun };
            let full = (63 - begun) / 8;
            for len in 0..=12 {
                let fast = if len < 8 { 0 } else { full };
                let fills: [(_, fn(&mut BitReader, &mut &[u8])); 2] =
                    [(full.min(len), BitReader::fill), (fast, BitReader::fill_fast)];
                for (expected, fill) in fills {
                    let (mut filled, mut input) = (start, &INPUT[..len as usize]);
                    fill(&mut filled, &mut input);
                    filled.trim();
                    assert_eq!(filled.count, begun + 8 * expected, "{begun} bits, {len} bytes");
                    assert_eq!(input, &INPUT[expected as usize..len as usize], "{begun} bits, {len} bytes");
                    let value = start.value | bits(0, 8 * expected) << begun;
                    assert_eq!(filled.value, value, "{begun} bits, {len} bytes");
                }
            }
        }
    }

    #[test]
    fn what_is_left_of_a_byte_is_dropped() {
        for count in 0..=32 {
            let (mut taken, mut input) = (BitReader::default(), &INPUT[..]);
            taken.take(count, &mut input);
            taken.align();
            let at = count.next_multiple_of(8);
            assert_eq!(taken.take(8, &mut input).map(u64::from), Some(bits(at, 8)), "{count}");
        }
    }
}
