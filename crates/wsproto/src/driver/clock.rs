//! Time as an argument: a value, or a function that returns it.

use core::time::Duration;

/// A time since any origin: a [`Duration`], or a closure that reads a clock.
///
/// The closure is called only where the time is needed: to read a clock for each message costs as much as to handle a
/// short message.
///
/// ```
/// use std::time::{Duration, Instant};
/// use wsproto::Clock;
///
/// let origin = Instant::now();
/// let elapsed = || origin.elapsed();
/// assert!(elapsed.now() < Duration::from_secs(3600));
/// assert_eq!(Duration::from_secs(7).now(), Duration::from_secs(7));
/// ```
pub trait Clock {
    /// Returns the time.
    fn now(self) -> Duration;
}

impl Clock for Duration {
    #[inline]
    fn now(self) -> Duration {
        self
    }
}

impl<F: FnOnce() -> Duration> Clock for F {
    #[inline]
    fn now(self) -> Duration {
        self()
    }
}
