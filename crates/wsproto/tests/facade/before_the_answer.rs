//! Bytes before the program has answered a request: frames, and the end of the stream. The result depends on the bytes,
//! not on the time of the answer.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use wsproto::{
    AcceptConnection, CloseCode, CloseConnection, Config, Connection, ConnectionState, Event, ReadBuffer,
    RejectConnection, RejectData, RemoteProtocolError, Role, TextMessage, Transport,
};
use wsproto_frame::{FrameError, Opcode};

use crate::pair::{REQUEST, frame_to, last, parts};
use crate::properties::{config, cut_at, peer_frame, stream_to, verdict};
use crate::seen::{Seen, is_prefix, merged};
use crate::ways::{Reader, STEPS, WAYS, Way};

/// A program that continues to read before it answers.
struct Program {
    ws: Connection,
    reader: Reader,
    events: Vec<Event<'static>>,
    verdict: Result<(), RemoteProtocolError>,
    out: Vec<u8>,
}

impl Program {
    fn new(config: &Config, way: Way) -> Self {
        let (ws, reader) = (Connection::server(config.clone()), Reader::new(way));
        Self { ws, reader, events: Vec::new(), verdict: Ok(()), out: Vec::new() }
    }

    fn read(&mut self, bytes: &[u8]) {
        let Self { ws, reader, events, out, .. } = self;
        let outcome = reader.read(ws, bytes, |ws, event| {
            ws.reply(&event, out).unwrap();
            events.push(event.into_owned());
        });
        if let Err(error) = outcome {
            ws.reply_to_error(&error, out).unwrap();
            self.verdict = Err(error);
        }
    }

    fn take_events(&mut self) {
        self.read(&[]);
    }

    fn answer(&mut self) {
        self.ws.send(AcceptConnection::new(), &mut self.out).unwrap();
        assert_ne!(self.ws.transport(), Transport::Close, "before what waits is received");
        self.take_events();
    }

    fn end(&mut self) {
        let event = self.ws.receive_eof().unwrap();
        // After an error the end is no news. Whether its event comes depends on the time of the answer, so it is left
        // out.
        self.events.extend(event.filter(|_| self.verdict.is_ok()));
        self.take_events();
    }

    /// Returns the result, without how the reads cut it.
    fn outcome(
        self,
    ) -> (Vec<Seen>, Result<(), Option<CloseCode>>, Vec<u8>, ConnectionState, Transport, bool) {
        let stand = (self.ws.state(), self.ws.transport(), self.ws.closed_cleanly());
        (merged(&self.events), verdict(self.verdict), self.out, stand.0, stand.1, stand.2)
    }
}

proptest! {
    #[test]
    fn h21_it_does_not_matter_when_the_answer_comes(
        frames in vec(peer_frame(), 0..6), config in config(), offers: bool, cuts: Vec<Index>, patience: Index,
        way in select(&WAYS[..]), small: bool,
    ) {
        let offer = if offers { "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n" } else { "\r\n" };
        let head = [&REQUEST[..REQUEST.len() - 2], offer.as_bytes()].concat();
        let wire = stream_to(Role::Server, &frames);
        let config = if small { config.with_max_message_len(100).with_max_fragments(3) } else { config };

        let mut prompt = Program::new(&config, way);
        prompt.read(&head);
        prompt.answer();
        prompt.read(&wire);
        prompt.end();
        let prompt = prompt.outcome();

        let whole_wire = [head, wire].concat();
        let reads = parts(&whole_wire, &cut_at(&whole_wire, &cuts));
        let patience = patience.index(reads.len() + 1);
        let late = read_and_answer(Program::new(&config, way), &reads, patience).outcome();
        // How much of a frame is reported before a fault in it depends on the reads.
        let alike = late.0 == prompt.0
            || late.1.is_err() && (is_prefix(&late.0, &prompt.0) || is_prefix(&prompt.0, &late.0));
        prop_assert!(alike, "{:?}, {:?}", late.0, prompt.0);
        prop_assert_eq!((late.1, late.2, late.3, late.4, late.5), (prompt.1, prompt.2, prompt.3, prompt.4, prompt.5));
    }
}

/// Reads all bytes, and answers this many reads after the request was complete, or after the end.
fn read_and_answer(mut program: Program, reads: &[&[u8]], patience: usize) -> Program {
    let mut since = None;
    for read in reads {
        program.read(read);
        if !program.events.is_empty() && program.ws.state() == ConnectionState::Connecting {
            let waited = *since.get_or_insert(0);
            since = Some(waited + 1);
            assert_eq!(program.ws.transport(), Transport::PauseRead);
            if waited == patience {
                program.answer();
            }
        }
    }
    program.end();
    if program.ws.state() == ConnectionState::Connecting {
        assert_eq!((program.ws.transport(), program.ws.receive_eof()), (Transport::PauseRead, Ok(None)));
        program.answer();
    }
    program
}

#[test]
fn h21_a_client_that_half_closes_after_its_request_and_first_frames_is_served() {
    let text = frame_to(Role::Server, last(Opcode::Text), b"early");
    let close = frame_to(Role::Server, last(Opcode::Close), b"\x03\xe8");
    let bad = frame_to(Role::Server, last(Opcode::Continuation), b"");
    let heard = || Event::from(TextMessage::new("early"));
    let abnormal = || Event::from(CloseConnection::new(CloseCode::ABNORMAL));
    let normal = || Event::from(CloseConnection::new(CloseCode::NORMAL));
    let fault = RemoteProtocolError::Frame(FrameError::ContinuationWithoutMessage);
    #[rustfmt::skip]
    let table = [
        // name             bytes before the end                               events                       verdict
        // clean
        ("nothing",         vec![],                                            vec![abnormal()],            Ok(()),       false),
        ("a message",       text.clone(),                                      vec![heard(), abnormal()],   Ok(()),       false),
        ("a cut header",    text[..3].to_vec(),                                vec![abnormal()],            Ok(()),       false),
        ("a fault",         bad.clone(),                                       vec![],                      Err(fault),   false),
        ("a Close",         close.clone(),                                     vec![normal()],              Ok(()),       true),
        ("all of it",       [&text[..], &close[..], &bad[..]].concat(),        vec![heard(), normal()],     Ok(()),       true),
    ];
    for (name, bytes, events, verdict, clean) in table {
        for way in WAYS {
            for answers_first in [true, false] {
                let mut program = Program::new(&Config::default(), way);
                program.read(REQUEST);
                if answers_first {
                    program.answer();
                }
                program.read(&bytes);
                program.end();
                if !answers_first {
                    program.answer();
                }
                let name = format!("{name}, {way:?}, answers first: {answers_first}");
                assert_eq!((&program.events[1..], program.verdict), (&events[..], verdict.clone()), "{name}");
                assert_eq!(program.ws.closed_cleanly(), clean, "{name}");
                assert_eq!(
                    (program.ws.state(), program.ws.transport()),
                    (ConnectionState::Closed, Transport::Close)
                );
                assert_eq!(program.ws.receive_eof(), Ok(None), "{name}: the end is reported twice");
            }
        }
    }
}

/// A read into no room gives 0 bytes, which looks like the end of the stream.
#[test]
fn h21_a_read_buffer_has_room_in_every_state() {
    fn fill(buffer: &mut ReadBuffer, bytes: &mut impl Iterator<Item = u8>) -> usize {
        let room = buffer.room();
        assert!(!room.is_empty(), "no room");
        let mut len = 0;
        for (to, from) in room.iter_mut().zip(bytes) {
            *to = from;
            len += 1;
        }
        buffer.filled(len);
        len
    }
    let long = frame_to(Role::Server, last(Opcode::Binary), &vec![7; 50_000]);
    let short = frame_to(Role::Server, last(Opcode::Text), b"hi");
    let table = [("long", &long), ("short", &short)];
    for ((name, frames), steps) in table.into_iter().flat_map(|one| STEPS.map(|steps| (one, steps))) {
        let count = 300_000 / frames.len();
        let mut wire =
            REQUEST.iter().chain(frames.repeat(count).iter()).copied().collect::<Vec<_>>().into_iter();
        let mut server = Connection::server(Config::default());
        let mut buffer = ReadBuffer::messages();
        // Each read fills the whole room. Only the request is taken.
        let mut events = 0;
        while fill(&mut buffer, &mut wire) > 0 {
            events += usize::from(steps.next(&mut server, &mut buffer).unwrap().is_some());
        }
        assert_eq!((events, server.transport()), (1, Transport::PauseRead), "{name}");
        server.send(AcceptConnection::new(), &mut Vec::new()).unwrap();
        let mut messages = 0;
        while steps.next(&mut server, &mut buffer).unwrap().is_some() {
            messages += 1;
            assert!(!buffer.room().is_empty(), "{name}, message {messages}");
        }
        assert_eq!((messages, buffer.is_empty()), (count, true), "{name}");

        // The same connection continues, and each side ends it in turn. Bytes after that are dropped.
        let mut wire = [&frames[..], &vec![0xff; 40_000]].concat().into_iter();
        let mut ended = false;
        while fill(&mut buffer, &mut wire) > 0 {
            loop {
                match steps.next(&mut server, &mut buffer) {
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(error) => {
                        server.reply_to_error(&error, &mut Vec::new()).unwrap();
                        ended = true;
                        break;
                    }
                }
            }
            assert!(!buffer.room().is_empty(), "{name}");
        }
        assert!(ended && buffer.is_empty(), "{name}");
        buffer.clear();
        assert!(!buffer.room().is_empty(), "{name}");
    }
}

#[test]
fn h21_nothing_is_taken_before_the_answer_and_the_end_is_told_once() {
    let mut server = Connection::server(Config::default());
    let mut bytes = [REQUEST, &frame_to(Role::Server, last(Opcode::Text), b"early")].concat();
    let mut input = &mut bytes[..];
    assert!(matches!(server.receive(&mut input), Ok(Some(Event::Request(_)))));
    for _ in 0..3 {
        assert_eq!((server.receive(&mut input), input.len()), (Ok(None), 11));
        assert_eq!((server.receive_eof(), server.transport()), (Ok(None), Transport::PauseRead));
    }
    server.send(AcceptConnection::new(), &mut Vec::new()).unwrap();
    // A loop that reads before it receives gets the end again. The waiting bytes still come before the end.
    assert_eq!((server.transport(), server.receive_eof()), (Transport::KeepOpen, Ok(None)));
    let early = Event::from(TextMessage::new("early"));
    assert_eq!((server.receive(&mut input), server.receive_eof()), (Ok(Some(early)), Ok(None)));
    let abnormal = Event::from(CloseConnection::new(CloseCode::ABNORMAL));
    assert_eq!(server.receive(&mut input), Ok(Some(abnormal)));
    assert_eq!((server.receive_eof(), server.transport()), (Ok(None), Transport::Close));
}

#[test]
fn h21_with_a_rejection_what_follows_the_request_is_dropped() {
    let frame = frame_to(Role::Server, last(Opcode::Text), b"early");
    for (name, early) in [("another request", REQUEST), ("a frame", &frame), ("no HTTP", b"\0\xff\r\n\r\n")] {
        for has_body in [false, true] {
            for ends_first in [false, true] {
                let name = format!("{name}, with a body: {has_body}, ends first: {ends_first}");
                let mut server = Connection::server(Config::default());
                let mut bytes = [REQUEST, early].concat();
                let mut input = &mut bytes[..];
                assert!(matches!(server.receive(&mut input), Ok(Some(Event::Request(_)))), "{name}");
                assert_eq!((server.receive(&mut input), input.len()), (Ok(None), early.len()), "{name}");
                if ends_first {
                    assert_eq!(server.receive_eof(), Ok(None), "{name}");
                }
                let reject = RejectConnection::new(403);
                let reject = if has_body { reject.with_body() } else { reject };
                let mut out = Vec::new();
                server.send(reject, &mut out).unwrap();
                assert_eq!((server.receive(&mut input), input.len()), (Ok(None), 0), "{name}");
                if has_body {
                    assert_eq!(
                        server.transport(),
                        Transport::PauseRead,
                        "{name}: the program must send the rest"
                    );
                    server.send(RejectData::new("no"), &mut out).unwrap();
                }
                assert!(out.starts_with(b"HTTP/1.1 403 "), "{name}");
                let expected = if ends_first { Transport::Close } else { Transport::ShutdownWrite };
                assert_eq!(
                    (server.state(), server.transport()),
                    (ConnectionState::Closed, expected),
                    "{name}"
                );
                let mut more = REQUEST.to_vec();
                assert_eq!(server.receive(&mut &mut more[..]), Ok(None), "{name}");
            }
        }
    }
}

#[test]
fn an_end_before_the_handshake_is_done_has_one_answer() {
    type Make = fn() -> Connection;
    let server: Make = || Connection::server(Config::default());
    let idle: Make = idle_client;
    let asking: Make = || {
        let mut client = idle_client();
        client.send(wsproto::Request::new("example.com", "/"), &mut Vec::new()).unwrap();
        client
    };
    #[rustfmt::skip]
    let table: [(&str, Make, &[u8], bool); 9] = [
        // name                                  side    bytes
        // received any
        ("a probe",                              server, b"",                                                               false),
        ("one byte",                             server, b"G",                                                              true),
        ("half a request",                       server, &REQUEST[..30],                                                    true),
        ("a client that asks nothing",           idle,   b"",                                                               false),
        ("a server that answers nothing",        asking, b"",                                                               false),
        ("half an answer",                       asking, b"HTTP/1.1 10",                                                    true),
        ("an interim response only",             asking, b"HTTP/1.1 103 X\r\n\r\n",                                     true),
        ("half a body",                          asking, b"HTTP/1.1 404 X\r\nContent-Length: 5\r\n\r\nsor",          true),
        ("half a chunk",                         asking, b"HTTP/1.1 404 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ns", true),
    ];
    for (name, side, bytes, received_any) in table {
        let mut ws = side();
        let mut bytes = bytes.to_vec();
        let mut input = &mut bytes[..];
        while ws.receive(&mut input).expect(name).is_some() {}
        let error = RemoteProtocolError::EndOfStream { received_any };
        assert_eq!(ws.receive_eof(), Err(error.clone()), "{name}");
        assert_eq!((ws.state(), ws.transport()), (ConnectionState::Closed, Transport::Close), "{name}");
        assert_eq!((ws.failure(), ws.closed_cleanly()), (Some(&error), false), "{name}");
        assert_eq!(ws.receive_eof(), Ok(None), "{name}: the end is reported twice");
        assert_eq!(ws.receive(&mut &mut [b'x'][..]), Err(error.clone()), "{name}");
        assert_eq!(error.event_hint(), None, "{name}");
    }
}

fn idle_client() -> Connection {
    Connection::client(Config::default())
}

#[test]
fn k14_a_server_that_speaks_first_is_refused() {
    let mut client = idle_client();
    assert_eq!((client.receive(&mut &mut [][..]), client.transport()), (Ok(None), Transport::PauseRead));
    let mut banner = *b"220 mail.example.com ESMTP\r\n";
    let mut input = &mut banner[..];
    let error = client.receive(&mut input).unwrap_err();
    assert_eq!(error, wsproto_handshake::ResponseError::Unrequested.into());
    assert_eq!((client.state(), client.transport()), (ConnectionState::Closed, Transport::Close));
    assert!(client.send(wsproto::Request::new("example.com", "/"), &mut Vec::new()).is_err());
}
