//! Text of a peer as a terminal may show it.

/// Writes control characters, and all that is invisible or turns the direction of text, as escapes: `\n`, `\u{202e}`.
///
/// Quotation marks and backslashes stay as they are, so that JSON can be read.
pub(crate) fn visible(text: &str) -> String {
    let harmless = ['"', '\'', '\\'];
    let mut shown = String::with_capacity(text.len());
    for part in text.split_inclusive(harmless) {
        let rest = part.strip_suffix(harmless);
        shown.extend(rest.unwrap_or(part).escape_debug());
        if rest.is_some() {
            shown.extend(part.chars().next_back());
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_the_cursor_or_turns_the_text() {
        let table = [
            ("", ""),
            ("plain ÄÖ 😀 é", "plain ÄÖ 😀 é"),
            (r#"{"a": 'b\n'}"#, r#"{"a": 'b\n'}"#),
            ("\"\x1b\"\\\x1b'", "\"\\u{1b}\"\\\\u{1b}'"),
            ("a\r\nb\t\0", "a\\r\\nb\\t\\0"),
            ("\x1b[31mred\x1b]0;title\x07", "\\u{1b}[31mred\\u{1b}]0;title\\u{7}"),
            ("\u{9b}31m\u{7f}\u{feff}\u{2028}", "\\u{9b}31m\\u{7f}\\u{feff}\\u{2028}"),
        ];
        for (text, expected) in table {
            assert_eq!(visible(text), expected, "{text:?}");
        }
        let turning = ('\u{202a}'..='\u{202e}')
            .chain('\u{2066}'..='\u{2069}')
            .chain(['\u{200e}', '\u{200f}', '\u{61c}']);
        for character in turning {
            assert_eq!(visible(&format!("a{character}b")), format!("a\\u{{{:x}}}b", u32::from(character)));
        }
    }
}
