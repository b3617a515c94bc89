//! RFC 6455 §9.1: who offers, who answers, and what is agreed.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use wsproto_frame::Rsv;

use super::{conclude, offers, respond};
use crate::mock::{Brackets, Mock};
use crate::{Extension, ExtensionConfig, GrammarError, NegotiationError, Pipeline};

/// `foo` owns RSV1, `bar` RSV2, and `rival` RSV1, too.
fn configs() -> Vec<Arc<dyn ExtensionConfig>> {
    let silent = Mock { name: "silent", rsv: Rsv::NONE, make: make_brackets, offering: false };
    vec![
        Mock::brackets("foo", Rsv::RSV1),
        Mock::brackets("bar", Rsv::RSV2),
        Mock::brackets("rival", Rsv::RSV1),
        Arc::new(silent),
    ]
}

fn make_brackets(rsv: Rsv) -> Box<dyn Extension> {
    Box::new(Brackets::new(rsv, *b"()"))
}

fn names(pipeline: &Pipeline) -> String {
    pipeline.names().collect::<Vec<_>>().join(" ")
}

#[test]
fn d1_d2_a_server_without_extensions_checks_offers_all_the_same() {
    let many = vec!["a"; 17].join(",");
    let parameters = format!("a{}", "; b".repeat(17));
    #[rustfmt::skip]
    let table = [
        ("",                        None),
        (",, foo; a=\"b\" ,bar",     None),
        ("foo;",                    Some(GrammarError::NotAToken)),
        ("foo bar",                 Some(GrammarError::NotAToken)),
        ("foo; a=\"b",              Some(GrammarError::UnclosedQuote)),
        (many.as_str(),             Some(GrammarError::TooManyExtensions)),
        (parameters.as_str(),       Some(GrammarError::TooManyParams)),
    ];
    for (offer, fault) in table {
        let outcome = respond(&[], &[offer]).map(|(answers, pipeline)| (answers.len(), pipeline.is_empty()));
        assert_eq!(outcome, fault.map_or(Ok((0, true)), |fault| Err(fault.into())), "{offer}");
    }
}

//= rfc7692#5-2
#[test]
fn a_client_offers_in_order() {
    let expected =
        ["foo; mode=1", "foo", "bar; mode=1", "bar", "rival; mode=1", "rival"].map(String::from).to_vec();
    assert_eq!(offers(&configs()), Ok(expected));
    assert_eq!(offers(&[]), Ok(Vec::new()));
    let bad: Arc<dyn ExtensionConfig> =
        Arc::new(Mock { name: "a\r\nb", rsv: Rsv::NONE, make: make_brackets, offering: true });
    assert_eq!(offers(&[bad]), Err(NegotiationError::InvalidParams));
}

#[test]
fn a_server_responds() {
    use GrammarError::NotAToken;
    #[rustfmt::skip]
    let table: [(&str, &[&str], Result<(&str, &str), GrammarError>); 14] = [
        ("nothing",                &[],                             Ok(("", ""))),
        ("an empty field",         &[""],                           Ok(("", ""))),
        //= rfc6455#9-1
        ("unknown",                &["x-unknown"],                  Ok(("", ""))),
        ("one",                    &["foo"],                        Ok(("foo", "foo"))),
        ("parameters",             &["foo; mode=2"],                Ok(("foo; mode=2", "foo"))),
        //= rfc6455#9.1-8
        ("the client's order",     &["bar, foo"],                   Ok(("bar, foo", "bar foo"))),
        ("two fields",             &["bar", "foo"],                 Ok(("bar, foo", "bar foo"))),
        //= rfc7692#5-3
        ("first acceptable wins",  &["foo; mode=9, foo; mode=2, foo"], Ok(("foo; mode=2", "foo"))),
        ("none acceptable",        &["foo; mode=9, foo; mode=8"],   Ok(("", ""))),
        ("between others",         &["foo; mode=9, bar, foo"],      Ok(("bar, foo", "bar foo"))),
        ("a bit is taken",         &["foo, rival, bar"],            Ok(("foo, bar", "foo bar"))),
        ("the other way round",    &["rival, foo, bar"],            Ok(("rival, bar", "rival bar"))),
        ("grammar",                &["foo; mode=, bar"],            Err(NotAToken)),
        ("grammar, unknown name",  &["bar", "x y"],                 Err(NotAToken)),
    ];
    for (name, fields, expected) in table {
        let found =
            respond(&configs(), fields).map(|(answer, pipeline)| (answer.join(", "), names(&pipeline)));
        let expected = expected.map(|(answer, names)| (answer.into(), names.into()));
        assert_eq!(found, expected.map_err(NegotiationError::Grammar), "{name}");
    }
}

//= rfc7692#5-1
#[test]
fn a_client_concludes() {
    use NegotiationError::{Grammar, NotOffered, Repeated, RsvTaken, Unacceptable};
    let bad_mode = Unacceptable("a mode that was not offered");
    #[rustfmt::skip]
    let table: [(&str, &[&str], Result<&str, NegotiationError>); 13] = [
        ("nothing",                &[],                  Ok("")),
        ("an empty field",         &["", ","],           Ok("")),
        ("one",                    &["foo; mode=1"],     Ok("foo")),
        //= rfc6455#9.1-7
        ("the answer's order",     &["bar, foo"],        Ok("bar foo")),
        ("two fields",             &["bar", "foo"],      Ok("bar foo")),
        //= rfc6455#9.1-5
        ("k7_not offered",         &["foo, x-unknown"],  Err(NotOffered)),
        ("k7_known, not offered",  &["silent"],          Err(NotOffered)),
        ("name is case-sensitive", &["FOO"],             Err(NotOffered)),
        ("k7_twice",               &["foo, bar, foo"],   Err(Repeated)),
        ("k9_twice in two fields", &["foo", "foo"],      Err(Repeated)),
        ("the same bit",           &["foo, rival"],      Err(RsvTaken(Rsv::RSV1))),
        ("can't be honoured",      &["foo; mode=9"],     Err(bad_mode)),
        ("grammar",                &["foo;"],            Err(Grammar(GrammarError::NotAToken))),
    ];
    for (name, fields, expected) in table {
        let found = conclude(&configs(), fields).map(|pipeline| names(&pipeline));
        assert_eq!(found, expected.map(String::from), "{name}");
    }
}

/// D19: bits are owned by one extension at most, whatever an extension says of itself.
#[test]
fn d19_bits_have_one_owner() {
    // It says that it owns RSV3, and what it makes owns RSV1.
    let liar: Arc<dyn ExtensionConfig> = Arc::new(Mock {
        name: "liar",
        rsv: Rsv::RSV3,
        make: |_| Box::new(Brackets::new(Rsv::RSV1, *b"()")),
        offering: true,
    });
    let configs = vec![Mock::brackets("foo", Rsv::RSV1), liar];
    let (answer, pipeline) = respond(&configs, &["foo, liar"]).unwrap();
    assert_eq!((answer, names(&pipeline)), (vec!["foo".into()], "foo".into()));
    assert_eq!(conclude(&configs, &["foo, liar"]).unwrap_err(), NegotiationError::RsvTaken(Rsv::RSV1));
}

#[test]
fn both_sides_agree() {
    let client = offers(&configs()).unwrap();
    let (answer, server_pipeline) = respond(&configs(), &client).unwrap();
    let client_pipeline = conclude(&configs(), &answer).unwrap();
    assert_eq!(names(&server_pipeline), "foo bar");
    assert_eq!(names(&client_pipeline), "foo bar");
    assert_eq!(client_pipeline.rsv(), Rsv::RSV1 | Rsv::RSV2);
}
