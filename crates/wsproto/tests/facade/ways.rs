//! The ways in which a program can receive: out of its own memory or out of a read buffer, parts or whole messages, in
//! one step or in two, borrowed or taken.

use std::mem;

use wsproto::{BytesMessage, Connection, Event, ReadBuffer, RemoteProtocolError, TextMessage};

/// The steps in which events come out of a read buffer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Steps {
    /// `receive_from`.
    One,
    /// `advance`, then `event`.
    Two,
    /// `advance`, then `take_event`.
    Taken,
}

pub(crate) const STEPS: [Steps; 3] = [Steps::One, Steps::Two, Steps::Taken];

impl Steps {
    /// Returns the next event of the bytes in the buffer.
    pub(crate) fn next<'b>(
        self,
        connection: &mut Connection,
        buffer: &'b mut ReadBuffer,
    ) -> Result<Option<Event<'b>>, RemoteProtocolError> {
        if let Self::One = self {
            return connection.receive_from(buffer);
        }
        if !connection.advance(buffer)? {
            assert_eq!(buffer.event(), None, "`advance` returned false, but there is an event");
            return Ok(None);
        }
        let event = if let Self::Two = self { buffer.event() } else { buffer.take_event() };
        assert!(event.is_some(), "`advance` returned true, but there is no event");
        Ok(event)
    }

    /// Returns all events of the bytes in the buffer, up to the first error.
    pub(crate) fn all(
        self,
        connection: &mut Connection,
        buffer: &mut ReadBuffer,
        mut note: impl FnMut(&mut Connection, Event<'_>),
    ) -> Result<(), RemoteProtocolError> {
        while let Some(event) = self.next(connection, buffer)? {
            note(connection, event);
        }
        Ok(())
    }
}

/// A way to receive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    /// Parts out of the program's own memory: `receive`.
    OwnMemory,
    /// Parts out of a read buffer.
    Parts(Steps),
    /// Whole messages out of a read buffer.
    Whole(Steps),
}

pub(crate) const WAYS: [Way; 7] = [
    Way::OwnMemory,
    Way::Parts(Steps::One),
    Way::Parts(Steps::Two),
    Way::Parts(Steps::Taken),
    Way::Whole(Steps::One),
    Way::Whole(Steps::Two),
    Way::Whole(Steps::Taken),
];

/// A program that receives in one way, and keeps bytes that aren't taken yet.
pub(crate) struct Reader {
    pub(crate) way: Way,
    pub(crate) buffer: ReadBuffer,
    tail: Vec<u8>,
}

impl Reader {
    pub(crate) fn new(way: Way) -> Self {
        let buffer = if let Way::Whole(_) = way { ReadBuffer::messages() } else { ReadBuffer::parts() };
        Self { way, buffer, tail: Vec::new() }
    }

    /// Takes the bytes of a read, and passes on the events of these and of waiting bytes.
    pub(crate) fn read(
        &mut self,
        connection: &mut Connection,
        mut bytes: &[u8],
        mut note: impl FnMut(&mut Connection, Event<'_>),
    ) -> Result<(), RemoteProtocolError> {
        let steps = match self.way {
            Way::Parts(steps) | Way::Whole(steps) => steps,
            Way::OwnMemory => {
                self.tail.extend_from_slice(bytes);
                let mut tail = mem::take(&mut self.tail);
                let mut input = &mut tail[..];
                loop {
                    match connection.receive(&mut input) {
                        Ok(Some(event)) => note(connection, event),
                        outcome => {
                            let outcome = outcome.map(drop);
                            self.tail = input.to_vec();
                            return outcome;
                        }
                    }
                }
            }
        };
        let is_whole = matches!(self.way, Way::Whole(_));
        loop {
            let taken = fill(&mut self.buffer, bytes);
            bytes = &bytes[taken..];
            steps.all(connection, &mut self.buffer, |connection, event| {
                assert!(!is_whole || stands_alone(&event), "a part: {event:?}");
                note(connection, event);
            })?;
            if bytes.is_empty() {
                return Ok(());
            }
        }
    }

    /// Returns whether no bytes wait.
    pub(crate) fn is_empty(&self) -> bool {
        self.tail.is_empty() && self.buffer.is_empty()
    }
}

/// Returns whether an event is complete: no part of a message with more to come.
fn stands_alone(event: &Event<'_>) -> bool {
    match event {
        Event::TextMessage(part) => part.frame_finished && part.message_finished,
        Event::BytesMessage(part) => part.frame_finished && part.message_finished,
        _ => true,
    }
}

/// Fills the room of a buffer with as many of `bytes` as fit, and returns their number.
pub(crate) fn fill(buffer: &mut ReadBuffer, bytes: &[u8]) -> usize {
    let room = buffer.room();
    assert!(!room.is_empty(), "a read into no room looks like an end");
    let len = bytes.len().min(room.len());
    room[..len].copy_from_slice(&bytes[..len]);
    buffer.filled(len);
    len
}

/// Reads everything into the buffer, in as many reads as it needs.
pub(crate) fn fill_all(buffer: &mut ReadBuffer, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let taken = fill(buffer, bytes);
        bytes = &bytes[taken..];
    }
}

/// Joins parts to whole messages in the simplest way.
#[derive(Default)]
pub(crate) struct Joining {
    under_way: Vec<u8>,
    pub(crate) events: Vec<Event<'static>>,
}

impl Joining {
    pub(crate) fn push(&mut self, event: Event<'_>) {
        match event {
            Event::TextMessage(part) => {
                self.under_way.extend_from_slice(part.data.as_bytes());
                if part.message_finished {
                    let text = String::from_utf8(mem::take(&mut self.under_way)).expect("UTF-8");
                    self.events.push(TextMessage::new(text).into());
                }
            }
            Event::BytesMessage(part) => {
                self.under_way.extend_from_slice(&part.data);
                if part.message_finished {
                    self.events.push(BytesMessage::new(mem::take(&mut self.under_way)).into());
                }
            }
            other => self.events.push(other.into_owned()),
        }
    }
}
