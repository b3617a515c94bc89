//! Events: actions of the peer, and ours. The same types are used in both directions.

use alloc::boxed::Box;
use wsproto_frame::CloseCode;
use wsproto_handshake::{AcceptConnection, RejectConnection, RejectData, Request};

use crate::{Payload, Text};

/// An action of one side of a connection, in the order of the actions.
///
/// A received event borrows at most from the read buffer, never from the connection. It has at most 64 bytes.
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
    /// A server refuses.
    RejectConnection(Box<RejectConnection>),
    /// A part of the body of a rejection.
    RejectData(RejectData<'a>),
    /// A text message, or a part of one.
    TextMessage(TextMessage<'a>),
    /// A binary message, or a part of one.
    BytesMessage(BytesMessage<'a>),
    /// The closing handshake begins, or ends.
    CloseConnection(CloseConnection<'a>),
    /// Asks for a Pong.
    Ping(Ping<'a>),
    /// Answers a Ping, or comes unsolicited.
    Pong(Pong<'a>),
}

impl Event<'_> {
    /// Returns the same event, borrowed from nothing. A borrowed payload is copied.
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

/// A message, or a part of one: a [`TextMessage`] or a [`BytesMessage`].
///
/// When received, it is a whole message, or the bytes of a frame that one read brought; text always has whole code
/// points. When sent, it becomes one frame.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct DataMessage<D> {
    /// The data of this part. It may be empty.
    pub data: D,
    /// Whether its frame ends with this part. Ignored when sent.
    pub frame_finished: bool,
    /// Whether the message ends with this part.
    pub message_finished: bool,
    /// Whether extensions should send the message unchanged. It counts in the first part, and is never set when
    /// received.
    pub verbatim: bool,
}

/// A text message, or a part of one.
pub type TextMessage<'a> = DataMessage<Text<'a>>;

/// A binary message, or a part of one.
pub type BytesMessage<'a> = DataMessage<Payload<'a>>;

impl<D> DataMessage<D> {
    /// Makes a whole message, or the last part of one.
    #[must_use]
    pub fn new(data: impl Into<D>) -> Self {
        Self::received(data.into(), true, true)
    }

    /// Makes a received part.
    #[inline]
    pub(crate) const fn received(data: D, frame_finished: bool, message_finished: bool) -> Self {
        Self { data, frame_finished, message_finished, verbatim: false }
    }

    /// Marks the part as unfinished: more parts of the message follow.
    #[must_use]
    pub fn unfinished(mut self) -> Self {
        self.message_finished = false;
        self
    }

    /// Asks extensions to send the message unchanged. The length of a compressed message can reveal a secret in it, if
    /// other data in it come from an attacker (RFC 7692 [§8](https://www.rfc-editor.org/rfc/rfc7692#section-8)).
    #[must_use]
    pub fn verbatim(mut self) -> Self {
        self.verbatim = true;
        self
    }

    fn map<E>(self, change: impl FnOnce(D) -> E) -> DataMessage<E> {
        let Self { data, frame_finished, message_finished, verbatim } = self;
        DataMessage { data: change(data), frame_finished, message_finished, verbatim }
    }
}

impl TextMessage<'_> {
    /// Returns the same part, borrowed from nothing.
    #[must_use]
    pub fn into_owned(self) -> TextMessage<'static> {
        self.map(Text::into_owned)
    }
}

impl BytesMessage<'_> {
    /// Returns the same part, borrowed from nothing.
    #[must_use]
    pub fn into_owned(self) -> BytesMessage<'static> {
        self.map(Payload::into_owned)
    }
}

/// A Close frame, or the end of a connection without one ([`CloseCode::ABNORMAL`]).
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
    /// The code; [`CloseCode::NO_STATUS`] where the frame has none. 1006 and 1015 can't be sent, see
    /// [`CloseCode::or_normal`].
    pub code: CloseCode,
    /// The reason, for logs. It is empty where there is none. When sent, it is cut after at most 123 bytes, between two
    /// code points.
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
