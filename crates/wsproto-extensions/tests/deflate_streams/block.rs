//! Blocks and their contents.

use std::vec::Vec;

use super::codes::codes;
use super::{Lengths, Writer};

/// A block of a stream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Block {
    /// Whether it is marked as the final one.
    pub last: bool,
    /// Its contents.
    pub content: Content,
}

/// The contents of a block.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Content {
    /// Stored bytes, at most 65,535.
    Stored(Vec<u8>),
    /// Symbols in the fixed codes.
    Fixed(Vec<Symbol>),
    /// Symbols in the block's own codes.
    Dynamic(Lengths, Vec<Symbol>),
}

/// The meaning of a code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Symbol {
    /// A byte.
    Literal(u8),
    /// A repetition of 3 to 258 bytes, from 1 to 32,768 bytes back.
    Match {
        /// How many.
        len: u16,
        /// From how far back.
        distance: u16,
    },
}

impl Block {
    /// A block that isn't marked as the final one.
    #[must_use]
    pub const fn new(content: Content) -> Self {
        Self { last: false, content }
    }

    /// Makes a stored block.
    #[must_use]
    pub fn stored(bytes: &[u8]) -> Self {
        Self::new(Content::Stored(bytes.to_vec()))
    }

    /// Makes a block of symbols in the fixed codes.
    #[must_use]
    pub fn fixed(symbols: &[Symbol]) -> Self {
        Self::new(Content::Fixed(symbols.to_vec()))
    }

    /// Makes a block of symbols in its own codes.
    #[must_use]
    pub fn dynamic(lengths: Lengths, symbols: &[Symbol]) -> Self {
        Self::new(Content::Dynamic(lengths, symbols.to_vec()))
    }

    /// Marks it as the final one.
    #[must_use]
    pub const fn last(mut self) -> Self {
        self.last = true;
        self
    }

    /// Writes the block. A final one ends with a whole byte.
    pub fn write(&self, writer: &mut Writer) {
        writer.number(self.last.into(), 1);
        match &self.content {
            Content::Stored(bytes) => {
                writer.number(0, 2);
                let len = u16::try_from(bytes.len()).expect("at most 65,535 bytes");
                writer.bytes(&len.to_le_bytes());
                writer.bytes(&(!len).to_le_bytes());
                writer.bytes(bytes);
            }
            Content::Fixed(symbols) => {
                writer.number(1, 2);
                write(writer, &Lengths::fixed(), symbols);
            }
            Content::Dynamic(lengths, symbols) => {
                writer.number(2, 2);
                lengths.write(writer);
                write(writer, lengths, symbols);
            }
        }
        if self.last {
            writer.align();
        }
    }
}

fn write(writer: &mut Writer, lengths: &Lengths, symbols: &[Symbol]) {
    let (literals, distances) = (codes(&lengths.literals), codes(&lengths.distances));
    let put = |writer: &mut Writer, codes: &[(u32, u32)], symbol: usize| {
        let (code, len) = codes[symbol];
        assert!(len > 0, "symbol {symbol} has no code");
        writer.code(code, len);
    };
    for symbol in symbols {
        match *symbol {
            Symbol::Literal(byte) => put(writer, &literals, byte.into()),
            Symbol::Match { len, distance } => {
                let (symbol, extra, bits) = length(len.into());
                put(writer, &literals, symbol);
                writer.number(extra, bits);
                let (symbol, extra, bits) = Symbol::distance(distance.into());
                put(writer, &distances, symbol);
                writer.number(extra, bits);
            }
        }
    }
    put(writer, &literals, 256);
}

impl Symbol {
    /// The symbol of a length, or of a literal, among those of literals.
    #[must_use]
    pub fn literal(self) -> usize {
        match self {
            Self::Literal(byte) => byte.into(),
            Self::Match { len, .. } => length(len.into()).0,
        }
    }

    /// The symbol of a distance, its extra bits and how many there are.
    #[must_use]
    pub fn distance(distance: u32) -> (usize, u32, u32) {
        let number = distance - 1;
        if number < 4 {
            return (number as usize, 0, 0);
        }
        let bits = number.ilog2() - 1;
        let symbol = 2 * bits + (number >> bits);
        (symbol as usize, number & ((1 << bits) - 1), bits)
    }
}

/// The symbol of a length, its extra bits and how many there are.
fn length(len: u32) -> (usize, u32, u32) {
    let number = len - 3;
    match number {
        0..8 => (257 + number as usize, 0, 0),
        255 => (285, 0, 0),
        _ => {
            let bits = number.ilog2() - 2;
            let symbol = 257 + 4 * bits + (number >> bits);
            (symbol as usize, number & ((1 << bits) - 1), bits)
        }
    }
}
