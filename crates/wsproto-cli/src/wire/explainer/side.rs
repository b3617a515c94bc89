//! One direction of a connection, and the kind of its next bytes.

use std::sync::Arc;

use wsproto::Config;

use crate::wire::{
    Broken, Record, Sender,
    agreement::Agreement,
    frames::Frames,
    opening::{AnswerReader, Asked, HeadFault, RequestReader},
    rule,
};

/// One direction.
pub(super) struct Side {
    pub(super) from: Sender,
    /// The number of bytes that have come.
    pub(super) offset: u64,
    pub(super) stage: Stage,
    /// Whether its Close has come.
    pub(super) closed: bool,
    pub(super) ended: bool,
}

/// The kind of the next bytes of a direction.
pub(super) enum Stage {
    Request(Box<RequestReader>),
    /// A client's frames before the answer comes.
    Early {
        asked: Asked,
        bytes: Vec<u8>,
    },
    Answer(Box<AnswerReader>),
    /// The body of a refusal.
    Body(Box<AnswerReader>),
    Frames(Box<Frames>),
    /// Bytes to ignore: a rule was broken, bytes are missing, or the handshake was refused.
    Ignored,
}

impl Side {
    pub(super) const fn new(from: Sender, stage: Stage) -> Self {
        Self { from, offset: 0, stage, closed: false, ended: false }
    }

    pub(super) fn open(&mut self, config: &Arc<Config>, agreement: &Agreement) {
        self.stage = Stage::Frames(Box::new(Frames::new(self.from, config, agreement)));
    }

    /// Returns whether a request has begun and isn't whole.
    pub(super) fn is_asking(&self) -> bool {
        matches!(&self.stage, Stage::Request(reader) if !reader.head.is_empty())
    }

    /// Returns the fault if the end of the stream has cut a handshake.
    pub(super) fn end_of_handshake(&mut self) -> Option<HeadFault> {
        match &mut self.stage {
            Stage::Request(reader) => reader.end(),
            Stage::Answer(reader) if self.offset > 0 || reader.is_asked() => reader.end(),
            Stage::Body(reader) => reader.end(),
            _ => None,
        }
    }
}

/// Makes the record of a handshake that breaks a rule.
pub(super) fn broken(at: u64, from: Sender, fault: HeadFault) -> Record {
    let HeadFault { error, offset, byte, context } = fault;
    Record::Broken(Broken {
        at,
        from,
        frame: None,
        offset,
        byte,
        rule: error.to_string(),
        section: rule::section(&error).into(),
        answer: rule::answer(&error),
        context,
    })
}
