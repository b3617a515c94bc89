//! One direction of a connection, and what its next bytes are.

use std::{mem, sync::Arc};

use wsproto::{Config, RemoteProtocolError};

use crate::wire::{
    Broken, Context, Record, Sender,
    agreement::Agreement,
    frames::Frames,
    opening::{AnswerReader, Asked, HeadFault, RequestReader},
    recent::Recent,
    rule,
};

/// One direction.
pub(super) struct Side {
    pub(super) from: Sender,
    /// How many bytes have come.
    pub(super) offset: u64,
    pub(super) stage: Stage,
    /// Whether its Close has come.
    pub(super) closed: bool,
    pub(super) ended: bool,
}

/// What the next bytes of a direction are.
pub(super) enum Stage {
    Request(Box<RequestReader>),
    /// A client's frames before it has its answer.
    Early {
        asked: Asked,
        bytes: Vec<u8>,
    },
    Answer(Box<AnswerReader>),
    /// The body of a refusal.
    Body(Box<AnswerReader>),
    Frames(Box<Frames>),
    /// Of no concern: a rule was broken, bytes are missing, or the handshake was refused.
    Ignored,
}

impl Side {
    pub(super) const fn new(from: Sender, stage: Stage) -> Self {
        Self { from, offset: 0, stage, closed: false, ended: false }
    }

    pub(super) fn open(&mut self, config: &Arc<Config>, agreement: &Agreement) {
        self.stage = Stage::Frames(Box::new(Frames::new(self.from, config, agreement)));
    }

    /// Tells whether a request has begun and isn't whole.
    pub(super) fn is_asking(&self) -> bool {
        matches!(&self.stage, Stage::Request(reader) if !reader.head.is_empty())
    }

    /// Returns the head that the end of the stream has cut, if there is one.
    pub(super) fn end_of_head(&mut self) -> Option<(Vec<u8>, HeadFault)> {
        let (error, head) = match &mut self.stage {
            Stage::Request(reader) => (reader.end()?, mem::take(&mut reader.head)),
            Stage::Answer(reader) if self.offset > 0 => (reader.end()?, mem::take(&mut reader.head)),
            _ => return None,
        };
        self.stage = Stage::Ignored;
        Some((head.clone(), HeadFault { index: head.len(), error }))
    }
}

/// Tells of a head that breaks a rule.
pub(super) fn broken(at: u64, from: Sender, head: &[u8], fault: &HeadFault) -> Record {
    let offset = u64::try_from(fault.index).unwrap_or(u64::MAX);
    let mut recent = Recent::default();
    // As much after the byte as is shown.
    let end = fault.index.saturating_add(16).min(head.len());
    recent.push(0, head.get(..end).unwrap_or(head));
    let (byte, context) = recent.around(offset);
    Record::Broken(Broken {
        at,
        from,
        frame: None,
        offset,
        byte,
        rule: fault.error.to_string(),
        section: rule::section(&fault.error).into(),
        answer: rule::answer(&fault.error),
        context,
    })
}

/// Tells of a refusal's body that breaks a rule.
pub(super) fn broken_body(at: u64, offset: u64, error: &RemoteProtocolError) -> Record {
    Record::Broken(Broken {
        at,
        from: Sender::Server,
        frame: None,
        offset,
        byte: None,
        rule: error.to_string(),
        section: rule::section(error).into(),
        answer: rule::answer(error),
        context: Context { offset, hex: String::new() },
    })
}
