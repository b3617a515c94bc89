//! Messages, which the judge assembles and inflates.

use wsproto::Event;

use crate::wire::{Message, Record, Sender, preview::Beginning, shape::Shape};

/// The message of a direction that is under way.
#[derive(Debug, Default)]
pub(super) struct Messages {
    under_way: Option<Begun>,
    finished: bool,
}

#[derive(Debug)]
struct Begun {
    name: &'static str,
    frames: (u64, u64),
    wire_length: u64,
    compressed: bool,
    payload: Beginning,
}

impl Messages {
    /// Notes the header of a data frame.
    pub(super) fn frame(&mut self, number: u64, shape: &Shape, compressed: bool) {
        let begun = match &mut self.under_way {
            Some(begun) if shape.opcode() == 0 => begun,
            under_way => under_way.insert(Begun {
                name: shape.name(),
                frames: (number, number),
                wire_length: 0,
                compressed,
                payload: Beginning::default(),
            }),
        };
        begun.frames.1 = number;
        begun.wire_length = begun.wire_length.saturating_add(shape.length());
    }

    /// Returns whether the message under way is compressed.
    pub(super) fn is_compressed(&self) -> bool {
        self.under_way.as_ref().is_some_and(|begun| begun.compressed)
    }

    /// Returns the length of the message under way on the wire: the sum of the lengths in its headers.
    pub(super) fn wire_length(&self) -> u64 {
        self.under_way.as_ref().map_or(0, |begun| begun.wire_length)
    }

    /// Takes an event of the judge.
    pub(super) fn event(&mut self, event: &Event<'_>) {
        let (part, is_last): (&[u8], bool) = match event {
            Event::TextMessage(text) => (text.data.as_bytes(), text.message_finished),
            Event::BytesMessage(bytes) => (&bytes.data, bytes.message_finished),
            _ => return,
        };
        if let Some(begun) = &mut self.under_way {
            begun.payload.push(part);
            self.finished = is_last;
        }
    }

    /// Returns the message that the last frame has finished.
    pub(super) fn take_finished(&mut self, at: u64, from: Sender) -> Option<Record> {
        if !std::mem::take(&mut self.finished) {
            return None;
        }
        let Begun { name, frames, wire_length, compressed, payload } = self.under_way.take()?;
        Some(Record::Message(Message {
            at,
            from,
            name,
            frames,
            wire_length,
            length: payload.len(),
            compressed,
            payload: payload.preview(payload.len(), true),
        }))
    }
}
