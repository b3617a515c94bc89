//! Receiving out of the caller's memory. Parts of frames, which one function checks, become events.

#![expect(
    clippy::inline_always,
    reason = "chunks and events that go through memory cost more than the work itself"
)]

use alloc::boxed::Box;
use core::ops::{Range, RangeInclusive};

use wsproto_extensions::FrameEnd;
use wsproto_frame::{FrameChunk, Opcode};

use super::Connection;
use crate::{
    BytesMessage, ConnectionState, Event, Payload, RemoteProtocolError, Text, TextMessage, state::Step,
};

impl Connection {
    /// Takes bytes off the front of `input` and returns the next event, or `None` once more bytes are needed.
    ///
    /// This is for callers with memory of their own. Messages come in parts, payloads are unmasked in place, and the
    /// event borrows from them. [`receive_from`](Self::receive_from) returns whole messages. Bytes after the peer's
    /// Close, and all bytes once the connection is closed, are taken and ignored.
    ///
    /// While a request waits for its answer ([`Transport::PauseRead`](crate::Transport::PauseRead)), nothing is taken.
    /// Bytes that the client sent after its request stay in `input`, since they belong to the open connection. Call
    /// `receive` again once the answer is sent. After a rejection such bytes are dropped.
    ///
    /// # Errors
    ///
    /// The rule that the peer broke. It is final, and [`reply_to_error`](Self::reply_to_error) tells the peer.
    #[inline(always)]
    pub fn receive<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        debug_assert!(
            !self.receives_frames() || !self.awaits_whole || self.decoder.payload().is_none(),
            "the start of this frame waits in a read buffer"
        );
        if self.passes_data() {
            if input.is_empty() {
                return Ok(None);
            }
            if let Some(chunk) = self.decoder.decode_data(input, 1, self.text_part_limit()) {
                if let Err(error) = self.check_start(&chunk) {
                    return Err(self.fail(error));
                }
                let last = chunk.message_finished();
                let FrameChunk { message, payload, frame_finished, .. } = chunk.split_off(input);
                // No event means that all of the input lay within a code point.
                return self.data_event(message, payload, frame_finished, last);
            }
        }
        if self.opening.is_some() {
            return self.receive_opening(input);
        }
        self.receive_any(input)
    }

    /// Returns whether data frames become events without extensions.
    #[inline(always)]
    pub(super) fn passes_data(&self) -> bool {
        self.receives_frames() && self.extended.is_none() && self.opening.is_none()
    }

    /// Returns whether frames of the peer are received, and not ignored.
    #[inline(always)]
    pub(super) const fn receives_frames(&self) -> bool {
        matches!(self.state, ConnectionState::Open | ConnectionState::LocalClosing)
    }

    /// Takes the next part of a frame from the front of `input`, and checks its header.
    #[inline]
    pub(super) fn next_chunk(
        &mut self,
        input: &mut [u8],
        pieces: RangeInclusive<usize>,
    ) -> Result<Option<FrameChunk<Range<usize>>>, RemoteProtocolError> {
        let chunk = self.decoder.decode_in_place(input, pieces)?;
        if let Some(chunk) = &chunk {
            self.awaits_whole &= !chunk.frame_started;
            self.check_start(chunk)?;
        }
        Ok(chunk)
    }

    /// Checks the limits for the first part of a frame, and shows its header to the extensions. The decoder has checked
    /// all other rules.
    #[inline(always)]
    pub(super) fn check_start(
        &mut self,
        chunk: &FrameChunk<Range<usize>>,
    ) -> Result<(), RemoteProtocolError> {
        if chunk.frame_started {
            self.count_frame(&chunk.header)?;
            if let Some(extended) = &mut self.extended {
                // A copy, so that the header itself never has an address.
                let header = chunk.header;
                extended.start_frame(&header, chunk.message)?;
            }
        }
        Ok(())
    }

    /// Makes an event of a part of a data frame; `None` where the whole part lies within a code point.
    ///
    /// Each event is returned where it is made. An event inside another result is written word by word and read two
    /// words at a time. A processor waits for that longer than all other work takes.
    #[inline(always)]
    pub(super) fn data_event<'a>(
        &mut self,
        message: Opcode,
        payload: &'a [u8],
        frame_finished: bool,
        message_finished: bool,
    ) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        if message != Opcode::Text {
            let data = Payload::new(payload);
            //= rfc6455#5.4-2, rfc6455#5.4-12, rfc6455#6.2-6
            let message = BytesMessage::received(data, frame_finished, message_finished);
            return Ok(Some(Event::BytesMessage(message)));
        }
        if self.text.is_short_ascii(payload) {
            let data = Text::from_short_ascii(payload);
            let message = TextMessage::received(data, frame_finished, message_finished);
            return Ok(Some(Event::TextMessage(message)));
        }
        let text = match self.check_text(payload, message_finished) {
            Ok((None, text)) => Text::new(text),
            // Nothing follows the code point: `text_part_limit` ends the part there.
            Ok((Some(code_point), _)) => Text::from_code_point(code_point),
            Err(error) => return Err(self.fail(error)),
        };
        if text.is_empty() && !frame_finished {
            return Ok(None);
        }
        let message = TextMessage::received(text, frame_finished, message_finished);
        Ok(Some(Event::TextMessage(message)))
    }

    /// Frees the memory that is kept for more frames of the peer. Before our Close is sent, extensions still need
    /// theirs.
    pub(super) fn give_back_when_closed(&mut self) {
        if self.state == ConnectionState::Closed {
            self.extended = None;
            self.control = None;
        }
    }

    /// Stores the rule that the peer broke, and frees the memory of a message. A second call changes nothing.
    #[cold]
    pub(super) fn fail(&mut self, error: RemoteProtocolError) -> RemoteProtocolError {
        self.failure = Some(Box::new(error.clone()));
        self.state = self.state.after(Step::Fail).unwrap_or(self.state);
        self.extended = None;
        self.control = None;
        error
    }

    /// Receives any bytes after the opening handshake.
    #[inline(never)]
    fn receive_any<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        if !self.receives_frames() {
            //= rfc6455#7.1.7-5
            *input = &mut [];
            return self.failure.as_deref().cloned().map_or(Ok(None), Err);
        }
        self.receive_frames(input).map_err(|error| self.fail(error))
    }

    /// Takes parts of frames until one makes an event.
    #[inline(always)]
    fn receive_frames<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        loop {
            let event = if self.is_pulling() {
                self.transform_part(None)?
            } else {
                let Some(chunk) = self.next_chunk(input, 1..=self.most_payload())? else {
                    *input = &mut [];
                    return Ok(None);
                };
                self.receive_chunk(chunk.split_off(input))?
            };
            if event.is_some() {
                return Ok(event);
            }
        }
    }

    /// Makes an event of a part of a frame, if the part is worth one.
    #[inline]
    fn receive_chunk<'a>(
        &mut self,
        chunk: FrameChunk<&'a mut [u8]>,
    ) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        let FrameChunk { message, frame_finished, header, .. } = chunk;
        if self.is_transforming() {
            let end = if frame_finished { FrameEnd::Reached } else { FrameEnd::Pending };
            return self.transform_part(Some((chunk.payload, end)));
        }
        if frame_finished {
            self.finish_passing();
        }
        if header.opcode.is_control() {
            //= rfc6455#5.4-4, rfc6455#6.2-2
            self.receive_control(chunk)
        } else if frame_finished || !chunk.payload.is_empty() {
            let last = chunk.message_finished();
            self.data_event(message, chunk.payload, frame_finished, last)
        } else {
            Ok(None)
        }
    }
}
