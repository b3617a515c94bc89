//! One budget of time for all steps of connecting.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use wsproto::Deadline;

use crate::Error;

/// The time after which the next address is tried, too, while one is under way (RFC 8305
/// [§5](https://www.rfc-editor.org/rfc/rfc8305#section-5)).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// The time by which connecting must be done.
#[derive(Clone, Copy)]
pub(super) struct Budget {
    /// `None` without a time-out: then no clock is read and no timer is used.
    end: Option<Instant>,
}

impl Budget {
    /// Makes a budget that begins now. A limit beyond the end of the clock counts as none.
    pub(super) fn new(limit: Option<Duration>) -> Self {
        Self { end: limit.and_then(|limit| Instant::now().checked_add(limit)) }
    }

    /// Returns the delay before the next address is tried; `None` without a timer: then one address must fail first.
    pub(super) fn attempt_delay(self) -> Option<Duration> {
        self.end.map(|_| ATTEMPT_DELAY)
    }

    /// Runs a step within the rest of the budget.
    ///
    /// # Errors
    ///
    /// Those of the step, and [`Error::TimedOut`].
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
