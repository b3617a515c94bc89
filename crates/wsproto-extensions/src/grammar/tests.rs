//! RFC 6455 §9.1: the grammar and its limits, and that no input causes a panic.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::{MAX_EXTENSIONS, MAX_PARAMS, is_token, parse, parse_all, token_len};
use crate::{GrammarError, Params};

/// Writes the elements in canonical text.
fn canonical(field: &str) -> Result<String, GrammarError> {
    let found = parse(field)?;
    Ok(found.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}

#[test]
fn d1_grammar() {
    use GrammarError::{Empty, NotAToken, QuotedControl, UnclosedQuote};
    #[rustfmt::skip]
    let table = [
        //= rfc6455#9.1-1
        ("one",                   "foo",                        Ok("foo")),
        ("two",                   "foo, bar",                   Ok("foo, bar")),
        ("no space",              "foo,bar;a;b=1",              Ok("foo, bar; a; b=1")),
        ("much space",            " \tfoo\t ;  a = 1 , bar ",   Ok("foo; a=1, bar")),
        ("nothing",               "",                           Err(Empty)),
        ("only space",            " \t",                        Err(Empty)),
        ("only commas",           " ,\t,, ",                    Err(Empty)),
        ("empty elements",        ",, foo,\t,bar ,",            Ok("foo, bar")),
        //= rfc6455#4.3-1, rfc6455#9.1-2
        ("quoted",                r#"foo; a="10""#,             Ok("foo; a=10")),
        ("quoted, escaped",       r#"foo; a="1\0""#,            Ok("foo; a=10")),
        ("all escaped",           r#"foo; a="\1\0", bar"#,      Ok("foo; a=10, bar")),
        // A value that is no token is read, and written unchanged: code that knows the extension must judge it.
        ("quoted colons",         r#"foo; a="12:34""#,          Ok(r#"foo; a="12:34""#)),
        ("quoted comma",          r#"foo; a="1,2", bar"#,       Ok(r#"foo; a="1,2", bar"#)),
        ("quoted semicolon",      r#"foo; a="1;b=2""#,          Ok(r#"foo; a="1;b=2""#)),
        ("quoted quote",          r#"foo; a="1\"2""#,           Ok(r#"foo; a="1\"2""#)),
        ("quoted backslash",      r#"foo; a="1\\2""#,           Ok(r#"foo; a="1\\2""#)),
        ("quoted space",          r#"foo; a=" 1""#,             Ok(r#"foo; a=" 1""#)),
        ("quoted tab",            "foo; a=\"\t\"",              Ok("foo; a=\"\t\"")),
        ("escaped tab",           "foo; a=\"\\\t\"",            Ok("foo; a=\"\t\"")),
        ("quoted nothing",        r#"foo; a="""#,               Ok(r#"foo; a="""#)),
        ("quoted not ASCII",      "foo; a=\"\u{e9}\"",          Ok("foo; a=\"\u{e9}\"")),
        ("escaped not ASCII",     "foo; a=\"\\\u{20ac}\"",      Ok("foo; a=\"\u{20ac}\"")),
        ("quoted control",        "foo; a=\"1\u{1}\"",          Err(QuotedControl)),
        ("quoted line end",       "foo; a=\"1\r\n\"",          Err(QuotedControl)),
        ("quoted DEL",            "foo; a=\"\u{7f}\"",          Err(QuotedControl)),
        ("escaped control",       "foo; a=\"\\\u{0}\"",         Err(QuotedControl)),
        ("control behind escape", "foo; a=\"\\a\u{0}\"",        Err(QuotedControl)),
        ("control, unclosed",     "foo; a=\"\u{1f}",            Err(QuotedControl)),
        ("unclosed",              r#"foo; a="1"#,               Err(UnclosedQuote)),
        ("unclosed, empty",       r#"foo; a=""#,                Err(UnclosedQuote)),
        ("closed by escape",      r#"foo; a="1\""#,             Err(UnclosedQuote)),
        ("ends in a backslash",   r#"foo; a="1\"#,              Err(UnclosedQuote)),
        ("after the quote",       r#"foo; a="1"2"#,             Err(NotAToken)),
        ("name quoted",           r#""foo""#,                   Err(NotAToken)),
        ("parameter name quoted", r#"foo; "a"=1"#,              Err(NotAToken)),
        ("no name",               "; a",                        Err(NotAToken)),
        ("no parameter",          "foo;",                       Err(NotAToken)),
        ("no parameter, more",    "foo; , bar",                 Err(NotAToken)),
        ("no parameter name",     "foo; =1",                    Err(NotAToken)),
        ("no value",              "foo; a=",                    Err(NotAToken)),
        ("no value, more",        "foo; a=, bar",               Err(NotAToken)),
        ("two names",             "foo bar",                    Err(NotAToken)),
        ("two values",            "foo; a=1 2",                 Err(NotAToken)),
        ("value of a name",       "foo=1",                      Err(NotAToken)),
        ("slash",                 "foo/bar",                    Err(NotAToken)),
        ("not ASCII",             "f\u{f6}\u{f6}",              Err(NotAToken)),
        ("control",               "foo\r\nbar",                 Err(NotAToken)),
        ("NUL",                   "\0",                         Err(NotAToken)),
    ];
    for (name, field, expected) in table {
        assert_eq!(
            canonical(field).as_deref(),
            expected.as_ref().map(|text: &&str| *text),
            "{name}: {field:?}"
        );
    }
}

#[test]
fn tokens_are_what_rfc_9110_lists() {
    let listed = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for byte in 0..=u8::MAX {
        assert_eq!(super::is_token_byte(byte), listed.contains(&byte), "{byte:#04x}");
    }
}

#[test]
fn d2_limits() {
    let list = |len: usize| vec!["a"; len].join(",");
    assert_eq!(parse(&list(MAX_EXTENSIONS)).map(|found| found.len()), Ok(MAX_EXTENSIONS));
    assert_eq!(parse(&list(MAX_EXTENSIONS + 1)), Err(GrammarError::TooManyExtensions));
    let params = |len: usize| format!("a{}", "; x".repeat(len));
    assert_eq!(parse(&params(MAX_PARAMS)).map(|found| found[0].iter().len()), Ok(MAX_PARAMS));
    assert_eq!(parse(&params(MAX_PARAMS + 1)), Err(GrammarError::TooManyParams));
    // The limit applies to all fields together.
    assert!(parse_all(&[list(8), list(8)]).is_ok());
    assert_eq!(parse_all(&[list(8), list(9)]), Err(GrammarError::TooManyExtensions));
}

/// Reading stops at the limit, however long the field is.
#[test]
fn d2_work_is_bounded() {
    let times = if cfg!(miri) { 100 } else { 1_000_000 };
    let long = "a;".repeat(times);
    assert_eq!(parse(&long), Err(GrammarError::TooManyParams));
    let long = "a, ".repeat(times);
    assert_eq!(parse(&long), Err(GrammarError::TooManyExtensions));
    let long = format!("a; b=\"{}", "\\b".repeat(times));
    assert_eq!(parse(&long), Err(GrammarError::UnclosedQuote));
}

//= rfc6455#9.1-6
#[test]
fn several_fields_are_one_list() {
    let fields = ["foo; a=1, bar", "", "baz"];
    assert_eq!(parse_all(&fields), parse("foo; a=1, bar, baz"));
    // An element can't be cut in two.
    assert_eq!(parse_all(&["foo;", "a"]), Err(GrammarError::NotAToken));
}

#[test]
fn each_part_of_what_is_written_must_be_a_token() {
    let plain = || Params::new("foo");
    #[rustfmt::skip]
    let table = [
        ("a name",               plain(),                                        true),
        ("a flag",               plain().with_flag("a"),                         true),
        ("a value",              plain().with_value("a", "1"),                   true),
        ("no name",              Params::new(""),                                false),
        ("name with a space",    Params::new("f oo").with_value("a", "1"),       false),
        ("no flag",              plain().with_flag(""),                          false),
        ("flag with a line end", plain().with_flag("a\r\n"),                     false),
        ("no value",             plain().with_value("a", ""),                    false),
        ("value with a quote",   plain().with_value("a", "\""),                  false),
        ("value of no name",     plain().with_value("a;", "1"),                  false),
        ("the last",             plain().with_value("a", "1").with_flag("b,"),   false),
        ("the first",            plain().with_value("a", " ").with_flag("b"),    false),
    ];
    for (name, element, valid) in table {
        assert_eq!(element.is_valid(), valid, "{name}");
    }
}

fn token() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9!#$%&'*+.^_`|~-]{1,12}"
}

proptest! {
    #[test]
    fn anything_is_judged(field in ".*", wild in r#"[ab,;="\\ \t]{0,40}"#) {
        let _ = parse(&field);
        if let Ok(found) = parse(&wild) {
            // An accepted text means the same in canonical form.
            let text = canonical(&wild).unwrap();
            prop_assert_eq!(parse(&text), Ok(found));
        }
    }

    #[test]
    fn what_is_written_is_read(
        name in token(),
        params in prop::collection::vec((token(), prop::option::of(token())), 0..=if cfg!(miri) { 2 } else { 16 }),
    ) {
        let mut element = Params::new(name);
        for (name, value) in params {
            element = match value {
                None => element.with_flag(name),
                Some(value) => element.with_value(name, value),
            };
        }
        prop_assert!(element.is_valid());
        let text = element.to_string();
        prop_assert_eq!(parse(&text), Ok(vec![element]));
    }

    #[test]
    fn quoting_changes_nothing(value in token()) {
        let escaped: String = value.chars().flat_map(|c| ['\\', c]).collect();
        let plain = format!("foo; a={value}");
        for quoted in [format!("foo; a=\"{value}\""), format!("foo; a=\"{escaped}\"")] {
            prop_assert_eq!(parse(&quoted), parse(&plain));
        }
        prop_assert!(is_token(&value));
    }
}

#[test]
fn tokens_end_at_the_first_other_character_wherever_it_is() {
    let every = if cfg!(miri) { 16 } else { 1 };
    for (len, token) in
        (0..50).step_by(every).flat_map(|len| [b'a', b'-', b'7', b'!'].map(|token| (len, token)))
    {
        let bytes = [token; 50];
        assert_eq!(token_len(&bytes[..len]), len, "{len} characters");
        for (at, other) in (0..len).flat_map(|at| [b' ', b';', 0x80, b'_'].map(|other| (at, other))) {
            let mut bytes = bytes;
            bytes[at] = other;
            let end = if other == b'_' { len } else { at };
            assert_eq!(token_len(&bytes[..len]), end, "{other:#04x} at {at} of {len}");
        }
    }
}
