//! The frames of one direction.

mod message;
mod place;

use std::sync::Arc;

use wsproto::Config;

use self::message::Messages;
use super::{
    Answer, Broken, CloseBody, Cut, Frame, Record, Sender,
    agreement::Agreement,
    judge::{Fault, Judge},
    preview::{Beginning, hex, len},
    recent::Recent,
    rule,
    shape::Shape,
};

/// The most bytes of a payload that are judged at once.
const PIECE_LEN: usize = 16 << 10;

/// Splits a direction into frames and messages, and has them judged.
pub(super) struct Frames {
    from: Sender,
    /// None if an unknown extension is in use.
    judge: Option<Judge>,
    deflates: bool,
    recent: Recent,
    /// The number of frames that have begun.
    count: u64,
    /// The frame under way.
    frame: Under,
    messages: Messages,
    /// The answer to the Close that has come.
    closed: Option<Answer>,
}

/// The frame that is under way.
#[derive(Default)]
struct Under {
    /// The offset of its header.
    offset: u64,
    shape: Shape,
    /// The payload, unmasked, once the header is whole and was judged.
    payload: Option<Beginning>,
    compressed: bool,
}

/// An event that changes the states of both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happened {
    Nothing,
    Close,
    Broken,
}

impl Frames {
    pub(super) fn new(from: Sender, config: &Arc<Config>, agreement: &Agreement) -> Self {
        let is_known = agreement.unknown.is_none();
        Self {
            from,
            judge: is_known.then(|| Judge::new(from.other().role(), config, agreement)),
            deflates: agreement.deflates(),
            recent: Recent::default(),
            count: 0,
            frame: Under::default(),
            messages: Messages::default(),
            closed: None,
        }
    }

    /// Takes the rest of a header, or the next piece of a payload, off the front of `rest`, which begins at `offset`.
    pub(super) fn take(&mut self, at: u64, offset: u64, rest: &mut &[u8], out: &mut Vec<Record>) -> Happened {
        let before = *rest;
        if let Some(payload) = &self.frame.payload {
            let left = self.frame.shape.length().saturating_sub(payload.len());
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE_LEN);
            let (piece, after) = before.split_at_checked(most).unwrap_or((before, &[]));
            *rest = after;
            return self.payload(at, offset, piece, out);
        }
        if self.frame.shape.bytes().is_empty() {
            self.frame.offset = offset;
        }
        let is_whole = self.frame.shape.take(rest);
        let taken = before.len().saturating_sub(rest.len());
        self.recent.push(offset, before.get(..taken).unwrap_or_default());
        if is_whole { self.header(at, out) } else { Happened::Nothing }
    }

    /// Has a whole header judged.
    fn header(&mut self, at: u64, out: &mut Vec<Record>) -> Happened {
        let header = self.begin();
        if self.closed.is_some() && !self.frame.shape.is_control() {
            return self.data_after_close(at, out);
        }
        if let Err(fault) = self.judge(&header) {
            return self.broken(at, self.frame.offset, &fault, out);
        }
        self.frame.payload = Some(Beginning::default());
        self.finish_if_whole(at, out)
    }

    /// Counts a frame, and returns its header.
    fn begin(&mut self) -> Vec<u8> {
        self.count = self.count.saturating_add(1);
        let shape = &self.frame.shape;
        if !shape.is_control() {
            let [rsv1, ..] = shape.rsv();
            self.messages.frame(self.count, shape, rsv1 && self.deflates);
            self.frame.compressed = self.messages.is_compressed();
        }
        shape.bytes().to_vec()
    }

    /// Takes a piece of a payload, which begins at `offset`.
    fn payload(&mut self, at: u64, offset: u64, piece: &[u8], out: &mut Vec<Record>) -> Happened {
        let outcome = self.judge(piece);
        let came = match &outcome {
            Ok(()) => piece,
            Err(fault) => piece.get(..=fault.index).unwrap_or(piece),
        };
        self.recent.push(offset, came);
        self.frame.unmask(came);
        match outcome {
            Ok(()) => self.finish_if_whole(at, out),
            Err(fault) => self.broken(at, offset, &fault, out),
        }
    }

    /// Passes bytes to the judge, which ignores those after a Close.
    fn judge(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let Self { judge, messages, .. } = self;
        judge.as_mut().map_or(Ok(()), |judge| judge.receive(bytes, |event| messages.event(&event)))
    }

    fn finish_if_whole(&mut self, at: u64, out: &mut Vec<Record>) -> Happened {
        let came = self.frame.payload.as_ref().map_or(0, Beginning::len);
        if came != self.frame.shape.length() {
            return Happened::Nothing;
        }
        out.push(self.record(at, None));
        let is_close = self.frame.shape.opcode() == 8;
        if is_close && self.closed.is_none() {
            self.closed =
                Some(self.frame.close().map_or(Answer::WithoutCode, |close| Answer::Number(close.code)));
        }
        self.frame = Under::default();
        out.extend(self.messages.take_finished(at, self.from));
        if is_close { Happened::Close } else { Happened::Nothing }
    }

    /// Makes the record of the frame under way.
    fn record(&self, at: u64, cut: Option<Cut>) -> Record {
        let Under { offset, shape, payload, compressed } = &self.frame;
        let empty = Beginning::default();
        let payload = payload.as_ref().unwrap_or(&empty);
        let [rsv1, rsv2, rsv3] = shape.rsv();
        Record::Frame(Frame {
            at,
            from: self.from,
            number: self.count,
            offset: *offset,
            header: hex(shape.bytes()),
            fin: shape.fin(),
            rsv1,
            rsv2,
            rsv3,
            opcode: shape.opcode(),
            name: shape.name(),
            mask: shape.key().map(|key| hex(&key)),
            length: shape.length(),
            payload: payload.preview(shape.length(), !compressed),
            close: self.frame.close(),
            compressed: *compressed,
            cut,
        })
    }

    /// Records a frame that breaks a rule; `start` is the offset of the judged piece.
    fn broken(&mut self, at: u64, start: u64, fault: &Fault, out: &mut Vec<Record>) -> Happened {
        let index = u64::try_from(fault.index).unwrap_or(u64::MAX);
        let offset = place::of(&fault.error, &self.frame, start.saturating_add(index), self.before());
        let (rule, section) = (fault.error.to_string(), rule::section(&fault.error));
        self.break_off(at, Offence { offset, rule, section, answer: rule::answer(&fault.error) }, out)
    }

    /// Returns the number of bytes that the message under way had before this frame.
    fn before(&self) -> u64 {
        self.messages.wire_length().saturating_sub(self.frame.shape.length())
    }

    /// Records data after a Close: an endpoint ignores it, and the connection closes with the code of the Close.
    fn data_after_close(&mut self, at: u64, out: &mut Vec<Record>) -> Happened {
        let offence = Offence {
            offset: self.frame.offset,
            rule: "data after a Close: it is ignored".into(),
            section: "RFC 6455 §5.5.1",
            answer: self.closed.unwrap_or(Answer::WithoutCode),
        };
        self.break_off(at, offence, out)
    }

    fn break_off(&mut self, at: u64, offence: Offence, out: &mut Vec<Record>) -> Happened {
        let received = self.frame.payload.as_ref().map_or(0, Beginning::len);
        let is_cut = received != self.frame.shape.length();
        out.push(self.record(at, is_cut.then_some(Cut { received })));
        let (byte, context) = self.recent.around(offence.offset);
        out.push(Record::Broken(Broken {
            at,
            from: self.from,
            frame: Some(self.count),
            offset: offence.offset,
            byte,
            rule: offence.rule,
            section: offence.section.into(),
            answer: offence.answer,
            context,
        }));
        Happened::Broken
    }

    /// Ends the frame under way, of which no more bytes come.
    pub(super) fn cut(&mut self, at: u64, out: &mut Vec<Record>) -> Happened {
        if self.frame.shape.bytes().is_empty() {
            return Happened::Nothing;
        }
        if self.frame.payload.is_none() {
            // The header isn't whole, but may break a rule already.
            let header = self.begin();
            if let Err(fault) = self.judge(&header) {
                return self.broken(at, self.frame.offset, &fault, out);
            }
        }
        let received = self.frame.payload.as_ref().map_or(0, Beginning::len);
        out.push(self.record(at, Some(Cut { received })));
        self.frame = Under::default();
        Happened::Nothing
    }
}

/// A rule that was broken at a byte.
struct Offence {
    offset: u64,
    rule: String,
    section: &'static str,
    answer: Answer,
}

impl Under {
    /// Takes more of the payload.
    fn unmask(&mut self, piece: &[u8]) {
        let Some(payload) = &mut self.payload else { return };
        let Some(key) = self.shape.key() else { return payload.push(piece) };
        // Only the beginning is kept. The rest is counted, so it needn't be unmasked.
        let phase = usize::try_from(payload.len() % 4).unwrap_or_default();
        let kept = piece.len().min(256);
        let (shown, rest) = piece.split_at_checked(kept).unwrap_or((piece, &[]));
        let unmasked: Vec<u8> =
            shown.iter().zip(key.iter().cycle().skip(phase)).map(|(byte, key)| byte ^ key).collect();
        payload.push(&unmasked);
        payload.push(rest);
    }

    /// Returns the body of a Close, if the frame is a Close and its code has come.
    fn close(&self) -> Option<CloseBody> {
        if self.shape.opcode() != 8 {
            return None;
        }
        let (code, reason) = self.payload.as_ref()?.kept().split_first_chunk()?;
        let reason = String::from_utf8_lossy(reason).into_owned();
        Some(CloseBody { code: u16::from_be_bytes(*code), reason })
    }

    /// Returns the offset of the payload.
    fn payload_offset(&self) -> u64 {
        self.offset.saturating_add(len(self.shape.bytes()))
    }
}
