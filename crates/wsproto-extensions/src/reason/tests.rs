//! A reason shows its text, however it was made.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use core::error::Error;

use super::Reason;

#[test]
fn each_kind_says_why() {
    let caused = "many".parse::<u32>().unwrap_err();
    let digit = "invalid digit found in string";
    let boxed: Box<dyn Error + Send + Sync> = Box::new(caused.clone());
    #[rustfmt::skip]
    let table = [
        ("fixed",                Reason::new("not today"),            "not today", None),
        ("of a fixed text",      Reason::from("not today"),           "not today", None),
        ("dynamic",              Reason::from(String::from("no 7")),  "no 7",      None),
        ("of a boxed error",     Reason::from(boxed),                 digit,       Some(digit.to_string())),
        ("of an error",          Reason::of(caused),          digit,       Some(digit.to_string())),
    ];
    for (name, reason, text, error) in table {
        assert_eq!(reason.as_str(), text, "{name}");
        assert_eq!(
            (reason.to_string(), format!("{reason:?}")),
            (text.to_string(), format!("{text:?}")),
            "{name}"
        );
        assert_eq!(reason.error().map(ToString::to_string), error, "{name}");
    }
}

#[test]
fn reasons_are_equal_where_their_texts_are() {
    assert_eq!(Reason::new("not today"), Reason::from(String::from("not today")));
    assert_ne!(Reason::new("not today"), Reason::new("tomorrow"));
}

/// A quotation of the peer can't break a line of a log.
#[test]
fn control_characters_are_shown_escaped() {
    #[rustfmt::skip]
    let table = [
        ("plain é \"'",       "plain é \"'"),
        ("a\r\nb",           "a\\r\\nb"),
        ("\u{1b}[2Jc\0",     "\\u{1b}[2Jc\\0"),
        ("\n\n",             "\\n\\n"),
        ("\u{85}",           "\\u{85}"),
        ("",                 ""),
    ];
    for (text, shown) in table {
        assert_eq!(Reason::new(text).to_string(), shown);
    }
}
