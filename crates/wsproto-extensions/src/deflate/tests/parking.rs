//! A connection that is parked, at any time and any number of times, sends and receives as one that is not.

use alloc::vec::Vec;

use wsproto_frame::{FrameHeader, Opcode, Rsv};

use super::{json, noise, pair, receive, send};
use crate::deflate::{Backend, DeflateParams, PermessageDeflate, WindowBits};
use crate::{Extension, Output};

/// Receives a message and parks after each group of this many bytes, and between its last ones and its end.
fn receive_parked(deflate: &mut PermessageDeflate, payload: &[u8], every: usize, room: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let header = FrameHeader::new(Opcode::Binary, payload.len() as u64).with_rsv(Rsv::RSV1);
    deflate.inbound_header(&header).unwrap();
    deflate.park();
    for mut part in payload.chunks(every) {
        loop {
            let (before, left) = (out.len(), part.len());
            deflate.inbound(&mut part, &mut Output::new(&mut out, room)).unwrap();
            deflate.park();
            if out.len() - before < room && part.is_empty() {
                break;
            }
            assert!(out.len() > before || part.len() < left, "nothing was done");
        }
    }
    deflate.inbound_end(&header, &mut Output::new(&mut out, room)).unwrap();
    deflate.park();
    out
}

#[test]
#[cfg_attr(miri, ignore = "much to compress")]
fn what_is_received_while_parked_at_any_place_is_the_same() {
    let text = json(70_000);
    for window in [8, 9, 12, 15].map(|bits| WindowBits::new(bits).unwrap()) {
        for (every, room) in [(1, 1000), (2, 7), (3, 1), (100, 5000), (5000, 100_000)] {
            let params = DeflateParams { server_max_window_bits: window, ..DeflateParams::default() };
            let (mut server, mut client) = pair(Backend::Miniz, params);
            let mut start = 0;
            for len in [0, 1, 300, 40, 2500, 700, 20_000] {
                let message = &text[start..start + len];
                start += len / 2;
                let payload = send(&mut server, message).unwrap();
                let received = receive_parked(&mut client, &payload, every, room);
                assert!(received == message, "window {window}, {len} bytes, {every} at a time, room {room}");
            }
        }
    }
}

/// The first message after parking begins with an empty window, and later ones refer to it.
#[test]
fn what_is_sent_after_parking_begins_afresh() {
    let (mut server, mut client) = pair(Backend::Miniz, DeflateParams::default());
    let text = json(1000);
    let mut exchange = |server: &mut PermessageDeflate| {
        let payload = send(server, &text).unwrap();
        assert_eq!(receive(&mut client, &payload).as_deref(), Ok(&text[..]));
        payload.len()
    };
    let (first, second) = (exchange(&mut server), exchange(&mut server));
    server.park();
    let (afresh, after) = (exchange(&mut server), exchange(&mut server));
    assert!(second < first / 4 && after < first / 4, "{first}, {second}, {afresh}, {after}");
    assert!(afresh.abs_diff(first) < 10, "{first}, {afresh}");
}

/// A failed connection stays failed.
#[test]
fn parking_mends_nothing() {
    let (_, mut client) = pair(Backend::Miniz, DeflateParams::default());
    let refused = receive(&mut client, &noise(500)).unwrap_err();
    client.park();
    assert_eq!(receive(&mut client, b"").unwrap_err(), refused);
}
