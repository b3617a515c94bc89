//! What a server's answer can break.

use alloc::boxed::Box;
use core::{error::Error, fmt};

use super::HeadError;

/// A rule of the opening handshake that the server broke; the connection fails.
///
/// Where it tells the value that is wrong, it tells at most the first 64 characters; `Display` escapes control characters.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ResponseError {
    /// The server speaks before the client has sent its request
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    Unrequested,
    /// The head is not HTTP/1.1 as it must be.
    Head(HeadError),
    /// The status is below 100, or one that is no answer: 101 over HTTP/2 and HTTP/3, and where somebody else's HTTP has
    /// parsed the response an interim one
    /// (RFC 9110 [§15](https://www.rfc-editor.org/rfc/rfc9110#section-15)).
    Status,
    /// More interim responses came than the limit
    /// (RFC 9110 [§15.2](https://www.rfc-editor.org/rfc/rfc9110#section-15.2)).
    TooManyInterimResponses {
        /// The limit in responses.
        limit: u64,
    },
    /// Connection does not hold `upgrade`
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    ConnectionNotUpgrade,
    /// Upgrade is not `websocket` alone, in one field
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    UpgradeNotWebSocket,
    /// A consent over HTTP/2 or HTTP/3 has Connection, Upgrade or another field that only HTTP/1.1 has
    /// (RFC 9113 [§8.2.2](https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2)).
    ConnectionField,
    /// There is no Sec-WebSocket-Accept
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    AcceptMissing,
    /// Sec-WebSocket-Accept comes more than once
    /// (RFC 6455 [§11.3.3](https://www.rfc-editor.org/rfc/rfc6455#section-11.3.3)).
    AcceptRepeated,
    /// Sec-WebSocket-Accept does not follow from the key that was sent
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    AcceptMismatch,
    /// Sec-WebSocket-Protocol comes more than once, or names more than one
    /// (RFC 6455 [§11.3.4](https://www.rfc-editor.org/rfc/rfc6455#section-11.3.4)).
    SubprotocolRepeated,
    /// This subprotocol was chosen and had not been proposed
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    SubprotocolNotProposed(Box<str>),
    /// No subprotocol was chosen, and
    /// [one is required](crate::ClientHandshake::require_subprotocol)
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    SubprotocolMissing,
    /// Sec-WebSocket-Extensions comes more than once
    /// (RFC 6455 [§11.3.2](https://www.rfc-editor.org/rfc/rfc6455#section-11.3.2)).
    ExtensionsRepeated,
    /// Sec-WebSocket-Extensions lists no extension, or holds characters that are not ASCII
    /// (RFC 6455 [§9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)).
    ExtensionsInvalid,
    /// An extension of this name was agreed to and had not been offered
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    ExtensionNotOffered(Box<str>),
    /// Content-Length of a rejection is no number, or more than one
    /// (RFC 9112 [§6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)).
    ContentLengthInvalid,
    /// A rejection has Content-Length and Transfer-Encoding
    /// (RFC 9112 [§6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)).
    BodyAmbiguous,
    /// A rejection's body has another transfer coding than chunked, or comes by HTTP/1.0, which knows none
    /// (RFC 9112 [§6.1](https://www.rfc-editor.org/rfc/rfc9112#section-6.1)).
    TransferEncodingUnknown,
    /// A chunk of a rejection's body is not framed as it must be
    /// (RFC 9112 [§7.1](https://www.rfc-editor.org/rfc/rfc9112#section-7.1)).
    Chunk,
    /// The trailer of a rejection's chunked body is longer than a head may be
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
    /// The stream ended before a rejection's body did
    /// (RFC 9112 [§8](https://www.rfc-editor.org/rfc/rfc9112#section-8)).
    BodyEnded,
}

impl ResponseError {
    /// Returns the RFC and section that has the rule.
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
            Self::UpgradeNotWebSocket => "Upgrade is not websocket alone",
            Self::ConnectionField => "header field of HTTP/1.1 connections over HTTP/2",
            Self::AcceptMissing => "Sec-WebSocket-Accept is missing",
            Self::AcceptRepeated => "Sec-WebSocket-Accept is repeated",
            Self::AcceptMismatch => "Sec-WebSocket-Accept does not follow from the key",
            Self::SubprotocolRepeated => "more than one subprotocol chosen",
            Self::SubprotocolMissing => "no subprotocol chosen",
            Self::ExtensionsRepeated => "Sec-WebSocket-Extensions is repeated",
            Self::ExtensionsInvalid => "Sec-WebSocket-Extensions is empty or not ASCII",
            Self::ContentLengthInvalid => "invalid Content-Length",
            Self::BodyAmbiguous => "Content-Length beside Transfer-Encoding",
            Self::TransferEncodingUnknown => "transfer coding is not chunked alone",
            Self::Chunk => "malformed chunk",
            Self::BodyEnded => "stream ended within the rejection's body",
        })
    }
}

/// There is no source: what a fault of the head says is said already.
impl Error for ResponseError {}
