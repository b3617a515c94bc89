//! The messages that are sent: each has its number, so that an answer is known to be its own.

use bytes::Bytes;
use wsproto::{BytesMessage, Event, TextMessage};

/// How many digits of its number a message has.
const NUMBER: usize = 16;

/// What all messages have in common.
pub(super) struct Echo {
    /// Digits, or bytes, from a fixed generator; the first ones give their place to the number.
    filler: Bytes,
    binary: bool,
}

impl Echo {
    pub(super) fn new(size: usize, binary: bool) -> Self {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let filler = (0..size).map(|_| {
            // Marsaglia's xorshift.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let [byte, ..] = state.to_be_bytes();
            if binary { byte } else { digit(byte & 0xf) }
        });
        Self { filler: filler.collect(), binary }
    }

    /// Returns how long a message is.
    pub(super) const fn size(&self) -> usize {
        self.filler.len()
    }

    /// Returns whether messages are binary.
    pub(super) const fn is_binary(&self) -> bool {
        self.binary
    }

    /// Makes a buffer for messages.
    pub(super) fn buffer(&self) -> Vec<u8> {
        self.filler.to_vec()
    }

    /// Makes a message in the buffer.
    pub(super) fn message<'a>(&self, number: u64, buffer: &'a mut [u8]) -> Event<'a> {
        for (place, digit) in buffer.iter_mut().zip(digits(number)) {
            *place = digit;
        }
        match std::str::from_utf8(buffer) {
            Ok(text) if !self.binary => TextMessage::new(text).into(),
            _ => BytesMessage::new(&*buffer).into(),
        }
    }

    /// Returns whether an event is a message, and then whether it is the one of this number.
    pub(super) fn judge(&self, event: &Event<'_>, number: u64) -> Option<bool> {
        let (data, is_binary) = match event {
            Event::TextMessage(message) => (message.data.as_bytes(), false),
            Event::BytesMessage(message) => (message.data.as_ref(), true),
            _ => return None,
        };
        let (start, rest) = data.split_at(data.len().min(NUMBER));
        let filler = self.filler.get(start.len()..).unwrap_or_default();
        let is_number = start.iter().zip(digits(number)).all(|(found, expected)| *found == expected);
        Some(is_binary == self.binary && data.len() == self.filler.len() && is_number && rest == filler)
    }
}

/// Returns the digits of a number, the last one first: short messages have those that differ.
fn digits(number: u64) -> impl Iterator<Item = u8> {
    let bytes = number.to_le_bytes().into_iter();
    bytes.flat_map(|byte| [digit(byte & 0xf), digit(byte >> 4)])
}

const fn digit(value: u8) -> u8 {
    match value {
        0..=9 => b'0'.saturating_add(value),
        _ => b'a'.saturating_add(value.saturating_sub(10)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_known_by_its_kind_its_length_its_number_and_its_bytes() {
        for binary in [false, true] {
            for size in [0, 1, 15, 16, 17, 100] {
                let echo = Echo::new(size, binary);
                let (mut buffer, mut other) = (echo.buffer(), Echo::new(size + 1, binary).buffer());
                let message = echo.message(0x1234, &mut buffer);
                assert_eq!(matches!(message, Event::BytesMessage(_)), binary);
                assert_eq!(echo.judge(&message, 0x1234), Some(true), "{size}");
                assert_eq!(echo.judge(&message, 0x1235), Some(size == 0), "{size}");
                assert_eq!(Echo::new(size, !binary).judge(&message, 0x1234), Some(false), "{size}");
                let longer = echo.message(0x1234, &mut other);
                assert_eq!(echo.judge(&longer, 0x1234), Some(false), "{size}");
                if size > 0 {
                    *buffer.last_mut().unwrap() ^= 1;
                    let changed = BytesMessage::new(&buffer[..]).into();
                    assert_eq!(Echo::new(size, true).judge(&changed, 0x1234), Some(false), "{size}");
                }
            }
        }
        assert_eq!(Echo::new(1, false).judge(&wsproto::Ping::new(&b"0"[..]).into(), 0), None);
    }
}
