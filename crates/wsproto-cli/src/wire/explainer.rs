//! From bytes to records.
//!
//! Each direction has its own [`Stage`]. The server's answer is compared with the client's request. The extensions in
//! the answer decide how the frames of both directions are read.
//!
//! Memory is bounded. It holds heads within the limits of the handshake, early bytes of the client, the beginning of a
//! payload, and two windows of DEFLATE for each direction.

mod side;

use std::{mem, sync::Arc, time::Duration};

use wsproto::{Config, ConnectionState, RemoteProtocolError, handshake::ResponseError};

use self::side::{Side, Stage, broken};
use super::{
    Agreed, Chunk, End, Gap, Handshake, Record, Sender, Tapped,
    agreement::Agreement,
    chunk::micros,
    ends::Ends,
    frames::Happened,
    head,
    opening::{AnswerReader, Answered, Asked, HeadFault, RequestReader},
    preview::len,
};

/// The most bytes of a client that are kept before the answer comes.
const EARLY_LEN: usize = 64 << 10;

/// The state of a connection when its bytes begin.
#[derive(Clone, Debug)]
pub(crate) enum Start {
    /// The bytes begin with the handshake of HTTP/1.1.
    Handshake,
    /// The bytes begin with the first frame. The handshake was elsewhere: in HTTP/2, or before the recording.
    Open {
        /// The value of the answer's `Sec-WebSocket-Extensions`.
        extensions: String,
        /// The value of the answer's `Sec-WebSocket-Protocol`.
        subprotocol: Option<String>,
    },
}

/// Looks at both directions of a connection from outside.
pub(crate) struct Explainer {
    config: Arc<Config>,
    /// The extensions and the subprotocol that were agreed on elsewhere, until a record shows them.
    elsewhere: Option<(String, Option<String>)>,
    /// The agreement to assume if the answer is unknown.
    assumed: Option<Agreement>,
    client: Side,
    server: Side,
    ends: Ends,
}

impl Explainer {
    /// Makes an explainer with the default limits.
    #[cfg(test)]
    pub(crate) fn new(start: Start) -> Self {
        Self::within(Config::default(), start)
    }

    /// Makes an explainer that judges as an endpoint with these limits would.
    pub(crate) fn within(config: impl Into<Arc<Config>>, start: Start) -> Self {
        let config = config.into();
        Self {
            elsewhere: match start {
                Start::Handshake => None,
                Start::Open { extensions, subprotocol } => Some((extensions, subprotocol)),
            },
            assumed: None,
            client: Side::new(Sender::Client, Stage::Request(Box::new(RequestReader::new(&config)))),
            server: Side::new(
                Sender::Server,
                Stage::Answer(Box::new(AnswerReader::new(&config, Asked::default()))),
            ),
            ends: Ends::new(),
            config,
        }
    }

    /// Sets the extensions to assume if the answer is unknown. By default, permessage-deflate is assumed if
    /// the client offered it.
    pub(crate) fn assuming(mut self, extensions: &str) -> Self {
        self.assumed = Agreement::of_answer(extensions).ok();
        self
    }

    /// Takes a request or an answer of HTTP/2, with its pseudo-header fields first.
    pub(crate) fn handshake(&mut self, handshake: Handshake, out: &mut Vec<Record>) {
        self.ends.both(ConnectionState::Connecting, handshake.at, out);
        out.push(Record::Handshake(handshake));
    }

    /// Opens the connection after a handshake that was elsewhere. No bytes may have come before.
    pub(crate) fn open(
        &mut self,
        at: Duration,
        extensions: &str,
        subprotocol: Option<&str>,
        out: &mut Vec<Record>,
    ) {
        let at = micros(at);
        // Extensions that can't be read count as unknown.
        let agreement = Agreement::of_answer(extensions).unwrap_or_else(|_| Agreement::unknown(extensions));
        let (subprotocol, extensions) = (subprotocol.map(String::from), extensions.into());
        let unknown = agreement.unknown.clone();
        out.push(Record::Agreed(Agreed { at, subprotocol, extensions, unknown }));
        self.ends.both(ConnectionState::Open, at, out);
        self.client.open(&self.config, &agreement);
        self.server.open(&self.config, &agreement);
    }

    /// Opens the connection on the first call, if its handshake was elsewhere.
    fn begin(&mut self, at: Duration, out: &mut Vec<Record>) {
        if let Some((extensions, subprotocol)) = self.elsewhere.take() {
            self.open(at, &extensions, subprotocol.as_deref(), out);
        }
    }

    /// Takes an event of a tap.
    pub(crate) fn see(&mut self, tapped: &Tapped, out: &mut Vec<Record>) {
        match tapped {
            Tapped::Bytes(chunk) => self.look(chunk, out),
            Tapped::End { at, from } => self.end(*from, *at, out),
        }
    }

    /// Takes bytes, and appends their records.
    pub(crate) fn look(&mut self, chunk: &Chunk, out: &mut Vec<Record>) {
        self.begin(chunk.at, out);
        let at = micros(chunk.at);
        let mut rest = &chunk.bytes[..];
        while !rest.is_empty() {
            let before = rest.len();
            self.step(chunk.from, at, &mut rest, out);
            let taken = before.saturating_sub(rest.len());
            let side = self.side(chunk.from);
            side.offset = side.offset.saturating_add(u64::try_from(taken).unwrap_or(u64::MAX));
        }
    }

    /// Takes bytes off the front of `rest`, or goes on to another stage.
    fn step(&mut self, from: Sender, at: u64, rest: &mut &[u8], out: &mut Vec<Record>) {
        if from == Sender::Server && self.server.offset == 0 && self.client.is_asking() {
            let error = RemoteProtocolError::Response(ResponseError::Unrequested);
            return self.bad_answer(HeadFault::new(rest.get(..1).unwrap_or(rest), 0, error), at, out);
        }
        let side = match from {
            Sender::Client => &mut self.client,
            Sender::Server => &mut self.server,
        };
        match &mut side.stage {
            Stage::Request(reader) => match reader.read(rest) {
                Ok(None) => {}
                Ok(Some(asked)) => self.requested(asked, at, out),
                Err(fault) => self.bad_request(fault, at, out),
            },
            Stage::Early { bytes, .. } => {
                let room = EARLY_LEN.saturating_sub(bytes.len());
                let (early, after) = rest.split_at_checked(room).unwrap_or((rest, &[]));
                bytes.extend_from_slice(early);
                *rest = after;
                if !rest.is_empty() {
                    self.open_unanswered(at, out);
                }
            }
            Stage::Answer(reader) => match reader.read(rest) {
                Ok(None) => {}
                Ok(Some(answered)) => self.answered(answered, at, out),
                Err(fault) => self.bad_answer(fault, at, out),
            },
            Stage::Body(_) => self.body(at, rest, out),
            Stage::Frames(frames) => {
                let happened = frames.take(at, side.offset, rest, out);
                self.happened(from, happened, at, out);
            }
            Stage::Ignored => *rest = &[],
        }
    }

    /// Updates the states of both ends after frames of a direction.
    fn happened(&mut self, from: Sender, happened: Happened, at: u64, out: &mut Vec<Record>) {
        match happened {
            Happened::Nothing => {}
            Happened::Close => {
                self.side(from).closed = true;
                self.ends.close(from, at, out);
            }
            Happened::Broken => {
                self.side(from).stage = Stage::Ignored;
                self.ends.fail(from, at, out);
            }
        }
    }

    /// Takes the whole request.
    fn requested(&mut self, asked: Asked, at: u64, out: &mut Vec<Record>) {
        let stage =
            mem::replace(&mut self.client.stage, Stage::Early { asked: asked.clone(), bytes: Vec::new() });
        if let Stage::Request(reader) = stage {
            head::records(at, Sender::Client, &reader.head, out);
        }
        self.ends.both(ConnectionState::Connecting, at, out);
        // If the server sent bytes before, its answer can't be compared with the request.
        if self.server.offset == 0 && matches!(self.server.stage, Stage::Answer(_)) {
            self.server.stage = Stage::Answer(Box::new(AnswerReader::new(&self.config, asked)));
        }
        if matches!(self.server.stage, Stage::Frames(_) | Stage::Ignored) {
            self.open_unanswered(at, out);
        }
    }

    fn bad_request(&mut self, fault: HeadFault, at: u64, out: &mut Vec<Record>) {
        let Stage::Request(reader) = mem::replace(&mut self.client.stage, Stage::Ignored) else { return };
        head::records(at, Sender::Client, &reader.head, out);
        self.ends.both(ConnectionState::Connecting, at, out);
        out.push(broken(at, Sender::Client, fault));
        self.ends.change(Sender::Server, ConnectionState::Rejecting, at, out);
    }

    /// Takes the whole answer.
    fn answered(&mut self, answered: Answered, at: u64, out: &mut Vec<Record>) {
        let Stage::Answer(reader) = mem::replace(&mut self.server.stage, Stage::Ignored) else { return };
        head::records(at, Sender::Server, &reader.head, out);
        match answered {
            Answered::Accept { subprotocol, extensions, agreement } => {
                let unknown = agreement.unknown.clone();
                out.push(Record::Agreed(Agreed { at, subprotocol, extensions, unknown }));
                self.ends.both(ConnectionState::Open, at, out);
                self.server.open(&self.config, &agreement);
                self.open_client(&agreement, at, out);
            }
            Answered::Reject { has_body: true } => {
                self.client.stage = Stage::Ignored;
                self.server.stage = Stage::Body(reader);
                self.ends.both(ConnectionState::Rejecting, at, out);
                self.body(at, &mut &[][..], out);
            }
            Answered::Reject { has_body: false } => {
                self.client.stage = Stage::Ignored;
                self.ends.both(ConnectionState::Closed, at, out);
            }
        }
    }

    /// Reads the body of a refusal.
    fn body(&mut self, at: u64, rest: &mut &[u8], out: &mut Vec<Record>) {
        let Stage::Body(reader) = &mut self.server.stage else { return };
        match reader.read_body(rest) {
            Ok(true) => return,
            Ok(false) => {}
            Err(fault) => out.push(broken(at, Sender::Server, fault)),
        }
        // The bytes that follow belong to no WebSocket.
        self.server.stage = Stage::Ignored;
        self.ends.both(ConnectionState::Closed, at, out);
    }

    fn bad_answer(&mut self, fault: HeadFault, at: u64, out: &mut Vec<Record>) {
        let Stage::Answer(reader) = mem::replace(&mut self.server.stage, Stage::Ignored) else { return };
        head::records(at, Sender::Server, &reader.head, out);
        out.push(broken(at, Sender::Server, fault));
        self.client.stage = Stage::Ignored;
        self.ends.change(Sender::Client, ConnectionState::Closed, at, out);
    }

    /// Goes on with the client's frames although the answer is unknown. The offer decides which extensions are assumed.
    fn open_unanswered(&mut self, at: u64, out: &mut Vec<Record>) {
        if let Stage::Early { asked, .. } = &self.client.stage {
            let assumed = self.assumed.clone();
            let agreement = assumed.unwrap_or_else(|| Agreement::assumed(&asked.extensions));
            self.open_client(&agreement, at, out);
        }
    }

    /// Opens the client's direction, and takes the bytes that it sent early.
    fn open_client(&mut self, agreement: &Agreement, at: u64, out: &mut Vec<Record>) {
        let early = match &mut self.client.stage {
            Stage::Early { bytes, .. } => mem::take(bytes),
            // The request is unknown, but frames may come.
            Stage::Request(reader) if reader.head.is_empty() => Vec::new(),
            _ => return,
        };
        self.client.open(&self.config, agreement);
        let (mut rest, end) = (&early[..], self.client.offset);
        while let (Stage::Frames(frames), false) = (&mut self.client.stage, rest.is_empty()) {
            let happened = frames.take(at, end.saturating_sub(len(rest)), &mut rest, out);
            self.happened(Sender::Client, happened, at, out);
        }
    }

    /// Notes that bytes are missing. The boundaries of later frames in this direction are unknown.
    pub(crate) fn gap(&mut self, from: Sender, missing: Option<u64>, at: Duration, out: &mut Vec<Record>) {
        self.cut(from, at, out);
        let side = self.side(from);
        out.push(Record::Gap(Gap { at: micros(at), from, offset: side.offset, missing }));
        side.offset = side.offset.saturating_add(missing.unwrap_or_default());
        side.stage = Stage::Ignored;
        if from == Sender::Server {
            self.open_unanswered(micros(at), out);
        }
    }

    /// Notes that a direction has ended.
    pub(crate) fn end(&mut self, from: Sender, at: Duration, out: &mut Vec<Record>) {
        if mem::replace(&mut self.side(from).ended, true) {
            return;
        }
        self.cut(from, at, out);
        let at = micros(at);
        let side = self.side(from);
        let (clean, fault) = (side.closed, side.end_of_handshake());
        if let Some(fault) = fault {
            side.stage = Stage::Ignored;
            out.push(broken(at, from, fault));
        }
        out.push(Record::End(End { at, from, clean }));
        self.ends.end(from, at, out);
    }

    /// Ends the recording of a direction, which may go on itself. Appends records of an unfinished head or frame.
    pub(crate) fn cut(&mut self, from: Sender, at: Duration, out: &mut Vec<Record>) {
        self.begin(at, out);
        let at = micros(at);
        if from == Sender::Client && self.server.offset == 0 {
            self.open_unanswered(at, out);
        }
        match &mut self.side(from).stage {
            Stage::Frames(frames) => {
                let happened = frames.cut(at, out);
                self.happened(from, happened, at, out);
            }
            Stage::Request(reader) => head::records(at, from, &reader.head, out),
            Stage::Answer(reader) => head::records(at, from, &reader.head, out),
            Stage::Early { .. } | Stage::Body(_) | Stage::Ignored => {}
        }
    }

    /// Returns whether the rest of a direction is ignored.
    pub(crate) const fn is_deaf(&self, from: Sender) -> bool {
        let side = match from {
            Sender::Client => &self.client,
            Sender::Server => &self.server,
        };
        matches!(side.stage, Stage::Ignored)
    }

    const fn side(&mut self, from: Sender) -> &mut Side {
        match from {
            Sender::Client => &mut self.client,
            Sender::Server => &mut self.server,
        }
    }
}

#[cfg(test)]
mod tests;
