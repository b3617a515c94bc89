//! Limits of time, and the names of the deadlines that pass.

use core::{fmt, time::Duration};

/// How long each step of a connection may take. By default nothing has a limit.
///
/// ```
/// use core::time::Duration;
/// use wsproto::{KeepAlive, Timeouts};
///
/// let timeouts = Timeouts::default()
///     .with_handshake(Duration::from_secs(10))
///     .with_close(Duration::from_secs(5))
///     .with_keep_alive(KeepAlive { idle: Duration::from_secs(20), patience: Duration::from_secs(20) });
/// assert_eq!(timeouts.write, None);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Timeouts {
    /// The limit for the opening handshake, from its start to its end.
    pub handshake: Option<Duration>,
    /// The limit for the closing handshake and the end of the transport, from the first Close or violation to the end.
    pub close: Option<Duration>,
    /// The limit for an open connection on which no message comes or goes. Pings, Pongs and unfinished parts of
    /// messages don't count.
    pub idle: Option<Duration>,
    /// The limit for waiting bytes of which the transport takes none. A slow peer that takes some bytes now and then is
    /// alive. Bytes that TLS holds back wait, too. All of them must go within this time, since their progress isn't
    /// visible.
    pub write: Option<Duration>,
    /// Pings that check whether the peer is still there.
    pub keep_alive: Option<KeepAlive>,
}

impl Timeouts {
    /// Limits the whole opening handshake.
    #[must_use]
    pub const fn with_handshake(mut self, limit: Duration) -> Self {
        self.handshake = Some(limit);
        self
    }

    /// Limits the time after the first Close, or after a violation.
    #[must_use]
    pub const fn with_close(mut self, limit: Duration) -> Self {
        self.close = Some(limit);
        self
    }

    /// Limits how long a connection stays open while no message comes or goes.
    #[must_use]
    pub const fn with_idle(mut self, limit: Duration) -> Self {
        self.idle = Some(limit);
        self
    }

    /// Limits how long bytes wait while the transport takes none.
    #[must_use]
    pub const fn with_write(mut self, limit: Duration) -> Self {
        self.write = Some(limit);
        self
    }

    /// Returns whether an open connection has any limit, or sends Pings.
    pub(crate) const fn limit_open(&self) -> bool {
        self.idle.is_some() || self.write.is_some() || self.keep_alive.is_some()
    }

    /// Sends Pings to a silent peer, and ends the connection if it stays silent.
    #[must_use]
    pub const fn with_keep_alive(mut self, keep_alive: KeepAlive) -> Self {
        self.keep_alive = Some(keep_alive);
        self
    }
}

/// When a silent peer gets a Ping, and when the connection ends.
///
/// The time starts when the connection opens, and anew with each byte of the peer. Any byte is a sign of life, whether
/// of a Pong or of a message. A peer that stays silent is given up exactly `idle` and `patience` after its last byte.
/// If the Ping has to wait because the peer reads nothing, bytes that the peer does read count as well.
///
/// Proxies and load balancers often cut connections that are silent for 60 s. An `idle` of 20 to 30 s prevents that.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeepAlive {
    /// How long the peer may be silent before it gets a Ping.
    pub idle: Duration,
    /// How long the peer may stay silent after the Ping was written, or after it was due and could not be written.
    pub patience: Duration,
}

/// A limit of time that has passed. It names the step that took too long.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Deadline {
    /// An adapter's limit: a client looks up a name and connects to one of its addresses.
    Connect,
    /// An adapter's limit: a client asks a proxy to connect.
    Proxy,
    /// An adapter's limit: the TLS handshake.
    Tls,
    /// The opening handshake.
    Handshake,
    /// The closing handshake, or the end of the transport after it.
    Close,
    /// No message came or went.
    Idle,
    /// The transport took none of the bytes that waited.
    Write,
    /// The peer was silent, and didn't answer a Ping.
    KeepAlive,
}

impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting took too long",
            Self::Proxy => "the proxy took too long",
            Self::Tls => "the TLS handshake took too long",
            Self::Handshake => "the opening handshake took too long",
            Self::Close => "the closing handshake took too long",
            Self::Idle => "no message came or went for too long",
            Self::Write => "the peer took no bytes for too long",
            Self::KeepAlive => "the peer did not answer a Ping",
        })
    }
}

impl core::error::Error for Deadline {}
