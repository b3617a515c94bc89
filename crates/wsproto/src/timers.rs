//! Time as input: what is due when, without a clock.

mod config;
#[cfg(test)]
mod tests;

use alloc::sync::Arc;
use core::{mem, time::Duration};

pub use self::config::{Deadline, KeepAlive, Timeouts};

/// So many reads may find something after a deadline has passed, before it counts.
const MOST_LOOKS: u8 = 16;

/// A machine beside a connection that knows what is due when: the next Ping, and each deadline.
///
/// It has no clock. Time goes in as a [`Duration`] since any origin, the same for all calls, and never goes back (of a
/// time before the last one, the last one counts). [`poll_timeout`](Self::poll_timeout) says when to come back,
/// and [`handle_timeout`](Self::handle_timeout) what is due then, to the nanosecond.
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
    /// The last time that was told.
    now: Nanos,
    /// When the stage began.
    since: Nanos,
    /// When the last bytes of the peer came, or the connection opened.
    heard: Nanos,
    /// When a message last came or went.
    active: Nanos,
    /// When bytes that wait to be written last got on; `None` where none wait.
    stalled: Option<Nanos>,
    ping: PingStage,
    round_trip: Option<Nanos>,
    /// What was due when bytes last came too late for it.
    looked_at: Nanos,
    /// How many Pings were due.
    pings: u32,
    /// How often bytes came after that.
    looks: u8,
    /// Whether bytes came since it was last asked what is due.
    has_heard: bool,
    /// Whether something of the peer waits that nobody has looked at.
    is_unseen: bool,
    /// Whether nothing is read until that is looked at.
    is_paused: bool,
}

/// Nanoseconds since the origin: half as long as a `Duration`, and good for 584 years.
type Nanos = u64;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Opening,
    Open,
    Closing,
    Over,
}

/// Where our Ping is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum PingStage {
    None,
    /// It is sent, but the transport has not taken it yet; it was due then, or would have been after a sign of life.
    Queued(Nanos),
    /// It could not be sent then.
    Unsent(Nanos),
    /// It was written then, and neither Pong nor anything else has come since.
    Awaited(Nanos),
    /// It was written then; the peer lives, its Pong is still to come.
    Late(Nanos),
}

/// What is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Due {
    /// Send a Ping with this payload; once it is written, tell [`Timers::ping_written`], or [`Timers::ping_failed`] where it
    /// can't be sent.
    Ping([u8; 4]),
    /// A deadline has passed: end the connection. [`Deadline::Idle`] alone is no fault: close it.
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
            stalled: None,
            ping: PingStage::None,
            round_trip: None,
            looked_at: 0,
            pings: 0,
            looks: 0,
            has_heard: false,
            is_unseen: false,
            is_paused: false,
        }
    }

    /// Says that the connection is open.
    pub fn opened(&mut self, now: Duration) {
        let now = self.pass(now);
        if self.stage == Stage::Opening {
            (self.stage, self.since, self.heard, self.active) = (Stage::Open, now, now, now);
        }
    }

    /// Says that bytes of the peer came, of whatever kind: it lives.
    #[inline]
    pub fn received(&mut self, now: Duration) {
        self.heard = self.pass(now);
        self.has_heard = true;
        match self.ping {
            PingStage::Awaited(at) => self.ping = PingStage::Late(at),
            PingStage::Queued(_) => self.ping_waits(self.heard),
            PingStage::None | PingStage::Unsent(_) | PingStage::Late(_) => {}
        }
    }

    /// Notes a sign of life while our Ping waits to be written: from then on it has as long as if it were due only then.
    fn ping_waits(&mut self, now: Nanos) {
        let idle = self.timeouts.keep_alive.map_or(0, |keep_alive| nanos(keep_alive.idle));
        self.ping = PingStage::Queued(now.saturating_add(idle));
    }

    /// Says that the bytes that came wait to be looked at: until they are [`seen`](Self::seen), the connection isn't idle.
    #[inline]
    pub const fn unseen(&mut self) {
        self.is_unseen = true;
    }

    /// Says that nothing more is read before those bytes are [`seen`](Self::seen): until then silence tells nothing of
    /// the peer.
    pub const fn paused(&mut self) {
        self.is_unseen = true;
        self.is_paused = true;
    }

    /// Says that all that came was looked at; tells whether reading was paused, and is to be [`resumed`](Self::resumed).
    #[inline]
    pub const fn seen(&mut self) -> bool {
        self.is_unseen = false;
        mem::replace(&mut self.is_paused, false)
    }

    /// Says that reading goes on after it was [`paused`](Self::paused): the message that stopped it was taken only now.
    pub fn resumed(&mut self, now: Duration) {
        self.active = self.pass(now);
        if matches!(self.ping, PingStage::Queued(_)) {
            self.ping_waits(self.now);
        }
    }

    /// Says that a message came or went: the connection is in use.
    #[inline]
    pub fn used(&mut self, now: Duration) {
        self.active = self.pass(now);
    }

    /// Says that bytes wait to be written where none did before.
    #[inline]
    pub fn queued(&mut self, now: Duration) {
        let now = self.pass(now);
        self.stalled.get_or_insert(now);
    }

    /// Says that the transport took bytes, and whether more wait.
    #[inline]
    pub fn written(&mut self, more_wait: bool, now: Duration) {
        let now = self.pass(now);
        self.stalled = more_wait.then_some(now);
        if matches!(self.ping, PingStage::Queued(_)) {
            self.ping_waits(now);
        }
    }

    /// Says that nothing waits to be written any more: writing was given up.
    pub const fn nothing_waits(&mut self) {
        self.stalled = None;
    }

    /// Says that the transport has taken our Ping: from now on the peer can answer it.
    pub fn ping_written(&mut self, now: Duration) {
        let now = self.pass(now);
        if matches!(self.ping, PingStage::Queued(_)) {
            self.ping = PingStage::Awaited(now);
        }
    }

    /// Says that our Ping could not be sent: another one is due after [`KeepAlive::idle`].
    pub fn ping_failed(&mut self, now: Duration) {
        let now = self.pass(now);
        if matches!(self.ping, PingStage::Queued(_)) {
            self.ping = PingStage::Unsent(now);
        }
    }

    /// Takes the payload of a Pong. Another one than that of our last Ping is passed over.
    pub fn pong(&mut self, payload: &[u8], now: Duration) {
        let now = self.pass(now);
        if let PingStage::Awaited(at) | PingStage::Late(at) = self.ping
            && payload == self.pings.to_be_bytes()
        {
            self.ping = PingStage::None;
            self.round_trip = Some(now.saturating_sub(at));
        }
    }

    /// Says that the closing handshake began, from either side, or that the peer broke a rule.
    pub fn closing(&mut self, now: Duration) {
        let now = self.pass(now);
        if matches!(self.stage, Stage::Opening | Stage::Open) {
            (self.stage, self.since) = (Stage::Closing, now);
        }
    }

    /// Says that the transport is closed: nothing is due any more.
    pub const fn ended(&mut self) {
        self.stage = Stage::Over;
    }

    /// Returns how long the last Ping that was answered took, from when it was written until its Pong came.
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip.map(Duration::from_nanos)
    }

    /// Returns when to call [`handle_timeout`](Self::handle_timeout), since the origin; `None` where nothing will be due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.next().map(|(at, _)| Duration::from_nanos(at))
    }

    /// Takes the time, and returns what is due, if anything is. Call it until it gives `None`, and try to read before
    /// you call it.
    ///
    /// What is due waits for a read that finds nothing: a program that was busy must not hold its own delay against the
    /// peer. Of bytes that come too late, 16 reads are waited for, so that a peer can't put the end off.
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
                self.ping = PingStage::Queued(now);
                self.pings = self.pings.wrapping_add(1);
                Due::Ping(self.pings.to_be_bytes())
            }
            Next::Expires(deadline) => {
                if deadline == Deadline::Idle {
                    // To close it is what is due, and that has a deadline of its own.
                    (self.stage, self.since) = (Stage::Closing, now);
                } else {
                    self.stage = Stage::Over;
                }
                Due::Expired(deadline)
            }
        })
    }

    /// Tells whether bytes came that may put off what is due then, or after which one more read may.
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

    /// Returns what comes next, and when.
    fn next(&self) -> Option<(Nanos, Next)> {
        let after = |from: Nanos, wait: Option<Duration>, next| {
            wait.map(|wait| (from.saturating_add(nanos(wait)), next))
        };
        let timeouts = &*self.timeouts;
        let stalled = self.stalled.and_then(|at| after(at, timeouts.write, Next::Expires(Deadline::Write)));
        let of_stage = match self.stage {
            Stage::Opening => {
                [after(self.since, timeouts.handshake, Next::Expires(Deadline::Handshake)), None]
            }
            Stage::Open => {
                // Until somebody looks at what came, nobody knows.
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
            PingStage::None | PingStage::Late(_) => {
                Some((self.heard.saturating_add(nanos(idle)), Next::Ping))
            }
            PingStage::Unsent(at) => Some((at.saturating_add(nanos(idle)), Next::Ping)),
            PingStage::Queued(_) | PingStage::Awaited(_) if self.is_paused => None,
            PingStage::Queued(at) | PingStage::Awaited(at) => {
                Some((at.saturating_add(nanos(patience)), Next::Expires(Deadline::KeepAlive)))
            }
        }
    }

    /// Notes the time; it never goes back.
    #[inline]
    fn pass(&mut self, now: Duration) -> Nanos {
        self.now = self.now.max(nanos(now));
        self.now
    }
}

/// What comes next.
#[derive(Clone, Copy)]
enum Next {
    Ping,
    Expires(Deadline),
}

#[inline]
fn nanos(duration: Duration) -> Nanos {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
