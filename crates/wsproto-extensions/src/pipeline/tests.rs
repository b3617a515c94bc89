//! RFC 6455 §9.1 and §5.2: the order of extensions, their bits, bounded output, and their faults.

mod unwinding;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::mem;
use core::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use wsproto_frame::{CloseCode, FrameHeader, Opcode, Rsv};

use super::{FrameEnd, Pipeline, Pulled};
use crate::mock::{Broken, Fault, Mock, REFUSAL};
use crate::{
    Extension, ExtensionConfig, ExtensionError, Handling, Outbound, OutboundFrame, Output, Progress, Refusal,
};

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

/// Receives a frame in pieces, and pulls `room` bytes at a time.
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
        Handling::Swallow => panic!("nothing is swallowed here"),
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
    // In the wrong order it is refused by the extension that is reversed first.
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

/// The queries of a pipeline: the names, the bits, the keys, and whether any extension keeps memory.
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
    /// The received payload is the sent one, for all payloads, pieces and rooms.
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

/// An extension that swallows payloads that begin with `!`, in both directions, and frames with RSV3 by their header.
#[derive(Debug, Default)]
struct Sieve {
    started: bool,
}

impl Extension for Sieve {
    fn rsv(&self) -> Rsv {
        Rsv::RSV3
    }

    fn inbound_header(&mut self, header: &FrameHeader) -> Result<Handling, Refusal> {
        self.started = false;
        Ok(match (header.rsv.contains(Rsv::RSV3), header.opcode.is_control()) {
            (true, _) => Handling::Swallow,
            (false, true) => Handling::Pass,
            (false, false) => Handling::Transform,
        })
    }

    fn inbound(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Refusal> {
        if !self.started && input.starts_with(b"!") {
            output.swallow();
        }
        self.started = true;
        let written = output.write(input);
        *input = &input[written..];
        Ok(())
    }

    fn inbound_end(&mut self, _: &FrameHeader, output: &mut Output<'_>) -> Result<Progress, Refusal> {
        if !self.started {
            output.swallow();
        }
        Ok(Progress::Done)
    }

    fn outbound(&mut self, frame: &OutboundFrame<'_>, output: &mut Output<'_>) -> Result<Outbound, Refusal> {
        output.write(b"in vain");
        Ok(if frame.payload.contains(&b'!') { Outbound::SWALLOW } else { Outbound::PASS })
    }
}

/// Returns the sieve between two extensions that put brackets around payloads: [(…)] on the wire if all are agreed.
fn with_sieve(before: bool, after: bool) -> Pipeline {
    let brackets = |name, rsv| {
        let config = Mock::brackets(name, rsv);
        let (_, extension) = config.answer(&crate::Params::new(name)).unwrap();
        (config, extension)
    };
    let mut agreed = Vec::new();
    agreed.extend(before.then(|| brackets("foo", Rsv::RSV1)));
    agreed.push((Mock::brackets("sieve", Rsv::RSV3), Box::new(Sieve::default()) as Box<dyn Extension>));
    agreed.extend(after.then(|| brackets("bar", Rsv::RSV2)));
    Pipeline::new(agreed)
}

#[test]
fn what_is_swallowed_goes_through_the_others_and_is_marked() {
    let both = Rsv::RSV1 | Rsv::RSV2;
    #[rustfmt::skip]
    let table: [(&str, bool, bool, Rsv, &[u8], &[u8], bool); 9] = [
        ("alone",              false, false, Rsv::NONE,         b"!no",   b"!no", true),
        ("alone, empty",       false, false, Rsv::NONE,         b"",      b"",    true),
        ("alone, not",         false, false, Rsv::NONE,         b"yes!",  b"yes!", false),
        ("by its header",      false, false, Rsv::RSV3,         b"yes",   b"yes", true),
        ("it sees it last",    false, true,  Rsv::RSV2,         b"[!no]", b"!no", true),
        ("not",                false, true,  Rsv::RSV2,         b"[yes]", b"yes", false),
        ("it sees it first",   true,  false, Rsv::RSV1,         b"(!no)", b"!no", false),
        ("in between, header", true,  true,  both | Rsv::RSV3,  b"[(no)]", b"no", true),
        ("in between, not",    true,  true,  both,              b"[(!no)]", b"!no", false),
    ];
    for (name, before, after, rsv, payload, expected, swallowed) in table {
        for (piece, room) in [(1, 1), (2, 1), (100, 1), (1, 100), (100, 100)] {
            let mut pipeline = with_sieve(before, after);
            for _ in 0..2 {
                let header = FrameHeader::new(Opcode::Binary, 1).with_rsv(rsv);
                let found = receive(&mut pipeline, &header, payload, piece, room);
                assert_eq!(found.as_deref(), Ok(expected), "{name} {piece} {room}");
                assert_eq!(pipeline.is_swallowing(), swallowed, "{name} {piece} {room}");
                let ping = pipeline.inbound_header(&FrameHeader::new(Opcode::Ping, 0));
                assert_eq!((ping, pipeline.is_swallowing()), (Ok(Handling::Pass), false), "{name}: the next");
            }
        }
    }
    let mut pipeline = with_sieve(false, false);
    for (opcode, found) in [
        (Opcode::Ping, Ok(Handling::Swallow)),
        (Opcode::Pong, Ok(Handling::Swallow)),
        (Opcode::Text, Ok(Handling::Swallow)),
        (Opcode::Close, Err(ExtensionError::SwallowedClose)),
    ] {
        let header = FrameHeader::new(opcode, 2).with_rsv(Rsv::RSV3);
        assert_eq!(pipeline.inbound_header(&header), found, "{opcode:?}");
    }
}

#[test]
fn a_message_is_sent_to_its_end_or_swallowed_whole() {
    use Opcode::{Continuation, Ping, Text};
    for (before, after) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut pipeline = with_sieve(before, after);
        let mut sent = |opcode, payload: &[u8], fin| {
            let mut out = b"before".to_vec();
            let mut frame = OutboundFrame::new(opcode, payload);
            frame.fin = fin;
            let sent = pipeline.outbound(&frame, &mut out).map(|sent| sent.handling);
            let is_swallowed = sent != Ok(Handling::Pass) && sent != Ok(Handling::Transform);
            assert_eq!(out == b"before", is_swallowed || sent == Ok(Handling::Pass), "{payload:?}");
            sent.map(|handling| handling == Handling::Swallow)
        };
        #[rustfmt::skip]
        let table: [(Opcode, &[u8], bool, Result<bool, ExtensionError>); 14] = [
            (Text,          b"!", true,  Ok(true)),
            (Text,          b"a", true,  Ok(false)),
            (Text,          b"!", false, Ok(true)),
            (Continuation,  b"a", false, Ok(true)),
            (Ping,          b"a", true,  Ok(false)),
            (Ping,          b"!", true,  Ok(true)),
            (Continuation,  b"a", true,  Ok(true)),
            (Text,          b"a", false, Ok(false)),
            (Continuation,  b"!", false, Ok(true)),
            (Continuation,  b"!", true,  Err(ExtensionError::SwallowedEnd)),
            (Continuation,  b"a", true,  Ok(false)),
            (Opcode::Close, b"!", true,  Err(ExtensionError::SwallowedClose)),
            // A swallowed message that never ended has no effect on the next one.
            (Text,          b"!", false, Ok(true)),
            (Text,          b"a", true,  Ok(false)),
        ];
        for (at, (opcode, payload, fin, expected)) in table.into_iter().enumerate() {
            assert_eq!(sent(opcode, payload, fin), expected, "{at}: {opcode:?}, {before}, {after}");
        }
    }
}

/// An extension that counts, in a place that the test sees, how often a frame of it isn't sent.
#[derive(Debug)]
struct Witness(Arc<core::sync::atomic::AtomicUsize>);

impl Extension for Witness {
    fn rsv(&self) -> Rsv {
        Rsv::NONE
    }

    fn inbound_header(&mut self, _: &FrameHeader) -> Result<Handling, Refusal> {
        Ok(Handling::Pass)
    }

    fn inbound(&mut self, _: &mut &[u8], _: &mut Output<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn inbound_end(&mut self, _: &FrameHeader, _: &mut Output<'_>) -> Result<Progress, Refusal> {
        Ok(Progress::Done)
    }

    fn outbound(&mut self, _: &OutboundFrame<'_>, _: &mut Output<'_>) -> Result<Outbound, Refusal> {
        Ok(Outbound::PASS)
    }

    fn outbound_dropped(&mut self) {
        self.0.fetch_add(1, core::sync::atomic::Ordering::Relaxed);
    }
}

#[test]
fn whoever_saw_what_another_one_swallows_learns_of_it() {
    use core::sync::atomic::Ordering::Relaxed;
    let counts = [Arc::default(), Arc::default()];
    let [before, after] = &counts;
    let witness = |count: &Arc<_>| -> (Arc<dyn ExtensionConfig>, Box<dyn Extension>) {
        (Mock::brackets("witness", Rsv::NONE), Box::new(Witness(Arc::clone(count))))
    };
    let sieve = (Mock::brackets("sieve", Rsv::RSV3), Box::new(Sieve::default()) as Box<dyn Extension>);
    let mut pipeline = Pipeline::new(vec![witness(before), sieve, witness(after)]);
    for (opcode, payload, dropped) in
        [(Opcode::Text, b"a", 0), (Opcode::Text, b"!", 1), (Opcode::Ping, b"!", 2), (Opcode::Close, b"!", 3)]
    {
        let _outcome = pipeline.outbound(&OutboundFrame::new(opcode, payload), &mut Vec::new());
        assert_eq!((before.load(Relaxed), after.load(Relaxed)), (dropped, 0), "{opcode:?}");
    }
}

/// Brackets that keep nothing between messages.
#[derive(Debug)]
struct Forgetful(Box<dyn Extension>);

impl Extension for Forgetful {
    fn rsv(&self) -> Rsv {
        self.0.rsv()
    }

    fn inbound_header(&mut self, header: &FrameHeader) -> Result<Handling, Refusal> {
        self.0.inbound_header(header)
    }

    fn inbound(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Refusal> {
        self.0.inbound(input, output)
    }

    fn inbound_end(&mut self, header: &FrameHeader, output: &mut Output<'_>) -> Result<Progress, Refusal> {
        self.0.inbound_end(header, output)
    }

    fn outbound(&mut self, frame: &OutboundFrame<'_>, output: &mut Output<'_>) -> Result<Outbound, Refusal> {
        self.0.outbound(frame, output)
    }

    fn keeps_memory(&self) -> bool {
        false
    }
}

/// The buffer between two extensions is kept for the next message if one of them keeps memory.
#[test]
fn memory_between_extensions_is_kept_where_one_keeps_memory() {
    for keeping in [[false, false], [false, true], [true, false], [true, true]] {
        let agreed = [("foo", Rsv::RSV1), ("bar", Rsv::RSV2)].into_iter().zip(keeping);
        let agreed = agreed.map(|((name, rsv), keeps)| {
            let config = Mock::brackets(name, rsv);
            let (_, extension) = config.answer(&crate::Params::new(name)).unwrap();
            (config, if keeps { extension } else { Box::new(Forgetful(extension)) })
        });
        let mut pipeline = Pipeline::new(agreed.collect());
        let kept = keeping != [false, false];
        assert_eq!(pipeline.keeps_memory(), kept, "{keeping:?}");
        for _ in 0..2 {
            let (rsv, payload) = send(&mut pipeline, &OutboundFrame::new(Opcode::Text, b"data"));
            let inner = pipeline.inner.as_ref().unwrap();
            assert_eq!(
                inner.scratch.each_ref().map(|memory| memory.capacity() > 0),
                [kept; 2],
                "{keeping:?}"
            );
            let header = FrameHeader::new(Opcode::Text, 8).with_rsv(rsv);
            assert_eq!(receive(&mut pipeline, &header, &payload, 3, 2).as_deref(), Ok(&b"data"[..]));
            let inner = pipeline.inner.as_ref().unwrap();
            let links: Vec<_> = inner.stages.iter().map(|stage| stage.link.capacity() > 0).collect();
            assert_eq!(links, [false, kept], "{keeping:?}");
        }
    }
}

/// An extension that writes each `w`, drops each `-`, and swallows the frame at a `!`, or at its end.
#[derive(Debug)]
struct Scripted {
    at_end: bool,
}

impl Extension for Scripted {
    fn rsv(&self) -> Rsv {
        Rsv::NONE
    }

    fn inbound_header(&mut self, _: &FrameHeader) -> Result<Handling, Refusal> {
        Ok(Handling::Transform)
    }

    fn inbound(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Refusal> {
        for byte in mem::take(input) {
            match byte {
                b'w' => assert_eq!(output.write(b"w"), 1),
                b'!' => output.swallow(),
                _ => {}
            }
        }
        Ok(())
    }

    fn inbound_end(&mut self, _: &FrameHeader, output: &mut Output<'_>) -> Result<Progress, Refusal> {
        if self.at_end {
            output.swallow();
        }
        Ok(Progress::Done)
    }

    fn outbound(&mut self, _: &OutboundFrame<'_>, _: &mut Output<'_>) -> Result<Outbound, Refusal> {
        Ok(Outbound::PASS)
    }
}

/// A frame may be swallowed as long as none of it was written, whatever was read, in one call or several.
#[test]
fn d19_a_frame_is_swallowed_late() {
    let late = Err(ExtensionError::SwallowedLate);
    #[rustfmt::skip]
    let table: [(&[&str], bool, Result<bool, ExtensionError>); 12] = [
        // pieces              at the end  swallowed
        (&["w"],               false,      Ok(false)),
        (&["-", "-"],          false,      Ok(false)),
        (&["!"],               false,      Ok(true)),
        (&["--!"],             false,      Ok(true)),
        (&["-", "-", "!"],     false,      Ok(true)),
        (&["-", "-!", "-"],    false,      Ok(true)),
        (&[""],                true,       Ok(true)),
        (&["-", "-"],          true,       Ok(true)),
        (&["w!"],              false,      late.clone()),
        (&["w", "!"],          false,      late.clone()),
        (&["-", "w", "-", "!"], false,     late.clone()),
        (&["w"],               true,       late),
    ];
    for (pieces, at_end, expected) in table {
        let config = Mock::brackets("scripted", Rsv::NONE);
        let mut pipeline = Pipeline::new(vec![(config, Box::new(Scripted { at_end }) as Box<dyn Extension>)]);
        pipeline.inbound_header(&FrameHeader::new(Opcode::Text, 9)).unwrap();
        let mut out = Vec::new();
        let fed = pieces.iter().enumerate().try_for_each(|(number, piece)| {
            let end = if number + 1 == pieces.len() { FrameEnd::Reached } else { FrameEnd::Pending };
            pipeline.feed(piece.as_bytes(), end, &mut Output::new(&mut out, 100)).map(drop)
        });
        assert_eq!(fed.map(|()| pipeline.is_swallowing()), expected, "{pieces:?}, {at_end}");
    }
}

/// An extension that lets headers pass alone, with a bit, unless the length is 7; it counts frames that aren't sent.
#[derive(Debug)]
struct Unseeing {
    bit: Rsv,
    dropped: Arc<AtomicUsize>,
}

impl Extension for Unseeing {
    fn rsv(&self) -> Rsv {
        Rsv::RSV3
    }

    fn inbound_header(&mut self, _: &FrameHeader) -> Result<Handling, Refusal> {
        Ok(Handling::Pass)
    }

    fn inbound(&mut self, _: &mut &[u8], _: &mut Output<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn inbound_end(&mut self, _: &FrameHeader, _: &mut Output<'_>) -> Result<Progress, Refusal> {
        Ok(Progress::Done)
    }

    fn outbound(&mut self, frame: &OutboundFrame<'_>, _: &mut Output<'_>) -> Result<Outbound, Refusal> {
        Ok(if frame.payload == b"!" { Outbound::SWALLOW } else { Outbound::PASS })
    }

    fn outbound_header(&mut self, header: &FrameHeader) -> Option<Rsv> {
        assert!(header.mask.is_none() && header.rsv.is_empty(), "neither bits nor a key");
        (header.payload_len != 7).then_some(self.bit)
    }

    fn outbound_dropped(&mut self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_header_goes_alone_where_all_let_it_and_else_nothing_has_changed() {
    let dropped: Arc<AtomicUsize> = Arc::default();
    let unseeing = |bit| {
        let extension: Box<dyn Extension> = Box::new(Unseeing { bit, dropped: Arc::clone(&dropped) });
        (Mock::brackets("unseeing", Rsv::RSV3), extension)
    };
    let brackets = || {
        let config = Mock::brackets("foo", Rsv::RSV1);
        let (_, extension) = config.answer(&crate::Params::new("foo")).unwrap();
        (config, extension)
    };
    let foreign = Err(ExtensionError::ForeignRsv(Rsv::RSV2));
    #[rustfmt::skip]
    let table = [
        ("nothing agreed",         vec![],                                    6, Ok(Some(Rsv::NONE)), 0),
        ("one that lets it go",    vec![unseeing(Rsv::NONE)],                 6, Ok(Some(Rsv::NONE)), 0),
        ("and flags it",           vec![unseeing(Rsv::RSV3)],                 6, Ok(Some(Rsv::RSV3)), 0),
        ("one that wants to see",  vec![unseeing(Rsv::RSV3)],                 7, Ok(None),            0),
        ("one that has to",        vec![brackets()],                          6, Ok(None),            0),
        ("after one that lets go", vec![unseeing(Rsv::RSV3), brackets()],     6, Ok(None),            1),
        ("before it",              vec![brackets(), unseeing(Rsv::RSV3)],     6, Ok(None),            0),
        ("a foreign bit",          vec![unseeing(Rsv::RSV2)],                 6, foreign,             1),
    ];
    for (name, agreed, len, expected, told) in table {
        dropped.store(0, Ordering::Relaxed);
        let mut pipeline = Pipeline::new(agreed);
        let key = wsproto_frame::MaskingKey::new([1; 4]);
        let header = FrameHeader::new(Opcode::Text, len).with_mask(key).with_rsv(Rsv::RSV2);
        assert_eq!(pipeline.outbound_header(&header), expected, "{name}");
        assert_eq!(dropped.load(Ordering::Relaxed), told, "{name}");
    }
    // The rest of a message may go alone, unless the message is swallowed.
    let rest = FrameHeader::new(Opcode::Continuation, 6);
    let mut pipeline = Pipeline::new(vec![unseeing(Rsv::NONE)]);
    assert_eq!(pipeline.outbound_header(&rest), Ok(Some(Rsv::NONE)));
    let first = OutboundFrame::new(Opcode::Text, b"!").unfinished();
    assert_eq!(pipeline.outbound(&first, &mut Vec::new()), Ok(Outbound::SWALLOW));
    assert_eq!(pipeline.outbound_header(&rest), Ok(None));
    assert!(!pipeline.is_per_message() && Pipeline::default().is_per_message());
    dropped.store(0, Ordering::Relaxed);
    pipeline.outbound_dropped();
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
}
