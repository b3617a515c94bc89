//! Errors: of a header's text, of negotiation, and of the pipeline.

use alloc::boxed::Box;
use core::error::Error;
use core::fmt;

use wsproto_frame::{CloseCode, Rsv};

use crate::{Reason, Refusal};

/// A broken rule of the Sec-WebSocket-Extensions grammar.
///
/// RFC 6455 [§9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum GrammarError {
    /// A name or a value is missing, or other text follows it.
    NotAToken,
    /// The fields are present, but hold no extension.
    Empty,
    /// A quoted value of a known extension is not a token after unquoting.
    QuotedNotAToken,
    /// A quoted value holds a control character.
    QuotedControl,
    /// A quoted value has no end.
    UnclosedQuote,
    /// There are more than [`MAX_EXTENSIONS`](crate::MAX_EXTENSIONS) elements.
    TooManyExtensions,
    /// An element has more than [`MAX_PARAMS`](crate::MAX_PARAMS) parameters.
    TooManyParams,
}

impl fmt::Display for GrammarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAToken => "a token is missing in the list of extensions",
            Self::Empty => "the list of extensions is empty",
            Self::QuotedControl => "a quoted extension parameter holds a control character",
            Self::QuotedNotAToken => "a quoted extension parameter is not a token",
            Self::UnclosedQuote => "a quoted extension parameter has no end",
            Self::TooManyExtensions => "more than 16 extensions are listed",
            Self::TooManyParams => "an extension has more than 16 parameters",
        })
    }
}

impl Error for GrammarError {}

/// The reason why a negotiation failed.
///
/// It shows at most the first 64 characters of an extension's name.
///
/// RFC 6455 [§9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum NegotiationError {
    /// The field breaks the grammar.
    Grammar(GrammarError),
    /// The server answered with an extension of this name, which was not offered.
    NotOffered(Box<str>),
    /// The server answered with the extension of this name twice.
    Repeated(Box<str>),
    /// The server agreed to two extensions that own the same bits.
    RsvTaken(Rsv),
    /// Our extension of this name has a name or parameters that a header field can't hold.
    InvalidParams(Box<str>),
    /// The extension can't accept the server's answer.
    Unacceptable(Box<Unacceptable>),
}

/// The reason why an extension can't accept the server's answer.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Unacceptable {
    /// The extension's name.
    pub extension: Box<str>,
    /// The extension's reason.
    pub reason: Reason,
}

impl fmt::Display for NegotiationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Grammar(error) => error.fmt(f),
            Self::NotOffered(name) => write!(f, "the server answered with {name}, which was not offered"),
            Self::Repeated(name) => write!(f, "the server answered with {name} twice"),
            Self::RsvTaken(rsv) => write!(f, "two agreed extensions own the same reserved bit ({rsv})"),
            Self::InvalidParams(name) => {
                write!(f, "name or parameter of the extension {name:?} is not a token")
            }
            Self::Unacceptable(found) => {
                write!(f, "answer to {} refused: {}", found.extension, found.reason)
            }
        }
    }
}

/// `Display` shows an extension's own error already, so the source is the cause of that error.
impl Error for NegotiationError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unacceptable(found) => found.reason.source(),
            Self::Grammar(_)
            | Self::NotOffered(_)
            | Self::Repeated(_)
            | Self::RsvTaken(_)
            | Self::InvalidParams(_) => None,
        }
    }
}

impl NegotiationError {
    /// Makes the error for an answer with an extension of this name, which was not offered.
    #[must_use]
    pub fn not_offered(extension: &str) -> Self {
        Self::NotOffered(excerpt(extension))
    }

    /// Makes the error for an answer that an extension can't accept.
    #[must_use]
    pub fn unacceptable(extension: &str, reason: impl Into<Reason>) -> Self {
        Self::Unacceptable(Box::new(Unacceptable { extension: excerpt(extension), reason: reason.into() }))
    }
}

/// Returns the beginning of a name for an error: a peer's name may be as long as a head.
pub(crate) fn excerpt(name: &str) -> Box<str> {
    name.chars().take(64).collect()
}

impl From<GrammarError> for NegotiationError {
    fn from(error: GrammarError) -> Self {
        Self::Grammar(error)
    }
}

/// The reason why a frame can't pass the [`Pipeline`](crate::Pipeline).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ExtensionError {
    /// A reserved bit is set that no agreed extension owns.
    ///
    /// RFC 6455 [§5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2)
    UnownedRsv(Rsv),
    /// An extension refused the frame.
    Refused(Refusal),
    /// An extension wanted to transform a control frame, which the contract forbids.
    ControlTransformed,
    /// An extension set a bit that it does not own.
    ForeignRsv(Rsv),
    /// An extension took no input and gave no output, although it could have done either.
    Stalled,
    /// An extension swallowed a frame after it had written a part of it.
    SwallowedLate,
    /// An extension swallowed the last frame of a message that had begun: the peer would wait for it.
    SwallowedEnd,
    /// An extension swallowed a Close.
    SwallowedClose,
    /// An extension panicked in an earlier call, so its state is unknown.
    Panicked,
}

impl ExtensionError {
    /// Returns the code for the Close.
    #[must_use]
    pub const fn close_code(&self) -> CloseCode {
        match self {
            Self::UnownedRsv(_) => CloseCode::PROTOCOL_ERROR,
            Self::Refused(refusal) => refusal.code,
            Self::ControlTransformed
            | Self::ForeignRsv(_)
            | Self::Stalled
            | Self::SwallowedLate
            | Self::SwallowedEnd
            | Self::SwallowedClose
            | Self::Panicked => CloseCode::INTERNAL_ERROR,
        }
    }

    /// Returns the reason for the Close.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::UnownedRsv(_) => "a reserved bit is set that no agreed extension owns",
            Self::Refused(refusal) => refusal.reason.as_str(),
            Self::ControlTransformed => "an extension transforms a control frame",
            Self::ForeignRsv(_) => "an extension sets a reserved bit that it does not own",
            Self::Stalled => "an extension makes no progress",
            Self::SwallowedLate => "an extension swallows a frame after writing a part of it",
            Self::SwallowedEnd => "an extension swallows the end of a message that has begun",
            Self::SwallowedClose => "an extension swallows a Close frame",
            Self::Panicked => "an extension has panicked",
        }
    }
}

impl fmt::Display for ExtensionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::UnownedRsv(rsv) | Self::ForeignRsv(rsv) => write!(f, "{} ({rsv})", self.reason()),
            Self::ControlTransformed
            | Self::Stalled
            | Self::SwallowedLate
            | Self::SwallowedEnd
            | Self::SwallowedClose
            | Self::Panicked => f.write_str(self.reason()),
        }
    }
}

/// `Display` shows an extension's own error already, so the source is the cause of that error.
impl Error for ExtensionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused(refusal) => refusal.source(),
            Self::UnownedRsv(_)
            | Self::ControlTransformed
            | Self::ForeignRsv(_)
            | Self::Stalled
            | Self::SwallowedLate
            | Self::SwallowedEnd
            | Self::SwallowedClose
            | Self::Panicked => None,
        }
    }
}

impl From<Refusal> for ExtensionError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

#[cfg(test)]
mod tests;
