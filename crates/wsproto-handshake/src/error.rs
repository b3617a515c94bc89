//! Errors, split by who caused them; one variant for each broken rule.

use alloc::{boxed::Box, string::String};

mod head;
mod local;
mod request;
mod response;
mod url;

pub use self::{
    head::HeadError, local::LocalError, request::RequestError, response::ResponseError, url::UrlError,
};
pub use crate::origin::OriginError;

/// How many characters of a value an error shows.
const EXCERPT_LEN: usize = 64;

/// Returns the beginning of a value for an error: the value may come from the peer, and be as long as a head may be.
pub(crate) fn excerpt(value: &[u8]) -> Box<str> {
    // A character has at most four bytes, so these bytes hold at least as many characters as the error shows.
    let start = value.get(..EXCERPT_LEN * 4).unwrap_or(value);
    String::from_utf8_lossy(start).chars().take(EXCERPT_LEN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_the_beginning_of_a_value() {
        #[rustfmt::skip]
        let table = [
            ("nothing",     String::new(),      String::new()),
            ("all of it",   "ä".repeat(64),     "ä".repeat(64)),
            ("one more",    "ä".repeat(65),     "ä".repeat(64)),
            ("much more",   "😀".repeat(9_999), "😀".repeat(64)),
        ];
        for (name, value, expected) in table {
            assert_eq!(*excerpt(value.as_bytes()), expected, "{name}");
        }
        assert_eq!(*excerpt(b"a\xff\0"), *"a\u{fffd}\0", "not UTF-8");
    }
}
