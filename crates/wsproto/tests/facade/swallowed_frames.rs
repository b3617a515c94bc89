//! Frames and messages that an extension swallows, in both directions: what the program gets, and what the peer gets.

use wsproto::extensions::deflate::DeflateConfig;
use wsproto::extensions::{
    Extension, ExtensionConfig, ExtensionError, Handling, Outbound, OutboundFrame, Output, Params, Progress,
    Reason, Refusal,
};
use wsproto::{
    BytesMessage, CloseConnection, Config, Connection, ConnectionState, Event, LocalProtocolError, Ping,
    PreparedMessage, ReadBuffer, RemoteProtocolError, Role, TextMessage,
};
use wsproto_frame::{CloseCode, FrameHeader, Opcode, Rsv};

use crate::pair::{feed, frame_to, last, more, open};
use crate::read_buffer::{joined_parts, with_buffer};
use crate::seen::{Seen, Stand, merged, messages};
use crate::ways::{Reader, WAYS, Way};

/// An extension that swallows received frames with RSV3, and payloads that begin with `!` in frames with RSV2. It sends
/// as `marks` says.
#[derive(Clone, Debug)]
struct Sieve {
    marks: Marks,
    /// How many messages were sent.
    sent: usize,
    /// Whether the next byte is the first one of its payload.
    at_start: bool,
}

/// The treatment of every second message: marked so that the peer swallows it, or swallowed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Marks {
    None,
    Header,
    Payload,
    Unsent,
    /// Each fragment between the first and the last one of every message is swallowed.
    MiddleUnsent,
}

fn sieve(marks: Marks) -> Sieve {
    Sieve { marks, sent: 0, at_start: false }
}

impl ExtensionConfig for Sieve {
    fn name(&self) -> &'static str {
        "x-sieve"
    }

    fn rsv(&self) -> Rsv {
        Rsv::RSV2 | Rsv::RSV3
    }

    fn offers(&self) -> Vec<Params<'static>> {
        vec![Params::new("x-sieve")]
    }

    fn agree(&self, _: &Params<'_>) -> Result<Box<dyn Extension>, Reason> {
        Ok(Box::new(self.clone()))
    }

    fn answer(&self, _: &Params<'_>) -> Option<(Params<'static>, Box<dyn Extension>)> {
        Some((Params::new("x-sieve"), Box::new(self.clone())))
    }
}

impl Extension for Sieve {
    fn rsv(&self) -> Rsv {
        Rsv::RSV2 | Rsv::RSV3
    }

    fn inbound_header(&mut self, header: &FrameHeader) -> Result<Handling, Refusal> {
        if header.rsv.contains(Rsv::RSV3) {
            return Ok(Handling::Swallow);
        }
        let marked = header.opcode.is_data() && header.rsv.contains(Rsv::RSV2);
        self.at_start |= marked;
        Ok(if marked { Handling::Transform } else { Handling::Pass })
    }

    fn inbound(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Refusal> {
        if std::mem::take(&mut self.at_start) {
            match input[0] {
                b'!' => output.swallow(),
                b'?' => {
                    output.write(b"?");
                    output.swallow();
                }
                _ => {}
            }
            *input = &input[1..];
        }
        let written = output.write(input);
        *input = &input[written..];
        Ok(())
    }

    fn inbound_end(&mut self, _: &FrameHeader, output: &mut Output<'_>) -> Result<Progress, Refusal> {
        if std::mem::take(&mut self.at_start) {
            output.swallow(); // an empty payload
        }
        Ok(Progress::Done)
    }

    fn outbound(&mut self, frame: &OutboundFrame<'_>, output: &mut Output<'_>) -> Result<Outbound, Refusal> {
        if frame.payload.starts_with(b"quietly") {
            output.write(b"lost");
            output.swallow();
            return Ok(Outbound::PASS);
        }
        if frame.payload.starts_with(b"quiet") || frame.payload.starts_with(b"\x03\xe8quiet") {
            output.write(b"lost");
            return Ok(Outbound::SWALLOW);
        }
        if frame.opcode.is_control() {
            return Ok(Outbound::PASS);
        }
        self.sent += usize::from(frame.opcode != Opcode::Continuation);
        let even = self.sent.is_multiple_of(2);
        match self.marks {
            Marks::Header if even => Ok(Outbound::flagged(Rsv::RSV3)),
            Marks::Unsent if even => Ok(Outbound::SWALLOW),
            Marks::MiddleUnsent if frame.opcode == Opcode::Continuation && !frame.fin => {
                Ok(Outbound::SWALLOW)
            }
            Marks::None | Marks::Header | Marks::Unsent | Marks::MiddleUnsent => Ok(Outbound::PASS),
            Marks::Payload => {
                output.write(if even { b"!" } else { b"+" });
                output.write(frame.payload);
                Ok(Outbound::transformed(Rsv::RSV2))
            }
        }
    }
}

fn deflate() -> DeflateConfig {
    DeflateConfig::default().with_threshold(0)
}

/// Returns the extension alone, and with permessage-deflate on either side of it.
fn stacks(marks: Marks) -> [(&'static str, Config); 3] {
    let none = Config::default;
    [
        ("alone", none().with_extension(sieve(marks))),
        ("deflate, sieve", none().with_extension(deflate()).with_extension(sieve(marks))),
        ("sieve, deflate", none().with_extension(sieve(marks)).with_extension(deflate())),
    ]
}

/// Returns the header of a frame that is swallowed by its header.
fn hidden(header: FrameHeader) -> FrameHeader {
    header.with_rsv(Rsv::RSV3)
}

/// Returns the header of a frame that may be swallowed by its first byte.
fn marked(header: FrameHeader) -> FrameHeader {
    header.with_rsv(Rsv::RSV2)
}

type Expected = Result<Vec<Seen>, RemoteProtocolError>;

/// Feeds bytes in reads of each length and in every way, and compares the frames or the messages.
fn check(name: &str, role: Role, config: &Config, wire: &[u8], expected: &Expected) {
    let (joined, _) = joined_parts(open(role, config), wire);
    for (read, way) in [1, 2, 3, 7, 1 << 20].into_iter().flat_map(|read| WAYS.map(|way| (read, way))) {
        let name = format!("{name}, {role:?}, {way:?}, reads of {read}");
        let (mut connection, mut reader, mut events) = (open(role, config), Reader::new(way), Vec::new());
        let mut read_one =
            |part| reader.read(&mut connection, part, |_, event| events.push(event.into_owned()));
        let end = wire.chunks(read).try_for_each(&mut read_one);
        let seen = merged(&events);
        if let Way::Whole(_) = way {
            assert_eq!((seen, end.err()), (merged(&joined), expected.clone().err()), "{name}");
        } else {
            assert_eq!(end.map(|()| seen), *expected, "{name}");
        }
        assert!(expected.is_err() || reader.is_empty(), "{name}: something is left in the buffer");
    }
}

#[test]
fn nothing_is_seen_of_a_frame_that_is_swallowed_and_messages_end() {
    use Opcode::{Binary, Continuation, Ping, Pong, Text};
    use Stand::{FrameDone, MessageDone};
    let text = |text: &str, stand| Seen::Text(text.as_bytes().to_vec(), stand);
    let bytes = |bytes: &str, stand| Seen::Bytes(bytes.as_bytes().to_vec(), stand);
    let late = RemoteProtocolError::Extension(ExtensionError::SwallowedLate);
    let close = RemoteProtocolError::Extension(ExtensionError::SwallowedClose);
    let end = || bytes("end", MessageDone);
    #[rustfmt::skip]
    let table: Vec<(&str, Vec<(FrameHeader, &[u8])>, Expected)> = vec![
        ("a message",             vec![(hidden(last(Text)), b"no")],                                                    Ok(vec![])),
        ("an empty one",          vec![(hidden(last(Binary)), b"")],                                                    Ok(vec![])),
        ("no text at all",        vec![(hidden(last(Text)), b"\xff\xff")],                                              Ok(vec![])),
        ("by its payload",        vec![(marked(last(Text)), b"!\xff")],                                                 Ok(vec![])),
        ("at its end",            vec![(marked(last(Text)), b"")],                                                      Ok(vec![])),
        ("two of three",          vec![(hidden(last(Text)), b"no"), (last(Text), b"yes"), (marked(last(Binary)), b"!no")], Ok(vec![text("yes", MessageDone)])),
        ("every fragment",        vec![(hidden(more(Text)), b"n"), (marked(more(Continuation)), b"!o"), (hidden(last(Continuation)), b"")], Ok(vec![])),
        ("the first fragment",    vec![(hidden(more(Text)), b"no"), (last(Continuation), b"yes")],                      Ok(vec![text("yes", MessageDone)])),
        ("a fragment within",     vec![(more(Text), b"a"), (hidden(more(Continuation)), b"no"), (last(Continuation), b"b")], Ok(vec![text("a", FrameDone), text("b", MessageDone)])),
        ("the last fragment",     vec![(more(Text), b"a"), (hidden(last(Continuation)), b"no")],                        Ok(vec![text("a", FrameDone), text("", MessageDone)])),
        ("the last, marked",      vec![(more(Binary), b"a"), (marked(last(Continuation)), b"!no")],                     Ok(vec![bytes("a", FrameDone), bytes("", MessageDone)])),
        ("after an empty one",    vec![(more(Binary), b""), (hidden(last(Continuation)), b"no")],                       Ok(vec![bytes("", FrameDone), bytes("", MessageDone)])),
        ("all but a marked one",  vec![(hidden(more(Text)), b"no"), (marked(more(Continuation)), b"+a"), (hidden(last(Continuation)), b"no")], Ok(vec![text("a", FrameDone), text("", MessageDone)])),
        ("in a code point",       vec![(more(Text), b"\xc3"), (hidden(more(Continuation)), b"\xff"), (marked(more(Continuation)), b"!\xff"), (last(Continuation), b"\xbc")], Ok(vec![text("", FrameDone), text("\u{fc}", MessageDone)])),
        ("a Ping",                vec![(hidden(last(Ping)), b"no"), (last(Pong), b"yes")],                              Ok(vec![Seen::Pong(b"yes".to_vec())])),
        ("a Pong in a message",   vec![(more(Text), b"a"), (hidden(last(Pong)), b"no"), (last(Continuation), b"b")],    Ok(vec![text("a", FrameDone), text("b", MessageDone)])),
        ("a Ping in one swallowed", vec![(hidden(more(Text)), b"no"), (last(Ping), b"yes"), (hidden(last(Continuation)), b"no")], Ok(vec![Seen::Ping(b"yes".to_vec())])),
        ("late",                  vec![(marked(last(Text)), b"?x")],                                                    Err(late)),
        ("a Close",               vec![(hidden(last(Opcode::Close)), b"\x03\xe8")],                                     Err(close)),
    ];
    for (stack, config) in stacks(Marks::None) {
        for (name, frames, expected) in &table {
            for role in [Role::Server, Role::Client] {
                let mut wire: Vec<u8> =
                    frames.iter().flat_map(|(header, payload)| frame_to(role, *header, payload)).collect();
                wire.extend(frame_to(role, last(Binary), b"end"));
                let expected = expected.clone().map(|seen| [seen, vec![end()]].concat());
                check(&format!("{name}, {stack}"), role, &config, &wire, &expected);
            }
        }
    }
}

#[test]
fn d22_rules_of_the_wire_hold_for_what_is_swallowed() {
    use Opcode::{Binary, Continuation, Ping, Text};
    #[rustfmt::skip]
    let table: Vec<(&str, Vec<(FrameHeader, &[u8])>)> = vec![
        ("a text that ends in a code point", vec![(more(Text), b"\xc3"), (hidden(last(Continuation)), b"\xbc")]),
        ("the same, by its payload",         vec![(more(Text), b"\xc3"), (marked(last(Continuation)), b"!\xbc")]),
        ("a message within a message",       vec![(hidden(more(Text)), b"a"), (hidden(last(Binary)), b"b")]),
        ("a continuation of nothing",        vec![(hidden(last(Continuation)), b"a")]),
        ("nobody's bit",                     vec![(hidden(last(Text)).with_rsv(Rsv::RSV3 | Rsv::RSV1), b"a")]),
        ("too long",                         vec![(hidden(last(Binary)), &[0; 101])]),
        ("too long together",                vec![(hidden(more(Binary)), &[0; 60]), (last(Continuation), &[0; 41])]),
        ("too many fragments",               vec![(hidden(more(Binary)), b"a"), (hidden(more(Continuation)), b"a"), (hidden(more(Continuation)), b"a"), (hidden(last(Continuation)), b"a")]),
        ("too many empty fragments",         vec![(hidden(more(Binary)), b""), (hidden(more(Continuation)), b"")]),
        ("too many Pings",                   vec![(hidden(last(Ping)), b""), (hidden(last(Ping)), b""), (hidden(last(Ping)), b"")]),
    ];
    let config = Config::default()
        .with_extension(sieve(Marks::None))
        .with_max_message_len(100)
        .with_max_fragments(3)
        .with_max_empty_fragments(1)
        .with_max_control_frames(2);
    for (name, frames) in &table {
        for role in [Role::Server, Role::Client] {
            let wire: Vec<u8> =
                frames.iter().flat_map(|(header, payload)| frame_to(role, *header, payload)).collect();
            for read in [1, 1 << 20] {
                let (_, end) = feed(&mut open(role, &config), wire.chunks(read));
                assert!(end.is_err(), "{name}, {role:?}, reads of {read}");
                let mut buffer = ReadBuffer::messages();
                let (_, whole) = with_buffer(&mut open(role, &config), &mut buffer, wire.chunks(read));
                assert_eq!(whole, end, "{name}, {role:?}, reads of {read}, whole");
            }
        }
    }
}

/// The output of the other extensions counts, though it is dropped: no work is without a limit.
#[test]
fn d22_what_is_inflated_and_swallowed_counts_as_a_message() {
    for marks in [Marks::Header, Marks::Payload] {
        for (stack, config) in stacks(marks).into_iter().skip(1) {
            for (len, is_too_long) in [(100_000, false), (100_010, true)] {
                let (mut client, limited) =
                    (open(Role::Client, &config), config.clone().with_max_message_len(100_005));
                let mut wire = Vec::new();
                client.send(BytesMessage::new(b"seen"), &mut wire).unwrap();
                client.send(BytesMessage::new(vec![7; len]), &mut wire).unwrap();
                let (events, end) = feed(&mut open(Role::Server, &limited), [&wire[..]]);
                assert_eq!((events.len(), end.is_err()), (1, is_too_long), "{marks:?}, {stack}, {len}");
                let mut buffer = ReadBuffer::messages();
                let (_, whole) = with_buffer(&mut open(Role::Server, &limited), &mut buffer, [&wire[..]]);
                assert_eq!(whole, end, "{marks:?}, {stack}, {len}, whole");
            }
        }
    }
}

/// A message that is swallowed on either side keeps both windows in step, in any order.
#[test]
fn the_other_extensions_stay_in_step() {
    // Each message repeats the swallowed one before it, and no part of itself.
    let words = |number: usize| -> String {
        let noise = |at: usize| (number / 2 * 1000 + at).wrapping_mul(0x9e37_79b9).to_string();
        (0..100).map(noise).collect()
    };
    for marks in [Marks::Header, Marks::Payload, Marks::Unsent, Marks::MiddleUnsent] {
        let (numbers, most): (&[usize], _) = match marks {
            Marks::MiddleUnsent => (&[1, 2, 3, 4, 5, 6, 7], 2),
            _ => (&[1, 3, 5, 7], usize::MAX),
        };
        for (stack, config) in stacks(marks) {
            for (role, fragments) in
                [(Role::Server, 1), (Role::Client, 1), (Role::Server, 3), (Role::Client, 3)]
            {
                let name = format!("{marks:?}, {stack}, {role:?}, {fragments} fragments");
                let sender = if role == Role::Server { Role::Client } else { Role::Server };
                let (mut sender, mut wire) = (open(sender, &config), Vec::new());
                for number in 1..=7 {
                    for _ in 1..fragments {
                        sender.send(TextMessage::new(words(number)).unfinished(), &mut wire).unwrap();
                        sender.send(Ping::new(b"between"), &mut wire).unwrap();
                    }
                    sender.send(TextMessage::new(words(number)), &mut wire).unwrap();
                }
                let text = |number: &usize| words(*number).repeat(fragments.min(most)).into_bytes();
                let expected: Vec<Seen> =
                    numbers.iter().map(|number| Seen::Text(text(number), Stand::MessageDone)).collect();
                for read in [1, 5, 1000, 1 << 20] {
                    let (events, end) = feed(&mut open(role, &config), wire.chunks(read));
                    assert_eq!((end, messages(&events)), (Ok(()), expected.clone()), "{name}, {read}");
                    let mut buffer = ReadBuffer::messages();
                    let (whole, end) = with_buffer(&mut open(role, &config), &mut buffer, wire.chunks(read));
                    assert_eq!((end, messages(&whole)), (Ok(()), expected.clone()), "{name}, {read}, whole");
                    let pings = whole.iter().filter(|event| matches!(event, Event::Ping(_))).count();
                    assert_eq!(pings, 7 * (fragments - 1), "{name}, {read}");
                }
            }
        }
    }
}

#[test]
fn nothing_is_sent_of_what_is_swallowed() {
    let part = |text| Event::from(TextMessage::new(text).unfinished());
    let rest = |text| Event::from(TextMessage::new(text));
    #[rustfmt::skip]
    let table: Vec<(&str, Vec<Event<'_>>, &[&str])> = vec![
        ("a message",          vec![rest("quiet")],                                    &[]),
        ("by the output",      vec![rest("quietly")],                                  &[]),
        ("between others",     vec![rest("a"), rest("quiet"), rest("b")],              &["a", "b"]),
        ("a Ping",             vec![Ping::new(b"quiet").into(), rest("a")],            &["a"]),
        ("a whole message by its first fragment", vec![part("quiet"), part("x"), Ping::new(b"").into(), rest("y"), rest("a")], &["a"]),
        ("its end, empty",     vec![part("quiet"), rest(""), rest("a")],               &["a"]),
        ("a fragment within",  vec![part("a"), part("quiet"), rest("b")],              &["ab"]),
        ("two of them",        vec![part("a"), part("quiet"), part("quietly"), rest("b"), rest("c")], &["ab", "c"]),
    ];
    let takeover = |text: &str| Seen::Text(text.as_bytes().to_vec(), Stand::MessageDone);
    for (stack, config) in [
        ("alone", Config::default().with_extension(sieve(Marks::None))),
        // The extension can't read the words once they are compressed.
        ("sieve, deflate", Config::default().with_extension(sieve(Marks::None)).with_extension(deflate())),
    ] {
        for (name, events, expected) in &table {
            for role in [Role::Server, Role::Client] {
                let peer = if role == Role::Server { Role::Client } else { Role::Server };
                let (mut sender, mut wire) = (open(role, &config), Vec::new());
                for event in events {
                    sender.send(event.clone(), &mut wire).unwrap();
                }
                let (seen, end) = feed(&mut open(peer, &config), [&wire[..]]);
                let expected: Vec<Seen> = expected.iter().map(|text| takeover(text)).collect();
                assert_eq!((end, messages(&seen)), (Ok(()), expected), "{name}, {stack}, {role:?}");
            }
        }
    }
}

#[test]
fn what_the_peer_waits_for_is_never_swallowed() {
    let config = Config::default().with_extension(sieve(Marks::None));
    for role in [Role::Server, Role::Client] {
        let (mut sender, mut out) = (open(role, &config), Vec::new());
        sender.send(TextMessage::new("a").unfinished(), &mut out).unwrap();
        let before = out.clone();
        let end = sender.send(TextMessage::new("quiet"), &mut out);
        assert_eq!(end, Err(LocalProtocolError::Extension(ExtensionError::SwallowedEnd)));
        let mut close = CloseConnection::new(CloseCode::NORMAL);
        close.reason = "quiet".into();
        let closed = sender.send(close, &mut out);
        assert_eq!(closed, Err(LocalProtocolError::Extension(ExtensionError::SwallowedClose)));
        assert_eq!((&out, sender.state()), (&before, ConnectionState::Open));
        // A swallowed message is under way for us, too: no other one comes between its fragments.
        sender.send(TextMessage::new("b"), &mut out).unwrap();
        sender.send(TextMessage::new("quiet").unfinished(), &mut out).unwrap();
        let before = out.clone();
        assert!(matches!(sender.send(BytesMessage::new(b"c"), &mut out), Err(LocalProtocolError::Frame(_))));
        assert_eq!(out, before);
        sender.send(TextMessage::new("d"), &mut out).unwrap();
        assert_eq!(out, before);
        sender.send(BytesMessage::new(b"c"), &mut out).unwrap();
        assert!(out.len() > before.len());
    }
}

#[test]
fn a_message_for_many_may_be_swallowed() {
    for (stack, config) in stacks(Marks::None) {
        let quiet = PreparedMessage::new(TextMessage::new("quiet")).unwrap();
        let loud = PreparedMessage::new(TextMessage::new("loud")).unwrap();
        for role in [Role::Server, Role::Client] {
            let mut sender: Connection = open(role, &config);
            let mut out = Vec::new();
            let readable = stack != "deflate, sieve";
            sender.send_prepared(&quiet, &mut out).unwrap();
            assert_eq!(out.is_empty(), readable, "{stack}, {role:?}");
            let apart = sender.send_prepared_apart(&quiet).unwrap();
            assert_eq!(apart.is_none(), readable, "{stack}, {role:?}");
            sender.send_prepared(&loud, &mut out).unwrap();
            assert!(sender.send_prepared_apart(&loud).unwrap().is_some());
            assert!(!out.is_empty());
        }
    }
}
