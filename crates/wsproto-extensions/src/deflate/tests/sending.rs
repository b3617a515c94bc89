//! RFC 7692 §7.2.1: which messages are compressed, and how.

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;
use wsproto_frame::{Opcode, Role, Rsv};

use super::BACKEND;
use crate::deflate::inflate::Decompressor;
use crate::deflate::tests::{self, json, noise, receive, send};
use crate::deflate::{Backend, DeflateConfig, DeflateParams, PermessageDeflate, WindowBits};
use crate::{Extension, Handling, Outbound, OutboundFrame, Output};

fn pair(params: DeflateParams) -> (PermessageDeflate, PermessageDeflate) {
    tests::pair(BACKEND, params)
}

/// Checks that each match of a raw DEFLATE stream reaches back at most this far: a decompressor with exactly that
/// window reads it.
fn assert_reads(window: WindowBits, messages: &[&[u8]], no_context_takeover: bool) {
    let params = DeflateParams {
        server_max_window_bits: window,
        server_no_context_takeover: no_context_takeover,
        ..DeflateParams::default()
    };
    let (mut server, mut client) = pair(params);
    for message in messages {
        if let Some(payload) = send(&mut server, message) {
            let found = receive(&mut client, &payload);
            assert_eq!(found.as_deref(), Ok(*message), "window {window}, {} bytes", message.len());
        }
    }
}

//= rfc7692#7.1.2.1-3
//= rfc7692#7.1.2.2-5
#[test]
#[cfg_attr(miri, ignore = "much to compress")]
fn d6_windows_are_kept() {
    let text = json(200_000);
    let bytes = noise(40_000);
    let mut far = bytes.clone();
    far.extend_from_slice(&bytes);
    for bits in 8..=15 {
        let window = WindowBits::new(bits).unwrap();
        let size = window.size();
        for no_context_takeover in [false, true] {
            let messages = [
                &text[..],
                &text[..size],
                &text[..size - 1],
                &text[..1],
                &text[..=size],
                &text[..2 * size],
                &far[..],
                &text[..17],
                &text[..17],
                &text[..size / 2],
                &text[..size / 2],
                &[0; 5000],
                &[],
            ];
            assert_reads(window, &messages, no_context_takeover);
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "much to compress")]
fn smaller_windows_still_compress() {
    let text = json(100_000);
    let sizes: Vec<_> = (8..=15)
        .map(|bits| {
            let window = WindowBits::new(bits).unwrap();
            let (mut server, _) =
                pair(DeflateParams { server_max_window_bits: window, ..DeflateParams::default() });
            send(&mut server, &text).unwrap().len()
        })
        .collect();
    assert!(sizes.first() > sizes.last(), "{sizes:?}");
    assert!(sizes[0] < text.len() * 3 / 4, "{sizes:?}");
}

/// Only if a library can't keep the window, it is emptied in the middle of a message, which costs bytes.
#[test]
fn matches_cross_multiples_of_windows_that_are_kept_to() {
    let smallest = match BACKEND {
        Backend::Miniz => 15,
        #[cfg(feature = "zlib-rs")]
        Backend::ZlibRs => 9,
    };
    for bits in 8..=15 {
        let params = DeflateParams {
            server_max_window_bits: WindowBits::new(bits).unwrap(),
            ..DeflateParams::default()
        };
        let payload = send(&mut pair(params).0, &vec![7; 1 << 16]).unwrap();
        let flushed = payload.windows(4).any(|four| four == [0, 0, 0xff, 0xff]);
        assert_eq!(flushed, bits < smallest, "{bits} bits");
    }
}

#[test]
fn threshold() {
    for (len, compressed) in [(0, false), (99, false), (100, true), (101, true)] {
        let config = DeflateConfig::default().with_backend(BACKEND).with_threshold(100);
        let mut server = PermessageDeflate::new(Role::Server, DeflateParams::default(), &config);
        assert_eq!(send(&mut server, &json(len)).is_some(), compressed, "{len}");
    }
}

/// A message that doesn't shrink is sent uncompressed if there is no window to keep.
#[test]
fn what_does_not_shrink_is_sent_as_it_is_without_context_takeover() {
    let params = DeflateParams { server_no_context_takeover: true, ..DeflateParams::default() };
    let (mut server, mut client) = pair(params);
    let text = json(500);
    for _ in 0..2 {
        let payload = send(&mut server, &text).unwrap();
        assert_eq!(receive(&mut client, &payload).as_deref(), Ok(&text[..]));
        assert_eq!(send(&mut server, &noise(if cfg!(miri) { 300 } else { 3000 })), None);
        assert_eq!(send(&mut server, b""), None);
    }
}

/// With context takeover it is compressed, and grows by a few bytes: to omit it would empty the window.
#[test]
fn what_does_not_shrink_keeps_the_window() {
    let lens = if cfg!(miri) { &[0, 300][..] } else { &[0, 1, 31, 100, 3000, 20_000] };
    for &len in lens {
        let (mut server, mut client) = pair(DeflateParams::default());
        let text = json(500);
        let first = send(&mut server, &text).unwrap();
        assert_eq!(receive(&mut client, &first).as_deref(), Ok(&text[..]));
        let payload = send(&mut server, &noise(len)).unwrap();
        assert!(payload.len() <= len + 6 + 5 * (len / 3900), "{len} bytes make {}", payload.len());
        assert_eq!(receive(&mut client, &payload).as_deref(), Ok(&noise(len)[..]));
        let last = send(&mut server, &text).unwrap();
        assert!(
            last.len() < 25,
            "after {len} bytes: {} bytes, and {} the first time",
            last.len(),
            first.len()
        );
        assert_eq!(receive(&mut client, &last).as_deref(), Ok(&text[..]));
        // The caller asked for an unchanged message, or the message is short.
        let frame = OutboundFrame::new(Opcode::Binary, &text).verbatim();
        assert_eq!(outbound(&mut server, &frame), (Outbound::PASS, Vec::new()));
        assert_eq!(send(&mut server, &text).map(|payload| payload.len() < 25), Some(true));
    }
}

/// It grows by some bytes for each block, and for each flush if the window is smaller.
#[test]
#[cfg_attr(miri, ignore = "much to compress")]
fn what_does_not_shrink_grows_little() {
    #[rustfmt::skip]
    let table = [
        // bits  len      more at most
        (15,     64 << 10, 96),
        (15,     1 << 20,  1500),
        (10,     64 << 10, 64 * 12),
        (8,      64 << 10, 256 * 11),
    ];
    for (bits, len, most) in table {
        let window = WindowBits::new(bits).unwrap();
        let (mut server, mut client) =
            pair(DeflateParams { server_max_window_bits: window, ..DeflateParams::default() });
        let payload = send(&mut server, &noise(len)).unwrap();
        let more = payload.len() - len;
        assert!(more <= most, "{len} bytes, window {window}: {more} more");
        assert!(receive(&mut client, &payload).as_deref() == Ok(&noise(len)[..]));
    }
}

#[test]
#[cfg_attr(miri, ignore = "much to compress")]
fn levels_differ() {
    let text = json(50_000);
    let compressed = |level| {
        let config = DeflateConfig::default().with_backend(BACKEND).with_level(level);
        send(&mut PermessageDeflate::new(Role::Server, DeflateParams::default(), &config), &text).unwrap()
    };
    assert!(compressed(1).len() > compressed(9).len());
    assert_eq!(compressed(0), compressed(1), "out of range is clamped");
    assert_eq!(compressed(200), compressed(9), "out of range is clamped");
    for level in 1..=9 {
        let (_, mut client) = pair(DeflateParams::default());
        assert_eq!(receive(&mut client, &compressed(level)).as_deref(), Ok(&text[..]), "{level}");
    }
}

fn outbound(deflate: &mut PermessageDeflate, frame: &OutboundFrame<'_>) -> (Outbound, Vec<u8>) {
    let mut out = Vec::new();
    let sent = deflate.outbound(frame, &mut Output::new(&mut out, usize::MAX)).unwrap();
    (sent, out)
}

//= rfc7692#6-1
//= rfc7692#6.1-1
#[test]
fn d7_the_bit_is_on_the_first_fragment_only() {
    let (mut server, mut client) = pair(DeflateParams::default());
    let text = json(300);
    let parts = [
        OutboundFrame::new(Opcode::Text, &text[..100]).unfinished(),
        OutboundFrame::new(Opcode::Continuation, &text[100..101]).unfinished(),
        OutboundFrame::new(Opcode::Continuation, &[]).unfinished(),
        OutboundFrame::new(Opcode::Continuation, &text[101..]),
    ];
    for round in 0..2 {
        let mut joined = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            let (sent, payload) = outbound(&mut server, part);
            let rsv = if number == 0 { Rsv::RSV1 } else { Rsv::NONE };
            assert_eq!(sent, Outbound::transformed(rsv), "{number}");
            // Control frames between fragments never have the bit, and change nothing.
            let (ping, written) = outbound(&mut server, &OutboundFrame::new(Opcode::Ping, b"Hello"));
            assert_eq!((ping, written.len()), (Outbound::PASS, 0));
            joined.extend_from_slice(&payload);
        }
        assert_eq!(receive(&mut client, &joined).as_deref(), Ok(&text[..]), "{round}");
    }
}

/// Each fragment can be decompressed as soon as it is there.
#[test]
fn fragments_are_flushed() {
    let (mut server, _) = pair(DeflateParams::default());
    let (_, payload) = outbound(&mut server, &OutboundFrame::new(Opcode::Text, b"first ").unfinished());
    let mut stream = Decompressor::new(WindowBits::MAX);
    let mut out = Vec::new();
    stream.decompress(&mut payload.as_slice(), &mut Output::new(&mut out, 100)).unwrap();
    assert_eq!(out, b"first ");
}

//= rfc7692#8-1
#[test]
fn d17_verbatim_messages_are_not_compressed() {
    let (mut server, mut client) = pair(DeflateParams::default());
    let text = json(1000);
    let first = send(&mut server, &text).unwrap();
    assert_eq!(receive(&mut client, &first).as_deref(), Ok(&text[..]));
    let secret = OutboundFrame::new(Opcode::Text, &text).verbatim();
    assert_eq!(outbound(&mut server, &secret), (Outbound::PASS, Vec::new()));
    // All fragments follow the first.
    assert_eq!(outbound(&mut server, &secret.unfinished()), (Outbound::PASS, Vec::new()));
    let rest = OutboundFrame::new(Opcode::Continuation, &text);
    assert_eq!(outbound(&mut server, &rest), (Outbound::PASS, Vec::new()));
    // The window is unchanged.
    let last = send(&mut server, &text).unwrap();
    assert!(last.len() < first.len());
    assert_eq!(receive(&mut client, &last).as_deref(), Ok(&text[..]));
}

#[test]
fn no_room_is_an_error_and_the_next_message_is_whole() {
    let (mut server, mut client) = pair(DeflateParams::default());
    let text = json(1000);
    let frame = OutboundFrame::new(Opcode::Text, &text);
    assert!(server.outbound(&frame, &mut Output::new(&mut Vec::new(), 100)).is_err());
    let payload = send(&mut server, &text).unwrap();
    assert_eq!(receive(&mut client, &payload).as_deref(), Ok(&text[..]));
}

/// An empty message after another one has only an end, which must not be lost either.
#[test]
fn no_room_for_an_end_is_an_error() {
    let text = json(1000);
    for (room, fits) in [(0, false), (1, false), (4, false), (5, true)] {
        let (mut server, mut client) = pair(DeflateParams::default());
        let payload = send(&mut server, &text).unwrap();
        assert_eq!(receive(&mut client, &payload).as_deref(), Ok(&text[..]));
        let empty = OutboundFrame::new(Opcode::Text, b"");
        let sent = server.outbound(&empty, &mut Output::new(&mut Vec::new(), room));
        assert_eq!(sent.is_ok(), fits, "{room}: {sent:?}");
    }
}

/// A message that another extension refused was never sent. No later message refers to it.
#[test]
fn a_message_that_was_dropped_is_forgotten() {
    let (mut server, mut client) = pair(DeflateParams::default());
    let text = json(1000);
    let (dropped, _) = outbound(&mut server, &OutboundFrame::new(Opcode::Text, &text));
    assert_eq!(dropped, Outbound::transformed(Rsv::RSV1));
    server.outbound_dropped();
    let next = send(&mut server, &text).unwrap();
    assert_eq!(receive(&mut client, &next).as_deref(), Ok(&text[..]));
}

/// Two connections have the same key only if they compress whole messages in the same way. A connection with context
/// takeover has none.
#[test]
fn the_key_names_all_that_decides_how_a_message_is_compressed() {
    let key = |role, config: DeflateConfig, bits: u8| {
        let window = WindowBits::new(bits).unwrap();
        let params = DeflateParams {
            server_no_context_takeover: true,
            server_max_window_bits: window,
            ..DeflateParams::default()
        };
        PermessageDeflate::new(role, params, &config.with_backend(BACKEND)).outbound_key()
    };
    let config = DeflateConfig::default;
    let usual = key(Role::Server, config(), 12);
    assert!(usual.is_some());
    assert_eq!(key(Role::Server, config(), 12), usual, "as the first");
    assert_eq!(key(Role::Client, config(), 12), None, "its context is taken over");
    #[rustfmt::skip]
    let table = [
        ("another window",           config(),                                              11),
        ("another level",            config().with_level(9),                                12),
        ("another threshold",        config().with_threshold(0),                            12),
        ("the longest threshold",    config().with_threshold(usize::MAX),                   12),
        ("almost the longest",       config().with_threshold(usize::MAX - 1),               12),
        ("each of them",             config().with_level(9).with_threshold(0),              11),
    ];
    let mut keys: Vec<_> =
        table.into_iter().map(|(_, config, bits)| key(Role::Server, config, bits)).collect();
    keys.push(usual);
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 7, "{keys:x?}");
}

/// Memory is kept if one direction has context takeover.
#[test]
fn memory_is_kept_where_context_is_taken_over() {
    #[rustfmt::skip]
    let table = [
        // server  client  kept
        (false,    false,  true),
        (false,    true,   true),
        (true,     false,  true),
        (true,     true,   false),
    ];
    for (server_no_context_takeover, client_no_context_takeover, kept) in table {
        let params = DeflateParams {
            server_no_context_takeover,
            client_no_context_takeover,
            ..DeflateParams::default()
        };
        let (server, client) = pair(params);
        assert_eq!((server.keeps_memory(), client.keeps_memory()), (kept, kept), "{params:?}");
    }
}

proptest! {
    /// Messages arrive unchanged, in any fragments, with any parameters, compressed or not.
    #[test]
    #[cfg_attr(miri, ignore = "much to compress")]
    fn round_trip(
        messages in prop::collection::vec((prop::collection::vec(0u8..4, 0..3000), 1usize..2000, any::<bool>()), 1..6),
        bits in 8u8..=15,
        no_context_takeover in any::<bool>(),
        level in 1u8..=9,
    ) {
        let params = DeflateParams {
            client_max_window_bits: WindowBits::new(bits).unwrap(),
            client_no_context_takeover: no_context_takeover,
            ..DeflateParams::default()
        };
        let config = DeflateConfig::default().with_backend(BACKEND).with_level(level);
        let mut client = PermessageDeflate::new(Role::Client, params, &config);
        let mut server = PermessageDeflate::new(Role::Server, params, &config);
        for (message, piece, verbatim) in messages {
            let (mut compressed, mut joined) = (false, Vec::new());
            let count = message.chunks(piece).count().max(1);
            for number in 0..count {
                let part = message.chunks(piece).nth(number).unwrap_or_default();
                let opcode = if number == 0 { Opcode::Binary } else { Opcode::Continuation };
                let mut frame = OutboundFrame::new(opcode, part);
                frame.fin = number + 1 == count;
                frame.verbatim = verbatim;
                let (sent, payload) = outbound(&mut client, &frame);
                prop_assert_eq!(sent.rsv == Rsv::RSV1, number == 0 && sent.handling == Handling::Transform);
                compressed = sent.handling == Handling::Transform;
                joined.extend_from_slice(if compressed { &payload } else { part });
            }
            let received = if compressed { receive(&mut server, &joined).unwrap() } else { joined };
            prop_assert_eq!(received, message);
        }
    }
}

/// A header may go alone if its message isn't compressed, and the next message is compressed again.
#[test]
fn a_header_goes_alone_unless_its_message_is_compressed() {
    let (mut server, mut client) = pair(DeflateParams::default());
    let header = |opcode| crate::FrameHeader::new(opcode, 1 << 40);
    let text = json(500);
    let first = send(&mut server, &text).unwrap();
    assert_eq!(receive(&mut client, &first).as_deref(), Ok(&text[..]));
    for opcode in [Opcode::Text, Opcode::Binary, Opcode::Continuation] {
        assert_eq!(server.outbound_header(&header(opcode)), Some(Rsv::NONE), "{opcode:?}");
    }
    let mut out = Vec::new();
    let part = OutboundFrame::new(Opcode::Text, &text).unfinished();
    let mut sent = |server: &mut PermessageDeflate, frame| {
        server.outbound(&frame, &mut Output::new(&mut out, usize::MAX)).unwrap().handling
    };
    assert_eq!(sent(&mut server, part), Handling::Transform);
    assert_eq!(server.outbound_header(&header(Opcode::Continuation)), None);
    let rest = OutboundFrame { opcode: Opcode::Continuation, ..OutboundFrame::new(Opcode::Text, b"rest") };
    assert_eq!(sent(&mut server, rest), Handling::Transform, "nothing has changed");
    let whole = [&text[..], b"rest"].concat();
    assert_eq!(receive(&mut client, &out).as_deref(), Ok(&whole[..]));
    assert!(server.is_per_message());
}
