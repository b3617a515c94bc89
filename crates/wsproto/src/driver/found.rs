//! What the driver looks at in an event: it counts messages, and answers control frames.

use crate::{
    BytesMessage, Event, ReadBuffer, TextMessage,
    read_buffer::{Found, Place},
};

/// A view of an event, made without a borrow of a message's payload.
#[derive(Clone, Copy)]
pub(super) enum FoundEvent<'a> {
    Nothing,
    Message { len: usize, is_last: bool },
    Ping(&'a [u8]),
    Pong(&'a [u8]),
    Other(&'a Event<'a>),
}

impl<'a> FoundEvent<'a> {
    /// Makes a view of an event.
    #[inline]
    pub(super) fn of(event: &'a Event<'a>) -> Self {
        match event {
            Event::TextMessage(TextMessage { data, message_finished, .. }) => {
                Self::Message { len: data.as_bytes().len(), is_last: *message_finished }
            }
            Event::BytesMessage(BytesMessage { data, message_finished, .. }) => {
                Self::Message { len: data.len(), is_last: *message_finished }
            }
            Event::Ping(ping) => Self::Ping(&ping.payload),
            Event::Pong(pong) => Self::Pong(&pong.payload),
            event => Self::Other(event),
        }
    }

    /// Makes a view of the event that was found in a buffer.
    #[inline]
    pub(super) fn in_buffer(buffer: &'a ReadBuffer) -> Self {
        match &buffer.found {
            Found::Nothing => Self::Nothing,
            Found::Message { place, message_finished, .. } => {
                let len = match place {
                    Place::Text => buffer.joined.text.len(),
                    Place::Bytes => buffer.joined.bytes.len(),
                    Place::Read(range) => range.len(),
                };
                Self::Message { len, is_last: *message_finished }
            }
            Found::Ping(payload) => Self::Ping(buffer.bytes(payload.clone())),
            Found::Pong(payload) => Self::Pong(buffer.bytes(payload.clone())),
            Found::Event(event) => Self::Other(event),
        }
    }
}
