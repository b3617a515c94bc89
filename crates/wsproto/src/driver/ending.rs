//! The end of a connection: of writing, of reading, and which end is an error.

use wsproto_frame::CloseCode;

use super::{Clock, Driver, Flush, Writing};
#[cfg(feature = "std")]
use crate::AdapterError;
use crate::{Deadline, Transport};

impl Driver {
    /// Returns what the transport should do once the queue is empty.
    ///
    /// It returns what [`Connection::transport`](crate::Connection::transport) does. In addition it takes into account
    /// that writing was [shut down](Self::write_ended), and that a deadline has passed.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        match self.connection.transport() {
            _ if self.expired.is_some() => Transport::Close,
            Transport::ShutdownWrite if self.write_ended => Transport::AwaitEnd,
            transport => transport,
        }
    }

    /// Reports that the transport is shut down for writing.
    pub const fn write_ended(&mut self) {
        self.write_ended = true;
    }

    /// Reports that writing has failed, and returns whether that is an error.
    ///
    /// Nothing more is written or sent. The last bytes of the peer may still be read. The time for the closing
    /// handshake starts.
    ///
    /// After both Closes the failure is no error, since the peer may close as soon as it has ours.
    /// [`has_lost_output`](Self::has_lost_output) returns whether bytes were lost.
    #[must_use]
    pub fn write_failed(&mut self, now: impl Clock) -> bool {
        let is_fault = !self.connection.closed_cleanly();
        self.end_output(self.flush != Flush::Done);
        self.write_ended = true;
        let now = self.time(now);
        self.note_closing(now);
        is_fault
    }

    /// Returns the deadline that has passed and ended the connection, if any.
    #[must_use]
    pub const fn expired(&self) -> Option<Deadline> {
        self.expired
    }

    /// Reports that the transport is closed, or given up. Bytes that still wait are lost, and nothing is due any more.
    pub fn ended(&mut self) {
        self.end_output(self.flush == Flush::Blocked);
        self.write_ended = true;
        if let Some(timers) = &mut self.timers {
            timers.ended();
        }
    }

    fn end_output(&mut self, is_held: bool) {
        if is_held {
            // The bytes that the transport holds back may include our Close.
            self.ending_mut().close_end = u64::MAX;
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

    /// Returns whether queued bytes were lost: they were not written, and never will be. A program must not be told
    /// that they were sent.
    #[inline]
    #[must_use]
    pub const fn has_lost_output(&self) -> bool {
        matches!(self.writing, Writing::Lost)
    }

    /// Returns whether nothing is written any more.
    #[inline]
    pub(super) const fn has_ended_writing(&self) -> bool {
        !matches!(self.writing, Writing::GoesOn)
    }

    /// Stores the place of our Close in the queue. Where nothing is written any more, none was sent.
    pub(super) fn close_queued(&mut self, code: CloseCode) {
        if self.has_ended_writing() {
            self.output.clear();
            self.ending_mut().close_end = u64::MAX;
        } else {
            let end = self.queue_end();
            let ending = self.ending_mut();
            (ending.close_end, ending.close_sent) = (end, Some(code));
        }
    }

    /// Returns whether our Close was written completely, or none was sent.
    pub(super) fn is_close_written(&self) -> bool {
        self.ending().is_none_or(|ending| ending.close_end <= self.counters.wire_bytes_sent)
    }

    /// Takes the end of the peer's stream, or the error of reading that ended it.
    ///
    /// After both Closes the end is no error, however the stream ends.
    ///
    /// # Errors
    ///
    /// The error of reading; the rule that an end before the open connection breaks; [`AdapterError::Io`] of the kind
    /// `UnexpectedEof` for an end without a Close.
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
