//! The grammar of the Sec-WebSocket-Extensions field, read in one pass.
//!
//! RFC 6455 [§9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::{GrammarError, Params};

/// The most elements that the Sec-WebSocket-Extensions fields of one message may hold together.
pub const MAX_EXTENSIONS: usize = 16;

/// The most parameters of one element.
pub const MAX_PARAMS: usize = 16;

/// Reads the value of a Sec-WebSocket-Extensions field.
///
/// Empty list elements are ignored, but at least one must not be empty. A quoted value may hold any text.
/// [`Params::checked`] checks the values of a known extension.
///
/// # Errors
///
/// The first rule that the text breaks.
///
/// ```
/// use wsproto_extensions::parse;
///
/// let found = parse(r#"foo, bar; baz="2""#)?;
/// assert_eq!(found[1].name(), "bar");
/// assert_eq!(found[1].iter().next(), Some(("baz", Some("2"))));
/// # Ok::<(), wsproto_extensions::GrammarError>(())
/// ```
pub fn parse(field: &str) -> Result<Vec<Params<'_>>, GrammarError> {
    let mut found = Vec::new();
    read_list([field].into_iter(), |cursor| cursor.element().map(|element| found.push(element)))?;
    Ok(found)
}

/// Reads several fields as one list.
pub(crate) fn parse_all<S: AsRef<str>>(fields: &[S]) -> Result<Vec<Params<'_>>, GrammarError> {
    let mut found = Vec::new();
    parse_each(fields, |element| {
        found.push(element);
        Ok(())
    })?;
    Ok(found)
}

/// Reads several fields as one list, and passes on its elements as they come.
pub(crate) fn parse_each<'a, S: AsRef<str>>(
    fields: &'a [S],
    mut take: impl FnMut(Params<'a>) -> Result<(), GrammarError>,
) -> Result<(), GrammarError> {
    let fields = fields.iter().map(AsRef::as_ref);
    read_list(fields, |cursor| cursor.element().and_then(&mut take))
}

/// Checks several fields without keeping their elements.
pub(crate) fn check<S: AsRef<str>>(fields: &[S]) -> Result<(), GrammarError> {
    let fields = fields.iter().map(AsRef::as_ref);
    read_list(fields, |cursor| cursor.parts(|_, _| ()).map(|_| ()))
}

fn read_list<'a>(
    fields: impl Iterator<Item = &'a str>,
    mut read: impl FnMut(&mut Cursor<'a>) -> Result<(), GrammarError>,
) -> Result<(), GrammarError> {
    let (mut count, mut is_there) = (0_usize, false);
    for field in fields {
        is_there = true;
        let mut cursor = Cursor { rest: field };
        while cursor.finds_element() {
            if count == MAX_EXTENSIONS {
                return Err(GrammarError::TooManyExtensions);
            }
            read(&mut cursor)?;
            count = count.saturating_add(1);
            if !cursor.rest.is_empty() && !cursor.eat(b',') {
                //= rfc6455#9.1-1
                return Err(GrammarError::NotAToken);
            }
        }
    }
    //= rfc6455#9.1-1
    if is_there && count == 0 { Err(GrammarError::Empty) } else { Ok(()) }
}

/// Returns whether a text is a token (RFC 9110 [§5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)).
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// Each token character at its own index. Every other index has a character that belongs elsewhere.
static TOKEN_BYTES: [u8; 128] = *b"\
    @@@@@@@@@@@@@@@@\
    @@@@@@@@@@@@@@@@\
    @!@#$%&'@@*+@-.@\
    0123456789@@@@@@\
    ?ABCDEFGHIJKLMNO\
    PQRSTUVWXYZ@@@^_\
    `abcdefghijklmno\
    pqrstuvwxyz@|@~@";

#[inline]
fn is_token_byte(byte: u8) -> bool {
    TOKEN_BYTES.get(usize::from(byte)) == Some(&byte)
}

/// Returns how many bytes at the front are token characters.
///
/// Blocks of letters, digits and hyphens are checked first. A block has no early exit, so it is checked as a whole at
/// once.
fn token_len(bytes: &[u8]) -> usize {
    let is_other = |byte: u8| !byte.is_ascii_alphanumeric() && byte != b'-';
    let mut len = 0_usize;
    for block in bytes.as_chunks::<16>().0 {
        if block.iter().fold(0, |others, &byte| others | u8::from(is_other(byte))) != 0 {
            break;
        }
        len = len.saturating_add(block.len());
    }
    let rest = bytes.get(len..).unwrap_or_default();
    let more = rest.iter().position(|&byte| !is_token_byte(byte)).unwrap_or(rest.len());
    len.saturating_add(more)
}

/// Returns whether a byte may be within quotes without an escape (RFC 9110
/// [§5.6.4](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.4)).
const fn is_quotable(byte: u8) -> bool {
    byte != b'"' && byte != b'\\' && (byte == b'\t' || !byte.is_ascii_control())
}

/// The rest of a field.
struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    /// Skips space and commas, and returns whether an element follows.
    fn finds_element(&mut self) -> bool {
        self.skip_space();
        while self.eat(b',') {
            self.skip_space();
        }
        !self.rest.is_empty()
    }

    fn element(&mut self) -> Result<Params<'a>, GrammarError> {
        let mut params = Vec::new();
        let name = self.parts(|name, value| params.push((Cow::Borrowed(name), value)))?;
        Ok(Params::of(name, params))
    }

    /// Reads a name, its parameters, and the space after them. Returns the name.
    fn parts(
        &mut self,
        mut take: impl FnMut(&'a str, Option<Cow<'a, str>>),
    ) -> Result<&'a str, GrammarError> {
        let element = self.token()?;
        let mut count = 0_usize;
        self.skip_space();
        while self.eat(b';') {
            if count == MAX_PARAMS {
                return Err(GrammarError::TooManyParams);
            }
            count = count.saturating_add(1);
            self.skip_space();
            let name = self.token()?;
            self.skip_space();
            let value = if self.eat(b'=') {
                self.skip_space();
                Some(self.value()?)
            } else {
                None
            };
            take(name, value);
            self.skip_space();
        }
        Ok(element)
    }

    fn token(&mut self) -> Result<&'a str, GrammarError> {
        let token = self.take(token_len(self.rest.as_bytes()));
        if token.is_empty() { Err(GrammarError::NotAToken) } else { Ok(token) }
    }

    fn value(&mut self) -> Result<Cow<'a, str>, GrammarError> {
        if !self.eat(b'"') {
            return self.token().map(Cow::Borrowed);
        }
        self.quoted()
    }

    /// Reads the text after the opening quote, which is consumed already, up to the closing one.
    fn quoted(&mut self) -> Result<Cow<'a, str>, GrammarError> {
        let mut value = Cow::Borrowed(self.take_while(is_quotable));
        loop {
            if self.eat(b'"') {
                return Ok(value);
            }
            if !self.eat(b'\\') {
                return Err(self.unquotable());
            }
            let escaped = self.rest.chars().next().ok_or(GrammarError::UnclosedQuote)?;
            if escaped.is_ascii_control() && escaped != '\t' {
                return Err(GrammarError::QuotedControl);
            }
            self.rest = self.rest.get(escaped.len_utf8()..).unwrap_or_default();
            let text: &mut String = value.to_mut();
            text.push(escaped);
            text.push_str(self.take_while(is_quotable));
        }
    }

    /// Returns the error within quotes, where neither plain text nor an escape continues.
    const fn unquotable(&self) -> GrammarError {
        if self.rest.is_empty() { GrammarError::UnclosedQuote } else { GrammarError::QuotedControl }
    }

    fn skip_space(&mut self) {
        self.take_while(|byte| byte == b' ' || byte == b'\t');
    }

    fn eat(&mut self, byte: u8) -> bool {
        let Some(rest) = self.rest.strip_prefix(char::from(byte)) else { return false };
        self.rest = rest;
        true
    }

    fn take_while(&mut self, belongs: impl Fn(u8) -> bool) -> &'a str {
        self.take(self.rest.bytes().position(|byte| !belongs(byte)).unwrap_or(self.rest.len()))
    }

    fn take(&mut self, len: usize) -> &'a str {
        let Some((taken, rest)) = self.rest.split_at_checked(len) else { return "" };
        self.rest = rest;
        taken
    }
}

#[cfg(test)]
mod tests;
