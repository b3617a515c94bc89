//! Why connections aren't shown.

use std::fmt;

/// Why a connection isn't shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skipped {
    Tls,
    Http2,
    /// It begins in the middle, or is something else.
    NoHandshake,
    NoWebSocket,
    /// Its messages can't be told apart.
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
