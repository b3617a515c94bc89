//! Whole messages out of parts: both sides of the limit, what passes through, what memory it takes.

use allocation_counter::measure;
use wsproto::{
    BytesMessage, CloseCode, CloseConnection, Config, ConnectionState, Event, Messages, Ping, Pong,
    RemoteProtocolError, Role, TextMessage, Transport,
};
use wsproto_frame::Opcode;

use crate::pair::{deflating, frame_to, last, more, open, parts};

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

/// What comes out: messages and other events as they are, and errors as a message that nobody sends.
fn joined(limit: u64, events: Vec<Event<'_>>) -> Vec<Event<'_>> {
    let mut messages = Messages::new(limit);
    let mut out = Vec::new();
    for event in events {
        match messages.push(event) {
            Ok(event) => out.extend(event),
            Err(error) => {
                let Some(hint) = error.event_hint() else { panic!("{error:?} without a hint") };
                out.push(hint);
            }
        }
    }
    out
}

#[test]
fn parts_become_messages_under_the_limit() {
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
        ("whole, too long",             vec![text("123456789"), text("next")],                    vec![too_long(), text("next")]),
        ("whole bytes",                 vec![bytes(b"12345678")],                                 vec![bytes(b"12345678")]),
        ("whole bytes, too long",       vec![bytes(b"123456789"), bytes(b"next")],                vec![too_long(), bytes(b"next")]),
        ("empty",                       vec![text(""), bytes(b"")],                               vec![text(""), bytes(b"")]),
        ("two parts",                   vec![text_more("1234"), text("5678")],                    vec![text("12345678")]),
        ("two parts, too long",         vec![text_more("1234"), text("56789"), text("next")],     vec![too_long(), text("next")]),
        ("first part too long",         vec![bytes_more(b"123456789"), bytes_more(b"x"), bytes(b""), bytes(b"next")], vec![too_long(), bytes(b"next")]),
        ("empty parts",                 vec![bytes_more(b""), bytes_more(b"12"), bytes_more(b""), bytes(b"")], vec![bytes(b"12")]),
        ("empty, then all of it",       vec![text_more(""), text("12345678")],                    vec![text("12345678")]),
        ("empty throughout",            vec![text_more(""), text("")],                            vec![text("")]),
        ("control frames between",      vec![text_more("ab"), asked(), text_more("cd"), answered(), text("ef")], vec![asked(), answered(), text("abcdef")]),
        ("control frames are no part",  vec![text_more("12345678"), asked(), text("")],            vec![asked(), text("12345678")]),
        ("control frames while dropping", vec![text_more("123456789"), asked(), text("x"), text("ok")], vec![too_long(), asked(), text("ok")]),
        ("one after the other",         vec![text_more("ab"), text("cd"), bytes_more(b"ef"), bytes(b"gh")], vec![text("abcd"), bytes(b"efgh")]),
        ("a Close between",             vec![text_more("ab"), close()],                           vec![close()]),
    ];
    for (name, parts, expected) in table {
        assert_eq!(joined(8, parts), expected, "{name}");
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
            for read in 1..9 {
                let mut connection = open(Role::Server, &config);
                let mut messages = Messages::new(text.len() as u64);
                let mut whole = Vec::new();
                for part in wire.chunks(read) {
                    let mut part = part.to_vec();
                    let mut input = &mut part[..];
                    while let Some(event) = connection.receive(&mut input).unwrap() {
                        whole.extend(messages.push(event).unwrap().map(Event::into_owned));
                    }
                }
                let expected = [Ping::new(b"").into(), TextMessage::new(&text).into()];
                assert_eq!(whole, expected, "cut at {at}, reads of {read}");
            }
        }
    }
}

#[test]
fn a_message_in_one_part_is_not_copied() {
    let mut wire = frame_to(Role::Client, last(Opcode::Binary), &[7; 1000]);
    let range = wire.as_ptr_range();
    let mut connection = open(Role::Client, &Config::default());
    let mut messages = Messages::new(1000);
    let info = measure(|| {
        let event = connection.receive(&mut &mut wire[..]).unwrap().unwrap();
        let Ok(Some(Event::BytesMessage(message))) = messages.push(event) else { panic!("no message") };
        assert!(range.contains(&message.data.as_ptr()));
    });
    assert_eq!(info.count_total, 0, "{info:?}");
}

#[test]
fn memory_is_used_again_and_grows_with_the_message_alone() {
    let part = vec![7; 1000];
    let mut messages = Messages::new(100_000);
    let mut message = || {
        for _ in 0..99 {
            assert_eq!(messages.push(bytes_more(&part)), Ok(None));
        }
        let Ok(Some(Event::BytesMessage(message))) = messages.push(bytes(&part)) else {
            panic!("no message")
        };
        assert_eq!(message.data.len(), 100_000);
    };
    let first = measure(&mut message);
    assert!(first.bytes_max <= 200_000 + 4096, "{first:?}");
    assert!(first.count_total < 20, "{first:?}");
    let later = measure(|| (0..10).for_each(|_| message()));
    assert_eq!(later.bytes_total, 0, "{later:?}");
}

#[test]
fn f13_f15_what_was_too_long_holds_no_more_than_the_limit() {
    let part = vec![7; 1000];
    let mut messages = Messages::new(50_000);
    let mut errors = 0;
    let info = measure(|| {
        for _ in 0..10_000 {
            match messages.push(bytes_more(&part)) {
                Ok(None) => {}
                Err(error) => {
                    assert_eq!(error, RemoteProtocolError::MessageTooLong { limit: 50_000 });
                    errors += 1;
                }
                Ok(Some(event)) => panic!("{event:?}"),
            }
        }
    });
    assert_eq!(errors, 1);
    assert!(info.bytes_max <= 100_000 + 4096, "{info:?}");
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

#[test]
fn an_error_of_the_assembler_ends_the_connection_as_its_own_do() {
    for role in [Role::Server, Role::Client] {
        let mut connection = open(role, &Config::default());
        let mut bytes = frame_to(role, last(Opcode::Text), b"too long");
        bytes.extend(frame_to(role, last(Opcode::Text), b"next"));
        let mut input = &mut bytes[..];
        let event = connection.receive(&mut input).expect("a good frame").expect("a message");
        let error = Messages::new(4).push(event).expect_err("the message is too long");
        let mut out = Vec::new();
        connection.reply_to_error(&error, &mut out).expect("a Close can be sent");
        assert!(!out.is_empty(), "{role:?}");
        let stand = (connection.state(), connection.transport());
        assert_eq!(stand, (ConnectionState::Closed, Transport::ShutdownWrite), "{role:?}");
        assert_eq!(connection.receive(&mut input), Err(error.clone()), "{role:?}: what follows is ignored");
        assert!(input.is_empty());
        let sent = out.len();
        connection.reply_to_error(&error, &mut out).expect("nothing is owed any more");
        assert_eq!(out.len(), sent, "{role:?}");
    }
}
