//! The search for what ends the names and the lines of a head, eight bytes in one go.

use crate::syntax;

/// Each byte of a word with this bit alone.
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Each byte of a word with all other bits.
const LOW: u64 = !HIGH;

/// Returns where the next control character is, from this position on: it ends a line, or has no place in one.
#[inline]
pub(super) fn control(text: &[u8], from: usize) -> Option<usize> {
    let (words, rest) = text.get(from..)?.as_chunks::<8>();
    let mut at = from;
    for word in words {
        let found = controls(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(at.wrapping_add(first(found)));
        }
        at = at.wrapping_add(8);
    }
    let offset = rest.iter().position(u8::is_ascii_control)?;
    Some(at.wrapping_add(offset))
}

/// Returns where the next byte is, from this position on, that is no token character.
#[inline]
pub(super) fn name_end(text: &[u8], from: usize) -> Option<usize> {
    let (words, rest) = text.get(from..)?.as_chunks::<8>();
    let mut at = from;
    for word in words {
        let mut found = not_usual(u64::from_le_bytes(*word));
        while found != 0 {
            let offset = first(found);
            if !word.get(offset).is_some_and(|&byte| syntax::is_token_char(byte)) {
                return Some(at.wrapping_add(offset));
            }
            found &= found.wrapping_sub(1);
        }
        at = at.wrapping_add(8);
    }
    let offset = rest.iter().position(|&byte| !syntax::is_token_char(byte))?;
    Some(at.wrapping_add(offset))
}

/// The high bit of each byte of the word that is below 0x20, or 0x7f.
const fn controls(word: u64) -> u64 {
    let low = word & LOW;
    // No sum goes beyond its byte: 0x7f and 0x60 is the most.
    let from_space = low.wrapping_add(0x6060_6060_6060_6060);
    let delete = low.wrapping_add(0x0101_0101_0101_0101);
    !((from_space & !delete) | word) & HIGH
}

/// The high bit of each byte of the word that is neither a letter nor a hyphen: names of fields have little else.
const fn not_usual(word: u64) -> u64 {
    let low = word & LOW;
    let lower = low | 0x2020_2020_2020_2020;
    let from_a = lower.wrapping_add(0x1f1f_1f1f_1f1f_1f1f);
    let behind_z = lower.wrapping_add(0x0505_0505_0505_0505);
    let not_hyphen = (low ^ 0x2d2d_2d2d_2d2d_2d2d).wrapping_add(LOW);
    ((!from_a | behind_z) & not_hyphen | word) & HIGH
}

/// The place of the first byte whose high bit is set in a word.
const fn first(found: u64) -> usize {
    // At most 8.
    (found.trailing_zeros() / 8) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_found_wherever_they_are() {
        for len in 0..40 {
            for at in 0..len {
                for byte in 0..=u8::MAX {
                    for filler in [b' ', b'~', 0x80, 0xff] {
                        let mut text = [filler; 40];
                        text[at] = byte;
                        text[len.min(39)] = 0;
                        let text = &text[..len];
                        let expected = byte.is_ascii_control().then_some(at);
                        assert_eq!(control(text, 0), expected, "{byte:#04x} at {at} of {len}");
                        assert_eq!(control(text, at), expected, "{byte:#04x} at {at} of {len}, from there");
                        assert_eq!(control(text, at + 1), None, "{byte:#04x} at {at} of {len}, behind");
                    }
                }
            }
        }
        assert_eq!(control(b"a", 2), None, "behind the end");
    }

    #[test]
    fn names_end_where_a_byte_is_no_token_character() {
        for len in 0..20 {
            for at in 0..len {
                for byte in 0..=u8::MAX {
                    for filler in *b"a-Z0_~" {
                        let mut text = [filler; 20];
                        text[at] = byte;
                        let text = &text[..len];
                        let expected = (!syntax::is_token_char(byte)).then_some(at);
                        assert_eq!(name_end(text, 0), expected, "{byte:#04x} at {at} of {len}");
                        assert_eq!(name_end(text, at), expected, "{byte:#04x} at {at} of {len}, from there");
                        assert_eq!(name_end(text, at + 1), None, "{byte:#04x} at {at} of {len}, behind");
                    }
                }
            }
        }
    }

    #[test]
    fn letters_and_hyphens_alone_are_usual() {
        for byte in 0..=u8::MAX {
            let usual = byte.is_ascii_alphabetic() || byte == b'-';
            for at in 0..8 {
                let mut word = *b"abc-xyzA";
                word[at] = byte;
                let found = not_usual(u64::from_le_bytes(word));
                assert_eq!(found, if usual { 0 } else { 0x80 << (8 * at) }, "{byte:#04x} at {at}");
            }
        }
    }

    #[test]
    fn the_first_of_several_is_found() {
        assert_eq!(control(b"abc\r\nabc\r\n", 0), Some(3));
        assert_eq!(control(b"abc\r\nabc\r\n", 4), Some(4));
        assert_eq!(control(b"abc\r\nabc\r\n", 5), Some(8));
    }
}
