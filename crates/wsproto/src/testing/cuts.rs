//! Ways to cut a stream of bytes into reads.

use alloc::{vec, vec::Vec};
use core::iter;

use super::random::Numbers;

/// A way to cut bytes into the pieces in which they arrive.
///
/// ```
/// use wsproto::testing::Cuts;
///
/// let pieces: Vec<&[u8]> = Cuts::At(vec![1, 3]).pieces(b"abcde").collect();
/// assert_eq!(pieces, [&b"a"[..], b"bc", b"de"]);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Cuts {
    /// In one piece.
    Whole,
    /// One byte at a time.
    EachByte,
    /// Cut after these numbers of bytes, in any order. 0 and numbers beyond the end cut nothing.
    At(Vec<usize>),
    /// Cut into pieces of 1 byte to 4 KiB, where short ones are more frequent. The same seed gives the same cuts.
    Random(u64),
}

impl Cuts {
    /// Returns the ways to cut this many bytes that find most faults: in one piece, one byte at a time, and in two
    /// pieces at each place.
    ///
    /// ```
    /// use wsproto::testing::Cuts;
    ///
    /// let all: Vec<Cuts> = Cuts::every_split(3).collect();
    /// assert_eq!(all, [Cuts::Whole, Cuts::EachByte, Cuts::At(vec![1]), Cuts::At(vec![2])]);
    /// ```
    pub fn every_split(len: usize) -> impl Iterator<Item = Self> {
        [Self::Whole, Self::EachByte].into_iter().chain((1..len).map(|at| Self::At(vec![at])))
    }

    /// Cuts bytes into pieces. No piece is empty.
    pub fn pieces<'b>(&self, bytes: &'b [u8]) -> impl Iterator<Item = &'b [u8]> {
        let mut numbers = Numbers::new(if let Self::Random(seed) = self { *seed } else { 0 });
        let (mut rest, mut done) = (bytes, 0_usize);
        iter::from_fn(move || {
            let len = match self {
                Self::Whole => rest.len(),
                Self::EachByte => 1,
                Self::At(places) => {
                    let end = places.iter().filter(|at| **at > done).min();
                    end.map_or(rest.len(), |end| end.saturating_sub(done))
                }
                Self::Random(_) => random_len(&mut numbers),
            };
            let (piece, after) = rest.split_at(len.min(rest.len()));
            (rest, done) = (after, done.saturating_add(piece.len()));
            (!piece.is_empty()).then_some(piece)
        })
    }
}

/// Returns a length from 1 to 4096. Each size in bits is equally likely.
fn random_len(numbers: &mut Numbers) -> usize {
    let shift = 52_u64.saturating_add(numbers.next() % 12);
    usize::try_from(numbers.next() >> shift).unwrap_or(0).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_all_of_the_bytes_in_order() {
        let bytes: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        #[rustfmt::skip]
        let table = [
            (Cuts::Whole,                               vec![10_000]),
            (Cuts::EachByte,                            vec![1; 10_000]),
            (Cuts::At(vec![]),                          vec![10_000]),
            (Cuts::At(vec![0, 10_000, 20_000]),         vec![10_000]),
            (Cuts::At(vec![9_999, 1, 7, 1]),            vec![1, 6, 9_992, 1]),
        ];
        for (cuts, lens) in table {
            let pieces: Vec<&[u8]> = cuts.pieces(&bytes).collect();
            assert_eq!(pieces.concat(), bytes, "{cuts:?}");
            assert_eq!(pieces.iter().map(|piece| piece.len()).collect::<Vec<_>>(), lens, "{cuts:?}");
            assert_eq!(cuts.pieces(b"").count(), 0, "{cuts:?}");
        }
    }

    #[test]
    fn random_pieces_have_all_sizes_and_are_the_same_again() {
        let bytes = vec![0; 1 << 20];
        let lens = |seed| Cuts::Random(seed).pieces(&bytes).map(<[u8]>::len).collect::<Vec<_>>();
        let pieces = lens(1);
        assert_eq!((pieces.iter().sum::<usize>(), &lens(1)), (1 << 20, &pieces));
        assert_ne!(lens(2), pieces);
        let count =
            |range: core::ops::RangeInclusive<usize>| pieces.iter().filter(|len| range.contains(len)).count();
        assert_eq!(count(1..=4096), pieces.len());
        assert!(count(1..=2) > 50 && count(3..=64) > 50 && count(2049..=4096) > 5);
    }
}
