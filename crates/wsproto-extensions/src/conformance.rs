//! A check for authors of extensions: does an extension keep the contract of [`Extension`](crate::Extension)?
//!
//! [`check`] takes a function that makes the configuration, and drives connections with it. It tests negotiation,
//! messages in both directions with many cuts, headers alone, control frames between fragments, garbage, two
//! connections at once, another extension before and after it, frames that are not sent, and parking. [`check_memory`]
//! counts the memory that is held. A [`Violation`] names the broken [`Rule`].

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

/// Checks an extension. `make` makes its configuration, for a client or a server.
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
/// The first broken rule, and how it was broken.
pub fn check(make: impl Fn() -> Arc<dyn ExtensionConfig>) -> Result<(), Violation> {
    negotiation::check(&make)?;
    traffic::check(&make)?;
    fragments::check(&make)?;
    beside::check(&make)?;
    parking::check(&make)
}

/// A rule for extensions.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// The name and all parameters are tokens, and an offer or answer has the configuration's name.
    Grammar,
    /// A server accepts one of the offers that a client of the same configuration makes, and the client accepts the
    /// answer.
    AgreesWithItself,
    /// Unknown and repeated parameters are declined or refused, without a panic.
    JudgesStrangers,
    /// An agreed extension owns no other bits than the configuration says.
    OwnBits,
    /// No frame is sent with a bit that the extension doesn't own.
    ForeignBits,
    /// A message arrives as it was sent, however it is cut into fragments.
    RoundTrip,
    /// The output doesn't depend on how the bytes arrive, or on how much room there is.
    Chunking,
    /// Control frames pass unchanged, and don't affect the message around them.
    ControlFrames,
    /// It makes progress, and comes to an end.
    Progress,
    /// The bytes of a hostile peer are read or refused, without a panic.
    Garbage,
    /// A refusal has a code that may be sent, and a reason that fits in a Close frame.
    Refusals,
    /// Two connections of one configuration don't affect each other.
    Independence,
    /// A message that the caller wants to send unchanged arrives like any other.
    Verbatim,
    /// A bit that another extension owns has no effect on it.
    OthersBits,
    /// It works before and after another extension, which may change the length of a payload.
    Stacking,
    /// A frame that it saw and that is not sent has no effect on later frames.
    Dropped,
    /// It holds as much memory after many messages as after a few, and none if it says so ([`check_memory`]).
    KeptMemory,
    /// A frame is swallowed before any of its output, a message that has begun is sent to its end, and a Close passes.
    Swallowing,
    /// With the same [key](crate::Extension::outbound_key) the output is the same, and a peer can miss any of it.
    OutboundKey,
    /// If it is [per message](crate::Extension::is_per_message), its output for a message may be cut into frames.
    PerMessage,
    /// A frame of which it saw [the header alone](crate::Extension::outbound_header), and which it let pass, arrives
    /// unchanged.
    HeaderAlone,
    /// A connection that is [parked](crate::Extension::park) between frames sends and receives as one that is not.
    Parking,
}

impl Rule {
    const fn text(self) -> &'static str {
        match self {
            Self::Grammar => "a name and its parameters are tokens",
            Self::AgreesWithItself => "a client and a server of the same configuration agree",
            Self::JudgesStrangers => "unknown and repeated parameters are declined or refused",
            Self::OwnBits => "an agreed extension owns no other bits than its configuration says",
            Self::ForeignBits => "no bit is set that the extension doesn't own",
            Self::RoundTrip => "a message arrives as it was sent",
            Self::Chunking => "the output doesn't depend on how the bytes arrive",
            Self::ControlFrames => "control frames pass unchanged, and don't affect messages",
            Self::Progress => "the extension makes progress and comes to an end",
            Self::Garbage => "the bytes of a hostile peer are read or refused",
            Self::Refusals => "a refusal has a code that may be sent and a reason of at most 123 bytes",
            Self::Independence => "two connections don't affect each other",
            Self::Verbatim => "a message that must be sent unchanged arrives",
            Self::OthersBits => "the bits of other extensions have no effect",
            Self::Stacking => "it works before and after another extension",
            Self::Dropped => "a frame that is not sent has no effect on later ones",
            Self::KeptMemory => {
                "many messages leave no more memory held than a few, and none if keeps_memory says so"
            }
            Self::Swallowing => {
                "a frame is swallowed before any output of it, and never if the peer waits for it"
            }
            Self::OutboundKey => "with the same key the output is the same",
            Self::PerMessage => "the output of an extension per message may be cut into frames",
            Self::HeaderAlone => "a frame that is sent by its header alone arrives unchanged",
            Self::Parking => "a parked connection sends and receives as one that is not",
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
    /// The action and its result.
    pub found: String,
}

impl Violation {
    fn new(rule: Rule, found: impl Into<String>) -> Self {
        Self { rule, found: found.into() }
    }

    /// Turns it into a violation of another rule, whose action caused it.
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

/// Calls a function that may panic, and reports the rule as broken if it does.
fn catching_panics<T>(rule: Rule, what: &str, call: impl FnOnce() -> T) -> Result<T, Violation> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(call))
        .map_err(|_| Violation::new(rule, alloc::format!("it panicked at {what}")))
}

#[cfg(test)]
mod tests;
