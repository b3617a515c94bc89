//! Why an extension refuses: most often a fixed text, which costs nothing, and else whatever it has to say.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use core::error::Error;
use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};

/// A reason that an extension gives: a text, and the error that led to it where there is one.
///
/// Two reasons are equal where their texts are.
///
/// ```
/// use std::error::Error;
/// use wsproto_extensions::Reason;
///
/// const FIXED: Reason = Reason::new("a block is missing");
/// let made = Reason::from(format!("block {} is missing", 7));
/// let of_another_error = Reason::of("seven".parse::<u8>().unwrap_err());
///
/// assert_eq!((FIXED.as_str(), made.as_str()), ("a block is missing", "block 7 is missing"));
/// assert_eq!(of_another_error.to_string(), "invalid digit found in string");
/// assert!(of_another_error.source().is_some_and(|error| error.is::<std::num::ParseIntError>()));
/// ```
#[derive(Clone)]
pub struct Reason(Kind);

#[derive(Clone)]
enum Kind {
    Fixed(&'static str),
    Made(Arc<Made>),
}

struct Made {
    text: Box<str>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// Nothing in it changes once it is made.
impl UnwindSafe for Made {}
impl RefUnwindSafe for Made {}

impl Reason {
    /// Makes a reason of a fixed text: lower case, no full stop, at most 123 bytes where a Close frame shall hold it.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self(Kind::Fixed(text))
    }

    /// Makes a reason of an error: its text, and the error itself as the source.
    #[must_use]
    pub fn of(error: impl Error + Send + Sync + 'static) -> Self {
        let made = Made { text: error.to_string().into(), source: Some(Box::new(error)) };
        Self(Kind::Made(Arc::new(made)))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Kind::Fixed(text) => text,
            Kind::Made(made) => &made.text,
        }
    }

    /// Returns the error that the reason was made [of](Self::of).
    #[must_use]
    pub fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Kind::Fixed(_) => None,
            Kind::Made(made) => made.source.as_deref().map(|error| error as &(dyn Error + 'static)),
        }
    }
}

impl From<&'static str> for Reason {
    fn from(text: &'static str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Self(Kind::Made(Arc::new(Made { text: text.into(), source: None })))
    }
}

impl Eq for Reason {}

impl PartialEq for Reason {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
