//! The reason why an extension refuses: most often a fixed text, which costs nothing, or a text made at run time.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use core::error::Error;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::panic::{RefUnwindSafe, UnwindSafe};

/// An extension's reason: a text, and the error that caused it, if there is one.
///
/// Two reasons are equal if their texts are. `Display` escapes control characters, since an extension may quote its
/// peer.
///
/// ```
/// use wsproto_extensions::Reason;
///
/// const FIXED: Reason = Reason::new("a block is missing");
/// let dynamic = Reason::from(format!("block {} is missing", 7));
/// let of_another_error = Reason::of("seven".parse::<u8>().unwrap_err());
///
/// assert_eq!((FIXED.as_str(), dynamic.as_str()), ("a block is missing", "block 7 is missing"));
/// assert_eq!(of_another_error.to_string(), "invalid digit found in string");
/// assert!(of_another_error.error().is_some_and(|error| error.is::<std::num::ParseIntError>()));
/// ```
#[derive(Clone)]
pub struct Reason(Kind);

#[derive(Clone)]
enum Kind {
    Static(&'static str),
    Dynamic(Arc<Dynamic>),
}

struct Dynamic {
    text: Box<str>,
    error: Option<Box<dyn Error + Send + Sync>>,
}

/// It is never changed.
impl UnwindSafe for Dynamic {}
impl RefUnwindSafe for Dynamic {}

impl Reason {
    /// Makes a reason of a fixed text: lower case, no full stop, at most 123 bytes if it must fit in a Close frame.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self(Kind::Static(text))
    }

    /// Makes a reason of an error: its text, and the error itself.
    #[must_use]
    pub fn of(error: impl Error + Send + Sync + 'static) -> Self {
        Self::from(Box::new(error) as Box<dyn Error + Send + Sync>)
    }

    fn dynamic(text: String, error: Option<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Kind::Dynamic(Arc::new(Dynamic { text: text.into(), error })))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Kind::Static(text) => text,
            Kind::Dynamic(dynamic) => &dynamic.text,
        }
    }

    /// Returns the error that the reason was made [of](Self::of).
    #[must_use]
    pub fn error(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        match &self.0 {
            Kind::Static(_) => None,
            Kind::Dynamic(dynamic) => dynamic.error.as_deref(),
        }
    }

    /// Returns the cause of the error that the reason was made of, since the text shows that error already.
    pub(crate) fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error().and_then(Error::source)
    }
}

impl From<&'static str> for Reason {
    fn from(text: &'static str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Self::dynamic(text, None)
    }
}

impl From<Box<dyn Error + Send + Sync>> for Reason {
    fn from(error: Box<dyn Error + Send + Sync>) -> Self {
        Self::dynamic(error.to_string(), Some(error))
    }
}

impl Eq for Reason {}

impl PartialEq for Reason {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Hash for Reason {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in self.as_str().split_inclusive(char::is_control) {
            let text = part.trim_end_matches(char::is_control);
            write!(f, "{text}{}", part.strip_prefix(text).unwrap_or_default().escape_debug())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
