//! What few connections need, or only at their end: apart, so that an idle connection is small.

use alloc::boxed::Box;

use wsproto_frame::CloseCode;

use super::{Driver, Side};
use crate::CloseConnection;

#[derive(Default)]
pub(super) struct Rare {
    /// Where in all bytes that are written the last Pong will end: beyond what is written, it is in the queue.
    pub(super) pong_end: u64,
    /// Where our last Ping will end.
    pub(super) ping_end: u64,
    /// How many messages were sent when our last Ping was.
    pub(super) sent_at_ping: u64,
    /// Where our Close will end; beyond all bytes where it will never be written.
    pub(super) close_end: u64,
    /// The payload of the Pong that waits until the one in the queue is written.
    pub(super) pong: Box<[u8]>,
    pub(super) close_sent: Option<CloseCode>,
    pub(super) close_received: Option<CloseConnection<'static>>,
    pub(super) begun_by: Option<Side>,
}

impl Driver {
    pub(super) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
}
