//! RFC 1951: what is read in a stream is what two libraries read in it, whatever it is.

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;
use wsproto_deflate_streams::{Block, Library, Symbol, TAIL, generate, hostile, message, start};

use super::{json, noise, send};
use crate::deflate::inflate::Decompressor;
use crate::deflate::{Backend, DeflateConfig, DeflateParams, PermessageDeflate, WindowBits};
use crate::{Output, Role};

/// More than all messages of a test come to.
const MOST: usize = 1 << 22;

/// Reads messages one after the other with one window, up to the first that is bad.
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

/// Tells what the messages say, on which all agree.
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

/// Reads a message in pieces of the input and of the output; `None` where it is bad.
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

/// D20: what costs little is still right.
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

/// Each symbol comes out as soon as its last bit is there, wherever in a byte that is.
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
        // Each literal before it makes it end one bit later.
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

/// Messages as one of the libraries writes them.
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

    /// D14: bytes that begin as each kind of block does.
    #[test]
    fn d14_blocks_have_one_verdict(first in 0u8..8, mut payload in prop::collection::vec(any::<u8>(), 1..300)) {
        payload[0] = payload[0] & !7 | first;
        agreed(&[&payload]);
    }

    /// D12, D14: good messages, one of them damaged, cut or lengthened.
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

    /// D20, D14: the same, but damaged.
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
