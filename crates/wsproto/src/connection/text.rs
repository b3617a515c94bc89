//! Text that the peer sends: where it is checked, and how much of it comes in one part.

#![expect(
    clippy::inline_always,
    reason = "a result that goes through memory costs as much as the check of a short text"
)]

use wsproto_frame::FrameError;

use super::Connection;
use crate::{ReadBuffer, RemoteProtocolError};

/// A text that waits for the end of its frame is joined once so many bytes of it have come.
const LONG_TEXT: usize = 4 << 10;

impl Connection {
    /// Returns how much of a text the next part may hold: no more than completes a code point that was cut, so that it
    /// becomes an event of its own.
    #[inline(always)]
    pub(super) const fn text_part_limit(&self) -> usize {
        match self.text.missing() {
            0 => usize::MAX,
            missing => missing,
        }
    }

    /// Checks the next part of a text, and returns what the program gets of it.
    #[inline(always)]
    pub(super) fn check_text<'a>(
        &mut self,
        part: &'a [u8],
        last: bool,
    ) -> Result<(Option<char>, &'a str), RemoteProtocolError> {
        //= rfc6455#5.6-1, rfc6455#8.1-1
        let checked = self.text.push(part)?;
        if last {
            self.text.finish()?;
        }
        Ok(checked)
    }

    /// Checks all fresh bytes where they are a piece of a text that waits for the end of its frame, and tells whether
    /// they are.
    #[inline(always)]
    pub(super) fn check_waiting_text(
        &mut self,
        buffer: &mut ReadBuffer,
    ) -> Result<bool, RemoteProtocolError> {
        if self.decoder.is_between_frames() {
            return Ok(false);
        }
        let Some(piece) = buffer.text_piece(LONG_TEXT) else { return Ok(false) };
        let before = self.text;
        match self.decoder.decode_within_text(piece, &mut self.text) {
            None => return Ok(false),
            Some(false) => return Err(FrameError::TextNotUtf8.into()),
            Some(true) => {}
        }
        buffer.extend_waiting_text(before);
        Ok(true)
    }
}
