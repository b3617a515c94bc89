//! Errors of our own caller.

use alloc::boxed::Box;
use core::{error::Error, fmt};

/// A mistake of the caller; nothing was written, and the handshake is unchanged.
///
/// An error that shows the invalid value shows at most its first 64 characters. It never shows the subprotocols of a
/// request: browser applications put access tokens there.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum LocalError {
    /// The handshake is at another step.
    WrongState,
    /// The host isn't a host name or address with an optional port
    /// (RFC 9112 [§3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2)).
    Host,
    /// The host has a scheme or a path, like a URL: read it with [`WebSocketUrl`](crate::WebSocketUrl)
    /// (RFC 9112 [§3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2)).
    HostIsUrl,
    /// The host is an IPv6 address without brackets
    /// (RFC 3986 [§3.2.2](https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2)).
    HostWithoutBrackets,
    /// The host is an international name, and the feature `idna` is off
    /// (RFC 6455 [§11.1.1](https://www.rfc-editor.org/rfc/rfc6455#section-11.1.1)).
    HostNotAscii,
    /// The scheme of an extended CONNECT isn't `https` or `http`
    /// (RFC 8441 [§5](https://www.rfc-editor.org/rfc/rfc8441#section-5)).
    Scheme,
    /// The target does not begin with `/`
    /// (RFC 6455 [§3](https://www.rfc-editor.org/rfc/rfc6455#section-3)).
    Target,
    /// The target has a fragment, which has no meaning here; write a `#` of the path or query as `%23`
    /// (RFC 6455 [§3](https://www.rfc-editor.org/rfc/rfc6455#section-3)).
    TargetFragment,
    /// A character of the target must be percent-encoded
    /// (RFC 3986 [§2](https://www.rfc-editor.org/rfc/rfc3986#section-2)).
    TargetCharacter {
        /// Its place in the target, in bytes.
        at: usize,
    },
    /// A subprotocol isn't a token
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    Subprotocol,
    /// A subprotocol is proposed twice
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    SubprotocolRepeated,
    /// The client didn't propose this subprotocol
    /// (RFC 6455 [§4.2.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2)).
    SubprotocolNotProposed(Box<str>),
    /// An extension isn't a token with parameters; each parameter is a token, with or without a value
    /// (RFC 6455 [§9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)).
    Extension(Box<str>),
    /// The client didn't offer an extension of this name
    /// (RFC 6455 [§9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)).
    ExtensionNotOffered(Box<str>),
    /// A header field's name isn't a token
    /// (RFC 9110 [§5.1](https://www.rfc-editor.org/rfc/rfc9110#section-5.1)).
    HeaderName(Box<str>),
    /// The value of the header field of this name has a control character, or white space at its start or end
    /// (RFC 9110 [§5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)).
    HeaderValue(Box<str>),
    /// The handshake writes the header field of this name itself, or has no place for it
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    HeaderReserved(Box<str>),
    /// The user of Basic credentials has a colon, or user or password have a control character
    /// (RFC 7617 [§2](https://www.rfc-editor.org/rfc/rfc7617#section-2)).
    Credentials,
    /// The status of a rejection isn't from 200 to 599
    /// (RFC 9110 [§15](https://www.rfc-editor.org/rfc/rfc9110#section-15)).
    Status,
    /// A rejection with this status has no body
    /// (RFC 9112 [§6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)).
    StatusWithoutBody,
    /// Content-Length and Transfer-Encoding of a rejection contradict each other or the rejection's body
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
                return write!(f, "invalid extension {extension:?} (a token with parameters is needed)");
            }
            Self::ExtensionNotOffered(name) => return write!(f, "extension {name:?} was not offered"),
            Self::HeaderName(name) => return write!(f, "invalid header field name {name:?}"),
            Self::HeaderValue(name) => {
                return write!(
                    f,
                    "invalid value of header field {name:?} (control character, or white space at an end)"
                );
            }
            Self::HeaderReserved(name) => {
                return write!(f, "header field {name:?} is reserved for the handshake");
            }
            Self::WrongState => "this state of the handshake doesn't allow the call",
            Self::Host => "invalid host (a name or address with an optional port is needed)",
            Self::HostIsUrl => "the host is a URL (WebSocketUrl reads a URL)",
            Self::HostWithoutBrackets => "IPv6 address without brackets as the host",
            Self::HostNotAscii => "host is not ASCII (the feature idna allows it)",
            Self::Scheme => "invalid scheme (https or http is needed)",
            Self::Target => "target must begin with '/'",
            Self::TargetFragment => "target with a fragment (write a # of the path or query as %23)",
            Self::Subprotocol => "invalid subprotocol (a token is needed)",
            Self::SubprotocolRepeated => "repeated subprotocol",
            Self::Credentials => {
                "invalid user or password of Basic credentials (colon in the user, or a control character)"
            }
            Self::Status => "invalid status of a rejection (200 to 599 is needed)",
            Self::StatusWithoutBody => "body with a status that allows none",
            Self::BodyFraming => "contradictory length of the rejection's body",
            Self::BodyTooLong => "body longer than its Content-Length",
            Self::BodyTooShort => "body shorter than its Content-Length",
        })
    }
}

impl Error for LocalError {}
