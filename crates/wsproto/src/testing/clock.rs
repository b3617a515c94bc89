//! A clock that a test sets.

use core::time::Duration;

/// A clock that stands still until a test advances it. It shows the time since an origin.
///
/// ```
/// use core::time::Duration;
/// use wsproto::testing::ManualClock;
///
/// let mut clock = ManualClock::default();
/// clock.advance(Duration::from_secs(30));
/// clock.advance_to(Duration::from_secs(45));
/// assert_eq!(clock.now(), Duration::from_secs(45));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ManualClock {
    now: Duration,
}

impl ManualClock {
    /// Returns the time since the origin.
    #[must_use]
    pub const fn now(&self) -> Duration {
        self.now
    }

    /// Advances by a duration. It stops at the longest `Duration`.
    pub const fn advance(&mut self, by: Duration) {
        self.now = self.now.saturating_add(by);
    }

    /// Advances to a time, such as a deadline. It never goes back.
    pub fn advance_to(&mut self, at: Duration) {
        self.now = self.now.max(at);
    }
}
