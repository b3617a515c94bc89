//! How long things may take.

use core::{fmt, time::Duration};

/// How long each step of a connection may take. Nothing has a limit by default.
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
    /// All of the opening handshake, from the first moment on, whatever comes in between.
    pub handshake: Option<Duration>,
    /// All of the closing handshake and the end of the transport, from the first Close or broken rule on.
    pub close: Option<Duration>,
    /// An open connection on which no message comes or goes. Pings, Pongs and a message's parts don't count.
    pub idle: Option<Duration>,
    /// What waits to be written, without any of it being taken. A slow peer that takes something now and then is alive.
    /// What TLS holds back waits, too, and has all of this time to go: it can't be seen how much of it went.
    pub write: Option<Duration>,
    /// Pings that find out whether the peer is still there.
    pub keep_alive: Option<KeepAlive>,
}

impl Timeouts {
    /// Limits the whole opening handshake.
    #[must_use]
    pub const fn with_handshake(mut self, limit: Duration) -> Self {
        self.handshake = Some(limit);
        self
    }

    /// Limits all that comes after the first Close, or after a broken rule.
    #[must_use]
    pub const fn with_close(mut self, limit: Duration) -> Self {
        self.close = Some(limit);
        self
    }

    /// Limits how long a connection stays open on which no message comes or goes.
    #[must_use]
    pub const fn with_idle(mut self, limit: Duration) -> Self {
        self.idle = Some(limit);
        self
    }

    /// Limits how long nothing is taken of what waits to be written.
    #[must_use]
    pub const fn with_write(mut self, limit: Duration) -> Self {
        self.write = Some(limit);
        self
    }

    /// Tells whether anything is limited, or done, while a connection is open.
    pub(crate) const fn limit_open(&self) -> bool {
        self.idle.is_some() || self.write.is_some() || self.keep_alive.is_some()
    }

    /// Sends Pings to a silent peer, and gives it up when it stays silent.
    #[must_use]
    pub const fn with_keep_alive(mut self, keep_alive: KeepAlive) -> Self {
        self.keep_alive = Some(keep_alive);
        self
    }
}

/// When a silent peer gets a Ping, and when it is given up.
///
/// The clock starts with the last byte that came, of whatever kind, and when the connection opens. Any byte is a sign of
/// life, a Pong as well as half a message. A peer that stays silent is given up exactly `idle` and `patience` after its
/// last byte. Where the Ping has to wait, since the peer takes no more, the bytes that the peer takes count as well. A proxy or a load balancer often cuts what is silent for 60 s:
/// an `idle` of 20 to 30 s keeps such a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeepAlive {
    /// How long the peer may be silent before it gets a Ping.
    pub idle: Duration,
    /// How long it may stay silent after the Ping was written, or was due and could not be.
    pub patience: Duration,
}

/// A limit of time that has passed: it names the step that took too long.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Deadline {
    /// An adapter's: a client looked up a name and connected to one of its addresses.
    Connect,
    /// An adapter's: a client asked a proxy to connect.
    Proxy,
    /// An adapter's: TLS was agreed.
    Tls,
    /// The opening handshake.
    Handshake,
    /// The closing handshake, or the end of the transport after it.
    Close,
    /// No message came or went.
    Idle,
    /// Nothing was taken of what waited to be written.
    Write,
    /// The peer was silent, and did not answer a Ping either.
    KeepAlive,
}

impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "to connect took too long",
            Self::Proxy => "the proxy took too long",
            Self::Tls => "the handshake of TLS took too long",
            Self::Handshake => "the opening handshake took too long",
            Self::Close => "the closing handshake took too long",
            Self::Idle => "no message came or went for too long",
            Self::Write => "the peer took no bytes for too long",
            Self::KeepAlive => "the peer did not answer a Ping",
        })
    }
}

impl core::error::Error for Deadline {}
