//! The end: of what is written, of what is read, and what of it is an error.

use wsproto_frame::CloseCode;

use super::{Clock, Driver, Flush, Writing};
#[cfg(feature = "std")]
use crate::AdapterError;
use crate::{Deadline, Transport};

impl Driver {
    /// Returns what the transport should do once nothing is queued.
    ///
    /// It is as [`Connection::transport`](crate::Connection::transport) says, and knows in addition whether writing was
    /// [shut down](Self::write_ended), and that a deadline has passed.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        match self.connection.transport() {
            _ if self.expired.is_some() => Transport::Close,
            Transport::ShutdownWrite if self.write_ended => Transport::AwaitEnd,
            transport => transport,
        }
    }

    /// Says that the transport is shut down for writing.
    pub const fn write_ended(&mut self) {
        self.write_ended = true;
    }

    /// Says that writing has failed: nothing more is written or sent, and what the peer said last may still be read. The
    /// deadline of closing starts.
    ///
    /// Returns whether that is an error. After both Closes it is none: the peer may close as soon as it has ours. What was
    /// lost, [`has_lost_output`](Self::has_lost_output) tells.
    #[must_use]
    pub fn write_failed(&mut self, now: impl Clock) -> bool {
        let is_fault = !self.connection.closed_cleanly();
        self.end_output(self.flush != Flush::Done);
        self.write_ended = true;
        let now = self.time(now);
        self.note_closing(now);
        is_fault
    }

    /// Returns the deadline that has passed, if one did that is the end.
    #[must_use]
    pub const fn expired(&self) -> Option<Deadline> {
        self.expired
    }

    /// Says that the transport is closed, or given up: what still waits is lost, and nothing is due any more.
    pub fn ended(&mut self) {
        self.end_output(self.flush == Flush::Blocked);
        self.write_ended = true;
        if let Some(timers) = &mut self.timers {
            timers.ended();
        }
    }

    fn end_output(&mut self, is_held: bool) {
        if is_held {
            // What the transport holds may be our Close.
            self.rare().close_end = u64::MAX;
        }
        self.writing = match self.writing {
            Writing::GoesOn | Writing::Ended if is_held || !self.output.is_empty() => Writing::Lost,
            Writing::GoesOn | Writing::Ended => Writing::Ended,
            Writing::Lost => Writing::Lost,
        };
        self.pong_waits = false;
        self.flush = Flush::Done;
        self.output.clear();
        if let Some(timers) = &mut self.timers {
            timers.nothing_waits();
        }
    }

    /// Tells whether something was queued that was not written, and never will be: then nobody may be told that it was
    /// sent.
    #[inline]
    #[must_use]
    pub const fn has_lost_output(&self) -> bool {
        matches!(self.writing, Writing::Lost)
    }

    /// Tells whether nothing is written any more.
    #[inline]
    pub(super) const fn has_ended_writing(&self) -> bool {
        !matches!(self.writing, Writing::GoesOn)
    }

    /// Notes our Close, where it's queued; where nothing is written any more, it's none.
    pub(super) fn close_queued(&mut self, code: CloseCode) {
        if self.has_ended_writing() {
            self.output.clear();
            self.rare().close_end = u64::MAX;
        } else {
            let end = self.queue_end();
            let rare = self.rare();
            (rare.close_end, rare.close_sent) = (end, Some(code));
        }
    }

    /// Tells whether all of our Close was written, if we sent one.
    pub(super) fn is_close_written(&self) -> bool {
        self.rare.as_deref().is_none_or(|rare| rare.close_end <= self.counters.wire_bytes_sent)
    }

    /// Takes the end of what the peer sends, or the error of reading that is its end; tells whether that is a fault.
    ///
    /// After both Closes it is none, however the stream ends.
    ///
    /// # Errors
    ///
    /// The error of reading; the rule that the end breaks before the connection is open; and for an end without a Close
    /// [`AdapterError::Io`] of the kind `UnexpectedEof`.
    ///
    /// RFC 6455 [§7.1.5](https://www.rfc-editor.org/rfc/rfc6455#section-7.1.5)
    #[cfg(feature = "std")]
    pub fn read_ended(&mut self, error: Option<std::io::Error>, now: impl Clock) -> Result<(), AdapterError> {
        let is_clean = self.connection.closed_cleanly();
        match (error, self.receive_eof(now)) {
            (Some(error), _) if !is_clean => Err(AdapterError::Io(error)),
            (None, Err(error)) => Err(AdapterError::Remote(error)),
            (None, Ok(Some(_))) => Err(AdapterError::Io(std::io::Error::new(
                std::io::ErrorKind::UnexpectedEof,
                "the connection ended without a Close (RFC 6455 §7.1.5)",
            ))),
            (Some(_), _) | (None, Ok(None)) => Ok(()),
        }
    }
}
