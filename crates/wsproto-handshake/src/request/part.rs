//! Texts of a request: places in the head that was received, or texts of their own.

use alloc::{string::String, vec::Vec};
use core::{ops::Range, slice};

use crate::{headers::place_within, list};

/// A text.
#[derive(Clone)]
pub(crate) enum Part {
    InHead(Range<usize>),
    Own(String),
}

impl Default for Part {
    fn default() -> Self {
        Self::Own(String::new())
    }
}

impl Part {
    /// Keeps a text; copies what does not lie in the head.
    pub(crate) fn new(text: &[u8], head: &[u8]) -> Self {
        place_within(text, head).map_or_else(|| Self::Own(String::from_utf8_lossy(text).into()), Self::InHead)
    }

    pub(crate) fn as_str<'a>(&'a self, head: &'a [u8]) -> &'a str {
        match self {
            Self::InHead(place) => text(head, place),
            Self::Own(text) => text,
        }
    }
}

/// An ordered list of texts.
#[derive(Clone)]
pub(crate) enum List {
    /// The value of a list header field.
    InHead(Range<usize>),
    Own(Vec<String>),
}

impl Default for List {
    fn default() -> Self {
        Self::Own(Vec::new())
    }
}

impl List {
    /// Keeps the items of these fields' values, which are ASCII; copies them unless they are of one field.
    #[inline]
    pub(crate) fn of_fields(values: &[&[u8]], head: &[u8]) -> Self {
        let only = if let [value] = values { place_within(value, head) } else { None };
        only.map_or_else(|| Self::Own(copies(values)), Self::InHead)
    }

    /// Whether there is neither a text nor a field.
    pub(crate) const fn is_empty(&self) -> bool {
        matches!(self, Self::Own(own) if own.is_empty())
    }

    pub(crate) fn push(&mut self, item: String, head: &[u8]) {
        let mut own = match self {
            Self::Own(own) => core::mem::take(own),
            Self::InHead(_) => self.iter(head).map(Into::into).collect(),
        };
        own.push(item);
        *self = Self::Own(own);
    }

    #[inline]
    pub(crate) fn iter<'a>(&'a self, head: &'a [u8]) -> Items<'a> {
        let (list, own) = match self {
            Self::InHead(place) => (text(head, place), &[][..]),
            Self::Own(own) => ("", &own[..]),
        };
        Items { own: own.iter(), list, rest: list.as_bytes() }
    }
}

/// The items of a [`List`].
pub(crate) struct Items<'a> {
    own: slice::Iter<'a, String>,
    list: &'a str,
    /// What is left of the list.
    rest: &'a [u8],
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a str;

    #[inline]
    fn next(&mut self) -> Option<&'a str> {
        match self.own.next() {
            Some(item) => Some(item),
            None if self.rest.is_empty() => None,
            None => list::take_item(&mut self.rest).map(|item| list::text_of(item, self.list)),
        }
    }
}

/// Copies the items of lists.
#[inline(never)]
fn copies(lists: &[&[u8]]) -> Vec<String> {
    let items = lists.iter().flat_map(|list| list::items(list));
    items.map(|item| String::from_utf8_lossy(item).into()).collect()
}

/// The text in this place, which is where a text was.
fn text<'a>(head: &'a [u8], place: &Range<usize>) -> &'a str {
    head.get(place.clone()).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"Sec-WebSocket-Protocol: chat.v2, chat.v1";

    #[test]
    fn a_text_is_a_place_where_it_lies_in_the_head_and_a_copy_otherwise() {
        let part = Part::new(&HEAD[24..31], HEAD);
        assert!(matches!(part, Part::InHead(_)));
        assert_eq!(part.as_str(HEAD), "chat.v2");
        for text in ["chat.v2", "elsewhere", ""] {
            let text = String::from(text);
            let part = Part::new(text.as_bytes(), HEAD);
            assert!(matches!(part, Part::Own(_)), "{text:?}");
            assert_eq!(part.as_str(HEAD), text);
        }
    }

    #[test]
    fn a_list_reads_the_same_wherever_it_lies() {
        let mut list = List::of_fields(&[&HEAD[24..]], HEAD);
        assert!(matches!(list, List::InHead(_)) && !list.is_empty());
        assert!(list.iter(HEAD).eq(["chat.v2", "chat.v1"]));
        list.push("mqtt".into(), HEAD);
        assert!(list.iter(HEAD).eq(["chat.v2", "chat.v1", "mqtt"]), "an item more");
        let fields: [(&[&[u8]], &[&str]); 3] = [
            (&[], &[]),
            (&[b"elsewhere,"], &["elsewhere"]),
            (&[&HEAD[24..], b", a"], &["chat.v2", "chat.v1", "a"]),
        ];
        for (values, items) in fields {
            let list = List::of_fields(values, HEAD);
            assert!(matches!(list, List::Own(_)) && list.is_empty() == values.is_empty());
            assert_eq!(list.iter(HEAD).collect::<Vec<_>>(), items);
        }
    }
}
