//! A whole message that the program owns.

use alloc::{string::String, vec::Vec};
use core::fmt;

use bytes::Bytes;

use crate::{BytesMessage, Event, Text, TextMessage, send_buffer::APART_LEN};

/// A whole message, text or binary, that borrows from nothing.
///
/// A clone shares the payload. Only a text of less than 64 KiB is copied. A message for many connections is best
/// [prepared](crate::PreparedMessage).
///
/// ```
/// use wsproto::{Event, Message, TextMessage};
///
/// let message = Message::from("hello");
/// assert_eq!(message.as_text(), Some("hello"));
/// assert_eq!(Event::from(&message), TextMessage::new("hello").into());
///
/// let received = Event::from(TextMessage::new("hello"));
/// assert_eq!(Message::try_from(received), Ok(message));
/// ```
///
/// RFC 6455 [§5.6](https://www.rfc-editor.org/rfc/rfc6455#section-5.6)
#[derive(Clone, Eq, Hash, PartialEq)]
pub enum Message {
    /// A text message.
    Text(Text<'static>),
    /// A binary message.
    Binary(Bytes),
}

impl Message {
    /// Makes a text message. A `&str` is copied.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(Text::from(text.into()))
    }

    /// Makes a binary message.
    #[must_use]
    pub fn binary(bytes: impl Into<Bytes>) -> Self {
        Self::Binary(bytes.into())
    }

    /// Returns the text, if it is a text message.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.as_str()),
            Self::Binary(_) => None,
        }
    }

    /// Returns the payload of a text or binary message.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// Returns the payload of a text or binary message. A long one isn't copied.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// Returns how many bytes the payload has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Returns whether the payload has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns whether it is a text message.
    #[must_use]
    pub const fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }
}

/// Shows the kind and the length, and no bytes: payloads don't belong in logs.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_text() { "Text" } else { "Binary" };
        write!(f, "{kind}({} bytes)", self.len())
    }
}

/// Fails with the event itself if that is no message.
///
/// A part of a message becomes a message of its own. Don't use this conversion on parts.
impl<'a> TryFrom<Event<'a>> for Message {
    type Error = Event<'a>;

    #[inline]
    fn try_from(event: Event<'a>) -> Result<Self, Event<'a>> {
        match event {
            Event::TextMessage(message) => Ok(Self::Text(message.data.into_owned())),
            Event::BytesMessage(message) => Ok(Self::Binary(message.data.into_bytes())),
            event => Err(event),
        }
    }
}

impl From<Message> for Event<'_> {
    fn from(message: Message) -> Self {
        match message {
            Message::Text(text) => TextMessage::new(text).into(),
            Message::Binary(bytes) => BytesMessage::new(bytes).into(),
        }
    }
}

impl<'a> From<&'a Message> for Event<'a> {
    #[inline]
    fn from(message: &'a Message) -> Self {
        match message {
            Message::Text(text) => TextMessage::new(text.borrowed()).into(),
            // Shared, so that a queue needn't copy it.
            Message::Binary(bytes) if bytes.len() >= APART_LEN => BytesMessage::new(bytes.clone()).into(),
            Message::Binary(bytes) => BytesMessage::new(&bytes[..]).into(),
        }
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<Text<'_>> for Message {
    fn from(text: Text<'_>) -> Self {
        Self::Text(text.into_owned())
    }
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::binary(bytes)
    }
}

impl From<&[u8]> for Message {
    fn from(bytes: &[u8]) -> Self {
        Self::Binary(Bytes::copy_from_slice(bytes))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::Ping;

    #[test]
    fn messages_go_into_events_and_come_out_of_them() {
        for message in [
            Message::from("text"),
            Message::text(String::new()),
            Message::from(vec![1, 2, 3]),
            Message::from(vec![0xff; 70_000]),
        ] {
            assert_eq!(Message::try_from(Event::from(&message)), Ok(message.clone()));
            assert_eq!(Message::try_from(Event::from(message.clone())), Ok(message));
        }
        let ping = Event::from(Ping::new(b"1"));
        assert_eq!(Message::try_from(ping.clone()), Err(ping));
    }

    #[test]
    fn a_long_payload_is_shared_and_not_copied() {
        for message in [Message::from(vec![7; 1 << 20]), Message::from("a".repeat(64 << 10))] {
            let place = message.as_bytes().as_ptr();
            let Ok(again) = Message::try_from(Event::from(message.clone())) else { panic!("a message") };
            assert_eq!(again.as_bytes().as_ptr(), place);
            let bytes = again.into_bytes();
            assert_eq!(bytes.as_ptr(), place, "shared with `message`");
            drop(bytes);
            assert_eq!(message.into_bytes().as_ptr(), place, "its own again");
        }
    }

    #[test]
    fn debug_shows_no_payload() {
        let shown = alloc::format!("{:?} {:?}", Message::from("hunter2"), Message::from(vec![7; 3]));
        assert_eq!(shown, "Text(7 bytes) Binary(3 bytes)");
    }

    #[test]
    fn either_kind_tells_its_payload() {
        let (text, binary) = (Message::from("é"), Message::from(Bytes::from_static(b"\x00")));
        assert_eq!((text.as_text(), text.as_bytes(), text.len()), (Some("é"), "é".as_bytes(), 2));
        assert_eq!((binary.as_text(), binary.as_bytes(), binary.len()), (None, &[0][..], 1));
        assert!(text.is_text() && !binary.is_text() && !text.is_empty() && Message::from("").is_empty());
        assert_eq!(Message::from(Text::new("é")), text);
    }
}
