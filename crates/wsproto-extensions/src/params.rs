//! One element of a Sec-WebSocket-Extensions field: an extension's name and its parameters.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use crate::GrammarError;
use crate::grammar::is_token;

/// An extension's name with its parameters in order, as a client offers it or a server answers.
///
/// Elements from [`parse`](crate::parse) borrow from the header's text.
///
/// RFC 6455 [§9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)
///
/// ```
/// use wsproto_extensions::Params;
///
/// let offer = Params::new("permessage-deflate").with_flag("client_max_window_bits").with_value("x", "10");
/// assert_eq!(offer.to_string(), "permessage-deflate; client_max_window_bits; x=10");
/// assert_eq!(offer.iter().collect::<Vec<_>>(), [("client_max_window_bits", None), ("x", Some("10"))]);
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Params<'a> {
    name: Cow<'a, str>,
    params: Vec<(Cow<'a, str>, Option<Cow<'a, str>>)>,
}

impl<'a> Params<'a> {
    /// Makes an element without parameters.
    #[must_use]
    pub fn new(name: impl Into<Cow<'a, str>>) -> Self {
        Self { name: name.into(), params: Vec::new() }
    }

    /// Adds a parameter without a value.
    #[must_use]
    pub fn with_flag(mut self, name: impl Into<Cow<'a, str>>) -> Self {
        self.push(name.into(), None);
        self
    }

    /// Adds a parameter with a value.
    #[must_use]
    pub fn with_value(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        self.push(name.into(), Some(value.into()));
        self
    }

    /// Makes an element of its parts.
    pub(crate) fn of(name: &'a str, params: Vec<(Cow<'a, str>, Option<Cow<'a, str>>)>) -> Self {
        Self { name: name.into(), params }
    }

    /// Returns the extension's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the parameters in order, with their values. A quoted value is returned unquoted.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, Option<&str>)> {
        self.params.iter().map(|(name, value)| (&**name, value.as_deref()))
    }

    /// Returns whether the name and every parameter's name and value are tokens, as a header field needs them.
    pub(crate) fn is_valid(&self) -> bool {
        is_token(&self.name) && self.iter().all(|(name, value)| is_token(name) && value.is_none_or(is_token))
    }

    /// Checks the rule that a quoted value is a token after unquoting.
    ///
    /// [`respond`](crate::respond) and [`conclude`](crate::conclude) check it for each extension that they know. Other
    /// extensions may use other values.
    ///
    /// # Errors
    ///
    /// [`GrammarError::QuotedNotAToken`] where one is not.
    ///
    /// ```
    /// use wsproto_extensions::{GrammarError, parse};
    ///
    /// let found = parse(r#"x-device; id="12:34:56", foo; level="9""#)?;
    /// assert_eq!(found[0].iter().next(), Some(("id", Some("12:34:56"))));
    /// assert_eq!(found[0].clone().checked(), Err(GrammarError::QuotedNotAToken));
    /// assert!(found[1].clone().checked().is_ok());
    /// # Ok::<(), GrammarError>(())
    /// ```
    pub fn checked(self) -> Result<Self, GrammarError> {
        //= rfc6455#4.3-1, rfc6455#9.1-2
        let is_broken = self.iter().any(|(_, value)| value.is_some_and(|value| !is_token(value)));
        if is_broken { Err(GrammarError::QuotedNotAToken) } else { Ok(self) }
    }

    pub(crate) fn push(&mut self, name: Cow<'a, str>, value: Option<Cow<'a, str>>) {
        self.params.push((name, value));
    }
}

/// Writes the element as in a header field. Values that are no tokens are written in quotes.
impl fmt::Display for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (name, value) in self.iter() {
            write!(f, "; {name}")?;
            match value {
                None => {}
                Some(value) if is_token(value) => write!(f, "={value}")?,
                Some(value) => write!(f, "=\"{}\"", Escaped(value))?,
            }
        }
        Ok(())
    }
}

/// A value with its escapes within quotes.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if character == '"' || character == '\\' {
                f.write_char('\\')?;
            }
            f.write_char(character)?;
        }
        Ok(())
    }
}
