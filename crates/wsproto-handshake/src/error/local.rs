//! What our own caller can do wrong.

use core::{error::Error, fmt};

/// A mistake of the caller; nothing was written and the handshake is as it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum LocalError {
    /// The handshake is not at this step.
    WrongState,
    /// The host is not a host name or address with an optional port; names beyond ASCII take the feature
    /// `idna` (RFC 9112 [§3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2)).
    Host,
    /// The target is not a path of visible ASCII without fragment
    /// (RFC 6455 [§3](https://www.rfc-editor.org/rfc/rfc6455#section-3)).
    Target,
    /// A subprotocol is not a token
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    Subprotocol,
    /// A subprotocol is proposed twice
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    SubprotocolRepeated,
    /// The subprotocol was not proposed by the client
    /// (RFC 6455 [§4.2.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2)).
    SubprotocolNotProposed,
    /// An extension is not a token with parameters, each a token with a value or without
    /// (RFC 6455 [§9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)).
    Extension,
    /// The extension was not offered by the client
    /// (RFC 6455 [§9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)).
    ExtensionNotOffered,
    /// A header field's name is not a token
    /// (RFC 9110 [§5.1](https://www.rfc-editor.org/rfc/rfc9110#section-5.1)).
    HeaderName,
    /// A header field's value has a control character, or white space at one of its ends
    /// (RFC 9110 [§5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)).
    HeaderValue,
    /// A header field is one that the handshake writes itself, or that has no place in it
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    HeaderReserved,
    /// The user of Basic credentials has a colon, or user or password a control character
    /// (RFC 7617 [§2](https://www.rfc-editor.org/rfc/rfc7617#section-2)).
    Credentials,
    /// The status of a rejection is not from 200 to 599
    /// (RFC 9110 [§15](https://www.rfc-editor.org/rfc/rfc9110#section-15)).
    Status,
    /// A rejection with this status has no body
    /// (RFC 9112 [§6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)).
    StatusWithoutBody,
    /// Content-Length and Transfer-Encoding of a rejection contradict each other, or what is said of its body
    /// (RFC 9112 [§6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)).
    BodyFraming,
    /// The rejection's body would be longer than its Content-Length
    /// (RFC 9112 [§6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)).
    BodyTooLong,
    /// The rejection's body would end before its Content-Length
    /// (RFC 9112 [§6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)).
    BodyTooShort,
}

impl fmt::Display for LocalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrongState => "not possible in this state of the handshake",
            Self::Host => "invalid host",
            Self::Target => "target is not a path of visible ASCII",
            Self::Subprotocol => "subprotocol is not a token",
            Self::SubprotocolRepeated => "subprotocol is proposed twice",
            Self::SubprotocolNotProposed => "subprotocol was not proposed",
            Self::Extension => "extension is not a token with parameters",
            Self::ExtensionNotOffered => "extension was not offered",
            Self::HeaderName => "invalid name of a header field",
            Self::HeaderValue => "invalid value of a header field",
            Self::HeaderReserved => "header field belongs to the handshake",
            Self::Credentials => "colon in the user of Basic credentials, or a control character",
            Self::Status => "status of a rejection is not from 200 to 599",
            Self::StatusWithoutBody => "body with a status that has none",
            Self::BodyFraming => "contradictory length of the body",
            Self::BodyTooLong => "body longer than its Content-Length",
            Self::BodyTooShort => "body shorter than its Content-Length",
        })
    }
}

impl Error for LocalError {}
