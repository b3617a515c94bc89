//! One element of Sec-WebSocket-Extensions on the wire: `token *( ";" token [ "=" ( token | quoted-string ) ] )`.
//!
//! RFC 6455 [§9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)

use crate::syntax;

/// Returns the name of an extension, which may have parameters.
pub(crate) fn name(element: &[u8]) -> &[u8] {
    syntax::trim(element.split(|&byte| byte == b';').next().unwrap_or_default())
}

/// Returns whether this is an element without white space at its ends.
pub(crate) fn is_element(text: &str) -> bool {
    let mut rest = text.as_bytes();
    if !take_token(&mut rest) {
        return false;
    }
    while !rest.is_empty() {
        take_spaces(&mut rest);
        let [b';', after @ ..] = rest else { return false };
        rest = after;
        take_spaces(&mut rest);
        if !take_token(&mut rest) {
            return false;
        }
        if let [b'=', value @ ..] = rest {
            rest = value;
            if !take_value(&mut rest) {
                return false;
            }
        }
    }
    true
}

fn take_spaces(rest: &mut &[u8]) {
    while let [b' ', after @ ..] = *rest {
        *rest = after;
    }
}

fn take_token(rest: &mut &[u8]) -> bool {
    let len = rest.iter().position(|&byte| !syntax::is_token_char(byte)).unwrap_or(rest.len());
    *rest = rest.get(len..).unwrap_or_default();
    len > 0
}

fn take_value(rest: &mut &[u8]) -> bool {
    let [b'"', quoted @ ..] = *rest else { return take_token(rest) };
    *rest = quoted;
    //= rfc6455#4.3-1
    let mut is_empty = true;
    loop {
        *rest = match *rest {
            [b'"', after @ ..] => {
                *rest = after;
                return !is_empty;
            }
            [b'\\', byte, after @ ..] | [byte, after @ ..] if syntax::is_token_char(*byte) => after,
            _ => return false,
        };
        is_empty = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    //= rfc6455#4.3-1, rfc6455#9.1-2
    #[test]
    fn elements_are_tokens_with_parameters() {
        #[rustfmt::skip]
        let table = [
            ("foo",                      true),
            ("foo; a",                   true),
            ("foo;a;b=1 ; c=\"2\"",      true),
            ("foo; a=\"b\\c\"",          true),
            ("!#$%&'*+-.^_`|~",          true),
            ("",                         false),
            (" foo",                     false),
            ("foo ",                     false),
            ("foo bar",                  false),
            ("foo, bar",                 false),
            ("foo;",                     false),
            ("foo; ",                    false),
            (";",                        false),
            ("foo;;a",                   false),
            ("foo; a=",                  false),
            ("foo; =1",                  false),
            ("foo; a =1",                false),
            ("foo; a= 1",                false),
            ("foo; a=1 2",               false),
            ("foo; a=\"\"",              false),
            ("foo; a=\"1",               false),
            ("foo; a=\"1\\\"",           false),
            ("foo; a=\"1\\",             false),
            ("foo; a=\"1\"2",            false),
            ("foo; a=\"1, 2\"",          false),
            ("foo; a=\"b:c\"",           false),
            ("foo; a=b:c",               false),
            ("foo\r\nX: y",              false),
            ("foo\t",                    false),
            ("foo; \u{e9}",              false),
            ("\"foo\"",                  false),
        ];
        for (text, expected) in table {
            assert_eq!(is_element(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_name_comes_before_the_parameters() {
        for (element, expected) in [("foo", "foo"), ("foo ; a", "foo"), ("foo;a;b", "foo"), ("", "")] {
            assert_eq!(name(element.as_bytes()), expected.as_bytes(), "{element:?}");
        }
    }
}
