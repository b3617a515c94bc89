//! RFC 7692, requirement by requirement: offers, answers, what is accepted and refused, and the bytes on the wire.
#![cfg(feature = "deflate")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::sync::Arc;

use wsproto_extensions::deflate::{Backend, DeflateConfig, DeflateParams, PermessageDeflate, WindowBits};
use wsproto_extensions::{
    ExtensionConfig, FrameEnd, Handling, Output, Pipeline, Pulled, conclude, offers, respond,
};
use wsproto_frame::{FrameHeader, Opcode, Role, Rsv};

fn bits(bits: u8) -> WindowBits {
    WindowBits::new(bits).expect("a size of the RFC")
}

/// Returns the answer of a server with this configuration.
fn answer(config: &DeflateConfig, offer: &str) -> Option<String> {
    config.respond(offer).expect("the offer keeps the grammar").map(|(answer, _)| answer)
}

fn agreed(config: &DeflateConfig, answer: &str) -> Option<DeflateParams> {
    config.conclude(answer).ok().flatten().map(|deflate| deflate.params())
}

#[test]
fn an_offer_is_answered() {
    let plain = DeflateConfig::default;
    let fresh = || plain().with_server_no_context_takeover().with_client_no_context_takeover();
    let small = || plain().with_server_max_window_bits(bits(10)).with_client_max_window_bits(bits(9));
    #[rustfmt::skip]
    let table: [(&str, DeflateConfig, &str, Option<&str>); 46] = [
        // name                         server    offer                                                    answer
        ("nothing asked",               plain(),  "permessage-deflate",                                    Some("permessage-deflate")),                                   //= rfc7692#7.1-1
        ("another extension",           plain(),  "permessage-bzip2",                                      None),
        ("unknown parameter",           plain(),  "permessage-deflate; level=9",                           None),                                                         //= rfc7692#5.1-1, rfc6455#9.1-4, rfc6455#9-2
        ("unknown flag",                plain(),  "permessage-deflate; fast",                              None),                                                         //= rfc7692#5.1-1
        ("flag with a value",           plain(),  "permessage-deflate; server_no_context_takeover=1",      None),                                                         //= rfc7692#5.1-3, rfc7692#7.1.1.1-1
        ("the other with a value",      plain(),  "permessage-deflate; client_no_context_takeover=true",   None),                                                         //= rfc7692#5.1-3, rfc7692#7.1.1.2-1
        ("a flag twice",                plain(),  "permessage-deflate; server_no_context_takeover; server_no_context_takeover", None),                                    //= rfc7692#5.1-5
        ("a window twice",              plain(),  "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", None),                                      //= rfc7692#5.1-5
        ("the other twice",             plain(),  "permessage-deflate; client_max_window_bits; client_max_window_bits=9", None),                                          //= rfc7692#5.1-5
        ("no value",                    plain(),  "permessage-deflate; server_max_window_bits",            None),                                                         //= rfc7692#5.1-3, rfc7692#7.1.2.1-1
        ("0",                           plain(),  "permessage-deflate; server_max_window_bits=0",          None),                                                         //= rfc7692#7.1.2-1, rfc7692#5.1-3
        ("7",                           plain(),  "permessage-deflate; server_max_window_bits=7",          None),                                                         //= rfc7692#7.1.2-1
        ("8",                           plain(),  "permessage-deflate; server_max_window_bits=8",          Some("permessage-deflate; server_max_window_bits=8")),         //= rfc7692#7.1.2-1, rfc7692#7.1.2.1-2
        ("15",                          plain(),  "permessage-deflate; server_max_window_bits=15",         Some("permessage-deflate; server_max_window_bits=15")),        //= rfc7692#7.1.2-1, rfc7692#7.1.2.1-2
        ("16",                          plain(),  "permessage-deflate; server_max_window_bits=16",         None),                                                         //= rfc7692#7.1.2-1
        ("08",                          plain(),  "permessage-deflate; server_max_window_bits=08",         None),                                                         //= rfc7692#7.1.2-1
        ("010",                         plain(),  "permessage-deflate; server_max_window_bits=010",        None),                                                         //= rfc7692#7.1.2-1
        ("+9",                          plain(),  "permessage-deflate; server_max_window_bits=+9",         None),                                                         //= rfc7692#7.1.2-1
        ("1_0",                         plain(),  "permessage-deflate; server_max_window_bits=1_0",        None),                                                         //= rfc7692#7.1.2-1
        ("a word",                      plain(),  "permessage-deflate; server_max_window_bits=abc",        None),                                                         //= rfc7692#7.1.2-1
        ("huge",                        plain(),  "permessage-deflate; server_max_window_bits=99999999999", None),                                                        //= rfc7692#7.1.2-1
        ("quoted",                      plain(),  "permessage-deflate; server_max_window_bits=\"10\"",     Some("permessage-deflate; server_max_window_bits=10")),        //= rfc6455#4.3-1
        ("escaped",                     plain(),  "permessage-deflate; server_max_window_bits=\"1\\0\"",   Some("permessage-deflate; server_max_window_bits=10")),        //= rfc6455#4.3-1
        ("client: 7",                   plain(),  "permessage-deflate; client_max_window_bits=7",          None),                                                         //= rfc7692#7.1.2-1
        ("client: 16",                  plain(),  "permessage-deflate; client_max_window_bits=16",         None),                                                         //= rfc7692#7.1.2-1
        ("client: 08",                  plain(),  "permessage-deflate; client_max_window_bits=08",         None),                                                         //= rfc7692#7.1.2-1
        ("client: no value",            plain(),  "permessage-deflate; client_max_window_bits",            Some("permessage-deflate")),                                   //= rfc7692#7.1.2.2-1
        ("client: no value, small",     small(),  "permessage-deflate; client_max_window_bits",            Some("permessage-deflate; server_max_window_bits=10; client_max_window_bits=9")), //= rfc7692#7.1.2.2-1, rfc7692#7.1.2.2-3
        ("client: 12",                  plain(),  "permessage-deflate; client_max_window_bits=12",         Some("permessage-deflate; client_max_window_bits=12")),        //= rfc7692#7.1.2.2-1, rfc7692#7.1.2.2-3
        ("client: 8, small",            small(),  "permessage-deflate; client_max_window_bits=8",          Some("permessage-deflate; server_max_window_bits=10; client_max_window_bits=8")), //= rfc7692#7.1.2.2-3
        ("client: 12, small",           small(),  "permessage-deflate; client_max_window_bits=12",         Some("permessage-deflate; server_max_window_bits=10; client_max_window_bits=9")), //= rfc7692#7.1.2.2-3
        ("client: can't be told",       small(),  "permessage-deflate",                                    Some("permessage-deflate; server_max_window_bits=10")),        //= rfc7692#7.1.2.2-2, rfc7692#7.1.2.1-5
        ("server: 12, small",           small(),  "permessage-deflate; server_max_window_bits=12",         Some("permessage-deflate; server_max_window_bits=10")),        //= rfc7692#7.1.2.1-2
        ("server: 9, small",            small(),  "permessage-deflate; server_max_window_bits=9",          Some("permessage-deflate; server_max_window_bits=9")),         //= rfc7692#7.1.2.1-2
        ("fresh windows asked",         plain(),  "permessage-deflate; server_no_context_takeover",        Some("permessage-deflate; server_no_context_takeover")),       //= rfc7692#7.1.1.1-2
        ("of the client",               plain(),  "permessage-deflate; client_no_context_takeover",        Some("permessage-deflate; client_no_context_takeover")),
        ("given unasked",               fresh(),  "permessage-deflate",                                    Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover")), //= rfc7692#7.1.1.1-4, rfc7692#7.1.1.2-3
        ("asked and wanted",            fresh(),  "permessage-deflate; server_no_context_takeover; client_no_context_takeover", Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover")),
        ("any order",                   plain(),  "permessage-deflate; client_no_context_takeover; server_no_context_takeover", Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover")),
        ("names in another case",       plain(),  "permessage-deflate; SERVER_NO_CONTEXT_TAKEOVER",        None),                                                         //= rfc7692#5.1-1
        ("a bad one beside a good one", plain(),  "permessage-deflate; server_max_window_bits=10; x",      None),                                                         //= rfc7692#5.1-1
        ("the second offer",            plain(),  "permessage-deflate; x, permessage-deflate",             Some("permessage-deflate")),                                   //= rfc7692#5-2
        ("the third",                   plain(),  "permessage-deflate; x, permessage-deflate; y, permessage-deflate; server_max_window_bits=9", Some("permessage-deflate; server_max_window_bits=9")), //= rfc7692#5-2
        ("the first of two",            plain(),  "permessage-deflate; server_max_window_bits=9, permessage-deflate", Some("permessage-deflate; server_max_window_bits=9")), //= rfc7692#5-2, rfc7692#5-3
        ("beside another extension",    plain(),  "foo, permessage-deflate; client_no_context_takeover",   Some("permessage-deflate; client_no_context_takeover")),
        ("no good one",                 plain(),  "permessage-deflate; x, permessage-deflate; server_max_window_bits=16", None),                                          //= rfc7692#5-3
    ];
    for (name, config, offer, expected) in table {
        assert_eq!(answer(&config, offer).as_deref(), expected, "{name}");
        let configs: [Arc<dyn ExtensionConfig>; 1] = [Arc::new(config)];
        let (elements, pipeline) = respond(&configs, &[offer]).expect("the offer keeps the grammar");
        assert_eq!(elements.first().map(String::as_str), expected, "{name}, among several extensions");
        assert_eq!(
            pipeline.names().collect::<Vec<_>>(),
            expected.map_or(&[][..], |_| &["permessage-deflate"]),
            "{name}"
        );
    }
}

#[test]
fn an_answer_is_judged() {
    let plain = DeflateConfig::default;
    let fresh = || plain().with_server_no_context_takeover();
    let small = || plain().with_server_max_window_bits(bits(10)).with_client_max_window_bits(bits(9));
    let default = DeflateParams::default();
    #[rustfmt::skip]
    let table: [(&str, DeflateConfig, &str, Option<DeflateParams>); 27] = [
        // name                      client    answer
        // agreed
        ("declined",                 plain(),  "",                                                                      None),
        ("as it is",                 plain(),  "permessage-deflate",                                                    Some(default)),                                                                        //= rfc7692#7.1-1
        ("another extension",        plain(),  "permessage-bzip2",                                                      None),                                                                                 //= rfc6455#4.1-40
        ("unknown parameter",        plain(),  "permessage-deflate; x",                                                 None),                                                                                 //= rfc7692#5.1-2, rfc7692#5-1, rfc6455#9.1-4, rfc6455#9-2
        ("a bad value",              plain(),  "permessage-deflate; server_max_window_bits=7",                          None),                                                                                 //= rfc7692#5.1-4, rfc7692#7.1.2-1
        ("a leading zero",           plain(),  "permessage-deflate; server_max_window_bits=08",                         None),                                                                                 //= rfc7692#5.1-4, rfc7692#7.1.2-1
        ("a word",                   plain(),  "permessage-deflate; client_max_window_bits=abc",                        None),                                                                                 //= rfc7692#5.1-4
        ("an empty value",           plain(),  "permessage-deflate; client_max_window_bits=\"\"",                       None),                                                                                 //= rfc6455#9.1-2, rfc6455#4.3-1
        ("a flag with a value",      plain(),  "permessage-deflate; server_no_context_takeover=1",                      None),                                                                                 //= rfc7692#7.1.1.1-1
        ("the other with a value",   plain(),  "permessage-deflate; client_no_context_takeover=1",                      None),                                                                                 //= rfc7692#7.1.1.2-1
        ("twice",                    plain(),  "permessage-deflate; server_no_context_takeover; server_no_context_takeover", None),                                                                            //= rfc7692#5.1-6
        ("a window twice",           plain(),  "permessage-deflate; client_max_window_bits=9; client_max_window_bits=9", None),                                                                                //= rfc7692#5.1-6
        ("the extension twice",      plain(),  "permessage-deflate, permessage-deflate",                                None),                                                                                 //= rfc7692#5-3
        ("no value",                 plain(),  "permessage-deflate; server_max_window_bits",                            None),                                                                                 //= rfc7692#7.1.2.1-1
        ("no value, client",         plain(),  "permessage-deflate; client_max_window_bits",                            None),                                                                                 //= rfc7692#7.1.2.2-3
        ("flag not given",           fresh(),  "permessage-deflate",                                                    None),                                                                                 //= rfc7692#7.1.1.1-2, rfc7692#5.1-8
        ("flag given",               fresh(),  "permessage-deflate; server_no_context_takeover",                        Some(DeflateParams { server_no_context_takeover: true, ..default })),                 //= rfc7692#7.1.1.1-2
        ("flag given unasked",       plain(),  "permessage-deflate; server_no_context_takeover",                        Some(DeflateParams { server_no_context_takeover: true, ..default })),                 //= rfc7692#7.1.1.1-4
        ("told to be fresh",         plain(),  "permessage-deflate; client_no_context_takeover",                        Some(DeflateParams { client_no_context_takeover: true, ..default })),                 //= rfc7692#7.1.1.2-3
        ("window unasked",           plain(),  "permessage-deflate; server_max_window_bits=12",                         Some(DeflateParams { server_max_window_bits: bits(12), ..default })),                 //= rfc7692#7.1.2.1-5
        ("as asked",                 small(),  "permessage-deflate; server_max_window_bits=10",                         Some(DeflateParams { server_max_window_bits: bits(10), client_max_window_bits: bits(9), ..default })), //= rfc7692#7.1.2.1-4
        ("smaller",                  small(),  "permessage-deflate; server_max_window_bits=8",                          Some(DeflateParams { server_max_window_bits: bits(8), client_max_window_bits: bits(9), ..default })),  //= rfc7692#7.1.2.1-4
        ("larger",                   small(),  "permessage-deflate; server_max_window_bits=11",                         None),                                                                                 //= rfc7692#7.1.2.1-4, rfc7692#5.1-8
        ("not told",                 small(),  "permessage-deflate",                                                    None),                                                                                 //= rfc7692#7.1.2.1-4
        ("client: smaller",          plain(),  "permessage-deflate; client_max_window_bits=8",                          Some(DeflateParams { client_max_window_bits: bits(8), ..default })),                  //= rfc7692#7.1.2.2-4
        ("client: larger",           small(),  "permessage-deflate; server_max_window_bits=10; client_max_window_bits=10", None),                                                                              //= rfc7692#7.1.2.2-4
        ("broken grammar",           plain(),  "permessage-deflate; server_max_window_bits=\"10",                       None),                                                                                 //= rfc6455#9.1-1
    ];
    for (name, config, answer, expected) in table {
        assert_eq!(agreed(&config, answer), expected, "{name}");
        if !answer.is_empty() {
            let configs: [Arc<dyn ExtensionConfig>; 1] = [Arc::new(config)];
            let concluded = conclude(&configs, &[answer]);
            assert_eq!(concluded.is_ok(), expected.is_some(), "{name}, among several extensions");
        }
    }
}

/// All combinations of valid parameters are acceptable, so none is ever declined because of the combination.
//= rfc7692#5.1-7, rfc7692#7.1.2.1-3
#[test]
#[cfg_attr(miri, ignore = "exhaustive")]
fn every_combination_is_agreed_to() {
    for number in 0..=u8::MAX {
        let params = DeflateParams {
            server_no_context_takeover: number & 1 != 0,
            client_no_context_takeover: number & 2 != 0,
            server_max_window_bits: bits(8 + number / 4 % 8),
            client_max_window_bits: bits(8 + number / 32),
        };
        let client = DeflateConfig::default().with_params(params);
        let (answer, server) =
            DeflateConfig::default().respond(&client.offer()).expect("the grammar is kept").expect("agreed");
        assert_eq!(server.params(), params, "{answer}");
        assert_eq!(agreed(&client, &answer), Some(params), "{answer}");
    }
}

/// Every library that compresses.
const BACKENDS: &[Backend] = &[
    Backend::Miniz,
    #[cfg(feature = "zlib-rs")]
    Backend::ZlibRs,
];

fn pair(backend: Backend, params: DeflateParams) -> (PermessageDeflate, PermessageDeflate) {
    let config = DeflateConfig::default().with_threshold(0).with_backend(backend);
    (
        PermessageDeflate::new(Role::Server, params, &config),
        PermessageDeflate::new(Role::Client, params, &config),
    )
}

fn compressed(deflate: &mut PermessageDeflate, message: &[u8]) -> Vec<u8> {
    let mut payload = Vec::new();
    assert!(deflate.compress(message, &mut payload).expect("the message can be compressed"), "it shrinks");
    payload
}

fn inflated(deflate: &mut PermessageDeflate, payload: &[u8]) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    deflate.decompress(payload, &mut message, 1 << 20).ok().map(|()| message)
}

#[test]
fn without_context_takeover_each_message_stands_alone() {
    for backend in BACKENDS {
        takeover_with(*backend);
    }
}

fn takeover_with(backend: Backend) {
    let text = b"a sentence that comes again, a sentence that comes again";
    #[rustfmt::skip]
    let table = [
        // name                                     client sends  no takeover  alone
        ("server, context taken over",              false,        false,       false),  //= rfc7692#7.2.3.2-1
        ("server, server_no_context_takeover",      false,        true,        true),   //= rfc7692#7.1.1.1-3
        ("client, context taken over",              true,         false,       false),  //= rfc7692#7.2.3.2-1
        ("client, client_no_context_takeover",      true,         true,        true),   //= rfc7692#7.1.1.2-2
    ];
    for (name, from_client, no_takeover, alone) in table {
        let params = DeflateParams {
            server_no_context_takeover: no_takeover,
            client_no_context_takeover: no_takeover,
            ..DeflateParams::default()
        };
        let (server, client) = pair(backend, params);
        let (mut from, mut to) = if from_client { (client, server) } else { (server, client) };
        let first = compressed(&mut from, text);
        let second = compressed(&mut from, text);
        assert_eq!(inflated(&mut to, &first).as_deref(), Some(&text[..]), "{name}");
        assert_eq!(inflated(&mut to, &second).as_deref(), Some(&text[..]), "{name}");
        let (server, client) = pair(backend, params);
        let mut late = if from_client { server } else { client };
        assert_eq!(inflated(&mut late, &second).as_deref() == Some(&text[..]), alone, "{name}, read alone");
    }
}

/// A match must not reach farther back than the window: the receiver has dropped those bytes.
#[test]
#[cfg_attr(miri, ignore = "much to compress")]
fn no_match_reaches_beyond_the_agreed_window() {
    for backend in BACKENDS {
        matches_with(*backend);
    }
}

fn matches_with(backend: Backend) {
    //= rfc7692#7.1.2.1-3, rfc7692#7.1.2.2-5
    for size in 8..=15 {
        for from_client in [false, true] {
            let params = DeflateParams {
                server_max_window_bits: bits(size),
                client_max_window_bits: bits(size),
                ..DeflateParams::default()
            };
            let (server, client) = pair(backend, params);
            let (mut from, mut to) = if from_client { (client, server) } else { (server, client) };
            let mut state = 1u32;
            let block: Vec<u8> = std::iter::repeat_with(|| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8 & 0x3f
            })
            .take((1 << size) + 40)
            .collect();
            let message = [&block[..], &block[..], &block[..]].concat();
            for _ in 0..3 {
                let payload = compressed(&mut from, &message);
                assert_eq!(inflated(&mut to, &payload), Some(message.clone()), "{size}");
            }
        }
    }
}

//= rfc7692#7.2.1-1, rfc7692#7.2.1-2
#[test]
#[cfg_attr(miri, ignore = "much to compress")]
fn what_is_sent_becomes_a_whole_stream_with_its_tail() {
    for backend in BACKENDS {
        whole_stream_with(*backend);
    }
}

fn whole_stream_with(backend: Backend) {
    for no_takeover in [false, true] {
        let params = DeflateParams { server_no_context_takeover: no_takeover, ..DeflateParams::default() };
        let (mut server, _) = pair(backend, params);
        let (mut stream, mut messages) = (Vec::new(), Vec::new());
        for len in [40, 41, 1000, 40_000, 65_536] {
            let message: Vec<u8> = b"abcdefgh ".iter().copied().cycle().take(len).collect();
            let payload = compressed(&mut server, &message);
            assert!(!payload.ends_with(&[0, 0, 0xff, 0xff]), "{len}: the tail is dropped");
            stream.extend_from_slice(&payload);
            stream.extend_from_slice(&[0, 0, 0xff, 0xff]);
            messages.extend_from_slice(&message);
        }
        // An empty final block ends the stream. If a message had ended in one, this would be trailing garbage.
        stream.extend_from_slice(&[0x03, 0x00]);
        let found = miniz_oxide::inflate::decompress_to_vec(&stream).expect("a stream of raw DEFLATE");
        assert!(found == messages, "no context takeover: {no_takeover}");
    }
}

//= rfc7692#7.2.2-1
#[test]
#[cfg_attr(miri, ignore = "exhaustive")]
fn a_stream_that_does_not_end_at_the_tail_is_refused() {
    for backend in BACKENDS {
        cut_stream_with(*backend);
    }
}

fn cut_stream_with(backend: Backend) {
    let message = b"a message that is cut, a message that is cut";
    let payload = compressed(&mut pair(backend, DeflateParams::default()).0, message);
    for cut in 1..payload.len() {
        let found = inflated(&mut pair(backend, DeflateParams::default()).1, &payload[..cut]);
        assert!(found.is_none_or(|found| found != message), "cut at {cut}");
    }
    assert_eq!(
        inflated(&mut pair(backend, DeflateParams::default()).1, &payload).as_deref(),
        Some(&message[..])
    );
}

/// Makes both ends of a connection that agreed to permessage-deflate.
fn pipelines(backend: Backend) -> (Pipeline, Pipeline) {
    let configs: [Arc<dyn ExtensionConfig>; 1] =
        [Arc::new(DeflateConfig::default().with_threshold(0).with_backend(backend))];
    let offers = offers(&configs).expect("our offer is sound");
    let (answer, server) = respond(&configs, &offers).expect("and understood");
    (server, conclude(&configs, &answer).expect("and so is the answer"))
}

/// Passes a frame to a pipeline, and appends the output.
fn receive(
    pipeline: &mut Pipeline,
    header: FrameHeader,
    payload: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), ()> {
    if pipeline.inbound_header(&header).map_err(drop)? == Handling::Pass {
        out.extend_from_slice(payload);
        return Ok(());
    }
    let mut pulled = pipeline.feed(payload, FrameEnd::Reached, &mut Output::new(out, 64)).map_err(drop)?;
    while pulled == Pulled::More {
        pulled = pipeline.pull(&mut Output::new(out, 64)).map_err(drop)?;
    }
    Ok(())
}

#[test]
#[cfg_attr(miri, ignore = "exhaustive")]
fn a_message_is_one_stream_however_it_is_cut() {
    for backend in BACKENDS {
        cut_message_with(*backend);
    }
}

fn cut_message_with(backend: Backend) {
    let message: Vec<u8> = b"one message, many fragments; ".iter().copied().cycle().take(3000).collect();
    let payload = compressed(&mut pair(backend, DeflateParams::default()).0, &message);
    for cut in 0..=payload.len() {
        let (front, back) = payload.split_at(cut);
        let (_, mut client) = pipelines(backend);
        let mut found = Vec::new();
        let first = FrameHeader::new(Opcode::Binary, front.len() as u64).unfinished().with_rsv(Rsv::RSV1);
        let last = FrameHeader::new(Opcode::Continuation, back.len() as u64);
        receive(&mut client, first, front, &mut found).expect("the stream is sound");
        //= rfc7692#6.1-1, rfc7692#6.2-1
        receive(&mut client, FrameHeader::new(Opcode::Ping, 2), b"hi", &mut Vec::new())
            .expect("a Ping passes");
        receive(&mut client, last, back, &mut found).expect("the stream is sound");
        assert!(found == message, "cut at {cut}");
    }
}

#[test]
fn d7_the_bit_stands_on_the_first_fragment_only() {
    #[rustfmt::skip]
    let table = [
        // name                    header                                                               accepted
        ("on a continuation",      FrameHeader::new(Opcode::Continuation, 1).with_rsv(Rsv::RSV1),       false),  //= rfc7692#6-1
        ("not on a continuation",  FrameHeader::new(Opcode::Continuation, 1),                           true),   //= rfc7692#6-1
        ("on a Ping",              FrameHeader::new(Opcode::Ping, 1).with_rsv(Rsv::RSV1),               false),  //= rfc7692#6-2
        ("on a Pong",              FrameHeader::new(Opcode::Pong, 1).with_rsv(Rsv::RSV1),               false),  //= rfc7692#6-2
        ("on a Close",             FrameHeader::new(Opcode::Close, 2).with_rsv(Rsv::RSV1),              false),  //= rfc7692#6-2
        ("another bit",            FrameHeader::new(Opcode::Continuation, 1).with_rsv(Rsv::RSV2),       false),
    ];
    for (name, header, accepted) in table {
        let (mut server, _) = pipelines(Backend::default());
        let first = FrameHeader::new(Opcode::Text, 7).unfinished().with_rsv(Rsv::RSV1);
        receive(&mut server, first, b"\xf2\x48\xcd\xc9\xc9\x07\x00", &mut Vec::new()).expect("sound");
        assert_eq!(server.inbound_header(&header).is_ok(), accepted, "{name}");
    }
}

//= rfc7692#6-3
#[test]
fn d18_an_uncompressed_message_leaves_the_window_as_it_is() {
    let (_, mut client) = pipelines(Backend::default());
    let mut found = Vec::new();
    let compressed = |len| FrameHeader::new(Opcode::Text, len).with_rsv(Rsv::RSV1);
    receive(&mut client, compressed(7), b"\xf2\x48\xcd\xc9\xc9\x07\x00", &mut found).expect("sound");
    receive(&mut client, FrameHeader::new(Opcode::Text, 1), b" ", &mut found).expect("sound");
    receive(&mut client, compressed(5), b"\xf2\x00\x11\x00\x00", &mut found).expect("sound");
    assert_eq!(found, b"Hello Hello");
}
