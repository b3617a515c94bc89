//! Events borrow from the read buffer and never from the connection. So a function can read and return the next event,
//! and a program can send inside the `match` on an event.

use std::io::{self, Read};

use wsproto::{
    BytesMessage, Config, Connection, Event, Ping, ReadBuffer, RemoteProtocolError, Role, TextMessage,
};
use wsproto_frame::{FrameError, Opcode};

use crate::pair::{deflating, frame_to, last, open};
use crate::ways::{Joining, Reader, STEPS, Steps, Way, fill_all};

/// A type as the author of an adapter writes it.
struct Messages<S> {
    connection: Connection,
    buffer: ReadBuffer,
    stream: S,
}

impl<S: Read> Messages<S> {
    fn next(&mut self) -> io::Result<Option<Event<'_>>> {
        while !self.connection.advance(&mut self.buffer).map_err(io::Error::other)? {
            match self.stream.read(self.buffer.room())? {
                0 => return Ok(None),
                n => self.buffer.filled(n),
            }
        }
        Ok(self.buffer.event())
    }
}

/// A stream that returns this many bytes per read.
struct Reads<'a>(&'a [u8], usize);

impl Read for Reads<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let len = room.len().min(self.1);
        self.0.read(&mut room[..len])
    }
}

/// Returns messages and a Ping of a client, whole and in fragments, long and short.
fn conversation(config: &Config) -> (Vec<u8>, Vec<Event<'static>>) {
    let long = "grüezi ".repeat(5000);
    let events: [Event<'_>; 6] = [
        TextMessage::new("Hello").into(),
        BytesMessage::new(long.as_bytes()).into(),
        Ping::new(b"between").into(),
        TextMessage::new(&long).into(),
        TextMessage::new("").into(),
        BytesMessage::new(b"end").into(),
    ];
    let (mut client, mut wire) = (open(Role::Client, config), Vec::new());
    for event in &events {
        if let Event::TextMessage(message) = event {
            client.send(message.clone().unfinished(), &mut wire).unwrap();
            client.send(TextMessage::new(""), &mut wire).unwrap();
        } else {
            client.send(event.clone(), &mut wire).unwrap();
        }
    }
    (wire, events.map(Event::into_owned).into())
}

#[test]
fn a_function_reads_and_returns_the_next_event() {
    for config in [Config::default(), deflating()] {
        let (wire, expected) = conversation(&config);
        for read in [1, 7, 1460, usize::MAX] {
            for buffer in [ReadBuffer::messages(), ReadBuffer::parts()] {
                let stream = Reads(&wire, read);
                let mut messages = Messages { connection: open(Role::Server, &config), buffer, stream };
                let mut joining = Joining::default();
                while let Some(event) = messages.next().unwrap() {
                    joining.push(event);
                }
                assert!(joining.events == expected, "reads of {read}");
                assert!(messages.buffer.is_empty());
            }
        }
    }
}

/// The peer's violation comes as an error of the stream, and again at each call.
#[test]
fn a_function_that_returns_the_next_event_returns_the_error() {
    let wire = [frame_to(Role::Server, last(Opcode::Text), b"fine"), vec![0xff; 9]].concat();
    let connection = open(Role::Server, &Config::default());
    let mut messages = Messages { connection, buffer: ReadBuffer::messages(), stream: &wire[..] };
    assert_eq!(messages.next().unwrap(), Some(TextMessage::new("fine").into()));
    for _ in 0..2 {
        let error = messages.next().unwrap_err();
        let cause = error.get_ref().and_then(|error| error.downcast_ref());
        assert_eq!(cause, Some(&RemoteProtocolError::Frame(FrameError::ReservedOpcode(15))));
    }
}

/// Echoes all messages while their events are borrowed.
fn echo(
    connection: &mut Connection,
    buffer: &mut ReadBuffer,
    out: &mut Vec<u8>,
) -> Result<(), RemoteProtocolError> {
    while let Some(event) = connection.receive_from(buffer)? {
        match event {
            Event::TextMessage(message) => connection.send(message, out).unwrap(),
            Event::BytesMessage(message) => connection.send(message, out).unwrap(),
            event => connection.reply(&event, out).unwrap(),
        }
    }
    Ok(())
}

#[test]
fn a_program_sends_inside_the_match_on_an_event() {
    for config in [Config::default(), deflating()] {
        let (wire, expected) = conversation(&config);
        for mut buffer in [ReadBuffer::messages(), ReadBuffer::parts()] {
            let (mut server, mut out) = (open(Role::Server, &config), Vec::new());
            for part in wire.chunks(1460) {
                fill_all(&mut buffer, part);
                echo(&mut server, &mut buffer, &mut out).unwrap();
            }
            let (mut client, mut joining) = (open(Role::Client, &config), Joining::default());
            let mut reader = Reader::new(Way::Whole(Steps::One));
            reader.read(&mut client, &out, |_, event| joining.push(event)).unwrap();
            let is_echo = |event: &Event<'_>| matches!(event, Event::TextMessage(_) | Event::BytesMessage(_));
            let expected: Vec<_> = expected.iter().filter(|event| is_echo(event)).cloned().collect();
            joining.events.retain(is_echo);
            assert!(joining.events == expected);
        }
    }
}

/// A message that was found stays until the next read or call, however often the program takes it. An event that
/// borrows nothing is returned once.
#[test]
fn an_event_is_there_until_the_next_one_is_looked_for() {
    for config in [Config::default(), deflating()] {
        let mut wire = Vec::new();
        let mut client = open(Role::Client, &config);
        client.send(BytesMessage::new(b"one"), &mut wire).unwrap();
        client.send(TextMessage::new("two").unfinished(), &mut wire).unwrap();
        client.send(TextMessage::new(""), &mut wire).unwrap();
        client.send(Ping::new(b"three"), &mut wire).unwrap();
        let expected: [Event<'_>; 3] =
            [BytesMessage::new(b"one").into(), TextMessage::new("two").into(), Ping::new(b"three").into()];
        let (mut server, mut buffer) =
            (open(Role::Server, &config), ReadBuffer::messages().with_unread(wire));
        assert_eq!(buffer.event(), None);
        for event in &expected {
            assert!(server.advance(&mut buffer).unwrap());
            for _ in 0..3 {
                assert_eq!(buffer.event().as_ref(), Some(event));
            }
            assert_eq!(buffer.take_event().as_ref(), Some(event));
            assert_eq!(buffer.event(), None, "taken");
            assert_eq!(buffer.take_event(), None, "taken");
        }
        assert!(!server.advance(&mut buffer).unwrap());
        assert_eq!(buffer.event(), None);

        // Close borrows nothing.
        let close = frame_to(Role::Server, last(Opcode::Close), b"\x03\xe8");
        fill_all(&mut buffer, &close);
        assert!(server.advance(&mut buffer).unwrap());
        assert!(matches!(buffer.event(), Some(Event::CloseConnection(_))));
        assert_eq!(buffer.event(), None, "an event that borrows nothing is returned once");
    }
}

/// A message that was found and not taken is dropped. The bytes after it are not lost.
#[test]
fn an_event_that_nobody_asks_for_is_passed_over() {
    let frames = [
        frame_to(Role::Server, last(Opcode::Binary), b"one"),
        frame_to(Role::Server, last(Opcode::Text), b"two"),
        frame_to(Role::Server, last(Opcode::Text), b"three"),
    ];
    for steps in STEPS {
        let mut server = open(Role::Server, &Config::default());
        let mut buffer = ReadBuffer::messages().with_unread(frames[..2].concat());
        assert!(server.advance(&mut buffer).unwrap());
        assert!(server.advance(&mut buffer).unwrap());
        fill_all(&mut buffer, &frames[2]);
        assert_eq!(buffer.event(), None, "a read takes its place");
        let event = steps.next(&mut server, &mut buffer).unwrap();
        assert_eq!(event, Some(TextMessage::new("three").into()), "{steps:?}");
        assert!(buffer.is_empty(), "{steps:?}");
    }
}

/// Many connections share the memory for their reads: a block for each read, memory of the exact length between reads.
#[test]
fn memory_is_exchanged_between_any_two_reads() {
    for config in [Config::default(), deflating()] {
        let (wire, expected) = conversation(&config);
        for step in [1, 2, 3, 7, 100, 4000, 70_000] {
            let (mut server, mut buffer) = (open(Role::Server, &config), ReadBuffer::messages());
            let (mut events, mut block) = (Vec::new(), vec![0; 90_000]);
            // A byte at a time at first: each header is cut.
            let (first, rest) = wire.split_at(wire.len().min(300));
            for read in first.chunks(1).chain(rest.chunks(step.max(10))) {
                drop(buffer.exchange_memory(block));
                buffer.extend_from_slice(read);
                while server.advance(&mut buffer).unwrap() {
                    events.extend(buffer.take_event());
                }
                block = buffer.take_memory();
                let waiting = buffer.waiting_len();
                assert!(buffer.capacity() <= waiting, "{step}: {buffer:?}");
                assert_eq!(block.len(), 90_000, "{step}");
            }
            assert_eq!(events, expected, "{step}");
            assert_eq!(buffer.waiting_len(), 0);
        }
    }
}
