//! Receiving: events are counted, and answered where the protocol requires an answer.

#![expect(clippy::inline_always, reason = "events that go through memory cost more than the work itself")]

use alloc::boxed::Box;
use core::time::Duration;

use super::{Clock, Driver, Side, found::FoundEvent};
use crate::{CloseCode, CloseConnection, ConnectionState, Event, Pong, ReadBuffer, RemoteProtocolError};

impl Driver {
    /// Reports how many bytes were read into the buffer's room.
    #[inline]
    pub fn filled(&mut self, buffer: &mut ReadBuffer, len: usize, now: impl Clock) {
        buffer.filled(len);
        self.note_received(len, now);
    }

    /// Copies the peer's bytes into the buffer, as if they were read into its room. This is for adapters that get their
    /// reads in other memory, from HTTP/2 or `io_uring`.
    pub fn filled_from(&mut self, buffer: &mut ReadBuffer, bytes: &[u8], now: impl Clock) {
        buffer.extend_from_slice(bytes);
        self.note_received(bytes.len(), now);
    }

    #[inline]
    fn note_received(&mut self, len: usize, now: impl Clock) {
        self.counters.wire_bytes_received = self.counters.wire_bytes_received.wrapping_add(len as u64);
        if let Some(timers) = &mut self.timers {
            timers.received(now.now());
            timers.unseen();
        }
    }

    /// Reports that reading pauses, since the program has not taken the event that was [found](Self::advance).
    ///
    /// The pause lasts until [`all_seen`](Self::all_seen). Meanwhile no silence counts against the peer.
    pub fn reading_paused(&mut self) {
        if let Some(timers) = &mut self.timers {
            timers.paused();
        }
    }

    /// Reports that no event waits in the buffer.
    ///
    /// A call that finds no event reports it, too. An adapter calls this if it makes no such call because the buffer is
    /// empty.
    #[inline]
    pub fn all_seen(&mut self, now: impl Clock) {
        if let Some(timers) = &mut self.timers
            && timers.seen()
        {
            timers.resumed(now.now());
        }
    }

    /// Finds the next event, as [`Connection::advance`](crate::Connection::advance) does, and queues its answer: a Pong
    /// to a Ping, a Close to a Close. [`ReadBuffer::event`] returns the event. The program must not answer it again.
    ///
    /// # Errors
    ///
    /// The rule that the peer broke. A Close with its code is queued, once. Before the connection is open, the caller
    /// must answer it with [`send`](Self::send) or [`reply_to_error`](Self::reply_to_error).
    #[inline]
    pub fn advance(&mut self, buffer: &mut ReadBuffer, now: impl Clock) -> Result<bool, RemoteProtocolError> {
        match self.connection.advance(buffer) {
            Ok(is_found) => {
                if is_found {
                    self.received(FoundEvent::in_buffer(buffer), now);
                } else {
                    self.all_seen(now);
                }
                Ok(is_found)
            }
            Err(error) => {
                let now = self.time(now);
                Err(self.failed(error, now))
            }
        }
    }

    /// Returns the next event, as [`Connection::receive_from`](crate::Connection::receive_from) does, and queues its
    /// answer. It does the same as [`advance`](Self::advance), in one step and faster.
    ///
    /// # Errors
    ///
    /// As `advance`.
    #[inline(always)]
    pub fn receive_from<'b>(
        &mut self,
        buffer: &'b mut ReadBuffer,
        now: impl Clock,
    ) -> Result<Option<Event<'b>>, RemoteProtocolError> {
        match self.connection.receive_from(buffer) {
            Ok(Some(event)) => {
                self.received(FoundEvent::of(&event), now);
                Ok(Some(event))
            }
            Ok(None) => {
                self.all_seen(now);
                Ok(None)
            }
            Err(error) => {
                let now = self.time(now);
                Err(self.failed(error, now))
            }
        }
    }

    /// Returns the next event, as [`receive_from`](Self::receive_from) does, borrowed from nothing.
    ///
    /// A payload of 64 KiB and more is taken with its memory if the memory isn't much larger, as by
    /// [`ReadBuffer::take_event`], and not copied.
    ///
    /// # Errors
    ///
    /// As `advance`.
    #[inline]
    pub fn receive_owned(
        &mut self,
        buffer: &mut ReadBuffer,
        now: impl Clock,
    ) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        if buffer.holds_long_message() {
            return Ok(if self.advance(buffer, now)? { buffer.take_event() } else { None });
        }
        Ok(self.receive_from(buffer, now)?.map(Event::into_owned))
    }

    #[inline(always)]
    fn received(&mut self, found: FoundEvent<'_>, now: impl Clock) {
        match found {
            FoundEvent::Message { len, is_last } => self.message_received(len, is_last, now),
            FoundEvent::Ping(_) | FoundEvent::Pong(_) => {
                let now = self.kept_time(now);
                self.control_received(found, now);
            }
            found => {
                let now = self.time(now);
                self.control_received(found, now);
            }
        }
    }

    #[inline]
    fn message_received(&mut self, len: usize, is_last: bool, now: impl Clock) {
        let counters = &mut self.counters;
        // They overflow after centuries.
        counters.messages_received = counters.messages_received.wrapping_add(u64::from(is_last));
        counters.message_bytes_received = counters.message_bytes_received.wrapping_add(len as u64);
        if let Some(timers) = &mut self.timers
            && is_last
        {
            timers.used(now.now());
        }
    }

    #[inline(never)]
    fn control_received(&mut self, found: FoundEvent<'_>, now: Duration) {
        match found {
            FoundEvent::Ping(payload) => {
                let rare = self.rare();
                rare.pings_received = rare.pings_received.saturating_add(1);
                self.owe_pong(payload, now);
            }
            FoundEvent::Pong(payload) => {
                let round_trip = self.timers.as_deref_mut().and_then(|timers| {
                    timers.pong(payload, now);
                    timers.round_trip()
                });
                let rare = self.rare();
                rare.pongs_received = rare.pongs_received.saturating_add(1);
                rare.round_trip = round_trip.or(rare.round_trip);
            }
            // The event of an end without a Close is no Close of the peer.
            FoundEvent::Other(Event::CloseConnection(close)) if close.code == CloseCode::ABNORMAL => {
                self.note_closing(now);
            }
            FoundEvent::Other(Event::CloseConnection(close)) => self.close_received(close, now),
            FoundEvent::Other(_) => self.note_open(now),
            FoundEvent::Message { .. } | FoundEvent::Nothing => {}
        }
    }

    /// Queues a Pong. If one is in the queue already, the latest waits until that one is written.
    fn owe_pong(&mut self, payload: &[u8], now: Duration) {
        let may_answer =
            matches!(self.connection.state(), ConnectionState::Open | ConnectionState::LocalClosing);
        if !may_answer || self.has_ended_writing() {
            return;
        }
        let written = self.counters.wire_bytes_sent;
        let rare = self.rare();
        if rare.pong_end > written {
            rare.pong = Box::from(payload);
            self.pong_waits = true;
        } else {
            self.queue_pong(payload, now);
        }
    }

    pub(super) fn queue_pong(&mut self, payload: &[u8], now: Duration) {
        // Only the source of entropy can make it fail, and then it fails for the program's messages as well.
        if self.connection.send(Pong::new(payload), self.output.get_mut().buffer()).is_ok() {
            self.rare().pong_end = self.queue_end();
            self.note_queued(now);
        }
    }

    fn close_received(&mut self, close: &CloseConnection<'_>, now: Duration) {
        let ending = self.ending_mut();
        ending.close_received = Some(close.clone().into_owned());
        ending.begun_by.get_or_insert(Side::Remote);
        let owes_close = self.connection.state() == ConnectionState::RemoteClosing;
        if owes_close && self.connection.send(close.response(), self.output.get_mut().buffer()).is_ok() {
            self.close_queued(close.code);
            self.note_queued(now);
        }
        self.note_closing(now);
    }

    /// Queues the Close that names the broken rule.
    #[cold]
    fn failed(&mut self, error: RemoteProtocolError, now: Duration) -> RemoteProtocolError {
        if matches!(self.connection.state(), ConnectionState::Connecting | ConnectionState::Rejecting) {
            return error;
        }
        self.ending_mut().begun_by.get_or_insert(Side::Remote);
        if self.connection.state() == ConnectionState::RemoteClosing
            && let Some(Event::CloseConnection(close)) = error.event_hint()
            && self.connection.reply_to_error(&error, self.output.get_mut().buffer()).is_ok()
        {
            self.close_queued(close.code);
            self.note_queued(now);
        }
        self.note_closing(now);
        error
    }

    /// Takes the end of the peer's stream, and returns the event that it causes, if any, as
    /// [`Connection::receive_eof`](crate::Connection::receive_eof) does.
    ///
    /// # Errors
    ///
    /// The end came before the connection was open.
    pub fn receive_eof(&mut self, now: impl Clock) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        let now = self.time(now);
        let outcome = self.connection.receive_eof();
        self.note_closing(now);
        outcome
    }
}
