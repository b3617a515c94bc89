//! Makes valid streams of any bytes.

use std::vec;
use std::vec::Vec;

use super::codes::{balanced, split};
use super::{Block, Content, Lengths, Symbol};

/// The bytes that decide. Once they are used up, zeros follow.
struct Choices<'a>(&'a [u8]);

/// Makes blocks out of bytes: each kind, empty ones, final ones, any codes. Their references stay within `window`.
///
/// `before` is the number of earlier output bytes, to which they may refer.
#[must_use]
pub fn generate(bytes: &[u8], before: usize, window: usize) -> Vec<Block> {
    let mut choices = Choices(bytes);
    let (mut blocks, mut known) = (Vec::new(), before);
    while !choices.0.is_empty() {
        let kind = choices.byte();
        let count = match kind >> 4 & 3 {
            0 => 0,
            1 => 1,
            2 => usize::from(choices.byte() % 16),
            _ => usize::from(choices.byte()),
        };
        // Up to nine more equal ones.
        let again = usize::from(kind >> 6) * usize::from(kind >> 6);
        let block = choices.block(kind, count, &mut known, window);
        for _ in 0..again {
            blocks.push(block.clone());
            known += len(&block);
        }
        blocks.push(block);
    }
    blocks
}

/// The number of output bytes of a block.
fn len(block: &Block) -> usize {
    match &block.content {
        Content::Stored(bytes) => bytes.len(),
        Content::Fixed(symbols) | Content::Dynamic(_, symbols) => symbols
            .iter()
            .map(|symbol| match symbol {
                Symbol::Literal(_) => 1,
                Symbol::Match { len, .. } => usize::from(*len),
            })
            .sum(),
    }
}

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *byte
    }

    fn number(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    fn block(&mut self, kind: u8, count: usize, known: &mut usize, window: usize) -> Block {
        let content = match kind & 3 {
            0 => {
                let bytes: Vec<u8> = (0..count).map(|_| self.byte()).collect();
                *known += bytes.len();
                Content::Stored(bytes)
            }
            1 => Content::Fixed(self.symbols(count, known, window)),
            _ => {
                let symbols = self.symbols(count, known, window);
                Content::Dynamic(self.lengths(&symbols), symbols)
            }
        };
        let block = Block::new(content);
        if kind & 4 != 0 { block.last() } else { block }
    }

    fn symbols(&mut self, count: usize, known: &mut usize, window: usize) -> Vec<Symbol> {
        let mut symbols = Vec::new();
        for _ in 0..count {
            let choice = self.byte();
            let reach = (*known).min(window);
            let symbol = if choice & 3 > 0 && reach > 0 {
                let len = match choice >> 2 & 3 {
                    0 => 3,
                    1 => 258,
                    _ => 3 + u16::from(self.byte()),
                };
                let distance = match choice >> 4 & 3 {
                    0 => 1 + usize::from(choice >> 6),
                    1 => reach,
                    2 => 1 + usize::from(self.byte()) % reach,
                    _ => 1 + usize::from(self.number()) % reach,
                };
                Symbol::Match { len, distance: u16::try_from(distance.min(reach)).expect("within 32 KiB") }
            } else {
                Symbol::Literal(self.byte())
            };
            *known += match symbol {
                Symbol::Literal(_) => 1,
                Symbol::Match { len, .. } => usize::from(len),
            };
            symbols.push(symbol);
        }
        symbols
    }

    /// Codes for these symbols, and for some that are not used.
    fn lengths(&mut self, symbols: &[Symbol]) -> Lengths {
        let mut literals: Vec<usize> = symbols.iter().map(|symbol| symbol.literal()).chain([256]).collect();
        let mut distances: Vec<usize> = symbols
            .iter()
            .filter_map(|symbol| match symbol {
                Symbol::Literal(_) => None,
                Symbol::Match { distance, .. } => Some(Symbol::distance((*distance).into()).0),
            })
            .collect();
        let more = self.byte();
        for _ in 0..more % 64 {
            literals.push(usize::from(self.byte()) + if more & 64 != 0 { 0 } else { 30 });
        }
        for _ in 0..more >> 6 {
            distances.push(usize::from(self.byte() % 30));
        }
        let shape = self.byte();
        if shape == 0xff {
            literals.extend(0..286);
            distances.extend(0..30);
        }
        Lengths {
            literals: self.code(literals, 257, shape),
            distances: self.code(distances, 1, shape >> 2),
            repeated: shape & 0x80 == 0,
        }
    }

    /// A complete code for these symbols.
    fn code(&mut self, mut symbols: Vec<usize>, least: usize, shape: u8) -> Vec<u8> {
        symbols.sort_unstable();
        symbols.dedup();
        let count = symbols.last().map_or(least, |last| (last + 1).max(least));
        let lengths = match shape & 3 {
            0 => balanced(symbols.len()),
            1 => steep(symbols.len()),
            _ => self.random(symbols.len()),
        };
        let mut all = vec![0; count];
        let turn = usize::from(shape >> 4);
        for (place, len) in lengths.into_iter().enumerate() {
            all[symbols[(place + turn) % symbols.len()]] = len;
        }
        all
    }

    fn random(&mut self, count: usize) -> Vec<u8> {
        let mut leaves = vec![0_u8; 1];
        while leaves.len() < count {
            let start = usize::from(self.byte()) % leaves.len();
            let at = (0..leaves.len()).map(|n| (start + n) % leaves.len()).find(|&at| leaves[at] < 15);
            split(&mut leaves, at.expect("15 bits have room for all symbols"));
        }
        leaves.truncate(count);
        leaves.iter().map(|&len| len.max(1)).collect()
    }
}

/// As many lengths as there can be: one code of one bit, one of two, and so on, and all others as long as is allowed.
pub(crate) fn steep(count: usize) -> Vec<u8> {
    let mut leaves = vec![0_u8; 1];
    while leaves.len() < count {
        let longest = (0..leaves.len()).filter(|&at| leaves[at] < 15).max_by_key(|&at| leaves[at]);
        split(&mut leaves, longest.expect("15 bits have room for all symbols"));
    }
    leaves.truncate(count);
    leaves.iter().map(|&len| len.max(1)).collect()
}
