//! From bytes to records.

use std::time::Duration;

use super::{Chunk, Record, Sender};

/// What is known of a connection when its bytes begin.
#[derive(Clone, Debug)]
pub(crate) enum Start {
    /// The bytes begin with the handshake of HTTP/1.1.
    Handshake,
    /// The bytes begin with the first frame: the handshake was elsewhere, as with HTTP/2 or in a recording of frames only.
    Open {
        /// The value of the answer's `Sec-WebSocket-Extensions`.
        extensions: String,
        /// The value of the answer's `Sec-WebSocket-Protocol`.
        subprotocol: Option<String>,
    },
}

/// Looks at both directions of a connection from outside.
pub(crate) struct Explainer {}

impl Explainer {
    /// Begins to look.
    pub(crate) fn new(_: Start) -> Self {
        Self {}
    }

    /// Looks at bytes, and appends what was seen.
    pub(crate) fn look(&mut self, _: &Chunk, _: &mut Vec<Record>) {}

    /// Notes that bytes are missing: frames can't be told after them in this direction.
    pub(crate) fn gap(&mut self, _: Sender, _: Option<u64>, _: Duration, _: &mut Vec<Record>) {}

    /// Notes that a direction has ended.
    pub(crate) fn end(&mut self, _: Sender, _: Duration, _: &mut Vec<Record>) {}
}
