//! Every limit of the guide's table: the largest allowed value passes, one more is refused by name, and the peer is
//! told.

use core::num::NonZeroU32;

use wsproto::extensions::deflate::DeflateConfig;
use wsproto::extensions::{ExtensionError, GrammarError, NegotiationError, Refusal};
use wsproto::{
    BytesMessage, CloseCode, Config, Connection, Event, HandshakeLimits, RemoteProtocolError, Request, Role,
};
use wsproto_frame::{FrameError, FrameHeader, Opcode};
use wsproto_handshake::{HeadError, RequestError, ResponseError};

use crate::pair::{ANSWER, REQUEST, claim_to, deflating, feed, frame_to, last, more, open, settled};
use crate::ways::{Joining, Reader, WAYS};

/// The stage in which a limit applies.
#[derive(Clone, Copy)]
pub(crate) enum At {
    Open(Role),
    Request,
    Response,
}

impl At {
    pub(crate) fn connection(self, config: &Config) -> Connection {
        match self {
            Self::Open(role) => open(role, config),
            Self::Request => Connection::server(config.clone()),
            Self::Response => {
                let mut client = Connection::client_with_entropy(config.clone(), settled);
                client.send(Request::new("server.example.com", "/chat"), &mut Vec::new()).unwrap();
                client
            }
        }
    }
}

/// Returns the answer to the peer: a close code, a status, or 0 for none.
fn answer(error: &RemoteProtocolError) -> u16 {
    match error.event_hint() {
        Some(Event::CloseConnection(close)) => close.code.get(),
        Some(Event::RejectConnection(reject)) => reject.status,
        _ => 0,
    }
}

/// Returns a compressed message of zeros for a server.
fn zeros(len: usize) -> Vec<u8> {
    let mut wire = Vec::new();
    open(Role::Client, &deflating()).send(BytesMessage::new(vec![0; len]), &mut wire).unwrap();
    wire
}

/// Returns a head with more lines before its end.
fn with_lines(head: &[u8], lines: &str) -> Vec<u8> {
    [&head[..head.len() - 2], lines.as_bytes(), b"\r\n"].concat()
}

fn status(start: &str, rest: &str) -> Vec<u8> {
    format!("HTTP/1.1 {start}\r\n{rest}\r\n").into_bytes()
}

#[test]
fn f2_f13_f14_f15_f19_f20_h1_h2_k5_k6_k13_d2_d8_d9_both_sides_of_each_limit() {
    let head = |limits| Config::default().with_handshake(limits);
    let limits = HandshakeLimits::default;
    let ratio = DeflateConfig::default().with_threshold(0).with_max_ratio(NonZeroU32::MIN);
    // With a ratio of 1: 64 KiB, and as many bytes as the compressed payload has.
    let squeezed = |len| FrameHeader::parse(&zeros(len)).unwrap().unwrap().0.payload_len;
    let most = (65_536..66_000).take_while(|len| (len - 65_536) as u64 <= squeezed(*len)).last().unwrap();
    let frames = |frames: &[(FrameHeader, &str)]| -> Vec<u8> {
        let frames =
            frames.iter().map(|(header, payload)| frame_to(Role::Server, *header, payload.as_bytes()));
        frames.collect::<Vec<_>>().concat()
    };
    let (first, next, end) = (more(Opcode::Text), more(Opcode::Continuation), last(Opcode::Continuation));
    let (ping, unasked, text) = (last(Opcode::Ping), last(Opcode::Pong), last(Opcode::Text));
    let claim = |len| claim_to(Role::Server, FrameHeader { payload_len: len, ..last(Opcode::Binary) });
    let extensions =
        |count| with_lines(REQUEST, &format!("Sec-WebSocket-Extensions: {}\r\n", vec!["x"; count].join(",")));
    let params =
        |count| with_lines(REQUEST, &format!("Sec-WebSocket-Extensions: x{}\r\n", ";y".repeat(count)));
    let (request, response) =
        (|error| RequestError::from(error).into(), |error| ResponseError::Head(error).into());
    let expands = Refusal::new(CloseCode::MESSAGE_TOO_BIG, "a message expands beyond the allowed ratio");
    let grammar = |error| RemoteProtocolError::Negotiation {
        received_by: Role::Server,
        error: NegotiationError::Grammar(error),
    };
    let long_path =
        |len: usize| String::from_utf8_lossy(REQUEST).replace("/chat", &"/".repeat(len)).into_bytes();
    let interim = |count: usize| [status("103 Early Hints", "").repeat(count), ANSWER.to_vec()].concat();
    let body = |len: usize| {
        [status("404 Not Found", &format!("Content-Length: {len}\r\n")), vec![b'x'; len]].concat()
    };
    let chunk = |len: usize| {
        [
            status("404 Not Found", "Transfer-Encoding: chunked\r\n"),
            format!("{len:x}\r\n").into(),
            vec![b'x'; len],
        ]
        .concat()
    };
    let trailer = |len: usize| {
        let field = format!("0\r\nA: {}\r\n\r\n", "b".repeat(len - 7));
        [status("404 Not Found", "Transfer-Encoding: chunked\r\n"), field.into()].concat()
    };
    let server = At::Open(Role::Server);

    #[rustfmt::skip]
    let table: [(&str, At, Config, Vec<u8>, Vec<u8>, RemoteProtocolError, u16); 22] = [
        // limit                where         configuration
        // allowed                          beyond                              error
        // answer
        ("head",                At::Request,  head(limits().with_max_head_len(REQUEST.len() as u64)),                    REQUEST.to_vec(),                long_path(6),                       request(HeadError::TooLong { limit: REQUEST.len() as u64 }), 431),
        ("header fields",       At::Request,  head(limits().with_max_headers(6)),                                 with_lines(REQUEST, "A: b\r\n"), with_lines(REQUEST, "A: b\r\nA: b\r\n"), request(HeadError::TooManyHeaders { limit: 6 }), 431),
        ("target",              At::Request,  head(limits().with_max_target_len(9)),                              long_path(9),                    long_path(10),                      RequestError::TargetTooLong { limit: 9 }.into(),           414),
        ("items of a list",     At::Request,  head(limits().with_max_list_items(3)),                              with_lines(REQUEST, "Sec-WebSocket-Protocol: a,b,c\r\n"), with_lines(REQUEST, "Sec-WebSocket-Protocol: a,b,c,d\r\n"), request(HeadError::TooManyItems { limit: 3 }), 431),
        ("offers",              At::Request,  Config::default(),                                                  extensions(16),                  extensions(17),                     grammar(GrammarError::TooManyExtensions),                  400),
        ("parameters",          At::Request,  Config::default(),                                                  params(16),                      params(17),                         grammar(GrammarError::TooManyParams),                      400),
        ("head, response",      At::Response, head(limits().with_max_head_len(ANSWER.len() as u64)),                     ANSWER.to_vec(),                 with_lines(ANSWER, "A: b\r\n"),     response(HeadError::TooLong { limit: ANSWER.len() as u64 }), 0),
        ("fields, response",    At::Response, head(limits().with_max_headers(4)),                                 with_lines(ANSWER, "A: b\r\n"),  with_lines(ANSWER, "A: b\r\nA: b\r\n"), response(HeadError::TooManyHeaders { limit: 4 }), 0),
        ("interim responses",   At::Response, head(limits().with_max_interim_responses(2)),                       interim(2),                      interim(3),                         ResponseError::TooManyInterimResponses { limit: 2 }.into(), 0),
        ("body, by length",     At::Response, head(limits().with_max_reject_body(9)),                             body(9),                         body(10),                           ResponseError::BodyTooLong { limit: 9 }.into(),            0),
        ("body, in chunks",     At::Response, head(limits().with_max_reject_body(9)),                             chunk(9),                        chunk(10),                          ResponseError::BodyTooLong { limit: 9 }.into(),            0),
        ("trailer",             At::Response, head(limits().with_max_head_len(60)),                               trailer(60),                     trailer(61),                        ResponseError::TrailerTooLong { limit: 60 }.into(),        0),
        ("frame",               server,       Config::default().with_max_frame_len(70_000),                       claim(70_000),                   claim(70_001),                      FrameError::FrameTooLong { limit: 70_000 }.into(),         1009),
        ("message, wire",       server,       Config::default().with_max_message_len(8),                          frames(&[(first, "12345"), (end, "678")]), frames(&[(first, "12345"), (end, "6789")]), RemoteProtocolError::MessageTooLong { limit: 8 }, 1009),
        ("message, one frame",  server,       Config::default().with_max_message_len(8),                          claim(8),                        claim(9),                           RemoteProtocolError::MessageTooLong { limit: 8 },          1009),
        ("message, inflated",   server,       deflating().with_max_message_len(100_000),                          zeros(100_000),                  zeros(100_001),                     RemoteProtocolError::MessageTooLong { limit: 100_000 },    1009),
        ("ratio",               server,       Config::default().with_extension(ratio),                            zeros(most),                     zeros(most + 1),                    ExtensionError::from(expands).into(),                                                     1009),
        ("fragments",           server,       Config::default().with_max_fragments(2),                            frames(&[(first, ""), (end, "a"), (first, "b"), (end, "")]), frames(&[(first, "a"), (next, "b"), (end, "c")]), RemoteProtocolError::TooManyFragments { limit: 2 }, 1008),
        ("empty fragments",     server,       Config::default().with_max_empty_fragments(2),                      frames(&[(first, ""), (next, ""), (next, "a"), (next, ""), (end, ""), (text, ""), (first, ""), (end, "")]), frames(&[(first, "a"), (next, ""), (next, ""), (end, "")]), RemoteProtocolError::TooManyEmptyFragments { limit: 2 }, 1008),
        ("control frames",      server,       Config::default().with_max_control_frames(2),                       frames(&[(ping, ""), (unasked, ""), (text, ""), (unasked, "a"), (ping, "b"), (first, ""), (ping, ""), (ping, ""), (end, "")]), frames(&[(first, ""), (ping, ""), (unasked, ""), (unasked, "")]), RemoteProtocolError::TooManyControlFrames { limit: 2 }, 1008),
        ("control, no message", server,       Config::default().with_max_control_frames(0),                       frames(&[(text, ""), (last(Opcode::Close), "")]), frames(&[(unasked, "")]), RemoteProtocolError::TooManyControlFrames { limit: 0 },   1008),
        ("control, by a client", At::Open(Role::Client), Config::default().with_max_control_frames(1),            b"\x89\x00\x81\x00\x8a\x00".to_vec(), b"\x89\x00\x89\x00".to_vec(),  RemoteProtocolError::TooManyControlFrames { limit: 1 },    1008),
    ];
    for (name, at, config, allowed, beyond, error, told) in table {
        for read in [usize::MAX, 1, 7] {
            let parts = |bytes: &[u8]| read.min(bytes.len());
            let (_, end) = feed(&mut at.connection(&config), allowed.chunks(parts(&allowed)));
            assert_eq!(end, Ok(()), "{name}, what is allowed, reads of {read}");
            let (_, end) = feed(&mut at.connection(&config), beyond.chunks(parts(&beyond)));
            assert_eq!(end, Err(error.clone()), "{name}, one more, reads of {read}");
        }
        assert_eq!(answer(&error), told, "{name}");
    }
}

/// Only the limit on messages decides how long they may be, in one frame or in many. The limits on frames are named
/// only if they are lower.
#[test]
fn f2_f13_f15_limits_on_frames_follow_that_on_messages() {
    const MIB: u64 = 1 << 20;
    let config = Config::default;
    let message = |limit| Some(RemoteProtocolError::MessageTooLong { limit });
    let frame = |limit| Some(FrameError::FrameTooLong { limit }.into());
    let fragments = |limit| Some(RemoteProtocolError::TooManyFragments { limit });
    let first = |len| vec![(more(Opcode::Binary), len)];
    let whole = |len| vec![(last(Opcode::Binary), len)];
    let tiny = |count| -> Vec<(FrameHeader, u64)> {
        let next = (1..count).map(|_| (more(Opcode::Continuation), 1));
        std::iter::once((more(Opcode::Binary), 1)).chain(next).collect()
    };
    #[rustfmt::skip]
    let table: [(&str, Config, Vec<(FrameHeader, u64)>, Option<RemoteProtocolError>); 25] = [
        // what comes                     configuration                                                  lengths
        // error
        ("the longest by default",        config(),                                                      whole(64 * MIB),         None),
        ("one more",                      config(),                                                      whole(64 * MIB + 1),     message(64 * MIB)),
        ("the longest first frame",       config(),                                                      first(64 * MIB),         None),
        ("one more",                      config(),                                                      first(64 * MIB + 1),     message(64 * MIB)),
        ("the longest, raised",           config().with_max_message_len(100 * MIB),                      whole(100 * MIB),        None),
        ("one more",                      config().with_max_message_len(100 * MIB),                      whole(100 * MIB + 1),    message(100 * MIB)),
        ("no limit",                      config().with_max_message_len(u64::MAX),                       whole(u64::MAX >> 1),    None),
        ("the longest, lowered",          config().with_max_message_len(10),                             whole(10),               None),
        ("one more",                      config().with_max_message_len(10),                             whole(11),               message(10)),
        ("no message, but an empty one",  config().with_max_message_len(0),                              whole(0),                None),
        ("one byte",                      config().with_max_message_len(0),                              whole(1),                message(0)),
        ("the longest frame",             config().with_max_frame_len(10),                               first(10),               None),
        ("one more",                      config().with_max_frame_len(10),                               first(11),               frame(10)),
        ("frame below message",           config().with_max_frame_len(10).with_max_message_len(20),      whole(11),               frame(10)),
        ("frame above message",           config().with_max_frame_len(20).with_max_message_len(10),      whole(11),               message(10)),
        ("frame as message",              config().with_max_frame_len(10).with_max_message_len(10),      whole(11),               frame(10)),
        ("frame raised, message not",     config().with_max_frame_len(100 * MIB),                        whole(64 * MIB + 1),     message(64 * MIB)),
        ("fragments by default",          config(),                                                      tiny(131_072),           None),
        ("one more",                      config(),                                                      tiny(131_073),           fragments(131_072)),
        ("fragments, message lowered",    config().with_max_message_len(200_000),                        tiny(131_072),           None),
        ("one more",                      config().with_max_message_len(200_000),                        tiny(131_073),           fragments(131_072)),
        ("fragments, message raised",     config().with_max_message_len(64 * MIB + 512),                 tiny(131_073),           None),
        ("one more",                      config().with_max_message_len(64 * MIB + 1023),                tiny(131_074),           fragments(131_073)),
        ("fragments, no limit",           config().with_max_message_len(u64::MAX),                       tiny(300_000),           None),
        ("fragments, set",                config().with_max_message_len(u64::MAX).with_max_fragments(2), tiny(3),                 fragments(2)),
    ];
    for role in [Role::Server, Role::Client] {
        for (name, config, frames, error) in &table {
            let mut connection = open(role, config);
            let mut end = Ok(());
            for (header, payload_len) in frames {
                let mut bytes = claim_to(role, FrameHeader { payload_len: *payload_len, ..*header });
                // Only the header of a long payload comes.
                bytes.resize(bytes.len() + usize::from(*payload_len == 1), 0);
                end = end.and(feed(&mut connection, [&bytes[..]]).1);
            }
            assert_eq!(end.err(), *error, "{role:?}, {name}");
        }
    }
}

#[test]
fn f15_both_sides_of_the_limit_of_joined_messages() {
    for (end, verdict) in [("678", Ok(())), ("6789", Err(RemoteProtocolError::MessageTooLong { limit: 8 }))] {
        for (role, way) in
            [Role::Server, Role::Client].into_iter().flat_map(|role| WAYS.map(|way| (role, way)))
        {
            let mut connection = open(role, &Config::default().with_max_message_len(8));
            let (mut reader, mut joining) = (Reader::new(way), Joining::default());
            let start = frame_to(role, more(Opcode::Text), b"12345");
            assert_eq!(reader.read(&mut connection, &start, |_, event| joining.push(event)), Ok(()));
            let rest = frame_to(role, last(Opcode::Continuation), end.as_bytes());
            let outcome = reader.read(&mut connection, &rest, |_, event| joining.push(event));
            assert_eq!(outcome, verdict, "{end}, {role:?}, {way:?}");
            assert_eq!(joining.events.len(), usize::from(verdict.is_ok()), "{end}, {role:?}, {way:?}");
        }
    }
}

//= rfc6455#10.4-2
#[test]
fn the_defaults_are_those_of_the_guide() {
    let (config, deflate) = (Config::default(), DeflateConfig::default());
    assert_eq!((config.max_frame_len, config.max_message_len), (None, 64 << 20));
    assert_eq!((config.max_fragments, config.max_empty_fragments), (None, 1024));
    assert_eq!((config.max_control_frames, deflate.max_ratio), (16_777_216, None));
    let handshake = config.handshake;
    assert_eq!(
        (handshake.max_head_len, handshake.max_headers, handshake.max_target_len),
        (16_384, 100, 8192)
    );
    assert_eq!((handshake.max_interim_responses, handshake.max_reject_body), (8, 65_536));
    assert_eq!(handshake.max_list_items, 100);
}
