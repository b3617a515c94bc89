//! Errors of a head that are the same in requests and responses.

use core::{error::Error, fmt};

/// A broken rule for HTTP/1.1 heads; the peer broke it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum HeadError {
    /// The first line alone is longer than the limit for a head
    /// (RFC 9112 [§3](https://www.rfc-editor.org/rfc/rfc9112#section-3)).
    StartLineTooLong {
        /// The limit in bytes.
        limit: u64,
    },
    /// The head is longer than the limit
    /// (RFC 9110 [§5.4](https://www.rfc-editor.org/rfc/rfc9110#section-5.4)).
    TooLong {
        /// The limit in bytes.
        limit: u64,
    },
    /// The head has more fields than the limit
    /// (RFC 9110 [§5.4](https://www.rfc-editor.org/rfc/rfc9110#section-5.4)).
    TooManyHeaders {
        /// The limit in fields.
        limit: u64,
    },
    /// Sec-WebSocket-Protocol or Sec-WebSocket-Extensions lists more items than the limit
    /// (RFC 9110 [§5.4](https://www.rfc-editor.org/rfc/rfc9110#section-5.4)).
    TooManyItems {
        /// The limit in items.
        limit: u64,
    },
    /// A line ends without a carriage return
    /// (RFC 9112 [§2.2](https://www.rfc-editor.org/rfc/rfc9112#section-2.2)).
    BareLineFeed,
    /// A carriage return does not end a line
    /// (RFC 9112 [§2.2](https://www.rfc-editor.org/rfc/rfc9112#section-2.2)).
    BareCarriageReturn,
    /// The first line lacks required parts, or has other than one space between them
    /// (RFC 9112 [§3](https://www.rfc-editor.org/rfc/rfc9112#section-3),
    /// [§4](https://www.rfc-editor.org/rfc/rfc9112#section-4)).
    StartLine,
    /// The version isn't HTTP/1.1 or a higher minor one
    /// (RFC 6455 [§4.2.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1)).
    HttpVersion,
    /// A field continues in the next line
    /// (RFC 9112 [§5.2](https://www.rfc-editor.org/rfc/rfc9112#section-5.2)).
    FoldedHeader,
    /// White space stands between a field's name and the colon
    /// (RFC 9112 [§5.1](https://www.rfc-editor.org/rfc/rfc9112#section-5.1)).
    SpaceBeforeColon,
    /// A field's name is empty or has a character that isn't allowed in names
    /// (RFC 9110 [§5.1](https://www.rfc-editor.org/rfc/rfc9110#section-5.1)).
    HeaderName,
    /// A field's value has a control character
    /// (RFC 9110 [§5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)).
    HeaderValue,
    /// The stream ended before the end of the head
    /// (RFC 9112 [§8](https://www.rfc-editor.org/rfc/rfc9112#section-8)).
    Ended,
}

impl HeadError {
    /// Returns the RFC and the section of the broken rule.
    #[must_use]
    pub const fn section(self) -> &'static str {
        match self {
            Self::StartLineTooLong { .. } | Self::StartLine => "RFC 9112 §3",
            Self::TooLong { .. } | Self::TooManyHeaders { .. } | Self::TooManyItems { .. } => "RFC 9110 §5.4",
            Self::BareLineFeed | Self::BareCarriageReturn => "RFC 9112 §2.2",
            Self::HttpVersion => "RFC 6455 §4.2.1",
            Self::FoldedHeader => "RFC 9112 §5.2",
            Self::SpaceBeforeColon => "RFC 9112 §5.1",
            Self::HeaderName => "RFC 9110 §5.1",
            Self::HeaderValue => "RFC 9110 §5.5",
            Self::Ended => "RFC 9112 §8",
        }
    }

    /// Returns the status of a server's answer to this error.
    pub(super) const fn status(self) -> u16 {
        match self {
            Self::StartLineTooLong { .. } => 414,
            Self::TooLong { .. } | Self::TooManyHeaders { .. } | Self::TooManyItems { .. } => 431,
            Self::HttpVersion => 505,
            Self::BareLineFeed
            | Self::BareCarriageReturn
            | Self::StartLine
            | Self::FoldedHeader
            | Self::SpaceBeforeColon
            | Self::HeaderName
            | Self::HeaderValue
            | Self::Ended => 400,
        }
    }
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StartLineTooLong { limit } => return write!(f, "first line longer than {limit} bytes"),
            Self::TooLong { limit } => return write!(f, "head longer than {limit} bytes"),
            Self::TooManyHeaders { limit } => return write!(f, "more than {limit} header fields"),
            Self::TooManyItems { limit } => {
                return write!(f, "more than {limit} subprotocols or extensions");
            }
            Self::BareLineFeed => "line feed without carriage return",
            Self::BareCarriageReturn => "carriage return without line feed",
            Self::StartLine => "malformed first line",
            Self::HttpVersion => "unsupported HTTP version (HTTP/1.1 is needed)",
            Self::FoldedHeader => "header field folded over several lines",
            Self::SpaceBeforeColon => "white space before the colon of a header field",
            Self::HeaderName => "invalid header field name",
            Self::HeaderValue => "control character in a header field",
            Self::Ended => "stream ended within the head",
        })
    }
}

impl Error for HeadError {}
