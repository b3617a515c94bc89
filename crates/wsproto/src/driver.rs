//! The common part of all adapters, without I/O: automatic answers, the output queue, deadlines, the end.

mod clock;
mod ending;
mod found;
mod opening;
mod queue;
mod rare;
mod receive;
mod report;
mod send;
mod settings;
#[cfg(test)]
mod tests;
mod time;

use alloc::{boxed::Box, sync::Arc};
use core::{fmt, mem};

use bytes::Bytes;

pub use self::{
    clock::Clock,
    opening::{Asked, ServerAnswer},
    report::{CloseReport, Counters, Side},
    settings::Settings,
};
use self::{queue::Queue, rare::Rare, report::Totals};
use crate::{Connection, ConnectionState, Deadline, OutputQueue, Timeouts, Timers};

/// A [`Connection`] with everything that an adapter needs, still without I/O.
///
/// It holds the bytes that wait to be written, answers Pings and Closes, keeps deadlines, takes the closing handshake
/// to its end, and reports how the connection ended.
///
/// An adapter reads, writes, and asks for the next step:
///
/// ```text
/// loop {
///     while driver.advance(&mut buffer, now)? { hand buffer.event() to the program }
///     write driver.output(), and tell driver.written(n, now); or, for a transport that must be flushed,
///         driver.buffered(n, now), and driver.flushed(now) after it
///     read into buffer.room(), and tell driver.filled(&mut buffer, n, now), or driver.receive_eof(now)
///     wait for the transport, or until driver.poll_timeout(); then driver.handle_timeout(now)
///     once nothing is queued, do as driver.transport() says
/// }
/// ```
///
/// The driver answers Pings, Closes and violations. A peer that doesn't read can't make the queue grow: at most one
/// Pong is in the queue, and the latest one waits (RFC 6455
/// [§5.5.3](https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3)).
///
/// Times count from any origin, which is the same for all calls. In place of a time, a call takes a [closure](Clock)
/// that reads a clock. The driver calls it only where a deadline or a Ping depends on the time. Without [`Timeouts`]
/// that is never. With limits for the opening and the closing handshake alone, it is never between the two.
///
#[cfg_attr(feature = "std", doc = "```")]
#[cfg_attr(not(feature = "std"), doc = "```ignore")]
/// use core::{fmt, time::Duration};
/// use wsproto::{CloseCode, Config, Connection, Driver, Event, Ping, ReadBuffer, TextMessage, Transport};
///
/// let now = Duration::ZERO;
/// let mut server = Driver::new(Connection::open_server(Config::default()));
/// let mut client = Connection::open_client(Config::default());
/// let mut buffer = ReadBuffer::messages();
/// let mut wire = Vec::new();
/// client.send(Ping::new(b"1"), &mut wire)?;
/// client.send(TextMessage::new("Hello"), &mut wire)?;
/// buffer.extend_from_slice(&wire);
///
/// assert!(server.advance(&mut buffer, now)?);
/// assert!(matches!(buffer.event(), Some(Event::Ping(_))));
/// assert_eq!(server.output().first(), b"\x8a\x011"); // the Pong is on its way
/// assert!(server.advance(&mut buffer, now)?);
/// assert_eq!(buffer.event(), Some(TextMessage::new("Hello").into()));
///
/// server.close(CloseCode::NORMAL, "", now)?;
/// assert_eq!(server.transport(), Transport::KeepOpen); // the client's Close is still to come
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Driver {
    connection: Connection,
    output: Queue,
    counters: Totals,
    /// State that few connections need, or that all need only at their end.
    rare: Option<Box<Rare>>,
    /// How long each step may take, if any is limited.
    timeouts: Option<Arc<Timeouts>>,
    /// The timers, while any deadline can come.
    timers: Option<Box<Timers>>,
    expired: Option<Deadline>,
    flush: Flush,
    writing: Writing,
    /// Whether a Pong waits until the one in the queue is written.
    pong_waits: bool,
    /// Whether the transport is shut down for writing.
    write_ended: bool,
}

/// Whether the transport holds back bytes that it took.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Flush {
    /// It holds none.
    Done,
    /// It may hold some, and was not asked to flush yet.
    Owed,
    /// It was asked to flush, and still holds some.
    Blocked,
}

/// Whether the queue will be written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Writing {
    GoesOn,
    /// Nothing is written any more, and the queue was empty.
    Ended,
    /// Nothing is written any more, and queued bytes were lost.
    Lost,
}

impl Driver {
    /// Makes a driver of a connection, without deadlines.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        Self {
            connection,
            output: Queue::default(),
            counters: Totals::default(),
            rare: None,
            timeouts: None,
            timers: None,
            expired: None,
            flush: Flush::Done,
            writing: Writing::GoesOn,
            pong_waits: false,
            write_ended: false,
        }
    }

    /// Adds deadlines and Pings. The time for the opening handshake starts now. If the connection is already open, the
    /// times for an open connection start now.
    #[must_use]
    pub fn with_timeouts(mut self, timeouts: impl Into<Arc<Timeouts>>, now: impl Clock) -> Self {
        let timeouts = timeouts.into();
        if *timeouts != Timeouts::default() {
            let now = now.now();
            self.timers = Some(Box::new(Timers::new(Arc::clone(&timeouts), now)));
            self.timeouts = Some(timeouts);
            match self.connection.state() {
                ConnectionState::LocalClosing | ConnectionState::RemoteClosing | ConnectionState::Closed => {
                    self.note_closing(now);
                }
                ConnectionState::Connecting | ConnectionState::Rejecting | ConnectionState::Open => {
                    self.note_open(now);
                }
            }
        }
        self
    }

    /// Returns the connection.
    #[must_use]
    pub const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Frees memory that an idle connection doesn't need: see [`Connection::park`].
    ///
    /// A Ping of [`KeepAlive`](crate::KeepAlive) does this by itself, since nothing has come for its whole interval. It
    /// doesn't if messages were sent since the Ping before it.
    pub fn park(&mut self) {
        self.connection.park();
    }

    /// Returns the connection, if no bytes and no Pong wait to be written.
    ///
    /// # Errors
    ///
    /// The driver, if bytes or a Pong wait.
    pub fn into_connection(self) -> Result<Connection, Box<Self>> {
        if self.output.is_empty() { Ok(self.connection) } else { Err(Box::new(self)) }
    }

    /// Returns the bytes that wait to be written.
    ///
    /// Write its [`first`](OutputQueue::first) bytes or its slices, and call [`written`](Self::written), which takes
    /// them off. For a transport that needs to own its bytes, call [`take_output`](Self::take_output).
    #[inline]
    #[must_use]
    pub const fn output(&self) -> &OutputQueue {
        self.output.get()
    }

    /// Makes the driver use an empty queue and its memory, if nothing waits. Otherwise the queue is dropped.
    ///
    /// A driver without a queue makes one for the first bytes to be written.
    #[inline]
    pub fn lend_queue(&mut self, queue: Box<OutputQueue>) {
        self.output.lend(queue);
    }

    /// Takes the queue out with its memory, if nothing waits: another driver can use it.
    #[inline]
    pub fn take_queue(&mut self) -> Option<Box<OutputQueue>> {
        self.output.take()
    }

    /// Returns whether the driver has a queue, empty or not.
    #[inline]
    #[must_use]
    pub const fn has_queue(&self) -> bool {
        self.output.is_there()
    }

    /// Returns how many bytes wait to be written.
    #[inline]
    #[must_use]
    pub fn queued(&self) -> usize {
        self.output.len()
    }

    /// Reports how many bytes of [`output`](Self::output) the transport wrote. It holds none of them back: a socket
    /// doesn't. For others call [`buffered`](Self::buffered).
    #[inline]
    pub fn written(&mut self, len: usize, now: impl Clock) {
        self.output.advance(len);
        self.taken(len, now);
    }

    /// Reports how many bytes of [`output`](Self::output) a transport took that may hold them back, as TLS does. Once
    /// nothing is [queued](Self::queued), flush the transport, and call [`flushed`](Self::flushed).
    #[inline]
    pub fn buffered(&mut self, len: usize, now: impl Clock) {
        if self.flush == Flush::Done {
            self.flush = Flush::Owed;
        }
        self.written(len, now);
    }

    /// Reports that the transport has passed on all bytes that it [took](Self::buffered).
    #[inline]
    pub fn flushed(&mut self, now: impl Clock) {
        let was_blocked = mem::replace(&mut self.flush, Flush::Done) == Flush::Blocked;
        if was_blocked && let Some(timers) = &mut self.timers {
            timers.written(!self.output.is_empty(), now.now());
        }
    }

    /// Reports that a flush of the transport has started and isn't done, as happens with TLS.
    ///
    /// [`Timeouts::write`] limits the flush as it limits bytes in the queue.
    pub fn flush_blocked(&mut self, now: impl Clock) {
        self.flush = Flush::Blocked;
        if let Some(timers) = &mut self.timers {
            timers.queued(now.now());
        }
    }

    /// Returns whether bytes wait to be written, or to be [flushed](Self::flushed).
    #[inline]
    #[must_use]
    pub fn has_output(&self) -> bool {
        self.flush != Flush::Done || !self.output.is_empty()
    }

    /// Takes out the next bytes to write, as [`OutputQueue::take_first`] does.
    ///
    /// This is for a transport that needs to own its bytes: HTTP/2, `io_uring`. The bytes count as written. The adapter
    /// must limit how long the transport holds them.
    ///
    #[cfg_attr(feature = "std", doc = "```")]
    #[cfg_attr(not(feature = "std"), doc = "```ignore")]
    /// use core::time::Duration;
    /// use wsproto::{Config, Connection, Driver, TextMessage};
    ///
    /// let mut server = Driver::new(Connection::open_server(Config::default()));
    /// server.send(TextMessage::new("Hello"), Duration::ZERO)?;
    /// assert_eq!(server.take_output(Duration::ZERO).as_deref(), Some(&b"\x81\x05Hello"[..]));
    /// assert_eq!(server.take_output(Duration::ZERO), None);
    /// # Ok::<(), wsproto::LocalProtocolError>(())
    /// ```
    pub fn take_output(&mut self, now: impl Clock) -> Option<Bytes> {
        let bytes = self.output.take_first()?;
        self.taken(bytes.len(), now);
        Some(bytes)
    }

    #[inline]
    fn taken(&mut self, len: usize, now: impl Clock) {
        self.counters.wire_bytes_sent = self.counters.wire_bytes_sent.saturating_add(len as u64);
        if self.pong_waits || self.timers.is_some() {
            let now = self.kept_time(now);
            self.note_written(now);
        }
    }

    /// Returns the counters.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters::new(self.counters, self.rare.as_deref())
    }

    /// Returns how the connection ended, as far as is known yet.
    #[must_use]
    pub fn close_report(&self) -> CloseReport {
        let ending = self.ending();
        CloseReport {
            sent: ending.and_then(|ending| ending.close_sent),
            received: ending.and_then(|ending| ending.close_received.clone()),
            begun_by: ending.and_then(|ending| ending.begun_by),
            clean: self.connection.closed_cleanly() && self.is_close_written(),
            expired: self.expired,
        }
    }
}

/// Shows the state of the connection, and no bytes of the peer.
impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("connection", &self.connection)
            .field("queued", &self.queued())
            .field("expired", &self.expired)
            .finish_non_exhaustive()
    }
}
