//! Text of a peer, made fit for a terminal. One table says what a reader can't see; the page's script has the same one.

use std::fmt::Write as _;

/// The joiner of emoji. A terminal gets it escaped; the page lets it pass within an emoji.
const JOINER: char = '\u{200d}';

/// Characters that a reader can't see, and those that turn the direction of text: first and last of each range.
const HIDDEN: [(char, char); 22] = [
    ('\0', '\u{1f}'),
    ('\u{7f}', '\u{a0}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200c}'),
    ('\u{200e}', '\u{200f}'),
    ('\u{2028}', '\u{202f}'),
    ('\u{205f}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0d}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{ffff}'),
    ('\u{13430}', '\u{1345f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

fn is_hidden(character: char) -> bool {
    character == JOINER || HIDDEN.iter().any(|(first, last)| (*first..=*last).contains(&character))
}

/// Writes what a reader can't see, and what turns the direction of text, as escapes: `\n`, `\u{202e}`.
///
/// Quotation marks and backslashes stay as they are, so that JSON can be read.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    text.chars().for_each(|character| push(&mut shown, character));
    shown
}

/// Escapes as [`visible`] does, and backslashes and quotation marks, too: the text stands between these.
///
/// At most `most` characters of the text are shown; `…` says that there are more.
pub(crate) fn escape(text: &str, most: usize) -> String {
    let mut escaped = String::new();
    let mut rest = text.chars();
    for character in rest.by_ref().take(most) {
        if matches!(character, '\\' | '"') {
            escaped.push('\\');
        }
        push(&mut escaped, character);
    }
    if rest.next().is_some() {
        escaped.push('…');
    }
    escaped
}

fn push(shown: &mut String, character: char) {
    match character {
        '\0' | '\t' | '\n' | '\r' => shown.extend(character.escape_debug()),
        _ if is_hidden(character) => shown.extend(character.escape_unicode()),
        _ => shown.push(character),
    }
}

/// Escapes the same characters in a text of JSON, where JSON lets them pass. They stand in strings only, so that the
/// value stays the same.
pub(crate) fn escape_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        // White space between values; JSON escapes it in strings.
        if matches!(character, '\t' | '\n' | '\r') || !is_hidden(character) {
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
    fn the_page_has_the_same_table() {
        let code = |character: char| match u32::from(character) {
            code if code > 0xffff => format!("\\u{{{code:x}}}"),
            code => format!("\\u{code:04x}"),
        };
        let range = |(first, last): &(char, char)| match (code(*first), code(*last)) {
            (first, last) if first == last => first,
            (first, last) => format!("{first}-{last}"),
        };
        // A text of JavaScript may have half a pair, which is no character.
        let class = format!("[{}\\ud800-\\udfff]", HIDDEN.iter().map(range).collect::<String>());
        assert!(include_str!("../page/dom.js").contains(&class), "page/dom.js lacks {class}");
    }

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
        #[rustfmt::skip]
        let table = [
            // text                     visible                                     escaped
            ("",                        "",                                         ""),
            ("plain ÄÖ 😀 é ファ",      "plain ÄÖ 😀 é ファ",                       "plain ÄÖ 😀 é ファ"),
            ("it's",                    "it's",                                     "it's"),
            ("{\"a\": '\\n'}",          "{\"a\": '\\n'}",                           "{\\\"a\\\": '\\\\n'}"),
            ("\"\x1b\"\\\x1b'",         "\"\\u{1b}\"\\\\u{1b}'",                    "\\\"\\u{1b}\\\"\\\\\\u{1b}'"),
            ("a\r\nb\t\0",              "a\\r\\nb\\t\\0",                           "a\\r\\nb\\t\\0"),
            ("\x1b[31mred\x1b]0;t\x07", "\\u{1b}[31mred\\u{1b}]0;t\\u{7}",          "\\u{1b}[31mred\\u{1b}]0;t\\u{7}"),
            ("\u{9b}31m\u{7f}",         "\\u{9b}31m\\u{7f}",                        "\\u{9b}31m\\u{7f}"),
            ("\u{feff}\u{2028}\u{85}",  "\\u{feff}\\u{2028}\\u{85}",                "\\u{feff}\\u{2028}\\u{85}"),
            ("a\u{3164}\u{e0041}",      "a\\u{3164}\\u{e0041}",                     "a\\u{3164}\\u{e0041}"),
        ];
        for (text, shown, escaped) in table {
            assert_eq!(visible(text), shown, "{text:?}");
            assert_eq!(escape(text, 99), escaped, "{text:?}");
        }
        let turning = ('\u{202a}'..='\u{202e}')
            .chain('\u{2066}'..='\u{2069}')
            .chain(['\u{200d}', '\u{200e}', '\u{200f}', '\u{61c}']);
        for character in turning {
            let (text, expected) = (format!("a{character}b"), format!("a\\u{{{:x}}}b", u32::from(character)));
            assert_eq!((visible(&text), escape(&text, 9)), (expected.clone(), expected));
        }
        assert_eq!((escape("abcd", 4), escape("abcde", 4)), ("abcd".into(), "abcd…".into()));
    }
}
