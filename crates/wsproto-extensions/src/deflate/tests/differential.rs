//! Two libraries, one verdict: whatever a peer sends, both read the same or neither reads it.

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use wsproto_frame::{FrameHeader, Opcode, Rsv};

use super::{json, noise, pair, receive, send};
use crate::deflate::{Backend, DeflateParams, PermessageDeflate, WindowBits};
use crate::{Extension, Output};

const BACKENDS: [Backend; 2] = [Backend::Miniz, Backend::ZlibRs];

/// Reads messages one after the other with one window, up to the first that is bad.
fn read(backend: Backend, payloads: &[Vec<u8>]) -> Vec<Option<Vec<u8>>> {
    let (_, mut client) = pair(backend, DeflateParams::default());
    read_by(payloads, |payload| receive(&mut client, payload).ok())
}

fn read_by(
    payloads: &[impl AsRef<[u8]>],
    mut one: impl FnMut(&[u8]) -> Option<Vec<u8>>,
) -> Vec<Option<Vec<u8>>> {
    let mut found = Vec::new();
    for payload in payloads {
        found.push(one(payload.as_ref()));
        if found.last() == Some(&None) {
            break;
        }
    }
    found
}

fn assert_same(payloads: &[Vec<u8>]) -> Result<(), TestCaseError> {
    prop_assert_eq!(read(Backend::Miniz, payloads), read(Backend::ZlibRs, payloads), "{:02x?}", payloads);
    Ok(())
}

/// Messages as one of the libraries writes them.
fn written(backend: Backend, level: u8) -> Vec<Vec<u8>> {
    let config = super::DeflateConfig::default().with_backend(backend).with_level(level).with_threshold(0);
    let mut server = PermessageDeflate::new(wsproto_frame::Role::Server, DeflateParams::default(), &config);
    let texts = [json(300), json(1000), noise(20), vec![7; 600], json(2000)];
    texts.iter().filter_map(|text| send(&mut server, text)).collect()
}

/// Receives a message whose payload comes a few bytes at a time, these in fragments of their own or in one frame.
fn receive_slowly(
    deflate: &mut PermessageDeflate,
    payload: &[u8],
    few: usize,
    fragmented: bool,
) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let len = if fragmented { few } else { payload.len().max(1) };
    let frames = if payload.is_empty() { vec![payload] } else { payload.chunks(len).collect() };
    let mut header = FrameHeader::new(Opcode::Binary, 0).with_rsv(Rsv::RSV1);
    for frame in frames {
        header.payload_len = frame.len() as u64;
        header.fin = core::ptr::eq(frame.as_ptr_range().end, payload.as_ptr_range().end);
        deflate.inbound_header(&header).unwrap();
        for mut part in frame.chunks(few) {
            deflate.inbound(&mut part, &mut Output::new(&mut out, 1 << 20)).ok()?;
        }
        deflate.inbound_end(&header, &mut Output::new(&mut out, 1 << 20)).ok()?;
        header = FrameHeader::new(Opcode::Continuation, 0);
    }
    Some(out)
}

/// F4: a decompressor that keeps the first bytes of a message instead of all it works with reads the same, wherever the
/// window stands and however far back the message refers.
#[test]
#[cfg_attr(miri, ignore = "much to compress")]
fn f4_short_messages_that_come_slowly() {
    let source = json(40_000);
    let windows = [8, 9, 10, 11, 15].map(|bits| WindowBits::new(bits).unwrap());
    for (window, backend) in windows.into_iter().flat_map(|window| BACKENDS.map(|backend| (window, backend)))
    {
        let params = DeflateParams { server_max_window_bits: window, ..DeflateParams::default() };
        let (mut server, _) = pair(Backend::ZlibRs, params);
        let [mut in_fragments, mut in_one_frame] = [true, false].map(|_| pair(backend, params).1);
        let mut short = 0;
        for number in 0..3000_usize {
            let from = if number % 3 == 0 { number * 7919 % 39_000 } else { number / 90 * 90 };
            let message = &source[from..][..20 + number * 31 % 380];
            let Some(payload) = send(&mut server, message) else { continue };
            short += usize::from(payload.len() <= 12);
            for (deflate, fragmented) in [(&mut in_fragments, true), (&mut in_one_frame, false)] {
                let received = receive_slowly(deflate, &payload, 1 + number % 7, fragmented).unwrap();
                assert!(
                    received == message,
                    "{backend:?}, window {window}, message {number}, fragmented {fragmented}"
                );
            }
        }
        assert!(short > 200 || window < WindowBits::MAX, "window {window}: {short} short messages");
    }
}

/// F4: the same of messages that are all short, at once or by bytes, one after the other, good or bad.
#[test]
fn f4_short_messages_one_after_the_other() {
    // Stored.
    let long = [&[0x00, 0xb8, 0x0b, 0x47, 0xf4][..], &[b'x'; 3000], &[0x00]].concat();
    #[rustfmt::skip]
    let payloads: [&[u8]; 11] = [
        b"\xf2\x48\xcd\xc9\xc9\x07\x00",
        b"\xf2\x00\x11\x00\x00",
        // With a final block, and one that the tail ends.
        b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00",
        b"\x01",
        b"\x00",
        // 1807 times the same byte: more than some windows hold.
        b"\x4a\x1c\x05\xa3\x60\x14\x8c\x82\x51\x30\x0a\x46",
        // 258 bytes from 600 back, and 5 from 5.
        b"\x1a\x4d\x57\x00\x00",
        b"\x02\x13\x00\x00",
        WITHIN,
        b"",
        &long,
    ];
    let orders = (0..11 * 11 * 11).map(|number| [number / 121, number / 11 % 11, number % 11]);
    for (order, backend) in orders.flat_map(|order| BACKENDS.map(|backend| (order, backend))) {
        for window in [8, 10, 15].map(|bits| WindowBits::new(bits).unwrap()) {
            let params = DeflateParams { server_max_window_bits: window, ..DeflateParams::default() };
            let messages = order.map(|number| payloads[number]);
            let (_, mut at_once) = pair(backend, params);
            let expected = read_by(&messages, |payload| receive(&mut at_once, payload).ok());
            if window == WindowBits::MAX {
                let other = read(Backend::Miniz, &messages.map(<[u8]>::to_vec));
                assert_eq!(expected, other, "{backend:?}, {order:?}");
            }
            for (few, fragmented) in [(1, false), (1, true), (5, true), (1000, false)] {
                let (_, mut slow) = pair(backend, params);
                let found = read_by(&messages, |payload| receive_slowly(&mut slow, payload, few, fragmented));
                assert!(found == expected, "{backend:?}, window {window}, {order:?}, pieces of {few}");
            }
        }
    }
}

/// A message whose tail is part of a table of codes, so that its last block ends within the last byte.
const WITHIN: &[u8] = b"\x04\xe1\x81\x08\x00\x00\x00\x00\x20\xf8\x8b\x56";

/// D14: the last block ends within the last byte of what is put behind the message: the rest of it begins the next one.
#[test]
fn d14_a_message_that_ends_within_a_byte() {
    assert_eq!(
        BACKENDS.map(|backend| read(backend, &[WITHIN.to_vec()])),
        [[Some(Vec::new())], [Some(Vec::new())]]
    );
    let mut first = b"\x04\xdb\x31\x0c\xc0\x30\x0c\xc3\x30\x00\xf8\xff\xff\xff\xdf\x83\xf2".to_vec();
    first.extend([0xff; 13]);
    first.extend([0xbf, 0x3e]);
    for second in [&[0x39, 0x02, 0, 0][..], &[0x72, 0x04, 0]] {
        let payloads = [first.clone(), second.to_vec()];
        let [whole, other] = BACKENDS.map(|backend| read(backend, &payloads));
        assert_eq!(whole, other, "{second:02x?}");
        for backend in BACKENDS {
            let (_, mut slow) = pair(backend, DeflateParams::default());
            let found = read_by(&payloads, |payload| receive_slowly(&mut slow, payload, 1, true));
            assert_eq!(found, whole, "{backend:?}, {second:02x?}");
        }
    }
}

/// D14: what is kept behind a final block is the window that was agreed, wherever the output goes.
#[test]
fn d14_too_far_back_behind_final_blocks() {
    let stored = |last: u8, data: &[u8]| {
        let len = u16::try_from(data.len()).unwrap();
        [&[last][..], &len.to_le_bytes(), &(!len).to_le_bytes(), data].concat()
    };
    let noise: Vec<u8> = (0..8000_u16).map(|number| (number / 100).to_le_bytes()[0]).collect();
    let messages = [
        [stored(0, &[b'a'; 100]), vec![0]].concat(),
        [stored(0, &noise), stored(1, b""), vec![0]].concat(),
        [stored(1, b""), vec![0]].concat(),
        // 258 bytes from 6000 back.
        vec![0x1a, 0x1d, 0x6f, 0x07, 0x00],
    ];
    let params =
        DeflateParams { server_max_window_bits: WindowBits::new(12).unwrap(), ..DeflateParams::default() };
    for (backend, in_place) in [(Backend::Miniz, false), (Backend::ZlibRs, false), (Backend::ZlibRs, true)] {
        let (_, mut client) = pair(backend, params);
        let verdicts = messages.each_ref().map(|payload| {
            let header = FrameHeader::new(Opcode::Binary, payload.len() as u64).with_rsv(Rsv::RSV1);
            let (mut memory, mut grown) = (vec![0; 1 << 16], Vec::new());
            let mut output =
                if in_place { Output::over(&mut memory) } else { Output::new(&mut grown, 1 << 16) };
            client.inbound_header(&header).unwrap();
            let read = client.inbound(&mut &payload[..], &mut output);
            read.and_then(|()| client.inbound_end(&header, &mut output)).is_ok()
        });
        assert_eq!(verdicts, [true, true, true, false], "{backend:?}, in place {in_place}");
    }
}

proptest! {
    /// D14: any bytes.
    #[test]
    fn d14_garbage_has_one_verdict(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        assert_same(&[payload])?;
    }

    /// D14: bytes that begin as each kind of block does.
    #[test]
    fn d14_blocks_have_one_verdict(first in 0u8..8, rest in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut payload = rest;
        if let Some(byte) = payload.first_mut() {
            *byte = *byte & !7 | first;
        }
        assert_same(&[payload])?;
    }

    /// D12, D14: good messages, one of them damaged, cut or lengthened.
    #[test]
    fn d14_damage_has_one_verdict(
        level in 1u8..=9,
        zlib in any::<bool>(),
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        damage in 0u8..4,
        byte in any::<u8>(),
    ) {
        let mut payloads = written(if zlib { Backend::ZlibRs } else { Backend::Miniz }, level);
        let payload = which.get_mut(&mut payloads);
        let at = at.index(payload.len());
        match damage {
            0 => payload[at] = byte,
            1 => payload[at] ^= 1 << (byte & 7),
            2 => payload.truncate(at),
            _ => payload.insert(at, byte),
        }
        assert_same(&payloads)?;
    }
}
