//! Errors: a mistake of the caller (`LocalProtocolError`) or of the peer (`RemoteProtocolError`), and what to do next.

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

/// What a loop should do about an error: [`LocalProtocolError::remedy`] and [`RemoteProtocolError::remedy`] return it.
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
    /// The caller made a mistake. Nothing was sent, and the connection is unchanged. Send something else.
    Fix,
    /// The event comes too late: the connection is closing or closed. Nothing was sent. Drop the event, and continue as
    /// [`Transport`](crate::Transport) says.
    Discard,
    /// The peer broke a rule. Tell it with `reply_to_error`, then continue as [`Transport`](crate::Transport) says.
    Reply,
    /// No answer is possible, or the peer is gone. End the connection.
    End,
}

/// A mistake of the caller. Nothing was written, and the connection is unchanged.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum LocalProtocolError {
    /// The event can't be sent in this state.
    WrongState(ConnectionState),
    /// The event belongs to the other side, or to the opening handshake, which is over. Or it is no message, but the
    /// method takes only messages.
    WrongEvent,
    /// The opening handshake can't be sent like this.
    Handshake(LocalError),
    /// The frame would break a rule. Examples: a control payload over 125 bytes; another type inside a message; a Close
    /// with 1006 or 1015, which report an end without a Close ([`CloseCode::or_normal`] returns a code that can be
    /// sent).
    Frame(FrameError),
    /// An extension refused the frame.
    Extension(ExtensionError),
    /// An extension of the configuration can't be offered.
    Negotiation(NegotiationError),
    /// The event names extensions. They must come from the configuration.
    ExtensionsInEvent,
    /// A Close has a reason and no code (RFC 6455 §5.5.1).
    ReasonWithoutCode,
    /// The source of entropy has failed.
    Entropy,
    /// An extension needs the payload, so the header can't be sent without it.
    PayloadApart,
    /// An extension works frame by frame, so its output can't be cut into fragments.
    NotPerMessage,
}

impl LocalProtocolError {
    /// Returns what a loop should do about the error: most often [`Remedy::Fix`].
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
            Self::WrongEvent => f.write_str("event can't be sent by this side, or by this method"),
            Self::Handshake(error) => error.fmt(f),
            Self::Frame(error) => error.fmt(f),
            Self::Extension(error) => error.fmt(f),
            Self::Negotiation(error) => error.fmt(f),
            Self::ExtensionsInEvent => f.write_str("extensions in an event: set them in the configuration"),
            Self::ReasonWithoutCode => f.write_str("close reason without a code: add a code"),
            Self::Entropy => f.write_str("the source of entropy has failed"),
            Self::PayloadApart => f.write_str("an extension needs the payload: send the whole message"),
            Self::NotPerMessage => f.write_str("an extension works frame by frame: send unfinished parts"),
        }
    }
}

/// `Display` shows the nested error already, so its source is the source of this one.
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

/// A mistake of the peer. It is final: the connection takes no more bytes, and returns the same error again.
///
/// [`event_hint`](Self::event_hint) returns the event that tells the peer.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum RemoteProtocolError {
    /// The client's request breaks a rule of the opening handshake.
    Request(RequestError),
    /// The server's response breaks a rule of the opening handshake.
    Response(ResponseError),
    /// The extensions of a request or response are invalid, or can't be agreed to.
    Negotiation {
        /// The side that received them: a server answers with a rejection.
        received_by: Role,
        /// What is wrong with them.
        error: NegotiationError,
    },
    /// A frame breaks a rule.
    Frame(FrameError),
    /// An extension refused a frame.
    Extension(ExtensionError),
    /// A message is longer than the limit, on the wire or after extensions have transformed it (inflated, for example).
    MessageTooLong {
        /// The limit in bytes.
        limit: u64,
    },
    /// A message has more frames than the limit.
    TooManyFragments {
        /// The limit.
        limit: u64,
    },
    /// A message has more consecutive empty frames than the limit.
    TooManyEmptyFragments {
        /// The limit.
        limit: u64,
    },
    /// More Pings and Pongs come without a data frame between them than the limit.
    TooManyControlFrames {
        /// The limit.
        limit: u64,
    },
    /// The peer's stream ended before the opening handshake was done.
    EndOfStream {
        /// Whether any byte of the peer had come. A health check, for example, connects and leaves without a byte.
        received_any: bool,
    },
}

impl RemoteProtocolError {
    /// Returns what a loop should do about the error: [`Remedy::Reply`] where the peer must be told, [`Remedy::End`]
    /// otherwise.
    ///
    /// The peer may be gone ([`EndOfStream`](Self::EndOfStream)). A server with an invalid response expects no answer.
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

    /// Returns the event that tells the peer about its mistake.
    ///
    /// That is a [`RejectConnection`] before the handshake is done, a [`CloseConnection`] after, and `None` where there
    /// is nothing to say.
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
    // A third-party extension may refuse with a code that is forbidden in a Close.
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

/// `Display` shows the nested error already, so its source is the source of this one.
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
            // One variant for the limit on the wire and after extensions.
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
