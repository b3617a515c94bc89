//! Moves bytes between a stream and a driver: all the asynchronous work, as functions to poll.

mod calls;
mod read;
mod time;
mod write;

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite};
use wsproto::{
    Bytes, ConnectionState, Driver, LocalProtocolError, ReadBuffer, RemoteProtocolError, Timeouts, Transport,
};

pub(crate) use self::time::Clock;
use crate::{
    Error, error,
    parties::Parties,
    pool,
    trace::{Sent, Trace},
};

/// From this length on, in bytes, an incomplete message keeps the memory that it was read into.
const LONG_LEN: usize = 16 << 10;

/// A stream and the driver of its connection.
///
/// It keeps no state for a future: dropping a future loses nothing, and the next call goes on.
pub(crate) struct Pump<S> {
    pub(crate) io: S,
    pub(crate) driver: Driver,
    /// Bytes that were read but not taken; `None` while no byte of the peer waits.
    buffer: Option<Box<ReadBuffer>>,
    /// Reads the clock, and sleeps; only while a time matters.
    pub(crate) clock: Clock,
    /// State that few connections need.
    rare: Option<Box<Rare>>,
    trace: Trace,
    /// How many bytes may wait when one more message is queued; no queue can hold more than 32 bits count.
    high_water: u32,
    pub(crate) stage: Stage,
    /// Whether the buffer holds an event that was found but not taken.
    pub(crate) found: bool,
    /// Whether writing was shut down.
    is_shut_down: bool,
}

#[derive(Default)]
struct Rare {
    /// The error of the connection, for both directions to report.
    failure: Option<Failure>,
    /// The tasks that wait for it, where it has one owner and several tasks poll it.
    parties: Option<Arc<Parties>>,
}

struct Failure {
    error: Error,
    /// Whether receiving has reported the error.
    is_told: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stage {
    /// Bytes go both ways.
    Running,
    /// Writing has failed; the last bytes of the peer may still be read.
    WriteFailed,
    /// Nothing is read or written any more.
    Over,
}

/// The goal of a wait.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Goal {
    /// Bytes of the peer to look at, or the end of the connection.
    Bytes,
    /// Few enough unwritten bytes that one more message may be queued.
    Room,
    /// No unwritten bytes.
    Written,
    /// The end of the connection; messages until then are dropped.
    End,
}

impl<S> Pump<S> {
    pub(crate) fn new(io: S, driver: Driver, high_water: usize) -> Self {
        Self {
            io,
            driver,
            buffer: None,
            clock: Clock::default(),
            rare: None,
            trace: Trace::default(),
            high_water: u32::try_from(high_water).unwrap_or(u32::MAX),
            stage: Stage::Running,
            found: false,
            is_shut_down: false,
        }
    }

    /// Adds deadlines; their clock starts now.
    pub(crate) fn with_timeouts(mut self, timeouts: &Arc<Timeouts>) -> Self {
        self.driver = self.driver.with_timeouts(Arc::clone(timeouts), || self.clock.now());
        self
    }

    /// Adds bytes that were read before.
    pub(crate) fn with_unread(mut self, bytes: &[u8]) -> Self {
        if !bytes.is_empty() {
            // No more memory than the bytes need: they may wait for a long time.
            self.buffer = Some(Box::new(ReadBuffer::messages().with_unread(bytes)));
        }
        self
    }

    /// Returns whether nothing is read or written any more.
    pub(crate) fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// Returns whether everything was received, including the error.
    pub(crate) fn is_done(&self) -> bool {
        self.is_over() && self.failure().is_none_or(|failure| failure.is_told)
    }

    /// Returns whether a deadline has passed, and was not handled yet.
    pub(crate) fn is_late(&mut self) -> bool {
        self.driver.poll_timeout().is_some_and(|at| at <= self.clock.now())
    }

    /// Returns whether the opening handshake has succeeded.
    pub(crate) fn is_open(&self) -> bool {
        use ConnectionState::{Connecting, Rejecting};
        self.failure().is_none() && !matches!(self.driver.connection().state(), Connecting | Rejecting)
    }

    /// Returns whether there are bytes to write or to flush.
    pub(crate) fn has_output(&self) -> bool {
        self.driver.has_output()
    }

    /// Queues something, in memory from the pool.
    pub(crate) fn queue(
        &mut self,
        queue: impl FnOnce(&mut Driver, &mut Clock) -> Result<(), LocalProtocolError>,
    ) -> Result<(), Error> {
        self.lend_output();
        let before = Sent::by(&self.driver);
        let outcome = queue(&mut self.driver, &mut self.clock);
        Trace::sent(&self.driver, before);
        outcome.map_err(|error| match Error::from(error) {
            Error::Closed => self.send_error(),
            error => error,
        })
    }

    #[inline]
    fn lend_output(&mut self) {
        if !self.driver.has_queue() {
            self.driver.lend_queue(pool::output());
        }
    }

    /// Returns the buffer to the pool if nothing waits in it.
    #[inline]
    pub(crate) fn release_empty(&mut self) {
        if !self.found && self.buffer.as_deref().is_some_and(ReadBuffer::is_empty) {
            self.driver.all_seen(&mut self.clock);
            self.drop_buffer();
        }
    }

    /// Records a rule that the peer broke. A request gets its answer; after the handshake, the driver has queued a
    /// Close.
    #[cold]
    pub(crate) fn rule_broken(&mut self, error: RemoteProtocolError) {
        self.drop_buffer();
        // A client can't answer, and some requests can't be answered; then the connection just ends.
        let _ = self.driver.reply_to_error(&error, &mut self.clock);
        self.fail(Error::Remote(error));
    }

    /// Returns all memory to the pool that a waiting connection doesn't need.
    fn release(&mut self) {
        if !self.found {
            self.release_empty();
            self.release_block();
        }
        if let Some(queue) = self.driver.take_queue() {
            pool::give_back_output(queue);
        }
    }

    /// Returns the block of a read to the pool if only the start of a frame waits in it. A long message keeps its
    /// memory, so that it isn't copied again and again while it arrives.
    fn release_block(&mut self) {
        if let Some(buffer) = &mut self.buffer
            && buffer.waiting_len() < LONG_LEN
            && buffer.capacity() > LONG_LEN
        {
            pool::give_back_block(buffer.take_memory());
        }
    }

    #[inline(never)]
    pub(crate) fn drop_buffer(&mut self) {
        if let Some(mut buffer) = self.buffer.take() {
            buffer.clear();
            pool::give_back(buffer);
        }
    }

    fn failure(&self) -> Option<&Failure> {
        self.rare.as_deref()?.failure.as_ref()
    }

    /// Returns the tasks that wait for it, where it has one owner and several tasks poll it.
    pub(crate) fn parties(&self) -> Option<&Arc<Parties>> {
        self.rare.as_deref()?.parties.as_ref()
    }

    /// Returns the tasks that wait for it; from now on several poll it.
    pub(crate) fn parties_mut(&mut self) -> &mut Arc<Parties> {
        self.rare.get_or_insert_default().parties.get_or_insert_default()
    }

    /// Returns whether one more message may be queued.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        self.driver.queued() <= usize::try_from(self.high_water).unwrap_or(usize::MAX)
    }

    /// Records an error; only the first one is kept.
    pub(crate) fn fail(&mut self, error: Error) {
        Trace::failed(&self.driver, &error);
        let failure = &mut self.rare.get_or_insert_default().failure;
        failure.get_or_insert(Failure { error, is_told: false });
    }

    /// Ends the connection at once.
    pub(crate) fn end(&mut self) {
        self.stage = Stage::Over;
        self.trace.progress(&self.driver);
        self.found = false;
        self.clock = Clock::default();
        self.drop_buffer();
        self.driver.ended();
    }

    /// Returns the error to a receiver, once.
    pub(crate) fn tell_error(&mut self) -> Result<(), Error> {
        match self.rare.as_deref_mut().and_then(|rare| rare.failure.as_mut()) {
            Some(failure) if !failure.is_told => {
                failure.is_told = true;
                Err(error::again(&failure.error))
            }
            _ => Ok(()),
        }
    }

    /// Returns the reason why nothing can be sent any more.
    fn send_error(&self) -> Error {
        self.failure().map_or(Error::Closed, |failure| error::again(&failure.error))
    }

    /// Returns whether the peer's bytes are still read as frames.
    fn receives(&self) -> bool {
        use ConnectionState::{Connecting, LocalClosing, Open, Rejecting};
        self.failure().is_none_or(|failure| matches!(failure.error, Error::Io(_)))
            && matches!(self.driver.connection().state(), Connecting | Rejecting | Open | LocalClosing)
    }

    /// Returns the stream, and the bytes that were read but not taken.
    pub(crate) fn into_parts(self) -> (S, Bytes) {
        (self.io, self.buffer.map_or_else(Bytes::new, |buffer| buffer.into_unread()))
    }
}

impl<S: AsyncWrite + Unpin> Pump<S> {
    /// Ends the connection at once, and shuts the stream down as far as that needs no waiting: the program may keep the
    /// stream.
    pub(crate) fn cut(&mut self, cx: &mut Context<'_>) {
        if !self.is_shut_down && self.stage == Stage::Running {
            // An error here has no one left to report it to.
            let _ = Pin::new(&mut self.io).poll_shutdown(cx);
            self.is_shut_down = true;
        }
        self.end();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Pump<S> {
    /// Reads and writes until the goal is reached, or until the connection is over: see [`is_over`](Self::is_over).
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, goal: Goal) -> Poll<()> {
        loop {
            if goal != Goal::Bytes {
                self.find_message(goal);
            }
            if self.is_over() {
                return Poll::Ready(());
            }
            self.trace.progress(&self.driver);
            let written = self.poll_write(cx);
            if self.is_reached(goal) {
                return Poll::Ready(());
            }
            let progress = self.poll_transport(cx, written);
            if self.is_over() {
                return Poll::Ready(());
            }
            let acted = self.poll_time(cx, progress.is_ready());
            if progress.is_ready() && goal == Goal::Bytes {
                return Poll::Ready(());
            }
            if progress.is_pending() && acted.is_pending() {
                self.release();
                return Poll::Pending;
            }
        }
    }

    fn is_reached(&self, goal: Goal) -> bool {
        match goal {
            Goal::Bytes | Goal::End => self.is_over(),
            Goal::Room => self.stage == Stage::WriteFailed || self.has_room(),
            Goal::Written => self.stage == Stage::WriteFailed || !self.has_output(),
        }
    }

    /// Looks for a message in the bytes that were read, and leaves it there for a receiver. Other events are dropped.
    fn find_message(&mut self, goal: Goal) {
        if goal == Goal::End {
            self.found = false;
        }
        while !self.found && self.receives() && self.buffer.is_some() {
            let Some(buffer) = self.buffer.as_deref_mut() else { return };
            match self.driver.advance(buffer, &mut self.clock) {
                Ok(false) => return,
                Ok(true) => self.found = goal != Goal::End && buffer.has_message(),
                Err(error) => self.rule_broken(error),
            }
        }
    }

    /// Follows the driver's instruction for the transport.
    fn poll_transport(&mut self, cx: &mut Context<'_>, written: Poll<()>) -> Poll<()> {
        match self.driver.transport() {
            Transport::KeepOpen if self.found => {
                self.driver.reading_paused();
                Poll::Pending
            }
            Transport::KeepOpen | Transport::AwaitEnd => self.poll_read(cx),
            // The program must act next. In an open connection, this happens only if a Close could not be queued.
            Transport::PauseRead
                if self.failure().is_none()
                    && self.driver.connection().state() == ConnectionState::Connecting =>
            {
                Poll::Pending
            }
            Transport::PauseRead => {
                self.cut(cx);
                Poll::Ready(())
            }
            // A peer that has ended its stream may still read our last bytes.
            Transport::Close if written.is_pending() => Poll::Pending,
            Transport::Close => {
                // A peer that waits for our end gets it now, not when the program drops the stream.
                ready!(self.poll_shutdown(cx));
                self.end();
                Poll::Ready(())
            }
            Transport::ShutdownWrite => {
                if written.is_ready() && self.poll_shutdown(cx).is_ready() {
                    return Poll::Ready(());
                }
                // A peer that writes without reading gets our Close when its writes block, or when it ends its stream.
                self.poll_read(cx)
            }
        }
    }
}
