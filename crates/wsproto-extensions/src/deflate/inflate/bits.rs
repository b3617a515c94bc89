//! The bits of a stream that were taken from the input and not decoded yet.

/// At most 63 bits, the next one lowest; those above `count` are zero.
#[derive(Clone, Copy, Default)]
pub(super) struct Bits {
    pub(super) value: u64,
    pub(super) count: u32,
}

impl Bits {
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

    /// Takes bytes until there are 56 bits, out of a word of which the input has all bytes.
    ///
    /// Bits above `count` may be set after it: what comes next in the input. [`trim`](Self::trim) clears them.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the inner loop")]
    pub(super) fn fill_fast(&mut self, input: &mut &[u8]) {
        let Some(word) = input.first_chunk() else { return };
        self.value |= u64::from_le_bytes(*word) << (self.count & 63);
        let taken = 63_u32.wrapping_sub(self.count) >> 3 & 7;
        *input = input.get(taken as usize..).unwrap_or_default();
        self.count |= 0x38;
    }

    /// Clears what [`fill_fast`](Self::fill_fast) has left above the bits that were taken.
    pub(super) const fn trim(&mut self) {
        self.value &= !(u64::MAX << (self.count & 63));
    }

    /// Drops bits that were decoded; there are as many.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the inner loop")]
    pub(super) const fn drop(&mut self, count: u32) {
        self.value >>= count & 63;
        self.count = self.count.wrapping_sub(count);
    }

    /// Takes a number of at most 32 bits, once all of them are there.
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

    /// Drops what is left of the byte that was begun.
    pub(super) const fn align(&mut self) {
        self.drop(self.count & 7);
    }
}
