//! Whose fault it is: the caller's (`LocalProtocolError`) or the peer's (`RemoteProtocolError`); and what a loop does next.

#[cfg(feature = "std")]
mod adapter;
#[cfg(feature = "std")]
mod io;

use alloc::string::String;
use core::{error::Error, fmt};

use wsproto_extensions::{ExtensionError, NegotiationError};
use wsproto_frame::{CloseCode, FrameError, Role};
use wsproto_handshake::{LocalError, RejectConnection, RequestError, ResponseError};

#[cfg(feature = "std")]
pub use self::adapter::AdapterError;
use crate::{CloseConnection, ConnectionState, Event, Text};

/// What a loop does with an error: [`LocalProtocolError::remedy`] and [`RemoteProtocolError::remedy`] say it.
///
/// ```
/// use wsproto::{Config, Ping, Remedy, Connection};
///
/// let mut ws = Connection::server(Config::default());
/// let mut out = Vec::new();
/// let error = ws.receive(&mut &mut b"GARBAGE\r\n\r\n"[..].to_vec()[..]).unwrap_err();
/// if error.remedy() == Remedy::Reply {
///     ws.reply_to_error(&error, &mut out)?;
/// }
/// assert!(out.starts_with(b"HTTP/1.1 400 "));
/// assert_eq!(ws.send(Ping::new(b""), &mut out).unwrap_err().remedy(), Remedy::Discard);
/// # Ok::<(), wsproto::LocalProtocolError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Remedy {
    /// The caller made a mistake: nothing was sent, and the connection goes on as it was. Send something else.
    Fix,
    /// It comes too late: the connection is closing or closed. Nothing was sent; drop it, and go on as
    /// [`Transport`](crate::Transport) says.
    Discard,
    /// The peer broke a rule, and is told by `reply_to_error`; then go on as [`Transport`](crate::Transport) says.
    Reply,
    /// Nothing can be said, or nobody is there to be told it: end the connection.
    End,
}

/// A mistake of the caller: nothing was written, and the connection is as it was.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum LocalProtocolError {
    /// The event can't be sent in this state.
    WrongState(ConnectionState),
    /// The event belongs to the other side, or to the opening handshake, which is over.
    WrongEvent,
    /// The opening handshake can't be sent like this.
    Handshake(LocalError),
    /// The frame would break a rule: a control payload over 125 bytes, another type inside a message, a Close with 1006
    /// or 1015, which say what happened without one ([`CloseCode::or_normal`] gives a code that can be sent).
    Frame(FrameError),
    /// An extension refused what was to be sent.
    Extension(ExtensionError),
    /// An extension of the configuration can't be offered.
    Negotiation(NegotiationError),
    /// Extensions are negotiated from the configuration, not set in an event.
    ExtensionsInEvent,
    /// A Close has a reason and no code (RFC 6455 §5.5.1).
    ReasonWithoutCode,
    /// The source of entropy has failed.
    Entropy,
    /// An extension has to see the payload: it can't be written apart from its header.
    PayloadApart,
    /// An extension works frame by frame: what it makes of a message can't be cut into fragments.
    NotPerMessage,
}

impl LocalProtocolError {
    /// Returns what a loop does with it: most often [`Remedy::Fix`].
    #[must_use]
    pub const fn remedy(&self) -> Remedy {
        match self {
            Self::WrongState(state) => match state {
                ConnectionState::Connecting | ConnectionState::Rejecting | ConnectionState::Open => {
                    Remedy::Fix
                }
                ConnectionState::LocalClosing | ConnectionState::RemoteClosing | ConnectionState::Closed => {
                    Remedy::Discard
                }
            },
            Self::Entropy | Self::Extension(ExtensionError::Panicked) => Remedy::End,
            Self::WrongEvent
            | Self::Handshake(_)
            | Self::Frame(_)
            | Self::Extension(_)
            | Self::Negotiation(_)
            | Self::ExtensionsInEvent
            | Self::ReasonWithoutCode
            | Self::PayloadApart
            | Self::NotPerMessage => Remedy::Fix,
        }
    }
}

impl fmt::Display for LocalProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongState(state) => write!(f, "event can't be sent in state {state:?}"),
            Self::WrongEvent => f.write_str("event can't be sent by this side of the connection"),
            Self::Handshake(error) => error.fmt(f),
            Self::Frame(error) => error.fmt(f),
            Self::Extension(error) => error.fmt(f),
            Self::Negotiation(error) => error.fmt(f),
            Self::ExtensionsInEvent => f.write_str("extensions are negotiated, not set in an event"),
            Self::ReasonWithoutCode => f.write_str("close reason without a code"),
            Self::Entropy => f.write_str("the source of entropy has failed"),
            Self::PayloadApart => f.write_str("an extension has to see the payload: send it whole"),
            Self::NotPerMessage => {
                f.write_str("an extension works frame by frame: send parts that are unfinished")
            }
        }
    }
}

/// What is nested is told by `Display` already: its source is the source.
impl Error for LocalProtocolError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Extension(error) => error.source(),
            Self::Negotiation(error) => error.source(),
            Self::Handshake(_)
            | Self::Frame(_)
            | Self::WrongState(_)
            | Self::WrongEvent
            | Self::ExtensionsInEvent
            | Self::ReasonWithoutCode
            | Self::Entropy
            | Self::PayloadApart
            | Self::NotPerMessage => None,
        }
    }
}

impl From<LocalError> for LocalProtocolError {
    fn from(error: LocalError) -> Self {
        Self::Handshake(error)
    }
}

impl From<FrameError> for LocalProtocolError {
    fn from(error: FrameError) -> Self {
        Self::Frame(error)
    }
}

impl From<ExtensionError> for LocalProtocolError {
    fn from(error: ExtensionError) -> Self {
        Self::Extension(error)
    }
}

/// A mistake of the peer. It is final: the connection takes no more bytes and gives the same error again.
///
/// [`event_hint`](Self::event_hint) is what the peer should be told.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum RemoteProtocolError {
    /// The client's request breaks a rule of the opening handshake.
    Request(RequestError),
    /// The server's response breaks a rule of the opening handshake.
    Response(ResponseError),
    /// The extensions of a request or response can't be made sense of, or not be agreed to.
    Negotiation {
        /// Which side got them: a server answers with a rejection.
        received_by: Role,
        /// What is wrong with them.
        error: NegotiationError,
    },
    /// A frame breaks a rule.
    Frame(FrameError),
    /// An extension refused a frame.
    Extension(ExtensionError),
    /// A message is longer than the limit, on the wire or after extensions have undone what they did.
    MessageTooLong {
        /// The limit in bytes.
        limit: u64,
    },
    /// A message comes in more frames than the limit allows.
    TooManyFragments {
        /// The limit.
        limit: u64,
    },
    /// More frames of a message in a row are empty than the limit allows.
    TooManyEmptyFragments {
        /// The limit.
        limit: u64,
    },
    /// More Pings and Pongs come with no data frame between them than the limit allows.
    TooManyControlFrames {
        /// The limit.
        limit: u64,
    },
    /// The peer's stream ended before the opening handshake was done.
    EndOfStream {
        /// Whether any byte of the peer had come: a health check's probe, for one, connects and leaves without.
        received_any: bool,
    },
}

impl RemoteProtocolError {
    /// Returns what a loop does with it: [`Remedy::Reply`] where the peer is told, or else [`Remedy::End`].
    ///
    /// The peer may be gone ([`EndOfStream`](Self::EndOfStream)), or be a server whose answer is wrong, which expects none.
    #[must_use]
    pub const fn remedy(&self) -> Remedy {
        match self {
            Self::Response(_)
            | Self::Negotiation { received_by: Role::Client, .. }
            | Self::EndOfStream { .. } => Remedy::End,
            Self::Request(_)
            | Self::Negotiation { received_by: Role::Server, .. }
            | Self::Frame(_)
            | Self::Extension(_)
            | Self::MessageTooLong { .. }
            | Self::TooManyFragments { .. }
            | Self::TooManyEmptyFragments { .. }
            | Self::TooManyControlFrames { .. } => Remedy::Reply,
        }
    }

    /// Returns the event that tells the peer: a [`RejectConnection`] before the handshake is done, a
    /// [`CloseConnection`] after, `None` where there is nothing to say.
    ///
    /// ```
    /// use wsproto::{CloseCode, CloseConnection, Event, RemoteProtocolError};
    ///
    /// let hint = RemoteProtocolError::MessageTooLong { limit: 10 }.event_hint();
    /// let close = CloseConnection::new(CloseCode::MESSAGE_TOO_BIG).with_reason("message longer than the limit");
    /// assert_eq!(hint, Some(Event::CloseConnection(close)));
    /// ```
    #[must_use]
    pub fn event_hint(&self) -> Option<Event<'static>> {
        match self {
            Self::Request(error) => Some(error.rejection().into()),
            Self::Negotiation { received_by: Role::Server, .. } => Some(RejectConnection::new(400).into()),
            Self::Response(_) | Self::Negotiation { .. } | Self::EndOfStream { .. } => None,
            Self::Frame(error) => Some(close(error.close_code(), error.reason())),
            Self::Extension(error) => Some(close(error.close_code(), String::from(error.reason()))),
            Self::MessageTooLong { .. } => {
                Some(close(CloseCode::MESSAGE_TOO_BIG, "message longer than the limit"))
            }
            Self::TooManyFragments { .. } => {
                Some(close(CloseCode::POLICY_VIOLATION, "message in more frames than the limit"))
            }
            Self::TooManyEmptyFragments { .. } => {
                Some(close(CloseCode::POLICY_VIOLATION, "more empty frames in a row than the limit"))
            }
            Self::TooManyControlFrames { .. } => {
                Some(close(CloseCode::POLICY_VIOLATION, "more control frames in a row than the limit"))
            }
        }
    }
}

fn close(code: CloseCode, reason: impl Into<Text<'static>>) -> Event<'static> {
    // An extension of somebody else may refuse with a code that no Close carries.
    let code = if code.may_be_sent() { code } else { CloseCode::INTERNAL_ERROR };
    CloseConnection::new(code).with_reason(reason).into()
}

impl fmt::Display for RemoteProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(error) => error.fmt(f),
            Self::Response(error) => error.fmt(f),
            Self::Negotiation { error, .. } => error.fmt(f),
            Self::Frame(error) => error.fmt(f),
            Self::Extension(error) => error.fmt(f),
            Self::MessageTooLong { limit } => write!(f, "message longer than the limit of {limit} bytes"),
            Self::TooManyFragments { limit } => write!(f, "message in more frames than the limit of {limit}"),
            Self::TooManyEmptyFragments { limit } => {
                write!(f, "more empty frames in a row than the limit of {limit}")
            }
            Self::TooManyControlFrames { limit } => {
                write!(f, "more control frames in a row than the limit of {limit}")
            }
            Self::EndOfStream { received_any: true } => {
                f.write_str("end of stream before the opening handshake was done")
            }
            Self::EndOfStream { received_any: false } => f.write_str("end of stream before the first byte"),
        }
    }
}

/// What is nested is told by `Display` already: its source is the source.
impl Error for RemoteProtocolError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Negotiation { error, .. } => error.source(),
            Self::Extension(error) => error.source(),
            Self::Request(_)
            | Self::Response(_)
            | Self::Frame(_)
            | Self::MessageTooLong { .. }
            | Self::TooManyFragments { .. }
            | Self::TooManyEmptyFragments { .. }
            | Self::TooManyControlFrames { .. }
            | Self::EndOfStream { .. } => None,
        }
    }
}

impl From<RequestError> for RemoteProtocolError {
    fn from(error: RequestError) -> Self {
        Self::Request(error)
    }
}

impl From<ResponseError> for RemoteProtocolError {
    fn from(error: ResponseError) -> Self {
        Self::Response(error)
    }
}

impl From<FrameError> for RemoteProtocolError {
    fn from(error: FrameError) -> Self {
        match error {
            // One limit, whether it is met on the wire or after extensions.
            FrameError::MessageTooLong { limit } => Self::MessageTooLong { limit },
            error => Self::Frame(error),
        }
    }
}

impl From<ExtensionError> for RemoteProtocolError {
    fn from(error: ExtensionError) -> Self {
        Self::Extension(error)
    }
}
