//! What `--wire` shows: the handshake, and each frame.

use wsproto::Config;

use crate::{
    streams::Output,
    visible::escape,
    wire::{Explainer, Line, Record, Start, Tapped},
};

/// Looks at what passes: where there is an output, writes a line a frame to it.
pub(super) fn watch(wire: Option<(Output, Config)>) -> impl FnMut(Tapped) + Send + Unpin + 'static {
    let mut wire = wire.map(|(output, config)| (output, Explainer::within(config, Start::Handshake)));
    let mut records = Vec::new();
    move |tapped| {
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
