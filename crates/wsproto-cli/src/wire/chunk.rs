//! Bytes as they crossed the wire.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use wsproto::Role;

/// Who wrote the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sender {
    Client,
    Server,
}

impl Sender {
    /// Returns who reads the bytes.
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// Returns the role in which this end speaks.
    pub(crate) const fn role(self) -> Role {
        match self {
            Self::Client => Role::Client,
            Self::Server => Role::Server,
        }
    }

    /// Returns the name, as it stands in records.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// Bytes of one direction, as one read or write carried them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// When, since the connection began.
    pub(crate) at: Duration,
    pub(crate) from: Sender,
    pub(crate) bytes: bytes::Bytes,
}

/// What a [`Tap`](super::Tap) has seen.
#[derive(Clone, Debug)]
pub(crate) enum Tapped {
    Bytes(Chunk),
    /// A direction has ended, in order or by an error.
    End {
        at: Duration,
        from: Sender,
    },
}

/// Returns a time as records and files have it.
pub(super) fn micros(at: Duration) -> u64 {
    u64::try_from(at.as_micros()).unwrap_or(u64::MAX)
}
