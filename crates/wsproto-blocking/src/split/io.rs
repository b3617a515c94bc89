//! Reads and writes of several threads on one driver; the driver is locked only between blocking calls.

use std::{
    io::{self, Write},
    sync::{Mutex, TryLockError},
    time::{Duration, Instant},
};

use wsproto::{Deadline, Driver, ReadBuffer, Transport};

use super::Shared;
use crate::{
    CloneStream, Error,
    link::{DROP_AFTER, Step, write_limit},
    reading::{Filled, Reading, lock},
    time::{Limit, is_timeout},
};

/// How many bytes are copied out of the queue for a write.
const WRITE_LEN: usize = 64 << 10;

/// The state of the thread that reads.
pub(super) struct ReadSide<S> {
    stream: S,
    pub(super) buffer: ReadBuffer,
    limit: Limit,
    /// The error of this thread's own writes; the peer's last bytes are read before it is reported.
    write_error: Option<io::Error>,
}

impl<S> ReadSide<S> {
    pub(super) fn new(stream: S, buffer: ReadBuffer, limit: Limit) -> Self {
        Self { stream, buffer, limit, write_error: None }
    }
}

/// The state of the thread that writes.
pub(super) struct WriteSide<S> {
    stream: S,
    limit: Limit,
    /// How long a write may stall; `None` without a limit.
    patience: Option<Duration>,
    /// A copy of the bytes that are being written: the queue may grow meanwhile.
    copied: Vec<u8>,
}

impl<S> WriteSide<S> {
    pub(super) const fn new(stream: S, limit: Limit, patience: Option<Duration>) -> Self {
        Self { stream, limit, patience, copied: Vec::new() }
    }
}

impl<S: Write> WriteSide<S> {
    /// Writes once, or flushes the stream if everything is written; then it returns no length.
    fn write(&mut self) -> io::Result<Option<usize>> {
        if self.copied.is_empty() {
            return self.stream.flush().map(|()| None);
        }
        match self.stream.write(&self.copied)? {
            0 => Err(io::ErrorKind::WriteZero.into()),
            len => Ok(Some(len)),
        }
    }
}

impl<S: CloneStream> Shared<S> {
    /// Finds the next event. It writes what is queued before it waits, unless another thread does.
    pub(super) fn step(&self, read: &mut ReadSide<S>, until: Option<Instant>) -> Result<Step, Error> {
        if lock(&self.progress).over {
            return Ok(Step::Over);
        }
        let outcome = self.next_event(read, until);
        match &outcome {
            Ok(Step::Found | Step::Later) => {}
            Err(Error::Io(error)) if is_timeout(error) => {}
            Ok(Step::Over) | Err(_) => {
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
                return read.write_error.take().map_or(Ok(Step::Over), |error| Err(error.into()));
            }
            match self.try_flush(Some(&mut *read)) {
                Err(Error::Io(error)) if !is_timeout(&error) => {
                    read.write_error.get_or_insert(error);
                }
                // Lost output was reported before; a deadline is found again; another thread reports its own time-out.
                Ok(()) | Err(_) => {}
            }
            let outcome = match self.reading(read).fill(until)? {
                Filled::Bytes => continue,
                Filled::Due(now) => match self.act(now) {
                    Ok(()) => continue,
                    late => late,
                },
                Filled::Later => return Ok(Step::Later),
                Filled::End(error) => lock(&self.driver).read_ended(error, self.clock.now()),
            };
            // If another thread has met a deadline, that deadline ended the stream.
            let outcome = self.expired().map_or(outcome, |deadline| Err(deadline.into()));
            match (outcome, read.write_error.take()) {
                // The first error is the reason.
                (Err(Error::Io(_) | Error::TimedOut(_)), Some(error)) => return Err(error.into()),
                (outcome, _) => outcome?,
            }
        }
    }

    /// Returns the parts that a read needs.
    fn reading<'a>(&'a self, read: &'a mut ReadSide<S>) -> Reading<'a, S, &'a Mutex<Driver>> {
        let ReadSide { stream, buffer, limit, .. } = read;
        Reading { stream, buffer, limit, driver: &self.driver, clock: self.clock }
    }

    /// Handles what is due. A deadline that has passed wakes the other threads.
    fn act(&self, now: Duration) -> Result<(), Error> {
        let Some(deadline) = lock(&self.driver).handle_timeout(now) else { return Ok(()) };
        self.wake();
        Err(deadline.into())
    }

    fn wake(&self) {
        let _ = lock(&self.wake).shutdown_both();
    }

    fn expired(&self) -> Option<Deadline> {
        lock(&self.driver).expired()
    }

    /// Writes everything that is queued, after the writes of another thread.
    pub(super) fn flush(&self) -> Result<(), Error> {
        let outcome = self.write_all(&mut lock(&self.write), None);
        let rest = self.try_flush(None);
        outcome.and(rest)
    }

    /// Writes everything that is queued, unless another thread is writing: then that thread writes it.
    fn try_flush(&self, mut read: Option<&mut ReadSide<S>>) -> Result<(), Error> {
        let mut outcome = Ok(());
        // Frames that another thread queues during a write are found after it.
        while outcome.is_ok() && self.has_to_write() {
            let mut write = match self.write.try_lock() {
                Ok(write) => write,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return Ok(()),
            };
            outcome = self.write_all(&mut write, read.as_deref_mut());
        }
        // Waiting threads check the queue under this lock, so they can't miss the notification.
        drop(lock(&self.progress));
        self.changed.notify_all();
        outcome
    }

    fn has_to_write(&self) -> bool {
        let driver = lock(&self.driver);
        driver.has_output() && driver.expired().is_none()
    }

    /// Writes everything, and flushes the stream; `read` is the reading side, if this is the thread that reads.
    fn write_all(&self, write: &mut WriteSide<S>, mut read: Option<&mut ReadSide<S>>) -> Result<(), Error> {
        let mut is_exact = false;
        loop {
            let (now, due, limit, is_open) = {
                let driver = lock(&self.driver);
                let expired = driver.expired();
                if expired.is_some() || !driver.has_output() {
                    // After a deadline, queued bytes are never written; lost bytes aren't either.
                    let is_lost = driver.has_output() || driver.has_lost_output();
                    return if is_lost { Err(expired.map_or(Error::Closed, Error::from)) } else { Ok(()) };
                }
                let first = driver.output().first();
                write.copied.clear();
                write.copied.extend_from_slice(first.get(..WRITE_LEN).unwrap_or(first));
                let now = self.clock.now();
                let limit = write_limit(&driver, now, write.patience);
                (now, driver.poll_timeout(), limit, driver.transport() == Transport::KeepOpen)
            };
            write.limit.set(limit, is_exact, |limit| write.stream.set_write_timeout(limit))?;
            let started = Instant::now();
            let error = match write.write() {
                Ok(len) => {
                    let mut driver = lock(&self.driver);
                    match len {
                        None => driver.flushed(self.clock.now()),
                        // If another thread has ended the connection meanwhile, nothing is queued.
                        Some(len) => driver.buffered(len, self.clock.now()),
                    }
                    continue;
                }
                Err(error) => error,
            };
            if error.kind() == io::ErrorKind::Interrupted {
                continue;
            }
            if !is_timeout(&error) {
                let is_fault = lock(&self.driver).write_failed(self.clock.now());
                return Err(match self.expired() {
                    Some(deadline) => deadline.into(),
                    None if is_fault => error.into(),
                    None => Error::Closed,
                });
            }
            if write.copied.is_empty() {
                lock(&self.driver).flush_blocked(now);
            }
            is_exact = true;
            let is_due = due.is_some_and(|due| due <= self.clock.now());
            if !is_due && write.limit.was_ignored(started.elapsed()) {
                return Err(error.into());
            }
            if is_due || !is_open {
                self.act_in_write(read.as_deref_mut())?;
            }
        }
    }

    /// Handles what is due while a write waits. If no thread reads, bytes of the peer may show that it lives.
    fn act_in_write(&self, read: Option<&mut ReadSide<S>>) -> Result<(), Error> {
        match read {
            Some(read) => self.reading(read).fill_in_write()?,
            None => {
                if let Ok(mut read) = self.read.try_lock() {
                    self.reading(&mut read).fill_in_write()?;
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
        self.await_written(read);
        if lock(&self.driver).transport() == Transport::ShutdownWrite {
            let _ = read.stream.shutdown_write();
            lock(&self.driver).write_ended();
        }
        let _ = self.reading(read).await_end();
        // A write that still blocks can't reach the peer any more.
        self.wake();
        lock(&self.driver).ended();
    }

    /// Waits until any thread has written everything that is queued, at most until a deadline. Incoming bytes are
    /// dropped: the peer may not read before it can write.
    fn await_written(&self, read: &mut ReadSide<S>) {
        loop {
            let _ = self.try_flush(Some(&mut *read));
            let progress = lock(&self.progress);
            if !self.has_to_write() {
                return;
            }
            let due = lock(&self.driver).poll_timeout();
            let now = self.clock.now();
            match due {
                Some(due) if due <= now => {
                    drop(progress);
                    if self.act(now).is_err() {
                        return;
                    }
                }
                Some(due) => {
                    drop(self.changed.wait_timeout(progress, due.saturating_sub(now).min(DROP_AFTER)));
                    let _ = self.reading(read).fill_in_write();
                }
                None => drop(self.changed.wait(progress)),
            }
        }
    }

    /// Waits until the reading half has reached the end; reads to the end if that half was dropped.
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
