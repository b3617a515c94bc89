//! Text as it arrives in parts: is it UTF-8 so far, and which of it is whole code points?

#![expect(
    clippy::inline_always,
    reason = "a result that goes through memory costs as much as the check of a short text"
)]

use core::fmt;

use crate::FrameError;

/// Checks the text of one message at a time, whatever the parts in which it comes.
///
/// Fails at the first byte that no continuation can make right, and never cuts a code point: the start of
/// one (at most 3 bytes) waits here until the rest of it comes.
///
/// RFC 6455 [§8.1](https://www.rfc-editor.org/rfc/rfc6455#section-8.1)
///
/// ```
/// use wsproto_frame::{FrameError, TextCheck};
///
/// let mut check = TextCheck::new();
/// assert_eq!(check.push(b"30 \xe2\x82")?, (None, "30 "));
/// assert_eq!(check.push(b"\xac each")?, (Some('€'), " each"));
/// check.finish()?;
///
/// assert_eq!(check.push(b"\xed\xa0"), Err(FrameError::TextNotUtf8)); // a surrogate, known from two bytes
/// # Ok::<(), FrameError>(())
/// ```
#[derive(Clone, Copy, Default)]
pub struct TextCheck {
    /// The bits of the code point under way.
    bits: u32,
    /// How many of its bytes are still to come.
    missing: u8,
    /// The least and the greatest value of the next of them.
    next: (u8, u8),
}

/// What may follow in a code point, but for the second byte of some.
const CONTINUATION: (u8, u8) = (0x80, 0xbf);

impl TextCheck {
    /// Makes a check that awaits the first byte of a message.
    #[must_use]
    pub const fn new() -> Self {
        Self { bits: 0, missing: 0, next: (0, 0) }
    }

    /// Checks the next part of the message.
    ///
    /// Returns the code point that earlier parts began and this one completes, if there is one, and then the text
    /// of whole code points that follows it.
    ///
    /// # Errors
    ///
    /// [`FrameError::TextNotUtf8`]; the message can't be gone on with.
    #[inline(always)]
    pub fn push<'a>(&mut self, part: &'a [u8]) -> Result<(Option<char>, &'a str), FrameError> {
        if self.missing == 0 { Ok((None, self.whole_code_points(part)?)) } else { self.complete(part) }
    }

    /// Checks the next part where that takes next to nothing: a short one, between two code points, that is ASCII.
    ///
    /// `None` says only that [`push`](Self::push) has to look. Returns the part as it is: to make a `&str` of it takes
    /// several times as long as to see that it is ASCII.
    ///
    /// ```
    /// use wsproto_frame::TextCheck;
    ///
    /// let check = TextCheck::new();
    /// assert_eq!(check.ascii(b"tick"), Some(&b"tick"[..]));
    /// assert_eq!(check.ascii("tück".as_bytes()), None);
    /// ```
    #[must_use]
    #[inline]
    pub fn ascii<'a>(&self, part: &'a [u8]) -> Option<&'a [u8]> {
        (self.missing == 0 && part.len() < 256 && is_ascii(part)).then_some(part)
    }

    /// Returns how many bytes the code point still lacks that the last part ended within; 0 where it ended between two.
    ///
    /// A next part of at most that length gives the code point or nothing, and never text behind it.
    #[must_use]
    #[inline]
    pub const fn missing(&self) -> usize {
        self.missing as usize
    }

    /// Ends the message and makes the check ready for the next.
    ///
    /// # Errors
    ///
    /// [`FrameError::TextNotUtf8`] where the message ends within a code point.
    #[inline]
    pub const fn finish(&mut self) -> Result<(), FrameError> {
        if self.missing == 0 {
            return Ok(());
        }
        self.missing = 0;
        //= rfc6455#5.6-1, rfc6455#8.1-1
        Err(FrameError::TextNotUtf8)
    }

    /// Goes on with the code point that an earlier part began, byte by byte.
    #[inline(always)]
    fn complete<'a>(&mut self, mut part: &'a [u8]) -> Result<(Option<char>, &'a str), FrameError> {
        while let Some((&byte, rest)) = part.split_first() {
            part = rest;
            self.go_on(byte)?;
            if self.missing == 0 {
                return Ok((char::from_u32(self.bits), self.whole_code_points(part)?));
            }
        }
        Ok((None, ""))
    }

    /// Checks a part that begins with a code point, and keeps the one that it ends within.
    #[inline(always)]
    fn whole_code_points<'a>(&mut self, part: &'a [u8]) -> Result<&'a str, FrameError> {
        let (whole, started) = split_before_started(part);
        let text = from_utf8(whole)?;
        if let Some((&lead, rest)) = started.split_first() {
            self.start(lead)?;
            rest.iter().try_for_each(|byte| self.go_on(*byte))?;
        }
        Ok(text)
    }

    /// Begins a code point of several bytes; what may come second keeps out surrogates, what is too large, and what
    /// fewer bytes would do for (RFC 3629 §4).
    #[inline(always)]
    fn start(&mut self, lead: u8) -> Result<(), FrameError> {
        let (mask, missing, next) = match lead {
            0xc2..=0xdf => (0x1f, 1, CONTINUATION),
            0xe0 => (0x0f, 2, (0xa0, 0xbf)),
            0xed => (0x0f, 2, (0x80, 0x9f)),
            0xe1..=0xef => (0x0f, 2, CONTINUATION),
            0xf0 => (0x07, 3, (0x90, 0xbf)),
            0xf1..=0xf3 => (0x07, 3, CONTINUATION),
            0xf4 => (0x07, 3, (0x80, 0x8f)),
            _ => return Err(FrameError::TextNotUtf8),
        };
        *self = Self { bits: u32::from(lead & mask), missing, next };
        Ok(())
    }

    /// Takes the next byte of the code point under way.
    #[inline]
    fn go_on(&mut self, byte: u8) -> Result<(), FrameError> {
        let (least, greatest) = self.next;
        //= rfc6455#8.1-1
        if byte < least || byte > greatest {
            return Err(FrameError::TextNotUtf8);
        }
        let (bits, missing) = (self.bits << 6 | u32::from(byte & 0x3f), self.missing.saturating_sub(1));
        *self = Self { bits, missing, next: CONTINUATION };
        Ok(())
    }
}

/// Shows how many bytes the code point under way lacks, and none of it.
impl fmt::Debug for TextCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextCheck").field("missing", &self.missing).finish_non_exhaustive()
    }
}

/// Splits off the code point that the part ends within, going by the lead byte alone.
#[inline(always)]
fn split_before_started(part: &[u8]) -> (&[u8], &[u8]) {
    let started = match part {
        [] | [.., (..0x80)] => return (part, &[]),
        [.., (0xc0..=0xff)] => 1,
        [.., (0xe0..=0xff), (0x80..0xc0)] => 2,
        [.., (0xf0..=0xff), (0x80..0xc0), (0x80..0xc0)] => 3,
        _ => 0,
    };
    part.split_at_checked(part.len().saturating_sub(started)).unwrap_or((part, &[]))
}

/// Looks at words, the last of which may overlap the one before it: no byte is looked at by itself where there are four.
#[inline]
fn is_ascii(bytes: &[u8]) -> bool {
    if let Some(last) = bytes.last_chunk() {
        let (words, _) = bytes.as_chunks();
        let seen =
            words.iter().fold(u64::from_ne_bytes(*last), |seen, word| seen | u64::from_ne_bytes(*word));
        return seen & 0x8080_8080_8080_8080 == 0;
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return (u32::from_ne_bytes(*first) | u32::from_ne_bytes(*last)) & 0x8080_8080 == 0;
    }
    match bytes {
        [a] => a.is_ascii(),
        [a, b] => (a | b).is_ascii(),
        [a, b, c] => (a | b | c).is_ascii(),
        _ => true,
    }
}

/// Short text is checked fastest by the standard library, long text with SIMD.
#[inline(always)]
fn from_utf8(bytes: &[u8]) -> Result<&str, FrameError> {
    // So it is with each byte of a code point that comes by itself.
    if bytes.is_empty() {
        return Ok("");
    }
    #[cfg(feature = "simdutf8")]
    if bytes.len() >= 64 {
        return simdutf8::basic::from_utf8(bytes).map_err(|_| FrameError::TextNotUtf8);
    }
    core::str::from_utf8(bytes).map_err(|_| FrameError::TextNotUtf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    extern crate std;
    use proptest::prelude::*;
    use std::{string::String, vec::Vec};

    /// Pushes the parts and joins what comes out; `Err` holds how many bytes had been pushed whole before the failure.
    fn check(parts: &[&[u8]]) -> Result<String, usize> {
        let mut check = TextCheck::new();
        let mut text = String::new();
        let mut pushed = 0;
        for part in parts {
            let (cut, rest) = check.push(part).map_err(|_| pushed)?;
            text.extend(cut);
            text.push_str(rest);
            pushed += part.len();
        }
        check.finish().map_err(|_| pushed)?;
        Ok(text)
    }

    fn byte_by_byte(bytes: &[u8]) -> Result<String, usize> {
        check(&bytes.chunks(1).collect::<Vec<_>>())
    }

    /// Where the standard library says that no continuation can help, or that the end comes too soon.
    fn oracle(bytes: &[u8]) -> Result<String, usize> {
        match core::str::from_utf8(bytes) {
            Ok(text) => Ok(text.into()),
            Err(error) if error.error_len().is_none() => Err(bytes.len()),
            Err(error) => {
                let prefix_is_hopeless = |end: usize| {
                    core::str::from_utf8(&bytes[..end]).is_err_and(|error| error.error_len().is_some())
                };
                let first_bad = (error.valid_up_to()..bytes.len()).find(|end| prefix_is_hopeless(end + 1));
                Err(first_bad.unwrap())
            }
        }
    }

    //= rfc6455#5.6-1, rfc6455#8.1-1
    #[test]
    #[cfg_attr(miri, ignore = "exhaustive")]
    fn c1_c2_c3_every_string_of_three_bytes_and_all_with_lead_f0_to_f7() {
        let mut bytes = [0; 4];
        for n in 0..1u32 << 24 {
            let [_, a, b, c] = n.to_be_bytes();
            // Most strings repeat what a few ASCII bytes already show.
            if (0x02..0x7f).contains(&a) || (0x02..0x7f).contains(&b) || (0x02..0x7f).contains(&c) {
                continue;
            }
            bytes[..3].copy_from_slice(&[a, b, c]);
            assert_eq!(byte_by_byte(&bytes[..3]), oracle(&bytes[..3]), "{:02x?}", &bytes[..3]);
            assert_eq!(check(&[&bytes[..3]]).ok(), oracle(&bytes[..3]).ok(), "{:02x?}", &bytes[..3]);
        }
        for a in 0xf0..=0xf7 {
            for (b, c, d) in (0..=255)
                .flat_map(|b| [0x00, 0x7f, 0x80, 0x8f, 0xbf, 0xc0, 0xff].map(|c| (b, c)))
                .flat_map(|(b, c)| (0..=255).map(move |d| (b, c, d)))
            {
                bytes = [a, b, c, d];
                assert_eq!(byte_by_byte(&bytes), oracle(&bytes), "{bytes:02x?}");
                assert_eq!(check(&[&bytes]).ok(), oracle(&bytes).ok(), "{bytes:02x?}");
            }
        }
    }

    //= rfc6455#5.6-1
    #[test]
    fn every_split_of_code_points_of_each_length() {
        let text = "aé€😀ß中\u{10ffff}z";
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let bytes = text.as_bytes();
                let parts = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                assert_eq!(check(&parts).as_deref(), Ok(text), "{first}, {second}");
            }
        }
    }

    #[test]
    fn what_is_missing_completes_the_code_point() {
        for text in ["é", "€", "😀"] {
            for cut in 1..text.len() {
                let (start, rest) = text.as_bytes().split_at(cut);
                let mut check = TextCheck::new();
                assert_eq!(check.missing(), 0);
                assert_eq!(check.push(start), Ok((None, "")));
                assert_eq!(check.missing(), rest.len(), "{text} cut at {cut}");
                assert_eq!(check.push(rest), Ok((text.chars().next(), "")));
                assert_eq!(check.missing(), 0);
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "exhaustive")]
    fn ascii_is_seen_in_every_length_and_one_other_byte_anywhere() {
        let check = TextCheck::new();
        for len in 0..255 {
            let mut bytes = [b'~'; 255];
            assert!(check.ascii(&bytes[..len]).is_some(), "{len}");
            for at in 0..len {
                bytes[at] = 0x80;
                assert!(check.ascii(&bytes[..len]).is_none(), "{at} of {len}");
                bytes[at] = b'~';
            }
            assert!(len == 0 || check.ascii(&[0xc3; 255][..len]).is_none(), "{len} bytes that are none");
        }
        assert!(check.ascii(&[b'~'; 256]).is_none(), "not short");
        let mut check = TextCheck::new();
        assert_eq!(check.push(b"\xf0"), Ok((None, "")));
        assert_eq!(check.ascii(b"a"), None, "within a code point");
    }

    #[test]
    fn two_bytes_that_are_not_ascii_do_not_make_up_for_each_other() {
        let check = TextCheck::new();
        for len in 2..if cfg!(miri) { 10 } else { 40 } {
            for (first, second) in (1..len).flat_map(|second| (0..second).map(move |first| (first, second))) {
                let mut bytes = [b'~'; 40];
                (bytes[first], bytes[second]) = (0x80, 0x80);
                assert!(check.ascii(&bytes[..len]).is_none(), "{first} and {second} of {len}");
            }
        }
    }

    #[test]
    fn debug_tells_how_much_is_missing() {
        let mut check = TextCheck::new();
        check.push(b"a\xf0\x9f").unwrap();
        assert_eq!(std::format!("{check:?}"), "TextCheck { missing: 2, .. }");
    }

    #[test]
    fn a_failed_end_leaves_the_check_ready() {
        let mut check = TextCheck::new();
        assert_eq!(check.push(b"\xf0\x9f"), Ok((None, "")));
        assert_eq!(check.finish(), Err(FrameError::TextNotUtf8));
        assert_eq!(check.push(b"ok"), Ok((None, "ok")));
        assert_eq!(check.finish(), Ok(()));
    }

    proptest! {
        //= rfc6455#8.1-1
        #[test]
        fn any_chunking_agrees_with_the_standard_library(
            text: String, noise in proptest::collection::vec(any::<(prop::sample::Index, u8)>(), 0..2), cuts: Vec<prop::sample::Index>,
        ) {
            let mut bytes = text.into_bytes();
            for (at, byte) in noise {
                let at = at.index(bytes.len() + 1);
                bytes.insert(at, byte);
            }
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).chain([0, bytes.len()]).collect();
            cuts.sort_unstable();
            let parts: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(check(&parts).ok(), oracle(&bytes).ok());
            prop_assert_eq!(byte_by_byte(&bytes), oracle(&bytes));
        }

        #[test]
        fn long_text_with_one_bad_byte(len in 60usize..300, at: prop::sample::Index, byte in 0x80u8..) {
            let mut bytes: Vec<u8> = (0..len).map(|_| b'x').collect();
            prop_assert!(check(&[&bytes]).is_ok());
            *at.get_mut(&mut bytes) = byte;
            prop_assert_eq!(check(&[&bytes]).ok(), oracle(&bytes).ok());
        }
    }
}
