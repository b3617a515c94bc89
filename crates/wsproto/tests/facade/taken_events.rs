//! Events that are taken out of a read buffer: long payloads with their memory, short ones as copies. A kept payload
//! never holds more than twice its bytes.

#![expect(clippy::cast_possible_wrap, reason = "lengths are far below 2^63")]

use allocation_counter::measure;
use wsproto::{Bytes, BytesMessage, Config, Connection, Event, ReadBuffer, Role, TextMessage};
use wsproto_frame::Opcode;

use crate::pair::{deflating, frame_to, last, more, open};
use crate::ways::{Joining, Steps, fill, fill_all};

/// From this length on a payload is not copied.
const LONG: usize = 64 << 10;

/// Makes a configuration and a message of a length.
type Make = fn(usize) -> (Config, Vec<u8>);

/// Every place where a message can lie.
const PLACES: [(&str, Make); 5] = [
    ("binary in one frame", |len| {
        (Config::default(), frame_to(Role::Server, last(Opcode::Binary), &vec![7; len]))
    }),
    ("text in one frame", |len| {
        (Config::default(), frame_to(Role::Server, last(Opcode::Text), &vec![b'x'; len]))
    }),
    ("binary in fragments", |len| (Config::default(), fragments(Opcode::Binary, &vec![7; len]))),
    ("text in fragments", |len| (Config::default(), fragments(Opcode::Text, &vec![b'x'; len]))),
    ("compressed", |len| {
        let mut wire = Vec::new();
        open(Role::Client, &deflating()).send(BytesMessage::new(vec![7; len]), &mut wire).unwrap();
        (deflating(), wire)
    }),
];

fn fragments(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let (start, rest) = payload.split_at(payload.len() / 3);
    [frame_to(Role::Server, more(opcode), start), frame_to(Role::Server, last(Opcode::Continuation), rest)]
        .concat()
}

/// Reads until an event was found. The test makes the next read.
fn find(connection: &mut Connection, buffer: &mut ReadBuffer, mut wire: &[u8], read: usize) {
    while !wire.is_empty() {
        let len = wire.len().min(read);
        wire = &wire[fill(buffer, &wire[..len])..];
        if connection.advance(buffer).unwrap() {
            assert!(wire.is_empty(), "found before its end");
            return;
        }
    }
    panic!("nothing was found");
}

/// Returns the address and the length of a message's payload.
fn place(event: Option<&Event<'_>>) -> (usize, usize) {
    match event {
        Some(Event::BytesMessage(message)) => (message.data.as_ptr().addr(), message.data.len()),
        Some(Event::TextMessage(message)) => (message.data.as_ptr().addr(), message.data.len()),
        other => panic!("{other:?}"),
    }
}

fn into_bytes(event: Event<'static>) -> Bytes {
    match event {
        Event::BytesMessage(message) => message.data.into_bytes(),
        Event::TextMessage(message) => message.data.into_bytes(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_long_payload_is_taken_where_it_lies_and_a_short_one_copied() {
    for (name, make) in PLACES {
        for (len, is_taken) in [(1, false), (LONG - 1, false), (LONG, true), (100_000, true), (1 << 20, true)]
        {
            for read in [1460, usize::MAX] {
                let case = format!("{name}, {len} bytes, reads of {read}");
                let (config, wire) = make(len);
                let (mut server, mut buffer) = (open(Role::Server, &config), ReadBuffer::messages());
                find(&mut server, &mut buffer, &wire, read);
                let lay = place(buffer.event().as_ref());
                let mut taken = None;
                let info = measure(|| taken = buffer.take_event());
                let found = place(taken.as_ref());
                assert_eq!((found.1, lay.1), (len, len), "{case}");
                assert_eq!(found.0 == lay.0, is_taken, "{case}: at the same address");
                assert!(info.count_total <= 1, "{case}: {info:?}");
                // It stays there as `Bytes` and as an owned event.
                let owned = taken.unwrap().into_owned();
                assert_eq!(place(Some(&owned)), found, "{case}");
                let bytes = into_bytes(owned);
                assert_eq!((bytes.as_ptr().addr(), bytes.len()), found, "{case}");
                // The buffer can serve a new connection.
                let mut joining = Joining::default();
                let (config, next) = make(70);
                fill_all(&mut buffer, &next);
                Steps::Taken
                    .all(&mut open(Role::Server, &config), &mut buffer, |_, event| joining.push(event))
                    .unwrap();
                assert_eq!((joining.events.len(), buffer.is_empty()), (1, true), "{case}");
                assert_eq!(bytes.len(), len, "{case}");
                assert!(bytes.iter().all(|byte| *byte == bytes[0]), "{case}: another's bytes");
            }
        }
    }
}

/// This holds for any earlier length of the buffer.
#[test]
fn f24_what_was_taken_holds_at_most_twice_its_bytes() {
    for (name, make) in PLACES {
        for before in [0, 1, 300_000, 3 << 20] {
            for len in [0, 1, 100, 20_000, LONG - 1, LONG, 70_000, 140_000, 1 << 20] {
                for as_bytes in [false, true] {
                    let case = format!("{name}, {len} bytes after {before}");
                    let mut buffer = ReadBuffer::messages();
                    for _ in 0..2 {
                        let (config, wire) = make(before);
                        find(&mut open(Role::Server, &config), &mut buffer, &wire, 4096);
                        assert_eq!(place(buffer.event().as_ref()).1, before);
                    }
                    let (config, wire) = make(len);
                    find(&mut open(Role::Server, &config), &mut buffer, &wire, 4096);
                    let mut kept = buffer.take_event();
                    if as_bytes {
                        kept = kept.map(|event| BytesMessage::new(into_bytes(event)).into());
                    }
                    drop(buffer);
                    assert_eq!(place(kept.as_ref()).1, len, "{case}");
                    let held = -measure(|| drop(kept)).bytes_current;
                    assert!(held <= (2 * len + 64) as i64, "{case}: {held} bytes are held");
                }
            }
        }
    }
}

#[test]
fn what_was_read_after_a_payload_that_is_taken_is_not_lost() {
    let long = vec![7; 200_000];
    let next = frame_to(Role::Server, last(Opcode::Text), b"next");
    for after in [0, 1, 5, next.len(), next.len() + 3, 3 * next.len()] {
        let all = next.repeat(4);
        let wire = [frame_to(Role::Server, last(Opcode::Binary), &long), all[..after].to_vec()].concat();
        let (mut server, mut buffer) =
            (open(Role::Server, &Config::default()), ReadBuffer::messages().with_unread(wire));
        assert!(server.advance(&mut buffer).unwrap());
        let kept = buffer.take_event();
        assert_eq!(buffer.is_empty(), after == 0, "{after}");
        let mut joining = Joining::default();
        Steps::Taken.all(&mut server, &mut buffer, |_, event| joining.push(event)).unwrap();
        fill_all(&mut buffer, &all[after..]);
        Steps::Taken.all(&mut server, &mut buffer, |_, event| joining.push(event)).unwrap();
        assert_eq!(joining.events, [(); 4].map(|()| TextMessage::new("next").into()), "{after}");
        assert!(kept == Some(BytesMessage::new(&long).into()), "{after}");
        assert!(buffer.is_empty(), "{after}");
    }
}

/// A part that is taken equals one that is borrowed.
#[test]
fn parts_can_be_taken_too() {
    let long = vec![7; 200_000];
    let wire = frame_to(Role::Server, last(Opcode::Binary), &long);
    let mut buffer = ReadBuffer::parts().with_unread(wire);
    let mut server = open(Role::Server, &Config::default());
    assert!(server.advance(&mut buffer).unwrap());
    let lay = place(buffer.event().as_ref());
    let taken = buffer.take_event();
    assert_eq!(place(taken.as_ref()), lay, "all of it lay there, and is not copied");
    assert!(!server.advance(&mut buffer).unwrap());
    assert!(buffer.is_empty());
}
