//! The reasons for which connections aren't shown.

use std::fmt;

/// The reason for which a connection isn't shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skipped {
    Tls,
    Http2,
    /// The capture begins in the middle of the connection, or its protocol is another one.
    NoHandshake,
    NoWebSocket,
    /// The ends of its HTTP messages can't be found.
    Unclear,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls => "TLS: the bytes are encrypted",
            Self::Http2 => "HTTP/2, in which no WebSocket is looked for",
            Self::NoHandshake => {
                "without an opening handshake at the beginning; --extensions VALUE reads it as frames"
            }
            Self::NoWebSocket => "HTTP without a WebSocket",
            Self::Unclear => "HTTP that could not be followed to its end",
        })
    }
}
