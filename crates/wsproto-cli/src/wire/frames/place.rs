//! Finds the offending byte, which may come before the byte at which the judge fails.
//!
//! An endpoint judges a header when it is whole, and a control frame when its payload is whole. An earlier byte may
//! already break the rule for certain.

use wsproto::{
    CloseCode, RemoteProtocolError,
    extensions::ExtensionError,
    frame::{FrameError, TextCheck},
};

use super::Under;
use crate::wire::preview::Beginning;

/// The part of a frame that a rule is about.
enum Part {
    /// FIN, a reserved bit or the opcode: the first byte.
    First,
    /// The mask bit, the 7-bit length, or the lack of a payload: the second byte.
    Second,
    /// The length of the payload.
    Length,
    /// The code of a Close.
    Code,
    /// The reason of a Close.
    Reason,
    /// The content of the payload.
    Payload,
}

/// Returns the offset of the offending byte. `known` is the offset of the byte at which the judge failed. Before this
/// frame, the message under way had `before` bytes.
pub(super) fn of(error: &RemoteProtocolError, frame: &Under, known: u64, before: u64) -> u64 {
    let in_payload =
        |index: usize| frame.payload_offset().saturating_add(index.try_into().unwrap_or(u64::MAX));
    match part(error) {
        Part::First => frame.offset,
        Part::Second => frame.offset.saturating_add(1),
        // The inflated message may be too long, too.
        Part::Length if frame.payload.is_none() => frame
            .offset
            .saturating_add(too_long(error, frame, before).unwrap_or_else(|| last_of_length(frame))),
        Part::Code => in_payload(code(kept(frame))),
        Part::Reason => in_payload(reason(kept(frame))),
        // A masking key breaks no rule, so the offending byte comes before it.
        Part::Payload if frame.payload.is_none() => {
            known.min(frame.offset.saturating_add(last_of_length(frame)))
        }
        Part::Length | Part::Payload => known,
    }
}

const fn part(error: &RemoteProtocolError) -> Part {
    match error {
        RemoteProtocolError::Frame(error) => match error {
            FrameError::ReservedOpcode(_)
            | FrameError::ReservedBits(_)
            | FrameError::ControlFragmented
            | FrameError::ContinuationWithoutMessage
            | FrameError::MessageInterrupted => Part::First,
            FrameError::ControlTooLong
            | FrameError::NotMasked
            | FrameError::Masked
            | FrameError::ClosePayloadTooShort => Part::Second,
            FrameError::FrameTooLong { .. } | FrameError::MessageTooLong { .. } => Part::Length,
            FrameError::CloseCodeInvalid(_) => Part::Code,
            FrameError::CloseReasonNotUtf8(_) => Part::Reason,
            _ => Part::Payload,
        },
        RemoteProtocolError::TooManyFragments { .. } | RemoteProtocolError::TooManyControlFrames { .. } => {
            Part::First
        }
        RemoteProtocolError::TooManyEmptyFragments { .. } => Part::Second,
        RemoteProtocolError::MessageTooLong { .. } => Part::Length,
        RemoteProtocolError::Extension(ExtensionError::UnownedRsv(_)) => Part::First,
        RemoteProtocolError::Extension(ExtensionError::Refused(refusal)) => match refusal.code {
            // A rule of permessage-deflate: RSV1 is set where it must not be.
            CloseCode::PROTOCOL_ERROR => Part::First,
            _ => Part::Payload,
        },
        _ => Part::Payload,
    }
}

fn kept(frame: &Under) -> &[u8] {
    frame.payload.as_ref().map(Beginning::kept).unwrap_or_default()
}

/// Returns the place of the last byte of the length in its header.
fn last_of_length(frame: &Under) -> u64 {
    frame.shape.length_len().saturating_add(1)
}

/// Returns the place in the header at which the length is certainly more than the limit of this error.
fn too_long(error: &RemoteProtocolError, frame: &Under, before: u64) -> Option<u64> {
    let (limit, before) = match error {
        RemoteProtocolError::Frame(FrameError::FrameTooLong { limit }) => (*limit, 0),
        RemoteProtocolError::Frame(FrameError::MessageTooLong { limit })
        | RemoteProtocolError::MessageTooLong { limit } => (*limit, before),
        _ => return None,
    };
    let all = frame.shape.length_len();
    let most = limit.saturating_sub(before);
    if all == 0 {
        return (frame.shape.length() > most).then_some(1);
    }
    (1..=all).find_map(|known| {
        let unknown = u32::try_from(all.saturating_sub(known).saturating_mul(8)).unwrap_or(u32::MAX);
        // The bytes that come later count as zeros.
        let least = frame.shape.length().checked_shr(unknown)?.checked_shl(unknown)?;
        (least > most).then(|| known.saturating_add(1))
    })
}

/// Returns the place in a Close's payload at which its code is certainly one that may not be sent.
fn code(payload: &[u8]) -> usize {
    let may_be = |high: u8| {
        (0..=u8::MAX)
            .any(|low| CloseCode::new(u16::from_be_bytes([high, low])).is_some_and(CloseCode::may_be_sent))
    };
    payload.first().map_or(0, |high| usize::from(may_be(*high)))
}

/// Returns the place in a Close's payload at which its reason is certainly not UTF-8.
fn reason(payload: &[u8]) -> usize {
    let mut check = TextCheck::new();
    let is_wrong = |byte: &u8| check.check(&[*byte]).is_err();
    let index = payload.get(2..).unwrap_or_default().iter().position(is_wrong);
    index.map_or(payload.len().saturating_sub(1), |index| index.saturating_add(2))
}
