//! Errors of a server's answer.

use alloc::boxed::Box;
use core::{error::Error, fmt};

use super::HeadError;

/// A broken rule of the opening handshake; the server broke it, and the connection fails.
///
/// An error that shows the invalid value shows at most its first 64 characters; `Display` escapes control characters.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ResponseError {
    /// The server sent bytes before the client's request
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    Unrequested,
    /// The head breaks a rule of HTTP/1.1.
    Head(HeadError),
    /// The status can't be an answer: below 100, a 101 over HTTP/2 or HTTP/3, or an interim status in a response that
    /// another HTTP library has parsed
    /// (RFC 9110 [§15](https://www.rfc-editor.org/rfc/rfc9110#section-15)).
    Status,
    /// More interim responses came than the limit
    /// (RFC 9110 [§15.2](https://www.rfc-editor.org/rfc/rfc9110#section-15.2)).
    TooManyInterimResponses {
        /// The limit in responses.
        limit: u64,
    },
    /// Connection doesn't list `upgrade`
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    ConnectionNotUpgrade,
    /// Upgrade isn't `websocket` alone, in one field
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    UpgradeNotWebSocket,
    /// An acceptance over HTTP/2 or HTTP/3 has Connection, Upgrade or another field that only HTTP/1.1 allows
    /// (RFC 9113 [§8.2.2](https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2)).
    ConnectionField,
    /// There is no Sec-WebSocket-Accept
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    AcceptMissing,
    /// Sec-WebSocket-Accept comes more than once
    /// (RFC 6455 [§11.3.3](https://www.rfc-editor.org/rfc/rfc6455#section-11.3.3)).
    AcceptRepeated,
    /// Sec-WebSocket-Accept isn't the token for the key that we sent
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    AcceptMismatch,
    /// Sec-WebSocket-Protocol comes more than once, or names more than one
    /// (RFC 6455 [§11.3.4](https://www.rfc-editor.org/rfc/rfc6455#section-11.3.4)).
    SubprotocolRepeated,
    /// The server chose this subprotocol, but we didn't propose it
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    SubprotocolNotProposed(Box<str>),
    /// The server chose no subprotocol, but
    /// [one is required](crate::ClientHandshake::require_subprotocol)
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    SubprotocolMissing,
    /// Sec-WebSocket-Extensions comes more than once
    /// (RFC 6455 [§11.3.2](https://www.rfc-editor.org/rfc/rfc6455#section-11.3.2)).
    ExtensionsRepeated,
    /// Sec-WebSocket-Extensions lists no extension, or has characters that aren't ASCII
    /// (RFC 6455 [§9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)).
    ExtensionsInvalid,
    /// The server agreed to an extension of this name, but we didn't offer it
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    ExtensionNotOffered(Box<str>),
    /// The Content-Length of a rejection isn't a number, or has more than one value
    /// (RFC 9112 [§6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)).
    ContentLengthInvalid,
    /// A rejection has both Content-Length and Transfer-Encoding
    /// (RFC 9112 [§6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)).
    BodyAmbiguous,
    /// A rejection's body has a transfer coding other than chunked, or any in HTTP/1.0, which has none
    /// (RFC 9112 [§6.1](https://www.rfc-editor.org/rfc/rfc9112#section-6.1)).
    TransferEncodingUnknown,
    /// A chunk of a rejection's body has an invalid size, or lacks the line end after it
    /// (RFC 9112 [§7.1](https://www.rfc-editor.org/rfc/rfc9112#section-7.1)).
    Chunk,
    /// The trailer of a rejection's chunked body is longer than the limit for a head
    /// (RFC 9112 [§7.1.2](https://www.rfc-editor.org/rfc/rfc9112#section-7.1.2)).
    TrailerTooLong {
        /// The limit in bytes.
        limit: u64,
    },
    /// A rejection's body is longer than the limit
    /// (RFC 9110 [§15.5](https://www.rfc-editor.org/rfc/rfc9110#section-15.5)).
    BodyTooLong {
        /// The limit in bytes.
        limit: u64,
    },
    /// The stream ended before the end of a rejection's body
    /// (RFC 9112 [§8](https://www.rfc-editor.org/rfc/rfc9112#section-8)).
    BodyEnded,
}

impl ResponseError {
    /// Returns the RFC and the section of the broken rule.
    #[must_use]
    pub const fn section(&self) -> &'static str {
        match self {
            Self::Head(error) => error.section(),
            Self::Status => "RFC 9110 §15",
            Self::TooManyInterimResponses { .. } => "RFC 9110 §15.2",
            Self::Unrequested
            | Self::ConnectionNotUpgrade
            | Self::UpgradeNotWebSocket
            | Self::AcceptMissing
            | Self::AcceptMismatch
            | Self::SubprotocolNotProposed(_)
            | Self::SubprotocolMissing
            | Self::ExtensionNotOffered(_) => "RFC 6455 §4.1",
            Self::ConnectionField => "RFC 9113 §8.2.2",
            Self::AcceptRepeated => "RFC 6455 §11.3.3",
            Self::SubprotocolRepeated => "RFC 6455 §11.3.4",
            Self::ExtensionsRepeated => "RFC 6455 §11.3.2",
            Self::ExtensionsInvalid => "RFC 6455 §9.1",
            Self::ContentLengthInvalid | Self::BodyAmbiguous => "RFC 9112 §6.3",
            Self::TransferEncodingUnknown => "RFC 9112 §6.1",
            Self::Chunk => "RFC 9112 §7.1",
            Self::TrailerTooLong { .. } => "RFC 9112 §7.1.2",
            Self::BodyTooLong { .. } => "RFC 9110 §15.5",
            Self::BodyEnded => "RFC 9112 §8",
        }
    }
}

impl From<HeadError> for ResponseError {
    fn from(error: HeadError) -> Self {
        Self::Head(error)
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Head(error) => return error.fmt(f),
            Self::TooManyInterimResponses { limit } => {
                return write!(f, "more than {limit} interim responses");
            }
            Self::TrailerTooLong { limit } => return write!(f, "trailer longer than {limit} bytes"),
            Self::BodyTooLong { limit } => return write!(f, "rejection's body longer than {limit} bytes"),
            Self::SubprotocolNotProposed(subprotocol) => {
                return write!(f, "chosen subprotocol {subprotocol:?} was not proposed");
            }
            Self::ExtensionNotOffered(name) => {
                return write!(f, "agreed extension {name:?} was not offered");
            }
            Self::Unrequested => "bytes from the server before the request",
            Self::Status => "invalid status",
            Self::ConnectionNotUpgrade => "response without Connection: upgrade",
            Self::UpgradeNotWebSocket => "response without Upgrade: websocket alone",
            Self::ConnectionField => "connection-specific header field over HTTP/2",
            Self::AcceptMissing => "Sec-WebSocket-Accept is missing",
            Self::AcceptRepeated => "Sec-WebSocket-Accept is repeated",
            Self::AcceptMismatch => "Sec-WebSocket-Accept doesn't match the key",
            Self::SubprotocolRepeated => "more than one subprotocol chosen",
            Self::SubprotocolMissing => "no subprotocol chosen",
            Self::ExtensionsRepeated => "Sec-WebSocket-Extensions is repeated",
            Self::ExtensionsInvalid => "Sec-WebSocket-Extensions is empty or not ASCII",
            Self::ContentLengthInvalid => "invalid Content-Length",
            Self::BodyAmbiguous => "both Content-Length and Transfer-Encoding",
            Self::TransferEncodingUnknown => "unsupported transfer coding (chunked alone is needed)",
            Self::Chunk => "malformed chunk",
            Self::BodyEnded => "stream ended within the rejection's body",
        })
    }
}

/// Has no source: its own text includes the text of a [`HeadError`].
impl Error for ResponseError {}
