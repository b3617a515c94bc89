//! What a decoder gives: a part of a frame, or the place where one lies.

#![expect(clippy::inline_always, reason = "chunks that go through memory cost more than the work itself")]

use core::{fmt, mem, ops::Range};

#[cfg(doc)]
use crate::FrameDecoder;
use crate::{FrameHeader, Opcode};

/// A part of a frame.
///
/// The first comes as soon as the header is there, even if no byte of the payload is.
pub struct FrameChunk<'a> {
    /// The header of the frame.
    pub header: FrameHeader,
    /// What the payload belongs to: the opcode, but for a Continuation that of the message, Text or Binary.
    pub message: Opcode,
    /// The next bytes of the payload, unmasked; empty where none has arrived.
    pub payload: &'a mut [u8],
    /// Whether this is the first part of its frame.
    pub frame_started: bool,
    /// Whether this is the last part of its frame.
    pub frame_finished: bool,
}

/// Where a part of a frame lies, unmasked, in the bytes that [`FrameDecoder::decode_in_place`] was shown.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FramePart {
    /// The header of the frame.
    pub header: FrameHeader,
    /// What the payload belongs to: the opcode, but for a Continuation that of the message, Text or Binary.
    pub message: Opcode,
    /// Where the payload lies; what is in front of it is the header, what is behind it comes next.
    pub payload: Range<usize>,
    /// Whether this is the first part of its frame.
    pub frame_started: bool,
    /// Whether this is the last part of its frame.
    pub frame_finished: bool,
}

impl FramePart {
    /// Takes the part off the front of `input`, the bytes that the decoder was shown.
    #[must_use]
    #[inline(always)]
    pub fn split_off<'a>(self, input: &mut &'a mut [u8]) -> FrameChunk<'a> {
        let whole = mem::take(input);
        let end = self.payload.end.min(whole.len());
        let (taken, rest) = whole.split_at_mut(end);
        *input = rest;
        let payload = taken.get_mut(self.payload.start..).unwrap_or_default();
        let Self { header, message, frame_started, frame_finished, .. } = self;
        FrameChunk { header, message, payload, frame_started, frame_finished }
    }
}

impl FrameChunk<'_> {
    /// Tells whether this is the last part of its message.
    #[must_use]
    #[inline]
    pub const fn message_finished(&self) -> bool {
        self.frame_finished && self.header.fin
    }
}

/// Shows how long the part is and none of its bytes: payloads don't belong in logs.
impl fmt::Debug for FrameChunk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameChunk")
            .field("header", &self.header)
            .field("message", &self.message)
            .field("payload", &format_args!("{} bytes", self.payload.len()))
            .field("frame_started", &self.frame_started)
            .field("frame_finished", &self.frame_finished)
            .finish()
    }
}
