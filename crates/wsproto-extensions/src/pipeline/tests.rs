//! RFC 6455 §9.1 and §5.2: the order of extensions, their bits, bounded output, and faults of theirs.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;
use wsproto_frame::{CloseCode, FrameHeader, Opcode, Rsv};

use super::{FrameEnd, Pipeline, Pulled};
use crate::mock::{Broken, Fault, Mock, REFUSAL};
use crate::{Extension, ExtensionConfig, ExtensionError, Handling, Outbound, OutboundFrame, Output};

fn stack(names: &[(&'static str, Rsv)]) -> Pipeline {
    let agreed = names.iter().map(|&(name, rsv)| {
        let config = Mock::brackets(name, rsv);
        let (_, extension) = config.answer(&crate::Params::new(name)).unwrap();
        (config, extension)
    });
    Pipeline::new(agreed.collect())
}

fn broken(fault: Fault) -> Pipeline {
    let config: Arc<dyn ExtensionConfig> = Mock::brackets("broken", Rsv::RSV3);
    let extension: Box<dyn Extension> = Box::new(Broken(fault));
    Pipeline::new(vec![(config, extension)])
}

/// Receives a frame in pieces, pulling `room` bytes at a time.
fn receive(
    pipeline: &mut Pipeline,
    header: &FrameHeader,
    payload: &[u8],
    piece: usize,
    room: usize,
) -> Result<Vec<u8>, ExtensionError> {
    let mut out = Vec::new();
    if pipeline.inbound_header(header)? == Handling::Pass {
        return Ok(payload.to_vec());
    }
    let mut pieces = payload.chunks(piece).peekable();
    loop {
        let (piece, end) = match (pieces.next(), pieces.peek()) {
            (piece, None) => (piece.unwrap_or_default(), FrameEnd::Reached),
            (piece, Some(_)) => (piece.unwrap_or_default(), FrameEnd::Pending),
        };
        let mut before = out.len();
        let mut pulled = pipeline.feed(piece, end, &mut Output::new(&mut out, room))?;
        while pulled == Pulled::More {
            assert!(out.len() - before <= room, "no more than the room");
            before = out.len();
            pulled = pipeline.pull(&mut Output::new(&mut out, room))?;
        }
        assert!(out.len() - before <= room, "no more than the room");
        match (pulled, end) {
            (Pulled::Drained, FrameEnd::Pending) => {}
            (Pulled::Finished, FrameEnd::Reached) => return Ok(out),
            (pulled, end) => panic!("{pulled:?} after {end:?}"),
        }
    }
}

fn send(pipeline: &mut Pipeline, frame: &OutboundFrame<'_>) -> (Rsv, Vec<u8>) {
    let mut out = b"before".to_vec();
    let sent = pipeline.outbound(frame, &mut out).unwrap();
    let written = out.strip_prefix(b"before").unwrap().to_vec();
    match sent.handling {
        Handling::Pass => {
            assert!(written.is_empty());
            (sent.rsv, frame.payload.to_vec())
        }
        Handling::Transform => (sent.rsv, written),
    }
}

//= rfc6455#9.1-7
#[test]
fn first_agreed_is_done_first_and_undone_last() {
    let mut pipeline = stack(&[("foo", Rsv::RSV1), ("bar", Rsv::RSV2)]);
    let (rsv, payload) = send(&mut pipeline, &OutboundFrame::new(Opcode::Text, b"data"));
    assert_eq!((rsv, payload.as_slice()), (Rsv::RSV1 | Rsv::RSV2, &b"[(data)]"[..]));
    let header = FrameHeader::new(Opcode::Text, 8).with_rsv(rsv);
    assert_eq!(receive(&mut pipeline, &header, &payload, 8, 100).as_deref(), Ok(&b"data"[..]));
    // The wrong way round is refused by the extension that is undone first.
    assert!(receive(&mut pipeline, &header, b"([data])", 8, 100).is_err());
}

#[test]
fn each_frame_may_pass_some() {
    let mut pipeline = stack(&[("foo", Rsv::RSV1), ("bar", Rsv::RSV2), ("baz", Rsv::RSV3)]);
    #[rustfmt::skip]
    let table = [
        ("none",   Rsv::NONE,             &b"[x]"[..],   &b"[x]"[..]),
        ("first",  Rsv::RSV1,             b"([x])",      b"[x]"),
        ("middle", Rsv::RSV2,             b"[x]",        b"x"),
        ("last",   Rsv::RSV3,             b"{[x]}",      b"[x]"),
        ("outer",  Rsv::RSV1 | Rsv::RSV3, b"{(x)}",      b"x"),
        ("all",    Rsv::RSV1 | Rsv::RSV2 | Rsv::RSV3, b"{[(x)]}", b"x"),
    ];
    for (name, rsv, payload, expected) in table {
        for (piece, room) in [(1, 1), (2, 1), (100, 1), (1, 100), (100, 100)] {
            let header = FrameHeader::new(Opcode::Binary, 1).with_rsv(rsv);
            let found = receive(&mut pipeline, &header, payload, piece, room);
            assert_eq!(found.as_deref(), Ok(expected), "{name} {piece} {room}");
        }
    }
    let verbatim = OutboundFrame::new(Opcode::Binary, b"x").verbatim();
    assert_eq!(send(&mut pipeline, &verbatim), (Rsv::NONE, b"x".to_vec()));
}

//= rfc6455#5.2-2
#[test]
fn f9_bits_without_owner() {
    let bits = [Rsv::NONE, Rsv::RSV1, Rsv::RSV2, Rsv::RSV3];
    let opcodes =
        [Opcode::Continuation, Opcode::Text, Opcode::Binary, Opcode::Close, Opcode::Ping, Opcode::Pong];
    for (owned, (a, b)) in
        bits.into_iter().flat_map(|o| bits.into_iter().flat_map(move |a| bits.map(|b| (o, (a, b)))))
    {
        let mut pipeline = if owned == Rsv::NONE { Pipeline::default() } else { stack(&[("foo", owned)]) };
        for opcode in opcodes {
            let set = a | b;
            let unowned = set.difference(owned);
            let found = pipeline.inbound_header(&FrameHeader::new(opcode, 0).with_rsv(set));
            if unowned.is_empty() {
                assert!(found.is_ok(), "{owned:?} {set:?}");
            } else {
                assert_eq!(found, Err(ExtensionError::UnownedRsv(unowned)), "{owned:?} {set:?}");
                assert_eq!(found.unwrap_err().close_code(), CloseCode::PROTOCOL_ERROR);
            }
        }
    }
}

#[test]
fn d19_faults_and_refusals() {
    use ExtensionError::{ControlTransformed, ForeignRsv, Refused, Stalled};
    #[rustfmt::skip]
    let table = [
        (Fault::RefusesHeaders,    Some(Refused(REFUSAL)),      None,                            CloseCode::POLICY_VIOLATION),
        (Fault::RefusesChunks,     Some(Refused(REFUSAL)),      None,                            CloseCode::POLICY_VIOLATION),
        (Fault::RefusesEnds,       Some(Refused(REFUSAL)),      None,                            CloseCode::POLICY_VIOLATION),
        (Fault::Stalls,            Some(Stalled),               None,                            CloseCode::INTERNAL_ERROR),
        (Fault::NeverEnds,         Some(Stalled),               None,                            CloseCode::INTERNAL_ERROR),
        (Fault::SetsForeignBits,   None,                        Some(ForeignRsv(Rsv::RSV2)),     CloseCode::INTERNAL_ERROR),
        (Fault::RefusesToSend,     None,                        Some(Refused(REFUSAL)),          CloseCode::POLICY_VIOLATION),
    ];
    for (fault, receiving, sending, code) in table {
        let mut pipeline = broken(fault);
        let header = FrameHeader::new(Opcode::Text, 4);
        let found = receive(&mut pipeline, &header, b"data", 4, 100);
        assert_eq!(found.err(), receiving, "{fault:?}");
        let mut out = b"before".to_vec();
        let found = pipeline.outbound(&OutboundFrame::new(Opcode::Text, b"data"), &mut out);
        assert_eq!(found.err(), sending, "{fault:?}");
        assert_eq!(out, b"before", "{fault:?}: nothing was appended");
        assert_eq!(receiving.or(sending).unwrap().close_code(), code, "{fault:?}");
    }
    let mut pipeline = broken(Fault::TransformsControl);
    assert_eq!(pipeline.inbound_header(&FrameHeader::new(Opcode::Ping, 0)), Err(ControlTransformed));
    let ping = OutboundFrame::new(Opcode::Ping, b"");
    assert_eq!(pipeline.outbound(&ping, &mut Vec::new()), Err(ControlTransformed));
}

#[test]
fn control_frames_change_nothing() {
    let mut pipeline = stack(&[("foo", Rsv::RSV1), ("bar", Rsv::RSV2)]);
    let both = Rsv::RSV1 | Rsv::RSV2;
    for opcode in [Opcode::Ping, Opcode::Pong, Opcode::Close] {
        let first = FrameHeader::new(Opcode::Text, 0).unfinished().with_rsv(both);
        assert_eq!(receive(&mut pipeline, &first, b"[(a)]", 1, 1).as_deref(), Ok(&b"a"[..]));
        let control = FrameHeader::new(opcode, 0);
        assert_eq!(pipeline.inbound_header(&control), Ok(Handling::Pass));
        let last = FrameHeader::new(Opcode::Continuation, 0).with_rsv(both);
        assert_eq!(receive(&mut pipeline, &last, b"[(b)]", 1, 1).as_deref(), Ok(&b"b"[..]));
        assert_eq!(pipeline.outbound(&OutboundFrame::new(opcode, b"x"), &mut Vec::new()), Ok(Outbound::PASS));
    }
}

/// What is shown and asked of a pipeline: the names, the bits, the keys, and whether any extension keeps memory.
#[test]
fn what_was_agreed_is_told_in_its_order() {
    let pipeline = stack(&[("foo", Rsv::RSV1), ("bar", Rsv::RSV3)]);
    assert!(!pipeline.is_empty() && pipeline.keeps_memory());
    assert_eq!(pipeline.names().collect::<Vec<_>>(), ["foo", "bar"]);
    assert_eq!(pipeline.outbound_keys().collect::<Vec<_>>(), [("foo", None), ("bar", None)]);
    assert_eq!(pipeline.rsv(), Rsv::RSV1 | Rsv::RSV3);
    assert_eq!(alloc::format!("{pipeline:?}"), r#"["foo", "bar"]"#);
    let none = Pipeline::default();
    assert!(!none.keeps_memory() && none.outbound_keys().next().is_none());
    assert_eq!(alloc::format!("{none:?}"), "[]");
}

#[test]
fn without_extensions() {
    let mut pipeline = Pipeline::default();
    assert!(pipeline.is_empty() && pipeline.names().next().is_none() && pipeline.rsv().is_empty());
    assert_eq!(size_of::<Pipeline>(), size_of::<usize>());
    assert_eq!(pipeline.inbound_header(&FrameHeader::new(Opcode::Text, 5)), Ok(Handling::Pass));
    let mut out = Vec::new();
    assert_eq!(pipeline.outbound(&OutboundFrame::new(Opcode::Text, b"Hello"), &mut out), Ok(Outbound::PASS));
    assert!(out.is_empty());
}

proptest! {
    /// Whatever the payload, the pieces and the room: what was sent is what is received.
    #[test]
    fn round_trip(
        payload in prop::collection::vec(any::<u8>(), 0..if cfg!(miri) { 100 } else { 10_000 }),
        piece in 1usize..5000,
        room in 1usize..5000,
        depth in 1usize..=3,
    ) {
        let all = [("foo", Rsv::RSV1), ("bar", Rsv::RSV2), ("baz", Rsv::RSV3)];
        let mut pipeline = stack(&all[..depth]);
        let (rsv, sent) = send(&mut pipeline, &OutboundFrame::new(Opcode::Binary, &payload));
        prop_assert_eq!(sent.len(), payload.len() + 2 * depth);
        let header = FrameHeader::new(Opcode::Binary, 0).with_rsv(rsv);
        prop_assert_eq!(receive(&mut pipeline, &header, &sent, piece, room), Ok(payload));
    }
}

#[test]
fn what_no_extension_transforms_comes_out_as_it_is() {
    let mut pipeline = stack(&[("foo", Rsv::RSV1)]);
    for (end, done) in [(FrameEnd::Pending, Pulled::Drained), (FrameEnd::Reached, Pulled::Finished)] {
        assert_eq!(pipeline.inbound_header(&FrameHeader::new(Opcode::Text, 5)), Ok(Handling::Pass));
        let mut out = Vec::new();
        assert_eq!(pipeline.feed(b"Hello", end, &mut Output::new(&mut out, 3)), Ok(Pulled::More));
        assert_eq!(
            (out.as_slice(), pipeline.pull(&mut Output::new(&mut out.clone(), 0))),
            (&b"Hel"[..], Ok(Pulled::More))
        );
        assert_eq!(pipeline.pull(&mut Output::new(&mut out, 3)), Ok(done));
        assert_eq!(out, b"Hello");
    }
}

#[test]
fn a_piece_that_is_fed_before_the_last_was_drained_is_kept_behind_it() {
    let mut pipeline = stack(&[("foo", Rsv::RSV1)]);
    let header = FrameHeader::new(Opcode::Text, 7).with_rsv(Rsv::RSV1);
    assert_eq!(pipeline.inbound_header(&header), Ok(Handling::Transform));
    let mut out = Vec::new();
    assert_eq!(pipeline.feed(b"(Hel", FrameEnd::Pending, &mut Output::new(&mut out, 1)), Ok(Pulled::More));
    assert_eq!(pipeline.feed(b"lo)", FrameEnd::Reached, &mut Output::new(&mut out, 1)), Ok(Pulled::More));
    assert_eq!(pipeline.pull(&mut Output::new(&mut out, 100)), Ok(Pulled::Finished));
    assert_eq!(out, b"Hello");
}
