//! Whole messages, joined where they were read: parts of frames stay in the buffer until the last one is there.

#![expect(clippy::inline_always, reason = "events that go through memory cost more than the work itself")]

use core::ops::Range;

use wsproto_extensions::FrameEnd;
use wsproto_frame::{Fragmentation, FrameChunk, FramePart, Opcode};

use super::Connection;
use crate::{BytesMessage, Event, MessageBuffer, Payload, RemoteProtocolError, Text, TextMessage};

/// Less than this many bytes are looked at before any of them is taken: a header or little more.
const SHORT: usize = 16;

/// What has become whole in the buffer.
enum Whole {
    /// A message, all of which lies in one place.
    Message(Opcode),
    /// A control frame, whose payload lies there.
    Control(Opcode, Range<usize>),
    /// A control frame that came in pieces.
    Event(Event<'static>),
}

impl Connection {
    /// Does as [`receive`](Self::receive) with what was read into `buffer`, and gives messages whole.
    ///
    /// A message stays where it was read, however many reads there are; what comes between its parts is given at once.
    /// With a message in one read nothing is done twice; one that spans reads gets its `&str` from a second look when
    /// that is asked for. Until the buffer [`is_empty`](MessageBuffer::is_empty), what follows belongs into the same
    /// one: bytes may wait in it even where there is no event.
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive).
    #[inline(always)]
    pub fn receive_message<'b>(
        &mut self,
        buffer: &'b mut MessageBuffer,
    ) -> Result<Option<Event<'b>>, RemoteProtocolError> {
        if self.receives_frames() && buffer.goes_on_waiting() {
            return Ok(None);
        }
        buffer.forget_given();
        if self.passes_data() {
            if let Some(part) = self.decoder.decode_whole_message(buffer.unread()) {
                let payload = buffer.advance(part.payload);
                return self.receive_data(FrameChunk {
                    header: part.header,
                    message: part.message,
                    payload: buffer.payload_mut(payload),
                    frame_started: part.frame_started,
                    frame_finished: part.frame_finished,
                });
            }
            if buffer.unread().len() < SHORT && self.start_waits(buffer) {
                return Ok(None);
            }
        }
        // An event of its own, as in `receive`.
        let mut event = None;
        self.receive_joined(buffer, &mut event)?;
        Ok(event)
    }

    /// Tells whether what little there is can wait: so much of the work is left out.
    #[inline(never)]
    fn start_waits(&self, buffer: &mut MessageBuffer) -> bool {
        if buffer.unread().is_empty() {
            buffer.renew_room();
            if self.decoder.is_between_frames() {
                return true;
            }
        }
        self.joins_in_place(buffer) && self.waits(buffer)
    }

    /// Goes on with whatever it is that comes next.
    #[inline(never)]
    fn receive_joined<'b>(
        &mut self,
        buffer: &'b mut MessageBuffer,
        event: &mut Option<Event<'b>>,
    ) -> Result<(), RemoteProtocolError> {
        buffer.renew_room();
        if !self.receives_frames() {
            buffer.end();
            return self.failure.clone().map_or(Ok(()), Err);
        }
        if !self.joins_in_place(buffer) {
            *event = buffer.take_joined(|input| self.receive(input))?;
            return Ok(());
        }
        if self.decoder.payload_left() != 0 && self.waits(buffer) {
            return Ok(());
        }
        let whole = match self.join(buffer) {
            Ok(Some(whole)) => whole,
            Ok(None) => return Ok(()),
            Err(error) => return Err(self.fail_in(buffer, error)),
        };
        *event = Some(match whole {
            Whole::Message(Opcode::Text) => TextMessage::new(Text::from_checked(buffer.give())).into(),
            Whole::Message(_) => BytesMessage::new(buffer.give()).into(),
            Whole::Control(Opcode::Close, range) => {
                let closed = self.control_event(Opcode::Close, Payload::new(buffer.payload(range)));
                match closed.map(Event::into_owned) {
                    Ok(close) => {
                        buffer.end();
                        close
                    }
                    Err(error) => return Err(self.fail_in(buffer, error)),
                }
            }
            Whole::Control(opcode, range) => {
                let payload = Payload::new(buffer.payload(range));
                self.control_event(opcode, payload).map_err(|error| self.fail(error))?
            }
            Whole::Event(close @ Event::CloseConnection(_)) => {
                buffer.end();
                close
            }
            Whole::Event(event) => event,
        });
        Ok(())
    }

    /// Notes the rule that the peer broke, and gives back the memory of the message under way.
    #[cold]
    fn fail_in(&mut self, buffer: &mut MessageBuffer, error: RemoteProtocolError) -> RemoteProtocolError {
        buffer.end();
        self.fail(error)
    }

    /// Tells whether all that is unread can wait for more. What extensions have a say in goes to them as it comes.
    #[inline]
    fn waits(&self, buffer: &mut MessageBuffer) -> bool {
        let max_message = if self.extensions.is_none() { self.limits.message_len } else { 0 };
        self.text.missing() == 0 && !self.is_transforming() && buffer.waits(&self.decoder, max_message)
    }

    /// Tells whether messages can be joined in the buffer: what comes next may have begun elsewhere.
    fn joins_in_place(&self, buffer: &MessageBuffer) -> bool {
        self.receives_frames()
            && !self.is_pulling()
            && buffer.parts.is_empty()
            && (self.text.missing() == 0 || buffer.holds_message())
    }

    /// Takes parts until something is whole; `None` once more bytes are needed.
    #[inline]
    fn join(&mut self, buffer: &mut MessageBuffer) -> Result<Option<Whole>, RemoteProtocolError> {
        loop {
            if let Some(part) = self.decoder.decode_data(buffer.unread(), usize::MAX) {
                let message = part.message;
                if self.join_part(part, buffer)? {
                    return Ok(Some(Whole::Message(message)));
                }
            } else if self.waits(buffer) {
                return Ok(None);
            } else if let Some(whole) = self.join_any(buffer)? {
                return Ok(Some(whole));
            }
            if buffer.unread().is_empty() {
                // Behind a fragment that is not the last comes the same message, which moves anyway; extensions leave
                // nothing that would have to.
                let ends = self.decoder.fragmentation() == Fragmentation::Idle && !self.is_transforming();
                buffer.await_rest(if ends { self.decoder.payload_left() } else { 0 });
                return Ok(None);
            }
        }
    }

    /// Checks a part of a data frame, adds it to its message, and tells whether that is whole and for the program.
    #[inline(always)]
    fn join_part(
        &mut self,
        part: FramePart,
        buffer: &mut MessageBuffer,
    ) -> Result<bool, RemoteProtocolError> {
        if part.frame_started {
            self.start_frame(&part.header, part.message)?;
        }
        let last = part.frame_finished && part.header.fin;
        let payload = buffer.advance(part.payload);
        if self.is_transforming() {
            let end = if part.frame_finished { FrameEnd::Reached } else { FrameEnd::Pending };
            self.join_transformed(payload, end, buffer)?;
            return Ok(last && self.knows_message());
        }
        if part.message == Opcode::Text {
            self.check_text(buffer.payload(payload.clone()), last)?;
        }
        buffer.join(payload);
        if part.frame_finished {
            self.finish_passing();
        }
        Ok(last)
    }

    /// Takes the first part of a frame, or a part of a control frame.
    #[inline(never)]
    fn join_any(&mut self, buffer: &mut MessageBuffer) -> Result<Option<Whole>, RemoteProtocolError> {
        let Some(part) = self.decoder.decode_in_place(buffer.unread())? else {
            buffer.advance(0..usize::MAX);
            return Ok(None);
        };
        if part.header.opcode.is_data() {
            let message = part.message;
            let whole = self.join_part(part, buffer)?;
            return Ok(whole.then_some(Whole::Message(message)));
        }
        if part.frame_started {
            self.start_frame(&part.header, part.message)?;
        }
        let swallowed = self.is_transforming();
        if part.frame_finished {
            self.finish_passing();
        }
        if swallowed {
            buffer.advance(part.payload);
            return Ok(None);
        }
        if part.frame_started && part.frame_finished {
            return Ok(Some(Whole::Control(part.header.opcode, buffer.advance(part.payload))));
        }
        let FramePart { header, message, payload, frame_started, frame_finished, .. } = part;
        let piece = buffer.advance(payload);
        let payload = buffer.payload_mut(piece);
        let event = self.receive_control_piece(&FrameChunk {
            header,
            message,
            payload,
            frame_started,
            frame_finished,
        })?;
        Ok(event.map(Whole::Event))
    }

    /// Checks a part of a text.
    #[inline(always)]
    pub(super) fn check_text(&mut self, part: &[u8], last: bool) -> Result<(), RemoteProtocolError> {
        //= rfc6455#5.6-1, rfc6455#8.1-1
        if self.text.ascii(part).is_some() { Ok(()) } else { self.check_any_text(part, last) }
    }

    #[inline(never)]
    fn check_any_text(&mut self, part: &[u8], last: bool) -> Result<(), RemoteProtocolError> {
        self.text.push(part)?;
        if last {
            self.text.finish()?;
        }
        Ok(())
    }
}
