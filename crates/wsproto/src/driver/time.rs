//! Time: input for the timers, and the actions that are due.

use alloc::{boxed::Box, sync::Arc};
use core::{mem, time::Duration};

use wsproto_frame::{CloseCode, Role};
use wsproto_handshake::RejectConnection;

use super::{Clock, Driver, Flush};
use crate::{ConnectionState, Deadline, Due, Ping, Timers};

impl Driver {
    /// Returns when to call [`handle_timeout`](Self::handle_timeout), as a time since the origin; `None` where nothing
    /// will be due.
    #[inline]
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.timers.as_deref()?.poll_timeout()
    }

    /// Does what is due: queues a Ping, or starts to close an idle connection with 1001.
    ///
    /// Returns the deadline that has passed, if it ends the connection: [`transport`](Self::transport) returns `Close`
    /// from then on.
    ///
    /// If a client's request took too long, the server answers with status 408, if the transport takes it at once.
    ///
    /// Try to read before each call, and call it again after each read while [`poll_timeout`](Self::poll_timeout)
    /// returns a time that has come: a program that was busy must not count its own delay against the peer. A deadline
    /// counts once a read has found nothing, or after 16 reads that found something. A connection isn't idle while
    /// events wait in the buffer.
    pub fn handle_timeout(&mut self, now: impl Clock) -> Option<Deadline> {
        let now = self.time(now);
        while let Some(due) = self.timers.as_deref_mut()?.handle_timeout(now) {
            match due {
                Due::Ping(payload) => {
                    // Nothing has come for the whole interval. A connection that sends is not idle, though.
                    let sent = self.counters.messages_sent;
                    if mem::replace(&mut self.rare().sent_at_ping, sent) == sent {
                        self.park();
                    }
                    if self.connection.send(Ping::new(&payload), self.output.get_mut().buffer()).is_ok() {
                        self.rare().ping_end = self.queue_end();
                        self.note_queued(now);
                    } else {
                        // The source of entropy has failed. It is asked again later.
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
            // It may be too late for this answer as well.
            let _ = self.connection.send(RejectConnection::new(408), self.output.get_mut().buffer());
        }
        // From now on nothing is received and nothing can be sent.
        let _ = self.connection.receive_eof();
        self.expired = Some(deadline);
        deadline
    }

    /// Returns where the queue ends, counted in all bytes that are written.
    pub(super) fn queue_end(&self) -> u64 {
        self.counters.wire_bytes_sent.saturating_add(self.output.len() as u64)
    }

    /// Tells the timers that bytes wait, if any do: an extension may have kept all of them.
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
            // A transport that holds bytes back makes no progress by taking more, unless it had no room for them
            // before.
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

    /// Tells the timers that the connection is open, if it is. If nothing is limited until it closes, the timers are
    /// dropped.
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

    /// Returns whether times are stored. As long as they are, all times must count from the same origin.
    #[inline]
    #[must_use]
    pub const fn keeps_time(&self) -> bool {
        self.timers.is_some()
    }

    /// Returns the time if timers run. Otherwise the clock is not read.
    #[inline]
    pub(super) fn kept_time(&self, now: impl Clock) -> Duration {
        if self.timers.is_some() { now.now() } else { Duration::ZERO }
    }

    /// Returns the time if anything is limited. Otherwise the clock is not read.
    #[inline]
    pub(super) fn time(&self, now: impl Clock) -> Duration {
        if self.timeouts.is_some() { now.now() } else { Duration::ZERO }
    }
}
