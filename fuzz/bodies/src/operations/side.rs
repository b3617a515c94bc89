//! One of two connections, with the events that it sent and received.

use wsproto::{
    BytesMessage, CloseCode, CloseConnection, Connection, ConnectionState, Event, LocalProtocolError, Ping,
    Pong, PreparedMessage, ReadBuffer, TextMessage,
};

use super::model;
use crate::{
    Frame, Source,
    hearing::{Heard, Hearing, in_messages},
    source::Choices,
    speaker,
};

/// The longest frame, in bytes.
const MOST: usize = 70_000;

/// The most data that a side sends, in bytes: a few MiB with the slowest compression take seconds.
const MOST_IN_ALL: usize = 200_000;

/// The longest message, in bytes, where that is limited: most conversations are longer.
pub(super) const LIMIT: u64 = 4000;

/// The most bytes that are sent in one message with that limit: each fragment may grow a little when it is compressed.
const MOST_OF_MESSAGE: usize = 2500;

/// The way in which a side receives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Hears {
    /// In parts, in its own memory.
    Lent,
    /// In parts, out of a buffer.
    Parts,
    /// In whole messages.
    Messages,
}

pub(super) struct Side {
    pub(super) ws: Connection,
    /// Bytes on their way to the other side.
    pub(super) wire: Vec<u8>,
    pub(super) said: Vec<Heard>,
    hearing: Hearing,
    /// The read buffer, unless it receives in its own memory.
    buffer: Option<ReadBuffer>,
    hears: Hears,
    /// Whether it replies to events at once.
    replies: bool,
    /// Whether its messages are short.
    limited: bool,
}

impl Side {
    pub(super) fn new(ws: Connection, hears: Hears, replies: bool, limited: bool) -> Self {
        Self {
            ws,
            wire: Vec::new(),
            said: Vec::new(),
            hearing: Hearing::default(),
            buffer: match hears {
                Hears::Lent => None,
                Hears::Parts => Some(ReadBuffer::parts()),
                Hears::Messages => Some(ReadBuffer::messages()),
            },
            hears,
            replies,
            limited,
        }
    }

    /// Returns how long the next frame of data may be.
    fn most(&self) -> usize {
        if self.limited {
            return MOST_OF_MESSAGE.saturating_sub(model::len_under_way(&self.said));
        }
        let said =
            self.said.iter().map(|said| if let Heard::Frame(frame) = said { frame.data.len() } else { 0 });
        MOST_IN_ALL.saturating_sub(said.sum()).min(MOST)
    }

    /// Sends an event of the handshake.
    pub(super) fn send_unasked(&mut self, event: Event<'_>) {
        self.ws.send(event, &mut self.wire).expect("the handshake goes on");
    }

    /// Takes a read.
    pub(super) fn receive(&mut self, mut read: &mut [u8]) {
        let Some(mut buffer) = self.buffer.take() else {
            while let Some(event) = self.ws.receive(&mut read).expect("both keep the rules") {
                self.hear(&event);
            }
            return assert!(read.is_empty(), "bytes were left");
        };
        buffer.extend_from_slice(read);
        while let Some(event) = self.ws.receive_from(&mut buffer).expect("both keep the rules") {
            self.hear(&event);
        }
        self.buffer = Some(buffer);
    }

    fn hear(&mut self, event: &Event<'_>) {
        self.hearing.hear(event);
        if self.replies {
            self.reply(event);
        }
    }

    fn reply(&mut self, event: &Event<'_>) {
        let before = self.wire.len();
        self.ws.reply(event, &mut self.wire).expect("a reply can be sent");
        if self.wire.len() == before {
            return;
        }
        self.note(match event {
            Event::Ping(ping) => Heard::Pong(ping.payload.to_vec()),
            Event::CloseConnection(close) => Heard::Close(close.code, close.reason.as_str().to_owned()),
            other => panic!("a reply to {other:?}"),
        });
    }

    /// Records the event that the other side must receive: after a Close, none.
    fn note(&mut self, said: Heard) {
        if !self.said.iter().any(|said| matches!(said, Heard::Close(..))) {
            self.said.push(said);
        }
    }

    /// Compares its events after the handshake with those that the other side sent.
    pub(super) fn assert_heard(&self, said: &[Heard]) {
        let heard = match self.hearing.heard.split_first() {
            Some((Heard::Request(_) | Heard::Accept(_), rest)) => rest,
            _ => &self.hearing.heard,
        };
        if self.hears == Hears::Messages {
            assert_eq!(in_messages(said), heard, "what was said in whole messages");
        } else {
            assert_eq!(said, heard, "what was said");
        }
    }

    pub(super) fn say_text(&mut self, source: &mut Source<'_>, choices: Choices) {
        let text = speaker::text(source, self.most());
        let message = TextMessage::new(&text);
        let last = choices.has(4);
        let message = if last { message } else { message.unfinished() };
        let data = text.as_bytes().to_vec();
        self.say(message.into(), Heard::Frame(Frame { text: true, data, finished: true, last }));
    }

    pub(super) fn say_bytes(&mut self, source: &mut Source<'_>, choices: Choices) {
        let data = speaker::bytes(source, self.most());
        let message = BytesMessage::new(&data);
        let last = choices.has(4);
        let message = if last { message } else { message.unfinished() };
        let said = Heard::Frame(Frame { text: false, data: data.clone(), finished: true, last });
        if last && choices.has(5) {
            let message = PreparedMessage::new(message).expect("a whole message");
            let allowed = model::allows_whole(self.ws.state(), &self.said);
            self.say_if(allowed, said, |ws, wire| ws.send_prepared(&message, wire));
        } else {
            self.say(message.into(), said);
        }
    }

    pub(super) fn say_ping_or_pong(&mut self, source: &mut Source<'_>, choices: Choices) {
        let payload = speaker::bytes(source, 130);
        if choices.has(4) {
            self.say(Ping::new(&payload).into(), Heard::Ping(payload.clone()));
        } else {
            self.say(Pong::new(&payload).into(), Heard::Pong(payload.clone()));
        }
    }

    pub(super) fn say_close(&mut self, source: &mut Source<'_>) {
        let code = CloseCode::new(source.number()).unwrap_or(CloseCode::NO_STATUS);
        self.close(code, &speaker::text(source, 200));
    }

    pub(super) fn close(&mut self, code: CloseCode, reason: &str) {
        let close = CloseConnection::new(code).with_reason(reason);
        self.say(close.into(), model::close(code, reason));
    }

    /// Sends an event if the rules allow it, and records what the other side must receive.
    fn say(&mut self, event: Event<'_>, said: Heard) {
        let allowed = model::allows(self.ws.state(), &self.said, &event);
        self.say_if(allowed, said, |ws, wire| ws.send(event, wire));
    }

    /// Sends an event, which must succeed if it is allowed, and records what the other side must receive.
    fn say_if(
        &mut self,
        allowed: bool,
        said: Heard,
        send: impl FnOnce(&mut Connection, &mut Vec<u8>) -> Result<(), LocalProtocolError>,
    ) {
        let before = (self.ws.state(), self.wire.len());
        match send(&mut self.ws, &mut self.wire) {
            Ok(()) => {
                assert!(allowed, "in {:?} was sent: {said:?}", before.0);
                self.note(said);
            }
            Err(error) => {
                assert!(!allowed, "in {:?} was not sent: {said:?}: {error}", before.0);
                assert_eq!((self.ws.state(), self.wire.len()), before, "a refused event left a trace");
            }
        }
        assert_ne!(self.ws.state(), ConnectionState::Rejecting);
    }
}
