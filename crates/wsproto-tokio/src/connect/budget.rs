//! One budget of time for all steps of connecting.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use wsproto::Deadline;

use crate::Error;

/// How long an address may take before the next one is tried beside it (RFC 8305
/// [§5](https://www.rfc-editor.org/rfc/rfc8305#section-5)).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// When connecting must be done.
#[derive(Clone, Copy)]
pub(super) struct Budget {
    /// `None` where there is no limit: then no clock is read and no timer used.
    end: Option<Instant>,
}

impl Budget {
    /// Makes a budget that begins now. A limit beyond all times is none.
    pub(super) fn new(limit: Option<Duration>) -> Self {
        Self { end: limit.and_then(|limit| Instant::now().checked_add(limit)) }
    }

    /// Returns how long to wait before the next address is tried; without a timer, until one has failed.
    pub(super) fn attempt_delay(self) -> Option<Duration> {
        self.end.map(|_| ATTEMPT_DELAY)
    }

    /// Does a step within what is left.
    ///
    /// # Errors
    ///
    /// Those of the step, or that it took too long.
    pub(super) async fn limit<T, E: Into<Error>>(
        self,
        step: Deadline,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Error> {
        match self.end {
            Some(end) => timeout_at(end, work).await.map_err(|_| step)?.map_err(Into::into),
            None => work.await.map_err(Into::into),
        }
    }
}
