//! A message that comes slowly gives the same result, for all places of the window and all earlier messages.

use alloc::vec;
use alloc::vec::Vec;

use crate::deflate::streams::{Library, TAIL, Writer};
use wsproto_frame::{CloseCode, FrameHeader, Opcode, Rsv};

use super::{json, pair, receive, send};
use crate::deflate::{Backend, DeflateParams, PermessageDeflate, WindowBits};
use crate::{Extension, Output};

/// Reads messages one after the other with one window, up to the first invalid one.
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

/// Receives a message whose payload comes a few bytes at a time, each in its own fragment or all in one frame.
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

/// F4: for all places of the window, and all distances to which the message refers.
#[test]
#[cfg_attr(miri, ignore = "much to compress")]
fn f4_short_messages_that_come_slowly() {
    let source = json(40_000);
    let windows = [8, 9, 10, 11, 15].map(|bits| WindowBits::new(bits).unwrap());
    for window in windows {
        let params = DeflateParams { server_max_window_bits: window, ..DeflateParams::default() };
        let (mut server, mut in_one_frame) = pair(Backend::Miniz, params);
        let (_, mut in_fragments) = pair(Backend::Miniz, params);
        let mut short = 0;
        for number in 0..3000_usize {
            let from = if number % 3 == 0 { number * 7919 % 39_000 } else { number / 90 * 90 };
            let message = &source[from..][..20 + number * 31 % 380];
            let Some(payload) = send(&mut server, message) else { continue };
            short += usize::from(payload.len() <= 12);
            for (deflate, fragmented) in [(&mut in_fragments, true), (&mut in_one_frame, false)] {
                let received = receive_slowly(deflate, &payload, 1 + number % 7, fragmented).unwrap();
                assert!(received == message, "window {window}, message {number}, fragmented {fragmented}");
            }
        }
        assert!(short > 150 || window < WindowBits::MAX, "window {window}: {short} short messages");
    }
}

/// F4: the same with short messages only, at once or byte by byte, one after the other, valid or invalid.
#[test]
fn f4_short_messages_one_after_the_other() {
    // Stored.
    let long = [&[0x00, 0xb8, 0x0b, 0x47, 0xf4][..], &[b'x'; 3000], &[0x00]].concat();
    #[rustfmt::skip]
    let payloads: [&[u8]; 11] = [
        b"\xf2\x48\xcd\xc9\xc9\x07\x00",
        b"\xf2\x00\x11\x00\x00",
        // These have a final block, and one that the tail ends.
        b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00",
        b"\x01",
        b"\x00",
        // 1807 times the same byte, which is more than some windows hold.
        b"\x4a\x1c\x05\xa3\x60\x14\x8c\x82\x51\x30\x0a\x46",
        // 258 bytes from 600 back, and 5 from 5.
        b"\x1a\x4d\x57\x00\x00",
        b"\x02\x13\x00\x00",
        WITHIN,
        b"",
        &long,
    ];
    let orders = (0..11 * 11 * 11).map(|number| [number / 121, number / 11 % 11, number % 11]);
    for order in orders {
        for window in [8, 10, 15].map(|bits| WindowBits::new(bits).unwrap()) {
            let params = DeflateParams { server_max_window_bits: window, ..DeflateParams::default() };
            let messages = order.map(|number| payloads[number]);
            let (_, mut at_once) = pair(Backend::Miniz, params);
            let expected = read_by(&messages, |payload| receive(&mut at_once, payload).ok());
            for (few, fragmented) in [(1, false), (1, true), (5, true), (1000, false)] {
                let (_, mut slow) = pair(Backend::Miniz, params);
                let found = read_by(&messages, |payload| receive_slowly(&mut slow, payload, few, fragmented));
                assert!(found == expected, "window {window}, {order:?}, pieces of {few}");
            }
        }
    }
}

/// A message whose tail is part of a table of codes, so that its last block ends within the last byte.
const WITHIN: &[u8] = b"\x04\xe1\x81\x08\x00\x00\x00\x00\x20\xf8\x8b\x56";

/// D14: the last block ends within the last byte that is appended to the message. The rest of that byte begins the next
/// message.
#[test]
fn d14_a_message_that_ends_within_a_byte() {
    let mut first = b"\x04\xdb\x31\x0c\xc0\x30\x0c\xc3\x30\x00\xf8\xff\xff\xff\xdf\x83\xf2".to_vec();
    first.extend([0xff; 13]);
    first.extend([0xbf, 0x3e]);
    for second in [&[0x39, 0x02, 0, 0][..], &[0x72, 0x04, 0]] {
        for payloads in [&[WITHIN][..], &[&first, second], &[WITHIN, second], &[second, WITHIN, &first]] {
            let read = Library::Miniz.read(payloads, 1 << 20).unwrap();
            assert_eq!(Library::ZlibRs.read(payloads, 1 << 20).as_ref(), Some(&read), "{payloads:02x?}");
            let expected = read.messages.into_iter().map(Some).chain(read.bad.then_some(None));
            let expected: Vec<_> = expected.collect();
            let (mut at_once, mut slow) = pair(Backend::Miniz, DeflateParams::default());
            let found = read_by(payloads, |payload| receive(&mut at_once, payload).ok());
            assert_eq!(found, expected, "{payloads:02x?}");
            let found = read_by(payloads, |payload| receive_slowly(&mut slow, payload, 1, true));
            assert_eq!(found, expected, "{payloads:02x?}");
        }
    }
}

/// D14: the last block ends before the last byte that is appended to the message. That byte begins no block.
#[test]
fn d14_a_message_that_ends_before_the_last_byte() {
    let mut writer = Writer::default();
    // A dynamic block with codes for 257 literals and one distance, and 18 lengths of codes for lengths.
    for (number, bits) in [(0b100, 3), (0, 5), (0, 5), (14, 4)] {
        writer.number(number, bits);
    }
    // The lengths 5, 18, 0 and 1 have the codes 0, 10, 110 and 111.
    for len in [0, 0, 2, 3, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3] {
        writer.number(len, 3);
    }
    // One literal has 1 bit, and 240 have none: 138, 98, and four separate ones.
    for (code, len, extra, bits) in [(0b111, 3, 0, 0), (0b10, 2, 127, 7), (0b10, 2, 87, 7)] {
        writer.code(code, len);
        writer.number(extra, bits);
    }
    (0..4).for_each(|_| writer.code(0b110, 3));
    // The appended bytes mean: sixteen with 5 bits, a distance of 1 bit, and the end.
    let payload = &writer.finish()[..13];
    for next in [&[0][..], &[0xff]] {
        let whole = [payload, &TAIL[..3], next].concat();
        assert_eq!(Library::ZlibRs.read(&[&whole], 1 << 20).unwrap().bad, next != [0], "{next:?}");
        assert_eq!(
            receive(&mut pair(Backend::Miniz, DeflateParams::default()).0, &whole).is_err(),
            next != [0]
        );
    }
    let (mut at_once, mut slow) = pair(Backend::Miniz, DeflateParams::default());
    assert_eq!(receive(&mut at_once, payload), Err(CloseCode::INVALID_PAYLOAD));
    assert_eq!(receive_slowly(&mut slow, payload, 1, true), None);
}

/// D14: after a final block, exactly the agreed window is kept, wherever the output goes.
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
    for in_place in [false, true] {
        let (_, mut client) = pair(Backend::Miniz, params);
        let verdicts = messages.each_ref().map(|payload| {
            let header = FrameHeader::new(Opcode::Binary, payload.len() as u64).with_rsv(Rsv::RSV1);
            let (mut memory, mut grown) = (vec![0; 1 << 16], Vec::new());
            let mut output =
                if in_place { Output::over(&mut memory) } else { Output::new(&mut grown, 1 << 16) };
            client.inbound_header(&header).unwrap();
            let read = client.inbound(&mut &payload[..], &mut output);
            read.and_then(|()| client.inbound_end(&header, &mut output)).is_ok()
        });
        assert_eq!(verdicts, [true, true, true, false], "in place {in_place}");
    }
}
