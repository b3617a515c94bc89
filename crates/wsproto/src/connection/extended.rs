//! The peer's frames on their way through the agreed extensions, in bounded pieces.

use wsproto_extensions::{ExtensionError, FrameEnd, Handling, Output, Pipeline, Pulled};
use wsproto_frame::{FrameHeader, Opcode};

use super::Connection;
use crate::{BytesMessage, Event, Payload, RemoteProtocolError, Text, TextMessage, read_buffer::Joined};

/// The most bytes of extensions' output in one part of a message.
pub(super) const PIECE_LEN: usize = 16 << 10;
/// The most bytes of extensions' output that are appended to a whole message before they are checked. So few are still
/// in the second-level cache.
pub(super) const LOOK_LEN: usize = 128 << 10;

/// The agreed extensions, and the frame of the peer that they are working on.
pub(super) struct Extended {
    pub(super) pipeline: Pipeline,
    work: Work,
    /// Whether the program knows of the peer's message under way: at least one of its frames was not swallowed.
    known: bool,
    /// How many bytes the extensions made of the payloads of the message under way.
    transformed: u64,
    /// How many they may make.
    max_message_len: u64,
}

/// The next step of the extensions with the peer's frames.
#[derive(Clone, Copy, Debug)]
enum Work {
    /// Nothing: no frame is under way.
    Idle,
    /// Nothing: the payload of the frame under way passes.
    Pass,
    /// Nothing: the frame under way is swallowed.
    Swallow(Frame),
    /// Take more of the frame's payload.
    Feed(Frame),
    /// Return more of their output.
    Pull(Frame),
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    message: Opcode,
    fin: bool,
}

/// How far a frame is, and its message, after a step of the extensions.
pub(super) struct FrameProgress {
    pub(super) message: Opcode,
    pub(super) frame_finished: bool,
    pub(super) message_finished: bool,
}

impl FrameProgress {
    /// No end to report.
    const NOTHING: Self = Self { message: Opcode::Binary, frame_finished: false, message_finished: false };
}

impl Extended {
    pub(super) const fn new(pipeline: Pipeline, max_message_len: u64) -> Self {
        Self { pipeline, work: Work::Idle, known: false, transformed: 0, max_message_len }
    }

    /// Shows the header of a frame to the extensions, and notes whether its payload goes through them.
    pub(super) fn start_frame(
        &mut self,
        header: &FrameHeader,
        message: Opcode,
    ) -> Result<(), ExtensionError> {
        let frame = Frame { message, fin: header.fin };
        let is_data = header.opcode.is_data();
        if matches!(header.opcode, Opcode::Text | Opcode::Binary) {
            self.transformed = 0;
        }
        self.known &= header.opcode == Opcode::Continuation || !is_data;
        self.work = match self.pipeline.inbound_header(header)? {
            Handling::Transform => Work::Feed(frame),
            Handling::Swallow => Work::Swallow(frame),
            _ => {
                self.known |= is_data;
                Work::Pass
            }
        };
        Ok(())
    }

    /// Returns the most bytes of a payload in the next part; `missing` bytes complete a code point that was cut.
    ///
    /// Before the header of a frame is complete, both kinds of payload are possible: one that extensions take in small
    /// pieces, and one that passes.
    const fn most_payload(&self, missing: usize) -> usize {
        match (self.work, missing) {
            (Work::Pass, 0) | (Work::Swallow(_), _) => usize::MAX,
            (Work::Feed(_) | Work::Pull(_), _) | (Work::Idle, 0) => Pipeline::INPUT_PIECE,
            (Work::Pass | Work::Idle, missing) => missing,
        }
    }
}

impl Extended {
    /// Counts the bytes that extensions made of a message, and checks the limit. The decoder has checked its payloads.
    fn count(&mut self, len: usize) -> Result<(), RemoteProtocolError> {
        self.transformed = self.transformed.saturating_add(len as u64);
        let limit = self.max_message_len;
        //= rfc6455#10.4-1
        if self.transformed > limit { Err(RemoteProtocolError::MessageTooLong { limit }) } else { Ok(()) }
    }

    /// Returns the most bytes that extensions may make at once: at most `most`, and at most one byte beyond the limit.
    /// That byte shows that a message is too long before an error in the rest is found.
    fn room_under_limit(&self, most: usize) -> usize {
        let allowed = self.max_message_len.saturating_sub(self.transformed).saturating_add(1);
        usize::try_from(allowed).map_or(most, |allowed| most.min(allowed))
    }
}

impl Connection {
    /// Frees memory that extensions don't need while the connection is idle.
    ///
    /// Call it when no message has come or gone for some time. With permessage-deflate and context takeover, the
    /// connection keeps those received bytes that later messages may refer to (at most the window), and leaves its
    /// place in the [pool] to others. The next message that is sent begins with an empty window. Without extensions the
    /// method does nothing.
    ///
    /// [pool]: wsproto_extensions::deflate::Pool
    pub fn park(&mut self) {
        if let Some(extended) = &mut self.extended {
            extended.pipeline.park();
        }
    }

    /// Returns whether the payload under way goes to the extensions, or is swallowed.
    #[inline]
    pub(super) fn is_transforming(&self) -> bool {
        self.extended
            .as_deref()
            .is_some_and(|extended| matches!(extended.work, Work::Feed(_) | Work::Swallow(_)))
    }

    /// Returns whether extensions hold back a part of their output.
    #[inline]
    pub(super) fn is_pulling(&self) -> bool {
        self.extended.as_deref().is_some_and(|extended| matches!(extended.work, Work::Pull(_)))
    }

    /// Marks the frame under way as ended, unless an extension works on it.
    #[inline]
    pub(super) fn finish_passing(&mut self) {
        if let Some(Extended { work: work @ (Work::Pass | Work::Swallow(_)), .. }) =
            self.extended.as_deref_mut()
        {
            *work = Work::Idle;
        }
    }

    /// Returns the most bytes of a payload in the next part: at most what extensions take at once, and at most
    /// [`text_part_limit`](Self::text_part_limit).
    pub(super) fn most_payload(&self) -> usize {
        match &self.extended {
            Some(extended) => extended.most_payload(self.text.missing()),
            None => self.text_part_limit(),
        }
    }

    /// Passes `input` through the extensions, and makes a part of a message of their output, if there is one to report.
    pub(super) fn transform_part(
        &mut self,
        input: Option<(&[u8], FrameEnd)>,
    ) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        let mut made = Joined::new();
        let FrameProgress { message, frame_finished, message_finished } =
            self.transform(input, PIECE_LEN, &mut made)?;
        if made.is_empty() && !frame_finished {
            return Ok(None);
        }
        Ok(Some(if message == Opcode::Text {
            let text = Text::from(made.text.into_boxed_str());
            TextMessage::received(text, frame_finished, message_finished).into()
        } else {
            let data = Payload::from(made.bytes.into_boxed_slice());
            BytesMessage::received(data, frame_finished, message_finished).into()
        }))
    }

    /// Passes `input` through the extensions, and appends at most `most` bytes of their output to `joined`. Without
    /// `input` it appends more of the output that they held back. The output is checked before an error of the
    /// extensions about the rest is returned.
    pub(super) fn transform(
        &mut self,
        input: Option<(&[u8], FrameEnd)>,
        most: usize,
        joined: &mut Joined,
    ) -> Result<FrameProgress, RemoteProtocolError> {
        let Some(extended) = self.extended.as_deref_mut() else {
            return Ok(FrameProgress::NOTHING);
        };
        let room = extended.room_under_limit(most);
        let Extended { pipeline, work, known, .. } = extended;
        let frame = match *work {
            Work::Feed(frame) | Work::Pull(frame) => frame,
            Work::Swallow(frame) if input.is_some_and(|(_, end)| end == FrameEnd::Reached) => {
                *work = Work::Idle;
                return self.end_swallowed(frame);
            }
            Work::Swallow(_) | Work::Idle | Work::Pass => return Ok(FrameProgress::NOTHING),
        };
        let start = joined.bytes.len();
        let mut output = Output::new(&mut joined.bytes, room);
        let outcome = match input {
            Some((payload, end)) => pipeline.feed(payload, end, &mut output),
            None => pipeline.pull(&mut output),
        };
        *work = match outcome {
            Ok(Pulled::More) => Work::Pull(frame),
            Ok(Pulled::Finished) => Work::Idle,
            _ => Work::Feed(frame),
        };
        let frame_finished = outcome == Ok(Pulled::Finished);
        let message_finished = frame_finished && frame.fin;
        let is_swallowed = pipeline.is_swallowing();
        *known |= frame_finished && !is_swallowed;
        let made = joined.bytes.get(start..).unwrap_or_default();
        let len = made.len();
        if is_swallowed {
            joined.bytes.truncate(start);
        } else if frame.message == Opcode::Text {
            let (code_point, text) = self.check_text(made, message_finished)?;
            if let Some(code_point) = code_point {
                joined.text.push(code_point);
            }
            joined.text.push_str(text);
            joined.bytes.truncate(start);
        }
        self.extended.as_deref_mut().map_or(Ok(()), |extended| extended.count(len))?;
        outcome?;
        if is_swallowed {
            return if frame_finished { self.end_swallowed(frame) } else { Ok(FrameProgress::NOTHING) };
        }
        Ok(FrameProgress { message: frame.message, frame_finished, message_finished })
    }

    /// Ends a frame that was swallowed. If the program knows of the message, it gets the end of it.
    fn end_swallowed(&mut self, frame: Frame) -> Result<FrameProgress, RemoteProtocolError> {
        let is_known = self.extended.as_deref().is_some_and(|extended| extended.known);
        if !(frame.fin && is_known && frame.message.is_data()) {
            return Ok(FrameProgress::NOTHING);
        }
        if frame.message == Opcode::Text {
            self.check_text(&[], true)?;
        }
        Ok(FrameProgress { message: frame.message, frame_finished: true, message_finished: true })
    }
}
