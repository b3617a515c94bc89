//! RFC 1951: our decoder reads any stream in the same way as two libraries.

use alloc::vec;
use alloc::vec::Vec;

use crate::deflate::streams::{Block, Lengths, Library, Symbol, TAIL, generate, hostile, message, start};
use proptest::prelude::*;

use super::{json, noise, send};
use crate::deflate::inflate::Decompressor;
use crate::deflate::{Backend, DeflateConfig, DeflateParams, PermessageDeflate, WindowBits};
use crate::{Output, Role};

/// More bytes than all messages of a test have.
const MOST: usize = 1 << 22;

/// Reads messages one after the other with one window, up to the first invalid one.
fn read(messages: &[&[u8]]) -> (Vec<Vec<u8>>, bool) {
    let (_, mut client) = super::pair(Backend::Miniz, DeflateParams::default());
    let mut read = Vec::new();
    for message in messages {
        let mut out = Vec::new();
        if client.decompress(message, &mut out, MOST).is_err() {
            return (read, true);
        }
        read.push(out);
    }
    (read, false)
}

/// Returns the inflated messages, on which all decoders agree.
fn agreed(messages: &[&[u8]]) -> (Vec<Vec<u8>>, bool) {
    let ours = read(messages);
    for library in [Library::Miniz, Library::ZlibRs] {
        let theirs = library.read(messages, MOST).expect("there is room");
        assert!(
            ours == (theirs.messages, theirs.bad),
            "{library:?} reads otherwise, {} against {}: {messages:02x?}",
            theirs.bad,
            ours.1
        );
    }
    ours
}

/// Reads a message in pieces of the input and of the output. Returns `None` if it is invalid.
fn in_pieces(payload: &[u8], piece: usize, room: usize) -> Option<Vec<u8>> {
    let (mut stream, mut out) = (Decompressor::new(WindowBits::MAX), Vec::new());
    for mut input in payload.chunks(piece) {
        loop {
            let mut output = Output::new(&mut out, room);
            stream.decompress(&mut input, &mut output).ok()?;
            if output.room() > 0 {
                break assert!(input.is_empty());
            }
        }
    }
    stream.finish().ok().map(|()| out)
}

/// D20: the cheap way is still correct.
#[test]
#[cfg_attr(miri, ignore = "much to read")]
fn d20_hostile_streams_are_read() {
    for hostile in hostile(3000, 1 << 15) {
        let (read, bad) = agreed(&[&start(), &hostile.payload]);
        assert!(!bad, "{} is a stream", hostile.name);
        let whole = [&start()[..], &TAIL, &hostile.payload].concat();
        for (piece, room) in [(1, 5000), (7, 1 << 20), (1 << 20, 1000)] {
            let found = in_pieces(&whole, piece, room);
            assert!(found == Some(read.concat()), "{}, pieces of {piece}, room of {room}", hostile.name);
        }
    }
}

/// Each symbol comes out as soon as its last bit is there, at any place in a byte.
#[test]
fn what_is_there_comes_out_at_once() {
    let of = |len, distance| Symbol::Match { len, distance };
    #[rustfmt::skip]
    let table = [
        ("a literal of 8 bits",                  Symbol::Literal(b'a'), 8,                1),
        ("a literal of 9 bits",                  Symbol::Literal(200),  9,                1),
        ("a match",                              of(3, 1),              7 + 5,            3),
        ("a match with a length's extra bit",    of(12, 1),             7 + 1 + 5,        12),
        ("a match with a distance's extra bit",  of(3, 6),              7 + 5 + 1,        3),
        ("a match with extra bits of both",      of(130, 20),           8 + 4 + 5 + 3,    130),
        ("the longest match",                    of(258, 30),           8 + 5 + 3,        258),
    ];
    for (name, symbol, bits, bytes) in table {
        // Each literal before it moves its end by one bit.
        for before in 31..31 + 8 {
            let symbols = [vec![Symbol::Literal(200); before], vec![symbol]].concat();
            let payload = message(&[Block::fixed(&symbols)]);
            let (mut stream, mut out) = (Decompressor::new(WindowBits::MAX), Vec::new());
            for (number, byte) in payload.iter().enumerate() {
                stream.decompress(&mut &[*byte][..], &mut Output::new(&mut out, 1000)).unwrap();
                let there = 8 * (number + 1) - 3;
                let expected = if there < 9 * before + bits { before.min(there / 9) } else { before + bytes };
                assert_eq!(out.len(), expected, "{name} after {before} literals, {} bytes", number + 1);
            }
        }
    }
}

/// Returns blocks of every kind, with matches that don't end with a piece.
fn every_kind() -> Vec<u8> {
    let symbols = [Symbol::Literal(1), Symbol::Literal(2), Symbol::Match { len: 258, distance: 2 }];
    let distance = Symbol::distance(2).0;
    let lengths = Lengths::of(&symbols.map(Symbol::literal)[..], &[distance, 9]);
    message(&[
        Block::fixed(&symbols),
        Block::stored(&[3; 20]),
        Block::dynamic(lengths, &symbols),
        Block::fixed(&symbols).last(),
        Block::stored(&[4; 5]).last(),
    ])
}

/// D16: a reset at any place begins a new stream.
#[test]
#[cfg_attr(miri, ignore = "exhaustive")]
fn d16_nothing_is_left_after_a_reset() {
    let payload = every_kind();
    let (read, bad) = agreed(&[&payload]);
    assert!(!bad && read[0].len() == 3 * 260 + 25);
    for cut in 0..=payload.len() {
        for room in [1, 30, 259, 500, 1000] {
            let (mut stream, mut out) = (Decompressor::new(WindowBits::MAX), Vec::new());
            let mut output = Output::new(&mut out, room);
            stream.decompress(&mut &payload[..cut], &mut output).unwrap();
            stream.reset();
            out.clear();
            let mut input = &payload[..];
            stream.decompress(&mut input, &mut Output::new(&mut out, 2000)).unwrap();
            assert!(out == read[0] && stream.finish().is_ok(), "left at {cut}, room of {room}");
            // The new stream can't refer to earlier bytes.
            stream.reset();
            let far = message(&[Block::fixed(&[Symbol::Literal(0), Symbol::Match { len: 3, distance: 2 }])]);
            let referred = stream.decompress(&mut &far[..], &mut Output::new(&mut out, 2000));
            assert!(referred.is_err(), "left at {cut}, room of {room}");
        }
    }
}

/// The output is the same for any amount of input and room, and no byte of the input is taken twice.
#[test]
#[cfg_attr(miri, ignore = "exhaustive")]
fn every_kind_of_block_in_every_piece() {
    let payload = every_kind();
    let (read, _) = agreed(&[&payload]);
    for piece in 1..=payload.len() {
        for room in (1..20).chain([257, 258, 259, 260, 261, 1000]) {
            assert!(in_pieces(&payload, piece, room).as_ref() == read.first(), "{piece} {room}");
        }
    }
}

/// The longest codes with the most extra bits one after the other, beginning at every bit of a byte.
#[test]
#[cfg_attr(miri, ignore = "much to read")]
fn the_longest_symbols_are_read() {
    let mut lengths = Lengths { literals: vec![0; 286], distances: vec![0; 30], repeated: true };
    for (len, (literal, distance)) in
        (1..).zip([256, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].into_iter().zip(0..))
    {
        (lengths.literals[literal], lengths.distances[distance]) = (len, len);
    }
    for (literal, distance) in [(200, 28), (284, 29)] {
        (lengths.literals[literal], lengths.distances[distance]) = (15, 15);
    }
    let far = |len, distance| Symbol::Match { len, distance };
    let mut symbols = Vec::new();
    // A code of 9 bits is the longest that is found at once.
    for (literals, literal) in (0..6).flat_map(|count| [(count, 7), (count, 200)]) {
        for bits in 0..8 {
            // The literals 0 and 1 have 2 and 3 bits.
            let shift = [vec![Symbol::Literal(0); bits % 2], vec![Symbol::Literal(1); bits]].concat();
            symbols.extend([shift, vec![Symbol::Literal(literal); literals]].concat());
            symbols.extend([far(257, 32_768), far(227, 24_577), far(241, 16_385), far(257, 24_576)]);
        }
    }
    let payload = message(&[Block::stored(&noise(40_000)), Block::dynamic(lengths, &symbols)]);
    let (read, bad) = agreed(&[&payload]);
    assert!(!bad);
    for (piece, room) in [(1, 1 << 20), (1 << 20, 100), (40_100, 1 << 20)] {
        assert!(in_pieces(&payload, piece, room).as_ref() == read.first(), "{piece} {room}");
    }
}

/// Returns messages that one of the libraries has written.
fn written(backend: Backend, level: u8) -> Vec<Vec<u8>> {
    let config = DeflateConfig::default().with_backend(backend).with_level(level).with_threshold(0);
    let mut server = PermessageDeflate::new(Role::Server, DeflateParams::default(), &config);
    let texts = [json(300), json(1000), noise(20), vec![7; 600], json(20_000)];
    texts.iter().filter_map(|text| send(&mut server, text)).collect()
}

/// Changes a byte or a bit, or takes bytes away, or adds one.
fn damage(payload: &mut Vec<u8>, kind: u8, at: prop::sample::Index, byte: u8) {
    let at = at.index(payload.len());
    match kind {
        0 => payload[at] = byte,
        1 => payload[at] ^= 1 << (byte & 7),
        2 => payload.truncate(at),
        _ => payload.insert(at, byte),
    }
}

proptest! {
    /// D14: any bytes.
    #[test]
    fn d14_garbage_has_one_verdict(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        agreed(&[&payload]);
    }

    /// D14: bytes that begin like each kind of block.
    #[test]
    fn d14_blocks_have_one_verdict(first in 0u8..8, mut payload in prop::collection::vec(any::<u8>(), 1..300)) {
        payload[0] = payload[0] & !7 | first;
        agreed(&[&payload]);
    }

    /// D12, D14: valid messages, one of them damaged, cut or lengthened.
    #[test]
    #[cfg_attr(miri, ignore = "much to compress")]
    fn d14_damage_has_one_verdict(
        level in 1u8..=9,
        first in any::<bool>(),
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        kind in 0u8..4,
        byte in any::<u8>(),
    ) {
        #[cfg(feature = "zlib-rs")]
        let backend = if first { Backend::Miniz } else { Backend::ZlibRs };
        #[cfg(not(feature = "zlib-rs"))]
        let backend = { let _ = first; Backend::Miniz };
        let mut payloads = written(backend, level);
        damage(which.get_mut(&mut payloads), kind, at, byte);
        agreed(&payloads.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }

    /// D20: blocks of any kind with any codes, in any pieces.
    #[test]
    #[cfg_attr(miri, ignore = "much to read")]
    fn d20_any_blocks_are_read(
        choices in prop::collection::vec(any::<u8>(), 0..200),
        piece in 1usize..200,
        room in 1usize..600,
    ) {
        let payload = message(&generate(&choices, 0, 1 << 15));
        let (read, bad) = agreed(&[&payload, &payload]);
        prop_assert!(!bad);
        let found = in_pieces(&payload, piece, room);
        prop_assert!(found.as_ref() == read.first());
    }

    /// D20, D14: the same blocks, but damaged.
    #[test]
    #[cfg_attr(miri, ignore = "much to read")]
    fn d14_damaged_blocks_have_one_verdict(
        choices in prop::collection::vec(any::<u8>(), 0..100),
        at in any::<prop::sample::Index>(),
        kind in 0u8..4,
        byte in any::<u8>(),
        piece in 1usize..200,
        room in 1usize..600,
    ) {
        let mut payload = message(&generate(&choices, 0, 1 << 15));
        damage(&mut payload, kind, at, byte);
        let (read, bad) = agreed(&[&payload]);
        if !payload.is_empty() {
            prop_assert_eq!(in_pieces(&payload, piece, room), (!bad).then(|| read[0].clone()));
        }
    }
}
