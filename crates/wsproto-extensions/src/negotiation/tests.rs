//! RFC 6455 §9.1: offers, answers, and the agreement.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use wsproto_frame::Rsv;

use super::{conclude, offers, respond, respond_to_some};
use crate::mock::{Brackets, Mock};
use crate::{Extension, ExtensionConfig, GrammarError, NegotiationError, Params, Pipeline, Reason};

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
        ("",                        Some(GrammarError::Empty)),
        (" , ",                     Some(GrammarError::Empty)),
        (",, foo; a=\"b\" ,bar",     None),
        ("foo; a=\"b:c\"",           None),
        ("foo; a=\"b\u{1}\"",        Some(GrammarError::QuotedControl)),
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
    assert_eq!(offers(&[bad]), Err(NegotiationError::InvalidParams("a\r\nb".into())));
}

#[test]
fn d1_a_server_responds() {
    use GrammarError::{Empty, NotAToken, QuotedNotAToken, UnclosedQuote};
    #[rustfmt::skip]
    let table: [(&str, &[&str], Result<(&str, &str), GrammarError>); 24] = [
        ("nothing",                &[],                             Ok(("", ""))),
        ("an empty field",         &[""],                           Err(Empty)),
        ("two empty fields",       &["", " ,"],                     Err(Empty)),
        ("empty beside another",   &["", "foo"],                    Ok(("foo", "foo"))),
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
        // An unknown extension may have any values, but its quotes must be complete.
        ("unknown, any value",     &[r#"x-device; id="12:34, 5;6""#],          Ok(("", ""))),
        ("unknown, before ours",   &[r#"x-device; id="12:34", foo"#],          Ok(("foo", "foo"))),
        ("unknown, after ours",    &["foo", r#"x-device; id="12:34""#],        Ok(("foo", "foo"))),
        ("unknown, quote broken",  &[r#"foo, x-device; id="12:34"#],           Err(UnclosedQuote)),
        ("ours, quoted token",     &[r#"foo; mode="\2""#],                     Ok(("foo; mode=2", "foo"))),
        //= rfc6455#4.3-1, rfc6455#9.1-2
        ("ours, no token",         &[r#"foo; mode="2:""#],                     Err(QuotedNotAToken)),
        ("ours, after another",    &[r#"foo, foo; mode="2:""#],                Err(QuotedNotAToken)),
        ("ours, of a taken bit",   &[r#"foo, rival; mode="2:""#],              Err(QuotedNotAToken)),
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
    use NegotiationError::{Grammar, NotOffered, Repeated, RsvTaken};
    let bad_mode = NegotiationError::unacceptable("foo", "a mode that was not offered");
    #[rustfmt::skip]
    let table: [(&str, &[&str], Result<&str, NegotiationError>); 16] = [
        ("nothing",                &[],                  Ok("")),
        ("an empty field",         &["", ","],           Err(Grammar(GrammarError::Empty))),
        ("empty beside another",   &["", "foo"],         Ok("foo")),
        ("unknown, any value",     &[r#"x; a=":""#],      Err(NotOffered("x".into()))),
        ("ours, no token",         &[r#"foo; mode=":""#], Err(Grammar(GrammarError::QuotedNotAToken))),
        ("one",                    &["foo; mode=1"],     Ok("foo")),
        //= rfc6455#9.1-7
        ("the answer's order",     &["bar, foo"],        Ok("bar foo")),
        ("two fields",             &["bar", "foo"],      Ok("bar foo")),
        //= rfc6455#9.1-5
        ("k7_not offered",         &["foo, x-unknown"],  Err(NotOffered("x-unknown".into()))),
        ("k7_known, not offered",  &["silent"],          Err(NotOffered("silent".into()))),
        ("name is case-sensitive", &["FOO"],             Err(NotOffered("FOO".into()))),
        ("k7_twice",               &["foo, bar, foo"],   Err(Repeated("foo".into()))),
        ("k9_twice in two fields", &["foo", "foo"],      Err(Repeated("foo".into()))),
        ("the same bit",           &["foo, rival"],      Err(RsvTaken(Rsv::RSV1))),
        ("can't be honoured",      &["foo; mode=9"],     Err(bad_mode)),
        ("grammar",                &["foo;"],            Err(Grammar(GrammarError::NotAToken))),
    ];
    for (name, fields, expected) in table {
        let found = conclude(&configs(), fields).map(|pipeline| names(&pipeline));
        assert_eq!(found, expected.map(String::from), "{name}");
    }
}

/// D19: each bit is owned by one extension at most, whatever the extensions claim.
#[test]
fn d19_bits_have_one_owner() {
    // Its configuration claims RSV3, but the extension owns RSV1.
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

/// A server may decline acceptable offers one by one. The result is the same as if they were not offered.
#[test]
fn a_server_chooses() {
    #[rustfmt::skip]
    let table: [(&str, fn(&Params<'_>) -> bool, &str, &str); 6] = [
        ("all",           |_| true,                              "foo; mode=1, bar", "foo bar"),
        ("none",          |_| false,                             "",                 ""),
        ("one",           |offer| offer.name() == "bar",         "bar",              "bar"),
        ("without foo",   |offer| offer.name() != "foo",         "rival, bar",       "rival bar"),
        ("by parameters", |offer| offer.iter().len() == 0,       "rival, bar",       "rival bar"),
        ("a stranger",    |offer| offer.name() == "x-unknown",   "",                 ""),
    ];
    let offered = [r#"x-unknown; a=":", foo; mode=1, rival, bar, foo"#];
    for (name, wanted, answer, agreed) in table {
        let (answers, pipeline) = respond_to_some(&configs(), &offered, wanted).unwrap();
        assert_eq!((answers.join(", ").as_str(), names(&pipeline).as_str()), (answer, agreed), "{name}");
    }
    let broken = respond_to_some(&configs(), &["foo;"], |_| false).map(|_| ());
    assert_eq!(broken, Err(NegotiationError::Grammar(GrammarError::NotAToken)));
}

/// Extensions that were agreed elsewhere keep their order, and must keep the rules of negotiation.
#[test]
fn what_was_agreed_elsewhere_is_put_to_work() {
    #[rustfmt::skip]
    let table: [(&[(&'static str, Rsv)], Result<&str, NegotiationError>); 5] = [
        (&[],                                       Ok("")),
        (&[("foo", Rsv::RSV1)],                     Ok("foo")),
        (&[("bar", Rsv::RSV2), ("foo", Rsv::RSV1)], Ok("bar foo")),
        (&[("foo", Rsv::RSV1), ("foo", Rsv::RSV2)], Err(NegotiationError::Repeated("foo".into()))),
        (&[("foo", Rsv::RSV1), ("bar", Rsv::RSV1)], Err(NegotiationError::RsvTaken(Rsv::RSV1))),
    ];
    for (agreed, expected) in table {
        let extensions = agreed.iter().map(|&(name, rsv)| (Mock::brackets(name, rsv), make_brackets(rsv)));
        let found = Pipeline::agreed(extensions).map(|pipeline| names(&pipeline));
        assert_eq!(found, expected.map(String::from), "{agreed:?}");
    }
}

/// A configuration that knows only one mode, so that two of them have the same name and different answers.
#[derive(Debug)]
struct Only(&'static str);

impl Only {
    fn knows(&self, params: &Params<'_>) -> bool {
        params.iter().eq([("mode", Some(self.0))])
    }
}

impl ExtensionConfig for Only {
    fn name(&self) -> &'static str {
        "foo"
    }

    fn rsv(&self) -> Rsv {
        Rsv::RSV1
    }

    fn offers(&self) -> Vec<Params<'static>> {
        vec![Params::new("foo").with_value("mode", self.0)]
    }

    fn agree(&self, answer: &Params<'_>) -> Result<Box<dyn Extension>, Reason> {
        if self.knows(answer) { Ok(make_brackets(Rsv::RSV1)) } else { Err(Reason::new("another mode")) }
    }

    fn answer(&self, offer: &Params<'_>) -> Option<(Params<'static>, Box<dyn Extension>)> {
        let answer = Params::new("foo").with_value("mode", self.0);
        self.knows(offer).then(|| (answer, make_brackets(Rsv::RSV1)))
    }
}

//= rfc7692#5-2, rfc7692#5-3
#[test]
fn d5_each_configuration_of_a_name_has_a_say() {
    let both: [Arc<dyn ExtensionConfig>; 2] = [Arc::new(Only("a")), Arc::new(Only("b"))];
    assert_eq!(offers(&both), Ok(vec!["foo; mode=a".into(), "foo; mode=b".into()]));
    #[rustfmt::skip]
    let table = [
        // offered                                 answered
        ("foo; mode=a",                            "foo; mode=a"),
        ("foo; mode=b",                            "foo; mode=b"),
        ("foo; mode=b, foo; mode=a",               "foo; mode=b"),
        ("foo; mode=c, foo; mode=b, foo; mode=a",  "foo; mode=b"),
        ("foo; mode=c",                            ""),
    ];
    for (offered, answered) in table {
        let (answers, _) = respond(&both, &[offered]).unwrap();
        assert_eq!(answers.join(", "), answered, "{offered}");
    }
    for (mode, agreed) in [("a", true), ("b", true), ("c", false)] {
        let concluded = conclude(&both, &[format!("foo; mode={mode}")]);
        assert_eq!(concluded.is_ok(), agreed, "{mode}");
    }
}
