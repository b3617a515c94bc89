//! One of two connections, and a record of what it said and heard.

use wsproto::{
    BytesMessage, CloseCode, CloseConnection, ConnectionState, Event, LocalProtocolError, Messages, Ping,
    Pong, PreparedMessage, TextMessage, WsConnection,
};

use super::model;
use crate::{
    Frame, Source,
    hearing::{Heard, Hearing},
    source::Choices,
    speaker,
};

/// The longest frame, in bytes.
const MOST: usize = 70_000;

/// The most data that a side says, in bytes: a few MiB that are compressed in the slowest way take seconds.
const MOST_IN_ALL: usize = 200_000;

/// The longest message, in bytes, where that is limited: most conversations are longer.
pub(super) const LIMIT: u64 = 4000;

/// What is said in one message where that is limited; each of its fragments may grow a little when it is compressed.
const MOST_OF_MESSAGE: usize = 2500;

pub(super) struct Side {
    pub(super) ws: WsConnection,
    /// Bytes on their way to the other side.
    pub(super) wire: Vec<u8>,
    pub(super) said: Vec<Heard>,
    hearing: Hearing,
    messages: Messages,
    /// The messages that the assembler made.
    whole: Vec<(bool, Vec<u8>)>,
    /// Whether it replies to what it hears at once.
    replies: bool,
    /// Whether its messages are short.
    limited: bool,
}

impl Side {
    pub(super) fn new(ws: WsConnection, replies: bool, limited: bool) -> Self {
        Self {
            ws,
            wire: Vec::new(),
            said: Vec::new(),
            hearing: Hearing::default(),
            messages: Messages::new(u64::MAX),
            whole: Vec::new(),
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

    pub(super) fn hear(&mut self, event: Event<'_>) {
        self.hearing.hear(&event);
        if self.replies {
            self.reply(&event);
        }
        let is_data = matches!(event, Event::TextMessage(_) | Event::BytesMessage(_));
        match self.messages.push(event).expect("no limit") {
            Some(Event::TextMessage(message)) => self.whole.push((true, message.data.as_bytes().to_vec())),
            Some(Event::BytesMessage(message)) => self.whole.push((false, message.data.to_vec())),
            other => assert!(other.is_some() != is_data, "only parts wait"),
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

    /// Notes what the other side is to hear: after a Close, nothing.
    fn note(&mut self, said: Heard) {
        if !self.said.iter().any(|said| matches!(said, Heard::Close(..))) {
            self.said.push(said);
        }
    }

    /// What it heard after the handshake; the assembler must have made the same of it.
    pub(super) fn heard(&self) -> &[Heard] {
        let heard = &self.hearing.heard;
        assert_eq!(self.whole, model::messages(heard), "assembled messages");
        match heard.split_first() {
            Some((Heard::Request(_) | Heard::Accept(_), rest)) => rest,
            _ => heard,
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
            let mut message = PreparedMessage::new(message).expect("a whole message");
            let allowed = model::allows_whole(self.ws.state(), &self.said);
            self.say_if(allowed, said, |ws, wire| ws.send_prepared(&mut message, wire));
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

    /// Sends an event if the rules allow it, and notes what the other side is to hear.
    fn say(&mut self, event: Event<'_>, said: Heard) {
        let allowed = model::allows(self.ws.state(), &self.said, &event);
        self.say_if(allowed, said, |ws, wire| ws.send(event, wire));
    }

    /// Sends, which must work if it is allowed, and notes what the other side is to hear.
    fn say_if(
        &mut self,
        allowed: bool,
        said: Heard,
        send: impl FnOnce(&mut WsConnection, &mut Vec<u8>) -> Result<(), LocalProtocolError>,
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
