//! Time: what the timers are told, and what is done when something is due.

use alloc::{boxed::Box, sync::Arc};
use core::{mem, time::Duration};

use wsproto_frame::{CloseCode, Role};
use wsproto_handshake::RejectConnection;

use super::{Clock, Driver, Flush};
use crate::{ConnectionState, Deadline, Due, Ping, Timers};

impl Driver {
    /// Returns when to call [`handle_timeout`](Self::handle_timeout), since the origin; `None` where nothing will be due.
    #[inline]
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.timers.as_deref()?.poll_timeout()
    }

    /// Does what is due: queues a Ping, or begins to close an idle connection with 1001. Returns the deadline that has
    /// passed, where that is the end: [`transport`](Self::transport) says Close from then on.
    ///
    /// A server tells a client whose request took too long so (408), if the transport takes it at once.
    ///
    /// Try to read before you call this, and call it again after each read while
    /// [`poll_timeout`](Self::poll_timeout) says that something is due: a program that was busy must not hold its own
    /// delay against the peer. What is due counts once a read has found nothing, or 16 have found something; a connection
    /// isn't idle while events wait in the buffer.
    pub fn handle_timeout(&mut self, now: impl Clock) -> Option<Deadline> {
        let now = self.time(now);
        while let Some(due) = self.timers.as_deref_mut()?.handle_timeout(now) {
            match due {
                Due::Ping(payload) => {
                    // Nothing has come for the whole interval; one that sends all the same isn't idle.
                    let sent = self.counters.messages_sent;
                    if mem::replace(&mut self.rare().sent_at_ping, sent) == sent {
                        self.park();
                    }
                    if self.connection.send(Ping::new(&payload), self.output.buffer()).is_ok() {
                        self.rare().ping_end = self.queue_end();
                        self.note_queued(now);
                    } else {
                        // The source of entropy has failed; it is asked again.
                        self.timers.as_deref_mut()?.ping_failed(now);
                        return None;
                    }
                }
                Due::Expired(Deadline::Idle) => {
                    if self.close(CloseCode::GOING_AWAY, "idle", now).is_err() {
                        return Some(self.expire(Deadline::Idle));
                    }
                }
                Due::Expired(deadline) => return Some(self.expire(deadline)),
            }
        }
        None
    }

    fn expire(&mut self, deadline: Deadline) -> Deadline {
        let is_request = deadline == Deadline::Handshake
            && self.connection.role() == Role::Server
            && self.connection.state() == ConnectionState::Connecting;
        if is_request && !self.has_ended_writing() {
            // It may be too late for that as well.
            let _ = self.connection.send(RejectConnection::new(408), self.output.buffer());
        }
        // From now on nothing is received and nothing can be sent.
        let _ = self.connection.receive_eof();
        self.expired = Some(deadline);
        deadline
    }

    /// Returns where in all bytes that are written the queue ends.
    pub(super) fn queue_end(&self) -> u64 {
        self.counters.wire_bytes_sent.saturating_add(self.output.len() as u64)
    }

    /// Tells the timers that bytes wait, unless an extension kept all of them.
    #[inline]
    pub(super) fn note_queued(&mut self, now: Duration) {
        if let Some(timers) = &mut self.timers
            && !self.output.is_empty()
        {
            timers.queued(now);
        }
    }

    /// Queues the Pong that waits, and tells the timers.
    #[cold]
    pub(super) fn note_written(&mut self, now: Duration) {
        let written = self.counters.wire_bytes_sent;
        if let Some(timers) = &mut self.timers {
            let more_wait = !self.output.is_empty();
            // What a transport takes that holds bytes back is no progress, unless it had no room for it before.
            if more_wait || self.flush != Flush::Blocked {
                timers.written(more_wait, now);
            }
            if self.rare.as_deref().is_none_or(|rare| written >= rare.ping_end) {
                timers.ping_written(now);
            }
        }
        if self.pong_waits && self.rare.as_deref().is_none_or(|rare| written >= rare.pong_end) {
            self.pong_waits = false;
            let pong = core::mem::take(&mut self.rare().pong);
            if matches!(self.connection.state(), ConnectionState::Open | ConnectionState::LocalClosing) {
                self.queue_pong(&pong, now);
            }
        }
    }

    /// Tells the timers that the connection is open, if it is. Where nothing is limited until it closes, they go.
    pub(super) fn note_open(&mut self, now: Duration) {
        if self.connection.state() != ConnectionState::Open {
            return;
        }
        if let Some(timers) = &mut self.timers {
            timers.opened(now);
        }
        if self.timeouts.as_deref().is_some_and(|timeouts| !timeouts.limit_open()) {
            self.timers = None;
        }
    }

    /// Tells the timers that the closing handshake began.
    pub(super) fn note_closing(&mut self, now: Duration) {
        if self.expired.is_none()
            && let Some(timeouts) = &self.timeouts
        {
            let timers = self.timers.get_or_insert_with(|| Box::new(Timers::new(Arc::clone(timeouts), now)));
            timers.closing(now);
        }
    }

    /// Tells whether times are remembered: as long as they are, all must be since the same origin.
    #[inline]
    #[must_use]
    pub const fn keeps_time(&self) -> bool {
        self.timers.is_some()
    }

    /// Returns the time where it is kept; in between nobody asks for it.
    #[inline]
    pub(super) fn kept_time(&self, now: impl Clock) -> Duration {
        if self.timers.is_some() { now.now() } else { Duration::ZERO }
    }

    /// Returns the time where anything is limited; otherwise nobody asks for it.
    #[inline]
    pub(super) fn time(&self, now: impl Clock) -> Duration {
        if self.timeouts.is_some() { now.now() } else { Duration::ZERO }
    }
}
