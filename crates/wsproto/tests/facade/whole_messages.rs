//! Whole messages out of parts: both sides of the limit, other frames between the parts, and memory.

use allocation_counter::measure;
use wsproto::{
    BytesMessage, CloseCode, CloseConnection, Config, Connection, ConnectionState, Event, Ping, Pong,
    ReadBuffer, RemoteProtocolError, Role, TextMessage, Transport,
};
use wsproto_frame::Opcode;

use crate::pair::{deflating, frame_to, last, more, open, parts};
use crate::ways::{Joining, Reader, STEPS, Steps, WAYS, Way, fill_all};

fn text(part: &str) -> Event<'_> {
    TextMessage::new(part).into()
}

fn text_more(part: &str) -> Event<'_> {
    TextMessage::new(part).unfinished().into()
}

fn bytes(part: &[u8]) -> Event<'_> {
    BytesMessage::new(part).into()
}

fn bytes_more(part: &[u8]) -> Event<'_> {
    BytesMessage::new(part).unfinished().into()
}

/// Returns the events out of a buffer with whole messages under a limit, and an error as the Close that reports it.
fn joined(limit: u64, steps: Steps, events: &[Event<'_>]) -> Vec<Event<'static>> {
    let config = Config::default().with_max_message_len(limit);
    let (mut wire, mut joining) = (Vec::new(), Joining::default());
    let mut client = open(Role::Client, &Config::default());
    for event in events {
        client.send(event.clone(), &mut wire).unwrap();
    }
    let mut reader = Reader::new(Way::Whole(steps));
    let end = reader.read(&mut open(Role::Server, &config), &wire, |_, event| joining.push(event));
    let mut out = joining.events;
    if let Err(error) = end {
        let Some(hint) = error.event_hint() else { panic!("{error:?} without a hint") };
        out.push(hint);
    }
    assert!(reader.is_empty() || out.is_empty());
    out
}

#[test]
fn f15_parts_become_messages_under_the_limit() {
    let too_long = || {
        Event::from(
            CloseConnection::new(CloseCode::MESSAGE_TOO_BIG).with_reason("message longer than the limit"),
        )
    };
    let close = || Event::from(CloseConnection::new(CloseCode::NORMAL));
    let asked = || Event::from(Ping::new(b"0123456789"));
    let answered = || Event::from(Pong::new(b"0123456789"));
    #[rustfmt::skip]
    let table: [(&str, Vec<Event<'_>>, Vec<Event<'_>>); 16] = [
        // name                         parts, limit of 8 bytes                                   what comes out
        ("whole",                       vec![text("12345678")],                                   vec![text("12345678")]),
        ("whole, too long",             vec![text("123456789"), text("next")],                    vec![too_long()]),
        ("whole bytes",                 vec![bytes(b"12345678")],                                 vec![bytes(b"12345678")]),
        ("whole bytes, too long",       vec![bytes(b"123456789"), bytes(b"next")],                vec![too_long()]),
        ("empty",                       vec![text(""), bytes(b"")],                               vec![text(""), bytes(b"")]),
        ("two parts",                   vec![text_more("1234"), text("5678")],                    vec![text("12345678")]),
        ("two parts, too long",         vec![text_more("1234"), text("56789"), text("next")],     vec![too_long()]),
        ("first part too long",         vec![bytes_more(b"123456789"), bytes(b"")],               vec![too_long()]),
        ("empty parts",                 vec![bytes_more(b""), bytes_more(b"12"), bytes_more(b""), bytes(b"")], vec![bytes(b"12")]),
        ("empty, then all of it",       vec![text_more(""), text("12345678")],                    vec![text("12345678")]),
        ("empty throughout",            vec![text_more(""), text("")],                            vec![text("")]),
        ("control frames between",      vec![text_more("ab"), asked(), text_more("cd"), answered(), text("ef")], vec![asked(), answered(), text("abcdef")]),
        ("control frames are no part",  vec![text_more("12345678"), asked(), text("")],            vec![asked(), text("12345678")]),
        ("a control frame before it is too long", vec![text_more("1234567"), asked(), text("89")], vec![asked(), too_long()]),
        ("one after the other",         vec![text_more("ab"), text("cd"), bytes_more(b"ef"), bytes(b"gh")], vec![text("abcd"), bytes(b"efgh")]),
        ("a Close between",             vec![text_more("ab"), close()],                           vec![close()]),
    ];
    for (name, parts, expected) in table {
        for steps in STEPS {
            assert_eq!(joined(8, steps, &parts), expected, "{name}, {steps:?}");
        }
    }
}

#[test]
fn code_points_that_were_cut_come_together() {
    let text = "aé€😀".repeat(3);
    for config in [Config::default(), deflating()] {
        for at in 0..=text.len() {
            let mut wire = Vec::new();
            let halves = parts(text.as_bytes(), &[at]);
            wire.extend(frame_to(Role::Server, more(Opcode::Text), halves[0]));
            wire.extend(frame_to(Role::Server, last(Opcode::Ping), b""));
            wire.extend(frame_to(Role::Server, last(Opcode::Continuation), halves[1]));
            for (read, way) in (1..9).flat_map(|read| WAYS.map(|way| (read, way))) {
                let mut connection = open(Role::Server, &config);
                let (mut reader, mut joining) = (Reader::new(way), Joining::default());
                for part in wire.chunks(read) {
                    reader.read(&mut connection, part, |_, event| joining.push(event)).unwrap();
                }
                let expected = [Ping::new(b"").into(), TextMessage::new(&text).into()];
                assert_eq!(joining.events, expected, "cut at {at}, reads of {read}, {way:?}");
            }
        }
    }
}

#[test]
fn a_message_in_one_frame_is_not_copied() {
    for (steps, opcode) in [Steps::One, Steps::Two]
        .into_iter()
        .flat_map(|steps| [Opcode::Binary, Opcode::Text].map(|opcode| (steps, opcode)))
    {
        let wire = frame_to(Role::Client, last(opcode), &[b'x'; 1000]);
        let mut connection = open(Role::Client, &Config::default());
        let mut buffer = ReadBuffer::messages().with_unread(wire);
        let place = buffer.capacity();
        let info = measure(|| {
            let (data, len) = match steps.next(&mut connection, &mut buffer).unwrap().unwrap() {
                Event::BytesMessage(message) => (message.data.as_ptr(), message.data.len()),
                Event::TextMessage(message) => (message.data.as_ptr(), message.data.len()),
                other => panic!("{other:?}"),
            };
            assert!(len == 1000 && !data.is_null());
        });
        // In two steps a text is copied to other memory, which the buffer keeps: the borrowed form must be a `&str`.
        let is_joined = (steps, opcode) == (Steps::Two, Opcode::Text);
        assert_eq!(info.count_total > 0, is_joined, "{steps:?}, {opcode:?}: {info:?}");
        assert_eq!(buffer.capacity() > place, is_joined, "{steps:?}, {opcode:?}");
    }
}

#[test]
fn memory_is_used_again_and_grows_with_the_message_alone() {
    let mut wire = frame_to(Role::Server, more(Opcode::Binary), &[7; 1000]);
    for number in 1..100 {
        let header = if number < 99 { more(Opcode::Continuation) } else { last(Opcode::Continuation) };
        wire.extend(frame_to(Role::Server, header, &[7; 1000]));
    }
    let mut server = open(Role::Server, &Config::default());
    let mut buffer = ReadBuffer::messages();
    let mut message = || {
        let mut messages = 0;
        for part in wire.chunks(1460) {
            fill_all(&mut buffer, part);
            while let Some(event) = server.receive_from(&mut buffer).unwrap() {
                let Event::BytesMessage(message) = event else { panic!("no message") };
                assert_eq!(message.data.len(), 100_000);
                messages += 1;
            }
        }
        assert_eq!(messages, 1);
    };
    let first = measure(&mut message);
    assert!(first.bytes_max <= 200_000 + (16 << 10) + 4096, "{first:?}");
    assert!(first.count_total < 20, "{first:?}");
    let later = measure(|| (0..10).for_each(|_| message()));
    assert_eq!(later.bytes_total, 0, "{later:?}");
}

#[test]
fn f13_f15_what_was_too_long_holds_no_more_than_the_limit() {
    let part = frame_to(Role::Server, more(Opcode::Continuation), &[7; 1000]);
    let first = frame_to(Role::Server, more(Opcode::Binary), b"");
    for way in WAYS {
        let mut server = open(Role::Server, &Config::default().with_max_message_len(50_000));
        let (mut reader, mut errors) = (Reader::new(way), 0);
        let info = measure(|| {
            reader.read(&mut server, &first, |_, _| {}).unwrap();
            for _ in 0..1000 {
                if let Err(error) = reader.read(&mut server, &part, |_, _| {}) {
                    assert_eq!(error, RemoteProtocolError::MessageTooLong { limit: 50_000 });
                    errors += 1;
                }
            }
        });
        assert_eq!(errors, 950, "final");
        assert!(info.bytes_max <= 100_000 + (32 << 10), "{way:?}: {info:?}");
        assert!(reader.buffer.capacity() <= 16 << 10, "{way:?}: {} bytes are kept", reader.buffer.capacity());
    }
}

#[test]
fn d17_a_verbatim_message_is_not_compressed() {
    let text = "secret ".repeat(30);
    for (message, first_byte) in
        [(TextMessage::new(&*text), 0xc1), (TextMessage::new(&*text).verbatim(), 0x81)]
    {
        let mut bytes = Vec::new();
        let mut server = open(Role::Server, &deflating());
        server.send(message, &mut bytes).expect("the connection is open");
        assert_eq!(bytes[0], first_byte);
        let mut client = open(Role::Client, &deflating());
        let received = client.receive(&mut &mut bytes[..]);
        assert_eq!(received, Ok(Some(Event::TextMessage(TextMessage::new(&*text)))));
    }
}

/// A program may have its own limits.
#[test]
fn an_error_that_others_found_ends_the_connection_as_its_own_do() {
    for (role, way) in [Role::Server, Role::Client].into_iter().flat_map(|role| WAYS.map(|way| (role, way))) {
        let mut connection = open(role, &Config::default());
        let mut reader = Reader::new(way);
        let mut bytes = frame_to(role, last(Opcode::Text), b"too long");
        bytes.extend(frame_to(role, last(Opcode::Text), b"next"));
        let error = RemoteProtocolError::MessageTooLong { limit: 4 };
        let (mut out, mut events) = (Vec::new(), 0);
        let end = reader.read(&mut connection, &bytes, |connection: &mut Connection, event| {
            assert_eq!(event, TextMessage::new("too long").into());
            connection.reply_to_error(&error, &mut out).expect("a Close can be sent");
            events += 1;
        });
        assert_eq!((end, events), (Err(error.clone()), 1), "{role:?}, {way:?}: what follows is ignored");
        assert!(!out.is_empty(), "{role:?}");
        let stand = (connection.state(), connection.transport());
        assert_eq!(stand, (ConnectionState::Closed, Transport::ShutdownWrite), "{role:?}");
        assert!(reader.is_empty(), "{way:?}");
        let sent = out.len();
        connection.reply_to_error(&error, &mut out).expect("nothing is owed any more");
        assert_eq!(out.len(), sent, "{role:?}");
    }
}
