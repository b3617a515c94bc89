//! Texts of a request: places in the received head, or owned strings.

use alloc::{string::String, vec::Vec};
use core::{ops::Range, slice};

use crate::{headers::place_within, list};

/// A text, in the received head or owned.
#[derive(Clone)]
pub(crate) enum RequestText {
    InHead(Range<usize>),
    Own(String),
}

impl Default for RequestText {
    fn default() -> Self {
        Self::Own(String::new())
    }
}

impl RequestText {
    /// Keeps a text; copies it unless it lies in the head.
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

/// An ordered list of texts: first the items of a list header field in the head, then owned ones.
#[derive(Clone, Default)]
pub(crate) struct List {
    /// The place of the field's value; empty where there is none.
    in_head: Range<usize>,
    own: Vec<String>,
}

impl List {
    /// Keeps the items of these fields, which must be ASCII; copies them unless there is only one field.
    #[inline]
    pub(crate) fn of_fields(values: &[&[u8]], head: &[u8]) -> Self {
        let only = if let [value] = values { place_within(value, head) } else { None };
        match only {
            Some(in_head) => Self { in_head, own: Vec::new() },
            None => Self { in_head: 0..0, own: copies(values) },
        }
    }

    /// Keeps the items of the field with its value at this place in the head; the value must be ASCII.
    pub(crate) const fn at(in_head: Range<usize>) -> Self {
        Self { in_head, own: Vec::new() }
    }

    /// Returns whether there are no texts: no field and no owned text.
    pub(crate) fn is_empty(&self) -> bool {
        self.in_head.is_empty() && self.own.is_empty()
    }

    pub(crate) fn push(&mut self, item: String) {
        self.own.push(item);
    }

    #[inline]
    pub(crate) fn iter<'a>(&'a self, head: &'a [u8]) -> Items<'a> {
        let list = if self.in_head.is_empty() { "" } else { text(head, &self.in_head) };
        Items { list, rest: list.as_bytes(), own: self.own.iter() }
    }
}

/// The items of a [`List`].
pub(crate) struct Items<'a> {
    list: &'a str,
    /// The items still to come from the field.
    rest: &'a [u8],
    own: slice::Iter<'a, String>,
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a str;

    #[inline]
    fn next(&mut self) -> Option<&'a str> {
        if !self.rest.is_empty()
            && let Some(item) = list::take_item(&mut self.rest)
        {
            return Some(list::text_of(item, self.list));
        }
        self.own.next().map(String::as_str)
    }
}

/// Copies the items of lists.
#[inline(never)]
fn copies(lists: &[&[u8]]) -> Vec<String> {
    let items = lists.iter().flat_map(|list| list::items(list));
    items.map(|item| String::from_utf8_lossy(item).into()).collect()
}

/// Returns the text at this place, which must be the place of a text.
fn text<'a>(head: &'a [u8], place: &Range<usize>) -> &'a str {
    let text = head.get(place.clone()).and_then(|bytes| core::str::from_utf8(bytes).ok());
    debug_assert!(text.is_some(), "a place is of a text in this head");
    text.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"Sec-WebSocket-Protocol: chat.v2, chat.v1";

    #[test]
    fn a_text_is_a_place_where_it_lies_in_the_head_and_a_copy_otherwise() {
        let part = RequestText::new(&HEAD[24..31], HEAD);
        assert!(matches!(part, RequestText::InHead(_)));
        assert_eq!(part.as_str(HEAD), "chat.v2");
        for text in ["chat.v2", "elsewhere", ""] {
            let text = String::from(text);
            let part = RequestText::new(text.as_bytes(), HEAD);
            assert!(matches!(part, RequestText::Own(_)), "{text:?}");
            assert_eq!(part.as_str(HEAD), text);
        }
    }

    #[test]
    fn a_list_reads_the_same_wherever_it_lies() {
        let mut list = List::of_fields(&[&HEAD[24..]], HEAD);
        assert!(list.own.is_empty() && !list.is_empty());
        assert!(list.iter(HEAD).eq(["chat.v2", "chat.v1"]));
        list.push("mqtt".into());
        assert!(list.iter(HEAD).eq(["chat.v2", "chat.v1", "mqtt"]), "an item more");
        let fields: [(&[&[u8]], &[&str]); 3] = [
            (&[], &[]),
            (&[b"elsewhere,"], &["elsewhere"]),
            (&[&HEAD[24..], b", a"], &["chat.v2", "chat.v1", "a"]),
        ];
        for (values, items) in fields {
            let list = List::of_fields(values, HEAD);
            assert!(list.in_head.is_empty() && list.is_empty() == values.is_empty());
            assert_eq!(list.iter(HEAD).collect::<Vec<_>>(), items);
        }
    }
}
