//! Bytes as they crossed the wire.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Who wrote the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sender {
    Client,
    Server,
}

/// Bytes of one direction, as one read or write carried them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// When, since the connection began.
    pub(crate) at: Duration,
    pub(crate) from: Sender,
    pub(crate) bytes: bytes::Bytes,
}
