//! Receiving out of a read buffer: whole messages, or parts of messages.

#![expect(clippy::inline_always, reason = "events that go through memory cost more than the work itself")]

use core::ops::{Range, RangeInclusive};

use wsproto_extensions::{FrameEnd, Pipeline};
use wsproto_frame::{FrameChunk, Opcode, TextCheck};

use super::{
    Connection,
    extended::{FrameProgress, LOOK_LEN, PIECE_LEN},
};
use crate::{
    Event, ReadBuffer, RemoteProtocolError,
    read_buffer::{Found, Place},
};

/// A frame that the buffer waits for as a whole is unmasked each time that so many bytes of it have come. So few are
/// still in the first-level cache.
const AWAITED_LEN: usize = 16 << 10;

impl Connection {
    /// Returns the next event of the bytes in `buffer`, or `None` once more bytes are needed.
    ///
    /// The buffer decides whether messages come whole or in parts. As long as it isn't [empty](ReadBuffer::is_empty),
    /// read the following bytes into the same one. Bytes after the peer's Close, and all bytes once the connection is
    /// closed, are taken and ignored.
    ///
    /// While a request waits for its answer ([`Transport::PauseRead`](crate::Transport::PauseRead)), nothing is taken.
    /// Bytes that the client sent after its request stay in the buffer, since they belong to the open connection. Call
    /// `receive_from` again once the answer is sent. After a rejection such bytes are dropped.
    ///
    /// # Errors
    ///
    /// The rule that the peer broke. It is final, and [`reply_to_error`](Self::reply_to_error) tells the peer.
    #[inline(always)]
    pub fn receive_from<'b>(
        &mut self,
        buffer: &'b mut ReadBuffer,
    ) -> Result<Option<Event<'b>>, RemoteProtocolError> {
        if self.receives_frames() && buffer.awaits_more(AWAITED_LEN) {
            return Ok(None);
        }
        if self.passes_data() {
            buffer.forget_found();
            if buffer.fresh_len() == 0 {
                return Ok(None);
            }
            if !self.decoder.is_between_frames() {
                return match self.check_waiting_text(buffer) {
                    Ok(true) => Ok(None),
                    Ok(false) => self.receive_rest(buffer),
                    Err(error) => Err(self.fail_in(buffer, error)),
                };
            }
            let most = if buffer.gives_messages() { usize::MAX } else { self.text_part_limit() };
            if let Some(chunk) = self.decoder.decode_data(buffer.fresh(), 1, most) {
                return self.receive_data(&chunk, buffer);
            }
        }
        self.receive_first(buffer)
    }

    /// Begins a frame: most often a text of which the first piece is there.
    #[inline(never)]
    fn receive_first<'b>(
        &mut self,
        buffer: &'b mut ReadBuffer,
    ) -> Result<Option<Event<'b>>, RemoteProtocolError> {
        if self.passes_data()
            && buffer.gives_messages()
            && let Some(chunk) = self.decoder.begin_data(buffer.fresh())
        {
            self.awaits_whole = false;
            if let Err(error) = self.check_start(&chunk) {
                return Err(self.fail_in(buffer, error));
            }
            buffer.extend_waiting(&chunk.payload);
            match self.check_waiting_text(buffer) {
                Ok(true) => return Ok(None),
                Ok(false) => {}
                Err(error) => return Err(self.fail_in(buffer, error)),
            }
        }
        self.advanced_event(buffer)
    }

    /// Continues a frame that began in an earlier read.
    #[inline(never)]
    fn receive_rest<'b>(
        &mut self,
        buffer: &'b mut ReadBuffer,
    ) -> Result<Option<Event<'b>>, RemoteProtocolError> {
        let (least, most) = self.pieces(buffer).into_inner();
        match self.decoder.decode_data(buffer.fresh(), least, most) {
            Some(chunk) => self.receive_data(&chunk, buffer),
            None => self.advanced_event(buffer),
        }
    }

    /// Makes an event of a part of a data frame.
    #[inline(always)]
    fn receive_data<'b>(
        &mut self,
        chunk: &FrameChunk<Range<usize>>,
        buffer: &'b mut ReadBuffer,
    ) -> Result<Option<Event<'b>>, RemoteProtocolError> {
        if let Err(error) = self.check_start(chunk) {
            return Err(self.fail_in(buffer, error));
        }
        buffer.extend_waiting(&chunk.payload);
        if is_event(chunk, buffer) {
            // The payload lies where it was read: nothing is joined or stored.
            let is_whole = buffer.gives_messages();
            let (payload, drop_rest) = buffer.lend_waiting();
            if !chunk.frame_started && is_whole {
                // The part that waited was checked before, but the whole is returned.
                self.text = TextCheck::new();
            }
            let last = chunk.message_finished();
            let event = self.data_event(chunk.message, payload, chunk.frame_finished, last);
            if event.is_err() {
                drop_rest();
            }
            return event;
        }
        // A copy, so that the part itself never has an address.
        self.receive_joined(&chunk.clone(), buffer)
    }

    #[inline(never)]
    fn receive_joined<'b>(
        &mut self,
        chunk: &FrameChunk<Range<usize>>,
        buffer: &'b mut ReadBuffer,
    ) -> Result<Option<Event<'b>>, RemoteProtocolError> {
        match self.take_data(chunk, buffer) {
            Ok(true) => Ok(buffer.event()),
            Ok(false) => self.advanced_event(buffer),
            Err(error) => Err(self.fail_in(buffer, error)),
        }
    }

    #[inline(never)]
    fn advanced_event<'b>(
        &mut self,
        buffer: &'b mut ReadBuffer,
    ) -> Result<Option<Event<'b>>, RemoteProtocolError> {
        if self.advance(buffer)? { Ok(buffer.event()) } else { Ok(None) }
    }

    /// Finds the next event of the bytes in `buffer`, and returns whether there is one. [`ReadBuffer::event`] returns
    /// the event.
    ///
    /// `false` means that more bytes are needed. This is [`receive_from`](Self::receive_from) in two steps, so that a
    /// function can read more bytes between them. Only in this way can a function read and then return an event that
    /// borrows from the buffer. [`ReadBuffer`] has an example.
    ///
    /// An event that was found before and not taken is dropped.
    ///
    /// # Errors
    ///
    /// As [`receive_from`](Self::receive_from).
    pub fn advance(&mut self, buffer: &mut ReadBuffer) -> Result<bool, RemoteProtocolError> {
        buffer.forget_found();
        if self.opening.is_some() {
            return self.advance_opening(buffer);
        }
        if !self.receives_frames() {
            buffer.forget_connection();
            return self.failure.as_deref().cloned().map_or(Ok(false), Err);
        }
        self.advance_open(buffer)
    }

    /// Finds the next event of an open connection.
    #[inline(always)]
    pub(super) fn advance_open(&mut self, buffer: &mut ReadBuffer) -> Result<bool, RemoteProtocolError> {
        match self.find(buffer) {
            Err(error) => Err(self.fail_in(buffer, error)),
            found => found,
        }
    }

    /// Stores the rule that the peer broke, and frees the memory of the message under way.
    #[cold]
    fn fail_in(&mut self, buffer: &mut ReadBuffer, error: RemoteProtocolError) -> RemoteProtocolError {
        buffer.forget_connection();
        self.fail(error)
    }

    /// Returns how many bytes of a payload the next part should have.
    ///
    /// A text is checked as it comes. For other payloads, and before the header is complete, the end of the frame is
    /// awaited.
    #[inline(always)]
    fn pieces(&self, buffer: &ReadBuffer) -> RangeInclusive<usize> {
        let least = match self.decoder.payload() {
            Some((Opcode::Text, _)) => 1,
            Some((Opcode::Binary, _)) if !buffer.gives_messages() => 1,
            _ => AWAITED_LEN,
        };
        let most = match &self.extended {
            Some(_) => Pipeline::INPUT_PIECE,
            None if buffer.gives_messages() => usize::MAX,
            None => self.text_part_limit(),
        };
        least..=most
    }

    /// Tells the buffer what to wait for after the last byte that was read.
    #[inline(always)]
    fn await_more(&mut self, buffer: &mut ReadBuffer) {
        match self.decoder.payload() {
            // The decoder keeps the start of a header.
            None => buffer.drop_fresh(),
            Some((_, left)) if *self.pieces(buffer).start() == AWAITED_LEN => {
                self.awaits_whole = true;
                buffer.await_frame(usize::try_from(left).unwrap_or(usize::MAX));
            }
            Some(_) => {}
        }
    }

    fn find(&mut self, buffer: &mut ReadBuffer) -> Result<bool, RemoteProtocolError> {
        loop {
            if self.is_pulling() {
                if self.transform_into(0..0, None, buffer)? {
                    return Ok(true);
                }
                continue;
            }
            let is_transforming = self.is_transforming();
            let is_taken =
                if is_transforming { buffer.fresh_len() == 0 } else { self.check_waiting_text(buffer)? };
            if is_taken {
                return Ok(false);
            }
            let pieces = if is_transforming { 1..=Pipeline::INPUT_PIECE } else { self.pieces(buffer) };
            let Some(chunk) = self.next_chunk(buffer.fresh(), pieces)? else {
                self.await_more(buffer);
                return Ok(false);
            };
            if self.take_chunk(&chunk, buffer)? {
                return Ok(true);
            }
        }
    }

    /// Takes a part of a frame, and returns whether it makes an event.
    #[inline(always)]
    fn take_chunk(
        &mut self,
        chunk: &FrameChunk<Range<usize>>,
        buffer: &mut ReadBuffer,
    ) -> Result<bool, RemoteProtocolError> {
        buffer.extend_waiting(&chunk.payload);
        if self.is_transforming() {
            let end = if chunk.frame_finished { FrameEnd::Reached } else { FrameEnd::Pending };
            let payload = buffer.take_waiting();
            return self.transform_into(payload, Some(end), buffer);
        }
        if chunk.frame_finished {
            self.finish_passing();
        }
        if chunk.header.opcode.is_control() {
            return self.take_control(chunk, buffer);
        }
        self.take_data(chunk, buffer)
    }

    /// Takes a part of a data frame that passes, and returns whether it makes an event.
    #[inline(never)]
    fn take_data(
        &mut self,
        chunk: &FrameChunk<Range<usize>>,
        buffer: &mut ReadBuffer,
    ) -> Result<bool, RemoteProtocolError> {
        let (last, is_whole) = (chunk.message_finished(), buffer.gives_messages());
        let is_single = chunk.header.fin && chunk.header.opcode == Opcode::Binary;
        // The header alone is no part. A binary message in one frame stays where it was read until all of it has come.
        if !chunk.frame_finished && (chunk.payload.is_empty() || is_whole && is_single) {
            return Ok(false);
        }
        let waiting = buffer.take_waiting();
        let place = if chunk.message == Opcode::Text {
            if waiting.len() > chunk.payload.len() {
                // The text that waited before was checked, but not joined.
                self.text = buffer.text;
            }
            let (read, joined) = buffer.read_and_joined(waiting);
            let (code_point, text) = self.check_text(read, last)?;
            if let Some(code_point) = code_point {
                joined.text.push(code_point);
            }
            joined.text.push_str(text);
            if !is_whole && joined.text.is_empty() && !chunk.frame_finished {
                // The whole part lies within a code point.
                return Ok(false);
            }
            Place::Text
        } else if is_single || !is_whole {
            Place::Read(waiting)
        } else {
            let (read, joined) = buffer.read_and_joined(waiting);
            joined.bytes.extend_from_slice(read);
            Place::Bytes
        };
        let is_found = last || !is_whole;
        if is_found {
            buffer.note_message(place, chunk.frame_finished, last);
        }
        Ok(is_found)
    }

    /// Makes an event of a control frame once all of it has come.
    #[inline(never)]
    fn take_control(
        &mut self,
        chunk: &FrameChunk<Range<usize>>,
        buffer: &mut ReadBuffer,
    ) -> Result<bool, RemoteProtocolError> {
        if !chunk.frame_finished {
            return Ok(false);
        }
        let payload = buffer.take_waiting();
        if let Some(mut control) = self.control.take() {
            // `receive` has taken the start of the frame.
            let FrameChunk { header, message, frame_started, frame_finished, .. } = *chunk;
            let payload = buffer.bytes(payload);
            let rest = FrameChunk { header, message, payload, frame_started, frame_finished };
            let payload = control.push(&rest).unwrap_or_default().to_vec();
            let event = self.control_event(header.opcode, payload.into())?;
            if header.opcode == Opcode::Close {
                buffer.forget_connection();
            }
            return Ok(buffer.note_event(Some(event)));
        }
        buffer.found = match chunk.header.opcode {
            Opcode::Ping => Found::Ping(payload),
            //= rfc6455#5.5.3-2
            Opcode::Pong => Found::Pong(payload),
            _ => {
                let close = self.receive_close(buffer.bytes(payload))?;
                // Bytes after a Close are ignored.
                buffer.forget_connection();
                Found::Event(close)
            }
        };
        Ok(true)
    }

    /// Passes a payload to the extensions, or lets them continue, and returns whether their output makes an event.
    #[inline(never)]
    fn transform_into(
        &mut self,
        payload: Range<usize>,
        end: Option<FrameEnd>,
        buffer: &mut ReadBuffer,
    ) -> Result<bool, RemoteProtocolError> {
        let is_whole = buffer.gives_messages();
        let (read, joined) = buffer.read_and_joined(payload);
        let input = end.map(|end| (read, end));
        let FrameProgress { message, frame_finished, message_finished } =
            self.transform(input, if is_whole { LOOK_LEN } else { PIECE_LEN }, joined)?;
        let is_found = if is_whole { message_finished } else { frame_finished || !joined.is_empty() };
        if is_found {
            let place = if message == Opcode::Text { Place::Text } else { Place::Bytes };
            buffer.note_message(place, frame_finished, message_finished);
        }
        Ok(is_found)
    }
}

/// Returns whether a part is an event where it lies: a message in one frame, or any part where parts are wanted.
#[inline(always)]
fn is_event(chunk: &FrameChunk<Range<usize>>, buffer: &ReadBuffer) -> bool {
    if buffer.gives_messages() {
        let begins = matches!(chunk.header.opcode, Opcode::Text | Opcode::Binary);
        begins && chunk.message_finished() && (chunk.frame_started || buffer.joined.is_empty())
    } else {
        chunk.header.opcode.is_data() && (chunk.frame_finished || !chunk.payload.is_empty())
    }
}
