//! Checks frames that are cut after the extension has seen them, and frames of which it sees only the header.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use wsproto_frame::{FrameHeader, Opcode, Rsv};

use super::message::{Cut, Message, Received, messages};
use super::negotiation::pair;
use super::traffic::{Frame, WHOLE, fault, outbound, round_trip, sent, taken};
use super::{Rule, Violation, catching_panics};
use crate::{ExtensionConfig, OutboundFrame, Pipeline};

pub(super) fn check(make: &impl Fn() -> Arc<dyn ExtensionConfig>) -> Result<(), Violation> {
    per_message(make)?;
    header_alone(make)
}

/// If the extension works per message, cuts its output for each message into frames.
fn per_message(make: &impl Fn() -> Arc<dyn ExtensionConfig>) -> Result<(), Violation> {
    for most in [1, 7, 1000] {
        let (mut client, mut server) = pair(make)?;
        for message in messages().iter().filter(|_| client.is_per_message()).collect::<Vec<_>>() {
            let mut received = Received::default();
            for frame in sent(&mut client, message, WHOLE)?.iter().flat_map(|frame| cut(frame, most)) {
                received.add(taken(&mut server, &frame, WHOLE, Rule::PerMessage)?.map_err(|error| {
                    Violation::new(Rule::PerMessage, format!("frames of {most} bytes are refused: {error}"))
                })?);
            }
            if received.fate(&message.payload).is_none() {
                let found = format!("a different message arrives of frames of {most} bytes");
                return Err(Violation::new(Rule::PerMessage, found));
            }
        }
    }
    Ok(())
}

/// Cuts the output for a message. The bits go with the first frame.
fn cut(frame: &Frame, most: usize) -> Vec<Frame> {
    let mut parts: Vec<&[u8]> = frame.payload.chunks(most).collect();
    if parts.is_empty() {
        parts.push(&[]);
    }
    let last = parts.len().saturating_sub(1);
    let fragment = |(nth, part): (usize, &[u8])| {
        let mut header = frame.header;
        if nth > 0 {
            (header.opcode, header.rsv) = (Opcode::Continuation, Rsv::NONE);
        }
        header.fin = frame.header.fin && nth == last;
        header.payload_len = u64::try_from(part.len()).unwrap_or(u64::MAX);
        Frame { header, payload: part.to_vec(), swallowed: frame.swallowed }
    };
    parts.into_iter().enumerate().map(fragment).collect()
}

/// Shows the extension headers without their payloads. These are sent unchanged if the extension allows it.
fn header_alone(make: &impl Fn() -> Arc<dyn ExtensionConfig>) -> Result<(), Violation> {
    let blame = |message: &Message, cut: Cut, found: &str| {
        Violation::new(Rule::HeaderAlone, format!("{found}: {}", message.name(cut)))
    };
    for cut in [WHOLE, Cut { fragment: 100, piece: 64, room: 1000 }] {
        let (mut client, mut server) = pair(make)?;
        for message in messages() {
            let mut received = Received::default();
            for frame in message.frames(cut) {
                let sent = unseen(&mut client, &frame.verbatim())?;
                let found = taken(&mut server, &sent, cut, Rule::HeaderAlone)?;
                received.add(found.map_err(|_| blame(&message, cut, "a frame is refused"))?);
            }
            if received.fate(&message.payload).is_none() {
                return Err(blame(&message, cut, "a different message arrives"));
            }
            round_trip(&mut client, &mut server, &message, cut)
                .map_err(|violation| violation.of(Rule::HeaderAlone, "after one of headers alone"))?;
        }
    }
    Ok(())
}

/// Sends a frame unchanged, by its header alone if the extension allows it.
fn unseen(pipeline: &mut Pipeline, frame: &OutboundFrame<'_>) -> Result<Frame, Violation> {
    let len = u64::try_from(frame.payload.len()).unwrap_or(u64::MAX);
    let header = FrameHeader { fin: frame.fin, ..FrameHeader::new(frame.opcode, len) };
    let seen = catching_panics(Rule::HeaderAlone, "a header", || pipeline.outbound_header(&header))?;
    let bits = seen.map_err(|error| {
        Violation::new(fault(&error).unwrap_or(Rule::HeaderAlone), format!("header alone: {error}"))
    })?;
    match bits {
        Some(rsv) => {
            Ok(Frame { header: header.with_rsv(rsv), payload: frame.payload.to_vec(), swallowed: false })
        }
        None => outbound(pipeline, frame),
    }
}
