//! Errors of negotiation: the broken rules of an offer or an answer.

use core::error::Error;
use core::fmt;

use super::NAME;
use crate::{NegotiationError, Reason};

/// The reason why an offer was declined, or an answer can't be accepted.
///
/// RFC 7692 [§7.1](https://www.rfc-editor.org/rfc/rfc7692#section-7.1)
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum DeflateError {
    /// A parameter is not one of the four.
    UnknownParameter,
    /// A parameter is repeated.
    RepeatedParameter,
    /// A parameter that takes no value has one.
    UnexpectedValue,
    /// A parameter that needs a value has none.
    MissingValue,
    /// A window size is not a decimal number from 8 to 15.
    BadWindowBits,
    /// The answer lets the server take over context, which the offer excluded.
    ///
    /// RFC 7692 [§7.1.1.1](https://www.rfc-editor.org/rfc/rfc7692#section-7.1.1.1)
    ServerContextTakeover,
    /// The answer gives the server a larger window than offered.
    ///
    /// RFC 7692 [§7.1.2.1](https://www.rfc-editor.org/rfc/rfc7692#section-7.1.2.1)
    ServerWindowTooLarge,
    /// The answer gives the client a larger window than offered.
    ///
    /// RFC 7692 [§7.1.2.2](https://www.rfc-editor.org/rfc/rfc7692#section-7.1.2.2)
    ClientWindowTooLarge,
    /// The answer gives the client a window, but the offer did not allow that.
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
            Self::BadWindowBits => "invalid window size: it must be a number from 8 to 15",
            Self::ServerContextTakeover => "server_no_context_takeover is missing, but was requested",
            Self::ServerWindowTooLarge => "a larger server window than requested",
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
