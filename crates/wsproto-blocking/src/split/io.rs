//! Reads and writes of two threads on one driver, which is locked only between them.

use std::{
    io,
    sync::TryLockError,
    time::{Duration, Instant},
};

use wsproto::{Deadline, ReadBuffer, Transport};

use super::{Shared, lock};
use crate::{
    CloneStream, Error,
    link::{Filled, MOST_UNREAD, Step},
    time::{LEAST_LIMIT, Limit, is_timeout, part},
};

/// How much is copied out of the queue for a write, in bytes.
const WRITE_LEN: usize = 64 << 10;

/// What belongs to the thread that reads.
pub(super) struct ReadSide<S> {
    stream: S,
    pub(super) buffer: ReadBuffer,
    limit: Limit,
}

impl<S> ReadSide<S> {
    pub(super) fn new(stream: S, buffer: ReadBuffer, limit: Limit) -> Self {
        Self { stream, buffer, limit }
    }
}

/// What belongs to the thread that writes.
pub(super) struct WriteSide<S> {
    stream: S,
    limit: Limit,
    /// How long a write may stall, if that is limited.
    patience: Option<Duration>,
    /// What is being written, copied: the queue may grow meanwhile.
    copied: Vec<u8>,
}

impl<S> WriteSide<S> {
    pub(super) const fn new(stream: S, limit: Limit, patience: Option<Duration>) -> Self {
        Self { stream, limit, patience, copied: Vec::new() }
    }
}

impl<S: CloneStream> Shared<S> {
    /// Finds the next event; before it waits, it writes what is queued, unless another thread does.
    pub(super) fn step(&self, read: &mut ReadSide<S>, until: Option<Instant>) -> Result<Step, Error> {
        if lock(&self.progress).over {
            return Ok(Step::Over(None));
        }
        let outcome = self.next_event(read, until);
        match &outcome {
            Ok(Step::Found | Step::Later) => {}
            Err(Error::Io(error)) if is_timeout(error) => {}
            Ok(Step::Over(_)) | Err(_) => {
                self.end(read);
                lock(&self.progress).over = true;
                self.changed.notify_all();
            }
        }
        outcome
    }

    fn next_event(&self, read: &mut ReadSide<S>, until: Option<Instant>) -> Result<Step, Error> {
        loop {
            let transport = {
                let mut driver = lock(&self.driver);
                if driver.advance(&mut read.buffer, self.clock.now())? {
                    return Ok(Step::Found);
                }
                driver.transport()
            };
            if let Some(deadline) = self.expired() {
                return Err(deadline.into());
            }
            if transport != Transport::KeepOpen {
                return Ok(Step::Over(None));
            }
            // The thread whose write fails tells its program; here the end of the stream will.
            let _ = self.try_flush();
            match self.fill(read, until) {
                Ok(Filled::Bytes | Filled::Woken) => {}
                Ok(Filled::Later) => return Ok(Step::Later),
                Ok(Filled::End) => {
                    let event = lock(&self.driver).receive_eof(self.clock.now())?;
                    return self.expired().map_or(Ok(Step::Over(event)), |deadline| Err(deadline.into()));
                }
                Err(error) => return Err(self.expired().map_or(error, Error::from)),
            }
        }
    }

    /// Reads once, as a [`Link`](crate::link::Link) does.
    fn fill(&self, read: &mut ReadSide<S>, until: Option<Instant>) -> Result<Filled, Error> {
        let (mut is_exact, mut has_tried) = (false, false);
        loop {
            let now = self.clock.now();
            let due = lock(&self.driver).poll_timeout();
            if has_tried && due.is_some_and(|due| due <= now) {
                return self.act(now);
            }
            let started = Instant::now();
            let left = until.map(|until| until.saturating_duration_since(started));
            let limit = due.map(|due| due.saturating_sub(now)).into_iter().chain(left).min();
            read.limit.set(limit, is_exact, |limit| read.stream.set_read_timeout(limit))?;
            match read.stream.read(read.buffer.room()) {
                Ok(0) => return Ok(Filled::End),
                Ok(len) => {
                    let now = self.clock.now();
                    let is_due = {
                        let mut driver = lock(&self.driver);
                        driver.filled(&mut read.buffer, len, now);
                        driver.poll_timeout().is_some_and(|due| due <= now)
                    };
                    return if is_due { self.act(now) } else { Ok(Filled::Bytes) };
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_timeout(&error) => {
                    has_tried = true;
                    let is_due = due.is_some_and(|due| due <= self.clock.now());
                    if !is_due && until.is_some_and(|until| until <= Instant::now()) {
                        return Ok(Filled::Later);
                    }
                    if !is_due && read.limit.was_ignored(started.elapsed()) {
                        return Err(error.into());
                    }
                    is_exact = true;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Does what is due. A deadline that has passed wakes the other thread.
    fn act(&self, now: Duration) -> Result<Filled, Error> {
        let Some(deadline) = lock(&self.driver).handle_timeout(now) else { return Ok(Filled::Woken) };
        self.wake();
        Err(deadline.into())
    }

    fn wake(&self) {
        let _ = lock(&self.wake).shutdown_both();
    }

    fn expired(&self) -> Option<Deadline> {
        lock(&self.driver).close_report().expired
    }

    /// Writes what is queued, after what another thread is writing.
    pub(super) fn flush(&self) -> Result<(), Error> {
        let outcome = self.write_all(&mut lock(&self.write));
        let rest = self.try_flush();
        outcome.and(rest)
    }

    /// Writes what is queued, unless another thread is writing: that one goes on with it.
    fn try_flush(&self) -> Result<(), Error> {
        let mut outcome = Ok(());
        // What is queued while the lock is held, and not written, is found after it.
        while outcome.is_ok() && self.has_to_write() {
            let mut write = match self.write.try_lock() {
                Ok(write) => write,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return Ok(()),
            };
            outcome = self.write_all(&mut write);
        }
        // Whoever waits looks at the queue under this lock.
        drop(lock(&self.progress));
        self.changed.notify_all();
        outcome
    }

    fn has_to_write(&self) -> bool {
        let driver = lock(&self.driver);
        driver.queued() > 0 && driver.transport() != Transport::Close
    }

    fn write_all(&self, write: &mut WriteSide<S>) -> Result<(), Error> {
        let mut is_exact = false;
        loop {
            let (now, due) = {
                let mut driver = lock(&self.driver);
                if driver.transport() == Transport::Close && driver.queued() > 0 {
                    // The other thread gave the connection up: what is left is never written.
                    return Err(driver.close_report().expired.map_or(Error::Closed, Error::from));
                }
                let first = driver.output().first();
                write.copied.clear();
                write.copied.extend_from_slice(first.get(..WRITE_LEN).unwrap_or(first));
                (self.clock.now(), driver.poll_timeout())
            };
            if write.copied.is_empty() {
                return Ok(());
            }
            let quarter = write.patience.map(|patience| part(patience, 4));
            let limit = due.map(|due| due.saturating_sub(now)).into_iter().chain(quarter).min();
            write.limit.set(limit, is_exact, |limit| write.stream.set_write_timeout(limit))?;
            let started = Instant::now();
            let error = match write.stream.write(&write.copied) {
                Ok(0) => io::ErrorKind::WriteZero.into(),
                Ok(len) => {
                    // Where the other thread gave the connection up meanwhile, nothing is queued.
                    lock(&self.driver).written(len, self.clock.now());
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if is_timeout(&error) => {
                    is_exact = true;
                    if due.is_some_and(|due| due <= self.clock.now()) {
                        self.act_in_write()?;
                    } else if write.limit.was_ignored(started.elapsed()) {
                        return Err(error.into());
                    }
                    continue;
                }
                Err(error) => error,
            };
            let is_fault = lock(&self.driver).write_failed();
            return match self.expired() {
                Some(deadline) => Err(deadline.into()),
                None if is_fault => Err(error.into()),
                None => Ok(()),
            };
        }
    }

    /// Does what is due while a write waits. Where no thread reads, what the peer has sent may show that it lives.
    fn act_in_write(&self) -> Result<(), Error> {
        if let Ok(mut read) = self.read.try_lock() {
            let ReadSide { stream, buffer, limit } = &mut *read;
            if buffer.unread().len() >= MOST_UNREAD {
                lock(&self.driver).reading_paused();
            } else {
                limit.set(Some(LEAST_LIMIT), true, |limit| stream.set_read_timeout(limit))?;
                // An error, or the end, is found again by the next read.
                if let Ok(len @ 1..) = stream.read(buffer.room()) {
                    lock(&self.driver).filled(buffer, len, self.clock.now());
                }
            }
        }
        let now = self.clock.now();
        if lock(&self.driver).poll_timeout().is_some_and(|due| due <= now) {
            self.act(now)?;
        }
        Ok(())
    }

    /// Ends the stream as [`Link::end`](crate::link::Link::end) does.
    fn end(&self, read: &mut ReadSide<S>) {
        self.await_written();
        loop {
            let transport = lock(&self.driver).transport();
            match transport {
                Transport::ShutdownWrite => {
                    let _ = read.stream.shutdown_write();
                    lock(&self.driver).write_ended();
                }
                Transport::AwaitEnd => match self.fill(read, None) {
                    Ok(Filled::Bytes | Filled::Woken) => read.buffer.clear(),
                    Ok(Filled::End) => drop(lock(&self.driver).receive_eof(self.clock.now())),
                    Ok(Filled::Later) | Err(_) => break,
                },
                Transport::KeepOpen | Transport::PauseRead | Transport::Close => break,
            }
        }
        // A write that still blocks has nobody to read it.
        self.wake();
    }

    /// Waits until all is written that is queued, by whichever thread; not after the end, and no longer than a deadline.
    fn await_written(&self) {
        loop {
            let _ = self.try_flush();
            let progress = lock(&self.progress);
            let (queued, transport, due) = {
                let driver = lock(&self.driver);
                (driver.queued(), driver.transport(), driver.poll_timeout())
            };
            if queued == 0 || transport == Transport::Close {
                return;
            }
            let now = self.clock.now();
            match due {
                Some(due) if due <= now => {
                    drop(progress);
                    if self.act(now).is_err() {
                        return;
                    }
                }
                Some(due) => drop(self.changed.wait_timeout(progress, due.saturating_sub(now))),
                None => drop(self.changed.wait(progress)),
            }
        }
    }

    /// Waits until the thread that reads has come to the end, or reads to the end where there is none.
    pub(super) fn await_over(&self) {
        loop {
            let progress = lock(&self.progress);
            if progress.over {
                return;
            }
            let (now, due) = (self.clock.now(), lock(&self.driver).poll_timeout());
            if progress.reader_gone {
                drop(progress);
                let mut read = lock(&self.read);
                while let Ok(Step::Found) = self.step(&mut read, None) {}
                return;
            }
            match due {
                Some(due) if due <= now => {
                    drop(progress);
                    if self.act(now).is_err() {
                        return;
                    }
                }
                Some(due) => drop(self.changed.wait_timeout(progress, due.saturating_sub(now))),
                None => drop(self.changed.wait(progress)),
            }
        }
    }
}
