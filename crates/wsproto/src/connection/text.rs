//! The peer's text: its check, and the length of its parts.

#![expect(
    clippy::inline_always,
    reason = "a result that goes through memory costs as much as the check of a short text"
)]

use wsproto_frame::FrameError;

use super::Connection;
use crate::{ReadBuffer, RemoteProtocolError};

/// A text that waits for the end of its frame is joined once it has this many bytes.
const LONG_TEXT: usize = 4 << 10;

impl Connection {
    /// Returns the most bytes of a text in the next part. After a cut code point that is only the rest of it, so that
    /// the code point becomes an event of its own.
    #[inline(always)]
    pub(super) const fn text_part_limit(&self) -> usize {
        match self.text.missing() {
            0 => usize::MAX,
            missing => missing,
        }
    }

    /// Checks the next part of a text, and returns the part for the program: a code point that was cut before, and
    /// text.
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

    /// Checks all fresh bytes if they are a piece of a text that waits for the end of its frame, and returns whether
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
