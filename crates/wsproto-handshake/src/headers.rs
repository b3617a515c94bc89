//! Header fields: an ordered list in one buffer.

use alloc::vec::Vec;
use core::{fmt, ops::Range, ptr, slice};

use httparse::Header;

use crate::syntax;

/// Header fields in order, with names spelled as they came and looked up in any case.
///
/// Nothing is checked when a field is pushed; [sending](crate::ServerHandshake::accept) refuses names and
/// values that HTTP cannot carry. `Debug` shows `[redacted]` for the values of Authorization, Cookie,
/// Proxy-Authorization, Sec-WebSocket-Key and Set-Cookie.
///
/// ```
/// use wsproto_handshake::Headers;
///
/// let headers = Headers::new().with("Set-Cookie", "a=1").with("set-cookie", "b=2");
/// assert_eq!(headers.get("SET-COOKIE"), Some(&b"a=1"[..]));
/// assert_eq!(headers.get_all("set-cookie").count(), 2);
/// assert_eq!(headers.iter().next(), Some(("Set-Cookie", &b"a=1"[..])));
/// ```
#[derive(Clone, Default)]
pub struct Headers {
    /// Names and values; for a head that was received the whole of it, so that it is copied once.
    text: Vec<u8>,
    fields: Vec<Field>,
}

/// Where a field is within the text.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    name_start: usize,
    name_end: usize,
    value_start: usize,
    value_end: usize,
}

impl Field {
    /// Returns where a field lies in this text.
    #[inline]
    pub(crate) fn of(header: &Header<'_>, text: &[u8]) -> Self {
        let (name, value) = (place(header.name.as_bytes(), text), place(header.value, text));
        Self { name_start: name.start, name_end: name.end, value_start: value.start, value_end: value.end }
    }

    fn name<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        text.get(self.name_start..self.name_end).unwrap_or_default()
    }

    fn value<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        text.get(self.value_start..self.value_end).unwrap_or_default()
    }
}

/// Returns where a part of a text lies in it; for what is no part of it, some place.
#[inline]
pub(crate) fn place(part: &[u8], text: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
    start..start.wrapping_add(part.len())
}

/// Returns where a part of a text lies in it; `None` for what is no part of it.
pub(crate) fn place_within(part: &[u8], text: &[u8]) -> Option<Range<usize>> {
    let place = place(part, text);
    text.get(place.clone()).is_some_and(|found| ptr::eq(found, part)).then_some(place)
}

impl Headers {
    /// Creates a list without fields; allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { text: Vec::new(), fields: Vec::new() }
    }

    /// Makes a list of fields of a head. All names are ASCII.
    pub(crate) const fn of_head(text: Vec<u8>, fields: Vec<Field>) -> Self {
        Self { text, fields }
    }

    /// Returns what the fields lie in.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Returns the fields as they are cut from a head: without the white space around their values.
    pub(crate) fn cut(&self) -> Vec<Header<'_>> {
        self.iter().map(|(name, value)| Header { name, value: syntax::trim(value) }).collect()
    }

    /// Appends a field.
    pub fn push(&mut self, name: &str, value: impl AsRef<[u8]>) {
        let name_start = self.text.len();
        self.text.extend_from_slice(name.as_bytes());
        let value_start = self.text.len();
        self.text.extend_from_slice(value.as_ref());
        let value_end = self.text.len();
        self.fields.push(Field { name_start, name_end: value_start, value_start, value_end });
    }

    /// Appends a field.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.push(name, value);
        self
    }

    /// Returns the value of the first field with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.get_all(name).next()
    }

    /// Returns the value of the first field with this name if it is UTF-8.
    #[must_use]
    pub fn get_str(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| core::str::from_utf8(value).ok())
    }

    /// Returns the values of all fields with this name, in order.
    pub fn get_all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.raw()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// Whether there is a field with this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Returns names and values, in order.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.raw())
    }

    /// Returns the number of fields.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there are no fields.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    fn raw(&self) -> Raw<'_> {
        Raw { text: &self.text, fields: self.fields.iter() }
    }
}

impl PartialEq for Headers {
    fn eq(&self, other: &Self) -> bool {
        self.raw().eq(other.raw())
    }
}

impl Eq for Headers {}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self {
            match core::str::from_utf8(value) {
                _ if is_secret(name) => map.entry(&name, &"[redacted]"),
                Ok(text) => map.entry(&name, &text),
                Err(_) => map.entry(&name, &value),
            };
        }
        map.finish()
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Extend<(N, V)> for Headers {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, fields: I) {
        for (name, value) in fields {
            self.push(name.as_ref(), value);
        }
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        let mut headers = Self::new();
        headers.extend(fields);
        headers
    }
}

impl<'a> IntoIterator for &'a Headers {
    type Item = (&'a str, &'a [u8]);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Names and values in order, made by [`Headers::iter`].
#[derive(Clone)]
pub struct Iter<'a>(Raw<'a>);

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.0.next()?;
        // Names are pushed as text.
        Some((core::str::from_utf8(name).unwrap_or_default(), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.fields.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone().map(|(name, _)| name)).finish()
    }
}

#[derive(Clone)]
struct Raw<'a> {
    text: &'a [u8],
    fields: slice::Iter<'a, Field>,
}

impl<'a> Iterator for Raw<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let field = self.fields.next()?;
        Some((field.name(self.text), field.value(self.text)))
    }
}

fn is_secret(name: &str) -> bool {
    ["authorization", "cookie", "proxy-authorization", "sec-websocket-key", "set-cookie"]
        .iter()
        .any(|secret| name.eq_ignore_ascii_case(secret))
}

#[cfg(test)]
mod tests {
    use alloc::{format, vec::Vec};

    use super::*;

    #[test]
    fn order_and_spelling_are_kept() {
        let headers: Headers = [("B", "1"), ("a", ""), ("B", "2")].into_iter().collect();
        let expected: [(&str, &[u8]); 3] = [("B", b"1"), ("a", b""), ("B", b"2")];
        assert_eq!(headers.iter().collect::<Vec<_>>(), expected);
        assert_eq!((headers.len(), headers.iter().len(), headers.is_empty()), (3, 3, false));
        assert_eq!(headers.get_all("b").collect::<Vec<_>>(), [b"1", b"2"]);
        assert_eq!((headers.get("A"), headers.get("c")), (Some(&b""[..]), None));
        assert!(headers.contains("a") && !headers.contains(""));
        assert!(Headers::new().is_empty());
    }

    #[test]
    fn text_is_given_where_it_is_text() {
        let headers = Headers::new().with("a", "é").with("b", b"\xff");
        assert_eq!((headers.get_str("A"), headers.get_str("b")), (Some("é"), None));
    }

    #[test]
    fn equality_is_of_fields() {
        assert_eq!(Headers::new().with("a", "bc"), Headers::new().with("a", "bc"));
        assert_ne!(Headers::new().with("a", "bc"), Headers::new().with("ab", "c"));
        assert_ne!(Headers::new().with("a", "b"), Headers::new().with("A", "b"));
    }

    #[test]
    fn debug_shows_no_secrets() {
        for name in ["Authorization", "COOKIE", "proxy-authorization", "Sec-WebSocket-Key", "Set-Cookie"] {
            let text = format!("{:?}", Headers::new().with(name, "hunter2"));
            assert_eq!(text, format!("{{{name:?}: \"[redacted]\"}}"));
        }
        let text = format!("{:?}", Headers::new().with("Origin", "a").with("X", b"\xff"));
        assert_eq!(text, "{\"Origin\": \"a\", \"X\": [255]}");
        assert_eq!(format!("{:?}", Headers::new().with("Cookie", "x").iter()), "[\"Cookie\"]");
    }
}
