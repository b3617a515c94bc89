//! `wsproto::testing`, tested on our own connections: each violation on both sides at every cut, and the deliveries of
//! a pair.
#![cfg(all(feature = "std", feature = "deflate", feature = "testing"))]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::time::Duration;

use wsproto::testing::{
    Cuts, End, HandshakeViolation, ManualClock, Needs, Pair, UnknownViolation, Violation,
};
use wsproto::{
    AcceptConnection, CloseCode, CloseConnection, Config, Connection, ConnectionState, Deadline,
    DeflateConfig, Driver, Event, Ping, ReadBuffer, RemoteProtocolError, Request, Role, Side, TextMessage,
    Timeouts, Transport,
};

const ROLES: [Role; 2] = [Role::Client, Role::Server];

fn plain() -> Config {
    Config::default()
}

fn deflating() -> Config {
    Config::default().with_extension(DeflateConfig::default())
}

/// Returns the configurations with which it is a violation.
fn configs(needs: Needs) -> Vec<(&'static str, Config)> {
    let (plain, deflating) = (("plain", plain()), ("deflate", deflating()));
    match needs {
        Needs::NoCompression => vec![plain],
        Needs::Compression => vec![deflating],
        _ => vec![plain, deflating],
    }
}

/// Returns every split of few bytes, and some of many.
fn cuts(len: usize) -> Vec<Cuts> {
    match len {
        0..=200 => Cuts::every_split(len).collect(),
        _ => vec![
            Cuts::Whole,
            Cuts::EachByte,
            Cuts::At(vec![1, 2, 4, 10, len - 1]),
            Cuts::Random(1),
            Cuts::Random(2),
        ],
    }
}

/// Returns words of the receiver's error: the code alone doesn't show that this rule was broken.
fn words(violation: Violation, is_compressing: bool) -> &'static str {
    match violation {
        Violation::ReservedBitOnControl if is_compressing => "RSV1 is set on a control frame",
        Violation::ReservedBitOnContinuation if is_compressing => "RSV1 is set on a continuation",
        Violation::UnmaskedFrame => "client frame without a masking key",
        Violation::MaskedFrame => "server frame with a masking key",
        Violation::ReservedBit1
        | Violation::ReservedBit2
        | Violation::ReservedBit3
        | Violation::ReservedBitOnControl
        | Violation::ReservedBitOnContinuation => "reserved bit",
        Violation::ReservedDataOpcode => "reserved opcode (0x3)",
        Violation::ReservedControlOpcode => "reserved opcode (0xb)",
        Violation::LengthNotShortest16 | Violation::LengthNotShortest64 => "not in its shortest form",
        Violation::LengthTopBit => "length with its topmost bit set",
        Violation::ContinuationWithoutMessage => "continuation without a message",
        Violation::InterleavedMessage => "new message before the last one was finished",
        Violation::FragmentedControl => "fragmented control frame",
        Violation::ControlTooLong => "control frame longer than 125 bytes",
        Violation::TextNotUtf8
        | Violation::TextNotUtf8InFragment
        | Violation::TextEndsInCodePoint
        | Violation::FragmentEndsInCodePoint
        | Violation::TextOverlong
        | Violation::TextSurrogate
        | Violation::TextBeyondUnicode
        | Violation::CompressedTextNotUtf8 => "text is not UTF-8",
        Violation::CloseHalfCode => "close payload of one byte",
        Violation::CloseCode0 => "(0)",
        Violation::CloseCode999 => "(999)",
        Violation::CloseCode1004 => "(1004)",
        Violation::CloseCode1005 => "(1005)",
        Violation::CloseCode1006 => "(1006)",
        Violation::CloseCode1015 => "(1015)",
        Violation::CloseCode5000 => "(5000)",
        Violation::CloseReasonNotUtf8 => "close reason is not UTF-8",
        Violation::MessageTooLong | Violation::FragmentsTooLong | Violation::CompressedTooLong => {
            "message longer than the limit"
        }
        Violation::TooManyFragments => "message in more frames than the limit",
        Violation::TooManyEmptyFragments => "more empty frames in a row than the limit",
        Violation::CompressedReservedBlock
        | Violation::CompressedBeyondWindow
        | Violation::CompressedEndsInBlock => "DEFLATE",
        other => panic!("{other} is not refused"),
    }
}

/// Returns a pair in which one side has sent the bytes, between two messages, and has ended its stream if the violation
/// needs it.
fn broken_by(role: Role, violation: Violation, config: &Config) -> Pair {
    let mut pair = Pair::open(config.clone(), config.clone()).expect("both agree");
    let violator = pair.end(role);
    violator.send(TextMessage::new("before")).expect("the connection is open");
    violator.write(&violation.bytes(role));
    if violation.ends_stream() {
        violator.end_stream();
    }
    pair
}

/// Calls `check` for each way in which each violation can happen.
fn each(mut check: impl FnMut(&str, Violation, Role, &Config, &Cuts)) {
    for &violation in Violation::ALL {
        for role in ROLES.into_iter().filter(|role| violation.violator().is_none_or(|only| only == *role)) {
            for (agreed, config) in configs(violation.needs()) {
                for cuts in cuts(violation.bytes(role).len() + 14) {
                    let name = format!("{violation} by the {role}, {agreed}, {cuts:?}");
                    check(&name, violation, role, &config, &cuts);
                }
            }
        }
    }
}

#[test]
fn each_violation_is_answered_with_its_code_at_every_cut() {
    each(|name, violation, role, config, cuts| {
        let mut pair = broken_by(role, violation, config);
        let (outcome, receiver) = (pair.deliver(role.peer(), cuts), pair.end(role.peer()));
        let (mut events, told) = match outcome {
            Ok(events) => {
                for event in &events {
                    receiver.reply(event).expect("a reply can always be sent");
                }
                (events, None)
            }
            Err(error) => {
                receiver.reply_to_error(&error).expect("a reply can always be sent");
                (receiver.take_events(), Some(error.to_string()))
            }
        };
        assert_eq!(events.remove(0), TextMessage::new("before").into(), "{name}");
        let code = violation.close_code();
        let answer = pair.deliver(role, &Cuts::Whole).expect("our answer is sound");
        let answered = |code| matches!(&answer[..], [Event::CloseConnection(close)] if close.code == code);
        match code {
            CloseCode::NORMAL | CloseCode::ABNORMAL => {
                assert_eq!((&events[..], told), (&[CloseConnection::new(code).into()][..], None), "{name}");
                assert_eq!(answered(code), code == CloseCode::NORMAL, "{name}: {answer:?}");
            }
            _ => {
                let told = told.unwrap_or_else(|| panic!("{name}: taken as {events:?}"));
                assert!(told.contains(words(violation, !config.extensions.is_empty())), "{name}: {told}");
                assert!(answered(code), "{name}: {answer:?}");
                assert_eq!(events, [], "{name}");
            }
        }
    });
}

/// The driver, on which adapters are built, keeps the rules by itself: our Close is queued, the report names it, and
/// the transport ends.
#[test]
fn a_driver_answers_each_violation_and_reports_it() {
    each(|name, violation, role, config, cuts| {
        let now = ManualClock::default().now();
        let mut pair = broken_by(role, violation, config);
        let wire = pair.end(role).take_written();
        let receiver = match role {
            Role::Client => pair.server.connection,
            Role::Server => pair.client.connection,
        };
        let (mut driver, mut buffer) = (Driver::new(receiver), ReadBuffer::messages());
        let outcome = cuts.pieces(&wire).try_for_each(|piece| {
            buffer.extend_from_slice(piece);
            while driver.advance(&mut buffer, now)? {}
            Ok::<(), RemoteProtocolError>(())
        });
        if violation.ends_stream() {
            driver.receive_eof(now).expect("the connection is open");
        }
        let (code, report) = (violation.close_code(), driver.close_report());
        let is_refused = code != CloseCode::NORMAL && code != CloseCode::ABNORMAL;
        assert_eq!(outcome.is_err(), is_refused, "{name}: {outcome:?}");
        assert_eq!(report.sent, (code != CloseCode::ABNORMAL).then_some(code), "{name}");
        assert!(!report.clean, "{name}: our Close is not written yet");
        assert_eq!(report.begun_by, (!violation.ends_stream()).then_some(Side::Remote), "{name}");
        let queued = driver.queued();
        assert_eq!(queued > 0, report.sent.is_some(), "{name}");
        driver.written(queued, now);
        assert_eq!(driver.close_report().clean, code == CloseCode::NORMAL, "{name}");
        let transport = match (violation.ends_stream(), role) {
            (true, _) => Transport::Close,
            (false, Role::Server) if code == CloseCode::NORMAL => Transport::AwaitEnd,
            (false, _) => Transport::ShutdownWrite,
        };
        assert_eq!(driver.transport(), transport, "{name}");
    });
}

/// The clock of the kit works with the timers of a driver.
#[test]
fn a_driver_closes_what_stays_silent_after_a_violation() {
    let mut clock = ManualClock::default();
    let config = Config::default();
    let wire = broken_by(Role::Client, Violation::MessageTooLong, &config).client.take_written();
    let timeouts = Timeouts::default().with_close(Duration::from_secs(5));
    let mut driver = Driver::new(Connection::open_server(config)).with_timeouts(timeouts, clock.now());
    let mut buffer = ReadBuffer::messages();
    buffer.extend_from_slice(&wire);
    assert_eq!(driver.poll_timeout(), None);
    clock.advance(Duration::from_secs(60));
    assert_eq!(driver.advance(&mut buffer, clock.now()), Ok(true), "the message before");
    driver.advance(&mut buffer, clock.now()).expect_err("the violation");
    driver.written(driver.queued(), clock.now());

    let deadline = driver.poll_timeout().expect("the peer has to end its stream");
    assert_eq!(deadline, Duration::from_secs(65));
    clock.advance_to(deadline.saturating_sub(Duration::from_nanos(1)));
    assert_eq!((driver.handle_timeout(clock.now()), driver.transport()), (None, Transport::ShutdownWrite));
    clock.advance_to(deadline);
    assert_eq!(
        (driver.handle_timeout(clock.now()), driver.transport()),
        (Some(Deadline::Close), Transport::Close)
    );
}

/// The bytes pass with a higher limit, so they break this rule and no other.
#[test]
fn what_is_beyond_a_limit_is_taken_where_the_limit_is_higher() {
    let table = [
        (Violation::TooManyFragments, plain().with_max_fragments(200_000), 200_000),
        (Violation::TooManyEmptyFragments, plain().with_max_empty_fragments(2_000), 0),
        (Violation::CompressedTooLong, deflating().with_max_message_len((258 << 18) + 1), (258 << 18) + 1),
    ];
    for (violation, config, len) in table {
        for role in ROLES {
            let mut pair = broken_by(role, violation, &config);
            let events = pair.deliver(role.peer(), &Cuts::Whole).expect("it is within the limit");
            let [_, Event::BytesMessage(message)] = &events[..] else { panic!("{violation}: {events:?}") };
            assert_eq!(message.data.len(), len, "{violation} by the {role}");
        }
    }
}

#[test]
fn what_is_beyond_the_window_is_taken_once_so_much_was_sent() {
    let noise = "0123456789abcdef".repeat(2048);
    for (len, is_taken) in [(32_767, false), (32_768, true)] {
        let mut pair = Pair::open(deflating(), deflating()).expect("both agree");
        pair.client.send(TextMessage::new(&noise[..len])).expect("the connection is open");
        pair.to_server(&Cuts::Whole).expect("what we send is sound");
        pair.client.write(&Violation::CompressedBeyondWindow.bytes(Role::Client));
        let outcome = pair.to_server(&Cuts::Whole);
        assert_eq!(outcome.is_ok(), is_taken, "after {len} bytes: {outcome:?}");
    }
}

#[test]
fn the_other_side_of_a_rule_about_masks_is_a_sound_message() {
    for (violation, role) in
        [(Violation::UnmaskedFrame, Role::Server), (Violation::MaskedFrame, Role::Client)]
    {
        assert_eq!(violation.violator(), Some(role.peer()));
        let mut pair = broken_by(role, violation, &plain());
        let events = pair.deliver(role.peer(), &Cuts::EachByte).expect("it is sound");
        assert_eq!(events[1], TextMessage::new("Hello").into(), "{violation}");
    }
}

/// The tool prints both: a link must lead to a section of an RFC that has such rules.
#[test]
fn each_violation_has_a_rule_and_a_link_to_its_section() {
    let facts = Violation::ALL.iter().map(|one| (one.to_string(), one.rule(), one.link(), 2));
    let of_handshakes =
        HandshakeViolation::ALL.iter().map(|one| (one.to_string(), one.rule(), one.link(), 1));
    for (name, rule, link, rfcs) in facts.chain(of_handshakes) {
        assert!(rule.split(' ').count() > 3 && !rule.ends_with('.'), "{name}: {rule}");
        let place = link.strip_prefix("https://www.rfc-editor.org/rfc/rfc");
        let (rfc, section) = place.and_then(|place| place.split_once("#section-")).expect(link);
        assert!(["6455", "7692"][..rfcs].contains(&rfc), "{name}: {link}");
        assert!(section.split('.').all(|number| number.parse::<u8>().is_ok()), "{name}: {link}");
    }
    for one in Violation::ALL.iter().filter(|one| one.link().contains("rfc7692")) {
        let name = one.to_string();
        assert!(name.contains("compressed") || name.contains("reserved-bit"), "{name}");
    }
}

/// Returns words of the error that the receiver of a broken handshake reports.
fn handshake_words(violation: HandshakeViolation) -> &'static str {
    match violation {
        HandshakeViolation::RequestMethod => "request method is not GET",
        HandshakeViolation::RequestHttpVersion => "unsupported HTTP version (HTTP/1.1 is needed)",
        HandshakeViolation::RequestWithoutHost => "Host is missing",
        HandshakeViolation::RequestWithoutUpgrade => "request without Upgrade: websocket",
        HandshakeViolation::RequestWithoutConnection => "request without Connection: upgrade",
        HandshakeViolation::RequestWithoutVersion => "Sec-WebSocket-Version is missing",
        HandshakeViolation::RequestUnknownVersion => "Sec-WebSocket-Version is not 13",
        HandshakeViolation::RequestWithoutKey => "Sec-WebSocket-Key is missing",
        HandshakeViolation::RequestShortKey => "invalid Sec-WebSocket-Key (16 bytes in base64 are needed)",
        HandshakeViolation::RequestTwoKeys => "Sec-WebSocket-Key is repeated",
        HandshakeViolation::ResponseWrongAccept => "Sec-WebSocket-Accept doesn't match the key",
        HandshakeViolation::ResponseWithoutAccept => "Sec-WebSocket-Accept is missing",
        HandshakeViolation::ResponseWithoutUpgrade | HandshakeViolation::ResponseOtherUpgrade => "Upgrade",
        HandshakeViolation::ResponseWithoutConnection => "Connection",
        HandshakeViolation::ResponseUnaskedSubprotocol => "\"x-never-proposed\"",
        HandshakeViolation::ResponseUnaskedExtension => "x-never-offered",
        other => panic!("{other} has no words"),
    }
}

#[test]
fn each_broken_handshake_is_refused_at_every_cut() {
    for &violation in HandshakeViolation::ALL {
        assert_eq!(violation.name().parse(), Ok(violation));
        assert!(violation.link().contains("rfc6455#section-") && !violation.rule().is_empty());
        for (agreed, config) in configs(Needs::Nothing) {
            for cuts in Cuts::every_split(300) {
                let name = format!("{violation}, {agreed}, {cuts:?}");
                let mut pair = Pair::connecting(config.clone(), config.clone());
                let request = Request::new("example.com", "/chat").with_subprotocol("chat");
                pair.client.send(request).expect("the request is sound");
                if violation.violator() == Role::Server {
                    pair.to_server(&Cuts::Whole).expect("the request is sound");
                    let accept = AcceptConnection::new().with_subprotocol("chat");
                    pair.server.send(accept).expect("it can be accepted");
                }
                let sound = pair.end(violation.violator()).take_written();
                let broken = violation.apply(&sound);
                assert_ne!(broken, sound, "{name}");

                let receiver = pair.end(violation.violator().peer());
                let before = receiver.written().len();
                let error = receiver.receive(&broken, &cuts).expect_err(&name);
                assert!(error.to_string().contains(handshake_words(violation)), "{name}: {error}");
                receiver.reply_to_error(&error).expect("a reply can always be sent");
                let answer = String::from_utf8_lossy(&receiver.written()[before..]).into_owned();
                match violation.status() {
                    Some(status) => {
                        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {answer}");
                    }
                    None => assert_eq!(
                        (&answer[..], receiver.connection.transport()),
                        ("", Transport::Close),
                        "{name}"
                    ),
                }
            }
        }
    }
}

#[test]
fn a_violation_of_the_handshake_changes_one_line_and_nothing_after_the_head() {
    let head =
        b"GET / HTTP/1.1\r\nHOST: a\r\nX-Name: caf\xe9 HTTP/1.1\r\nX-GET: GET \r\n\r\nHost: b\r\n\r\n\xff";
    let table: [(_, &[u8]); 3] = [
        (HandshakeViolation::RequestWithoutHost, b"GET / HTTP/1.1\r\nX-Name: caf\xe9 HTTP/1.1\r\nX-GET: GET \r\n\r\nHost: b\r\n\r\n\xff"),
        (HandshakeViolation::RequestHttpVersion, b"GET / HTTP/1.0\r\nHOST: a\r\nX-Name: caf\xe9 HTTP/1.1\r\nX-GET: GET \r\n\r\nHost: b\r\n\r\n\xff"),
        (HandshakeViolation::RequestMethod, b"POST / HTTP/1.1\r\nHOST: a\r\nX-Name: caf\xe9 HTTP/1.1\r\nX-GET: GET \r\n\r\nHost: b\r\n\r\n\xff"),
    ];
    for (violation, changed) in table {
        assert_eq!(
            violation.apply(head).escape_ascii().to_string(),
            changed.escape_ascii().to_string(),
            "{violation}"
        );
    }
    assert_eq!(HandshakeViolation::RequestMethod.apply(b"GET /"), b"GET /", "no whole line");
}

#[test]
fn names_belong_to_one_violation_each() {
    let frames = Violation::ALL.iter().map(|violation| violation.name());
    let mut names: Vec<&str> =
        frames.chain(HandshakeViolation::ALL.iter().map(|violation| violation.name())).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    assert_eq!("no-such".parse::<HandshakeViolation>(), Err(UnknownViolation));
    assert_eq!(
        format!("{:>14}|{:<14}|", Violation::TextNotUtf8, Violation::TextNotUtf8),
        " text-not-utf8|text-not-utf8 |"
    );
}

/// A program that accepts, echoes, and sends the required answers.
fn echo(ws: &mut Connection, buffer: &mut ReadBuffer, out: &mut Vec<u8>) -> Result<(), RemoteProtocolError> {
    while let Some(event) = ws.receive_from(buffer)? {
        match event {
            Event::Request(_) => ws.send(AcceptConnection::new(), out).expect("it can be accepted"),
            Event::TextMessage(message) => ws.send(message, out).expect("the connection is open"),
            event => ws.reply(&event, out).expect("a reply can always be sent"),
        }
    }
    Ok(())
}

/// A client that sends a request, and a text as soon as it is accepted.
fn greet(ws: &mut Connection, buffer: &mut ReadBuffer, out: &mut Vec<u8>) -> Result<(), RemoteProtocolError> {
    while let Some(event) = ws.receive_from(buffer)? {
        match event {
            Event::AcceptConnection(_) => {
                ws.send(TextMessage::new("Hello").unfinished(), out).expect("the connection is open");
                ws.send(Ping::new(b"1"), out).expect("the connection is open");
                ws.send(TextMessage::new(" é"), out).expect("the connection is open");
            }
            Event::TextMessage(message) => {
                assert_eq!(message, TextMessage::new("Hello é"));
                ws.send(CloseConnection::new(CloseCode::GOING_AWAY), out).expect("the connection is open");
            }
            event => ws.reply(&event, out).expect("a reply can always be sent"),
        }
    }
    Ok(())
}

#[test]
fn two_programs_talk_at_every_cut_and_write_the_same_bytes_each_time() {
    for (agreed, config) in configs(Needs::Nothing) {
        let run = |cuts: &Cuts| {
            let mut pair = Pair::connecting(config.clone(), config.clone());
            pair.client.send(Request::new("example.com", "/")).expect("the request is sound");
            for _ in 0..3 {
                pair.serve(cuts, echo).expect("the client is sound");
                pair.ask(cuts, greet).expect("the server is sound");
            }
            let name = format!("{agreed}, {cuts:?}");
            assert!(
                pair.client.connection.closed_cleanly() && pair.server.connection.closed_cleanly(),
                "{name}"
            );
            (pair.client.written().to_vec(), pair.server.written().to_vec())
        };
        let (of_client, of_server) = run(&Cuts::Whole);
        assert!(of_client.starts_with(b"GET / HTTP/1.1\r\n") && of_server.starts_with(b"HTTP/1.1 101 "));
        for cuts in Cuts::every_split(of_client.len()).chain((0..20).map(Cuts::Random)) {
            assert_eq!(run(&cuts), (of_client.clone(), of_server.clone()), "{agreed}, {cuts:?}");
        }
    }
}

/// A client sends frames before the answer. They wait until the server has answered.
#[test]
fn bytes_wait_until_the_server_has_answered() {
    for cuts in Cuts::every_split(200) {
        let mut pair = Pair::connecting(plain(), plain());
        pair.client.send(Request::new("example.com", "/")).expect("the request is sound");
        let early = Pair::open(plain(), plain()).map(|mut other| {
            other.client.send(TextMessage::new("early")).expect("the connection is open");
            other.client.take_written()
        });
        pair.client.write(&early.expect("both agree"));
        pair.client.end_stream();
        let asked = pair.to_server(&cuts).expect("the request is sound");
        assert!(matches!(asked[..], [Event::Request(_)]), "{cuts:?}");
        assert_eq!(pair.server.connection.transport(), Transport::PauseRead, "{cuts:?}");
        pair.server.send(AcceptConnection::new()).expect("it can be accepted");
        let end = CloseConnection::new(CloseCode::ABNORMAL);
        assert_eq!(pair.to_server(&cuts), Ok(vec![TextMessage::new("early").into(), end.into()]), "{cuts:?}");
        assert_eq!(pair.to_server(&cuts), Ok(vec![]), "the end is told once");
        assert!(!pair.server.has_unread());
    }
}

#[test]
fn an_end_that_comes_too_early_is_an_error_and_the_events_before_it_stay() {
    let mut pair = Pair::connecting(plain(), plain());
    pair.client.write(b"GET / HTTP/1.1\r\n");
    pair.client.end_stream();
    let error = pair.to_server(&Cuts::EachByte).unwrap_err();
    assert_eq!(error, RemoteProtocolError::EndOfStream { received_any: true });
    assert_eq!(pair.server.connection.state(), ConnectionState::Closed);

    let mut pair = Pair::open(plain(), plain()).expect("both agree");
    pair.server.send(Ping::new(b"1")).expect("the connection is open");
    pair.server.write(&Violation::LengthTopBit.bytes(Role::Server));
    let error = pair.to_client(&Cuts::EachByte).unwrap_err();
    assert_eq!(pair.client.take_events(), [Ping::new(b"1").into()]);
    assert_eq!(pair.to_client(&Cuts::EachByte), Err(error), "it is final");
    assert_eq!(pair.client.take_events(), [], "each event is given once");
}

#[test]
fn an_end_gives_parts_where_its_buffer_does() {
    let client = Connection::open_client_with_entropy(plain(), |key: &mut [u8]| key.fill(0));
    let mut client = End::new(client).with_buffer(ReadBuffer::parts());
    let events = client.receive(b"\x81\x05Hello", &Cuts::At(vec![4])).expect("it is sound");
    let data: Vec<&str> = events
        .iter()
        .map(|event| if let Event::TextMessage(part) = event { &*part.data } else { "" })
        .collect();
    assert_eq!(data, ["He", "llo"]);
}

#[test]
fn a_clock_goes_on_when_it_is_told_to_and_never_back() {
    let mut clock = ManualClock::default();
    let seconds = Duration::from_secs;
    let steps: [(&str, fn(&mut ManualClock), Duration); 5] = [
        ("stands still", |_| {}, seconds(0)),
        ("by", |clock| clock.advance(Duration::from_secs(2)), seconds(2)),
        ("to", |clock| clock.advance_to(Duration::from_secs(5)), seconds(5)),
        ("not back", |clock| clock.advance_to(Duration::from_secs(4)), seconds(5)),
        ("to the end of time", |clock| clock.advance(Duration::MAX), Duration::MAX),
    ];
    for (name, step, now) in steps {
        step(&mut clock);
        assert_eq!(clock.now(), now, "{name}");
    }
}
