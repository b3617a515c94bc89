//! Numbers that look random and are the same in each run.

use crate::{Entropy, EntropyError};

/// A source of "entropy" for tests: the same seed gives the same keys, so that bytes can be compared.
///
/// The keys are predictable: never use them outside of tests.
///
/// ```
/// use wsproto::testing::SeededEntropy;
/// use wsproto::{Config, Connection, TextMessage};
///
/// let bytes = |seed| {
///     let mut client = Connection::open_client_with_entropy(Config::default(), SeededEntropy::new(seed));
///     let mut out = Vec::new();
///     client.send(TextMessage::new("Hello"), &mut out).map(|()| out)
/// };
/// assert_eq!(bytes(1)?, bytes(1)?);
/// assert_ne!(bytes(1)?, bytes(2)?);
/// # Ok::<(), wsproto::LocalProtocolError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SeededEntropy {
    numbers: Numbers,
}

impl SeededEntropy {
    /// Makes a source from a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { numbers: Numbers::new(seed) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in bytes.chunks_mut(8) {
            chunk.iter_mut().zip(self.numbers.next().to_be_bytes()).for_each(|(to, from)| *to = from);
        }
        Ok(())
    }
}

/// `SplitMix64` (Steele, Lea and Flood: Fast splittable pseudorandom number generators).
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    state: u64,
}

impl Numbers {
    pub(super) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of seed 0, from another implementation.
    #[test]
    fn numbers_are_those_of_split_mix_64() {
        let mut numbers = Numbers::new(0);
        let first = [numbers.next(), numbers.next()];
        assert_eq!(first, [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
    }
}
