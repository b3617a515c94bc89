//! Bytes as they crossed the wire.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use wsproto::Role;

/// The sender of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sender {
    Client,
    Server,
}

impl Sender {
    /// Returns the other end, which receives the bytes.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// Returns the role of this end.
    pub(crate) const fn role(self) -> Role {
        match self {
            Self::Client => Role::Client,
            Self::Server => Role::Server,
        }
    }

    /// Returns the name in records.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// Bytes of one direction, from one read or write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// The time since the connection began.
    pub(crate) at: Duration,
    pub(crate) from: Sender,
    pub(crate) bytes: bytes::Bytes,
}

/// An event of a [`Tap`](super::Tap).
#[derive(Clone, Debug)]
pub(crate) enum Tapped {
    Bytes(Chunk),
    /// The end of a direction, in order or by an error.
    End {
        at: Duration,
        from: Sender,
    },
}

/// Returns a time in microseconds, as in records and files.
pub(super) fn micros(at: Duration) -> u64 {
    u64::try_from(at.as_micros()).unwrap_or(u64::MAX)
}
