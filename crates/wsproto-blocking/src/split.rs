//! One WebSocket in several threads: one half reads, the others write.

mod io;

use std::{
    fmt,
    sync::{Arc, Condvar, Mutex},
    task::Poll,
    time::{Duration, Instant},
};

use wsproto::{
    CloseCode, CloseReport, Counters, Driver, Event, LocalProtocolError, Message, Ping, PreparedMessage,
};

use self::io::{ReadSide, WriteSide};
use crate::{CloneStream, Error, WebSocket, link::Step, reading::lock, time::Clock};

impl<S: CloneStream> WebSocket<S> {
    /// Splits the WebSocket into a half that reads and one that writes, for two threads.
    ///
    /// The reading half answers Pings and Close, sends keepalive's Pings, and ends the stream. So read from it until it
    /// returns `None`. It goes on while a send blocks; its own answers follow that send. The writing half can be cloned
    /// for many threads; each message is sent as a whole. The thread that sends writes the queued frames, or the thread
    /// that is writing at that time. The stream must block.
    ///
    /// ```
    /// # use std::{net::TcpListener, thread};
    /// # use wsproto_blocking::{CloseCode, Error, Settings, accept, connect};
    /// # let listener = TcpListener::bind("127.0.0.1:0")?;
    /// # let url = format!("ws://{}/", listener.local_addr()?);
    /// # let server = thread::spawn(move || -> Result<(), Error> {
    /// #     let mut ws = accept(listener.accept()?.0, Settings::default())?;
    /// #     while let Some(message) = ws.read()? { ws.send(message)?; }
    /// #     Ok(())
    /// # });
    /// let (mut reader, writer) = connect(&url)?.split()?;
    /// let reading = thread::spawn(move || -> Result<usize, Error> {
    ///     let mut count = 0;
    ///     while reader.read()?.is_some() {
    ///         count += 1;
    ///     }
    ///     Ok(count)
    /// });
    /// for n in 0..10 {
    ///     writer.send(format!("{n}"))?;
    /// }
    /// # thread::sleep(std::time::Duration::from_millis(50));
    /// assert!(writer.close(CloseCode::NORMAL, "")?.clean);
    /// assert_eq!(reading.join().unwrap()?, 10);
    /// # server.join().unwrap()?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the stream can't have a second handle; then the connection is lost.
    pub fn split(self) -> Result<(Reader<S>, Writer<S>), Error> {
        let link = self.link;
        let write = WriteSide::new(link.stream.clone_stream()?, link.write_limit, link.patience);
        let wake = link.stream.clone_stream()?;
        let over = link.over;
        let shared = Arc::new(Shared {
            driver: Mutex::new(link.driver),
            write: Mutex::new(write),
            read: Mutex::new(ReadSide::new(link.stream, link.buffer, link.read_limit)),
            wake: Mutex::new(wake),
            progress: Mutex::new(Progress { over, reader_gone: false }),
            changed: Condvar::new(),
            clock: link.clock,
            high_water: self.high_water,
        });
        Ok((Reader { shared: shared.clone() }, Writer { shared }))
    }
}

/// The state of both halves. Lock the fields in their order, except `progress`, which comes before `driver`. `driver`
/// is never locked while a call blocks.
struct Shared<S> {
    /// Held while reading: by the reading half, or, if that half is gone, by a closing writer.
    read: Mutex<ReadSide<S>>,
    /// Held while writing.
    write: Mutex<WriteSide<S>>,
    driver: Mutex<Driver>,
    /// A handle to end the stream with, so that blocked calls return.
    wake: Mutex<S>,
    progress: Mutex<Progress>,
    /// Signals that `progress` has changed, or that everything queued is written.
    changed: Condvar,
    clock: Clock,
    high_water: usize,
}

struct Progress {
    /// Whether the end or an error was returned.
    over: bool,
    reader_gone: bool,
}

/// The half of a WebSocket that reads; [`WebSocket::split`] makes it.
///
/// Dropping it leaves the connection open, but Pings are no longer answered.
pub struct Reader<S: CloneStream> {
    shared: Arc<Shared<S>>,
}

impl<S: CloneStream> Reader<S> {
    /// Returns the next message, or `None` after the end of the connection, as [`WebSocket::read`] does.
    ///
    /// # Errors
    ///
    /// As for [`WebSocket::read`].
    pub fn read(&mut self) -> Result<Option<Message>, Error> {
        match self.message(None)? {
            Poll::Ready(message) => Ok(message),
            Poll::Pending => Ok(None),
        }
    }

    /// Returns the next message if it comes within `limit`, as [`WebSocket::read_for`] does.
    ///
    /// # Errors
    ///
    /// As for [`WebSocket::read_for`].
    pub fn read_for(&mut self, limit: Duration) -> Result<Poll<Option<Message>>, Error> {
        self.message(Instant::now().checked_add(limit))
    }

    fn message(&self, until: Option<Instant>) -> Result<Poll<Option<Message>>, Error> {
        let mut read = lock(&self.shared.read);
        loop {
            match self.shared.step(&mut read, until)? {
                Step::Found => {
                    if let Some(Ok(message)) = read.buffer.take_event().map(Message::try_from) {
                        return Ok(Poll::Ready(Some(message)));
                    }
                }
                Step::Over => return Ok(Poll::Ready(None)),
                Step::Later => return Ok(Poll::Pending),
            }
        }
    }

    /// Frees the memory that an idle connection doesn't need: see [`WebSocket::park`].
    pub fn park(&self) {
        lock(&self.shared.driver).park();
    }

    /// Returns how the connection ends, as far as is known now.
    #[must_use]
    pub fn close_report(&self) -> CloseReport {
        lock(&self.shared.driver).close_report()
    }
}

/// Shows the state of the connection, and nothing that a peer sent.
impl<S: CloneStream> fmt::Debug for Reader<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reader").field(&*lock(&self.shared.driver)).finish()
    }
}

impl<S: CloneStream> Drop for Reader<S> {
    fn drop(&mut self) {
        lock(&self.shared.progress).reader_gone = true;
        self.shared.changed.notify_all();
    }
}

/// A half of a WebSocket that writes; [`WebSocket::split`] makes it, and it can be cloned.
pub struct Writer<S: CloneStream> {
    shared: Arc<Shared<S>>,
}

impl<S: CloneStream> Clone for Writer<S> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

/// Shows the state of the connection, and nothing that a peer sent.
impl<S: CloneStream> fmt::Debug for Writer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Writer").field(&*lock(&self.shared.driver)).finish()
    }
}

impl<S: CloneStream> Writer<S> {
    /// Sends a message: writes it, and everything that was queued before.
    ///
    /// # Errors
    ///
    /// As for [`WebSocket::send`].
    pub fn send(&self, message: impl Into<Message>) -> Result<(), Error> {
        let message = message.into();
        self.queue(|driver, now| driver.send_message(&message, now))?;
        self.flush()
    }

    /// Queues a message, as [`WebSocket::feed`] does. A reading half that is waiting doesn't write it: call
    /// [`flush`](Self::flush) after the last message.
    ///
    /// # Errors
    ///
    /// As for [`WebSocket::send`].
    pub fn feed(&self, message: impl Into<Message>) -> Result<(), Error> {
        let message = message.into();
        let queued = self.queue(|driver, now| driver.send_message(&message, now))?;
        if queued > self.shared.high_water { self.flush() } else { Ok(()) }
    }

    /// Sends an event unchanged, as [`WebSocket::send_event`] does.
    ///
    /// # Errors
    ///
    /// As for [`WebSocket::send`].
    pub fn send_event<'e>(&self, event: impl Into<Event<'e>>) -> Result<(), Error> {
        self.queue(|driver, now| driver.send(event, now))?;
        self.flush()
    }

    /// Sends a message that was prepared for many connections.
    ///
    /// # Errors
    ///
    /// As for [`WebSocket::send`].
    pub fn send_prepared(&self, message: &PreparedMessage) -> Result<(), Error> {
        self.queue(|driver, now| driver.send_prepared(message, now))?;
        self.flush()
    }

    /// Sends a Ping with a payload of at most 125 bytes.
    ///
    /// # Errors
    ///
    /// As for [`WebSocket::send`].
    pub fn ping(&self, payload: &[u8]) -> Result<(), Error> {
        self.send_event(Ping::new(payload))
    }

    /// Writes everything that is queued.
    ///
    /// # Errors
    ///
    /// As for [`WebSocket::send`].
    pub fn flush(&self) -> Result<(), Error> {
        self.shared.flush()
    }

    fn queue(
        &self,
        queue: impl FnOnce(&mut Driver, Duration) -> Result<(), LocalProtocolError>,
    ) -> Result<usize, Error> {
        let mut driver = lock(&self.shared.driver);
        queue(&mut driver, self.shared.clock.now())?;
        Ok(driver.queued())
    }

    /// Closes the connection as [`WebSocket::close`] does, and waits until the reading half has reached the end. The
    /// reading half still returns the messages before the end. If it was dropped, this call reads to the end itself.
    ///
    /// # Errors
    ///
    /// [`Error::Local`] for a code that no Close can carry: nothing was sent.
    pub fn close(&self, code: CloseCode, reason: &str) -> Result<CloseReport, Error> {
        self.queue(|driver, now| driver.close(code, reason, now))?;
        // If it can't be written, the end shows the error.
        let _ = self.flush();
        self.shared.await_over();
        Ok(lock(&self.shared.driver).close_report())
    }

    /// Frees the memory that an idle connection doesn't need: see [`WebSocket::park`].
    pub fn park(&self) {
        lock(&self.shared.driver).park();
    }

    /// Returns how the connection ends, as far as is known now.
    #[must_use]
    pub fn close_report(&self) -> CloseReport {
        lock(&self.shared.driver).close_report()
    }

    /// Returns the counters so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        lock(&self.shared.driver).counters()
    }
}
