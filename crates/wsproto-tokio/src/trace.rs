//! What the feature `tracing` tells: handshakes, state changes, broken rules, and of messages their opcode and length.
//! Payloads, targets and header fields are never told.

use wsproto::{Driver, Event};

use crate::Error;

/// What was told last.
#[derive(Default)]
pub(crate) struct Trace {
    #[cfg(feature = "tracing")]
    state: Option<wsproto::ConnectionState>,
}

#[cfg(not(feature = "tracing"))]
#[expect(clippy::unused_self, reason = "nothing is told without the feature")]
impl Trace {
    #[inline]
    pub(crate) const fn received(_: &Driver, _: &Event<'_>) {}

    pub(crate) fn sent(_: &Driver, _: u64) {}

    pub(crate) fn progress(&self, _: &Driver) {}

    pub(crate) fn failed(_: &Driver, _: &Error) {}
}

#[cfg(feature = "tracing")]
impl Trace {
    /// Tells of a message.
    pub(crate) fn received(driver: &Driver, event: &Event<'_>) {
        let (opcode, len) = match event {
            Event::TextMessage(message) => ("text", message.data.as_bytes().len()),
            Event::BytesMessage(message) => ("binary", message.data.len()),
            _ => return,
        };
        tracing::trace!(role = ?driver.connection().role(), opcode, len, "received");
    }

    /// Tells how much was queued since so many bytes of messages were sent.
    pub(crate) fn sent(driver: &Driver, before: u64) {
        let len = driver.counters().message_bytes_sent.saturating_sub(before);
        if len > 0 {
            tracing::trace!(role = ?driver.connection().role(), len, "queued");
        }
    }

    /// Tells what has changed since it was last told.
    pub(crate) fn progress(&mut self, driver: &Driver) {
        let connection = driver.connection();
        let role = connection.role();
        let state = connection.state();
        if self.state.replace(state) != Some(state) {
            let close = driver.close_report();
            let (code_sent, code_received) = (close.sent, close.received.map(|close| close.code));
            tracing::debug!(?role, ?state, ?code_sent, ?code_received, clean = close.clean, "state");
        }
    }

    /// Tells why the connection failed.
    pub(crate) fn failed(driver: &Driver, error: &Error) {
        let role = driver.connection().role();
        match error {
            Error::Remote(error) => tracing::debug!(?role, rule = %error, "the peer broke a rule"),
            error => tracing::debug!(?role, %error, "failed"),
        }
    }
}
