//! A part of a frame, with its payload or with the place of its payload.

#![expect(clippy::inline_always, reason = "chunks that go through memory cost more than the work itself")]

use core::{fmt, mem, ops::Range};

#[cfg(doc)]
use crate::FrameDecoder;
use crate::{FrameHeader, Opcode};

/// A part of a frame.
///
/// `FrameChunk<&mut [u8]>` holds the payload ([`FrameDecoder::decode`]); `FrameChunk<Range<usize>>` holds its place in
/// the input ([`FrameDecoder::decode_in_place`]). The first part of a frame comes when the header is complete, even
/// without a byte of the payload.
#[derive(Clone)]
pub struct FrameChunk<P> {
    /// The header of the frame.
    pub header: FrameHeader,
    /// The message that the payload belongs to, Text or Binary, also for a Continuation; for a control frame its
    /// opcode.
    pub message: Opcode,
    /// The next bytes of the payload, unmasked, or their place in the decoder's input; empty where none has arrived.
    pub payload: P,
    /// Whether this is the first part of its frame.
    pub frame_started: bool,
    /// Whether this is the last part of its frame.
    pub frame_finished: bool,
}

impl<P> FrameChunk<P> {
    /// Returns whether this is the last part of its message.
    #[must_use]
    #[inline]
    pub const fn message_finished(&self) -> bool {
        self.frame_finished && self.header.fin
    }

    /// Returns the same part with another payload.
    #[inline(always)]
    fn with_payload<Q>(self, payload: Q) -> FrameChunk<Q> {
        let Self { header, message, frame_started, frame_finished, .. } = self;
        FrameChunk { header, message, payload, frame_started, frame_finished }
    }
}

impl FrameChunk<Range<usize>> {
    /// Splits the part off the front of `input`; `input` must be the bytes that the decoder was given.
    #[must_use]
    #[inline(always)]
    pub fn split_off<'a>(self, input: &mut &'a mut [u8]) -> FrameChunk<&'a mut [u8]> {
        let whole = mem::take(input);
        let end = self.payload.end.min(whole.len());
        let (taken, rest) = whole.split_at_mut(end);
        *input = rest;
        let payload = taken.get_mut(self.payload.start..).unwrap_or_default();
        self.with_payload(payload)
    }

    /// Returns the same part with its place moved back by `len` bytes, the length of what stands before it.
    #[inline(always)]
    pub(super) fn after(self, len: usize) -> Self {
        let payload = self.payload.start.saturating_add(len)..self.payload.end.saturating_add(len);
        self.with_payload(payload)
    }
}

/// Shows the length of the part, not its bytes: payloads don't belong in logs.
impl fmt::Debug for FrameChunk<&mut [u8]> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.debug(&format_args!("{} bytes", self.payload.len()), f)
    }
}

impl fmt::Debug for FrameChunk<Range<usize>> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.debug(&self.payload, f)
    }
}

impl<P> FrameChunk<P> {
    fn debug(&self, payload: &dyn fmt::Debug, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameChunk")
            .field("header", &self.header)
            .field("message", &self.message)
            .field("payload", payload)
            .field("frame_started", &self.frame_started)
            .field("frame_finished", &self.frame_finished)
            .finish()
    }
}
