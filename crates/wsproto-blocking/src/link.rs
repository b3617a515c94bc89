//! A driver on a stream: reads, writes, deadlines, the end.

use std::{
    io::{self, IoSlice},
    time::{Duration, Instant},
};

use wsproto::{Connection, ConnectionState, Deadline, Driver, Event, ReadBuffer, Transport};

use crate::{
    Error, Settings, Stream,
    time::{Clock, LEAST_LIMIT, Limit, is_timeout, part},
};

/// How many pieces a write takes at most.
const MOST_SLICES: usize = 16;
/// While a write waits, no more is read than this, in bytes, to see whether the peer lives. One that has sent more, and takes
/// nothing, waits for us to read as we wait for it.
pub(crate) const MOST_UNREAD: usize = 64 << 10;

/// A driver, a stream and a clock.
#[derive(Debug)]
pub(crate) struct Link<S> {
    pub(crate) stream: S,
    pub(crate) driver: Driver,
    pub(crate) buffer: ReadBuffer,
    pub(crate) clock: Clock,
    pub(crate) read_limit: Limit,
    pub(crate) write_limit: Limit,
    /// How long a write may stall, if that is limited.
    pub(crate) patience: Option<Duration>,
    /// Whether the stream was written to and not flushed.
    unflushed: bool,
    /// Why nothing more can be written: what the peer said last is read first.
    write_error: Option<io::Error>,
    /// The deadline that has passed: nothing is written any more.
    pub(crate) expired: Option<Deadline>,
    /// Whether the stream is shut down for writing.
    is_shut_down: bool,
    /// What is given once the stream is ended.
    fault: Option<Error>,
    /// Whether the end, or an error, was given: nothing follows.
    pub(crate) over: bool,
}

/// What a step found.
pub(crate) enum Step {
    /// An event, which the buffer holds.
    Found,
    /// The end; with the event that it means, if any.
    Over(Option<Event<'static>>),
    /// Nothing within the caller's limit.
    Later,
}

/// What a read brought.
pub(crate) enum Filled {
    Bytes,
    End,
    /// Something was due, and is done.
    Woken,
    Later,
}

impl<S: Stream> Link<S> {
    pub(crate) fn new(
        stream: S,
        connection: Connection,
        buffer: ReadBuffer,
        settings: &Settings,
        clock: Clock,
    ) -> Self {
        Self {
            stream,
            driver: Driver::new(connection).with_timeouts(settings.timeouts.clone(), clock.now()),
            buffer,
            clock,
            read_limit: Limit::default(),
            write_limit: Limit::default(),
            patience: settings.timeouts.write,
            unflushed: false,
            write_error: None,
            expired: None,
            is_shut_down: false,
            fault: None,
            over: false,
        }
    }

    /// Finds the next event. Before it waits, it writes what is queued.
    ///
    /// # Errors
    ///
    /// Once; then the end. Before the connection is open, an error of the peer is still to be answered. [`Error::Io`]
    /// with a time-out of the stream's own is given as often as it comes, and nothing is lost.
    pub(crate) fn step(&mut self, until: Option<Instant>) -> Result<Step, Error> {
        if self.over {
            return Ok(Step::Over(None));
        }
        let outcome = match self.fault.take() {
            Some(fault) => Err(fault),
            None => self.next_event(until),
        };
        match outcome {
            Ok(Step::Over(_)) => self.over = true,
            Err(Error::Io(error)) if is_timeout(&error) => return Err(error.into()),
            // A rejection is owed.
            Err(Error::Remote(_)) if self.driver.connection().state() == ConnectionState::Connecting => {}
            Err(fault) => {
                if let Err(error) = self.end() {
                    self.fault = Some(fault);
                    return Err(error.into());
                }
                self.over = true;
                return Err(fault);
            }
            Ok(Step::Found | Step::Later) => {}
        }
        outcome
    }

    fn next_event(&mut self, until: Option<Instant>) -> Result<Step, Error> {
        loop {
            if self.driver.advance(&mut self.buffer, self.clock.now())? {
                return Ok(Step::Found);
            }
            if self.driver.transport() != Transport::KeepOpen {
                self.end()?;
                return Ok(Step::Over(None));
            }
            match self.flush() {
                Err(Error::Io(error)) if !is_timeout(&error) => {
                    self.write_error.get_or_insert(error);
                }
                outcome => outcome?,
            }
            match self.fill(until)? {
                Filled::Bytes | Filled::Woken => {}
                Filled::Later => return Ok(Step::Later),
                Filled::End => {
                    let event = self.driver.receive_eof(self.clock.now())?;
                    self.end()?;
                    return match self.write_error.take() {
                        Some(error) if !self.driver.connection().closed_cleanly() => Err(error.into()),
                        _ => Ok(Step::Over(event)),
                    };
                }
            }
        }
    }

    /// Reads once. Deadlines end the wait, and `until` does.
    fn fill(&mut self, until: Option<Instant>) -> Result<Filled, Error> {
        let (mut is_exact, mut has_tried) = (false, false);
        loop {
            let (now, due) = (self.clock.now(), self.driver.poll_timeout());
            if has_tried && due.is_some_and(|due| due <= now) {
                return self.act(now);
            }
            let started = Instant::now();
            let left = until.map(|until| until.saturating_duration_since(started));
            let due_in = due.map(|due| due.saturating_sub(now));
            let limit = due_in.into_iter().chain(left).min();
            self.read_limit.set(limit, is_exact, |limit| self.stream.set_read_timeout(limit))?;
            match self.stream.read(self.buffer.room()) {
                Ok(0) => return Ok(Filled::End),
                Ok(len) => {
                    let now = self.clock.now();
                    self.driver.filled(&mut self.buffer, len, now);
                    let is_due = self.driver.poll_timeout().is_some_and(|due| due <= now);
                    return if is_due { self.act(now) } else { Ok(Filled::Bytes) };
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_timeout(&error) => {
                    has_tried = true;
                    let is_due = due.is_some_and(|due| due <= self.clock.now());
                    if !is_due && until.is_some_and(|until| until <= Instant::now()) {
                        return Ok(Filled::Later);
                    }
                    if !is_due && self.read_limit.was_ignored(started.elapsed()) {
                        return Err(error.into());
                    }
                    is_exact = true;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Does what is due.
    fn act(&mut self, now: Duration) -> Result<Filled, Error> {
        let Some(deadline) = self.driver.handle_timeout(now) else { return Ok(Filled::Woken) };
        if deadline == Deadline::Handshake {
            // The rejection of a request that took too long, if the stream takes it at once.
            let _ =
                self.write_limit.set(Some(LEAST_LIMIT), true, |limit| self.stream.set_write_timeout(limit));
            let _ = self.stream.write(self.driver.output().first());
            let _ = self.stream.flush();
        }
        self.expired = Some(deadline);
        Err(deadline.into())
    }

    /// Writes what is queued, all of it.
    ///
    /// # Errors
    ///
    /// A deadline, or what the stream says. After a time-out of the stream's own, what is left stays queued.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        if let Some(deadline) = self.expired {
            return Err(deadline.into());
        }
        let (mut is_exact, mut stalled) = (false, None);
        while self.driver.queued() > 0 || self.unflushed {
            let (now, due) = (self.clock.now(), self.driver.poll_timeout());
            let due_in = due.map(|due| due.saturating_sub(now));
            // A call that wrote a part doesn't say when: so it never waits for most of the limit.
            let quarter = self.patience.map(|patience| part(patience, 4));
            let limit = due_in.into_iter().chain(quarter).min();
            self.write_limit.set(limit, is_exact, |limit| self.stream.set_write_timeout(limit))?;
            let started = Instant::now();
            match self.write() {
                Ok(()) => stalled = None,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_timeout(&error) => {
                    let now = self.clock.now();
                    if due.is_some_and(|due| due <= now) {
                        self.act_in_write()?;
                    } else if self.write_limit.was_ignored(started.elapsed()) {
                        return Err(error.into());
                    }
                    // What the stream itself holds back is no longer queued, and the driver doesn't count it.
                    let since: &Instant = stalled.get_or_insert(started);
                    if self.driver.queued() == 0
                        && self.patience.is_some_and(|patience| since.elapsed() >= patience)
                    {
                        self.expired = Some(Deadline::Write);
                        return Err(Deadline::Write.into());
                    }
                    is_exact = true;
                }
                Err(error) => {
                    self.unflushed = false;
                    return if self.driver.write_failed() { Err(error.into()) } else { Ok(()) };
                }
            }
        }
        Ok(())
    }

    /// Writes once, or flushes the stream where all is written.
    fn write(&mut self) -> io::Result<()> {
        if self.driver.queued() == 0 {
            self.stream.flush()?;
            self.unflushed = false;
            return Ok(());
        }
        let mut slices = [IoSlice::new(&[]); MOST_SLICES];
        let count = self.driver.output().slices(&mut slices);
        match self.stream.write_vectored(slices.get(..count).unwrap_or_default())? {
            0 => Err(io::ErrorKind::WriteZero.into()),
            len => {
                self.unflushed = true;
                self.driver.written(len, self.clock.now());
                Ok(())
            }
        }
    }

    /// Does what is due while a write waits; what the peer has sent may show that it lives.
    fn act_in_write(&mut self) -> Result<(), Error> {
        if self.driver.transport() == Transport::KeepOpen && self.buffer.unread().len() >= MOST_UNREAD {
            self.driver.reading_paused();
        } else if self.driver.transport() == Transport::KeepOpen {
            self.read_limit.set(Some(LEAST_LIMIT), true, |limit| self.stream.set_read_timeout(limit))?;
            // An error, or the end, is found again by the next read.
            if let Ok(len @ 1..) = self.stream.read(self.buffer.room()) {
                self.driver.filled(&mut self.buffer, len, self.clock.now());
            }
        }
        let now = self.clock.now();
        if self.driver.poll_timeout().is_some_and(|due| due <= now) {
            self.act(now)?;
        }
        Ok(())
    }

    /// Ends the stream as RFC 6455 §7.1.1 wants it: writes what is queued, shuts down writing, reads to the peer's end.
    /// What goes wrong here is the end, too.
    ///
    /// # Errors
    ///
    /// A time-out of the stream's own: call it again.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        // After a deadline, nothing is written any more.
        if self.driver.transport() != Transport::Close
            && let Err(Error::Io(error)) = self.flush()
            && is_timeout(&error)
        {
            return Err(error);
        }
        loop {
            match self.driver.transport() {
                Transport::ShutdownWrite => {
                    self.shutdown_write();
                    self.driver.write_ended();
                }
                Transport::AwaitEnd => match self.fill(None) {
                    Ok(Filled::Bytes | Filled::Woken) => self.buffer.clear(),
                    Ok(Filled::End) => drop(self.driver.receive_eof(self.clock.now())),
                    Err(Error::Io(error)) if is_timeout(&error) => return Err(error),
                    Ok(Filled::Later) | Err(_) => break,
                },
                Transport::KeepOpen | Transport::PauseRead | Transport::Close => break,
            }
        }
        // The program may keep the stream: the peer must not wait for that.
        self.shutdown_write();
        Ok(())
    }

    fn shutdown_write(&mut self) {
        if !self.is_shut_down {
            self.is_shut_down = true;
            // A stream may have last words of its own, as TLS has: they must not wait longer than there is time.
            let due = self.driver.poll_timeout().map(|due| due.saturating_sub(self.clock.now()));
            let limit = if self.expired.is_some() { Some(LEAST_LIMIT) } else { due };
            let _ = self.write_limit.set(limit, true, |limit| self.stream.set_write_timeout(limit));
            let _ = self.stream.shutdown_write();
        }
    }
}
