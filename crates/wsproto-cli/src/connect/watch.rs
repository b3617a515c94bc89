//! What is seen of a connection's bytes: how the server begins, and each frame for `--wire`.

use std::sync::{Arc, Mutex, PoisonError};

use wsproto::Config;

use crate::{
    streams::Output,
    wire::{Explainer, Line, Record, Sender, Start, Tapped, escape},
};

/// So many of the server's first bytes are kept.
const FIRST: usize = 64;

/// The first bytes of the server.
#[derive(Clone, Default)]
pub(super) struct Beginning(Arc<Mutex<Vec<u8>>>);

impl Beginning {
    /// Returns them.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn see(&self, tapped: &Tapped) {
        let Tapped::Bytes(chunk) = tapped else { return };
        if chunk.from == Sender::Server {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let room = FIRST.saturating_sub(kept.len());
            kept.extend(chunk.bytes.iter().take(room));
        }
    }
}

/// Looks at what passes: keeps the server's beginning and, where there is an output, writes a line a frame to it.
pub(super) fn watch(
    beginning: Beginning,
    wire: Option<(Output, Config)>,
) -> impl FnMut(Tapped) + Send + Unpin + 'static {
    let mut wire = wire.map(|(output, config)| (output, Explainer::within(config, Start::Handshake)));
    let mut records = Vec::new();
    move |tapped| {
        beginning.see(&tapped);
        if let Some((output, explainer)) = &mut wire {
            explainer.see(&tapped, &mut records);
            for record in records.drain(..) {
                show(output, &record);
            }
        }
    }
}

fn show(output: &Output, record: &Record) {
    match record {
        Record::State(_) => {}
        // One frame, as it was sent: the frame's line has shown it.
        Record::Message(message) if message.frames.0 == message.frames.1 && !message.compressed => {}
        Record::Handshake(head) => {
            output.note(format_args!("{}", Line(record)));
            for field in &head.fields {
                let (name, value) = (escape(&field.name, 100), escape(&field.value, 1000));
                output.note(format_args!("                {name}: {value}"));
            }
        }
        record => output.note(format_args!("{}", Line(record))),
    }
}
