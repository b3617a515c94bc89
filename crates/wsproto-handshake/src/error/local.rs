//! What our own caller can do wrong.

use alloc::boxed::Box;
use core::{error::Error, fmt};

/// A mistake of the caller; nothing was written and the handshake is as it was.
///
/// Where it tells the value that is wrong, it tells at most the first 64 characters. Of a request's subprotocols it tells
/// none: pages put there what proves who they are.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum LocalError {
    /// The handshake is not at this step.
    WrongState,
    /// The host is not a host name or address with an optional port
    /// (RFC 9112 [§3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2)).
    Host,
    /// The host has a scheme or a path, as a URL has: [`WebSocketUrl`](crate::WebSocketUrl) reads one
    /// (RFC 9112 [§3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2)).
    HostIsUrl,
    /// The host is an IPv6 address without brackets
    /// (RFC 3986 [§3.2.2](https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2)).
    HostWithoutBrackets,
    /// The host is an international name, and the feature `idna` is off
    /// (RFC 6455 [§11.1.1](https://www.rfc-editor.org/rfc/rfc6455#section-11.1.1)).
    HostNotAscii,
    /// The scheme of an extended CONNECT is neither `https` nor `http`
    /// (RFC 8441 [§5](https://www.rfc-editor.org/rfc/rfc8441#section-5)).
    Scheme,
    /// The target does not begin with `/`
    /// (RFC 6455 [§3](https://www.rfc-editor.org/rfc/rfc6455#section-3)).
    Target,
    /// The target has a fragment, which has no meaning here; a `#` that is none is written as `%23`
    /// (RFC 6455 [§3](https://www.rfc-editor.org/rfc/rfc6455#section-3)).
    TargetFragment,
    /// A character of the target must be percent-encoded
    /// (RFC 3986 [§2](https://www.rfc-editor.org/rfc/rfc3986#section-2)).
    TargetCharacter {
        /// Its place in the target, in bytes.
        at: usize,
    },
    /// A subprotocol is not a token
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    Subprotocol,
    /// A subprotocol is proposed twice
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    SubprotocolRepeated,
    /// The subprotocol was not proposed by the client
    /// (RFC 6455 [§4.2.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2)).
    SubprotocolNotProposed(Box<str>),
    /// An extension is not a token with parameters, each a token with a value or without
    /// (RFC 6455 [§9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)).
    Extension(Box<str>),
    /// The extension of this name was not offered by the client
    /// (RFC 6455 [§9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)).
    ExtensionNotOffered(Box<str>),
    /// A header field's name is not a token
    /// (RFC 9110 [§5.1](https://www.rfc-editor.org/rfc/rfc9110#section-5.1)).
    HeaderName(Box<str>),
    /// The value of the header field of this name has a control character, or white space at one of its ends
    /// (RFC 9110 [§5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)).
    HeaderValue(Box<str>),
    /// The header field of this name is one that the handshake writes itself, or that has no place in it
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    HeaderReserved(Box<str>),
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
            Self::TargetCharacter { at } => {
                return write!(f, "character at byte {at} of the target must be percent-encoded");
            }
            Self::SubprotocolNotProposed(subprotocol) => {
                return write!(f, "subprotocol {subprotocol:?} was not proposed");
            }
            Self::Extension(extension) => {
                return write!(f, "extension {extension:?} is not a token with parameters");
            }
            Self::ExtensionNotOffered(name) => return write!(f, "extension {name:?} was not offered"),
            Self::HeaderName(name) => return write!(f, "{name:?} is not the name of a header field"),
            Self::HeaderValue(name) => {
                return write!(
                    f,
                    "value of header field {name:?} has a control character or white space at an end"
                );
            }
            Self::HeaderReserved(name) => return write!(f, "header field {name:?} belongs to the handshake"),
            Self::WrongState => "not possible in this state of the handshake",
            Self::Host => "host is not a name or address with an optional port",
            Self::HostIsUrl => "host must be a host, not a URL",
            Self::HostWithoutBrackets => "an IPv6 address as a host must stand in brackets",
            Self::HostNotAscii => "host is not ASCII, and the feature idna is off",
            Self::Scheme => "scheme is neither https nor http",
            Self::Target => "target must begin with '/'",
            Self::TargetFragment => "target with a fragment (a # of path or query is written as %23)",
            Self::Subprotocol => "subprotocol is not a token",
            Self::SubprotocolRepeated => "subprotocol is proposed twice",
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
