//! The rules of negotiation that an offer or an answer can break.

use core::error::Error;
use core::fmt;

use super::NAME;
use crate::{NegotiationError, Reason};

/// Why an offer was declined, or an answer can't be honoured.
///
/// RFC 7692 [§7.1](https://www.rfc-editor.org/rfc/rfc7692#section-7.1)
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum DeflateError {
    /// A parameter is none of the four.
    UnknownParameter,
    /// A parameter stands there twice.
    RepeatedParameter,
    /// A parameter that takes no value has one.
    UnexpectedValue,
    /// A parameter that needs a value has none.
    MissingValue,
    /// A window size is not a decimal number from 8 to 15.
    BadWindowBits,
    /// The answer leaves the server the context takeover that the offer excluded.
    ///
    /// RFC 7692 [§7.1.1.1](https://www.rfc-editor.org/rfc/rfc7692#section-7.1.1.1)
    ServerContextTakeover,
    /// The answer leaves the server a larger window than offered.
    ///
    /// RFC 7692 [§7.1.2.1](https://www.rfc-editor.org/rfc/rfc7692#section-7.1.2.1)
    ServerWindowTooLarge,
    /// The answer gives the client a larger window than offered.
    ///
    /// RFC 7692 [§7.1.2.2](https://www.rfc-editor.org/rfc/rfc7692#section-7.1.2.2)
    ClientWindowTooLarge,
    /// The answer gives the client a window, and the offer did not say that it can be given one.
    ///
    /// RFC 7692 [§7.1.2.2](https://www.rfc-editor.org/rfc/rfc7692#section-7.1.2.2)
    ClientWindowNotOffered,
}

impl DeflateError {
    const fn reason(self) -> &'static str {
        match self {
            Self::UnknownParameter => "an unknown parameter",
            Self::RepeatedParameter => "a repeated parameter",
            Self::UnexpectedValue => "a value for a parameter that takes none",
            Self::MissingValue => "a parameter without its value",
            Self::BadWindowBits => "a window size that is not a number from 8 to 15",
            Self::ServerContextTakeover => "no server_no_context_takeover, which was asked for",
            Self::ServerWindowTooLarge => "a larger server window than asked for",
            Self::ClientWindowTooLarge => "a larger client window than offered",
            Self::ClientWindowNotOffered => "a client window, which was not offered",
        }
    }
}

impl fmt::Display for DeflateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl Error for DeflateError {}

impl From<DeflateError> for NegotiationError {
    fn from(error: DeflateError) -> Self {
        Self::unacceptable(NAME, error)
    }
}

impl From<DeflateError> for Reason {
    fn from(error: DeflateError) -> Self {
        Self::of(error)
    }
}
