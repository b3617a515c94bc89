//! Looks at a WebSocket that other bytes came before.

use crate::wire::{Explainer, Record, Sender};

pub(super) struct Watch {
    explainer: Box<Explainer>,
    /// How much the client, and the server, had sent before, once that is known.
    before: [Option<u64>; 2],
}

impl Watch {
    pub(super) fn new(explainer: Explainer) -> Self {
        Self { explainer: Box::new(explainer), before: [None; 2] }
    }

    /// Has the explainer look; in this direction `offset` bytes came before what it sees first.
    pub(super) fn look(
        &mut self,
        from: Sender,
        offset: u64,
        records: &mut Vec<Record>,
        look: impl FnOnce(&mut Explainer, &mut Vec<Record>),
    ) {
        let [client, server] = &mut self.before;
        let before = if from == Sender::Client { &mut *client } else { &mut *server };
        before.get_or_insert(offset);
        let known = records.len();
        look(&mut self.explainer, records);
        let before = |from| if from == Sender::Client { *client } else { *server }.unwrap_or_default();
        for record in records.iter_mut().skip(known) {
            record.shift(before);
        }
    }
}
