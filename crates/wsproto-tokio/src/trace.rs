//! The events of the feature `tracing`: handshakes, state changes, broken rules, the opcode and length of received
//! messages, and the length of queued ones. Payloads, targets and header fields are never shown.

use wsproto::{Driver, Event};

use crate::Error;

/// The state that was reported last.
#[derive(Default)]
pub(crate) struct Trace {
    #[cfg(feature = "tracing")]
    state: Option<wsproto::ConnectionState>,
}

/// The counts of sent messages so far.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) struct Sent {
    #[cfg(feature = "tracing")]
    messages: u64,
    #[cfg(feature = "tracing")]
    bytes: u64,
}

#[cfg(not(feature = "tracing"))]
impl Sent {
    #[inline]
    pub(crate) const fn by(_: &Driver) -> Self {
        Self {}
    }
}

#[cfg(feature = "tracing")]
impl Sent {
    pub(crate) fn by(driver: &Driver) -> Self {
        let counters = driver.counters();
        Self { messages: counters.messages_sent, bytes: counters.message_bytes_sent }
    }
}

#[cfg(not(feature = "tracing"))]
#[expect(clippy::unused_self, reason = "nothing is reported without the feature")]
impl Trace {
    #[inline]
    pub(crate) const fn received(_: &Driver, _: &Event<'_>) {}

    pub(crate) const fn sent(_: &Driver, _: Sent) {}

    pub(crate) fn progress(&self, _: &Driver) {}

    pub(crate) fn failed(_: &Driver, _: &Error) {}
}

#[cfg(feature = "tracing")]
impl Trace {
    /// Reports a received message.
    pub(crate) fn received(driver: &Driver, event: &Event<'_>) {
        let (opcode, len) = match event {
            Event::TextMessage(message) => ("text", message.data.as_bytes().len()),
            Event::BytesMessage(message) => ("binary", message.data.len()),
            _ => return,
        };
        tracing::trace!(role = ?driver.connection().role(), opcode, len, "received");
    }

    /// Reports how many bytes were queued since `before`, if any message was: a message may be empty.
    pub(crate) fn sent(driver: &Driver, before: Sent) {
        let now = Sent::by(driver);
        if now != before {
            let len = now.bytes.saturating_sub(before.bytes);
            tracing::trace!(role = ?driver.connection().role(), len, "queued");
        }
    }

    /// Reports a change of the state since the last report.
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

    /// Reports why the connection failed.
    pub(crate) fn failed(driver: &Driver, error: &Error) {
        let role = driver.connection().role();
        match error {
            Error::Remote(error) => tracing::debug!(?role, rule = %error, "the peer broke a rule"),
            error => tracing::debug!(?role, %error, "failed"),
        }
    }
}
