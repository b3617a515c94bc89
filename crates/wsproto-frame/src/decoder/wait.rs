//! Bytes that wait for more: how many may follow before something has to be decoded.

#![expect(clippy::inline_always, reason = "a call costs as much as the look at a byte")]

use crate::MaskingKey;

/// Bytes that [can wait](crate::FrameDecoder::can_wait), and what may follow and wait with them. The default: nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameWait {
    /// The length of the input with which something has to be decoded.
    pub(super) until: usize,
    /// The key that the input begins with where what follows must be ASCII.
    pub(super) text_key: Option<MaskingKey>,
    pub(super) message_left: u64,
}

impl FrameWait {
    /// Makes the wait of a header that is not yet whole: the bytes of its key decide nothing.
    #[inline]
    pub(super) fn within_header(header: &[u8]) -> Self {
        let key = match header.get(1).map(|second| second & 0x7f) {
            Some(126) => 4..8,
            Some(127) => 10..14,
            _ => 2..6,
        };
        let until = if header.len() < key.start { header.len().saturating_add(1) } else { key.end };
        Self { until, ..Self::default() }
    }

    /// Tells whether `input` can wait, too, after its first `seen` bytes could; where it can't, it has to be decoded.
    #[must_use]
    #[inline(always)]
    pub fn goes_on(&self, input: &[u8], seen: usize) -> bool {
        let is_ascii =
            |key: MaskingKey| input.get(seen..).is_some_and(|new| key.turned(seen).masks_ascii(new));
        input.len() < self.until && self.text_key.is_none_or(is_ascii)
    }

    /// Ends the wait: nothing may follow.
    #[inline]
    pub const fn end(&mut self) {
        self.until = 0;
    }

    /// Returns the wait of the same bytes with so many others in front of them.
    #[must_use]
    #[inline]
    pub fn behind(mut self, len: usize) -> Self {
        self.until = self.until.saturating_add(len);
        self.text_key = self.text_key.map(|key| key.turned(len.wrapping_neg()));
        self
    }

    /// Returns how many bytes of the message were still to come when the wait began, 0 where that is not known.
    ///
    /// It is what the peer announced: no reason to get memory for it.
    #[must_use]
    #[inline]
    pub const fn message_left(&self) -> u64 {
        self.message_left
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;
    use crate::{FrameDecoder, Role};

    #[test]
    fn what_follows_and_can_wait_breaks_no_rule() {
        // The key is 00 80 01 02, and the 14th byte of the text is not ASCII.
        let mut text: Vec<u8> = [b'a', b'a' ^ 0x80, b'a' ^ 1, b'a' ^ 2].repeat(5000);
        text[13] ^= 0x80;
        let with_header = |header: &[u8]| [header, &text].concat();
        let short = with_header(&[0x81, 0xfd, 0, 0x80, 1, 2]);
        let medium = with_header(&[0x82, 0xfe, 1, 0, 0, 0x80, 1, 2]);
        let long = with_header(&[0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x80, 1, 2]);
        let unmasked = with_header(&[0x82, 0x0a]);
        #[rustfmt::skip]
        let table = [
            // name                          role          input      first   seen   all    goes on
            ("a first byte",                 Role::Server, &short,    0,      0,     1,     false),
            ("nothing",                      Role::Server, &short,    1,      1,     1,     true),
            ("a second byte",                Role::Server, &short,    1,      1,     2,     false),
            ("most of a key",                Role::Server, &short,    2,      2,     5,     true),
            ("a key",                        Role::Server, &short,    2,      2,     6,     false),
            ("the rest of a key",            Role::Server, &short,    4,      5,     6,     false),
            ("a byte of a length of two",    Role::Server, &medium,   2,      2,     3,     false),
            ("most of a key behind it",      Role::Server, &medium,   4,      4,     7,     true),
            ("a key behind it",              Role::Server, &medium,   4,      4,     8,     false),
            ("a byte of a length of eight",  Role::Server, &long,     2,      2,     3,     false),
            ("most of a length",             Role::Server, &long,     3,      3,     9,     false),
            ("most of a key behind it",      Role::Server, &long,     10,     10,    13,    true),
            ("a key behind it",              Role::Server, &long,     10,     10,    14,    false),
            ("a byte of text",               Role::Server, &short,    6,      6,     7,     true),
            ("13 bytes of it",               Role::Server, &short,    6,      6,     19,    true),
            ("a byte that is not ASCII",     Role::Server, &short,    6,      6,     20,    false),
            ("that byte alone",              Role::Server, &short,    7,      19,    20,    false),
            ("ASCII behind what was seen",   Role::Server, &short,    7,      20,    21,    true),
            ("16 bytes",                     Role::Server, &short,    6,      20,    36,    true),
            ("17 bytes",                     Role::Server, &short,    6,      20,    37,    false),
            ("all but the last",             Role::Server, &short,    6,      120,   130,   true),
            ("the last",                     Role::Server, &short,    6,      120,   131,   false),
            ("binary, almost 16 KiB",        Role::Server, &long,     14,     14,    16397, true),
            ("binary, 16 KiB",               Role::Server, &long,     14,     14,    16398, false),
            ("to a client",                  Role::Client, &unmasked, 2,      2,     11,    true),
            ("the last to a client",         Role::Client, &unmasked, 2,      2,     12,    false),
        ];
        for (name, role, input, first, seen, all, goes_on) in table {
            let wait = FrameDecoder::new(role).can_wait(&input[..first], u64::MAX).expect(name);
            assert_eq!(wait.goes_on(&input[..all], seen), goes_on, "{name}");
            for front in 0..5 {
                let input = [&[0; 5][..front], &input[..all]].concat();
                assert_eq!(
                    wait.behind(front).goes_on(&input, front + seen),
                    goes_on,
                    "{name}, behind {front}"
                );
            }
            let mut ended = wait;
            ended.end();
            assert!(!ended.goes_on(&input[..all], seen), "{name}, ended");
        }
        assert!(!FrameWait::default().goes_on(&[], 0), "nothing waits by itself");
    }
}
