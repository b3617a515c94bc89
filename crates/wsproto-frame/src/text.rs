//! The check of a text that arrives in parts: is it UTF-8 so far, and which bytes are whole code points?

// Measured: to make a `&str` of 16 bytes takes 117 instructions, so `check` doesn't make one. To unmask and check in
// one step takes 0.8 of the time of two steps, for a text in reads of 7 bytes. A table of states needs no branch that
// depends on the text.

#![expect(
    clippy::inline_always,
    reason = "a result that goes through memory costs as much as the check of a short text"
)]

use core::fmt;

use crate::{FrameError, MaskingKey};

/// Checks the text of one message after the other, whatever the parts in which it arrives.
///
/// The check fails at the first byte that no continuation can make valid. It never cuts a code point: it keeps the
/// first bytes of one (at most 3) until the rest arrives.
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
    /// The place within a code point that the text has reached.
    state: State,
    /// The last four bytes of the text; only those of the code point under way matter.
    recent: u32,
}

impl TextCheck {
    /// Makes a check that awaits the first byte of a message.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: State::START, recent: 0 }
    }

    /// Checks the next part of the message.
    ///
    /// Returns the code point that earlier parts began and this part completes, if any, and the text of whole code
    /// points after it.
    ///
    /// # Errors
    ///
    /// [`FrameError::TextNotUtf8`]; the check can't go on with this message.
    #[inline(always)]
    pub fn push<'a>(&mut self, part: &'a [u8]) -> Result<(Option<char>, &'a str), FrameError> {
        if self.state.is_start() { Ok((None, self.whole_code_points(part)?)) } else { self.complete(part) }
    }

    /// Checks the next part of the message as [`push`](Self::push) does, without returning its text.
    ///
    /// This is the cheapest way for short parts: to make a `&str` takes several times as long as to look at its bytes.
    ///
    /// # Errors
    ///
    /// As for [`push`](Self::push).
    ///
    /// ```
    /// use wsproto_frame::{FrameError, TextCheck};
    ///
    /// let mut check = TextCheck::new();
    /// check.check(b"gr\xc3")?;
    /// assert_eq!(check.missing(), 1);
    /// assert_eq!(check.push(b"\xbcn")?, (Some('ü'), "n"));
    /// # Ok::<(), FrameError>(())
    /// ```
    #[inline(always)]
    pub fn check(&mut self, part: &[u8]) -> Result<(), FrameError> {
        if self.allows(part) { Ok(()) } else { Err(FrameError::TextNotUtf8) }
    }

    /// Returns whether a part is short, is ASCII, and doesn't begin within a code point.
    ///
    /// For the crate `wsproto`; not a part of the API. It lets a program pass on a short text without making a `&str`.
    #[doc(hidden)]
    #[must_use]
    #[inline(always)]
    pub fn is_short_ascii(&self, part: &[u8]) -> bool {
        part.len() < LONG_PART && self.state.is_start() && is_ascii(part)
    }

    /// Does as [`check`](Self::check). A `bool` returns in a register, an error doesn't.
    pub(crate) fn allows(&mut self, part: &[u8]) -> bool {
        if part.len() >= LONG_PART {
            return self.allows_long(part);
        }
        if self.state.is_start() && is_ascii(part) {
            return true;
        }
        let state = part.iter().fold(self.state, |state, byte| state.after(*byte));
        self.go_on(state, part)
    }

    /// Unmasks a part, checks it, and returns whether it is allowed. In small reads this costs as much as all the rest.
    ///
    /// Each byte of a short part is read and written once: a processor must wait before it can read bytes just written
    /// in words of another size.
    #[inline(always)]
    pub(crate) fn unmask_and_check(&mut self, key: &mut MaskingKey, part: &mut [u8]) -> bool {
        match part {
            [byte] => {
                key.apply_to_byte(byte);
                self.recent = self.recent << 8 | u32::from(*byte);
                self.state = self.state.after(*byte);
                //= rfc6455#8.1-1
                !self.state.is_refused()
            }
            short if short.len() < 8 => self.unmask_and_check_short(key, short),
            long => {
                key.apply(long);
                self.allows(long)
            }
        }
    }

    #[inline(always)]
    fn unmask_and_check_short(&mut self, key: &mut MaskingKey, part: &mut [u8]) -> bool {
        let len = part.len();
        if let Some(mut bytes) = key.apply_to_word(part) {
            if self.state.is_start() && bytes & 0x8080_8080_8080_8080 == 0 {
                return true;
            }
            let mut word = u64::from(self.state.0);
            for _ in 0..len {
                word = word_after(word, (bytes & 0xff) as u8);
                bytes >>= 8;
            }
            self.state = State((word & 63) as u8);
            self.recent = part.last_chunk().map_or(0, |last| u32::from_be_bytes(*last));
            //= rfc6455#8.1-1
            return !self.state.is_refused();
        }
        // Numbers instead of structs, so that they stay in registers.
        let (mut word, mut recent) = (u64::from(self.state.0), self.recent);
        let mut turned = u32::from_le_bytes(key.to_bytes());
        for byte in part {
            *byte ^= (turned & 0xff) as u8;
            turned = turned.rotate_right(8);
            word = word_after(word, *byte);
            recent = recent << 8 | u32::from(*byte);
        }
        *key = MaskingKey::new(turned.to_le_bytes());
        (self.state, self.recent) = (State((word & 63) as u8), recent);
        //= rfc6455#8.1-1
        !self.state.is_refused()
    }

    /// Returns how many bytes the code point under way still lacks; 0 between two code points.
    ///
    /// If the next part is at most that long, [`push`](Self::push) returns at most this code point, and no text after
    /// it.
    #[must_use]
    #[inline]
    pub const fn missing(&self) -> usize {
        self.state.missing()
    }

    /// Ends the message and makes the check ready for the next one.
    ///
    /// # Errors
    ///
    /// [`FrameError::TextNotUtf8`] where the message ends within a code point.
    #[inline]
    pub const fn finish(&mut self) -> Result<(), FrameError> {
        if self.state.is_start() {
            return Ok(());
        }
        self.state = State::START;
        //= rfc6455#5.6-1, rfc6455#8.1-1
        Err(FrameError::TextNotUtf8)
    }

    /// Not inlined, so that a short part stays cheap.
    #[inline(never)]
    fn allows_long(&mut self, part: &[u8]) -> bool {
        self.push(part).is_ok()
    }

    /// Stores the state after a part that was checked byte by byte; returns whether that state is allowed.
    #[inline(always)]
    fn go_on(&mut self, state: State, part: &[u8]) -> bool {
        //= rfc6455#8.1-1
        if state.is_refused() {
            return false;
        }
        self.state = state;
        if !state.is_start() {
            self.recent = match part.last_chunk() {
                Some(last) => u32::from_be_bytes(*last),
                None => part.iter().fold(self.recent, |recent, byte| recent << 8 | u32::from(*byte)),
            };
        }
        true
    }

    /// Completes the code point that an earlier part began, byte by byte, and checks the rest of the part.
    #[inline(always)]
    fn complete<'a>(&mut self, mut part: &'a [u8]) -> Result<(Option<char>, &'a str), FrameError> {
        while let Some((byte, rest)) = part.split_first() {
            self.recent = self.recent << 8 | u32::from(*byte);
            self.state = self.state.after(*byte);
            //= rfc6455#8.1-1
            if self.state.is_refused() {
                return Err(FrameError::TextNotUtf8);
            }
            part = rest;
            if self.state.is_start() {
                return Ok((last_code_point(self.recent), self.whole_code_points(part)?));
            }
        }
        Ok((None, ""))
    }

    /// Checks a part that begins with a code point, and keeps the code point that it ends within.
    #[inline(always)]
    fn whole_code_points<'a>(&mut self, part: &'a [u8]) -> Result<&'a str, FrameError> {
        let (whole, started) = split_before_started(part);
        let text = from_utf8(whole)?;
        if !started.is_empty() {
            let state = started.iter().fold(self.state, |state, byte| state.after(*byte));
            if !self.go_on(state, started) {
                return Err(FrameError::TextNotUtf8);
            }
        }
        Ok(text)
    }
}

/// From this length on the check of a part as a whole is fastest.
const LONG_PART: usize = 32;

/// The place within a code point, and so the bytes that may follow (RFC 3629 §4).
///
/// It excludes surrogates, values above U+10FFFF and overlong forms. The number is a bit offset: in the word that
/// [`AFTER`] has for a byte, the state after that byte stands at the offset of the state before it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct State(u8);

impl State {
    /// Between two code points.
    const START: Self = Self(0);
    /// No continuation can make the text valid; no byte leads out of this state.
    const REFUSED: Self = Self(6);
    /// One more byte completes the code point; two more; three more.
    const ONE_MORE: Self = Self(12);
    const TWO_MORE: Self = Self(18);
    const THREE_MORE: Self = Self(24);
    /// After these first bytes only some of the continuation bytes are allowed.
    const AFTER_E0: Self = Self(30);
    const AFTER_ED: Self = Self(36);
    const AFTER_F0: Self = Self(42);
    const AFTER_F4: Self = Self(48);

    const ALL: [Self; 9] = [
        Self::START,
        Self::REFUSED,
        Self::ONE_MORE,
        Self::TWO_MORE,
        Self::THREE_MORE,
        Self::AFTER_E0,
        Self::AFTER_ED,
        Self::AFTER_F0,
        Self::AFTER_F4,
    ];

    const fn is_start(self) -> bool {
        self.0 == Self::START.0
    }

    const fn is_refused(self) -> bool {
        self.0 == Self::REFUSED.0
    }

    #[inline(always)]
    const fn missing(self) -> usize {
        // The most frequent case costs one comparison, not nine.
        if self.is_start() {
            return 0;
        }
        match self {
            Self::ONE_MORE => 1,
            Self::TWO_MORE | Self::AFTER_E0 | Self::AFTER_ED => 2,
            Self::THREE_MORE | Self::AFTER_F0 | Self::AFTER_F4 => 3,
            _ => 0,
        }
    }

    /// Returns the state after a byte.
    #[inline(always)]
    fn after(self, byte: u8) -> Self {
        Self((word_after(u64::from(self.0), byte) & 63) as u8)
    }

    /// Does as [`after`](Self::after), by the rule that the table is made from.
    const fn after_by_rule(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::START, 0x00..=0x7f) | (Self::ONE_MORE, 0x80..=0xbf) => Self::START,
            (Self::START, 0xc2..=0xdf)
            | (Self::TWO_MORE, 0x80..=0xbf)
            | (Self::AFTER_E0, 0xa0..=0xbf)
            | (Self::AFTER_ED, 0x80..=0x9f) => Self::ONE_MORE,
            (Self::START, 0xe0) => Self::AFTER_E0,
            (Self::START, 0xed) => Self::AFTER_ED,
            (Self::START, 0xe1..=0xef)
            | (Self::THREE_MORE, 0x80..=0xbf)
            | (Self::AFTER_F0, 0x90..=0xbf)
            | (Self::AFTER_F4, 0x80..=0x8f) => Self::TWO_MORE,
            (Self::START, 0xf0) => Self::AFTER_F0,
            (Self::START, 0xf1..=0xf3) => Self::THREE_MORE,
            (Self::START, 0xf4) => Self::AFTER_F4,
            _ => Self::REFUSED,
        }
    }
}

/// For each byte, the states after it: six bits for each state before it.
#[expect(clippy::indexing_slicing, reason = "the compiler makes the table, and would stop at a wrong index")]
static AFTER: [u64; 256] = {
    let mut table = [0; 256];
    let mut byte: u8 = 0;
    loop {
        let mut word = 0;
        let mut number = 0;
        while number < State::ALL.len() {
            let before = State::ALL[number];
            word |= (before.after_by_rule(byte).0 as u64) << before.0;
            number += 1;
        }
        table[byte as usize] = word;
        if byte == 255 {
            break table;
        }
        byte += 1;
    }
};

/// Returns a word with the state after `byte` in its last six bits; `word` has the state before it there.
///
/// A look-up and a shift: no branch depends on the text.
#[inline(always)]
fn word_after(word: u64, byte: u8) -> u64 {
    AFTER.get(usize::from(byte)).copied().unwrap_or_default() >> (word & 63)
}

/// Returns the last code point of a text; it has two bytes or more, and they were checked.
const fn last_code_point(recent: u32) -> Option<char> {
    let [a, b, c, d] = recent.to_be_bytes();
    char::from_u32(match (a, b, c) {
        (_, _, 0xc0..) => ((c & 0x1f) as u32) << 6 | (d & 0x3f) as u32,
        (_, 0xe0.., _) => ((b & 0x0f) as u32) << 12 | ((c & 0x3f) as u32) << 6 | (d & 0x3f) as u32,
        _ => {
            ((a & 0x07) as u32) << 18
                | ((b & 0x3f) as u32) << 12
                | ((c & 0x3f) as u32) << 6
                | (d & 0x3f) as u32
        }
    })
}

/// Shows how many bytes the code point under way lacks, not its bytes.
impl fmt::Debug for TextCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextCheck").field("missing", &self.missing()).finish_non_exhaustive()
    }
}

/// Splits off the code point that the part ends within; only the lead byte decides.
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

/// Returns whether all bytes are ASCII. It looks at words, and the last word may overlap the one before it: from four
/// bytes on no byte is looked at alone.
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

/// Checks short texts with the standard library and long ones with SIMD: each is faster there.
#[inline(always)]
fn from_utf8(bytes: &[u8]) -> Result<&str, FrameError> {
    // This is the case for each byte of a code point that arrives byte by byte.
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

    /// Pushes the parts and joins the results; `Err` holds how many bytes were pushed in whole parts before the
    /// failure.
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

    const KEY: MaskingKey = MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);

    /// Checks the parts with their bit set in `seen`, once plain and once masked, and pushes the others.
    ///
    /// Compares with a check that gets all of them by `push`. `Err` holds how many bytes were taken in whole parts
    /// before the failure.
    fn mixed<'a>(parts: impl IntoIterator<Item = &'a [u8]>, seen: usize) -> Result<(), usize> {
        let (mut check, mut pushed) = (TextCheck::new(), TextCheck::new());
        let mut taken = 0;
        for (number, part) in parts.into_iter().enumerate() {
            let expected = pushed.push(part);
            if seen.rotate_right(u32::try_from(number % 32).unwrap()) & 1 == 1 {
                let (mut unmasked, mut key) = (check, KEY);
                let mut read = part.to_vec();
                key.apply(&mut read);
                key = KEY;
                assert_eq!(unmasked.unmask_and_check(&mut key, &mut read), expected.is_ok(), "part {number}");
                if expected.is_ok() {
                    assert_eq!((&read[..], key), (part, KEY.turned(part.len())), "part {number}");
                    assert_eq!(unmasked.missing(), pushed.missing(), "after part {number}");
                    let follows = |mut check: TextCheck| check.push(b"\xbf\xbf\xbf").map(|(cut, _)| cut);
                    assert_eq!(follows(unmasked), follows(pushed), "what follows part {number}");
                }
                assert_eq!(
                    check.check(part),
                    expected.map(|_| ()),
                    "part {number} of {seen:b}, after {taken}"
                );
            } else {
                assert_eq!(check.push(part), expected, "part {number} of {seen:b}, after {taken}");
            }
            expected.map_err(|_| taken)?;
            assert_eq!(check.missing(), pushed.missing(), "after part {number} of {seen:b}");
            taken += part.len();
        }
        let end = pushed.finish();
        assert_eq!(check.finish(), end, "at the end of {seen:b}");
        end.map_err(|_| taken)
    }

    /// Checks a short string as one part and byte by byte, with `check` for all bytes or for every other one.
    fn assert_mixed(bytes: &[u8]) {
        let expected = oracle(bytes).map(|_| ());
        assert_eq!(mixed([bytes], 1).ok(), expected.ok(), "{bytes:02x?}");
        for seen in [0b1111, 0b0101, 0b1010] {
            assert_eq!(mixed(bytes.chunks(1), seen), expected, "{bytes:02x?}");
        }
    }

    /// The verdict of the standard library: no continuation can help, or the text ends within a code point.
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
            // Most strings repeat the results of a few ASCII bytes.
            if (0x02..0x7f).contains(&a) || (0x02..0x7f).contains(&b) || (0x02..0x7f).contains(&c) {
                continue;
            }
            bytes[..3].copy_from_slice(&[a, b, c]);
            assert_eq!(byte_by_byte(&bytes[..3]), oracle(&bytes[..3]), "{:02x?}", &bytes[..3]);
            assert_eq!(check(&[&bytes[..3]]).ok(), oracle(&bytes[..3]).ok(), "{:02x?}", &bytes[..3]);
            assert_mixed(&bytes[..3]);
        }
        for a in 0xf0..=0xf7 {
            for (b, c, d) in (0..=255)
                .flat_map(|b| [0x00, 0x7f, 0x80, 0x8f, 0xbf, 0xc0, 0xff].map(|c| (b, c)))
                .flat_map(|(b, c)| (0..=255).map(move |d| (b, c, d)))
            {
                bytes = [a, b, c, d];
                assert_eq!(byte_by_byte(&bytes), oracle(&bytes), "{bytes:02x?}");
                assert_eq!(check(&[&bytes]).ok(), oracle(&bytes).ok(), "{bytes:02x?}");
                assert_mixed(&bytes);
            }
        }
    }

    #[test]
    fn the_table_is_the_rule() {
        for byte in 0..=255 {
            for before in State::ALL {
                let after = before.after(byte);
                assert_eq!(after, before.after_by_rule(byte), "{byte:02x} after {before:?}");
                assert!(!before.is_refused() || after.is_refused(), "no way out, by {byte:02x}");
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
                for seen in 1..8 {
                    assert_eq!(mixed(parts, seen), Ok(()), "{first}, {second}");
                }
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
    fn what_is_missing_is_known_after_a_look_as_well() {
        for text in ["é", "€", "😀"] {
            for cut in 1..text.len() {
                let (start, rest) = text.as_bytes().split_at(cut);
                // A long part is checked as a whole, a short one byte by byte.
                for before in ["", "before", &"before".repeat(9)] {
                    let mut check = TextCheck::new();
                    assert_eq!(check.check(&[before.as_bytes(), start].concat()), Ok(()));
                    assert_eq!(check.missing(), rest.len(), "{text} cut at {cut} after {}", before.len());
                    assert_eq!(check.push(rest), Ok((text.chars().next(), "")));
                    assert_eq!(check.finish(), Ok(()));
                }
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "exhaustive")]
    fn ascii_is_seen_in_every_length_and_one_or_two_other_bytes_anywhere() {
        for len in 0..2 * LONG_PART {
            let mut bytes = [b'~'; 2 * LONG_PART];
            assert!(is_ascii(&bytes[..len]), "{len}");
            for (first, second) in (0..len).flat_map(|second| (0..=second).map(move |first| (first, second)))
            {
                (bytes[first], bytes[second]) = (0x80, 0x80);
                assert!(!is_ascii(&bytes[..len]), "{first} and {second} of {len}");
                let mut check = TextCheck::new();
                assert!(check.check(&bytes[..len]).is_err(), "{first} and {second} of {len}");
                (bytes[first], bytes[second]) = (b'~', b'~');
            }
            let mut check = TextCheck::new();
            assert_eq!(check.push(b"\xc3"), Ok((None, "")));
            assert_eq!(check.check(&bytes[..len]).is_ok(), len == 0, "{len} within a code point");
        }
    }

    #[test]
    fn short_ascii_is_less_than_32_bytes_and_begins_within_no_code_point() {
        let mut within = TextCheck::new();
        assert_eq!(within.push(b"\xc3"), Ok((None, "")));
        for len in 0..70_usize {
            let ascii = std::vec![b'a'; len];
            assert_eq!(TextCheck::new().is_short_ascii(&ascii), len < 32, "{len} bytes");
            assert!(!within.is_short_ascii(&ascii), "{len} bytes within a code point");
            for at in 0..len {
                let mut bytes = ascii.clone();
                bytes[at] = 0x80;
                assert!(!TextCheck::new().is_short_ascii(&bytes), "{len} bytes, {at} is no ASCII");
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
            seen: usize,
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
            prop_assert_eq!(mixed(parts, seen).ok(), oracle(&bytes).map(|_| ()).ok());
            prop_assert_eq!(mixed(bytes.chunks(1), seen), oracle(&bytes).map(|_| ()));
        }

        #[test]
        fn long_text_with_one_bad_byte(len in 60usize..300, at: prop::sample::Index, byte in 0x80u8..) {
            let mut bytes: Vec<u8> = (0..len).map(|_| b'x').collect();
            prop_assert!(check(&[&bytes]).is_ok());
            *at.get_mut(&mut bytes) = byte;
            prop_assert_eq!(check(&[&bytes]).ok(), oracle(&bytes).ok());
            prop_assert_eq!(mixed([&bytes[..]], 1).ok(), oracle(&bytes).map(|_| ()).ok());
        }
    }
}
