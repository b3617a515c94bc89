//! State that few connections need, or that all need only at their end. It is apart, so that an idle connection is
//! small.

use alloc::boxed::Box;
use core::time::Duration;

use wsproto_frame::CloseCode;

use super::{Driver, Side};
use crate::CloseConnection;

/// The state of connections with Pings or Pongs, and of those that close.
#[derive(Default)]
pub(super) struct Rare {
    /// Where the last Pong will end, counted in all bytes that are written. It is in the queue while fewer bytes are
    /// written.
    pub(super) pong_end: u64,
    /// Where our last Ping will end, counted in the same way.
    pub(super) ping_end: u64,
    /// How many messages were sent before our last Ping.
    pub(super) sent_at_ping: u64,
    /// The payload of the Pong that waits until the one in the queue is written.
    pub(super) pong: Box<[u8]>,
    pub(super) pings_received: u32,
    pub(super) pongs_received: u32,
    /// The round-trip time of our last Ping that was answered.
    pub(super) round_trip: Option<Duration>,
    pub(super) ending: Option<Box<Ending>>,
}

/// The Closes, and the side that began.
#[derive(Default)]
pub(super) struct Ending {
    /// Where our Close will end, counted in all bytes that are written; `u64::MAX` where it will never be written.
    pub(super) close_end: u64,
    pub(super) close_sent: Option<CloseCode>,
    pub(super) close_received: Option<CloseConnection<'static>>,
    pub(super) begun_by: Option<Side>,
}

impl Driver {
    pub(super) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    pub(super) fn ending(&self) -> Option<&Ending> {
        self.rare.as_deref()?.ending.as_deref()
    }

    pub(super) fn ending_mut(&mut self) -> &mut Ending {
        self.rare().ending.get_or_insert_default()
    }
}
