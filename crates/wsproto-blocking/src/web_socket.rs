//! An open WebSocket: it sends and receives messages.

use std::{
    task::Poll,
    time::{Duration, Instant},
};

use wsproto::{
    Bytes, CloseCode, CloseReport, Connection, Counters, Event, Message, Ping, PreparedMessage, ReadBuffer,
};

use crate::{
    Error, Settings, Stream,
    link::{Link, Step},
    time::{Clock, is_timeout},
};

/// An open WebSocket over a stream.
///
/// [`accept`](crate::accept()) and [`connect`](crate::connect()) return one. Each call blocks until it is done, or
/// until a [deadline](Settings::timeouts) passes.
///
/// ```
/// use std::{net::{TcpListener, TcpStream}, thread};
/// use wsproto_blocking::{CloseCode, Config, Message, accept, connect};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let url = format!("ws://{}/", listener.local_addr()?);
/// let server = thread::spawn(move || -> Result<(), wsproto_blocking::Error> {
///     let mut ws = accept(listener.accept()?.0, Config::default())?;
///     while let Some(message) = ws.read()? {
///         ws.send(message)?;
///     }
///     Ok(())
/// });
///
/// let mut ws = connect(&url)?;
/// ws.send("hello")?;
/// assert_eq!(ws.read()?, Some(Message::from("hello")));
/// assert!(ws.close(CloseCode::NORMAL, "")?.clean);
/// # server.join().unwrap()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # What each call does
///
/// A call that reads answers Pings and Close, sends the Pings of [`KeepAlive`](wsproto::KeepAlive), and writes what is
/// queued before it waits. A blocking call can't check for incoming bytes without waiting. So a program that only sends
/// answers no Ping, and sees a Close only when it reads. If your program has nothing to read for a while, call
/// [`read_for`](Self::read_for) now and then, or [`split`](Self::split) the WebSocket and read in another thread.
///
/// If both ends only write, both stop when the buffers of the system are full. [`Timeouts::write`](wsproto::Timeouts)
/// ends that with an error: it bounds the time in which the peer takes nothing.
///
/// Dropping a WebSocket closes the stream without a Close; queued bytes are lost.
///
/// # Streams that don't block
///
/// A stream may return [`WouldBlock`](std::io::ErrorKind::WouldBlock) because it doesn't block, or because the program
/// has set a time-out on it. Then a call returns that error, and nothing is lost: call it again to go on. A message to
/// send is queued by then, and must not be sent again: call [`flush`](Self::flush). Only [`feed`](Self::feed) returns
/// the error without queueing the message. While a deadline runs, the WebSocket sets the stream's time-outs.
#[derive(Debug)]
pub struct WebSocket<S> {
    pub(crate) link: Link<S>,
    pub(crate) high_water: usize,
}

impl<S: Stream> WebSocket<S> {
    /// Makes a WebSocket after an opening handshake elsewhere, with the bytes that were read after it.
    ///
    /// ```
    /// use std::io::Cursor;
    /// use wsproto_blocking::{Config, Connection, Message, NoTimeouts, Settings, WebSocket};
    ///
    /// let connection = Connection::open_client(Config::default());
    /// let stream = NoTimeouts(Cursor::new(Vec::new()));
    /// let mut ws = WebSocket::from_upgraded(stream, connection, *b"\x81\x05Hello", &Settings::default());
    /// assert_eq!(ws.read()?, Some(Message::from("Hello")));
    /// # Ok::<(), wsproto_blocking::Error>(())
    /// ```
    pub fn from_upgraded(
        stream: S,
        connection: Connection,
        unread: impl Into<Vec<u8>>,
        settings: &Settings,
    ) -> Self {
        let clock = Clock::new(*settings.timeouts != wsproto::Timeouts::default());
        let buffer = ReadBuffer::messages().with_unread(unread);
        Self::new(Link::new(stream, connection, buffer, settings, clock), settings)
    }

    pub(crate) const fn new(link: Link<S>, settings: &Settings) -> Self {
        Self { link, high_water: settings.high_water }
    }

    /// Returns the next message, or `None` after the end of the connection.
    ///
    /// It waits without a limit. Pings and Pongs are skipped. A Close is answered, and then the call waits for the end
    /// of the stream; [`close_report`](Self::close_report) says how it ended.
    ///
    /// # Errors
    ///
    /// - [`Error::Remote`] if the peer broke a rule: we told the peer which one, and closed the stream.
    /// - [`Error::TimedOut`] if a deadline passed.
    /// - [`Error::Io`] if the stream failed; its kind is [`UnexpectedEof`](std::io::ErrorKind::UnexpectedEof) if the
    ///   peer left without a Close.
    ///
    /// After an error, the next call returns `None`.
    pub fn read(&mut self) -> Result<Option<Message>, Error> {
        loop {
            match self.link.step(None)? {
                Step::Found => {
                    if let Some(Ok(message)) = self.link.buffer.take_event().map(Message::try_from) {
                        return Ok(Some(message));
                    }
                }
                Step::Over | Step::Later => return Ok(None),
            }
        }
    }

    /// Returns the next message if it comes within `limit`, and `Pending` if not: for a program with other work.
    ///
    /// It first writes what is queued; the limit counts after that. An incomplete message isn't lost. `Ready(None)` is
    /// the end. With a limit of zero it waits for a millisecond.
    ///
    /// ```no_run
    /// use std::{task::Poll, time::Duration};
    /// # fn next_job() -> Option<String> { None }
    /// let mut ws = wsproto_blocking::connect("ws://localhost:9001/")?;
    /// loop {
    ///     match ws.read_for(Duration::from_millis(100))? {
    ///         Poll::Ready(Some(message)) => println!("{message:?}"),
    ///         Poll::Ready(None) => break,
    ///         Poll::Pending => {
    ///             if let Some(job) = next_job() {
    ///                 ws.send(job)?;
    ///             }
    ///         }
    ///     }
    /// }
    /// # Ok::<(), wsproto_blocking::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    pub fn read_for(&mut self, limit: Duration) -> Result<Poll<Option<Message>>, Error> {
        // A limit beyond the end of the clock counts as none.
        let until = Instant::now().checked_add(limit);
        loop {
            match self.link.step(until)? {
                Step::Found => {
                    if let Some(Ok(message)) = self.link.buffer.take_event().map(Message::try_from) {
                        return Ok(Poll::Ready(Some(message)));
                    }
                }
                Step::Over => return Ok(Poll::Ready(None)),
                Step::Later => return Ok(Poll::Pending),
            }
        }
    }

    /// Returns the next event, borrowed from the read buffer: a message without a copy, a Ping, a Pong, or the peer's
    /// Close.
    ///
    /// Returns `None` after the end of the connection. Pings and Close are answered before they are returned.
    ///
    /// ```
    /// # use std::io::Cursor;
    /// # use wsproto_blocking::{Config, Connection, NoTimeouts, Settings, WebSocket};
    /// use wsproto_blocking::Event;
    ///
    /// # let connection = Connection::open_client(Config::default());
    /// # let stream = NoTimeouts(Cursor::new(Vec::new()));
    /// # let unread = *b"\x81\x05Hello\x88\x00";
    /// # let mut ws = WebSocket::from_upgraded(stream, connection, unread, &Settings::default());
    /// let mut len = 0;
    /// while let Some(event) = ws.next()? {
    ///     if let Event::TextMessage(message) = event {
    ///         len += message.data.len();
    ///     }
    /// }
    /// assert_eq!(len, 5);
    /// # Ok::<(), wsproto_blocking::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    #[expect(clippy::should_implement_trait, reason = "an iterator can't lend")]
    pub fn next(&mut self) -> Result<Option<Event<'_>>, Error> {
        match self.link.step(None)? {
            Step::Found => Ok(self.link.buffer.event()),
            Step::Over | Step::Later => Ok(None),
        }
    }

    /// Sends a message: writes it, and everything that was queued before.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if the connection is closed or closing, or becomes so before the message is written. Also
    /// [`Error::TimedOut`] and [`Error::Io`]. If the peer is gone, its last messages can still be [read](Self::read).
    pub fn send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        self.queue(&message.into())?;
        self.link.flush()
    }

    /// Queues a message. The next call that writes or waits writes it, so a loop of `read` and `feed` makes one write
    /// for each read. Above [`high_water`](Settings::high_water), `feed` itself writes what is queued.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send). With a stream that doesn't block, `WouldBlock` means that too many bytes wait:
    /// nothing was queued.
    pub fn feed(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        self.make_room()?;
        self.queue(&message.into())?;
        self.flush_high()
    }

    /// Queues an event unchanged, as [`feed`](Self::feed) queues a message.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    pub fn feed_event<'e>(&mut self, event: impl Into<Event<'e>>) -> Result<(), Error> {
        self.make_room()?;
        self.link.driver.send(event, self.link.clock.now())?;
        self.flush_high()
    }

    /// Queues a message that was prepared for many connections, as [`feed`](Self::feed) does.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    pub fn feed_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        self.make_room()?;
        self.link.driver.send_prepared(message, self.link.clock.now())?;
        self.flush_high()
    }

    /// Writes what is queued if it leaves no room: that happens only with a stream that doesn't block.
    fn make_room(&mut self) -> Result<(), Error> {
        if self.link.driver.queued() > self.high_water { self.link.flush() } else { Ok(()) }
    }

    /// Writes what is queued if it is too much now. The message is queued, so a stream that can't take it yet is no
    /// error.
    fn flush_high(&mut self) -> Result<(), Error> {
        match self.make_room() {
            Err(Error::Io(error)) if is_timeout(&error) => Ok(()),
            outcome => outcome,
        }
    }

    fn queue(&mut self, message: &Message) -> Result<(), Error> {
        Ok(self.link.driver.send_message(message, self.link.clock.now())?)
    }

    /// Sends an event unchanged: a fragment, a Pong, a message that extensions must not change.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    pub fn send_event<'e>(&mut self, event: impl Into<Event<'e>>) -> Result<(), Error> {
        self.link.driver.send(event, self.link.clock.now())?;
        self.link.flush()
    }

    /// Sends a message that was prepared for many connections.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    pub fn send_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        self.link.driver.send_prepared(message, self.link.clock.now())?;
        self.link.flush()
    }

    /// Sends a Ping with a payload of at most 125 bytes. [`next`](Self::next) returns its Pong.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.send_event(Ping::new(payload))
    }

    /// Writes everything that is queued.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    pub fn flush(&mut self) -> Result<(), Error> {
        self.link.flush()
    }

    /// Closes the connection: sends a Close, and reads to the peer's Close and to the end of the stream; messages until
    /// then are dropped.
    ///
    /// Returns how the connection ended. [`Timeouts::close`](wsproto::Timeouts) bounds the whole call, except over
    /// [`NoTimeouts`](crate::NoTimeouts): there it waits as long as the peer is silent. If the closing
    /// handshake is under way, the call continues it, and sends no second Close. At most 123 bytes of the reason are
    /// sent. A peer that doesn't close properly is no error: see [`clean`](CloseReport::clean) of the report.
    ///
    /// # Errors
    ///
    /// [`Error::Local`] for a code that no Close can carry: nothing was sent. A time-out of the stream itself: call it
    /// again.
    ///
    /// RFC 6455 [§7.1.1](https://www.rfc-editor.org/rfc/rfc6455#section-7.1.1)
    pub fn close(&mut self, code: CloseCode, reason: &str) -> Result<CloseReport, Error> {
        self.link.driver.close(code, reason, self.link.clock.now())?;
        loop {
            match self.link.step(None) {
                Ok(Step::Found) => {}
                Err(Error::Io(error)) if is_timeout(&error) => return Err(error.into()),
                Ok(Step::Over | Step::Later) | Err(_) => return Ok(self.close_report()),
            }
        }
    }

    /// Frees the memory that an idle connection doesn't need, above all that of compression: see
    /// [`Connection::park`](wsproto::Connection::park). A Ping of keepalive does so by itself, unless messages were
    /// sent since the Ping before it.
    pub fn park(&mut self) {
        self.link.driver.park();
    }

    /// Returns how the connection ends, as far as is known now.
    #[must_use]
    pub fn close_report(&self) -> CloseReport {
        self.link.driver.close_report()
    }
}

impl<S> WebSocket<S> {
    /// Returns the connection: its state, its subprotocol and extensions.
    #[must_use]
    pub const fn connection(&self) -> &Connection {
        self.link.driver.connection()
    }

    /// Returns the subprotocol in use, if one was agreed.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.connection().subprotocol()
    }

    /// Returns the counters so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.link.driver.counters()
    }

    /// Returns how many bytes are unwritten.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.link.driver.queued()
    }

    /// Frees memory that holds no byte of the peer. The next read allocates 16 KiB again.
    pub fn shrink(&mut self) {
        self.link.buffer.shrink_to(0);
    }

    /// Returns the stream.
    #[must_use]
    pub const fn get_ref(&self) -> &S {
        &self.link.stream
    }

    /// Returns the stream. The WebSocket loses bytes that the program reads from it.
    #[must_use]
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.link.stream
    }

    /// Returns the stream, and the bytes that were read but not taken. Queued bytes are lost.
    #[must_use]
    pub fn into_parts(self) -> (S, Bytes) {
        (self.link.stream, self.link.buffer.into_unread())
    }
}
