//! Drives a connection with the peer's bytes, and checks the properties of each step.

use wsproto::{
    BytesMessage, CloseCode, CloseConnection, Connection, ConnectionState, Event, Ping, ReadBuffer,
    RemoteProtocolError, TextMessage, Transport,
};

use crate::{
    Cuts,
    hearing::{Hearing, in_messages},
};

/// The actions of our side, besides answers.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice by itself")]
pub(crate) struct Plan {
    /// A server rejects.
    pub(crate) rejects: bool,
    /// A server answers the request only after the last byte.
    pub(crate) answers_late: bool,
    /// We start the closing handshake as soon as the connection is open.
    pub(crate) closes: bool,
    /// The peer's stream ends.
    pub(crate) ends: bool,
}

/// The result. It must be the same for all cuts of the peer's bytes.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    hearing: Hearing,
    out: Vec<u8>,
    error: Option<RemoteProtocolError>,
    state: ConnectionState,
    transport: Transport,
}

/// The steps in which our side gets an event out of a buffer.
#[derive(Clone, Copy, Debug)]
enum Steps {
    /// By `receive_from`.
    One,
    /// By `advance` and `event`.
    Two,
    /// By `advance` and `take_event`.
    Taken,
}

const STEPS: [Steps; 3] = [Steps::One, Steps::Two, Steps::Taken];

/// Runs a connection with the bytes in three ways, in our own memory and in a buffer, and compares. Then does it once
/// more for whole messages.
pub(crate) fn compare(
    connection: impl Fn(&mut Vec<u8>) -> Connection,
    wire: &[u8],
    seed: u8,
    plan: Plan,
) -> Outcome {
    let drive = |cuts, buffer| {
        let (hearing, mut out, waiting) = (Hearing::default(), Vec::new(), Vec::new());
        Drive { ws: connection(&mut out), plan, hearing, out, buffer, waiting }.run(wire, cuts)
    };
    let [whole, others @ ..] = Cuts::all(seed).map(|cuts| drive(cuts, None));
    for other in others {
        assert_eq!(whole, other, "cuts change the outcome");
    }
    for (number, cuts) in Cuts::all(seed).into_iter().enumerate() {
        let steps = STEPS[(number + usize::from(seed)) % STEPS.len()];
        let parts = drive(cuts, Some((ReadBuffer::parts(), steps)));
        assert_eq!(whole, parts, "the buffer changes the outcome: {cuts:?}, {steps:?}");
    }
    // The first event decides when we close. It is the first part, or the whole message.
    if !plan.closes {
        for (cuts, steps) in Cuts::all(seed).into_iter().flat_map(|cuts| STEPS.map(|steps| (cuts, steps))) {
            let joined = drive(cuts, Some((ReadBuffer::messages(), steps)));
            let expected = in_messages(&whole.hearing.heard);
            assert_eq!(expected, joined.hearing.heard, "whole messages are others: {cuts:?}, {steps:?}");
            assert_eq!((&whole.out, &whole.error, whole.state), (&joined.out, &joined.error, joined.state));
        }
    }
    whole
}

struct Drive {
    ws: Connection,
    plan: Plan,
    hearing: Hearing,
    out: Vec<u8>,
    /// The buffer for reads, if one is used, and the steps in which events come out of it.
    buffer: Option<(ReadBuffer, Steps)>,
    /// The bytes that were read and wait for our answer.
    waiting: Vec<u8>,
}

impl Drive {
    fn run(mut self, wire: &[u8], cuts: Cuts) -> Outcome {
        let mut bytes = wire.to_vec();
        let error = self.receive_all(cuts.parts(&mut bytes)).err();
        if let Some(error) = &error {
            self.fail(error);
        }
        let ended = if self.plan.ends { self.ws.receive_eof() } else { Ok(None) };
        if let Ok(Some(event)) = &ended {
            self.hearing.hear(event);
            self.answer(event);
        }
        let (state, transport) = (self.ws.state(), self.ws.transport());
        assert!(!self.plan.ends || transport == Transport::Close, "the peer's end leaves {transport:?}");
        self.probe();
        self.hearing.events = 0;
        Outcome { hearing: self.hearing, out: self.out, error: error.or(ended.err()), state, transport }
    }

    fn receive_all(&mut self, parts: Vec<&mut [u8]>) -> Result<(), RemoteProtocolError> {
        let mut taken = 0;
        for part in parts {
            taken += part.len();
            self.receive(part, taken)?;
        }
        if self.plan.answers_late && self.ws.transport() == Transport::PauseRead {
            if self.plan.ends {
                assert_eq!(self.ws.receive_eof(), Ok(None), "what waits comes first");
            }
            self.answer_request();
            self.receive(&mut [], taken)?;
        }
        Ok(())
    }

    fn receive(&mut self, input: &mut [u8], taken: usize) -> Result<(), RemoteProtocolError> {
        if let Some((mut buffer, steps)) = self.buffer.take() {
            let received = self.receive_into(&mut buffer, steps, input);
            self.buffer = Some((buffer, steps));
            return received;
        }
        let mut unread = [&std::mem::take(&mut self.waiting), &*input].concat();
        let mut input = &mut unread[..];
        loop {
            let Some(event) = self.ws.receive(&mut input)? else {
                let waits = self.ws.transport() == Transport::PauseRead;
                assert!(input.is_empty() || waits, "bytes were left");
                break self.waiting = input.to_vec();
            };
            self.hearing.hear(&event);
            self.answer(&event);
            // Each event has a cause: a byte that was taken, a byte of data, or the end of a body.
            assert!(self.hearing.events <= taken + self.hearing.data_len + 1, "no progress");
        }
        Ok(())
    }

    fn receive_into(
        &mut self,
        buffer: &mut ReadBuffer,
        steps: Steps,
        input: &[u8],
    ) -> Result<(), RemoteProtocolError> {
        let mut rest = input;
        loop {
            while let Some(event) = next(&mut self.ws, buffer, steps)? {
                self.hearing.hear(&event);
                self.answer(&event);
            }
            if rest.is_empty() {
                return Ok(());
            }
            let room = buffer.room();
            let len = room.len().min(rest.len());
            room[..len].copy_from_slice(&rest[..len]);
            buffer.filled(len);
            rest = &rest[len..];
        }
    }

    fn answer(&mut self, event: &Event<'_>) {
        if matches!(event, Event::Request(_)) && !self.plan.answers_late {
            self.answer_request();
        }
        if self.plan.closes && self.ws.state() == ConnectionState::Open {
            let close = CloseConnection::new(CloseCode::GOING_AWAY).with_reason("enough");
            self.ws.send(close, &mut self.out).expect("an open connection can be closed");
        }
        self.ws.reply(event, &mut self.out).expect("a reply can be sent");
    }

    fn answer_request(&mut self) {
        let sent = if self.plan.rejects {
            let reject = wsproto::RejectConnection::new(403).with_header("Content-Length", "4").with_body();
            self.ws.send(reject, &mut self.out).and_then(|()| {
                self.ws.send(wsproto::RejectData::new("no").unfinished(), &mut self.out)?;
                self.ws.send(wsproto::RejectData::new("no"), &mut self.out)
            })
        } else {
            self.ws.send(wsproto::AcceptConnection::new().with_header("Server", "x"), &mut self.out)
        };
        // Without a request there is nothing to answer yet.
        assert!(sent.is_ok() || self.hearing.heard.is_empty(), "an answer can't be sent: {sent:?}");
    }

    /// Tells the peer. After that no more events come, and the error stays the same.
    fn fail(&mut self, error: &RemoteProtocolError) {
        assert_ne!(self.ws.state(), ConnectionState::Open, "after an error");
        self.ws.reply_to_error(error, &mut self.out).expect("what is owed for an error can be sent");
        let len = self.out.len();
        let mut more = *b"\x81\x85\0\0\0\0after\r\n\r\n";
        let mut input = &mut more[..];
        assert_eq!(self.ws.receive(&mut input), Err(error.clone()), "an error is final");
        assert!(input.is_empty(), "bytes after an error were left");
        if let Some((buffer, steps)) = &mut self.buffer {
            buffer.extend_from_slice(&more);
            assert_eq!(next(&mut self.ws, buffer, *steps), Err(error.clone()), "an error is final");
            assert!(buffer.is_empty(), "bytes after an error were left");
        }
        self.ws.reply_to_error(error, &mut self.out).expect("it was told already");
        assert_eq!(self.out.len(), len, "the answer to an error was sent twice");
        self.hearing.drop_unfinished();
    }

    /// Sends events that may be invalid in this state. A refused one must change nothing.
    fn probe(&mut self) {
        let close = CloseConnection::new(CloseCode::NORMAL);
        let events: [Event<'_>; 5] = [
            TextMessage::new("text").into(),
            BytesMessage::new(b"bytes").into(),
            Ping::new(b"ping").into(),
            wsproto::Request::new("example.com", "/").into(),
            close.into(),
        ];
        for event in events {
            let (state, len) = (self.ws.state(), self.out.len());
            if self.ws.send(event, &mut self.out).is_err() {
                assert_eq!((self.ws.state(), self.out.len()), (state, len), "a refused event left a trace");
            }
        }
    }
}

/// Takes the next event out of a buffer.
fn next<'b>(
    ws: &mut Connection,
    buffer: &'b mut ReadBuffer,
    steps: Steps,
) -> Result<Option<Event<'b>>, RemoteProtocolError> {
    if let Steps::One = steps {
        return ws.receive_from(buffer);
    }
    if !ws.advance(buffer)? {
        assert_eq!(buffer.event(), None, "an event that wasn't found");
        assert_eq!(buffer.take_event(), None, "an event that wasn't found");
        return Ok(None);
    }
    let event = match steps {
        Steps::One | Steps::Two => return Ok(Some(buffer.event().expect("an event was found"))),
        Steps::Taken => buffer.take_event().expect("an event was found"),
    };
    assert_eq!(buffer.event(), None, "an event was taken twice");
    Ok(Some(event))
}
