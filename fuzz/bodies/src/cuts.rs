//! Ways to cut the bytes of a run into reads.

/// How the peer's bytes arrive.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cuts {
    /// In one read.
    Whole,
    /// One byte at a time.
    Each,
    /// In reads of many lengths that follow from a seed.
    Seeded(u8),
}

impl Cuts {
    /// Returns the three ways in which each body runs its bytes.
    pub(crate) const fn all(seed: u8) -> [Self; 3] {
        [Self::Whole, Self::Each, Self::Seeded(seed)]
    }

    /// Cuts the bytes.
    pub(crate) fn parts(self, mut bytes: &mut [u8]) -> Vec<&mut [u8]> {
        let mut parts = Vec::new();
        for len in self.lengths() {
            let left = bytes.len();
            if left == 0 {
                break;
            }
            let (part, rest) = std::mem::take(&mut bytes).split_at_mut(len.min(left));
            parts.push(part);
            bytes = rest;
        }
        parts
    }

    /// Returns the lengths of the reads, without an end. None is 0.
    pub(crate) fn lengths(self) -> impl Iterator<Item = usize> {
        let mut state = match self {
            Self::Seeded(seed) => u32::from(seed).wrapping_mul(0x9e37_79b9) | 1,
            Self::Whole | Self::Each => 1,
        };
        std::iter::repeat_with(move || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let most = [1, 4, 100, 5000][state as usize % 4];
            match self {
                Self::Whole => usize::MAX,
                Self::Each => 1,
                Self::Seeded(_) => 1 + (state >> 8) as usize % most,
            }
        })
    }
}
