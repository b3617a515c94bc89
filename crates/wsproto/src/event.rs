//! Events: what the peer did, and what we do. The same types go both ways.

use alloc::boxed::Box;
use core::fmt;

use wsproto_frame::CloseCode;
use wsproto_handshake::{AcceptConnection, RejectConnection, RejectData, Request};

use crate::{Payload, Text};

/// Something that one side of a connection did, in the order in which it was done.
///
/// What is received borrows from the input at most, never from the connection. At most 64 bytes.
///
/// ```
/// use wsproto::{Event, TextMessage};
///
/// let event = Event::from(TextMessage::new("hello"));
/// assert_eq!(event, Event::TextMessage(TextMessage::new("hello")));
/// let kept: Event<'static> = event.into_owned();
/// # drop(kept);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A client asks to open a connection.
    Request(Box<Request>),
    /// A server agrees; the connection is open.
    AcceptConnection(Box<AcceptConnection>),
    /// A server declines.
    RejectConnection(Box<RejectConnection>),
    /// A part of the body of a rejection.
    RejectData(RejectData<'a>),
    /// A part of a text message.
    TextMessage(TextMessage<'a>),
    /// A part of a binary message.
    BytesMessage(BytesMessage<'a>),
    /// The closing handshake begins, or ends.
    CloseConnection(CloseConnection<'a>),
    /// Asks for a Pong.
    Ping(Ping<'a>),
    /// Answers a Ping, or comes unasked.
    Pong(Pong<'a>),
}

impl Event<'_> {
    /// Returns the same event, borrowed from nothing; copies a payload that was borrowed.
    #[must_use]
    pub fn into_owned(self) -> Event<'static> {
        match self {
            Self::Request(request) => Event::Request(request),
            Self::AcceptConnection(accept) => Event::AcceptConnection(accept),
            Self::RejectConnection(reject) => Event::RejectConnection(reject),
            Self::RejectData(data) => Event::RejectData(data.into_owned()),
            Self::TextMessage(message) => Event::TextMessage(message.into_owned()),
            Self::BytesMessage(message) => Event::BytesMessage(message.into_owned()),
            Self::CloseConnection(close) => Event::CloseConnection(close.into_owned()),
            Self::Ping(ping) => Event::Ping(Ping { payload: ping.payload.into_owned() }),
            Self::Pong(pong) => Event::Pong(Pong { payload: pong.payload.into_owned() }),
        }
    }
}

/// A part of a text message, or the whole of it.
///
/// Received: what one read brought of a frame, always whole code points. Sent: one frame.
#[derive(Clone, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct TextMessage<'a> {
    /// The text of this part; may be empty.
    pub data: Text<'a>,
    /// Whether its frame ends with this part; not looked at when sent.
    pub frame_finished: bool,
    /// Whether the message ends with this part.
    pub message_finished: bool,
    /// Whether extensions are asked to send the message as it is; counts in its first part, never set when received.
    pub verbatim: bool,
    gap: Gap,
}

impl<'a> TextMessage<'a> {
    /// Makes what is received: a part of a frame.
    #[inline]
    pub(crate) const fn received(data: Text<'a>, frame_finished: bool, message_finished: bool) -> Self {
        Self { data, frame_finished, message_finished, verbatim: false, gap: Gap::ZEROS }
    }

    /// Makes a whole message, or the last part of one.
    #[must_use]
    pub fn new(data: impl Into<Text<'a>>) -> Self {
        Self {
            data: data.into(),
            frame_finished: true,
            message_finished: true,
            verbatim: false,
            gap: Gap::ZEROS,
        }
    }

    /// Says that more parts of the message follow.
    #[must_use]
    pub fn unfinished(mut self) -> Self {
        self.message_finished = false;
        self
    }

    /// Asks extensions to send the message as it is: a secret that is compressed beside a stranger's data shows in the
    /// length (RFC 7692 [§8](https://www.rfc-editor.org/rfc/rfc7692#section-8)).
    #[must_use]
    pub fn verbatim(mut self) -> Self {
        self.verbatim = true;
        self
    }

    /// Returns the same part, borrowed from nothing.
    #[must_use]
    pub fn into_owned(self) -> TextMessage<'static> {
        TextMessage { data: self.data.into_owned(), ..self }
    }
}

/// A part of a binary message, or the whole of it.
///
/// Received: what one read brought of a frame. Sent: one frame.
#[derive(Clone, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct BytesMessage<'a> {
    /// The bytes of this part; may be empty.
    pub data: Payload<'a>,
    /// Whether its frame ends with this part; not looked at when sent.
    pub frame_finished: bool,
    /// Whether the message ends with this part.
    pub message_finished: bool,
    /// Whether extensions are asked to send the message as it is; counts in its first part, never set when received.
    pub verbatim: bool,
    gap: Gap,
}

impl<'a> BytesMessage<'a> {
    /// Makes what is received: a part of a frame.
    #[inline]
    pub(crate) const fn received(data: Payload<'a>, frame_finished: bool, message_finished: bool) -> Self {
        Self { data, frame_finished, message_finished, verbatim: false, gap: Gap::ZEROS }
    }

    /// Makes a whole message, or the last part of one.
    #[must_use]
    pub fn new(data: impl Into<Payload<'a>>) -> Self {
        Self {
            data: data.into(),
            frame_finished: true,
            message_finished: true,
            verbatim: false,
            gap: Gap::ZEROS,
        }
    }

    /// Says that more parts of the message follow.
    #[must_use]
    pub fn unfinished(mut self) -> Self {
        self.message_finished = false;
        self
    }

    /// Asks extensions to send the message as it is: a secret that is compressed beside a stranger's data shows in the
    /// length (RFC 7692 [§8](https://www.rfc-editor.org/rfc/rfc7692#section-8)).
    #[must_use]
    pub fn verbatim(mut self) -> Self {
        self.verbatim = true;
        self
    }

    /// Returns the same part, borrowed from nothing.
    #[must_use]
    pub fn into_owned(self) -> BytesMessage<'static> {
        BytesMessage { data: self.data.into_owned(), ..self }
    }
}

/// What a message shows of itself: everything but the gap.
fn debug_message(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    data: &dyn fmt::Debug,
    [frame_finished, message_finished, verbatim]: [bool; 3],
) -> fmt::Result {
    f.debug_struct(name)
        .field("data", data)
        .field("frame_finished", &frame_finished)
        .field("message_finished", &message_finished)
        .field("verbatim", &verbatim)
        .finish()
}

impl fmt::Debug for TextMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = [self.frame_finished, self.message_finished, self.verbatim];
        debug_message(f, "TextMessage", &self.data, flags)
    }
}

impl fmt::Debug for BytesMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = [self.frame_finished, self.message_finished, self.verbatim];
        debug_message(f, "BytesMessage", &self.data, flags)
    }
}

/// What would be a gap behind a message's flags, as zeros: they are written as widely as they are read when an event is
/// moved. A gap is left as it is and read with the flag before it, and the processor waits for that flag.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
struct Gap([u8; 5]);

impl Gap {
    const ZEROS: Self = Self([0; 5]);
}

/// A Close frame, or that the connection ended without one ([`CloseCode::ABNORMAL`]).
///
/// RFC 6455 [§5.5.1](https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1)
///
/// ```
/// use wsproto::{CloseCode, CloseConnection};
///
/// let close = CloseConnection::new(CloseCode::GOING_AWAY).with_reason("restart");
/// assert_eq!(close.response().code, CloseCode::GOING_AWAY);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CloseConnection<'a> {
    /// Why; [`CloseCode::NO_STATUS`] where the frame has no code. Sent: never 1006 or 1015, see
    /// [`CloseCode::or_normal`].
    pub code: CloseCode,
    /// The reason, for logs; empty where there is none. Sent: at most 123 bytes, cut between two code points.
    pub reason: Text<'a>,
}

impl<'a> CloseConnection<'a> {
    /// Makes a Close with a code and no reason.
    #[must_use]
    pub const fn new(code: CloseCode) -> Self {
        Self { code, reason: Text::new("") }
    }

    /// Adds a reason.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<Text<'a>>) -> Self {
        self.reason = reason.into();
        self
    }

    /// Returns the Close that answers this one: with the same code and reason.
    #[must_use]
    pub fn response(&self) -> Self {
        self.clone()
    }

    /// Returns the same event, borrowed from nothing.
    #[must_use]
    pub fn into_owned(self) -> CloseConnection<'static> {
        CloseConnection { code: self.code, reason: self.reason.into_owned() }
    }
}

/// A Ping frame.
///
/// RFC 6455 [§5.5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.5.2)
///
/// ```
/// use wsproto::{Ping, Pong};
///
/// assert_eq!(Ping::new(b"42").response(), Pong::new(b"42"));
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Ping<'a> {
    /// At most 125 bytes.
    pub payload: Payload<'a>,
}

impl<'a> Ping<'a> {
    /// Makes a Ping with a payload of at most 125 bytes.
    #[must_use]
    pub fn new(payload: impl Into<Payload<'a>>) -> Self {
        Self { payload: payload.into() }
    }

    /// Returns the Pong that answers this Ping: with the same payload.
    #[must_use]
    pub fn response(&self) -> Pong<'a> {
        //= rfc6455#5.5.3-1
        Pong { payload: self.payload.clone() }
    }
}

/// A Pong frame.
///
/// RFC 6455 [§5.5.3](https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3)
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Pong<'a> {
    /// At most 125 bytes; those of the Ping that it answers.
    pub payload: Payload<'a>,
}

impl<'a> Pong<'a> {
    /// Makes a Pong with a payload of at most 125 bytes.
    #[must_use]
    pub fn new(payload: impl Into<Payload<'a>>) -> Self {
        Self { payload: payload.into() }
    }
}

impl From<Request> for Event<'_> {
    fn from(request: Request) -> Self {
        Self::Request(Box::new(request))
    }
}

impl From<AcceptConnection> for Event<'_> {
    fn from(accept: AcceptConnection) -> Self {
        Self::AcceptConnection(Box::new(accept))
    }
}

impl From<RejectConnection> for Event<'_> {
    fn from(reject: RejectConnection) -> Self {
        Self::RejectConnection(Box::new(reject))
    }
}

impl<'a> From<RejectData<'a>> for Event<'a> {
    fn from(data: RejectData<'a>) -> Self {
        Self::RejectData(data)
    }
}

impl<'a> From<TextMessage<'a>> for Event<'a> {
    #[inline]
    fn from(message: TextMessage<'a>) -> Self {
        Self::TextMessage(message)
    }
}

impl<'a> From<BytesMessage<'a>> for Event<'a> {
    #[inline]
    fn from(message: BytesMessage<'a>) -> Self {
        Self::BytesMessage(message)
    }
}

impl<'a> From<CloseConnection<'a>> for Event<'a> {
    fn from(close: CloseConnection<'a>) -> Self {
        Self::CloseConnection(close)
    }
}

impl<'a> From<Ping<'a>> for Event<'a> {
    #[inline]
    fn from(ping: Ping<'a>) -> Self {
        Self::Ping(ping)
    }
}

impl<'a> From<Pong<'a>> for Event<'a> {
    #[inline]
    fn from(pong: Pong<'a>) -> Self {
        Self::Pong(pong)
    }
}

const _: () = assert!(size_of::<Event<'_>>() <= 64, "an event fits in a cache line");
