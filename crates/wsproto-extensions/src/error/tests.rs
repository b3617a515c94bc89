//! The text of each error, its source, and the Close for it.

use alloc::string::{String, ToString};
use core::error::Error;
use core::fmt;
use core::num::ParseIntError;

use wsproto_frame::{CloseCode, Rsv};

use super::{ExtensionError, GrammarError, NegotiationError};
use crate::{MAX_EXTENSIONS, MAX_PARAMS, Reason, Refusal};

/// An extension's own error, caused by another one.
#[derive(Debug)]
struct Damaged(ParseIntError);

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a block is damaged")
    }
}

impl Error for Damaged {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

fn source(error: &dyn Error) -> Option<String> {
    error.source().map(ToString::to_string)
}

#[test]
fn grammar_errors_say_what_is_wrong() {
    use GrammarError::{
        Empty, NotAToken, QuotedControl, QuotedNotAToken, TooManyExtensions, TooManyParams, UnclosedQuote,
    };
    #[rustfmt::skip]
    let table = [
        (NotAToken,         "a token is missing in the list of extensions".to_string()),
        (Empty,             "the list of extensions is empty".to_string()),
        (QuotedNotAToken,   "a quoted extension parameter is not a token".to_string()),
        (QuotedControl,     "a quoted extension parameter holds a control character".to_string()),
        (UnclosedQuote,     "a quoted extension parameter has no end".to_string()),
        (TooManyExtensions, alloc::format!("more than {MAX_EXTENSIONS} extensions are listed")),
        (TooManyParams,     alloc::format!("an extension has more than {MAX_PARAMS} parameters")),
    ];
    for (error, text) in table {
        assert_eq!((error.to_string(), source(&error)), (text.clone(), None), "{error:?}");
        let negotiation = NegotiationError::from(error);
        assert_eq!((negotiation.to_string(), source(&negotiation)), (text, None), "{error:?}");
    }
}

#[test]
fn negotiation_errors_say_what_is_wrong() {
    let caused = "many".parse::<u32>().unwrap_err();
    #[rustfmt::skip]
    let table = [
        (NegotiationError::NotOffered("foo".into()),           "the server answered with foo, which was not offered", None),
        (NegotiationError::Repeated("foo".into()),             "the server answered with foo twice",                  None),
        (NegotiationError::RsvTaken(Rsv::RSV1),                "two agreed extensions own the same reserved bit (RSV1)", None),
        (NegotiationError::InvalidParams("a\r\nb".into()),      r#"name or parameter of the extension "a\r\nb" is not a token"#, None),
        (NegotiationError::unacceptable("foo", "not today"),   "answer to foo refused: not today",                    None),
        (NegotiationError::unacceptable("foo", Reason::of(caused.clone())),
                                                               "answer to foo refused: invalid digit found in string", None),
        (NegotiationError::unacceptable("foo", Reason::of(Damaged(caused.clone()))),
                                                               "answer to foo refused: a block is damaged",          Some(caused.to_string())),
    ];
    for (error, text, cause) in table {
        assert_eq!((error.to_string(), source(&error)), (text.to_string(), cause), "{error:?}");
    }
}

#[test]
fn pipeline_errors_say_what_is_wrong_and_how_to_close() {
    let refusal = Refusal::new(CloseCode::INVALID_PAYLOAD, "a block is damaged");
    let (protocol, internal) = (CloseCode::PROTOCOL_ERROR, CloseCode::INTERNAL_ERROR);
    #[rustfmt::skip]
    let table = [
        (ExtensionError::UnownedRsv(Rsv::RSV3), protocol,     "a reserved bit is set that no agreed extension owns (RSV3)"),
        (ExtensionError::from(refusal.clone()), refusal.code, "a block is damaged"),
        (ExtensionError::ControlTransformed,    internal,     "an extension transforms a control frame"),
        (ExtensionError::ForeignRsv(Rsv::RSV3), internal,     "an extension sets a reserved bit that it does not own (RSV3)"),
        (ExtensionError::Stalled,               internal,     "an extension makes no progress"),
        (ExtensionError::SwallowedLate,         internal,     "an extension swallows a frame after writing a part of it"),
        (ExtensionError::SwallowedEnd,          internal,     "an extension swallows the end of a message that has begun"),
        (ExtensionError::SwallowedClose,        internal,     "an extension swallows a Close frame"),
        (ExtensionError::Panicked,              internal,     "an extension has panicked"),
    ];
    for (error, code, text) in table {
        let (reason, _bits) = text.split_once(" (").unwrap_or((text, ""));
        assert_eq!((error.close_code(), error.reason()), (code, reason), "{error:?}");
        assert_eq!((error.to_string(), source(&error)), (text.to_string(), None), "{error:?}");
    }
    let caused = "many".parse::<u32>().unwrap_err();
    let error = ExtensionError::from(Refusal::with(internal, Reason::of(Damaged(caused.clone()))));
    assert_eq!((error.to_string(), source(&error)), ("a block is damaged".into(), Some(caused.to_string())));
}
