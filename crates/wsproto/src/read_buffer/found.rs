//! The event that a connection found in a read buffer, as a place.

use alloc::{string::String, vec::Vec};
use core::{mem, ops::Range};

use bytes::Bytes;

use super::{Joined, ReadBuffer};
use crate::{BytesMessage, Event, Payload, Ping, Pong, Text, TextMessage};

/// From this length on a payload is taken with its memory, and not copied.
const TAKEN_LEN: usize = 64 << 10;

/// An event, with the place of its payload.
pub(crate) enum Found {
    Nothing,
    Message {
        place: Place,
        frame_finished: bool,
        message_finished: bool,
    },
    /// A Ping with the place of its payload, which lies where it was read.
    Ping(Range<usize>),
    Pong(Range<usize>),
    /// An event that borrows nothing.
    Event(Event<'static>),
}

/// The place of a message, or of a part of one.
pub(crate) enum Place {
    /// The joined text.
    Text,
    /// The joined bytes.
    Bytes,
    /// Bytes where they were read.
    Read(Range<usize>),
}

impl Found {
    #[inline]
    pub(crate) const fn take(&mut self) -> Self {
        mem::replace(self, Self::Nothing)
    }

    /// Returns whether it is a joined message, and its place is free after the program has seen it.
    pub(crate) const fn is_joined(&self) -> bool {
        matches!(self, Self::Message { place: Place::Text | Place::Bytes, .. })
    }

    /// Takes an event that borrows nothing, if that was found.
    pub(super) fn take_event(&mut self) -> Option<Event<'static>> {
        if let Self::Event(event) = self.take() { Some(event) } else { None }
    }

    /// Returns the event, borrowed from its place.
    #[inline]
    pub(super) fn borrowed_event<'a>(&self, memory: &'a [u8], joined: &'a Joined) -> Option<Event<'a>> {
        let read = |range: &Range<usize>| Payload::new(memory.get(range.clone()).unwrap_or_default());
        let event = match self {
            Self::Message { place: Place::Text, frame_finished, message_finished } => {
                TextMessage::received(Text::new(&joined.text), *frame_finished, *message_finished).into()
            }
            Self::Message { place: Place::Bytes, frame_finished, message_finished } => {
                BytesMessage::received(Payload::new(&joined.bytes), *frame_finished, *message_finished).into()
            }
            Self::Message { place: Place::Read(range), frame_finished, message_finished } => {
                BytesMessage::received(read(range), *frame_finished, *message_finished).into()
            }
            Self::Ping(range) => Ping { payload: read(range) }.into(),
            Self::Pong(range) => Pong { payload: read(range) }.into(),
            Self::Nothing | Self::Event(_) => return None,
        };
        Some(event)
    }
}

impl ReadBuffer {
    /// Returns whether the waiting bytes may be a message that is taken with its memory, and not copied.
    #[inline]
    pub(crate) fn holds_long_message(&self) -> bool {
        self.end.saturating_sub(self.start).saturating_add(self.joined.len()) >= TAKEN_LEN
    }

    /// Takes a message that was found, with its memory if it is long enough.
    pub(super) fn take_message(
        &mut self,
        place: Place,
        frame_finished: bool,
        message_finished: bool,
    ) -> Event<'static> {
        let data = match place {
            Place::Text => {
                let text = take_or_copy(&mut self.joined.text, String::len, String::capacity);
                self.joined.clear();
                return TextMessage::received(Text::from(text), frame_finished, message_finished).into();
            }
            Place::Bytes => {
                let bytes = take_or_copy(&mut self.joined.bytes, Vec::len, Vec::capacity);
                self.joined.clear();
                Payload::from(bytes)
            }
            Place::Read(range) => self.take_read(range),
        };
        BytesMessage::received(data, frame_finished, message_finished).into()
    }

    /// Takes the bytes in `range`, which are a message. Bytes that were read after them move to memory of their own.
    fn take_read(&mut self, range: Range<usize>) -> Payload<'static> {
        if !is_taken(range.len(), self.memory.capacity()) {
            return Bytes::copy_from_slice(self.bytes(range)).into();
        }
        let kept = self.memory.get(self.start..self.end).unwrap_or_default().to_vec();
        (self.start, self.decoded, self.end) = (0, self.decoded.saturating_sub(self.start), kept.len());
        (self.frame_end, self.room_end, self.last_room) = (0, self.end, 0);
        let memory = mem::replace(&mut self.memory, kept);
        Bytes::from(memory).slice(range).into()
    }
}

/// Takes a long value that uses most of its memory, and copies any other.
fn take_or_copy<T: Clone + Default>(bytes: &mut T, len: fn(&T) -> usize, capacity: fn(&T) -> usize) -> T {
    if is_taken(len(bytes), capacity(bytes)) { mem::take(bytes) } else { bytes.clone() }
}

/// Returns whether this many bytes are taken with memory of that capacity.
const fn is_taken(len: usize, capacity: usize) -> bool {
    len >= TAKEN_LEN && capacity <= len.saturating_mul(2).saturating_add(32)
}
