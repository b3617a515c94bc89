//! The offending byte, more exactly than by when the judge knew.

use wsproto::{
    RemoteProtocolError,
    frame::{FrameError, TextCheck},
};

use super::Under;
use crate::wire::preview::{Beginning, len};

/// Returns the offset of the offending byte; `known` is the one with which the judge knew.
///
/// A control frame is judged when it is whole. What is wrong with a Close has its place in it.
pub(super) fn of(error: &RemoteProtocolError, frame: &Under, known: u64) -> u64 {
    let in_payload = |index: u64| frame.payload_offset().saturating_add(index);
    match error {
        RemoteProtocolError::Frame(FrameError::ClosePayloadTooShort) => frame.offset.saturating_add(1),
        RemoteProtocolError::Frame(FrameError::CloseCodeInvalid(_)) => in_payload(1),
        RemoteProtocolError::Frame(FrameError::CloseReasonNotUtf8(_)) => {
            let payload = frame.payload.as_ref().map(Beginning::kept).unwrap_or_default();
            let reason = payload.get(2..).unwrap_or_default();
            let mut check = TextCheck::new();
            let is_wrong = |byte: &u8| check.check(&[*byte]).is_err();
            let last = payload.len().saturating_sub(1);
            let index = reason.iter().position(is_wrong).map_or(last, |index| index.saturating_add(2));
            in_payload(len(payload.get(..index).unwrap_or_default()))
        }
        _ => known,
    }
}
