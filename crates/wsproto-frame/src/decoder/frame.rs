//! A frame after its header: its payload is unmasked part by part.

#![expect(clippy::inline_always, reason = "chunks that go through memory cost more than the work itself")]

use core::ops::Range;

use super::FrameChunk;
use crate::{FrameHeader, MaskingKey, Opcode, TextCheck};

/// A frame with its payload under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) header: FrameHeader,
    pub(super) message: Opcode,
    /// The key, turned to the next byte; zeros for a frame without a key.
    key: MaskingKey,
    /// How many bytes of the payload are still to come.
    pub(super) left: u64,
}

impl Frame {
    #[inline]
    pub(super) fn new(header: FrameHeader, message: Opcode) -> Self {
        let key = header.mask.unwrap_or(MaskingKey::new([0; 4]));
        Self { header, message, key, left: header.payload_len }
    }

    /// Unmasks the payload at the front of `input`; of a data frame, `least` to `most` bytes.
    ///
    /// `None` where there is nothing to report: no byte of the payload, and the header was reported before.
    #[inline(always)]
    pub(super) fn take_payload(
        &mut self,
        frame_started: bool,
        input: &mut [u8],
        least: usize,
        most: usize,
    ) -> Option<FrameChunk<Range<usize>>> {
        let is_control = self.header.opcode.is_control();
        let most = if is_control { usize::MAX } else { most.max(1) };
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let mut len = left.min(most).min(input.len());
        if len < left && len < least.min(most) {
            len = 0;
        }
        if len == 0 && left != 0 && !frame_started {
            return None;
        }
        self.unmask(input.get_mut(..len).unwrap_or_default());
        let (header, message, frame_finished) = (self.header, self.message, self.left == 0);
        Some(FrameChunk { header, message, payload: 0..len, frame_started, frame_finished })
    }

    /// Unmasks and checks all of `input`, and returns whether it is UTF-8; `None` where the payload ends within it.
    #[inline(always)]
    pub(super) fn take_text(&mut self, input: &mut [u8], text: &mut TextCheck) -> Option<bool> {
        self.left = self.left.checked_sub(input.len() as u64).filter(|left| *left > 0)?;
        Some(text.unmask_and_check(&mut self.key, input))
    }

    #[inline(always)]
    fn unmask(&mut self, payload: &mut [u8]) {
        self.left = self.left.saturating_sub(payload.len() as u64);
        //= rfc6455#6.2-5
        match payload {
            [byte] => self.key.apply_to_byte(byte),
            part => self.key.apply(part),
        }
    }
}
