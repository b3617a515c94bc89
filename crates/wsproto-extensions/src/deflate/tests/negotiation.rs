//! RFC 7692 §5 and §7.1: every parameter in offers and in answers.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::iter;
use core::num::NonZeroU32;

use proptest::prelude::*;

use super::{Backend, DeflateConfig, DeflateParams};
use crate::deflate::{DeflateError, NAME, Pool, WindowBits};
use crate::{ExtensionConfig, NegotiationError, conclude, offers, respond};

fn bits(bits: u8) -> WindowBits {
    WindowBits::new(bits).unwrap()
}

/// Writes the agreement: server's window and takeover, client's window and takeover.
fn summary(params: DeflateParams) -> String {
    let takeover = |none: bool| if none { "-" } else { "+" };
    format!(
        "{}{} {}{}",
        params.server_max_window_bits,
        takeover(params.server_no_context_takeover),
        params.client_max_window_bits,
        takeover(params.client_no_context_takeover),
    )
}

/// Abbreviates: `s-` and `c-` no context takeover, `s=` and `c=` windows.
fn spell(short: &str) -> String {
    let params = short.split_whitespace().map(|param| {
        let (side, rest) = match param.split_at(1) {
            ("s", rest) => ("server", rest),
            ("c", rest) => ("client", rest),
            _ => return format!("; {param}"),
        };
        match rest.strip_prefix('-') {
            Some(value) => format!("; {side}_no_context_takeover{value}"),
            None => format!("; {side}_max_window_bits{rest}"),
        }
    });
    iter::once(String::from(NAME)).chain(params).collect()
}

fn server() -> DeflateConfig {
    DeflateConfig::default()
}

/// The server's answer to an offer, and the agreement then.
#[test]
fn d4_offers() {
    let limited = server().with_server_max_window_bits(bits(12)).with_client_max_window_bits(bits(10));
    let insisting = server().with_server_no_context_takeover().with_client_no_context_takeover();
    #[rustfmt::skip]
    let table = [
        // config      offer             answer and agreement
        //= rfc7692#7.1-1
        (&server(),    "",               Some(("",            "15+ 15+"))),
        //= rfc7692#7.1.1.1-1
        //= rfc7692#7.1.1.1-2
        (&server(),    "s-",             Some(("s-",          "15- 15+"))),
        //= rfc7692#7.1.1.2-1
        (&server(),    "c-",             Some(("c-",          "15+ 15-"))),
        (&server(),    "c- s-",          Some(("s- c-",       "15- 15-"))),
        //= rfc7692#7.1.2.1-2
        (&server(),    "s=15",           Some(("s=15",        "15+ 15+"))),
        (&server(),    "s=10",           Some(("s=10",        "10+ 15+"))),
        (&server(),    "s=8",            Some(("s=8",         "8+ 15+"))),
        (&server(),    "s=9",            Some(("s=9",         "9+ 15+"))),
        //= rfc7692#7.1.2.2-1
        (&server(),    "c",              Some(("",            "15+ 15+"))),
        (&server(),    "c=15",           Some(("c=15",        "15+ 15+"))),
        (&server(),    "c=9",            Some(("c=9",         "15+ 9+"))),
        (&server(),    "c=8 s=8 c- s-",  Some(("s- c- s=8 c=8", "8- 8-"))),
        // A server with its own limits.
        (&limited,     "",               Some(("s=12",        "12+ 15+"))),
        (&limited,     "s=15",           Some(("s=12",        "12+ 15+"))),
        (&limited,     "s=9",            Some(("s=9",         "9+ 15+"))),
        (&limited,     "c",              Some(("s=12 c=10",   "12+ 10+"))),
        //= rfc7692#7.1.2.2-3
        (&limited,     "c=12",           Some(("s=12 c=10",   "12+ 10+"))),
        (&limited,     "c=9",            Some(("s=12 c=9",    "12+ 9+"))),
        //= rfc7692#7.1.2.2-2
        (&insisting,   "",               Some(("s- c-",       "15- 15-"))),
        //= rfc7692#7.1.1.2-3
        (&insisting,   "s-",             Some(("s- c-",       "15- 15-"))),
        // Declined.
        //= rfc7692#5.1-1
        (&server(),    "x",              None),
        (&server(),    "S-",             None),
        (&server(),    "s- x=1",         None),
        //= rfc7692#5.1-5
        (&server(),    "s- s-",          None),
        (&server(),    "c- c-",          None),
        (&server(),    "s=10 s=10",      None),
        (&server(),    "c c",            None),
        (&server(),    "c c=10",         None),
        (&server(),    "c=10 c",         None),
        //= rfc7692#5.1-3
        (&server(),    "s-=1",           None),
        (&server(),    "s-=true",        None),
        (&server(),    "c-=1",           None),
        //= rfc7692#7.1.2.1-1
        (&server(),    "s",              None),
        (&server(),    "s=7",            None),
        (&server(),    "s=16",           None),
        (&server(),    "c=7",            None),
        (&server(),    "c=16",           None),
        (&server(),    "c=0",            None),
    ];
    for (config, offer, expected) in table {
        let found = config.respond(&spell(offer)).unwrap();
        let found = found.map(|(answer, agreed)| (answer, summary(agreed.params())));
        let expected = expected.map(|(answer, agreed)| (spell(answer), agreed.to_string()));
        assert_eq!(found, expected, "{offer:?} to {}", config.offer());
    }
}

/// The client's conclusion from an answer to its offer.
#[test]
fn k9_answers() {
    use DeflateError::{
        BadWindowBits, ClientWindowNotOffered, ClientWindowTooLarge, MissingValue, RepeatedParameter,
        ServerContextTakeover, ServerWindowTooLarge, UnexpectedValue, UnknownParameter,
    };
    let client = DeflateConfig::default;
    let limited = client().with_server_max_window_bits(bits(12)).with_client_max_window_bits(bits(10));
    let asking = client().with_server_no_context_takeover();
    let hinting = client().with_client_no_context_takeover();
    let untold = client().without_client_window_in_offer();
    let small = limited.clone().without_client_window_in_offer();
    assert_eq!(client().offer(), spell("c"));
    assert_eq!(untold.offer(), spell(""));
    assert_eq!(small.offer(), spell("s=12"));
    assert_eq!(limited.offer(), spell("s=12 c=10"));
    assert_eq!(asking.offer(), spell("s- c"));
    assert_eq!(hinting.offer(), spell("c- c"));
    #[rustfmt::skip]
    let table = [
        (&client(),    "",               Ok("15+ 15+")),
        //= rfc7692#7.1.1.1-4
        (&client(),    "s-",             Ok("15- 15+")),
        (&client(),    "c-",             Ok("15+ 15-")),
        //= rfc7692#7.1.2.1-5
        (&client(),    "s=10",           Ok("10+ 15+")),
        (&client(),    "c=10",           Ok("15+ 10+")),
        (&client(),    "c=8 s=8 s- c-",  Ok("8- 8-")),
        (&client(),    r#"c="10""#,      Ok("15+ 10+")),
        //= rfc7692#7.1.2.1-4
        (&limited,     "s=12",           Ok("12+ 10+")),
        (&limited,     "s=8 c=10",       Ok("8+ 10+")),
        (&limited,     "s=8 c=9",        Ok("8+ 9+")),
        (&limited,     "s=13",           Err(ServerWindowTooLarge)),
        (&limited,     "",               Err(ServerWindowTooLarge)),
        //= rfc7692#7.1.2.2-4
        (&limited,     "s=12 c=11",      Err(ClientWindowTooLarge)),
        (&limited,     "s=12 c=15",      Err(ClientWindowTooLarge)),
        //= rfc7692#5.1-8
        (&asking,      "",               Err(ServerContextTakeover)),
        (&asking,      "s-",             Ok("15- 15+")),
        (&hinting,     "",               Ok("15+ 15-")),
        (&hinting,     "c-",             Ok("15+ 15-")),
        //= rfc7692#7.1.2.2-4
        (&untold,      "",               Ok("15+ 15+")),
        (&untold,      "s=10 s- c-",     Ok("10- 15-")),
        (&untold,      "c=15",           Err(ClientWindowNotOffered)),
        (&untold,      "c=8",            Err(ClientWindowNotOffered)),
        (&untold,      "c",              Err(ClientWindowNotOffered)),
        (&untold,      "c=7",            Err(BadWindowBits)),
        (&small,       "s=12",           Ok("12+ 10+")),
        (&small,       "s=12 c=10",      Err(ClientWindowNotOffered)),
        //= rfc7692#5.1-2
        (&client(),    "x",              Err(UnknownParameter)),
        (&client(),    "s- x",           Err(UnknownParameter)),
        //= rfc7692#5.1-6
        (&client(),    "s- s-",          Err(RepeatedParameter)),
        (&client(),    "c- c-",          Err(RepeatedParameter)),
        (&client(),    "s=9 s=9",        Err(RepeatedParameter)),
        (&client(),    "c=9 c=9",        Err(RepeatedParameter)),
        //= rfc7692#5.1-4
        (&client(),    "s-=1",           Err(UnexpectedValue)),
        (&client(),    "c-=1",           Err(UnexpectedValue)),
        (&client(),    "s",              Err(MissingValue)),
        (&client(),    "c",              Err(MissingValue)),
        (&client(),    "s=7",            Err(BadWindowBits)),
        (&client(),    "s=16",           Err(BadWindowBits)),
        (&client(),    "c=08",           Err(BadWindowBits)),
        (&client(),    "c=abc",          Err(BadWindowBits)),
    ];
    for (config, answer, expected) in table {
        let found = config.conclude(&spell(answer)).map(|agreed| summary(agreed.unwrap().params()));
        let expected = expected.map(String::from).map_err(NegotiationError::from);
        assert_eq!(found, expected, "{answer:?} to {}", config.offer());
    }
    assert!(client().conclude("").unwrap().is_none());
    assert_eq!(client().conclude("x").unwrap_err(), NegotiationError::NotOffered("x".into()));
    let twice = format!("{NAME}, {NAME}");
    assert_eq!(client().conclude(&twice).unwrap_err(), NegotiationError::Repeated(NAME.into()));
    let another = format!("{NAME}, x");
    assert_eq!(client().conclude(&another).unwrap_err(), NegotiationError::NotOffered("x".into()));
}

/// A program gets the text of a broken rule, and the error itself in the reason.
#[test]
fn errors_say_which_rule_is_broken() {
    #[rustfmt::skip]
    let table = [
        (DeflateError::UnknownParameter,       "an unknown parameter"),
        (DeflateError::RepeatedParameter,      "a repeated parameter"),
        (DeflateError::UnexpectedValue,        "a value for a parameter that takes none"),
        (DeflateError::MissingValue,           "a parameter without its value"),
        (DeflateError::BadWindowBits,          "invalid window size: it must be a number from 8 to 15"),
        (DeflateError::ServerContextTakeover,  "server_no_context_takeover is missing, but was requested"),
        (DeflateError::ServerWindowTooLarge,   "a larger server window than requested"),
        (DeflateError::ClientWindowTooLarge,   "a larger client window than offered"),
        (DeflateError::ClientWindowNotOffered, "a client window, which was not offered"),
    ];
    for (error, text) in table {
        assert_eq!(error.to_string(), text);
        let negotiation = NegotiationError::from(error);
        assert_eq!(negotiation.to_string(), format!("answer to {NAME} refused: {text}"));
        let NegotiationError::Unacceptable(found) = negotiation else { panic!("{text}") };
        let own = found.reason.error().and_then(|own| own.downcast_ref::<DeflateError>());
        assert_eq!(own, Some(&error), "{text}");
    }
}

/// Tests every text of up to three bytes: a window has one of eight spellings.
//= rfc7692#7.1.2-1
#[test]
#[cfg_attr(miri, ignore = "exhaustive")]
fn d3_window_spellings() {
    let good = ["8", "9", "10", "11", "12", "13", "14", "15"];
    let mut texts: Vec<String> = vec![String::new()];
    let mut longest = 0;
    while texts[longest].len() < 3 {
        for byte in 0..=0x7f {
            let text = format!("{}{}", texts[longest], char::from(byte));
            texts.push(text);
        }
        longest += 1;
    }
    assert_eq!(texts.len(), 1 + 128 + 128 * 128 + 128 * 128 * 128);
    for text in &texts {
        let found = WindowBits::parse(text).map(|bits| bits.to_string());
        assert_eq!(found.as_deref(), good.contains(&text.as_str()).then_some(text.as_str()), "{text:?}");
    }
}

#[test]
fn d3_k8_bad_windows_fail_cleanly() {
    for value in ["0", "7", "16", "08", "010", "+9", "1_0", "99999999999", "abc", "10x", "1e1", "0x8"] {
        for side in ["s", "c"] {
            let text = spell(&format!("{side}={value}"));
            assert!(server().respond(&text).unwrap().is_none(), "{text}");
            assert_eq!(server().conclude(&text).unwrap_err(), DeflateError::BadWindowBits.into(), "{text}");
        }
    }
    // A quoted value is the same.
    assert!(server().respond(&spell(r#"s="10""#)).unwrap().is_some());
    assert!(server().respond(&spell(r#"s="08""#)).unwrap().is_none());
}

#[test]
fn d5_first_acceptable_offer_wins() {
    #[rustfmt::skip]
    let table = [
        ("first",              vec!["s=10", ""],           Some("s=10")),
        ("second",             vec!["s=16", "s=9", ""],    Some("s=9")),
        ("last",               vec!["x", "s=7", "c-"],     Some("c-")),
        ("none",               vec!["x", "s=7", "c- c-"],  None),
    ];
    for (name, offers, expected) in table {
        let field = offers.iter().map(|offer| spell(offer)).collect::<Vec<_>>().join(", ");
        let configs: Vec<Arc<dyn ExtensionConfig>> = vec![Arc::new(server())];
        let (answer, pipeline) = respond(&configs, &[&field]).unwrap();
        assert_eq!(answer, Vec::from_iter(expected.map(spell)), "{name}");
        assert_eq!(pipeline.names().count(), answer.len(), "{name}");
        let alone = server().respond(&field).unwrap().map(|(answer, _)| answer);
        assert_eq!(alone, expected.map(spell), "{name}");
    }
}

fn any_params() -> impl Strategy<Value = DeflateParams> {
    (any::<bool>(), any::<bool>(), 8u8..=15, 8u8..=15).prop_map(|(s, c, server_bits, client_bits)| {
        DeflateParams {
            server_no_context_takeover: s,
            client_no_context_takeover: c,
            server_max_window_bits: bits(server_bits),
            client_max_window_bits: bits(client_bits),
        }
    })
}

proptest! {
    /// For all wishes of both sides, they agree on the same parameters, and neither side gets more than it allows.
    #[test]
    fn both_sides_agree_on_the_same(ours in any_params(), theirs in any_params()) {
        let client: Arc<dyn ExtensionConfig> = Arc::new(server().with_params(ours));
        let offered = offers(&[Arc::clone(&client)]).unwrap();
        let (answer, at_server) = server().with_params(theirs).respond(&offered[0]).unwrap().unwrap();
        let at_client = server().with_params(ours).conclude(&answer).unwrap().unwrap();
        prop_assert!(!conclude(&[client], &[&answer]).unwrap().is_empty());
        prop_assert_eq!(at_client.params(), at_server.params());
        let agreed = at_client.params();
        prop_assert!(agreed.server_max_window_bits <= ours.server_max_window_bits.min(theirs.server_max_window_bits));
        prop_assert!(agreed.client_max_window_bits <= ours.client_max_window_bits.min(theirs.client_max_window_bits));
        prop_assert!(agreed.server_no_context_takeover >= (ours.server_no_context_takeover | theirs.server_no_context_takeover));
        prop_assert!(agreed.client_no_context_takeover >= (ours.client_no_context_takeover | theirs.client_no_context_takeover));
    }
}

#[test]
fn each_setter_sets_what_it_names_and_nothing_else() {
    let params = DeflateParams { server_no_context_takeover: true, ..DeflateParams::default() };
    let config = DeflateConfig::default()
        .with_level(3)
        .with_memory_level(4)
        .with_params(params)
        .with_client_no_context_takeover()
        .with_server_max_window_bits(bits(12))
        .with_client_max_window_bits(bits(11))
        .with_threshold(100)
        .with_max_ratio(NonZeroU32::MIN)
        .with_backend(Backend::Miniz)
        .with_pool(Pool::new(7));
    assert_eq!((config.level, config.threshold, config.max_ratio), (3, 100, Some(NonZeroU32::MIN)));
    assert_eq!(config.memory_level, 4);
    assert_eq!(config.backend, Backend::Miniz);
    let expected = DeflateParams {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        server_max_window_bits: bits(12),
        client_max_window_bits: bits(11),
    };
    assert_eq!(config.params, expected);
    let config = DeflateConfig::default().with_threshold(5).with_server_no_context_takeover();
    assert!(config.params.server_no_context_takeover && !config.params.client_no_context_takeover);
    assert_eq!((config.threshold, config.level, config.memory_level), (5, 5, 6));
}
