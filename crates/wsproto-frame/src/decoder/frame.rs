//! A frame whose header was read: what may wait of its payload, and the payload unmasked part by part.

#![expect(clippy::inline_always, reason = "chunks that go through memory cost more than the work itself")]

use super::{FramePart, FrameWait};
use crate::{FrameHeader, MaskingKey, Opcode};

/// The most bytes of a payload that wait to be looked at: few enough that they are still in the nearest cache.
const MOST_WAITING: usize = 16 << 10;

/// A frame whose payload is under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) header: FrameHeader,
    pub(super) message: Opcode,
    /// The key, turned to the next byte; of zeros where there is none.
    pub(super) key: MaskingKey,
    /// The bytes of payload still to come.
    pub(super) remaining: u64,
}

impl Frame {
    /// Tells whether `piece`, the next of the payload, can wait for more of it, and what may follow.
    #[inline]
    pub(super) fn can_wait(&self, piece: &[u8]) -> Option<FrameWait> {
        let end = usize::try_from(self.remaining).unwrap_or(usize::MAX);
        let text_key = match self.message {
            Opcode::Binary => None,
            Opcode::Text => Some(self.key),
            _ => return None,
        };
        let left = self.remaining.saturating_sub(piece.len() as u64);
        let message_left = if self.header.fin { left } else { 0 };
        let wait = FrameWait { until: end.min(MOST_WAITING), text_key, message_left };
        wait.goes_on(piece, 0).then_some(wait)
    }

    /// Unmasks what there is of the payload at the front of `input`.
    #[inline(always)]
    pub(super) fn take_payload(
        &mut self,
        frame_started: bool,
        input: &mut [u8],
        max_payload: usize,
    ) -> FramePart {
        let most = if self.header.opcode.is_control() { usize::MAX } else { max_payload.max(1) };
        let len = usize::try_from(self.remaining).unwrap_or(usize::MAX).min(most).min(input.len());
        //= rfc6455#6.2-5
        match input.get_mut(..len).unwrap_or_default() {
            [byte] => self.key.apply_to_byte(byte),
            part => self.key.apply(part),
        }
        self.remaining = self.remaining.saturating_sub(len as u64);
        let (header, message, frame_finished) = (self.header, self.message, self.remaining == 0);
        FramePart { header, message, payload: 0..len, frame_started, frame_finished }
    }
}
