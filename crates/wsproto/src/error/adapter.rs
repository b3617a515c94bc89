//! The error of the adapters: every failure of a connection with I/O.

use alloc::boxed::Box;
use core::{convert::Infallible, error::Error, fmt};
use std::io;

use wsproto_handshake::{HeadError, ProxyError, RejectConnection, ResponseError, UrlError};

use crate::{Deadline, LocalProtocolError, RemoteProtocolError};

/// A failure of a connection with I/O: the error of the adapters, for tokio and for blocking code.
///
/// ```
/// use wsproto::{AdapterError, Deadline, RejectConnection};
///
/// let busy = AdapterError::from(RejectConnection::new(503));
/// assert_eq!(busy.to_string(), "the server refused with status 503");
/// assert!(busy.may_pass() && !AdapterError::from(RejectConnection::new(404)).may_pass());
/// assert!(AdapterError::from(Deadline::Connect).may_pass());
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum AdapterError {
    /// The transport failed.
    Io(io::Error),
    /// The peer broke a rule, and was told which one.
    Remote(RemoteProtocolError),
    /// The program made a mistake. Nothing was sent, and the connection is unchanged.
    Local(LocalProtocolError),
    /// The server refused to open a WebSocket: its status, its fields, and the start of its body, at most 16 KiB.
    Rejected(Box<RejectConnection>),
    /// The proxy opened no tunnel: its status and its fields, or the rule that it broke.
    Proxy(ProxyError),
    /// A step took too long; the deadline names the step.
    TimedOut(Deadline),
    /// The URL is not valid for a WebSocket.
    Url(UrlError),
    /// The connection is closed, or closing: nothing can be sent.
    Closed,
}

impl AdapterError {
    /// Returns whether the failure may pass by itself, so that it makes sense to connect again after a while.
    ///
    /// It may pass for a transport that failed, a deadline, a busy server or proxy (408, 429, 5xx except 501 and 505),
    /// and a connection that ended. It doesn't pass for invalid input, for data that break a rule (such as an untrusted
    /// certificate), and for what isn't supported.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Io(error) => !matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::Unsupported
            ),
            Self::Remote(error) => matches!(error, RemoteProtocolError::EndOfStream { .. }),
            Self::Rejected(rejection) => is_busy(rejection.status),
            Self::Proxy(ProxyError::Refused(refusal)) => is_busy(refusal.status),
            Self::Proxy(error) => *error == ProxyError::Answer(ResponseError::Head(HeadError::Ended)),
            Self::TimedOut(_) | Self::Closed => true,
            Self::Local(_) | Self::Url(_) => false,
        }
    }
}

/// Returns whether a status says that a later request may succeed.
const fn is_busy(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502..=504 | 506..=599)
}

impl fmt::Display for AdapterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Remote(error) => error.fmt(f),
            Self::Local(error) => error.fmt(f),
            Self::Rejected(rejection) => write!(f, "the server refused with status {}", rejection.status),
            Self::Proxy(error) => error.fmt(f),
            Self::TimedOut(deadline) => deadline.fmt(f),
            Self::Url(error) => error.fmt(f),
            Self::Closed => f.write_str("the connection is closed"),
        }
    }
}

/// `Display` shows the nested error already, so its source is the source of this one.
impl Error for AdapterError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io(error) => error.source(),
            Self::Remote(error) => error.source(),
            Self::Local(error) => error.source(),
            Self::Url(error) => error.source(),
            Self::Proxy(error) => error.source(),
            Self::Rejected(_) | Self::TimedOut(_) | Self::Closed => None,
        }
    }
}

impl From<io::Error> for AdapterError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<RemoteProtocolError> for AdapterError {
    fn from(error: RemoteProtocolError) -> Self {
        Self::Remote(error)
    }
}

/// An event that comes too late becomes [`Closed`](AdapterError::Closed).
impl From<LocalProtocolError> for AdapterError {
    fn from(error: LocalProtocolError) -> Self {
        if error.remedy() == crate::Remedy::Discard { Self::Closed } else { Self::Local(error) }
    }
}

impl From<RejectConnection> for AdapterError {
    fn from(rejection: RejectConnection) -> Self {
        Self::Rejected(Box::new(rejection))
    }
}

impl From<ProxyError> for AdapterError {
    fn from(error: ProxyError) -> Self {
        Self::Proxy(error)
    }
}

impl From<Deadline> for AdapterError {
    fn from(deadline: Deadline) -> Self {
        Self::TimedOut(deadline)
    }
}

impl From<UrlError> for AdapterError {
    fn from(error: UrlError) -> Self {
        Self::Url(error)
    }
}

/// A value that is a URL already can't be an invalid one.
impl From<Infallible> for AdapterError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<AdapterError> for io::Error {
    fn from(error: AdapterError) -> Self {
        match error {
            AdapterError::Io(error) => error,
            AdapterError::Remote(error) => error.into(),
            AdapterError::Local(error) => error.into(),
            AdapterError::Rejected(_) | AdapterError::Proxy(ProxyError::Refused(_)) => {
                Self::new(io::ErrorKind::ConnectionRefused, error)
            }
            AdapterError::Proxy(ProxyError::Answer(ResponseError::Head(HeadError::Ended))) => {
                Self::new(io::ErrorKind::UnexpectedEof, error)
            }
            AdapterError::Proxy(_) => Self::new(io::ErrorKind::InvalidData, error),
            AdapterError::TimedOut(_) => Self::new(io::ErrorKind::TimedOut, error),
            AdapterError::Url(_) => Self::new(io::ErrorKind::InvalidInput, error),
            AdapterError::Closed => Self::new(io::ErrorKind::BrokenPipe, error),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::ConnectionState;

    #[test]
    fn what_may_pass_and_what_an_error_of_io_it_is() {
        let io = |kind: io::ErrorKind| AdapterError::Io(kind.into());
        let rejected = |status| AdapterError::from(RejectConnection::new(status));
        let proxy = |error: HeadError| AdapterError::Proxy(ProxyError::Answer(error.into()));
        let proxy_refused =
            |status| AdapterError::Proxy(ProxyError::Refused(Box::new(RejectConnection::new(status))));
        let remote = |received_any| RemoteProtocolError::EndOfStream { received_any }.into();
        let cases: [(AdapterError, bool, io::ErrorKind); 21] = [
            (io(io::ErrorKind::ConnectionReset), true, io::ErrorKind::ConnectionReset),
            (io(io::ErrorKind::InvalidInput), false, io::ErrorKind::InvalidInput),
            (io(io::ErrorKind::InvalidData), false, io::ErrorKind::InvalidData),
            (io(io::ErrorKind::Unsupported), false, io::ErrorKind::Unsupported),
            (proxy_refused(407), false, io::ErrorKind::ConnectionRefused),
            (proxy_refused(503), true, io::ErrorKind::ConnectionRefused),
            (proxy(HeadError::Ended), true, io::ErrorKind::UnexpectedEof),
            (proxy(HeadError::StartLine), false, io::ErrorKind::InvalidData),
            (UrlError::Scheme.into(), false, io::ErrorKind::InvalidInput),
            (rejected(404), false, io::ErrorKind::ConnectionRefused),
            (rejected(408), true, io::ErrorKind::ConnectionRefused),
            (rejected(429), true, io::ErrorKind::ConnectionRefused),
            (rejected(500), true, io::ErrorKind::ConnectionRefused),
            (rejected(501), false, io::ErrorKind::ConnectionRefused),
            (rejected(503), true, io::ErrorKind::ConnectionRefused),
            (rejected(505), false, io::ErrorKind::ConnectionRefused),
            (remote(true), true, io::ErrorKind::UnexpectedEof),
            (RemoteProtocolError::MessageTooLong { limit: 1 }.into(), false, io::ErrorKind::InvalidData),
            (Deadline::Close.into(), true, io::ErrorKind::TimedOut),
            (LocalProtocolError::WrongState(ConnectionState::Closed).into(), true, io::ErrorKind::BrokenPipe),
            (LocalProtocolError::WrongEvent.into(), false, io::ErrorKind::InvalidInput),
        ];
        for (error, may_pass, kind) in cases {
            let shown = format!("{error:?}");
            assert_eq!((error.may_pass(), io::Error::from(error).kind()), (may_pass, kind), "{shown}");
        }
    }
}
