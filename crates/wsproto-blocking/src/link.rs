//! Runs a driver on a stream: reads, writes, deadlines, the end.

use std::{
    io::{self, IoSlice},
    time::{Duration, Instant},
};

use wsproto::{Connection, ConnectionState, Deadline, Driver, ReadBuffer, Transport};

use crate::{
    Error, Settings, Stream,
    reading::{Filled, Reading},
    time::{Clock, LEAST_LIMIT, Limit, is_timeout, part},
};

/// How many pieces a write takes at most.
const MOST_SLICES: usize = 16;
/// How long a write waits at the end before incoming bytes are read and dropped.
pub(crate) const DROP_AFTER: Duration = Duration::from_millis(20);

/// A driver, a stream and a clock.
#[derive(Debug)]
pub(crate) struct Link<S> {
    pub(crate) stream: S,
    pub(crate) driver: Driver,
    pub(crate) buffer: ReadBuffer,
    pub(crate) clock: Clock,
    pub(crate) read_limit: Limit,
    pub(crate) write_limit: Limit,
    /// How long a write may stall; `None` without a limit.
    pub(crate) patience: Option<Duration>,
    /// The error of writing; the peer's last bytes are read before it is reported.
    write_error: Option<io::Error>,
    /// Whether writing was shut down.
    is_shut_down: bool,
    /// The error to return once the stream is ended.
    fault: Option<Error>,
    /// Whether the end or an error was returned: nothing follows.
    pub(crate) over: bool,
}

/// The result of a step.
pub(crate) enum Step {
    /// An event; the buffer holds it.
    Found,
    /// The end.
    Over,
    /// Nothing within the caller's limit.
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
            write_error: None,
            is_shut_down: false,
            fault: None,
            over: false,
        }
    }

    /// Finds the next event. It writes what is queued before it waits.
    ///
    /// # Errors
    ///
    /// Each error comes once; then the end. Before the connection is open, the caller must still answer an error of the
    /// peer. [`Error::Io`] with a time-out of the stream itself comes each time, and nothing is lost.
    pub(crate) fn step(&mut self, until: Option<Instant>) -> Result<Step, Error> {
        if self.over {
            return Ok(Step::Over);
        }
        let outcome = match self.fault.take() {
            Some(fault) => Err(fault),
            None => self.next_event(until),
        };
        match outcome {
            Ok(Step::Over) => self.over = true,
            Err(Error::Io(error)) if is_timeout(&error) => return Err(error.into()),
            // The caller must still send the rejection.
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
                return self.write_error.take().map_or(Ok(Step::Over), |error| Err(error.into()));
            }
            match self.flush() {
                Err(Error::Io(error)) if !is_timeout(&error) => {
                    self.write_error.get_or_insert(error);
                }
                // Lost output was reported before; the peer's last bytes must still be read.
                Err(Error::Closed) => {}
                outcome => outcome?,
            }
            let outcome = match self.reading().fill(until)? {
                Filled::Bytes => continue,
                Filled::Due(now) => match self.act(now) {
                    Ok(()) => continue,
                    late => late,
                },
                Filled::Later => return Ok(Step::Later),
                Filled::End(error) => self.driver.read_ended(error, self.clock.now()),
            };
            match (outcome, self.write_error.take()) {
                // The first error is the reason.
                (Err(Error::Io(_) | Error::TimedOut(_)), Some(error)) => return Err(error.into()),
                (outcome, _) => outcome?,
            }
        }
    }

    /// Returns the parts that a read needs.
    fn reading(&mut self) -> Reading<'_, S, &mut Driver> {
        let Self { stream, buffer, read_limit: limit, driver, clock, .. } = self;
        Reading { stream, buffer, limit, driver, clock: *clock }
    }

    /// Handles what is due.
    fn act(&mut self, now: Duration) -> Result<(), Error> {
        let Some(deadline) = self.driver.handle_timeout(now) else { return Ok(()) };
        if deadline == Deadline::Handshake {
            // Sends the rejection of a request that took too long, if the stream takes it at once.
            let _ =
                self.write_limit.set(Some(LEAST_LIMIT), true, |limit| self.stream.set_write_timeout(limit));
            let _ = self.stream.write(self.driver.output().first());
            let _ = self.stream.flush();
        }
        Err(deadline.into())
    }

    /// Writes everything that is queued, and flushes the stream.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`] for a deadline, [`Error::Io`] for an error of the stream, [`Error::Closed`] where output is
    /// lost for another reason. After a time-out of the stream itself, unwritten bytes stay queued.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        if let Some(deadline) = self.driver.expired() {
            return Err(deadline.into());
        }
        let mut is_exact = false;
        while self.driver.has_output() {
            let (now, due) = (self.clock.now(), self.driver.poll_timeout());
            let limit = write_limit(&self.driver, now, self.patience);
            self.write_limit.set(limit, is_exact, |limit| self.stream.set_write_timeout(limit))?;
            let started = Instant::now();
            match self.write() {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_timeout(&error) => {
                    if self.driver.queued() == 0 {
                        self.driver.flush_blocked(now);
                    }
                    let is_due = due.is_some_and(|due| due <= self.clock.now());
                    if !is_due && self.write_limit.was_ignored(started.elapsed()) {
                        return Err(error.into());
                    }
                    if is_due || self.driver.transport() != Transport::KeepOpen {
                        self.act_in_write()?;
                    }
                    is_exact = true;
                }
                Err(error) => {
                    let is_fault = self.driver.write_failed(self.clock.now());
                    return Err(if is_fault { error.into() } else { Error::Closed });
                }
            }
        }
        if self.driver.has_lost_output() { Err(Error::Closed) } else { Ok(()) }
    }

    /// Writes once, or flushes the stream if everything is written.
    fn write(&mut self) -> io::Result<()> {
        if self.driver.queued() == 0 {
            self.stream.flush()?;
            self.driver.flushed(self.clock.now());
            return Ok(());
        }
        let mut slices = [IoSlice::new(&[]); MOST_SLICES];
        let count = self.driver.output().slices(&mut slices);
        match self.stream.write_vectored(slices.get(..count).unwrap_or_default())? {
            0 => Err(io::ErrorKind::WriteZero.into()),
            len => {
                self.driver.buffered(len, self.clock.now());
                Ok(())
            }
        }
    }

    /// Handles what is due while a write waits.
    fn act_in_write(&mut self) -> Result<(), Error> {
        self.reading().fill_in_write()?;
        let now = self.clock.now();
        if self.driver.poll_timeout().is_some_and(|due| due <= now) {
            self.act(now)?;
        }
        Ok(())
    }

    /// Ends the stream as RFC 6455 §7.1.1 says: writes what is queued, shuts down writing, reads to the peer's end. A
    /// failure here is an end, too.
    ///
    /// # Errors
    ///
    /// A time-out of the stream itself: call it again.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        if let Err(Error::Io(error)) = self.flush()
            && is_timeout(&error)
        {
            return Err(error);
        }
        if self.driver.transport() == Transport::ShutdownWrite {
            self.shutdown_write();
            self.driver.write_ended();
        }
        self.reading().await_end()?;
        // The program may keep the stream, so the peer must get our end now.
        self.shutdown_write();
        self.driver.ended();
        Ok(())
    }

    fn shutdown_write(&mut self) {
        if !self.is_shut_down {
            self.is_shut_down = true;
            // A stream may have last bytes of its own, as TLS has: they must not wait longer than the deadline.
            let due = self.driver.poll_timeout().map(|due| due.saturating_sub(self.clock.now()));
            let limit = if self.driver.expired().is_some() { Some(LEAST_LIMIT) } else { due };
            let _ = self.write_limit.set(limit, true, |limit| self.stream.set_write_timeout(limit));
            let _ = self.stream.shutdown_write();
        }
    }
}

/// Returns how long a write may block before a deadline passes or a timer is due.
pub(crate) fn write_limit(driver: &Driver, now: Duration, patience: Option<Duration>) -> Option<Duration> {
    let due_in = driver.poll_timeout().map(|due| due.saturating_sub(now));
    // A call that wrote a part doesn't say when, so no call waits for most of the limit.
    let quarter = patience.map(|patience| part(patience, 4));
    let is_ending = due_in.is_some() && driver.transport() != Transport::KeepOpen;
    [due_in, quarter, is_ending.then_some(DROP_AFTER)].into_iter().flatten().min()
}
