//! Sending: events are queued and counted, and a Close begins the closing handshake.

#![expect(clippy::inline_always, reason = "events that go through memory cost more than the work itself")]

use core::time::Duration;

use wsproto_frame::CloseCode;

use super::{Clock, Driver, Side};
use crate::{
    BytesMessage, CloseConnection, ConnectionState, Event, LocalProtocolError, Message, PreparedMessage,
    Remedy, RemoteProtocolError, TextMessage,
};

/// The facts about a sent event that are counted.
#[derive(Clone, Copy)]
enum Sent {
    Message { len: usize, is_last: bool },
    Close(CloseCode),
    Other,
}

impl Driver {
    /// Queues an event, as [`Connection::send`](crate::Connection::send) does.
    ///
    /// # Errors
    ///
    /// As `Connection::send`, and [`WrongState`](LocalProtocolError::WrongState) after a [failed
    /// write](Self::write_failed). Nothing is queued then.
    #[inline(always)]
    pub fn send<'e>(
        &mut self,
        event: impl Into<Event<'e>>,
        now: impl Clock,
    ) -> Result<(), LocalProtocolError> {
        let event = event.into();
        let sent = match &event {
            Event::TextMessage(TextMessage { data, message_finished, .. }) => {
                Sent::Message { len: data.as_bytes().len(), is_last: *message_finished }
            }
            Event::BytesMessage(BytesMessage { data, message_finished, .. }) => {
                Sent::Message { len: data.len(), is_last: *message_finished }
            }
            Event::CloseConnection(close) => Sent::Close(close.code),
            _ => Sent::Other,
        };
        self.check_output()?;
        self.connection.send(event, self.output.get_mut())?;
        self.sent(sent, now);
        Ok(())
    }

    /// Queues a whole message. A long payload isn't copied if it is sent unchanged: on a server without extensions.
    ///
    /// # Errors
    ///
    /// As [`Connection::send`](crate::Connection::send). Nothing is queued then.
    #[inline]
    pub fn send_message(&mut self, message: &Message, now: impl Clock) -> Result<(), LocalProtocolError> {
        self.send(message, now)
    }

    /// Queues a message that was prepared for many connections.
    ///
    /// # Errors
    ///
    /// As [`Connection::send_prepared`](crate::Connection::send_prepared). Nothing is queued then.
    pub fn send_prepared(
        &mut self,
        message: &PreparedMessage,
        now: impl Clock,
    ) -> Result<(), LocalProtocolError> {
        self.check_output()?;
        self.connection.send_prepared(message, self.output.get_mut())?;
        self.sent(Sent::Message { len: message.payload.len(), is_last: true }, now);
        Ok(())
    }

    /// Queues a Close. If one was sent already, or nothing can be sent any more, it does nothing. At most 123 bytes of
    /// the reason are sent.
    ///
    /// # Errors
    ///
    /// As [`Connection::send`](crate::Connection::send): a code that no Close carries, a reason without a code.
    pub fn close(
        &mut self,
        code: CloseCode,
        reason: &str,
        now: impl Clock,
    ) -> Result<(), LocalProtocolError> {
        match self.send(CloseConnection::new(code).with_reason(reason), now) {
            Err(error) if error.remedy() == Remedy::Discard => Ok(()),
            outcome => outcome,
        }
    }

    /// Queues the answer to an error of the opening handshake, as
    /// [`Connection::reply_to_error`](crate::Connection::reply_to_error) does.
    ///
    /// # Errors
    ///
    /// As `Connection::reply_to_error`.
    pub fn reply_to_error(
        &mut self,
        error: &RemoteProtocolError,
        now: impl Clock,
    ) -> Result<(), LocalProtocolError> {
        self.connection.reply_to_error(error, self.output.get_mut().buffer())?;
        if self.has_ended_writing() {
            self.output.clear();
        }
        let now = self.time(now);
        self.note_queued(now);
        Ok(())
    }

    /// Fails where nothing is written any more.
    #[inline]
    const fn check_output(&self) -> Result<(), LocalProtocolError> {
        if self.has_ended_writing() {
            Err(LocalProtocolError::WrongState(ConnectionState::Closed))
        } else {
            Ok(())
        }
    }

    #[inline]
    fn sent(&mut self, sent: Sent, now: impl Clock) {
        if let Sent::Message { len, is_last } = sent {
            let counters = &mut self.counters;
            counters.messages_sent = counters.messages_sent.wrapping_add(u64::from(is_last));
            counters.message_bytes_sent = counters.message_bytes_sent.wrapping_add(len as u64);
            if self.timers.is_none() {
                return;
            }
        }
        let now = self.time(now);
        self.note_sent(sent, now);
    }

    /// Handles sent events that need more than a count.
    #[inline(never)]
    fn note_sent(&mut self, sent: Sent, now: Duration) {
        match sent {
            Sent::Message { .. } => {
                if let Some(timers) = &mut self.timers {
                    timers.used(now);
                }
            }
            Sent::Close(code) => {
                self.close_queued(code);
                self.ending_mut().begun_by.get_or_insert(Side::Local);
                self.note_closing(now);
            }
            Sent::Other => self.note_open(now),
        }
        self.note_queued(now);
    }
}
