//! Explains a WebSocket that begins after other bytes of its connection.

use crate::wire::{Explainer, Record, Sender};

pub(super) struct Watch {
    explainer: Box<Explainer>,
    /// The number of bytes that the client and the server had sent before, once it is known.
    before: [Option<u64>; 2],
}

impl Watch {
    pub(super) fn new(explainer: Explainer) -> Self {
        Self { explainer: Box::new(explainer), before: [None; 2] }
    }

    /// Lets the explainer look. On the first call for a direction, `offset` is the number of bytes that came before.
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
