//! Text of a peer, made fit for a terminal.

/// Writes control characters, and all that is invisible or turns the direction of text, as escapes: `\n`, `\u{202e}`.
///
/// At most `most` characters of the text are shown; `…` says that there are more.
pub(crate) fn escape(text: &str, most: usize) -> String {
    let mut rest = text.chars();
    let shown: String = rest.by_ref().take(most).collect();
    // An apostrophe is escaped, too, which helps nobody: each is after a backslash of its own.
    let mut escaped = shown.escape_debug().to_string().replace("\\'", "'");
    if rest.next().is_some() {
        escaped.push('…');
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_but_what_is_seen() {
        let table = [
            ("plain ÄÖ 😀 é", 99, "plain ÄÖ 😀 é"),
            ("it's", 99, "it's"),
            ("\\' \"", 99, "\\\\' \\\""),
            ("a\r\nb\t\0", 99, "a\\r\\nb\\t\\0"),
            ("\x1b[31mred\x1b]0;title\x07", 99, "\\u{1b}[31mred\\u{1b}]0;title\\u{7}"),
            ("\u{9b}31m\u{7f}", 99, "\\u{9b}31m\\u{7f}"),
            ("\u{feff}\u{2028}\u{85}", 99, "\\u{feff}\\u{2028}\\u{85}"),
            ("abcd", 4, "abcd"),
            ("abcde", 4, "abcd…"),
        ];
        for (text, most, expected) in table {
            assert_eq!(escape(text, most), expected, "{text:?}");
        }
        let turning = ('\u{202a}'..='\u{202e}')
            .chain('\u{2066}'..='\u{2069}')
            .chain(['\u{200e}', '\u{200f}', '\u{61c}']);
        for character in turning {
            let text = format!("a{character}b");
            assert_eq!(escape(&text, 9), format!("a\\u{{{:x}}}b", u32::from(character)));
        }
    }
}
