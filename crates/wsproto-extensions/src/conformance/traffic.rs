//! Checks how an agreed extension handles frames.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use wsproto_frame::{FrameHeader, Opcode, Rsv};

use super::message::{Cut, Fate, Message, Received, messages, noise};
use super::negotiation::{pair, pair_of};
use super::{Rule, Violation, catching_panics};
use crate::{ExtensionConfig, ExtensionError, FrameEnd, Handling, OutboundFrame, Output, Pipeline, Pulled};

/// More bytes than come out of any frame of these checks.
const MOST: usize = 1 << 22;

pub(super) const WHOLE: Cut = Cut { fragment: usize::MAX, piece: usize::MAX, room: MOST };

#[rustfmt::skip]
const CUTS: [Cut; 8] = [
    WHOLE,
    Cut { fragment: usize::MAX, piece: 1,    room: MOST },
    Cut { fragment: usize::MAX, piece: 4096, room: 1 },
    Cut { fragment: 1,          piece: 1,    room: 1 },
    Cut { fragment: 2,          piece: 3,    room: 2 },
    Cut { fragment: 7,          piece: 100,  room: 3 },
    Cut { fragment: 1000,       piece: 7,    room: 100 },
    Cut { fragment: 100,        piece: 1,    room: 4096 },
];

pub(super) fn check(make: &impl Fn() -> Arc<dyn ExtensionConfig>) -> Result<(), Violation> {
    let mut whole = Vec::new();
    for cut in CUTS {
        let (mut client, mut server) = pair(make)?;
        let mut arrived = Vec::new();
        for message in messages() {
            arrived.push(round_trip(&mut client, &mut server, &message, cut)?);
            arrived.push(round_trip(&mut server, &mut client, &message, cut)?);
        }
        if whole.is_empty() {
            whole = arrived;
        } else if cut.fragment == WHOLE.fragment && arrived != whole {
            let found = format!("different messages are swallowed if they come in pieces, {cut:?}");
            return Err(Violation::new(Rule::Chunking, found));
        }
    }
    verbatim(make)?;
    control_frames(make)?;
    independence(make)?;
    outbound_key(make)?;
    garbage(make)
}

/// A frame on its way.
pub(super) struct Frame {
    pub(super) header: FrameHeader,
    pub(super) payload: Vec<u8>,
    /// Whether it isn't sent.
    pub(super) swallowed: bool,
}

pub(super) fn round_trip(
    from: &mut Pipeline,
    to: &mut Pipeline,
    message: &Message,
    cut: Cut,
) -> Result<Fate, Violation> {
    let mut received = Received::default();
    for frame in sent(from, message, cut)? {
        received.add(taken(to, &frame, cut, Rule::RoundTrip)?.map_err(|error| {
            Violation::new(
                Rule::RoundTrip,
                format!("a sent message is refused ({error}): {}", message.name(cut)),
            )
        })?);
    }
    if let Some(fate) = received.fate(&message.payload) {
        return Ok(fate);
    }
    let rule =
        if cut.fragment == usize::MAX && cut.piece < usize::MAX { Rule::Chunking } else { Rule::RoundTrip };
    Err(Violation::new(rule, format!("a different message arrives: {}", message.name(cut))))
}

/// Sends a message in fragments.
pub(super) fn sent(pipeline: &mut Pipeline, message: &Message, cut: Cut) -> Result<Vec<Frame>, Violation> {
    message.frames(cut).iter().map(|frame| outbound(pipeline, frame)).collect()
}

pub(super) fn outbound(pipeline: &mut Pipeline, frame: &OutboundFrame<'_>) -> Result<Frame, Violation> {
    let mut out = Vec::new();
    let result = catching_panics(Rule::RoundTrip, "sending", || pipeline.outbound(frame, &mut out))?;
    let sent = result.map_err(|error| {
        let rule = fault(&error).unwrap_or(Rule::RoundTrip);
        Violation::new(
            rule,
            format!("it does not send {:?} of {} bytes: {error}", frame.opcode, frame.payload.len()),
        )
    })?;
    let swallowed = sent.handling == Handling::Swallow;
    let payload = if sent.handling == Handling::Transform { out } else { frame.payload.to_vec() };
    let len = u64::try_from(payload.len()).unwrap_or(u64::MAX);
    let mut header = FrameHeader::new(frame.opcode, len).with_rsv(sent.rsv);
    header.fin = frame.fin;
    Ok(Frame { header, payload, swallowed })
}

/// Returns the rule that an error of the pipeline stands for, if it is a fault of the extension.
pub(super) const fn fault(error: &ExtensionError) -> Option<Rule> {
    match error {
        ExtensionError::ControlTransformed => Some(Rule::ControlFrames),
        ExtensionError::ForeignRsv(_) => Some(Rule::ForeignBits),
        ExtensionError::Stalled => Some(Rule::Progress),
        ExtensionError::SwallowedLate | ExtensionError::SwallowedEnd | ExtensionError::SwallowedClose => {
            Some(Rule::Swallowing)
        }
        ExtensionError::UnownedRsv(_) | ExtensionError::Refused(_) | ExtensionError::Panicked => None,
    }
}

/// Receives a frame in pieces. Returns `None` where it is swallowed here or was before; the inner error is a refusal.
pub(super) fn taken(
    pipeline: &mut Pipeline,
    frame: &Frame,
    cut: Cut,
    rule: Rule,
) -> Result<Result<Option<Vec<u8>>, ExtensionError>, Violation> {
    if frame.swallowed {
        return Ok(Ok(None));
    }
    let result = catching_panics(rule, "receiving", || inbound(pipeline, frame, cut))?;
    match result {
        Ok(Some(out)) => Ok(Ok((!pipeline.is_swallowing()).then_some(out))),
        Ok(None) => Err(Violation::new(Rule::Progress, format!("a frame has no end, {cut:?}"))),
        Err(error) => match (fault(&error), &error) {
            (Some(rule), _) => Err(Violation::new(rule, format!("{error}, {cut:?}"))),
            (None, ExtensionError::Refused(refusal))
                if !refusal.code.may_be_sent() || refusal.reason.as_str().len() > 123 =>
            {
                Err(Violation::new(Rule::Refusals, format!("{refusal:?}")))
            }
            (None, _) => Ok(Err(error)),
        },
    }
}

/// Receives a frame in pieces. Returns `None` where it does not end.
fn inbound(pipeline: &mut Pipeline, frame: &Frame, cut: Cut) -> Result<Option<Vec<u8>>, ExtensionError> {
    if pipeline.inbound_header(&frame.header)? != Handling::Transform {
        return Ok(Some(frame.payload.clone()));
    }
    let mut out = Vec::new();
    let mut pieces = frame.payload.chunks(cut.piece).peekable();
    loop {
        let piece = pieces.next().unwrap_or_default();
        let end = if pieces.peek().is_none() { FrameEnd::Reached } else { FrameEnd::Pending };
        let mut pulled = pipeline.feed(piece, end, &mut Output::new(&mut out, cut.room))?;
        while pulled == Pulled::More && out.len() < MOST {
            pulled = pipeline.pull(&mut Output::new(&mut out, cut.room))?;
        }
        match (pulled, end) {
            (Pulled::Drained, FrameEnd::Pending) => {}
            (Pulled::Finished, FrameEnd::Reached) => return Ok(Some(out)),
            _ => return Ok(None),
        }
    }
}

/// Sends each message unchanged, whole and in fragments, between others.
fn verbatim(make: &impl Fn() -> Arc<dyn ExtensionConfig>) -> Result<(), Violation> {
    for cut in [WHOLE, Cut { fragment: 100, piece: 64, room: 1000 }] {
        let (mut client, mut server) = pair(make)?;
        for message in messages() {
            let mut received = Received::default();
            for frame in message.frames(cut) {
                let sent = outbound(&mut client, &frame.verbatim())
                    .map_err(|violation| violation.of(Rule::Verbatim, "which was to be sent unchanged"))?;
                received.add(taken(&mut server, &sent, cut, Rule::Verbatim)?.map_err(|error| {
                    Violation::new(Rule::Verbatim, format!("it is refused ({error}): {}", message.name(cut)))
                })?);
            }
            if received.fate(&message.payload).is_none() {
                let found = format!("a different message arrives: {}", message.name(cut));
                return Err(Violation::new(Rule::Verbatim, found));
            }
            round_trip(&mut client, &mut server, &message, cut)
                .map_err(|violation| violation.of(Rule::Verbatim, "after one that was sent unchanged"))?;
        }
    }
    Ok(())
}

/// Puts a control frame before each fragment and after the last.
fn control_frames(make: &impl Fn() -> Arc<dyn ExtensionConfig>) -> Result<(), Violation> {
    let blame = |found: String| Violation::new(Rule::ControlFrames, found);
    let cut = Cut { fragment: 100, piece: 64, room: 1000 };
    let (mut client, mut server) = pair(make)?;
    for message in messages() {
        let mut received = Received::default();
        for frame in sent(&mut client, &message, cut)? {
            for opcode in [Opcode::Ping, Opcode::Pong, Opcode::Close] {
                let control = outbound(&mut client, &OutboundFrame::new(opcode, b"\x03\xe8data"))?;
                if control.payload != b"\x03\xe8data" {
                    return Err(blame(format!("{opcode:?} is sent with a changed payload")));
                }
                let found = taken(&mut server, &control, cut, Rule::ControlFrames)?;
                if !passes(&found, b"\x03\xe8data") {
                    return Err(blame(format!("{opcode:?} between fragments: {found:?}")));
                }
            }
            let found = taken(&mut server, &frame, cut, Rule::ControlFrames)?;
            received.add(found.map_err(|error| blame(format!("a fragment after a control frame: {error}")))?);
        }
        if received.fate(&message.payload).is_none() {
            return Err(blame(format!("a different message arrives: {}", message.name(cut))));
        }
    }
    Ok(())
}

/// Returns whether a control frame arrives as it was sent, if it isn't swallowed.
pub(super) fn passes(found: &Result<Option<Vec<u8>>, ExtensionError>, payload: &[u8]) -> bool {
    matches!(found, Ok(found) if found.as_ref().is_none_or(|found| found == payload))
}

/// Lets two connections take turns, one fragment each.
fn independence(make: &impl Fn() -> Arc<dyn ExtensionConfig>) -> Result<(), Violation> {
    let configs = [make()];
    take_turns(pair_of(&configs)?, pair_of(&configs)?)?;
    // The result must be the same if each has its own configuration.
    take_turns(pair(make)?, pair(make)?)
}

fn take_turns(mut one: (Pipeline, Pipeline), mut other: (Pipeline, Pipeline)) -> Result<(), Violation> {
    let cut = Cut { fragment: 64, piece: 16, room: 50 };
    for (left, right) in messages().into_iter().zip(messages().into_iter().rev()) {
        let mut frames =
            [sent(&mut one.0, &left, cut)?.into_iter(), sent(&mut other.0, &right, cut)?.into_iter()];
        let mut received = [Received::default(), Received::default()];
        let [one_received, other_received] = &mut received;
        let [one_frames, other_frames] = &mut frames;
        loop {
            let next = (one_frames.next(), other_frames.next());
            if next.0.is_none() && next.1.is_none() {
                break;
            }
            for (pipeline, frame, received) in
                [(&mut one.1, next.0, &mut *one_received), (&mut other.1, next.1, &mut *other_received)]
            {
                let Some(frame) = frame else { continue };
                received.add(taken(pipeline, &frame, cut, Rule::Independence)?.map_err(|error| {
                    Violation::new(Rule::Independence, format!("two connections in turns: {error}"))
                })?);
            }
        }
        if one_received.fate(&left.payload).is_none() || other_received.fate(&right.payload).is_none() {
            return Err(Violation::new(
                Rule::Independence,
                "two connections in turns: a different message arrives",
            ));
        }
    }
    Ok(())
}

/// If the extension has keys, lets two connections take turns to send to the peer of a third. The peer must not notice.
fn outbound_key(make: &impl Fn() -> Arc<dyn ExtensionConfig>) -> Result<(), Violation> {
    let configs = [make()];
    let ((client, mut server), (other, _)) = (pair_of(&configs)?, pair_of(&configs)?);
    let mut senders = [client, other];
    let keys = || senders.each_ref().map(|sender| sender.outbound_keys().map(|(_, key)| key).collect());
    let [one, another]: [Option<Vec<u128>>; 2] = keys();
    if one.is_none() || one != another {
        return Ok(());
    }
    for message in messages().iter().chain(&messages()) {
        let frames = sent(&mut senders[0], message, WHOLE)?;
        let mut fresh = pair_of(&configs)?.0;
        for (frame, same) in frames.iter().zip(sent(&mut fresh, message, WHOLE)?) {
            let is_same = (frame.header, frame.swallowed) == (same.header, same.swallowed);
            if !is_same || frame.payload != same.payload {
                return Err(Violation::new(Rule::OutboundKey, message.name(WHOLE)));
            }
            let found = taken(&mut server, frame, WHOLE, Rule::OutboundKey)?;
            if !passes(&found, &message.payload) {
                return Err(Violation::new(Rule::OutboundKey, format!("{found:?} arrives")));
            }
        }
        senders.reverse();
    }
    Ok(())
}

/// Sends bytes that no honest peer sends. Each verdict must be the same however the bytes arrive.
fn garbage(make: &impl Fn() -> Arc<dyn ExtensionConfig>) -> Result<(), Violation> {
    let owned = pair(make)?.0.rsv();
    for len in 1..=60 {
        for payload in [noise(len, len.try_into().unwrap_or_default()), vec![0; len]] {
            compare(make, &payload, Rsv::NONE)?;
            compare(make, &payload, owned)?;
        }
    }
    for message in messages() {
        let (mut client, _) = pair(make)?;
        for frame in sent(&mut client, &message, WHOLE)? {
            for cut in [1, frame.payload.len() / 2, frame.payload.len().saturating_sub(1)] {
                let truncated = frame.payload.get(..cut).unwrap_or_default();
                compare(make, truncated, frame.header.rsv)?;
                let mut damaged = frame.payload.clone();
                if let Some(byte) = damaged.get_mut(cut) {
                    *byte = !*byte;
                }
                compare(make, &damaged, frame.header.rsv)?;
            }
        }
    }
    Ok(())
}

/// Receives a payload whole and in pieces, with new connections.
fn compare(make: &impl Fn() -> Arc<dyn ExtensionConfig>, payload: &[u8], rsv: Rsv) -> Result<(), Violation> {
    let len = u64::try_from(payload.len()).unwrap_or(u64::MAX);
    let header = FrameHeader::new(Opcode::Binary, len).with_rsv(rsv);
    let frame = Frame { header, payload: payload.to_vec(), swallowed: false };
    let (_, mut server) = pair(make)?;
    let whole = taken(&mut server, &frame, WHOLE, Rule::Garbage)?;
    for (piece, room) in [(1, MOST), (3, 1), (64, 7)] {
        let cut = Cut { fragment: usize::MAX, piece, room };
        let (_, mut server) = pair(make)?;
        let found = taken(&mut server, &frame, cut, Rule::Garbage)?;
        if found != whole {
            let found =
                format!("{payload:02x?} with {rsv:?}: a different verdict if it comes in pieces, {cut:?}");
            return Err(Violation::new(Rule::Chunking, found));
        }
    }
    Ok(())
}
