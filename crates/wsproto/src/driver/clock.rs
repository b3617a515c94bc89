//! Time as an argument: as it is, or as a way to find it out.

use core::time::Duration;

/// A time since any origin: a [`Duration`], or a closure that reads a clock, which is called only where the time counts.
///
/// To read a clock for each message costs as much as the smaller messages themselves.
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
