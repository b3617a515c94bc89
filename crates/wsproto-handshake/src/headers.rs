//! Header fields: an ordered list in one buffer.

use alloc::{string::String, vec, vec::Vec};
use core::{
    fmt,
    hash::{Hash, Hasher},
    iter::FusedIterator,
    ops::Range,
    ptr, slice,
};

use httparse::Header;

use crate::syntax;

/// Header fields in order; names keep their spelling and are looked up in any case.
///
/// `push` checks nothing; [sending](crate::ServerHandshake::accept) refuses names and values that HTTP can't carry.
/// `Debug` shows `[redacted]` for the values of Authorization, Cookie, Proxy-Authorization, Sec-WebSocket-Key and
/// Set-Cookie.
///
/// ```
/// use wsproto_handshake::Headers;
///
/// let headers = Headers::new().with("Set-Cookie", "a=1").with("set-cookie", "b=2");
/// assert_eq!(headers.get("SET-COOKIE"), Some(&b"a=1"[..]));
/// assert_eq!(headers.get_all("set-cookie").count(), 2);
/// assert_eq!(headers.iter().next(), Some(("Set-Cookie", &b"a=1"[..])));
///
/// let mut headers = Headers::from([("Accept", "*/*"), ("X-Id", "1"), ("x-id", "2")]);
/// headers.set("X-ID", "3");
/// assert!(headers.remove("accept"));
/// let owned: Vec<(String, Vec<u8>)> = headers.into_iter().collect();
/// assert_eq!(owned, [("X-ID".to_string(), b"3".to_vec())]);
/// ```
#[derive(Clone, Default)]
pub struct Headers {
    /// Names and values; for a received head the whole head, so that one copy is enough.
    text: Vec<u8>,
    fields: Vec<Field>,
}

/// The place of a field within the text.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    name_start: usize,
    name_end: usize,
    value_start: usize,
    value_end: usize,
}

impl Field {
    /// Returns the place of a field in this text.
    #[inline]
    pub(crate) fn of(header: &Header<'_>, text: &[u8]) -> Self {
        Self::at(place(header.name.as_bytes(), text), place(header.value, text))
    }

    /// Makes a field from the places of its name and its value.
    pub(crate) const fn at(name: Range<usize>, value: Range<usize>) -> Self {
        Self { name_start: name.start, name_end: name.end, value_start: value.start, value_end: value.end }
    }

    fn name<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        part(text, self.name_start..self.name_end)
    }

    fn value<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        part(text, self.value_start..self.value_end)
    }
}

/// Returns the part of a text at a field's place.
fn part(text: &[u8], place: Range<usize>) -> &[u8] {
    let part = text.get(place);
    debug_assert!(part.is_some(), "a field lies in its text");
    part.unwrap_or_default()
}

/// Returns the place of a part in its text; if `part` isn't a part of `text`, the place is arbitrary.
#[inline]
pub(crate) fn place(part: &[u8], text: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
    start..start.wrapping_add(part.len())
}

/// Returns the place of a part in its text; `None` if `part` isn't a part of `text`.
pub(crate) fn place_within(part: &[u8], text: &[u8]) -> Option<Range<usize>> {
    let place = place(part, text);
    text.get(place.clone()).is_some_and(|found| ptr::eq(found, part)).then_some(place)
}

impl Headers {
    /// Creates a list without fields; doesn't allocate.
    #[must_use]
    pub const fn new() -> Self {
        Self { text: Vec::new(), fields: Vec::new() }
    }

    /// Creates a list with room for this many fields and bytes.
    pub(crate) fn with_capacity(fields: usize, bytes: usize) -> Self {
        Self { text: Vec::with_capacity(bytes), fields: Vec::with_capacity(fields) }
    }

    /// Makes a list from the fields of a head. All names must be ASCII.
    pub(crate) const fn of_head(text: Vec<u8>, fields: Vec<Field>) -> Self {
        Self { text, fields }
    }

    /// Returns the text that holds the fields.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Returns the fields without white space around their values, as a parser would.
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

    /// Appends a field, and returns the list.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.push(name, value);
        self
    }

    /// Makes this the only field with its name: it takes the place of the first one, or stands at the end.
    pub fn set(&mut self, name: &str, value: impl AsRef<[u8]>) {
        let is_other = |(other, _): &(&str, &[u8])| !other.eq_ignore_ascii_case(name);
        let before = self.iter().take_while(is_other).count();
        let mut fields: Self = self.iter().take(before).collect();
        fields.push(name, value);
        fields.extend(self.iter().skip(before).filter(is_other));
        *self = fields;
    }

    /// Removes all fields with this name; returns whether there were any.
    pub fn remove(&mut self, name: &str) -> bool {
        let is_there = self.contains(name);
        if is_there {
            *self = self.iter().filter(|(other, _)| !other.eq_ignore_ascii_case(name)).collect();
        }
        is_there
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

    /// Returns whether there is a field with this name.
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

    /// Returns whether there are no fields.
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

impl Hash for Headers {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.len().hash(state);
        self.raw().for_each(|field| field.hash(state));
    }
}

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

impl<N: AsRef<str>, V: AsRef<[u8]>, const LEN: usize> From<[(N, V); LEN]> for Headers {
    fn from(fields: [(N, V); LEN]) -> Self {
        fields.into_iter().collect()
    }
}

/// Returns names and values in order, as copies.
impl IntoIterator for Headers {
    type Item = (String, Vec<u8>);
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        IntoIter { text: self.text, fields: self.fields.into_iter() }
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
        Some((name_of(name), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.fields.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl FusedIterator for Iter<'_> {}

impl fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone().map(|(name, _)| name)).finish()
    }
}

/// Owned names and values in order, made from [`Headers`].
#[derive(Clone)]
pub struct IntoIter {
    text: Vec<u8>,
    fields: vec::IntoIter<Field>,
}

impl Iterator for IntoIter {
    type Item = (String, Vec<u8>);

    fn next(&mut self) -> Option<Self::Item> {
        let field = self.fields.next()?;
        Some((name_of(field.name(&self.text)).into(), field.value(&self.text).into()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.fields.size_hint()
    }
}

impl ExactSizeIterator for IntoIter {}

impl FusedIterator for IntoIter {}

/// Shows the names only.
impl fmt::Debug for IntoIter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.fields.as_slice().iter().map(|field| name_of(field.name(&self.text)));
        f.debug_list().entries(names).finish()
    }
}

/// Returns a name as text: it was pushed as text, or the parser has checked it.
fn name_of(name: &[u8]) -> &str {
    let name = core::str::from_utf8(name);
    debug_assert!(name.is_ok(), "a name is text");
    name.unwrap_or_default()
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
    extern crate std;

    use alloc::{format, vec::Vec};
    use core::hash::{BuildHasher, BuildHasherDefault};
    use std::hash::DefaultHasher;

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
    fn a_field_that_is_set_stands_in_the_place_of_the_first() {
        #[rustfmt::skip]
        let table: [(&str, &[(&str, &str)], &[(&str, &str)]); 5] = [
            // name             before                                    after
            ("of none",         &[],                                      &[("X", "new")]),
            ("one more",        &[("A", "1")],                            &[("A", "1"), ("X", "new")]),
            ("in place",        &[("x", "1"), ("A", "2")],                &[("X", "new"), ("A", "2")]),
            ("of several",      &[("A", "1"), ("x", "2"), ("B", ""), ("X", "3")], &[("A", "1"), ("X", "new"), ("B", "")]),
            ("like no other",   &[("XX", "1"), ("", "2")],                &[("XX", "1"), ("", "2"), ("X", "new")]),
        ];
        for (name, before, after) in table {
            let mut headers: Headers = before.iter().copied().collect();
            headers.set("X", "new");
            assert_eq!(headers, after.iter().copied().collect(), "{name}");
        }
    }

    #[test]
    fn a_field_that_is_removed_leaves_nothing() {
        let mut headers = Headers::from([("a", "1"), ("B", "2"), ("A", "3")]);
        assert!(!headers.remove("c"));
        assert_eq!(headers.len(), 3);
        assert!(headers.remove("A"));
        assert_eq!((&headers, headers.text()), (&Headers::from([("B", "2")]), &b"B2"[..]));
        assert!(!headers.remove("a") && headers.remove("b") && headers.is_empty());
    }

    #[test]
    fn fields_that_are_taken_out_are_those_that_were_put_in() {
        let fields = [("B", "1"), ("a", ""), ("B", "2")];
        let headers = Headers::from(fields);
        let mut taken = headers.clone().into_iter();
        assert_eq!((taken.len(), format!("{taken:?}")), (3, "[\"B\", \"a\", \"B\"]".into()));
        assert_eq!(taken.next(), Some(("B".into(), b"1".to_vec())));
        assert_eq!((taken.len(), taken.clone().count()), (2, 2));
        assert_eq!(headers.clone().into_iter().collect::<Headers>(), headers);
        let mut more = Headers::from([("C", "3")]);
        more.extend(headers.clone());
        more.extend(&headers);
        assert_eq!(more.len(), 7);
    }

    #[test]
    fn equal_lists_have_equal_hashes() {
        let hash = |headers: &Headers| BuildHasherDefault::<DefaultHasher>::default().hash_one(headers);
        let pushed = Headers::new().with("a", "bc");
        assert_eq!(
            hash(&pushed),
            hash(&Headers::of_head(
                b"a: bc".to_vec(),
                vec![Field { name_start: 0, name_end: 1, value_start: 3, value_end: 5 }]
            ))
        );
        assert_ne!(hash(&pushed), hash(&Headers::new().with("ab", "c")));
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
