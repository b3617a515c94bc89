//! A driver's report about its connection: counters, and how it ended.

use core::time::Duration;

use wsproto_frame::CloseCode;

use super::rare::Rare;
use crate::{CloseConnection, Deadline};

/// Which side of a connection did something.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Side {
    /// Our side.
    Local,
    /// The peer.
    Remote,
}

/// How a connection ended.
///
/// RFC 6455 [§7.1](https://www.rfc-editor.org/rfc/rfc6455#section-7.1)
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct CloseReport {
    /// The code of the Close that we sent; [`CloseCode::NO_STATUS`] for a Close without a code.
    pub sent: Option<CloseCode>,
    /// The Close that the peer sent.
    pub received: Option<CloseConnection<'static>>,
    /// The side that sent Close first, or broke a rule; `None` while neither did.
    pub begun_by: Option<Side>,
    /// Whether both sides sent Close, and all of ours was written.
    pub clean: bool,
    /// The deadline that ended the connection, if one did.
    pub expired: Option<Deadline>,
}

impl CloseReport {
    /// Returns the code of the peer's Close, and [`CloseCode::ABNORMAL`] if it sent none.
    ///
    /// RFC 6455 [§7.1.5](https://www.rfc-editor.org/rfc/rfc6455#section-7.1.5)
    #[must_use]
    pub fn code(&self) -> CloseCode {
        self.received.as_ref().map_or(CloseCode::ABNORMAL, |close| close.code)
    }
}

/// Counters of a connection since it was made, or since a driver drives it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counters {
    /// Messages that came. One that comes in parts counts with its last part.
    pub messages_received: u64,
    /// Messages that were sent.
    pub messages_sent: u64,
    /// Bytes of messages that came, after extensions (inflated).
    pub message_bytes_received: u64,
    /// Bytes of messages that were sent, before extensions.
    pub message_bytes_sent: u64,
    /// Bytes that were read from the transport, the opening handshake included.
    pub wire_bytes_received: u64,
    /// Bytes that the transport took.
    pub wire_bytes_sent: u64,
    /// Pings that came.
    pub pings_received: u32,
    /// Pongs that came.
    pub pongs_received: u32,
    /// The round-trip time of our last Ping that was answered.
    pub round_trip: Option<Duration>,
}

impl Counters {
    pub(super) fn new(totals: Totals, rare: Option<&Rare>) -> Self {
        Self {
            messages_received: totals.messages_received,
            messages_sent: totals.messages_sent,
            message_bytes_received: totals.message_bytes_received,
            message_bytes_sent: totals.message_bytes_sent,
            wire_bytes_received: totals.wire_bytes_received,
            wire_bytes_sent: totals.wire_bytes_sent,
            pings_received: rare.map_or(0, |rare| rare.pings_received),
            pongs_received: rare.map_or(0, |rare| rare.pongs_received),
            round_trip: rare.and_then(|rare| rare.round_trip),
        }
    }
}

/// The counters that every connection has.
#[derive(Clone, Copy, Default)]
pub(super) struct Totals {
    pub(super) messages_received: u64,
    pub(super) messages_sent: u64,
    pub(super) message_bytes_received: u64,
    pub(super) message_bytes_sent: u64,
    pub(super) wire_bytes_received: u64,
    pub(super) wire_bytes_sent: u64,
}
