//! Deadlines and Pings with time as input, without a clock.

mod config;
#[cfg(test)]
mod tests;

use alloc::sync::Arc;
use core::{mem, time::Duration};

pub use self::config::{Deadline, KeepAlive, Timeouts};

/// The most reads with bytes after a deadline has passed, before it counts.
const MOST_LOOKS: u8 = 16;

/// The next Ping and all deadlines of a connection, as a state machine beside it.
///
/// It has no clock. Time goes in as a [`Duration`] since any origin, which is the same for all calls. Time never goes
/// back: an earlier time counts as the latest one. [`poll_timeout`](Self::poll_timeout) returns when to come back, and
/// [`handle_timeout`](Self::handle_timeout) returns what is due then, to the nanosecond.
///
/// ```
/// use core::time::Duration;
/// use wsproto::{Deadline, Due, KeepAlive, Timeouts, Timers};
///
/// let seconds = Duration::from_secs;
/// let keep_alive = KeepAlive { idle: seconds(20), patience: seconds(10) };
/// let mut timers = Timers::new(Timeouts::default().with_keep_alive(keep_alive), seconds(0));
/// timers.opened(seconds(1));
/// assert_eq!(timers.poll_timeout(), Some(seconds(21)));
/// let Some(Due::Ping(payload)) = timers.handle_timeout(seconds(21)) else { panic!("20 s without a byte") };
/// timers.ping_written(seconds(21)); // once the transport has taken it
///
/// timers.received(seconds(22)); // any byte is a sign of life
/// timers.pong(&payload, seconds(22));
/// assert_eq!(timers.round_trip(), Some(seconds(1)));
///
/// assert!(matches!(timers.handle_timeout(seconds(42)), Some(Due::Ping(_))));
/// timers.ping_written(seconds(42));
/// assert_eq!(timers.handle_timeout(seconds(52)), Some(Due::Expired(Deadline::KeepAlive)));
/// ```
#[derive(Clone, Debug)]
pub struct Timers {
    timeouts: Arc<Timeouts>,
    stage: Stage,
    /// The latest time so far.
    now: Nanos,
    /// When the stage began.
    since: Nanos,
    /// When the last bytes of the peer came, or the connection opened.
    heard: Nanos,
    /// When a message last came or went.
    active: Nanos,
    /// When the transport last took bytes while more waited, or the first of them was queued; [`NEVER`] if none wait.
    stalled: Nanos,
    ping: PingStage,
    /// The time that belongs to `ping`.
    ping_at: Nanos,
    /// The round-trip time of the last Ping that was answered; [`NEVER`] if none was.
    round_trip: Nanos,
    /// The deadline for which bytes last came too late.
    looked_at: Nanos,
    /// How many Pings were due, as their payload has it. It may wrap: only the last Ping is awaited.
    pings: u16,
    /// How many reads brought bytes after that deadline.
    looks: u8,
    /// Whether bytes came since the last call of `handle_timeout`.
    has_heard: bool,
    /// Whether bytes of the peer wait that the connection has not taken.
    is_unseen: bool,
    /// Whether nothing is read until these are taken.
    is_paused: bool,
}

/// Nanoseconds since the origin: half the size of a `Duration`, and enough for 584 years.
type Nanos = u64;

/// The value for no time: an `Option` would take one more word in each connection.
const NEVER: Nanos = Nanos::MAX;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Opening,
    Open,
    Closing,
    Over,
}

/// The progress of our Ping.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum PingStage {
    None,
    /// It is queued, but the transport has not taken it yet. The time is when it was due, or would have been due after
    /// a sign of life.
    Queued,
    /// It could not be sent at this time.
    Unsent,
    /// It was written at this time, and neither the Pong nor anything else has come since.
    Awaited,
    /// It was written at this time. Other bytes have come, but not the Pong.
    Late,
}

/// An action that is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Due {
    /// Send a Ping with this payload. Call [`Timers::ping_written`] once it is written, or [`Timers::ping_failed`] if
    /// it can't be sent.
    Ping([u8; 4]),
    /// A deadline has passed: end the connection. [`Deadline::Idle`] is no fault of the peer: close the connection.
    Expired(Deadline),
}

impl Timers {
    /// Makes the timers of a connection whose opening handshake begins now.
    #[must_use]
    pub fn new(timeouts: impl Into<Arc<Timeouts>>, now: Duration) -> Self {
        let now = nanos(now);
        Self {
            timeouts: timeouts.into(),
            stage: Stage::Opening,
            now,
            since: now,
            heard: now,
            active: now,
            stalled: NEVER,
            ping: PingStage::None,
            ping_at: now,
            round_trip: NEVER,
            looked_at: 0,
            pings: 0,
            looks: 0,
            has_heard: false,
            is_unseen: false,
            is_paused: false,
        }
    }

    /// Reports that the connection is open.
    pub fn opened(&mut self, now: Duration) {
        let now = self.pass(now);
        if self.stage == Stage::Opening {
            (self.stage, self.since, self.heard, self.active) = (Stage::Open, now, now, now);
        }
    }

    /// Reports that any bytes of the peer came: it lives.
    #[inline]
    pub fn received(&mut self, now: Duration) {
        self.heard = self.pass(now);
        self.has_heard = true;
        match self.ping {
            PingStage::Awaited => self.ping = PingStage::Late,
            PingStage::Queued => self.ping_waits(self.heard),
            PingStage::None | PingStage::Unsent | PingStage::Late => {}
        }
    }

    /// Records a sign of life while our Ping waits to be written: the time for the Ping starts anew, as if it were due
    /// only `idle` later.
    fn ping_waits(&mut self, now: Nanos) {
        let idle = self.timeouts.keep_alive.map_or(0, |keep_alive| nanos(keep_alive.idle));
        self.ping_at = now.saturating_add(idle);
    }

    /// Reports that received bytes wait to be taken. Until they are [`seen`](Self::seen), the connection isn't idle.
    #[inline]
    pub const fn unseen(&mut self) {
        self.is_unseen = true;
    }

    /// Reports that nothing is read before those bytes are [`seen`](Self::seen). Until then silence says nothing about
    /// the peer.
    pub const fn paused(&mut self) {
        self.is_unseen = true;
        self.is_paused = true;
    }

    /// Reports that all received bytes were taken. Returns whether reading was paused: call [`resumed`](Self::resumed)
    /// then.
    #[inline]
    pub const fn seen(&mut self) -> bool {
        self.is_unseen = false;
        mem::replace(&mut self.is_paused, false)
    }

    /// Reports that reading continues after it was [`paused`](Self::paused): the program has only now taken the
    /// message.
    pub fn resumed(&mut self, now: Duration) {
        self.active = self.pass(now);
        if self.ping == PingStage::Queued {
            self.ping_waits(self.now);
        }
    }

    /// Reports that a message came or went: the connection is in use.
    #[inline]
    pub fn used(&mut self, now: Duration) {
        self.active = self.pass(now);
    }

    /// Reports that bytes wait to be written, and none did before.
    #[inline]
    pub fn queued(&mut self, now: Duration) {
        let now = self.pass(now);
        if self.stalled == NEVER {
            self.stalled = now;
        }
    }

    /// Reports that the transport took bytes, and whether more wait.
    #[inline]
    pub fn written(&mut self, more_wait: bool, now: Duration) {
        let now = self.pass(now);
        self.stalled = if more_wait { now } else { NEVER };
        if self.ping == PingStage::Queued {
            self.ping_waits(now);
        }
    }

    /// Reports that no bytes wait to be written any more, since writing was given up.
    pub const fn nothing_waits(&mut self) {
        self.stalled = NEVER;
    }

    /// Reports that the transport has taken our Ping: from now on the peer can answer it.
    pub fn ping_written(&mut self, now: Duration) {
        let now = self.pass(now);
        if self.ping == PingStage::Queued {
            (self.ping, self.ping_at) = (PingStage::Awaited, now);
        }
    }

    /// Reports that our Ping could not be sent. Another one is due after [`KeepAlive::idle`].
    pub fn ping_failed(&mut self, now: Duration) {
        let now = self.pass(now);
        if self.ping == PingStage::Queued {
            (self.ping, self.ping_at) = (PingStage::Unsent, now);
        }
    }

    /// Takes the payload of a Pong. One that doesn't answer our last Ping is ignored.
    pub fn pong(&mut self, payload: &[u8], now: Duration) {
        let now = self.pass(now);
        if matches!(self.ping, PingStage::Awaited | PingStage::Late) && payload == self.ping_payload() {
            self.ping = PingStage::None;
            self.round_trip = now.saturating_sub(self.ping_at);
        }
    }

    /// Reports that either side began the closing handshake, or that the peer broke a rule.
    pub fn closing(&mut self, now: Duration) {
        let now = self.pass(now);
        if matches!(self.stage, Stage::Opening | Stage::Open) {
            (self.stage, self.since) = (Stage::Closing, now);
        }
    }

    /// Reports that the transport is closed: nothing is due any more.
    pub const fn ended(&mut self) {
        self.stage = Stage::Over;
    }

    /// Returns the round-trip time of the last Ping that was answered, from its write to its Pong.
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        time(self.round_trip).map(Duration::from_nanos)
    }

    /// Returns when to call [`handle_timeout`](Self::handle_timeout), as a time since the origin; `None` where nothing
    /// will be due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.next().map(|(at, _)| Duration::from_nanos(at))
    }

    /// Takes the time, and returns what is due, if anything is. Call it until it returns `None`, and try to read before
    /// each call.
    ///
    /// A deadline waits for a read that finds nothing: a program that was busy must not count its own delay against the
    /// peer. Bytes that come too late postpone it by at most 16 reads, so that a peer can't postpone the end without
    /// limit.
    ///
    /// After [`Due::Expired`] the same deadline doesn't expire again.
    pub fn handle_timeout(&mut self, now: Duration) -> Option<Due> {
        let now = self.pass(now);
        let (at, what) = self.next()?;
        if now < at || self.may_look_again(at, what) {
            return None;
        }
        Some(match what {
            Next::Ping => {
                (self.ping, self.ping_at) = (PingStage::Queued, now);
                self.pings = self.pings.wrapping_add(1);
                Due::Ping(self.ping_payload())
            }
            Next::Expires(deadline) => {
                if deadline == Deadline::Idle {
                    // The due action is to close the connection, and that has a deadline of its own.
                    (self.stage, self.since) = (Stage::Closing, now);
                } else {
                    self.stage = Stage::Over;
                }
                Due::Expired(deadline)
            }
        })
    }

    /// Returns whether bytes came that may postpone a due action, or after which one more read may.
    fn may_look_again(&mut self, due: Nanos, what: Next) -> bool {
        if self.looked_at != due {
            (self.looked_at, self.looks) = (due, 0);
        }
        let is_read = !matches!(what, Next::Ping | Next::Expires(Deadline::Write));
        let is_late = is_read && (self.heard >= due || self.is_unseen);
        let may_look = self.has_heard && is_late && self.looks < MOST_LOOKS;
        self.has_heard = false;
        self.looks = self.looks.saturating_add(u8::from(may_look));
        may_look
    }

    /// Returns the next action, and its time.
    fn next(&self) -> Option<(Nanos, Next)> {
        let after = |from: Nanos, wait: Option<Duration>, next| {
            wait.map(|wait| (from.saturating_add(nanos(wait)), next))
        };
        let timeouts = &*self.timeouts;
        let stalled =
            time(self.stalled).and_then(|at| after(at, timeouts.write, Next::Expires(Deadline::Write)));
        let of_stage = match self.stage {
            Stage::Opening => {
                [after(self.since, timeouts.handshake, Next::Expires(Deadline::Handshake)), None]
            }
            Stage::Open => {
                // The received bytes may hold a message: before they are taken, idleness is unknown.
                let idle = timeouts.idle.filter(|_| self.has_heard || !self.is_unseen);
                [after(self.active, idle, Next::Expires(Deadline::Idle)), self.keep_alive()]
            }
            Stage::Closing => [after(self.since, timeouts.close, Next::Expires(Deadline::Close)), None],
            Stage::Over => return None,
        };
        of_stage.into_iter().chain([stalled]).flatten().min_by_key(|(at, _)| *at)
    }

    fn keep_alive(&self) -> Option<(Nanos, Next)> {
        let KeepAlive { idle, patience } = self.timeouts.keep_alive?;
        match self.ping {
            PingStage::None | PingStage::Late => Some((self.heard.saturating_add(nanos(idle)), Next::Ping)),
            PingStage::Unsent => Some((self.ping_at.saturating_add(nanos(idle)), Next::Ping)),
            PingStage::Queued | PingStage::Awaited if self.is_paused => None,
            PingStage::Queued | PingStage::Awaited => {
                Some((self.ping_at.saturating_add(nanos(patience)), Next::Expires(Deadline::KeepAlive)))
            }
        }
    }

    fn ping_payload(&self) -> [u8; 4] {
        u32::from(self.pings).to_be_bytes()
    }

    /// Stores the time, which never goes back, and returns it.
    #[inline]
    fn pass(&mut self, now: Duration) -> Nanos {
        self.now = self.now.max(nanos(now));
        self.now
    }
}

/// The next action.
#[derive(Clone, Copy)]
enum Next {
    Ping,
    Expires(Deadline),
}

/// Returns a time, if it is one.
#[inline]
fn time(nanos: Nanos) -> Option<Nanos> {
    (nanos != NEVER).then_some(nanos)
}

#[inline]
fn nanos(duration: Duration) -> Nanos {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
