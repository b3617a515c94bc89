//! A check for authors of extensions: whether an extension keeps the contract of [`Extension`](crate::Extension).
//!
//! [`check`] takes what makes the configuration and drives connections with it: negotiation, messages both ways at
//! many cuts, headers alone, control frames in between, garbage, two connections at once, another extension before it and after it,
//! frames that are not sent, parking. [`check_memory`] counts what is held. A [`Violation`] names the broken [`Rule`].

use alloc::string::String;
use alloc::sync::Arc;
use core::error::Error;
use core::fmt;

use crate::ExtensionConfig;

mod beside;
mod fragments;
mod memory;
mod message;
mod negotiation;
mod parking;
mod traffic;

pub use memory::check_memory;

/// Checks an extension; `make` makes its configuration, for a client or a server.
///
/// ```
/// # #[cfg(feature = "deflate")] {
/// use std::sync::Arc;
/// use wsproto_extensions::{conformance, deflate::DeflateConfig};
///
/// conformance::check(|| Arc::new(DeflateConfig::default().with_threshold(0))).unwrap();
/// # }
/// ```
///
/// # Errors
///
/// The first rule that is broken, and how.
pub fn check(make: impl Fn() -> Arc<dyn ExtensionConfig>) -> Result<(), Violation> {
    negotiation::check(&make)?;
    traffic::check(&make)?;
    fragments::check(&make)?;
    beside::check(&make)?;
    parking::check(&make)
}

/// A rule that an extension keeps.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// The name and all parameters are tokens, and an offer or answer bears the configuration's name.
    Grammar,
    /// A server accepts one of the offers that a client of the same configuration makes, and that client the answer.
    AgreesWithItself,
    /// Strange parameters are declined or refused, without a panic: unknown ones, and those that stand there twice.
    JudgesStrangers,
    /// What is agreed owns no other bits than the configuration says.
    OwnBits,
    /// No frame is sent with a bit that the extension doesn't own.
    ForeignBits,
    /// A message arrives as it was sent, however it is cut into fragments.
    RoundTrip,
    /// What comes out doesn't depend on how the bytes come in or on how much room there is.
    Chunking,
    /// Control frames pass unchanged and change nothing about the message around them.
    ControlFrames,
    /// It makes progress, and comes to an end.
    Progress,
    /// What a hostile peer sends is read or refused, without a panic.
    Garbage,
    /// A refusal has a code that may be sent and a reason that fits a Close frame.
    Refusals,
    /// Two connections of one configuration know nothing of each other.
    Independence,
    /// A message that the caller wants to go as it is arrives like any other.
    Verbatim,
    /// A bit that another extension owns is nothing to it.
    OthersBits,
    /// It works before another extension and after it, which may change the length of a payload.
    Stacking,
    /// A frame that it saw and that is not sent leaves no trace in what is sent after it.
    Dropped,
    /// It holds no more memory for many messages than for a few, and none if it says so ([`check_memory`]).
    KeptMemory,
    /// A frame is swallowed before any of it came out, a message that has begun is sent to its end, and a Close passes.
    Swallowing,
    /// Where the [key](crate::Extension::outbound_key) is the same, so is what is sent, and the peer misses none of it.
    OutboundKey,
    /// Where it [says so](crate::Extension::is_per_message), what it makes of a message may be cut into frames.
    PerMessage,
    /// A frame of which it saw [the header alone](crate::Extension::outbound_header), and let it go, arrives as it is.
    HeaderAlone,
    /// A connection that is [parked](crate::Extension::park) between frames sends and receives as one that never was.
    Parking,
}

impl Rule {
    const fn text(self) -> &'static str {
        match self {
            Self::Grammar => "a name and its parameters are tokens",
            Self::AgreesWithItself => "a client and a server of the same configuration agree",
            Self::JudgesStrangers => "strange parameters are declined or refused",
            Self::OwnBits => "an agreed extension owns no more bits than its configuration says",
            Self::ForeignBits => "no bit is set that the extension doesn't own",
            Self::RoundTrip => "a message arrives as it was sent",
            Self::Chunking => "what comes out doesn't depend on how the bytes come in",
            Self::ControlFrames => "control frames pass unchanged and change nothing",
            Self::Progress => "the extension makes progress and comes to an end",
            Self::Garbage => "what a hostile peer sends is read or refused",
            Self::Refusals => "a refusal has a code that may be sent and a reason of at most 123 bytes",
            Self::Independence => "two connections know nothing of each other",
            Self::Verbatim => "a message that is to go as it is arrives",
            Self::OthersBits => "the bits of other extensions are nothing to it",
            Self::Stacking => "it works before and after another extension",
            Self::Dropped => "a frame that is not sent leaves no trace",
            Self::KeptMemory => {
                "no more memory is held for many messages than for a few, and none if it says so"
            }
            Self::Swallowing => "what is swallowed is swallowed in time, and never what the peer waits for",
            Self::OutboundKey => "where the key is the same, so is what is sent",
            Self::PerMessage => "what is made of a message may be cut into frames where it says so",
            Self::HeaderAlone => "a frame of which it lets the header alone go arrives as it is",
            Self::Parking => "a connection that is parked sends and receives as one that never was",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// A broken rule, and how it was broken.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// What was done and what came of it.
    pub found: String,
}

impl Violation {
    fn new(rule: Rule, found: impl Into<String>) -> Self {
        Self { rule, found: found.into() }
    }

    /// Makes it a fault against another rule, by which it was brought about.
    fn of(self, rule: Rule, how: impl fmt::Display) -> Self {
        Self { rule, found: alloc::format!("{}, {how}", self.found) }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broken rule: {}; {}", self.rule, self.found)
    }
}

impl Error for Violation {}

/// Calls what may panic, and blames the rule if it does.
fn catching_panics<T>(rule: Rule, what: &str, call: impl FnOnce() -> T) -> Result<T, Violation> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(call))
        .map_err(|_| Violation::new(rule, alloc::format!("it panicked at {what}")))
}

#[cfg(test)]
mod tests;
