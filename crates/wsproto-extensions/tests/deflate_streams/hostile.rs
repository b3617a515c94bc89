//! Streams that cause an inflater much work with few bytes.

use std::vec;
use std::vec::Vec;

use super::generate::steep;
use super::{Block, Lengths, Symbol, Writer, generate, message};

/// A stream, and its kind.
#[derive(Clone, Debug)]
pub struct Hostile {
    /// The repeated element.
    pub name: &'static str,
    /// The payload of a message.
    pub payload: Vec<u8>,
}

/// Makes the payloads of messages, each of at least `len` bytes, or somewhat more.
///
/// They must follow a message of [`START`] bytes, so that an inflater that copies a window has a full one. No match
/// goes farther back than `window` bytes.
#[must_use]
pub fn hostile(len: usize, window: usize) -> Vec<Hostile> {
    let kinds = kinds(window);
    let alone = kinds.iter().map(|(name, blocks)| (*name, blocks.clone()));
    let empty: Vec<Block> =
        kinds.iter().filter(|(name, _)| name.contains("empty")).flat_map(|kind| kind.1.clone()).collect();
    let all: Vec<Block> = kinds.iter().flat_map(|kind| kind.1.clone()).collect();
    alone
        .chain([("all empty ones in turn", empty), ("all in turn", all), ("generated", mixed(window))])
        .map(|(name, blocks)| Hostile { name, payload: repeated(&blocks, len) })
        .collect()
}

/// How many bytes come out of [`start`].
pub const START: usize = 1 + 128 * 258;

/// Makes a message of some 32 KiB.
#[must_use]
pub fn start() -> Vec<u8> {
    let matches = [Symbol::Match { len: 258, distance: 1 }; 128];
    message(&[Block::fixed(&[&[Symbol::Literal(b'a')][..], &matches].concat())])
}

/// Makes a message of blocks over and over, until they have `len` bytes.
#[must_use]
pub fn repeated(blocks: &[Block], len: usize) -> Vec<u8> {
    let mut writer = Writer::default();
    for block in blocks.iter().cycle() {
        block.write(&mut writer);
        if writer.len() >= len {
            break;
        }
    }
    writer.finish()
}

fn kinds(window: usize) -> Vec<(&'static str, Vec<Block>)> {
    let one = Symbol::Literal(b'x');
    let long = Symbol::Match { len: 258, distance: 1 };
    let short = |distance| Symbol::Match { len: 3, distance };
    let far = Symbol::Match { len: 3, distance: u16::try_from(window).expect("at most 32 KiB") };
    let every: Vec<usize> = (0..256).chain(257..286).collect();
    let all = Lengths::of(&every, &(0..30).collect::<Vec<_>>());
    let spelled = Lengths { repeated: false, ..all.clone() };
    let deep = Lengths { literals: turned(steep(286)), distances: steep(30), repeated: true };
    let few = Lengths { literals: [&[0; 242][..], &turned(steep(15))].concat(), ..Lengths::of(&[], &[]) };
    let bits = Lengths::of(&[285], &[0]);
    // The end of a block has one bit, and literal 15 fifteen.
    let fifteen = Lengths {
        literals: [&[0], &steep(16)[1..], &[0; 240], &[1]].concat(),
        distances: vec![0],
        repeated: true,
    };
    vec![
        ("empty fixed blocks", vec![Block::fixed(&[])]),
        ("empty final fixed blocks", vec![Block::fixed(&[]).last()]),
        ("fixed blocks of a literal", vec![Block::fixed(&[one])]),
        ("final fixed blocks of a literal", vec![Block::fixed(&[one]).last()]),
        ("fixed blocks of a long match", vec![Block::fixed(&[long])]),
        ("final fixed blocks of a far match", vec![Block::fixed(&[far]).last()]),
        ("empty stored blocks", vec![Block::stored(&[])]),
        ("empty final stored blocks", vec![Block::stored(&[]).last()]),
        ("stored blocks of a byte", vec![Block::stored(b"x")]),
        ("empty dynamic blocks", vec![Block::dynamic(Lengths::of(&[], &[]), &[])]),
        ("empty final dynamic blocks", vec![Block::dynamic(Lengths::of(&[], &[]), &[]).last()]),
        ("dynamic blocks of a literal", vec![Block::dynamic(Lengths::of(&[120], &[]), &[one])]),
        ("empty dynamic blocks of all codes", vec![Block::dynamic(all.clone(), &[])]),
        ("dynamic blocks of all codes, used once", vec![Block::dynamic(all, &[far])]),
        ("dynamic blocks of all codes, spelled out", vec![Block::dynamic(spelled, &[far])]),
        ("dynamic blocks of codes of all lengths", vec![Block::dynamic(deep, &[far])]),
        ("empty dynamic blocks of few long codes", vec![Block::dynamic(few, &[])]),
        (
            "empty final and dynamic blocks",
            vec![Block::fixed(&[]).last(), Block::dynamic(Lengths::of(&[], &[]), &[])],
        ),
        ("long matches of two bits", vec![Block::dynamic(bits, &[long; 4000])]),
        ("literals of fifteen bits", vec![Block::dynamic(fifteen, &[Symbol::Literal(15); 500])]),
        ("short near matches", (1..=16).map(|distance| Block::fixed(&[short(distance); 100])).collect()),
        ("short far matches", vec![Block::fixed(&[far; 1000])]),
        (
            "long near matches",
            (2..=16).map(|distance| Block::fixed(&[Symbol::Match { len: 258, distance }; 20])).collect(),
        ),
    ]
}

/// The same lengths, the longest of them first, so that the end of a block has one of the shorter.
fn turned(mut lengths: Vec<u8>) -> Vec<u8> {
    lengths.reverse();
    lengths
}

/// The generator's output for bytes without a pattern.
fn mixed(window: usize) -> Vec<Block> {
    let mut state = 0x9e37_79b9_u32;
    let byte = |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    };
    generate(&(0..4000).map(byte).collect::<Vec<_>>(), window, window)
}
