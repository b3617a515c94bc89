//! Violations of a hostile peer: the error, the bytes of the answer, and that nothing is received afterwards.

use wsproto::extensions::{ExtensionError, Refusal};
use wsproto::{
    AcceptConnection, CloseCode, CloseConnection, Config, Connection, ConnectionState, Event,
    LocalProtocolError, Ping, RemoteProtocolError, Request, Role, TextMessage, Transport,
};
use wsproto_frame::{FrameError, FrameHeader, Opcode, Rsv};
use wsproto_handshake::{HeadError, RequestError, ResponseError};

use crate::pair::{REQUEST, claim_to, compressed, deflating, feed, frame_to, last, more, open, settled};

const ROLES: [Role; 2] = [Role::Server, Role::Client];

/// Returns the Close that answers an error, as `role` sends it with a known masking key.
fn close_on_the_wire(role: Role, code: CloseCode, reason: &str) -> Vec<u8> {
    let mut out = Vec::new();
    open(role, &Config::default()).send(CloseConnection::new(code).with_reason(reason), &mut out).unwrap();
    out
}

/// Breaks a rule and checks all consequences.
fn assert_fails(
    name: &str,
    fresh: impl Fn() -> Connection,
    bytes: &[u8],
    error: impl Into<RemoteProtocolError>,
    code: u16,
) {
    let error = error.into();
    for read in [usize::MAX, 1] {
        let mut connection = fresh();
        let role = connection.role();
        let (_, end) = feed(&mut connection, bytes.chunks(read.min(bytes.len())));
        assert_eq!(end, Err(error.clone()), "{name}, {role:?}, reads of {read}");
        assert_eq!(connection.state(), ConnectionState::RemoteClosing, "{name}");

        let Some(Event::CloseConnection(hint)) = error.event_hint() else {
            panic!("{name}: no Close is hinted at")
        };
        assert_eq!(hint.code.get(), code, "{name}");
        assert!(!hint.reason.is_empty() && hint.reason.len() <= 123, "{name}: {}", &*hint.reason);
        let mut out = Vec::new();
        assert_eq!(
            connection.send(TextMessage::new("x"), &mut out),
            Err(wrong(ConnectionState::RemoteClosing)),
            "{name}"
        );
        connection.reply_to_error(&error, &mut out).unwrap();
        assert_eq!(out, close_on_the_wire(role, hint.code, &hint.reason), "{name}, {role:?}");
        let after = (connection.state(), connection.transport());
        assert_eq!(after, (ConnectionState::Closed, Transport::ShutdownWrite), "{name}, {role:?}");

        let told = out.clone();
        connection.reply_to_error(&error, &mut out).unwrap();
        assert_eq!(out, told, "{name}: the answer is sent twice");
        let (events, again) = feed(&mut connection, [&frame_to(role, last(Opcode::Text), b"x")[..]]);
        assert_eq!((events, again), (Vec::new(), Err(error.clone())), "{name}");
        let abnormal = CloseConnection::new(CloseCode::ABNORMAL).into();
        assert_eq!(connection.receive_eof(), Ok(Some(abnormal)), "{name}: no Close has come");
        assert_eq!((connection.receive_eof(), connection.closed_cleanly()), (Ok(None), false), "{name}");
        assert_eq!(
            (connection.failure(), connection.transport()),
            (Some(&error), Transport::Close),
            "{name}"
        );
    }
}

const fn wrong(state: ConnectionState) -> LocalProtocolError {
    LocalProtocolError::WrongState(state)
}

#[test]
fn f1_f2_f5_f6_f7_f8_f9_f10_f11_what_the_peer_is_told() {
    for role in ROLES {
        let mask = if role == Role::Server { 0x80 } else { 0 };
        let header = |first: u8, second: u8| vec![first, second | mask];
        let long = |first: u8, second: u8, len: &[u8]| [&[first, second | mask], len].concat();
        let zero = |header: FrameHeader| frame_to(role, header, b"");
        let over = FrameHeader { payload_len: (64 << 20) + 1, ..last(Opcode::Binary) };
        let limit = 64 << 20;
        #[rustfmt::skip]
        let table = [
            // name                       bytes                                                       error
            // code
            ("top bit of the length",     long(0x82, 127, &[0x80]),                                   FrameError::LengthTopBit,               1002),
            ("longer than the limit",     claim_to(role, over),                                       FrameError::MessageTooLong { limit },   1009),
            ("16 bits where 7 do",        long(0x82, 126, &[0, 125]),                                 FrameError::LengthNotMinimal,           1002),
            ("64 bits where 16 do",       long(0x82, 127, &[0, 0, 0, 0, 0, 0, 0xff, 0xff]),           FrameError::LengthNotMinimal,           1002),
            ("control frame of 126",      header(0x89, 126),                                          FrameError::ControlTooLong,             1002),
            ("fragmented control frame",  header(0x09, 0),                                            FrameError::ControlFragmented,          1002),
            ("opcode 3",                  header(0x83, 0),                                            FrameError::ReservedOpcode(3),          1002),
            ("opcode f",                  header(0x8f, 0),                                            FrameError::ReservedOpcode(15),         1002),
            ("RSV1",                      zero(last(Opcode::Text).with_rsv(Rsv::RSV1)),               FrameError::ReservedBits(Rsv::RSV1),    1002),
            ("RSV3 on a Ping",            zero(last(Opcode::Ping).with_rsv(Rsv::RSV3)),               FrameError::ReservedBits(Rsv::RSV3),    1002),
            ("the other side's masking",  vec![0x81, 0x80 ^ mask],                                    if role == Role::Server { FrameError::NotMasked } else { FrameError::Masked }, 1002),
            ("continuation of nothing",   zero(last(Opcode::Continuation)),                           FrameError::ContinuationWithoutMessage, 1002),
            ("message in a message",      [zero(more(Opcode::Text)), zero(last(Opcode::Text))].concat(), FrameError::MessageInterrupted,      1002),
            ("after a whole message",     [zero(last(Opcode::Text)), zero(more(Opcode::Continuation))].concat(), FrameError::ContinuationWithoutMessage, 1002),
        ];
        for (name, bytes, error, code) in table {
            assert_fails(name, || open(role, &Config::default()), &bytes, error, code);
            if !name.starts_with("RSV1") {
                assert_fails(name, || open(role, &deflating()), &bytes, error, code);
            }
        }
    }
}

#[test]
fn f2_f13_f15_limits_of_messages() {
    let config = Config::default().with_max_message_len(10).with_max_fragments(2);
    let (long, many) = (
        RemoteProtocolError::MessageTooLong { limit: 10 },
        RemoteProtocolError::TooManyFragments { limit: 2 },
    );
    for role in ROLES {
        let part = |header: FrameHeader, len: usize| frame_to(role, header, &vec![b'x'; len]);
        let claim =
            |header: FrameHeader, payload_len: u64| claim_to(role, FrameHeader { payload_len, ..header });
        let (first, next, end) = (more(Opcode::Text), more(Opcode::Continuation), last(Opcode::Continuation));
        #[rustfmt::skip]
        let table = [
            // name                        bytes                                                          error
            // code
            ("10 bytes",                   part(last(Opcode::Text), 10),                                  None,         0),
            ("11 claimed",                 claim(last(Opcode::Text), 11),                                 Some(long.clone()),   1009),
            ("4 and 6",                    [part(first, 4), part(end, 6)].concat(),                       None,         0),
            ("4 and 7 claimed",            [part(first, 4), claim(end, 7)].concat(),                      Some(long.clone()),   1009),
            ("10, then 10",                [part(last(Opcode::Text), 10), part(last(Opcode::Binary), 10)].concat(), None, 0),
            ("a claim near the end of 64 bits", [part(first, 4), claim(end, (1 << 63) - 1)].concat(),     Some(long.clone()),   1009),
            ("2 fragments",                [part(first, 0), part(end, 0)].concat(),                       None,         0),
            ("3 fragments",                [part(first, 0), part(next, 0), part(end, 0)].concat(),        Some(many.clone()),   1008),
            ("2 fragments and a Ping",     [part(first, 0), part(last(Opcode::Ping), 125), part(end, 0)].concat(), None, 0),
        ];
        for (name, bytes, error, code) in table {
            match error {
                Some(error) => assert_fails(name, || open(role, &config), &bytes, error, code),
                None => {
                    assert_eq!(feed(&mut open(role, &config), [&bytes[..]]).1, Ok(()), "{name}, {role:?}");
                }
            }
        }
    }
}

#[test]
fn f22_lengths_at_the_end_of_64_bits() {
    let config = Config::default().with_max_message_len(u64::MAX);
    // Lengths that overflow when something is added, or in a narrower integer.
    let lens = [(1 << 63) - 1, 1 << 62, 1 << 48, (1 << 32) + 5, 1 << 32, 1 << 16];
    for (role, len) in ROLES.into_iter().flat_map(|role| lens.map(|len| (role, len))) {
        let long = FrameHeader { payload_len: len, ..last(Opcode::Continuation) };
        let mut bytes = frame_to(role, more(Opcode::Binary), b"x");
        bytes.extend(claim_to(role, long));
        bytes.extend([7; 100]);
        let mut connection = open(role, &config);
        let (events, end) = feed(&mut connection, [&bytes[..], &[7; 1000]]);
        assert_eq!(end, Ok(()), "{role:?}, {len}");
        let Some(Event::BytesMessage(part)) = events.last() else { panic!("{len}: {events:?}") };
        assert!(!part.frame_finished && !part.message_finished, "{role:?}, {len}");
    }
}

#[test]
fn c1_c2_c3_text_that_is_not_utf8() {
    let error = RemoteProtocolError::from(FrameError::TextNotUtf8);
    let bad: [&[u8]; 10] = [
        b"\x80",
        b"\xc0\x80",
        b"\xc1\xbf",
        b"\xe0\x80",
        b"\xf0\x80",
        b"\xed\xa0",
        b"\xf4\x90",
        b"\xf8",
        b"\xff",
        b"\xe2\x28",
    ];
    for role in ROLES {
        for config in [Config::default(), deflating()] {
            for bad in bad {
                // The text lies within a long frame after valid text, alone, and cut between two frames.
                let text = FrameHeader { payload_len: 1000, ..last(Opcode::Text) };
                let early = [&claim_to(role, text)[..], b"caf\xc3\xa9", bad].concat();
                let alone = frame_to(role, last(Opcode::Text), bad);
                let (start, rest) = bad.split_at(1);
                let cut = [
                    frame_to(role, more(Opcode::Text), start),
                    frame_to(role, last(Opcode::Continuation), rest),
                ];
                for bytes in [early, alone, cut.concat()] {
                    assert_fails(&format!("{bad:02x?}"), || open(role, &config), &bytes, error.clone(), 1007);
                }
            }
            for start in [&b"\xc3"[..], b"\xe2\x82", b"\xf0\x9f\x98"] {
                let whole = frame_to(role, last(Opcode::Text), start);
                assert_fails("cut at the end", || open(role, &config), &whole, error.clone(), 1007);
                let parts = [
                    frame_to(role, more(Opcode::Text), start),
                    frame_to(role, last(Opcode::Continuation), b""),
                ];
                assert_fails(
                    "cut at the end of parts",
                    || open(role, &config),
                    &parts.concat(),
                    error.clone(),
                    1007,
                );
                // A binary message may hold any bytes, and has no effect on the text after it.
                let mut bytes = frame_to(role, last(Opcode::Binary), start);
                bytes.extend(frame_to(role, last(Opcode::Text), b"fine"));
                assert_eq!(feed(&mut open(role, &config), [&bytes[..]]).1, Ok(()));
            }
        }
    }
}

#[test]
fn c4_c5_c6_c7_c8_what_closes_and_what_does_not() {
    for role in ROLES {
        let close = |payload: &[u8]| frame_to(role, last(Opcode::Close), payload);
        assert_fails(
            "one byte",
            || open(role, &Config::default()),
            &close(b"\x03"),
            FrameError::ClosePayloadTooShort,
            1002,
        );
        // The error carries the code that came.
        for code in [CloseCode::NORMAL, CloseCode::GOING_AWAY, CloseCode::new(4999).unwrap()] {
            let payload = [&code.get().to_be_bytes()[..], b"\xff"].concat();
            let error = FrameError::CloseReasonNotUtf8(code);
            assert_fails("reason", || open(role, &Config::default()), &close(&payload), error, 1007);
        }
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535u16] {
            let error = FrameError::CloseCodeInvalid(code);
            assert_fails("code", || open(role, &Config::default()), &close(&code.to_be_bytes()), error, 1002);
        }
        for code in [1000, 1003, 1007, 1011, 1012, 1013, 1014, 3000, 4999u16] {
            let mut connection = open(role, &Config::default());
            let (events, end) = feed(&mut connection, [&close(&code.to_be_bytes())[..]]);
            let [Event::CloseConnection(received)] = &events[..] else { panic!("{code}: {events:?}") };
            assert_eq!((received.code.get(), end), (code, Ok(())));
            let mut out = Vec::new();
            connection.reply(&events[0], &mut out).unwrap();
            assert_eq!(out, close_on_the_wire(role, received.code, ""), "{code}");
        }
    }
}

#[test]
fn c9_what_can_not_be_sent() {
    for role in ROLES {
        let mut connection = open(role, &Config::default());
        let mut out = Vec::new();
        let no_code = CloseConnection::new(CloseCode::NO_STATUS).with_reason("why");
        assert_eq!(connection.send(no_code, &mut out), Err(LocalProtocolError::ReasonWithoutCode));
        let long = Ping::new(&[0; 126]);
        assert_eq!(connection.send(long, &mut out), Err(FrameError::ControlTooLong.into()));
        assert_eq!((connection.state(), out.len()), (ConnectionState::Open, 0));
        for code in [CloseCode::ABNORMAL, CloseCode::TLS_HANDSHAKE] {
            for reason in ["", "gone"] {
                let close = CloseConnection::new(code).with_reason(reason);
                let error = FrameError::CloseCodeInvalid(code.get()).into();
                assert_eq!(connection.send(close, &mut out), Err(error), "{code} {reason:?}");
                assert_eq!((connection.state(), out.len()), (ConnectionState::Open, 0), "{code}");
            }
        }
        connection.send(CloseConnection::new(CloseCode::ABNORMAL.or_normal()), &mut out).unwrap();
        assert_eq!(out, close_on_the_wire(role, CloseCode::NORMAL, ""), "when asked to");
    }
}

/// Code points of each length, at each place around byte 123, where the reason is cut.
#[test]
fn c9_a_long_reason_is_cut_between_two_characters() {
    for (role, last) in ROLES.into_iter().flat_map(|role| ["a", "é", "€", "😀"].map(|last| (role, last)))
    {
        for before in 116..=126 {
            let reason = ["x".repeat(before).as_str(), last, "and more"].concat();
            let fits = (0..=123.min(reason.len())).rfind(|&end| reason.is_char_boundary(end)).unwrap();
            let mut out = Vec::new();
            let close = CloseConnection::new(CloseCode::NORMAL).with_reason(&reason);
            open(role, &Config::default()).send(close, &mut out).unwrap();
            let (events, end) = feed(&mut open(role.peer(), &Config::default()), [&out[..]]);
            let [Event::CloseConnection(received)] = &events[..] else { panic!("{events:?}, {end:?}") };
            assert_eq!(received.reason, reason[..fits], "{role:?}: {before} bytes, then {last:?}");
        }
    }
}

#[test]
fn c10_what_follows_the_peers_close_is_ignored() {
    for role in ROLES {
        for config in [Config::default(), deflating()] {
            let mut bytes = frame_to(role, last(Opcode::Close), b"\x03\xe8");
            bytes.extend(frame_to(role, last(Opcode::Text), b"too late"));
            bytes.extend([0xff; 1000]);
            let mut connection = open(role, &config);
            let (events, end) = feed(&mut connection, [&bytes[..], &[0xff; 1000]]);
            assert_eq!((events.len(), end), (1, Ok(())));
            let mut out = Vec::new();
            connection.reply(&events[0], &mut out).unwrap();
            let (events, end) = feed(&mut connection, [&bytes[..]]);
            assert_eq!((events.len(), end, connection.state()), (0, Ok(()), ConnectionState::Closed));
        }
    }
}

#[test]
fn c11_after_our_close_the_peer_may_go_on_within_the_limits() {
    for role in ROLES {
        for config in [Config::default(), deflating()] {
            let mut connection = open(role, &config.with_max_message_len(10));
            let mut out = Vec::new();
            connection.send(CloseConnection::new(CloseCode::NORMAL), &mut out).unwrap();
            out.clear();
            let mut bytes = frame_to(role, last(Opcode::Text), b"going on");
            bytes.extend(frame_to(role, last(Opcode::Ping), b"there?"));
            let (events, end) = feed(&mut connection, [&bytes[..]]);
            assert_eq!((events.len(), end), (2, Ok(())));
            connection.reply(&events[1], &mut out).unwrap();
            //= rfc6455#5.5.2-1
            let mut pong = std::mem::take(&mut out);
            let heard = Connection::receive(&mut open(role.peer(), &Config::default()), &mut &mut pong[..])
                .map(|event| event.map(Event::into_owned));
            assert_eq!(heard, Ok(Some(wsproto::Pong::new(b"there?").into())), "{role:?}");
            assert!(
                connection.send(TextMessage::new("no"), &mut out).is_err(),
                "{role:?}: data after a Close"
            );
            assert!(connection.send(Ping::new(b"no"), &mut out).is_err(), "{role:?}: a Ping after a Close");
            let long = claim_to(role, FrameHeader { payload_len: 11, ..last(Opcode::Text) });
            let (_, end) = feed(&mut connection, [&long[..]]);
            let error = RemoteProtocolError::MessageTooLong { limit: 10 };
            assert_eq!(end, Err(error.clone()));
            connection.reply_to_error(&error, &mut out).unwrap();
            assert!(out.is_empty(), "a second Close");
            let after = (connection.state(), connection.transport());
            assert_eq!(after, (ConnectionState::Closed, Transport::ShutdownWrite));
        }
    }
}

#[test]
fn c13_c14_who_waits_and_who_closes_the_transport() {
    for first in ROLES {
        let mut ends = [open(first, &Config::default()), open(first.peer(), &Config::default())];
        let [ours, theirs] = &mut ends;
        let (mut there, mut back) = (Vec::new(), Vec::new());
        ours.send(CloseConnection::new(CloseCode::NORMAL), &mut there).unwrap();
        // The caller must limit how long the peer may stay silent.
        assert_eq!((ours.state(), ours.transport()), (ConnectionState::LocalClosing, Transport::KeepOpen));
        let (close, _) = feed(theirs, [&there[..]]);
        assert_eq!(
            (theirs.state(), theirs.transport()),
            (ConnectionState::RemoteClosing, Transport::PauseRead)
        );
        theirs.reply(&close[0], &mut back).unwrap();
        let (_, end) = feed(ours, [&back[..]]);
        assert_eq!(end, Ok(()));
        for end in &mut ends {
            assert_eq!(end.state(), ConnectionState::Closed);
            let is_server = end.role() == Role::Server;
            let expected = if is_server { Transport::ShutdownWrite } else { Transport::AwaitEnd };
            assert_eq!(end.transport(), expected, "{:?}", end.role());
            assert!(end.closed_cleanly());
            assert_eq!(end.receive_eof(), Ok(None));
            assert_eq!(end.transport(), Transport::Close);
        }
    }
}

#[test]
fn d7_d12_d14_compressed_messages_that_break_rules() {
    let refused =
        |code, reason| RemoteProtocolError::Extension(ExtensionError::Refused(Refusal::new(code, reason)));
    let not_deflate = refused(CloseCode::INVALID_PAYLOAD, "a compressed message is not a DEFLATE stream");
    let bit = |reason| refused(CloseCode::PROTOCOL_ERROR, reason);
    for role in ROLES {
        let text = compressed(last(Opcode::Text));
        let continued = [
            frame_to(role, compressed(more(Opcode::Text)), b"\xf2\x48\xcd"),
            frame_to(role, compressed(last(Opcode::Continuation)), b"\xc9\xc9\x07\x00"),
        ];
        #[rustfmt::skip]
        let table = [
            // name                     bytes                                                       error
            // code
            ("RSV1 on a continuation",  continued.concat(),                                         bit("RSV1 is set on a continuation frame"),   1002),
            ("RSV1 on a Ping",          frame_to(role, compressed(last(Opcode::Ping)), b""),        bit("RSV1 is set on a control frame"),        1002),
            ("reserved block",          frame_to(role, text, b"\x07"),                              not_deflate.clone(),                                  1007),
            ("stored block cut short",  frame_to(role, text, b"\x00\xff\xff\x00\x00ab"),            not_deflate.clone(),                                  1007),
            ("distance too far",        frame_to(role, text, b"\x4b\x04\x13\x00\x00\x00"),          not_deflate.clone(),                                  1007),
            ("not UTF-8",               frame_to(role, text, b"\xfa\x0f\x00"),                      FrameError::TextNotUtf8.into(),               1007),
        ];
        for (name, bytes, error, code) in table {
            assert_fails(name, || open(role, &deflating()), &bytes, error, code);
        }
    }
}

/// Adds a line to the end of a head.
fn with(line: &str) -> impl Fn(&str) -> String {
    move |request| request.replace("\r\n\r\n", &format!("\r\n{line}\r\n\r\n"))
}

#[test]
fn h1_to_h20_what_the_client_is_told() {
    let request = |change: fn(&str) -> String| change(str::from_utf8(REQUEST).unwrap()).into_bytes();
    let good = str::from_utf8(REQUEST).unwrap();
    let long = "x".repeat(20_000);
    let head = |error: HeadError| RequestError::Head(error);
    let (too_long, many) = (HeadError::TooLong { limit: 16 << 10 }, HeadError::TooManyHeaders { limit: 100 });
    #[rustfmt::skip]
    let table: [(&str, Vec<u8>, RequestError, &str, &str); 22] = [
        // name                 request                                                        error
        // status   header
        ("head too long",       with(&format!("X: {long}"))(good).into(),                      head(too_long),                      "431",   ""),
        ("too many headers",    with("a:b\r\n".repeat(97).trim_end())(good).into(), head(many),                         "431",   ""),
        ("bare line feed",      request(|good| good.replace("\r\n", "\n")),                    head(HeadError::BareLineFeed),       "400",   ""),
        ("folded",              with("X: y\r\n z")(good).into(),                               head(HeadError::FoldedHeader),       "400",   ""),
        ("space before colon",  with("X : y")(good).into(),                                    head(HeadError::SpaceBeforeColon),   "400",   ""),
        ("control character",   with("X: \u{1}")(good).into(),                                 head(HeadError::HeaderValue),        "400",   ""),
        ("no Host",             request(|good| good.replace("Host", "X-Host")),                RequestError::HostMissing,           "400",   ""),
        ("two Hosts",           with("Host: server.example.com")(good).into(),                 RequestError::HostRepeated,          "400",   ""),
        ("two keys",            with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")(good).into(), RequestError::KeyRepeated,      "400",   ""),
        ("short key",           request(|good| good.replace("dGhlIHNhbXBsZSBub25jZQ==", "x")), RequestError::KeyInvalid,            "400",   ""),
        ("no key",              request(|good| good.replace("-Key", "-Quay")),                 RequestError::KeyMissing,            "400",   ""),
        ("version 8",           request(|good| good.replace(": 13", ": 8")),                   RequestError::VersionUnsupported,    "426",   "Sec-WebSocket-Version: 13"),
        ("no version",          request(|good| good.replace("-Version", "-Aversion")),         RequestError::VersionMissing,        "400",   ""),
        ("other upgrade",       request(|good| good.replace("websocket\r\n", "h2c\r\n")),      RequestError::UpgradeNotWebSocket,   "400",   ""),
        ("no upgrade",          request(|good| good.replace(": Upgrade", ": close")),          RequestError::ConnectionNotUpgrade,  "426",   "Upgrade: websocket"),
        ("POST",                request(|good| good.replace("GET", "POST")),                   RequestError::Method,                "405",   "Allow: GET"),
        ("HTTP/1.0",            request(|good| good.replace("HTTP/1.1", "HTTP/1.0")),          head(HeadError::HttpVersion),        "505",   ""),
        ("a body",              with("Content-Length: 1")(good).into(),                        RequestError::Body,                  "400",   ""),
        ("a chunked body",      with("Transfer-Encoding: chunked")(good).into(),               RequestError::TransferEncoding,      "400",   ""),
        ("two lengths",         with("Content-Length: 0\r\nContent-Length: 0")(good).into(),   RequestError::ContentLengthInvalid,  "400",   ""),
        ("a fragment",          request(|good| good.replace("/chat", "/chat#room")),           RequestError::TargetFragment,        "400",   ""),
        ("long target",         request(|good| good.replace("/chat", &"/chat".repeat(2000))),  RequestError::TargetTooLong { limit: 8 << 10 }, "414", ""),
    ];
    for (name, request, error, status, header) in table {
        for read in [usize::MAX, 1] {
            let mut server = Connection::server(deflating());
            let (events, end) = feed(&mut server, request.chunks(read.min(request.len())));
            let error = RemoteProtocolError::from(error);
            assert_eq!((events, end), (Vec::new(), Err(error.clone())), "{name}, reads of {read}");
            assert_rejects(name, &mut server, &error, status, header);
        }
    }
}

/// Answers the client, and checks the answer and that nothing is received afterwards.
fn assert_rejects(
    name: &str,
    server: &mut Connection,
    error: &RemoteProtocolError,
    status: &str,
    header: &str,
) {
    let mut out = Vec::new();
    assert!(server.send(AcceptConnection::new(), &mut out).is_err(), "{name}: accepted after an error");
    server.reply_to_error(error, &mut out).unwrap();
    let told = String::from_utf8(out.clone()).unwrap();
    assert!(told.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {told}");
    assert!(told.contains(header) && told.contains("Content-Length: 0\r\n"), "{name}: {told}");
    assert!(told.ends_with("\r\n\r\n") && !told.contains("Sec-WebSocket-Accept"), "{name}: {told}");
    let after = (server.state(), server.transport());
    assert_eq!(after, (ConnectionState::Closed, Transport::ShutdownWrite), "{name}");
    server.reply_to_error(error, &mut out).unwrap();
    assert_eq!(out, told.as_bytes(), "{name}: the answer is sent twice");
    let (events, again) = feed(server, [REQUEST]);
    assert_eq!((events, again), (Vec::new(), Err(error.clone())), "{name}");
}

#[test]
fn d1_d2_h25_offers_that_can_not_be_read() {
    let many = vec!["x"; 17].join(", ");
    for offer in ["permessage-deflate; =", "\"", "a; b=\"", &many] {
        let line = format!("\r\nSec-WebSocket-Extensions: {offer}\r\n\r\n");
        let request = str::from_utf8(REQUEST).unwrap().replace("\r\n\r\n", &line);
        let mut server = Connection::server(deflating());
        let (events, end) = feed(&mut server, [request.as_bytes()]);
        let Err(error @ RemoteProtocolError::Negotiation { received_by: Role::Server, .. }) = end else {
            panic!("{offer}: {events:?}, {end:?}")
        };
        assert!(events.is_empty());
        assert_rejects(offer, &mut server, &error, "400", "");
    }
}

#[test]
fn k3_k4_k5_k7_k8_k9_k10_answers_that_break_rules() {
    let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    let good = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
    let deflate =
        |params: &str| format!("{head}{good}Sec-WebSocket-Extensions: permessage-deflate{params}\r\n\r\n");
    let line = |line: &str| format!("{head}{good}{line}\r\n\r\n");
    let interim = "HTTP/1.1 103 Early Hints\r\n\r\n";
    #[rustfmt::skip]
    let table: [(&str, String, Option<ResponseError>); 19] = [
        // name                    answer                                                             error, none for
        // the negotiation of extensions
        ("wrong accept",           format!("{head}{}\r\n", good.replace("s3p", "S3P")),               Some(ResponseError::AcceptMismatch)),
        ("no accept",              format!("{head}\r\n"),                                             Some(ResponseError::AcceptMissing)),
        ("accept twice",           format!("{head}{good}{good}\r\n"),                                 Some(ResponseError::AcceptRepeated)),
        ("no upgrade",             line("X: y").replace("Upgrade: websocket\r\n", ""),                Some(ResponseError::UpgradeNotWebSocket)),
        ("upgrade to two",         line("X: y").replace("Upgrade: w", "Upgrade: foo, w"),             Some(ResponseError::UpgradeNotWebSocket)),
        ("upgrade twice",          line("Upgrade: h2c"),                                              Some(ResponseError::UpgradeNotWebSocket)),
        ("no connection",          line("X: y").replace("Connection: Upgrade\r\n", ""),               Some(ResponseError::ConnectionNotUpgrade)),
        ("nine interim answers",   interim.repeat(9),                                                 Some(ResponseError::TooManyInterimResponses { limit: 8 })),
        ("other extension",        line("Sec-WebSocket-Extensions: x-other"),                         Some(ResponseError::ExtensionNotOffered("x-other".into()))),
        ("deflate twice",          deflate(", permessage-deflate"),                                   None),
        ("window of 7",            deflate("; server_max_window_bits=7"),                             None),
        ("window of 16",           deflate("; server_max_window_bits=16"),                            None),
        ("window of abc",          deflate("; server_max_window_bits=abc"),                           None),
        ("window of nothing",      deflate("; server_max_window_bits"),                               None),
        ("unknown parameter",      deflate("; x"),                                                    None),
        ("parameter twice",        deflate("; server_no_context_takeover; server_no_context_takeover"), None),
        ("header twice",           deflate("\r\nSec-WebSocket-Extensions: permessage-deflate"),       Some(ResponseError::ExtensionsRepeated)),
        ("other subprotocol",      line("Sec-WebSocket-Protocol: other"),                             Some(ResponseError::SubprotocolNotProposed("other".into()))),
        ("two subprotocols",       line("Sec-WebSocket-Protocol: chat, chat"),                        Some(ResponseError::SubprotocolRepeated)),
    ];
    for (name, answer, expected) in &table {
        for read in [usize::MAX, 1] {
            let mut client = Connection::client_with_entropy(deflating(), settled);
            let mut out = Vec::new();
            client
                .send(Request::new("server.example.com", "/chat").with_subprotocol("chat"), &mut out)
                .unwrap();
            out.clear();
            let answer = answer.as_bytes();
            let (events, end) = feed(&mut client, answer.chunks(read.min(answer.len())));
            let Err(error) = end else { panic!("{name}: {events:?}") };
            match expected {
                Some(expected) => assert_eq!(error, expected.clone().into(), "{name}"),
                None => assert!(
                    matches!(error, RemoteProtocolError::Negotiation { received_by: Role::Client, .. }),
                    "{name}: {error:?}"
                ),
            }
            assert_eq!((events, error.event_hint()), (Vec::new(), None), "{name}");
            client.reply_to_error(&error, &mut out).unwrap();
            assert!(
                out.is_empty(),
                "{name}: a client has nothing to say to a server that broke the handshake"
            );
            assert_eq!(
                (client.state(), client.transport()),
                (ConnectionState::Closed, Transport::Close),
                "{name}"
            );
            assert_eq!(feed(&mut client, [answer]), (Vec::new(), Err(error)), "{name}");
        }
    }
}

/// A client that has asked for `/`, and nothing else.
fn asking() -> Connection {
    let mut client = Connection::client_with_entropy(Config::default(), settled);
    client.send(Request::new("server.example.com", "/"), &mut Vec::new()).unwrap();
    client
}

#[test]
fn k11_k12_the_first_frame_is_right_behind_a_101_that_claims_a_body() {
    for line in ["Content-Length: 0", "Content-Length: 5", "Content-Length: x", "Transfer-Encoding: chunked"]
    {
        let head = format!(
            "HTTP/1.1 103 Early Hints\r\n{line}\r\n\r\nHTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n{line}\r\n\r\n"
        );
        let bytes = [head.as_bytes(), b"\x89\x05hello"].concat();
        for read in [usize::MAX, 1] {
            let mut client = asking();
            let (events, end) = feed(&mut client, bytes.chunks(read.min(bytes.len())));
            assert_eq!(end, Ok(()), "{line}");
            let [Event::AcceptConnection(_), Event::Ping(ping)] = &events[..] else {
                panic!("{line}: {events:?}")
            };
            assert_eq!((&*ping.payload, client.state()), (&b"hello"[..], ConnectionState::Open), "{line}");
        }
    }
}

#[test]
fn k6_a_refusal_is_told_before_what_is_wrong_with_its_body() {
    use ResponseError::*;
    #[rustfmt::skip]
    let table = [
        ("gzip, chunked",     "HTTP/1.1", "Transfer-Encoding: gzip, chunked",                       TransferEncodingUnknown),
        ("identity",          "HTTP/1.1", "Transfer-Encoding: identity",                            TransferEncodingUnknown),
        ("chunked, HTTP/1.0", "HTTP/1.0", "Transfer-Encoding: chunked",                             TransferEncodingUnknown),
        ("chunked, a length", "HTTP/1.1", "Transfer-Encoding: chunked\r\nContent-Length: 5",        BodyAmbiguous),
        ("no length",         "HTTP/1.1", "Content-Length: x",                                      ContentLengthInvalid),
        ("two lengths",       "HTTP/1.1", "Content-Length: 5, 6",                                   ContentLengthInvalid),
    ];
    for (name, version, lines, expected) in table {
        let bytes = format!("{version} 302 Found\r\nLocation: /b\r\n{lines}\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
        for read in [usize::MAX, 1] {
            let mut client = asking();
            let (events, end) = feed(&mut client, bytes.as_bytes().chunks(read.min(bytes.len())));
            let [Event::RejectConnection(reject)] = &events[..] else {
                panic!("{name}: {events:?}, {end:?}")
            };
            assert_eq!((reject.status, reject.headers.get_str("location")), (302, Some("/b")), "{name}");
            assert_eq!(end, Err(expected.clone().into()), "{name}");
            assert_eq!(
                (client.state(), client.transport()),
                (ConnectionState::Closed, Transport::Close),
                "{name}"
            );
        }
    }
}
