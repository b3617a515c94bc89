//! A reason says what it was made of, however that was.

use alloc::format;
use alloc::string::{String, ToString};

use super::Reason;

#[test]
fn each_kind_says_why() {
    let caused = "many".parse::<u32>().unwrap_err();
    let digit = "invalid digit found in string";
    #[rustfmt::skip]
    let table = [
        ("fixed",                Reason::new("not today"),            "not today", None),
        ("of a fixed text",      Reason::from("not today"),           "not today", None),
        ("made",                 Reason::from(String::from("no 7")),  "no 7",      None),
        ("of an error",          Reason::of(caused),                  digit,       Some(digit.to_string())),
    ];
    for (name, reason, text, source) in table {
        assert_eq!(reason.as_str(), text, "{name}");
        assert_eq!(
            (reason.to_string(), format!("{reason:?}")),
            (text.to_string(), format!("{text:?}")),
            "{name}"
        );
        assert_eq!(reason.source().map(ToString::to_string), source, "{name}");
    }
}

#[test]
fn reasons_are_equal_where_their_texts_are() {
    assert_eq!(Reason::new("not today"), Reason::from(String::from("not today")));
    assert_ne!(Reason::new("not today"), Reason::new("tomorrow"));
}
