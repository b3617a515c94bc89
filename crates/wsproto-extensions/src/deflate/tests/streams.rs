//! RFC 7692 §7.2: the worked examples, and streams that are invalid, cut, or bombs.

use alloc::vec;
use alloc::vec::Vec;
use core::num::NonZeroU32;

use crate::deflate::streams::{Block, Symbol, message};
use proptest::prelude::*;
use wsproto_frame::{CloseCode, FrameHeader, Opcode, Role, Rsv};

use super::BACKEND;
use crate::deflate::backend::{Compressor, Flush, Kind};
use crate::deflate::inflate::Decompressor;
use crate::deflate::tests::{self, json, noise, receive, send};
use crate::deflate::{DeflateConfig, DeflateParams, PermessageDeflate, WindowBits};
use crate::{Extension, Output};

fn pair(params: DeflateParams) -> (PermessageDeflate, PermessageDeflate) {
    tests::pair(BACKEND, params)
}

const HELLO: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
const HELLO_AGAIN: &[u8] = &[0xf2, 0x00, 0x11, 0x00, 0x00];
const FINAL_HELLO: &[u8] = &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];

/// The examples of RFC 7692 §7.2.3 and similar ones, read in this order with one window.
#[test]
fn golden_vectors_are_read() {
    #[rustfmt::skip]
    let table: [(&str, &[u8], &[u8]); 7] = [
        //= rfc7692#7.2.3.1-1
        ("one block",          HELLO,                                                                                b"Hello"),
        //= rfc7692#7.2.3.2-1
        ("shared window",      HELLO_AGAIN,                                                                          b"Hello"),
        //= rfc7692#7.2.3.3-1
        ("stored",             &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00],                  b"Hello"),
        //= rfc7692#7.2.3.4-1
        ("final block",        FINAL_HELLO,                                                                          b"Hello"),
        //= rfc7692#7.2.3.5-1
        ("two blocks",         &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00],      b"Hello"),
        //= rfc7692#7.2.3.6-1
        ("empty",              &[0x00],                                                                              b""),
        ("window still there", HELLO_AGAIN,                                                                          b"Hello"),
    ];
    let (_, mut client) = pair(DeflateParams::default());
    for (name, payload, message) in table {
        assert_eq!(receive(&mut client, payload).as_deref(), Ok(message), "{name}");
    }
}

/// Our streams for the same texts: the next message refers to the one before, unless there is no context takeover.
//= rfc7692#7.2.3.2-1
//= rfc7692#7.1.1.1-3
//= rfc7692#7.1.1.2-2
#[test]
fn golden_vectors_are_written() {
    let text = b"Hello Hello Hello Hello";
    let (mut server, _) = pair(DeflateParams::default());
    let first = send(&mut server, text).unwrap();
    let second = send(&mut server, text).unwrap();
    assert!(second.len() < first.len(), "the second one refers to the first");
    let alone = DeflateParams {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        ..DeflateParams::default()
    };
    let (mut server, mut client) = pair(alone);
    for _ in 0..3 {
        let (mut new_server, mut new_client) = pair(alone);
        let payload = send(&mut server, text).unwrap();
        assert_eq!(receive(&mut new_client, &payload).as_deref(), Ok(&text[..]), "it stands alone");
        let payload = send(&mut client, text).unwrap();
        assert_eq!(receive(&mut new_server, &payload).as_deref(), Ok(&text[..]), "it stands alone");
    }
    // The bytes of the RFC. By themselves they would not be worth compression.
    let mut raw =
        Compressor::new(Kind { backend: BACKEND, level: 6, memory_level: 8, window: WindowBits::MAX });
    let mut out = Vec::new();
    for (expected, text) in [(HELLO, b"Hello"), (HELLO_AGAIN, b"Hello")] {
        out.clear();
        raw.compress(text, Flush::Keep, &mut Output::new(&mut out, 100)).unwrap();
        assert_eq!(out.strip_suffix(&[0x00, 0x00, 0xff, 0xff]), Some(expected));
    }
}

//= rfc7692#7.2.1-2
#[test]
fn d10_final_block_inside_a_message() {
    let (_, mut client) = pair(DeflateParams::default());
    for round in 0..3 {
        assert_eq!(receive(&mut client, FINAL_HELLO).as_deref(), Ok(&b"Hello"[..]), "{round}");
        assert_eq!(
            receive(&mut client, HELLO_AGAIN).as_deref(),
            Ok(&b"Hello"[..]),
            "the window stays, {round}"
        );
        // A stored, empty final block, whose length is the tail that the sender omitted.
        assert_eq!(receive(&mut client, &[0x01]).as_deref(), Ok(&b""[..]), "{round}");
    }
}

#[test]
fn d11_bytes_after_the_final_block() {
    let (_, mut client) = pair(DeflateParams::default());
    let two = [&FINAL_HELLO[..7], HELLO].concat();
    assert_eq!(receive(&mut client, &two).as_deref(), Ok(&b"HelloHello"[..]));
    let three = [&FINAL_HELLO[..7], &FINAL_HELLO[..7], FINAL_HELLO].concat();
    assert_eq!(receive(&mut client, &three).as_deref(), Ok(&b"HelloHelloHello"[..]));
    let garbage = [FINAL_HELLO, &[0xff, 0xff]].concat();
    assert_eq!(receive(&mut client, &garbage), Err(CloseCode::INVALID_PAYLOAD));
}

/// A message without its last bytes is refused at every cut, and the bytes that the receiver adds never come out.
//= rfc7692#7.2.2-1
//= rfc7692#7.2.1-1
#[test]
#[cfg_attr(miri, ignore = "exhaustive")]
fn d12_truncated_messages() {
    let stored = [&[0x00, 0x05, 0x00, 0xfa, 0xff][..], b"Hello", &[0x00]].concat();
    let (mut server, _) = pair(DeflateParams::default());
    let dynamic = send(&mut server, &json(5000)).unwrap();
    let streams = [HELLO, FINAL_HELLO, &stored, &dynamic];
    for (number, stream) in streams.into_iter().enumerate() {
        for cut in 1..stream.len() {
            if stream[..cut] == [0x00] {
                continue; // an empty message
            }
            let (_, mut client) = pair(DeflateParams::default());
            let found = receive(&mut client, &stream[..cut]);
            assert_eq!(found, Err(CloseCode::INVALID_PAYLOAD), "stream {number} cut at {cut}");
        }
    }
    // A stored block that needs more bytes than there are: the four bytes are not data.
    let (_, mut client) = pair(DeflateParams::default());
    let mut out = Vec::new();
    let refusal = client.decompress(&[0x00, 0xff, 0xff, 0x00, 0x00, 0x61, 0x62], &mut out, 1000).unwrap_err();
    assert_eq!((refusal.code, out.as_slice()), (CloseCode::INVALID_PAYLOAD, &b"ab"[..]));
    // A stored block that needs exactly the four bytes.
    let exactly = [0x00, 0x06, 0x00, 0xf9, 0xff, 0x61, 0x62];
    assert_eq!(receive(&mut pair(DeflateParams::default()).1, &exactly), Err(CloseCode::INVALID_PAYLOAD));
    // The sender left the four bytes in place.
    let with_tail = [HELLO, &[0x00, 0x00, 0xff, 0xff]].concat();
    assert_eq!(receive(&mut pair(DeflateParams::default()).1, &with_tail), Err(CloseCode::INVALID_PAYLOAD));
}

#[test]
fn d13_empty_messages() {
    let (_, mut client) = pair(DeflateParams::default());
    for payload in [&[][..], &[0x00], &[0x01], &[0x02, 0x00], &[0x03, 0x00, 0x00]] {
        assert_eq!(receive(&mut client, payload).as_deref(), Ok(&b""[..]), "{payload:x?}");
    }
    assert_eq!(receive(&mut client, HELLO).as_deref(), Ok(&b"Hello"[..]));
}

#[test]
fn d14_bad_streams() {
    #[rustfmt::skip]
    let table: [(&str, &[u8]); 8] = [
        ("reserved block type",            &[0x06, 0x00]),
        ("stored length and complement",   &[0x00, 0x05, 0x00, 0xfa, 0xfe, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]),
        ("too many length codes",          &[0xfc, 0x00, 0x00, 0x00]),
        ("incomplete code lengths",        &[0x04, 0x00, 0xfe, 0xff]),
        ("repeat without a length before", &[0x04, 0x00, 0x24, 0x49, 0x00, 0x00]),
        ("invalid length symbol 287",      &[0x1b, 0x07, 0x00, 0x00]),
        ("distance with nothing before",   &[0x02, 0x02, 0x00, 0x00]),
        ("distance beyond the beginning",  HELLO_AGAIN),
    ];
    for (name, payload) in table {
        let (_, mut client) = pair(DeflateParams::default());
        assert_eq!(receive(&mut client, payload), Err(CloseCode::INVALID_PAYLOAD), "{name}");
    }
    // With much input, symbols are decoded in another way than the last ones of a message.
    let more = [&[0x14, 0x00, 0xeb, 0xff][..], &[b'a'; 20], &[0x00]].concat();
    #[rustfmt::skip]
    let table: [(&str, &[u8], Result<usize, CloseCode>); 6] = [
        ("a block without symbols",        &[0x02, 0x00],             Ok(20)),
        ("invalid distance symbol 30",     &[0x02, 0x3e, 0x00, 0x00], Err(CloseCode::INVALID_PAYLOAD)),
        ("invalid distance symbol 31",     &[0x02, 0x7e, 0x00, 0x00], Err(CloseCode::INVALID_PAYLOAD)),
        ("distance with nothing before",   &[0x02, 0x02, 0x00, 0x00], Err(CloseCode::INVALID_PAYLOAD)),
        ("invalid length symbol 286",      &[0x1a, 0x03, 0x00],       Err(CloseCode::INVALID_PAYLOAD)),
        ("invalid length symbol 287",      &[0x1a, 0x07, 0x00],       Err(CloseCode::INVALID_PAYLOAD)),
    ];
    for (name, start, expected) in table {
        let whole = [start, &more].concat();
        let (_, mut client) = pair(DeflateParams::default());
        assert_eq!(
            receive(&mut client, &whole).map(|message| message.len()),
            expected,
            "{name}, more behind"
        );
        let bytewise = in_pieces(WindowBits::MAX, &whole, 1, 1000).map(|message| message.len());
        assert_eq!(bytewise, expected.ok(), "{name}, byte by byte");
    }
    // Without context takeover, a message can't refer beyond its own beginning.
    let (_, mut client) =
        pair(DeflateParams { server_no_context_takeover: true, ..DeflateParams::default() });
    assert_eq!(receive(&mut client, HELLO).as_deref(), Ok(&b"Hello"[..]));
    assert_eq!(receive(&mut client, HELLO_AGAIN), Err(CloseCode::INVALID_PAYLOAD));
}

/// A message that refers farther back than the agreed window is refused.
#[test]
fn d15_distance_beyond_the_window() {
    let mut message = noise(2000);
    message.extend_from_within(..1000);
    let (mut server, _) = pair(DeflateParams::default());
    let payload = send(&mut server, &message).unwrap();
    assert!(payload.len() < 2500, "it refers 2000 bytes back");
    for (bits, fits) in [(8, false), (10, false), (11, true), (15, true)] {
        let window = WindowBits::new(bits).unwrap();
        let (_, mut client) =
            pair(DeflateParams { server_max_window_bits: window, ..DeflateParams::default() });
        let found = receive(&mut client, &payload);
        let expected = if fits { Ok(&message[..]) } else { Err(CloseCode::INVALID_PAYLOAD) };
        assert!(found.as_deref().map_err(|code| *code) == expected, "{bits}");
        let bytewise = in_pieces(window, &payload, 1, 5000);
        assert!(bytewise.as_deref() == expected.ok(), "{bits}, byte by byte");
    }
}

/// The window's first byte can be referred to. The one before it can't, though it may still be in memory.
#[test]
#[cfg_attr(miri, ignore = "much to read")]
fn d15_the_farthest_distance() {
    for bits in 8..15 {
        let window = WindowBits::new(bits).unwrap();
        let size = window.size();
        for (distance, fits) in [(size - 1, true), (size, true), (size + 1, false), (size + 9, false)] {
            let far = Symbol::Match { len: 3, distance: u16::try_from(distance).unwrap() };
            // With little input after them, symbols are decoded in another way.
            for behind in [0, 100] {
                let before = noise(size + 9);
                let blocks = [Block::stored(&before), Block::fixed(&[far]), Block::stored(&noise(behind))];
                let found = in_pieces(window, &message(&blocks), 1 << 20, 1 << 20);
                let from = before.len() - distance;
                let repeated = [&before, &before[from..from + 3], &noise(behind)].concat();
                let expected = fits.then_some(repeated);
                assert!(found == expected, "window {bits}, distance {distance}, {behind} bytes behind");
            }
        }
    }
}

/// The output of a bomb comes in pieces and stops at the limit.
#[test]
#[cfg_attr(miri, ignore = "much to compress")]
fn d8_bombs() {
    let (mut server, mut client) = pair(DeflateParams::default());
    let bomb = send(&mut server, &vec![0; 10_000_000]).unwrap();
    assert!(bomb.len() < 15_000);
    let mut out = Vec::new();
    let refusal = client.decompress(&bomb, &mut out, 100_000).unwrap_err();
    assert_eq!(refusal.code, CloseCode::MESSAGE_TOO_BIG);
    assert!(out.len() <= 100_001);
}

#[test]
fn d8_limit_is_exact() {
    for (limit, fits) in [(999, false), (1000, true), (1001, true)] {
        let (mut server, mut client) = pair(DeflateParams::default());
        let payload = send(&mut server, &[7; 1000]).unwrap();
        let found = client.decompress(&payload, &mut Vec::new(), limit);
        assert_eq!(found.is_ok(), fits, "{limit}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "much to compress")]
fn d9_ratio() {
    for (len, ratio, fits) in [(65_536, 1, true), (1_000_000, 10, false), (1_000_000, 1100, true)] {
        let (mut server, _) = pair(DeflateParams::default());
        let config =
            DeflateConfig::default().with_backend(BACKEND).with_max_ratio(NonZeroU32::new(ratio).unwrap());
        let mut client = PermessageDeflate::new(Role::Client, DeflateParams::default(), &config);
        for _ in 0..3 {
            let payload = send(&mut server, &vec![b'a'; len]).unwrap();
            let found = client.decompress(&payload, &mut Vec::new(), 2_000_000);
            assert_eq!(
                found.map_err(|refusal| refusal.code),
                if fits { Ok(()) } else { Err(CloseCode::MESSAGE_TOO_BIG) },
                "{len} {ratio}"
            );
            if !fits {
                break;
            }
        }
    }
}

/// D9: the first 64 KiB are free. Each compressed byte allows exactly as many bytes as the ratio says.
#[test]
#[cfg_attr(miri, ignore = "much to compress")]
fn d9_ratio_is_exact() {
    let config = DeflateConfig::default().with_backend(BACKEND);
    for ratio in [1, 2, 3] {
        let config = config.clone().with_max_ratio(NonZeroU32::new(ratio).unwrap());
        let fits = |payload: &[u8]| {
            let mut client = PermessageDeflate::new(Role::Client, DeflateParams::default(), &config);
            receive(&mut client, payload).map(|message| message.len())
        };
        // All messages consist of one letter. The longer one is, the more it exceeds the bytes that its payload allows.
        let beyond = |more: usize| {
            let payload =
                send(&mut pair(DeflateParams::default()).0, &vec![b'a'; (64 << 10) + more]).unwrap();
            (payload.len() * ratio as usize, payload)
        };
        let exact = (0..2000).find(|&more| beyond(more).0 == more);
        let exact = exact.expect("a message that just fits");
        assert_eq!(fits(&beyond(exact).1), Ok((64 << 10) + exact), "ratio {ratio}");
        let (allowed, payload) = beyond(exact + 1);
        assert_eq!(allowed, exact, "ratio {ratio}");
        assert_eq!(fits(&payload), Err(CloseCode::MESSAGE_TOO_BIG), "ratio {ratio}");
    }
}

/// D9: a message is refused before its end, at the same place however it arrives: after a multiple of 64 bytes.
#[test]
#[cfg_attr(miri, ignore = "much to compress")]
fn d9_ratio_is_looked_at_on_the_way() {
    let payload = send(&mut pair(DeflateParams::default()).0, &vec![b'a'; 1_000_000]).unwrap();
    let header = FrameHeader::new(Opcode::Binary, payload.len() as u64).with_rsv(Rsv::RSV1);
    let most = NonZeroU32::new(100).unwrap();
    // The number of output bytes for a number of input bytes.
    let produced = |consumed: usize| {
        let (mut stream, mut out) = (Decompressor::new(WindowBits::MAX), Vec::new());
        stream.decompress(&mut &payload[..consumed], &mut Output::new(&mut out, 1 << 20)).unwrap();
        out.len()
    };
    let beyond = |consumed: &usize| produced(*consumed).saturating_sub(64 << 10) > consumed * 100;
    let expected = (64..payload.len()).step_by(64).find(beyond).expect("it is refused before its end");
    assert!(expected > 64 && expected + 64 < payload.len());
    let config = DeflateConfig::default().with_backend(BACKEND).with_max_ratio(most);
    for piece in [1, 7, 63, 64, 65, 1000] {
        for room in [100, 1 << 20] {
            let mut client = PermessageDeflate::new(Role::Client, DeflateParams::default(), &config);
            client.inbound_header(&header).unwrap();
            let mut out = Vec::new();
            let refusal = payload.chunks(piece).find_map(|mut part| {
                loop {
                    let mut output = Output::new(&mut out, room);
                    match client.inbound(&mut part, &mut output) {
                        Err(refusal) => break Some(refusal.code),
                        Ok(()) if output.room() > 0 => break None,
                        Ok(()) => {}
                    }
                }
            });
            assert_eq!(refusal, Some(CloseCode::MESSAGE_TOO_BIG), "pieces of {piece}, room of {room}");
            assert_eq!(out.len(), produced(expected), "pieces of {piece}, room of {room}");
        }
    }
}

/// After an error the stream can't continue: no more bytes are taken, and the error stays the same.
#[test]
fn d14_an_error_is_final() {
    let long = send(&mut pair(DeflateParams::default()).0, &[7; 1000]).unwrap();
    let too_big = CloseCode::MESSAGE_TOO_BIG;
    let invalid = CloseCode::INVALID_PAYLOAD;
    #[rustfmt::skip]
    let table: [(&str, &[u8], CloseCode); 5] = [
        ("too long",          &long,               too_big),
        ("bad block",         &[0x06, 0x00],       invalid),
        ("cut",               &HELLO[..3],         invalid),
        ("too far back",      HELLO_AGAIN,         invalid),
        ("cut in its length", &[0x00, 0x05, 0x00], invalid),
    ];
    for (name, payload, code) in table {
        for no_context_takeover in [false, true] {
            let params =
                DeflateParams { server_no_context_takeover: no_context_takeover, ..DeflateParams::default() };
            let (_, mut client) = pair(params);
            let mut out = Vec::new();
            let refusal = client.decompress(payload, &mut out, 999).unwrap_err();
            assert_eq!(refusal.code, code, "{name}");
            out.clear();
            for next in [HELLO, &[0x00], &[], payload] {
                assert_eq!(
                    client.decompress(next, &mut out, 999),
                    Err(refusal.clone()),
                    "{name}, then {next:02x?}"
                );
                let header = FrameHeader::new(Opcode::Binary, next.len() as u64).with_rsv(Rsv::RSV1);
                client.inbound_header(&header).unwrap();
                let mut input = next;
                let read = client.inbound(&mut input, &mut Output::new(&mut out, 999));
                assert_eq!((read, input), (Err(refusal.clone()), next), "{name}, then {next:02x?}");
                let ended = client.inbound_end(&header, &mut Output::new(&mut out, 999));
                assert_eq!(ended, Err(refusal.clone()), "{name}, then {next:02x?}");
            }
            assert_eq!(out, b"", "{name}");
        }
    }
}

/// A decompressor that another connection gets can't refer to bytes of the first one.
#[test]
fn d16_nothing_leaks_through_the_pool() {
    let config = DeflateConfig::default().with_backend(BACKEND);
    let alone = DeflateParams { server_no_context_takeover: true, ..DeflateParams::default() };
    let (mut server, _) = pair(alone);
    let secret = send(&mut server, &json(if cfg!(miri) { 1000 } else { 100_000 })).unwrap();
    for first in [HELLO, FINAL_HELLO, secret.as_slice()] {
        let mut one = PermessageDeflate::new(Role::Client, alone, &config);
        let mut other = PermessageDeflate::new(Role::Client, alone, &config);
        receive(&mut one, first).unwrap();
        assert_eq!(receive(&mut other, HELLO).as_deref(), Ok(&b"Hello"[..]));
        assert_eq!(receive(&mut other, HELLO_AGAIN), Err(CloseCode::INVALID_PAYLOAD));
        // A failed decompressor doesn't return to the pool.
        let mut third = PermessageDeflate::new(Role::Client, alone, &config);
        assert_eq!(receive(&mut third, HELLO).as_deref(), Ok(&b"Hello"[..]));
    }
}

/// Decompresses in the lowest layer with the input in pieces and little room, for all kinds of memory.
fn in_pieces(window: WindowBits, payload: &[u8], piece: usize, room: usize) -> Option<Vec<u8>> {
    let appended = in_turn(window, payload, piece, room, &[false]);
    for turns in [&[true][..], &[true, false, false, true]] {
        assert_eq!(in_turn(window, payload, piece, room, turns), appended, "{turns:?}");
    }
    appended
}

/// Decompresses in the lowest layer, in turn in place and not.
fn in_turn(window: WindowBits, payload: &[u8], piece: usize, room: usize, turns: &[bool]) -> Option<Vec<u8>> {
    let mut stream = Decompressor::new(window);
    let (mut out, mut place) = (Vec::new(), vec![0xaa; room.min(100_000)]);
    let mut turns = turns.iter().cycle();
    for mut input in payload.chunks(piece) {
        loop {
            let (full, written) = if turns.next() == Some(&true) {
                let mut output = Output::over(&mut place);
                stream.decompress(&mut input, &mut output).ok()?;
                (output.room() == 0, output.written().len())
            } else {
                let mut output = Output::new(&mut out, room);
                stream.decompress(&mut input, &mut output).ok()?;
                (output.room() == 0, 0)
            };
            out.extend_from_slice(&place[..written]);
            if !full {
                break;
            }
        }
        assert!(input.is_empty());
    }
    stream.finish().ok().map(|()| out)
}

/// D10: later blocks can refer to the output before a final block, wherever it was written.
#[test]
#[cfg_attr(miri, ignore = "much to compress")]
fn d10_the_window_outlives_final_blocks() {
    for lens in [&[20_000; 8][..], &[1000; 80], &[70_000, 100, 40_000, 31_000, 90_000]] {
        let (mut server, _) = pair(DeflateParams::default());
        let (mut payload, mut expected) = (Vec::new(), Vec::new());
        for &len in lens {
            payload.extend(send(&mut server, &json(len)).unwrap());
            payload.extend([0x00, 0x00, 0xff, 0xff, 0x03, 0x00]);
            expected.extend(json(len));
        }
        payload.push(0x00);
        for (piece, room) in [(1 << 20, 1 << 20), (1 << 20, 16_384), (700, 1 << 20), (100, 1000)] {
            let found = in_pieces(WindowBits::MAX, &payload, piece, room);
            assert!(found.as_deref() == Some(&expected), "{lens:?}, pieces of {piece}, room of {room}");
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "exhaustive")]
fn every_split_gives_the_same() {
    let message = json(700);
    let (mut server, _) =
        pair(DeflateParams { server_max_window_bits: WindowBits::MIN, ..DeflateParams::default() });
    let payload = [
        send(&mut server, &message).unwrap().as_slice(),
        &[0x00, 0x00, 0xff, 0xff],
        &FINAL_HELLO[..7],
        HELLO,
    ]
    .concat();
    let expected = [message.as_slice(), b"HelloHello"].concat();
    for window in [WindowBits::MIN, WindowBits::MAX] {
        for piece in 1..payload.len() {
            for room in [1, 2, 3, 100, 255, 256, 257, 10_000] {
                let found = in_pieces(window, &payload, piece, room);
                assert_eq!(found.as_deref(), Some(expected.as_slice()), "{window} {piece} {room}");
            }
        }
    }
}

proptest! {
    /// A peer's bytes never cause a panic or more output than the limit, and have one verdict for all cuts.
    #[test]
    fn anything_is_judged(payload in prop::collection::vec(any::<u8>(), 0..300), piece in 1usize..50, room in 1usize..600) {
        let whole = in_pieces(WindowBits::MIN, &payload, 1000, 1_000_000);
        prop_assert_eq!(in_pieces(WindowBits::MIN, &payload, piece, room), whole);
        let mut out = Vec::new();
        let (_, mut client) = pair(DeflateParams::default());
        let _ = client.decompress(&payload, &mut out, 1000);
        prop_assert!(out.len() <= 1001);
    }

    /// The same holds for a valid stream with one changed byte.
    #[test]
    #[cfg_attr(miri, ignore = "much to compress")]
    fn damage_is_judged(at in any::<prop::sample::Index>(), byte in any::<u8>(), piece in 1usize..200, room in 1usize..600) {
        let (mut server, _) = pair(DeflateParams::default());
        let mut payload = send(&mut server, &json(3000)).unwrap();
        *at.get_mut(&mut payload) = byte;
        let whole = in_pieces(WindowBits::MAX, &payload, 100_000, 1_000_000);
        prop_assert_eq!(in_pieces(WindowBits::MAX, &payload, piece, room), whole);
    }
}
