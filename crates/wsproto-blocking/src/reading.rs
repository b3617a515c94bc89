//! Reads from a stream, for a driver that one thread owns and for one that several threads share.

use std::{
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use wsproto::{Deadline, Driver, ReadBuffer, Transport};

use crate::{
    Stream,
    time::{Clock, LEAST_LIMIT, Limit, is_timeout},
};

/// While a write waits, at most this many unread bytes are buffered to see whether the peer lives. A peer that has sent
/// more and takes nothing waits for our reads, as we wait for its reads.
const MOST_UNREAD: usize = 64 << 10;
/// How many reads are dropped at a time while a write waits at the end.
const MOST_DROPPED: usize = 64;

/// Access to a driver, never during a blocking call.
pub(crate) trait Drive {
    fn with<T>(&mut self, action: impl FnOnce(&mut Driver) -> T) -> T;
}

impl Drive for &mut Driver {
    fn with<T>(&mut self, action: impl FnOnce(&mut Driver) -> T) -> T {
        action(self)
    }
}

impl Drive for &Mutex<Driver> {
    fn with<T>(&mut self, action: impl FnOnce(&mut Driver) -> T) -> T {
        action(&mut lock(self))
    }
}

/// A panic of another thread leaves the state consistent: no code of the program runs under a lock.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The parts of a connection that a read needs.
pub(crate) struct Reading<'a, S, D> {
    pub(crate) stream: &'a mut S,
    pub(crate) buffer: &'a mut ReadBuffer,
    pub(crate) limit: &'a mut Limit,
    pub(crate) driver: D,
    pub(crate) clock: Clock,
}

/// The result of a read.
pub(crate) enum Filled {
    Bytes,
    /// The end of the stream, perhaps with an error.
    End(Option<io::Error>),
    /// A timer is due at this time; bytes may have come, too.
    Due(Duration),
    Later,
}

impl<S: Stream, D: Drive> Reading<'_, S, D> {
    /// Reads once. Timers and `until` end the wait.
    ///
    /// # Errors
    ///
    /// A time-out of the stream itself.
    pub(crate) fn fill(&mut self, until: Option<Instant>) -> io::Result<Filled> {
        let (mut is_exact, mut has_tried) = (false, false);
        loop {
            let (now, due) = (self.clock.now(), self.driver.with(|driver| driver.poll_timeout()));
            if has_tried && due.is_some_and(|due| due <= now) {
                return Ok(Filled::Due(now));
            }
            let started = Instant::now();
            let left = until.map(|until| until.saturating_duration_since(started));
            let limit = due.map(|due| due.saturating_sub(now)).into_iter().chain(left).min();
            self.limit.set(limit, is_exact, |limit| self.stream.set_read_timeout(limit))?;
            match self.stream.read(self.buffer.room()) {
                Ok(0) => return Ok(Filled::End(None)),
                Ok(len) => {
                    let now = self.clock.now();
                    let due = self.driver.with(|driver| {
                        driver.filled(self.buffer, len, now);
                        driver.poll_timeout()
                    });
                    let is_due = due.is_some_and(|due| due <= now);
                    return Ok(if is_due { Filled::Due(now) } else { Filled::Bytes });
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_timeout(&error) => {
                    has_tried = true;
                    let is_due = due.is_some_and(|due| due <= self.clock.now());
                    if !is_due && until.is_some_and(|until| until <= Instant::now()) {
                        return Ok(Filled::Later);
                    }
                    if !is_due && self.limit.was_ignored(started.elapsed()) {
                        return Err(error);
                    }
                    is_exact = true;
                }
                Err(error) => return Ok(Filled::End(Some(error))),
            }
        }
    }

    /// Reads the bytes that have come while a write waits: they may show that the peer lives. At the end they are
    /// dropped: the peer may not read before it can write.
    pub(crate) fn fill_in_write(&mut self) -> io::Result<()> {
        let is_open = self.driver.with(|driver| driver.transport()) == Transport::KeepOpen;
        if is_open && self.buffer.unread().len() >= MOST_UNREAD {
            self.driver.with(Driver::reading_paused);
            return Ok(());
        }
        self.limit.set(Some(LEAST_LIMIT), true, |limit| self.stream.set_read_timeout(limit))?;
        for _ in 0..if is_open { 1 } else { MOST_DROPPED } {
            // The next read finds an error or the end again.
            let Ok(len @ 1..) = self.stream.read(self.buffer.room()) else { break };
            let now = self.clock.now();
            self.driver.with(|driver| driver.filled(self.buffer, len, now));
            if !is_open {
                self.buffer.clear();
            }
        }
        Ok(())
    }

    /// Reads to the peer's end, and drops what comes, as long as the driver says so. A deadline ends it.
    ///
    /// # Errors
    ///
    /// A time-out of the stream itself: call it again.
    pub(crate) fn await_end(&mut self) -> io::Result<()> {
        while self.driver.with(|driver| driver.transport()) == Transport::AwaitEnd {
            match self.fill(None) {
                Ok(Filled::Bytes) => {}
                Ok(Filled::Due(now)) => {
                    if self.handle_timeout(now).is_some() {
                        break;
                    }
                }
                Ok(Filled::End(error)) => {
                    let now = self.clock.now();
                    // At the end, an error of reading is the end.
                    let _ = self.driver.with(|driver| driver.read_ended(error, now));
                }
                Err(error) if is_timeout(&error) => return Err(error),
                Ok(Filled::Later) | Err(_) => break,
            }
            self.buffer.clear();
        }
        Ok(())
    }

    fn handle_timeout(&mut self, now: Duration) -> Option<Deadline> {
        self.driver.with(|driver| driver.handle_timeout(now))
    }
}
