//! The settings with which an adapter makes connections.

use alloc::sync::Arc;
use core::time::Duration;

use crate::{Config, Timeouts};

/// The default limit for the opening handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The default limit for the closing handshake and the end of the transport after it.
const CLOSE: Duration = Duration::from_secs(5);
/// The default of the most bytes that may wait to be written.
const HIGH_WATER: usize = 64 << 10;

/// Settings with which an adapter makes connections, for servers and clients: limits, extensions, deadlines,
/// back-pressure.
///
/// They are cheap to clone: connections share their contents.
///
/// ```
/// use core::time::Duration;
/// use wsproto::{Config, KeepAlive, Settings, Timeouts};
///
/// let keep_alive = KeepAlive { idle: Duration::from_secs(25), patience: Duration::from_secs(20) };
/// let settings = Settings::new(Config::default().with_max_message_len(1 << 20));
/// let timeouts = settings.timeouts.with_keep_alive(keep_alive);
/// let settings = settings.with_timeouts(timeouts);
/// assert_eq!(settings.timeouts.handshake, Some(Duration::from_secs(10)));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Limits and extensions: [`Config::default`] by default, which has no extensions.
    pub config: Arc<Config>,
    /// How long each step may take. By default 10 s for the opening handshake and 5 s for the closing handshake. An
    /// open connection has no limit, and sends no Pings.
    pub timeouts: Arc<Timeouts>,
    /// The most bytes that may wait to be written. Before more is queued, the adapter writes them. 64 KiB by default. A
    /// message is queued whole, so at most this and one message wait.
    pub high_water: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self::new(Config::default())
    }
}

impl Settings {
    /// Makes settings with the limits and extensions of a [`Config`], or of an `Arc` of one.
    #[must_use]
    pub fn new(config: impl Into<Arc<Config>>) -> Self {
        Self {
            config: config.into(),
            timeouts: Arc::new(Timeouts::default().with_handshake(HANDSHAKE).with_close(CLOSE)),
            high_water: HIGH_WATER,
        }
    }

    /// Sets how long each step may take, and replaces the default limits.
    #[must_use]
    pub fn with_timeouts(mut self, timeouts: impl Into<Arc<Timeouts>>) -> Self {
        self.timeouts = timeouts.into();
        self
    }

    /// Removes all deadlines. Then no timer is needed, and time-outs of a blocking stream stay unchanged. But a silent
    /// peer is waited for without a limit.
    #[must_use]
    pub fn without_timeouts(self) -> Self {
        self.with_timeouts(Timeouts::default())
    }

    /// Sets how many bytes may wait to be written before more is queued.
    #[must_use]
    pub const fn with_high_water(mut self, bytes: usize) -> Self {
        self.high_water = bytes;
        self
    }
}

impl From<Config> for Settings {
    fn from(config: Config) -> Self {
        Self::new(config)
    }
}

impl From<Arc<Config>> for Settings {
    fn from(config: Arc<Config>) -> Self {
        Self::new(config)
    }
}

impl From<&Self> for Settings {
    fn from(settings: &Self) -> Self {
        settings.clone()
    }
}
