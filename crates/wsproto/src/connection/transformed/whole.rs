//! Whole messages that went through the extensions: what they make is appended to the message, where it stays.

use core::ops::Range;

use wsproto_extensions::{ExtensionError, FrameEnd, Output, Pipeline, Pulled};
use wsproto_frame::Opcode;

use super::super::Connection;
use super::{Frame, Transformed, Work};
use crate::{MessageBuffer, RemoteProtocolError, message_buffer::Made};

/// The most bytes that extensions work on at once: each call of a decompressor has to keep its window.
const FEED_LEN: usize = 32 << 10;
/// The most bytes that come out before they are looked at: few enough that they are still in the second cache.
const LOOK_LEN: usize = 128 << 10;

impl Connection {
    /// Tells whether the payload under way goes to the extensions, or to nobody.
    pub(in crate::connection) fn is_transforming(&self) -> bool {
        self.extensions.as_deref().is_some_and(Transformed::is_feeding)
    }

    /// Tells whether extensions kept back some of what they made for [`receive`](Self::receive).
    pub(in crate::connection) fn is_pulling(&self) -> bool {
        self.extensions.as_deref().is_some_and(|extensions| matches!(extensions.work, Work::Pull(_)))
    }

    /// Adds to a message what the extensions make of a part of a payload, all of it.
    pub(in crate::connection) fn join_transformed(
        &mut self,
        payload: Range<usize>,
        end: FrameEnd,
        buffer: &mut MessageBuffer,
    ) -> Result<(), RemoteProtocolError> {
        if let Some(Transformed { work: Work::Swallow(frame), .. }) = self.extensions.as_deref() {
            let frame = *frame;
            return if end == FrameEnd::Reached { self.end_swallowed_whole(frame) } else { Ok(()) };
        }
        let (mut input, message) = buffer.transform(payload);
        while let Some((piece, rest)) = input.split_at_checked(FEED_LEN)
            && !rest.is_empty()
        {
            self.append(message, |pipeline, out| pipeline.feed(piece, FrameEnd::Pending, out))?;
            input = rest;
        }
        self.append(message, |pipeline, out| pipeline.feed(input, end, out))
    }

    /// Ends a frame that was swallowed: a text must not end within a code point.
    fn end_swallowed_whole(&mut self, frame: Frame) -> Result<(), RemoteProtocolError> {
        self.finish_passing();
        if frame.message == Opcode::Text && frame.fin { self.check_text(&[], true) } else { Ok(()) }
    }

    /// Has the extensions append to a message until they have nothing left to work on.
    fn append(
        &mut self,
        message: &mut Made,
        feed: impl FnOnce(&mut Pipeline, &mut Output<'_>) -> Result<Pulled, ExtensionError>,
    ) -> Result<(), RemoteProtocolError> {
        let mut pulled = self.look_at_appended(message, feed)?;
        while pulled == Pulled::More {
            pulled = self.look_at_appended(message, Pipeline::pull)?;
        }
        if pulled == Pulled::Finished
            && let Some(extensions) = self.extensions.as_deref_mut()
        {
            extensions.work = Work::Idle;
        }
        Ok(())
    }

    /// Has the extensions append to a message, and holds that to the rules before they may refuse the rest.
    fn look_at_appended(
        &mut self,
        message: &mut Made,
        append: impl FnOnce(&mut Pipeline, &mut Output<'_>) -> Result<Pulled, ExtensionError>,
    ) -> Result<Pulled, RemoteProtocolError> {
        let room = self.room_under_limit(LOOK_LEN);
        let Some(extensions) = self.extensions.as_deref_mut() else { return Ok(Pulled::Finished) };
        let Transformed { pipeline, work: Work::Feed(frame), .. } = extensions else {
            return Ok(Pulled::Finished);
        };
        let frame = *frame;
        let mut output = Output::over(message.room(room));
        let outcome = append(pipeline, &mut output);
        let len = output.written().len();
        let finished = outcome == Ok(Pulled::Finished);
        let swallowed = pipeline.is_swallowing();
        extensions.known |= finished && !swallowed;
        let appended = if swallowed { &[] } else { message.advance(len) };
        if frame.message == Opcode::Text {
            self.check_text(appended, frame.fin && finished)?;
        }
        let len = self.received.transformed.saturating_add(len as u64);
        self.received.transformed = len;
        self.check_message_len(len)?;
        Ok(outcome?)
    }
}
