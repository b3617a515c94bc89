//! Sending while an event is borrowed.

use std::fmt;

use wsproto::{Driver, Event, PreparedMessage};

use crate::{
    Error,
    pump::Clock,
    trace::{Sent, Trace},
};

/// Queues answers within [`recv_with`](crate::WebSocket::recv_with).
pub struct Replies<'a> {
    driver: &'a mut Driver,
    clock: &'a mut Clock,
}

impl<'a> Replies<'a> {
    pub(crate) const fn new(driver: &'a mut Driver, clock: &'a mut Clock) -> Self {
        Self { driver, clock }
    }

    /// Queues an event, most often a message.
    ///
    /// # Errors
    ///
    /// As for [`WebSocket::send`](crate::WebSocket::send): nothing was queued.
    pub fn feed<'e>(&mut self, event: impl Into<Event<'e>>) -> Result<(), Error> {
        // No closure: an event is moved as little as possible.
        let before = Sent::by(self.driver);
        self.driver.send(event, &mut *self.clock)?;
        Trace::sent(self.driver, before);
        Ok(())
    }

    /// Queues a message that was prepared for many connections.
    ///
    /// # Errors
    ///
    /// As for [`WebSocket::send`](crate::WebSocket::send): nothing was queued.
    pub fn feed_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        let before = Sent::by(self.driver);
        self.driver.send_prepared(message, &mut *self.clock)?;
        Trace::sent(self.driver, before);
        Ok(())
    }
}

impl fmt::Debug for Replies<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replies").field("driver", &self.driver).finish_non_exhaustive()
    }
}
