//! Text of a peer, made fit for a terminal.

use std::fmt::Write as _;

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

/// Escapes in a text of JSON what a terminal would obey or not show: control characters that JSON lets pass, and all that
/// is invisible or turns the direction of text. It stands in strings only, so that the value stays the same.
pub(crate) fn escape_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() && character != '\x7f' || character.escape_debug().len() == 1 {
            escaped.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a text can't fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_nothing_that_a_terminal_obeys_and_the_same_value() {
        let text = "a\u{9b}31m\u{7f}\u{202e}\u{2066}\u{feff} é 😀 \" \\ \n \u{e0001}";
        let json = escape_json(&serde_json::to_string(text).unwrap());
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text, "{json}");
        assert!(json.contains("\\u009b31m\\u007f\\u202e\\u2066\\ufeff é 😀"), "{json}");
        assert!(json.contains("\\udb40\\udc01"), "{json}");
    }

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
