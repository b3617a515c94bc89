//! Shortcuts for frames that are complete: the path of most bytes, straight on and inlined in the caller.

use core::ops::Range;

use super::{FrameDecoder, FramePart, State};
use crate::{Fragmentation, FrameHeader, Opcode};

impl FrameDecoder {
    /// Unmasks a data frame that is complete at the front of `input`, or the next part of the payload of one, and says
    /// where it lies: `input` up to the end of the payload is taken.
    ///
    /// A shortcut for the path of most bytes, straight on and inlined in the caller, with at most `max_payload` bytes of
    /// payload. `None` says only that [`decode_at_most`](Self::decode_at_most) has to look: at the first part of a frame, a
    /// control frame, 64 KiB and more, a broken rule.
    #[inline(always)]
    pub fn decode_data(&mut self, input: &mut [u8], max_payload: usize) -> Option<FramePart> {
        match &mut self.state {
            State::BetweenFrames => self.whole_frame(input, max_payload),
            State::Payload(frame) if frame.header.opcode.is_data() && !input.is_empty() => {
                let part = frame.take_payload(false, input, max_payload);
                if part.frame_finished {
                    self.state = State::BetweenFrames;
                }
                Some(part)
            }
            State::Header | State::Payload(_) | State::Failed(_) => None,
        }
    }

    /// Unmasks a message that is complete at the front of `input` and one frame, and says where it lies.
    ///
    /// A shortcut as [`decode_data`](Self::decode_data), for callers who want messages whole.
    #[inline(always)]
    pub fn decode_whole_message(&mut self, input: &mut [u8]) -> Option<FramePart> {
        if !self.is_between_frames() || self.fragmentation != Fragmentation::Idle {
            return None;
        }
        let (header, payload) = self.whole_data_frame(input, usize::MAX)?;
        if !header.fin || header.opcode == Opcode::Continuation {
            return None;
        }
        if let Some(key) = header.mask {
            key.apply_whole(input.get_mut(payload.clone())?);
        }
        let message = header.opcode;
        Some(FramePart { header, message, payload, frame_started: true, frame_finished: true })
    }

    /// Finds a data frame that is complete at the front of `input` and keeps the limits.
    #[inline(always)]
    fn whole_data_frame(&self, input: &[u8], max_payload: usize) -> Option<(FrameHeader, Range<usize>)> {
        let (header, header_len) = FrameHeader::parse_data(input, self.role.peer())?;
        let len = usize::try_from(header.payload_len).ok()?;
        let end = header_len.checked_add(len)?;
        let is_allowed = len <= max_payload
            && header.payload_len <= self.message_left
            && header.payload_len <= self.max_payload_len
            && self.rsv.contains(header.rsv)
            && end <= input.len();
        is_allowed.then_some((header, header_len..end))
    }

    /// Takes a data frame between frames.
    #[inline(always)]
    pub(super) fn whole_frame(&mut self, input: &mut [u8], max_payload: usize) -> Option<FramePart> {
        let (header, place) = self.whole_data_frame(input, max_payload)?;
        let payload = input.get_mut(place.clone())?;
        let message = match (header.opcode, self.fragmentation) {
            (Opcode::Text, Fragmentation::Idle) | (Opcode::Continuation, Fragmentation::Text) => Opcode::Text,
            (Opcode::Binary, Fragmentation::Idle) | (Opcode::Continuation, Fragmentation::Binary) => {
                Opcode::Binary
            }
            _ => return None,
        };
        self.fragmentation = match (header.fin, message) {
            (true, _) => Fragmentation::Idle,
            (false, Opcode::Text) => Fragmentation::Text,
            (false, _) => Fragmentation::Binary,
        };
        self.count(&header);
        if let Some(key) = header.mask {
            key.apply_whole(payload);
        }
        Some(FramePart { header, message, payload: place, frame_started: true, frame_finished: true })
    }
}
