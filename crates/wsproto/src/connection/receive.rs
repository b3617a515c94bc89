//! What the peer sends: parts of frames become events, under the limits.

#![expect(
    clippy::inline_always,
    reason = "chunks and events that go through memory cost more than the work itself"
)]

use wsproto_frame::{FrameChunk, FrameHeader, Opcode};

use super::Connection;
use crate::{
    BytesMessage, Config, ConnectionState, Event, Payload, RemoteProtocolError, Text, TextMessage,
    state::Step,
};

/// Those of the configuration. A count that doesn't fit in 32 bits is without limit: the counters don't get beyond.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) message_len: u64,
    fragments: u32,
    empty_fragments: u32,
    control_frames: u32,
}

impl Limits {
    pub(super) fn new(config: &Config) -> Self {
        let count = |limit| u32::try_from(limit).unwrap_or(u32::MAX);
        Self {
            message_len: config.max_message_len,
            fragments: count(config.fragments()),
            empty_fragments: count(config.max_empty_fragments),
            control_frames: count(config.max_control_frames),
        }
    }
}

/// How much of a message has arrived; of a whole frame, only what extensions made of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MessageSize {
    /// Bytes that extensions made of its payloads.
    pub(super) transformed: u64,
    fragments: u32,
    /// How many of the last fragments were empty.
    empty_fragments: u32,
    /// Pings and Pongs since the last data frame: of this message, or behind it.
    control_frames: u32,
}

impl Connection {
    /// Takes what it can off the front of `input` and returns the next event, or `None` once more bytes are needed.
    ///
    /// Payloads are unmasked in place, and the event borrows them. After the peer's Close, and once the connection is
    /// closed, all bytes are taken and ignored.
    ///
    /// # Errors
    ///
    /// The rule that the peer broke; it is final, and [`reply_to_error`](Self::reply_to_error) tells the peer.
    #[inline(always)]
    pub fn receive<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        if self.passes_data() {
            if input.is_empty() {
                return Ok(None);
            }
            if let Some(part) = self.decoder.decode_data(input, self.most_text()) {
                // No event means that all of the input lay within a code point.
                return self.receive_data(part.split_off(input));
            }
        }
        // An event of its own, so that the one above never has an address.
        let mut event = None;
        self.receive_any(input, &mut event)?;
        Ok(event)
    }

    /// Tells whether data frames become events with no extension having a say.
    #[inline(always)]
    pub(super) fn passes_data(&self) -> bool {
        self.receives_frames() && self.extensions.is_none()
    }

    /// Tells whether what comes is looked at.
    #[inline(always)]
    pub(super) fn receives_frames(&self) -> bool {
        matches!(self.state, ConnectionState::Open | ConnectionState::LocalClosing)
    }

    /// Returns how much of a text the next part may hold: no more than completes a code point that was cut, so that it
    /// becomes an event of its own.
    #[inline(always)]
    fn most_text(&self) -> usize {
        match self.text.missing() {
            0 => usize::MAX,
            missing => missing,
        }
    }

    /// Takes a part of a data frame that no extension has a say in: holds its header to the limits, if that came with it,
    /// and makes an event of it.
    #[inline(always)]
    pub(super) fn receive_data<'a>(
        &mut self,
        chunk: FrameChunk<'a>,
    ) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        if chunk.frame_started
            && let Err(error) = self.count_frame(&chunk.header)
        {
            return Err(self.fail(error));
        }
        self.data_event(chunk)
    }

    /// Makes an event of a part of a data frame; `None` where all of it lay within a code point, or it is empty.
    ///
    /// Each event is returned where it is made: one that is a part of another result on its way is written word by word
    /// and read two words at a time, for which a processor waits longer than all the rest takes.
    #[inline(always)]
    fn data_event<'a>(&mut self, chunk: FrameChunk<'a>) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        let message_finished = chunk.message_finished();
        let FrameChunk { message, payload, frame_finished, .. } = chunk;
        let payload = &*payload;
        if payload.is_empty() && !frame_finished {
            return Ok(None);
        }
        if message != Opcode::Text {
            let data = Payload::new(payload);
            //= rfc6455#5.4-2, rfc6455#5.4-12, rfc6455#6.2-6
            let message = BytesMessage::received(data, frame_finished, message_finished);
            return Ok(Some(Event::BytesMessage(message)));
        }
        //= rfc6455#5.6-1, rfc6455#8.1-1
        if let Some(ascii) = self.text.ascii(payload) {
            let data = Text::from_checked(ascii);
            let message = TextMessage::received(data, frame_finished, message_finished);
            return Ok(Some(Event::TextMessage(message)));
        }
        let text = match self.check_text_part(payload, message_finished) {
            Ok((None, text)) => Text::new(text),
            // Nothing follows the code point: `most_text` sees to it.
            Ok((Some(code_point), _)) => Text::from_code_point(code_point),
            Err(error) => return Err(self.fail(error)),
        };
        if text.as_bytes().is_empty() && !frame_finished {
            return Ok(None);
        }
        let message = TextMessage::received(text, frame_finished, message_finished);
        Ok(Some(Event::TextMessage(message)))
    }

    #[inline(always)]
    fn check_text_part<'a>(
        &mut self,
        part: &'a [u8],
        last: bool,
    ) -> Result<(Option<char>, &'a str), RemoteProtocolError> {
        let checked = self.text.push(part)?;
        if last {
            self.text.finish()?;
        }
        Ok(checked)
    }

    /// Gives back what is kept for more of the peer's frames; until our Close is sent, extensions have a say in it.
    pub(super) fn give_back_when_closed(&mut self) {
        if self.state == ConnectionState::Closed {
            self.extensions = None;
            self.control = None;
        }
    }

    /// Notes the rule that the peer broke, and gives back what was kept for a message; noted again, it changes nothing.
    #[cold]
    pub(super) fn fail(&mut self, error: RemoteProtocolError) -> RemoteProtocolError {
        self.failure = Some(error.clone());
        self.state = self.state.after(Step::Fail).unwrap_or(self.state);
        self.extensions = None;
        self.control = None;
        error
    }

    #[cold]
    fn ignore(&mut self, input: &mut &mut [u8]) -> Result<(), RemoteProtocolError> {
        *input = &mut [];
        self.failure.clone().map_or(Ok(()), Err)
    }

    /// Does what [`receive`](Self::receive) does, for any bytes in any state.
    #[inline(never)]
    fn receive_any<'a>(
        &mut self,
        input: &mut &'a mut [u8],
        event: &mut Option<Event<'a>>,
    ) -> Result<(), RemoteProtocolError> {
        let outcome = match self.state {
            ConnectionState::Open | ConnectionState::LocalClosing => self.receive_frames(input),
            //= rfc6455#7.1.7-5
            ConnectionState::Connecting
            | ConnectionState::Rejecting
            | ConnectionState::RemoteClosing
            | ConnectionState::Closed => return self.ignore(input),
        };
        match outcome {
            Ok(received) => {
                *event = received;
                Ok(())
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    #[inline]
    fn receive_frames<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        loop {
            if self.extensions.is_some()
                && let Some(event) = self.pull_transformed()?
            {
                return Ok(Some(event));
            }
            let Some(chunk) = self.decoder.decode_at_most(input, self.most_payload())? else {
                return Ok(None);
            };
            if chunk.frame_started {
                self.start_frame(&chunk.header, chunk.message)?;
            }
            let frame_finished = chunk.frame_finished;
            let outcome = self.receive_chunk(chunk);
            if frame_finished {
                self.finish_passing();
            }
            if !matches!(outcome, Ok(None)) {
                return outcome;
            }
        }
    }

    /// Makes an event of a part of a frame, if it amounts to one.
    #[inline]
    fn receive_chunk<'a>(&mut self, chunk: FrameChunk<'a>) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        //= rfc6455#5.4-4, rfc6455#6.2-2
        if chunk.header.opcode.is_control() {
            return if self.is_transforming() { Ok(None) } else { self.receive_control(chunk) };
        }
        if self.is_transforming() {
            return self.feed_transformed(&chunk);
        }
        self.data_event(chunk)
    }

    /// Returns how much of a payload the next part may hold: no more than extensions take at once, and no more than
    /// [`most_text`](Self::most_text).
    #[inline]
    fn most_payload(&self) -> usize {
        match &self.extensions {
            Some(extensions) => extensions.most_payload(self.text.missing()),
            None => self.most_text(),
        }
    }

    /// Holds a header to the limits, and shows it to the extensions.
    #[inline(always)]
    pub(super) fn start_frame(
        &mut self,
        header: &FrameHeader,
        message: Opcode,
    ) -> Result<(), RemoteProtocolError> {
        match header.opcode {
            Opcode::Text | Opcode::Binary | Opcode::Continuation => self.count_frame(header)?,
            Opcode::Ping | Opcode::Pong => self.count_control_frame()?,
            Opcode::Close => {}
        }
        match &mut self.extensions {
            Some(extensions) => {
                // A copy, so that the header itself never has an address.
                let header = *header;
                Ok(extensions.start(&header, message)?)
            }
            None => Ok(()),
        }
    }

    /// Adds a data frame to its message, under the limits.
    #[inline(always)]
    fn count_frame(&mut self, header: &FrameHeader) -> Result<(), RemoteProtocolError> {
        if header.opcode != Opcode::Continuation {
            self.received = MessageSize::default();
            if header.fin {
                return Ok(());
            }
        }
        self.count_fragment(header.payload_len)
    }

    fn count_fragment(&mut self, len: u64) -> Result<(), RemoteProtocolError> {
        let received = &mut self.received;
        received.fragments = received.fragments.saturating_add(1);
        received.control_frames = 0;
        received.empty_fragments = match len {
            0 => received.empty_fragments.saturating_add(1),
            _ => 0,
        };
        let MessageSize { fragments, empty_fragments, .. } = *received;
        let limits = self.limits;
        if fragments > limits.fragments {
            return Err(RemoteProtocolError::TooManyFragments { limit: limits.fragments.into() });
        }
        if empty_fragments > limits.empty_fragments {
            return Err(RemoteProtocolError::TooManyEmptyFragments { limit: limits.empty_fragments.into() });
        }
        Ok(())
    }

    fn count_control_frame(&mut self) -> Result<(), RemoteProtocolError> {
        let limit = self.limits.control_frames;
        self.received.control_frames = self.received.control_frames.saturating_add(1);
        if self.received.control_frames > limit {
            return Err(RemoteProtocolError::TooManyControlFrames { limit: limit.into() });
        }
        Ok(())
    }

    /// Holds what extensions made of a message to the limit; the decoder has held its payloads to it.
    #[inline]
    pub(super) fn check_message_len(&self, len: u64) -> Result<(), RemoteProtocolError> {
        let limit = self.limits.message_len;
        //= rfc6455#10.4-1
        if len > limit { Err(RemoteProtocolError::MessageTooLong { limit }) } else { Ok(()) }
    }

    /// Makes an event of text that was checked, unless all that came is the start of a code point.
    #[inline(never)]
    pub(super) fn text_event<'a>(
        &mut self,
        data: Text<'a>,
        frame_finished: bool,
        message_finished: bool,
    ) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        if message_finished {
            self.text.finish()?;
        }
        if data.as_bytes().is_empty() && !frame_finished {
            return Ok(None);
        }
        Ok(Some(Event::TextMessage(TextMessage::received(data, frame_finished, message_finished))))
    }
}
