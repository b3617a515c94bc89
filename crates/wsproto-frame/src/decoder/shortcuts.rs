//! Ways of their own for most bytes: they do what the general way does, and name no fault.

#![expect(clippy::inline_always, reason = "chunks that go through memory cost more than the work itself")]

use core::ops::Range;

use super::{FrameChunk, FrameDecoder, State};
use crate::{FrameHeader, Opcode, TextCheck, fragmentation::follow};

impl FrameDecoder {
    /// Takes a data frame that is complete at the front of `input`, or a piece of the payload of one that is under way.
    /// `None` says only that [`decode_in_place`](Self::decode_in_place) has to look: it does the same for all else.
    ///
    /// A way of its own for most bytes, straight on and inlined in the caller, which goes on from here apart: decoding a
    /// frame of 16 bytes takes 90 instructions, and 108 without it. It names no fault: what is refused here is read again.
    ///
    /// For the crate `wsproto`; not a part of the API.
    #[doc(hidden)]
    #[inline(always)]
    pub fn decode_data(
        &mut self,
        input: &mut [u8],
        least: usize,
        most: usize,
    ) -> Option<FrameChunk<Range<usize>>> {
        if self.is_between_frames() {
            return self.whole_data_frame(input, most);
        }
        match &mut self.state {
            State::Payload(frame) if frame.header.opcode.is_data() => {
                let chunk = frame.take_payload(false, input, least, most)?;
                if chunk.frame_finished {
                    self.state = State::BetweenFrames;
                }
                Some(chunk)
            }
            _ => None,
        }
    }

    /// Unmasks and checks all of `input` where it is a piece of a text's payload that doesn't end the frame, and tells
    /// whether it is UTF-8; `None` where it is something else.
    ///
    /// For the crate `wsproto`; not a part of the API. A way of its own for texts that come in small reads: a text in reads
    /// of a byte takes 0.7 of the instructions that it takes with [`decode_data`](Self::decode_data).
    #[doc(hidden)]
    #[inline(always)]
    pub fn decode_within_text(&mut self, input: &mut [u8], text: &mut TextCheck) -> Option<bool> {
        match &mut self.state {
            State::Payload(frame) if frame.message == Opcode::Text => frame.take_text(input, text),
            _ => None,
        }
    }

    #[inline(always)]
    pub(super) fn whole_data_frame(
        &mut self,
        input: &mut [u8],
        most: usize,
    ) -> Option<FrameChunk<Range<usize>>> {
        let (header, header_len) = FrameHeader::parse_data(input, self.role.peer())?;
        let len = usize::try_from(header.payload_len).ok()?;
        let is_allowed = len <= most
            && header.payload_len <= self.message_left
            && header.payload_len <= self.max_payload_len
            && self.rsv.contains(header.rsv);
        let place = header_len..header_len.checked_add(len)?;
        let payload = input.get_mut(place.clone()).filter(|_| is_allowed)?;
        let (message, after) = follow(self.message, &header).ok()?;
        self.message = after;
        self.count(&header);
        if let Some(key) = header.mask {
            key.apply_whole(payload);
        }
        Some(FrameChunk { header, message, payload: place, frame_started: true, frame_finished: true })
    }
}
