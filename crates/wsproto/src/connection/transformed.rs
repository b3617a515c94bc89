//! Frames on their way through the agreed extensions, in bounded pieces.

mod lent;
mod swallowed;
mod whole;

use alloc::vec::Vec;

use bytes::{Bytes, BytesMut};
use wsproto_extensions::{ExtensionError, FrameEnd, Handling, OutboundFrame, Output, Pipeline, Pulled};
use wsproto_frame::{FrameChunk, FrameHeader, Opcode, Rsv};

use super::Connection;
use crate::{
    BytesMessage, Event, LocalProtocolError, Payload, PreparedMessage, RemoteProtocolError, Text,
    memory::{Given, Reused},
};

/// The most bytes that one event carries of what extensions made.
const PIECE_LEN: usize = 16 << 10;

/// The agreed extensions, and the frame of the peer that they are working on.
pub(super) struct Transformed {
    pipeline: Pipeline,
    work: Work,
    /// Whether a frame of the peer's message under way was not swallowed, so that the program knows of the message.
    known: bool,
    /// Where extensions write; empty between calls, and [`lent`].
    piece: Vec<u8>,
    /// What events share: its memory is used again once they are dropped. It is [`lent`], too.
    shared: Reused,
}

/// What the extensions are to do next with the peer's frames.
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
    /// Give more of what they made.
    Pull(Frame),
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    message: Opcode,
    fin: bool,
}

impl Transformed {
    pub(super) fn new(pipeline: Pipeline) -> Self {
        Self { pipeline, work: Work::Idle, known: false, piece: Vec::new(), shared: Reused::default() }
    }

    /// Shows the header of a frame to the extensions, and notes whether its payload goes through them.
    pub(super) fn start(&mut self, header: &FrameHeader, message: Opcode) -> Result<(), ExtensionError> {
        let frame = Frame { message, fin: header.fin };
        let is_data = header.opcode.is_data();
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

    /// Returns what the extensions make of a message for many, or `None` where they swallow it.
    pub(super) fn prepare(
        &mut self,
        message: &mut PreparedMessage,
    ) -> Result<Option<(Rsv, Bytes)>, ExtensionError> {
        message.transformed(&mut self.pipeline)
    }

    /// Tells whether the payload under way goes to the extensions, or to nobody.
    pub(super) const fn is_feeding(&self) -> bool {
        matches!(self.work, Work::Feed(_) | Work::Swallow(_))
    }

    /// Returns how much of a payload the next part may hold; `missing` bytes complete a code point that was cut.
    ///
    /// Before the header of a frame is there, its payload may turn out to be either: one that extensions take in small
    /// pieces, or one that passes.
    pub(super) const fn most_payload(&self, missing: usize) -> usize {
        match (self.work, missing) {
            (Work::Pass, 0) | (Work::Swallow(_), _) => usize::MAX,
            (Work::Feed(_) | Work::Pull(_), _) | (Work::Idle, 0) => Pipeline::INPUT_PIECE,
            (Work::Pass | Work::Idle, missing) => missing,
        }
    }
}

impl Connection {
    /// Notes that the frame under way has ended, if no extension was at work on it.
    #[inline]
    pub(super) fn finish_passing(&mut self) {
        if let Some(Transformed { work: work @ (Work::Pass | Work::Swallow(_)), .. }) =
            self.extensions.as_deref_mut()
        {
            *work = Work::Idle;
        }
    }

    /// Gives a part of a payload to the extensions or drops it, and returns the first event of what they made.
    pub(super) fn feed_transformed<'a>(
        &mut self,
        chunk: &FrameChunk<'_>,
    ) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        if let Some(Transformed { work: Work::Swallow(frame), .. }) = self.extensions.as_deref() {
            let frame = *frame;
            return if chunk.frame_finished { self.end_swallowed(frame) } else { Ok(None) };
        }
        self.with_lent(|connection| connection.feed(chunk))
    }

    /// Returns the next event of what the extensions made of the payload they were given, if there is one.
    pub(super) fn pull_transformed<'a>(&mut self) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        match self.extensions.as_deref() {
            Some(Transformed { work: Work::Pull(_), .. }) => self.with_lent(Self::pull),
            _ => Ok(None),
        }
    }

    /// Does work that needs lent memory.
    fn with_lent<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        self.swap_lent();
        let done = work(self);
        self.swap_lent();
        done
    }

    /// Borrows the memory to work with, or gives it back.
    fn swap_lent(&mut self) {
        if let Some(Transformed { piece, shared, .. }) = self.extensions.as_deref_mut() {
            piece.clear();
            lent::swap(piece, shared);
        }
    }

    fn feed<'a>(&mut self, chunk: &FrameChunk<'_>) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        let room = self.piece_room();
        let Some(Transformed { pipeline, piece, work: Work::Feed(frame), .. }) =
            self.extensions.as_deref_mut()
        else {
            return Ok(None);
        };
        let frame = *frame;
        let end = if chunk.frame_finished { FrameEnd::Reached } else { FrameEnd::Pending };
        match pipeline.feed(chunk.payload, end, &mut Output::new(piece, room)) {
            Ok(pulled) => self.transformed_event(frame, pulled),
            Err(error) => Err(self.first_fault(frame, error)),
        }
    }

    fn pull<'a>(&mut self) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        loop {
            let room = self.piece_room();
            let Some(Transformed { pipeline, piece, work: Work::Pull(frame), .. }) =
                self.extensions.as_deref_mut()
            else {
                return Ok(None);
            };
            let frame = *frame;
            let event = match pipeline.pull(&mut Output::new(piece, room)) {
                Ok(pulled) => self.transformed_event(frame, pulled)?,
                Err(error) => return Err(self.first_fault(frame, error)),
            };
            if event.is_some() {
                return Ok(event);
            }
        }
    }

    /// Returns how much extensions may make for one event: a code point that was cut becomes an event of its own.
    fn piece_room(&self) -> usize {
        self.room_under_limit(match self.text.missing() {
            missing if missing > 0 && !self.is_swallowing() => missing,
            _ => PIECE_LEN,
        })
    }

    /// Returns how much extensions may make at once: at most `most` bytes, and one byte beyond the limit, which tells that
    /// a message is too long before anything else is found wrong with the rest.
    fn room_under_limit(&self, most: usize) -> usize {
        let allowed = self.limits.message_len.saturating_sub(self.received.transformed).saturating_add(1);
        usize::try_from(allowed).map_or(most, |allowed| most.min(allowed))
    }

    /// Names what is wrong first: a fault of what came out before an extension refused the rest, or the refusal.
    #[cold]
    fn first_fault(&mut self, frame: Frame, refusal: ExtensionError) -> RemoteProtocolError {
        let piece = self.extensions.as_deref().map_or(&[][..], |extensions| &extensions.piece);
        if frame.message == Opcode::Text
            && !self.is_swallowing()
            && let Err(error) = self.text.push(piece)
        {
            return error.into();
        }
        let len = self.received.transformed.saturating_add(piece.len() as u64);
        self.check_message_len(len).err().unwrap_or(refusal.into())
    }

    /// Makes an event of a piece, under the limit, and notes what is to be done next.
    fn transformed_event<'a>(
        &mut self,
        frame: Frame,
        pulled: Pulled,
    ) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        let Some(extensions) = self.extensions.as_deref_mut() else { return Ok(None) };
        let frame_finished = pulled == Pulled::Finished;
        extensions.work = match pulled {
            Pulled::More => Work::Pull(frame),
            Pulled::Finished => Work::Idle,
            _ => Work::Feed(frame),
        };
        let len = self.received.transformed.saturating_add(extensions.piece.len() as u64);
        self.received.transformed = len;
        if extensions.pipeline.is_swallowing() {
            extensions.piece.clear();
            self.check_message_len(len)?;
            return if frame_finished { self.end_swallowed(frame) } else { Ok(None) };
        }
        extensions.known |= frame_finished;
        let event = if extensions.piece.is_empty() && !frame_finished {
            None
        } else if frame.message == Opcode::Text {
            let (code_point, text) = self.text.push(&extensions.piece)?;
            let data = match code_point {
                Some(code_point) => Text::from_code_point(code_point),
                None => Text::from_given(share(&mut extensions.shared, text.as_bytes())),
            };
            extensions.piece.clear();
            self.text_event(data, frame_finished, frame_finished && frame.fin)?
        } else {
            let data = Payload::from_given(share(&mut extensions.shared, &extensions.piece));
            extensions.piece.clear();
            let message_finished = frame_finished && frame.fin;
            Some(Event::BytesMessage(BytesMessage::received(data, frame_finished, message_finished)))
        };
        self.check_message_len(len)?;
        Ok(event)
    }

    /// Appends a frame whose payload goes through the extensions; on failure, nothing.
    pub(super) fn write_transformed(
        &mut self,
        mut header: FrameHeader,
        frame: &OutboundFrame<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), LocalProtocolError> {
        // An extension must not see what can't be sent: its state would be ahead of the peer's.
        self.encoder.clone().encode(&header)?;
        let Some(extensions) = self.extensions.as_deref_mut() else {
            return self.write_frame(&header, frame.payload, out);
        };
        let start = out.len();
        let gap = FrameHeader::MAX_LEN;
        out.extend_from_slice(&[0; FrameHeader::MAX_LEN]);
        let sent = match extensions.pipeline.outbound(frame, out) {
            Ok(sent) => sent,
            Err(error) => {
                out.truncate(start);
                return Err(error.into());
            }
        };
        //= rfc6455#5.2-1
        header.rsv = sent.rsv;
        if sent.handling != Handling::Transform {
            out.truncate(start);
            if sent.handling == Handling::Swallow {
                // A message that is swallowed is under way here, and not for the peer: all of it is swallowed.
                return Ok(self.encoder.advance(&header)?);
            }
            return self.write_frame(&header, frame.payload, out);
        }
        let payload_start = start.saturating_add(gap);
        header.payload_len = out.len().saturating_sub(payload_start) as u64;
        if let Some(mut key) = header.mask {
            key.apply(out.get_mut(payload_start..).unwrap_or_default());
        }
        let encoded = self.encoder.encode(&header)?;
        // The header takes the end of the gap in front of the payload; what is left of the gap is closed.
        let unused = gap.saturating_sub(encoded.len());
        for (to, from) in out.iter_mut().skip(start.saturating_add(unused)).zip(encoded.iter()) {
            *to = *from;
        }
        out.drain(start..start.saturating_add(unused));
        Ok(())
    }
}

/// Copies bytes to memory that events share; takes no new memory where no earlier event is kept.
fn share(shared: &mut Reused, bytes: &[u8]) -> Given {
    let mut written = BytesMut::new();
    shared.take(&mut written);
    written.extend_from_slice(bytes);
    shared.give(&mut written)
}
