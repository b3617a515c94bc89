//! Prefix codes: the lengths of the codes of symbols, and the codes that follow from them (RFC 1951 §3.2.2).

use std::vec;
use std::vec::Vec;

use super::Writer;

/// The lengths of a block's codes, in bits; 0 where a symbol has none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lengths {
    /// Of literals, the end of the block and lengths: 257 to 286 of them.
    pub literals: Vec<u8>,
    /// Of distances: 1 to 30 of them.
    pub distances: Vec<u8>,
    /// Whether equal lengths are written as one length and a number of repetitions.
    pub repeated: bool,
}

/// The order in which the lengths of the code for lengths are written.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

impl Lengths {
    /// The codes of a block without its own.
    #[must_use]
    pub fn fixed() -> Self {
        let literals = (0..288).map(|symbol| match symbol {
            0..144 | 280.. => 8,
            144..256 => 9,
            _ => 7,
        });
        Self { literals: literals.collect(), distances: vec![5; 32], repeated: true }
    }

    /// The shortest codes for only these symbols and the end of the block.
    #[must_use]
    pub fn of(literals: &[usize], distances: &[usize]) -> Self {
        let symbols: Vec<usize> = literals.iter().copied().chain([256]).collect();
        let most = symbols.iter().copied().max().unwrap_or(256);
        Self {
            literals: spread(&symbols, &balanced(symbols.len()), most + 1),
            distances: spread(
                distances,
                &balanced(distances.len()),
                distances.iter().copied().max().unwrap_or(0) + 1,
            ),
            repeated: true,
        }
    }

    /// Writes how many codes there are and their lengths (RFC 1951 §3.2.7).
    pub(crate) fn write(&self, writer: &mut Writer) {
        let all: Vec<u8> = self.literals.iter().chain(&self.distances).copied().collect();
        let symbols =
            if self.repeated { repeated(&all) } else { all.iter().map(|&len| (len, 0, 0)).collect() };
        let mut used: Vec<usize> = symbols.iter().map(|&(symbol, ..)| symbol.into()).collect();
        used.sort_unstable();
        used.dedup();
        if let [only] = used[..] {
            // A code with a single symbol would be incomplete.
            used.push(if only == 0 { 18 } else { 0 });
        }
        let lengths = spread(&used, &balanced(used.len()), 19);
        let count = ORDER.iter().rposition(|&symbol| lengths[symbol] > 0).map_or(4, |last| (last + 1).max(4));
        number(writer, self.literals.len() - 257, 5);
        number(writer, self.distances.len() - 1, 5);
        number(writer, count - 4, 4);
        for &symbol in &ORDER[..count] {
            writer.number(lengths[symbol].into(), 3);
        }
        let codes = codes(&lengths);
        for (symbol, more, bits) in symbols {
            let (code, len) = codes[usize::from(symbol)];
            writer.code(code, len);
            writer.number(more, bits);
        }
    }
}

fn number(writer: &mut Writer, number: usize, bits: u32) {
    writer.number(u32::try_from(number).expect("it fits"), bits);
}

/// Puts lengths at the places of their symbols.
fn spread(symbols: &[usize], lengths: &[u8], count: usize) -> Vec<u8> {
    let mut all = vec![0; count];
    for (&symbol, &len) in symbols.iter().zip(lengths) {
        all[symbol] = len;
    }
    all
}

/// The lengths of a complete code for this many symbols: all equal, or some one bit longer. A single symbol has one
/// bit.
pub(crate) fn balanced(count: usize) -> Vec<u8> {
    let mut leaves = vec![0_u8; 1];
    while leaves.len() < count {
        let (at, _) = leaves.iter().enumerate().min_by_key(|(_, len)| **len).expect("there is one");
        split(&mut leaves, at);
    }
    leaves.truncate(count);
    leaves.iter().map(|&len| len.max(1)).collect()
}

/// Lets one code have one more bit, of which there are two.
pub(crate) fn split(leaves: &mut Vec<u8>, at: usize) {
    leaves[at] += 1;
    leaves.push(leaves[at]);
}

/// The symbols for these lengths, each with a number and its count of bits.
fn repeated(lengths: &[u8]) -> Vec<(u8, u32, u32)> {
    let mut symbols = Vec::new();
    for run in lengths.chunk_by(|one, other| one == other) {
        let len = run[0];
        let mut left = run.len();
        if len > 0 {
            symbols.push((len, 0, 0));
            left -= 1;
        }
        while left > 0 {
            let (symbol, taken, least, bits) = match (len, left) {
                (_, 1 | 2) => (len, 1, 1, 0),
                (0, 3..=10) => (17, left, 3, 3),
                (0, _) => (18, left.min(138), 11, 7),
                _ => (16, left.min(6), 3, 2),
            };
            symbols.push((symbol, u32::try_from(taken - least).expect("it fits"), bits));
            left -= taken;
        }
    }
    symbols
}

/// The codes and their lengths.
pub(crate) fn codes(lengths: &[u8]) -> Vec<(u32, u32)> {
    let mut next = 0;
    let mut codes = vec![(0, 0); lengths.len()];
    for len in 1..=15 {
        next <<= 1;
        for (code, _) in codes.iter_mut().zip(lengths).filter(|(_, length)| **length == len) {
            *code = (next, len.into());
            next += 1;
        }
    }
    codes
}
