//! An open WebSocket: messages come and go.

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
/// [`accept`](crate::accept) and [`connect`](crate::connect) make one. Each call blocks until it is done, or until a
/// [deadline](Settings::timeouts) passes.
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
/// # What is done for you, and when
///
/// A call that reads answers Pings and Close, sends the Pings of [`KeepAlive`](wsproto::KeepAlive), and writes what is
/// queued before it waits. A blocking call can't look at what has come without waiting for it: so a program that only
/// sends answers no Ping, and doesn't hear of a Close until it reads. One that has nothing to read for a while calls
/// [`read_for`](Self::read_for) now and then, or gives reading a thread of its own by [`split`](Self::split).
///
/// Where both ends only write, both stop once the buffers of the system are full: with
/// [`Timeouts::write`](wsproto::Timeouts) that ends in an error. It counts the time in which nothing is taken.
///
/// To drop a WebSocket closes the stream without a Close; what is queued is lost.
///
/// # Streams that don't block
///
/// Where a stream says [`WouldBlock`](std::io::ErrorKind::WouldBlock) by itself, because it doesn't block or because the
/// program has set a time-out on it, a call gives that error and nothing is lost: calling again goes on. What was to be
/// sent is queued, and must not be sent again: [`flush`](Self::flush) goes on. [`feed`](Self::feed) alone gives it where
/// it has queued nothing. While a deadline runs, the stream's time-outs belong to the WebSocket.
#[derive(Debug)]
pub struct WebSocket<S> {
    pub(crate) link: Link<S>,
    pub(crate) high_water: usize,
}

impl<S: Stream> WebSocket<S> {
    /// Goes on with a connection whose opening handshake happened elsewhere, and with what was read after it.
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

    /// Returns the next message; `None` once the connection is closed to the end.
    ///
    /// It waits for as long as it takes. Pings and Pongs are passed over; a Close is answered, and the end of the stream
    /// awaited. How it ended, [`close_report`](Self::close_report) tells.
    ///
    /// # Errors
    ///
    /// [`Error::Remote`] where the peer broke a rule: by then it was told so, and the stream is closed;
    /// [`Error::TimedOut`]; [`Error::Io`], of the kind [`UnexpectedEof`](std::io::ErrorKind::UnexpectedEof) where the peer
    /// left without a Close. After an error, the next call returns `None`.
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

    /// Returns the next message if it comes within `limit`, and `Pending` if not: for a program that has something else
    /// to do.
    ///
    /// What is queued is written first; the limit is on what comes after that. Of a message that came in part nothing is
    /// lost. `Ready(None)` is the end. With a limit of zero it waits for a millisecond.
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
    /// As [`read`](Self::read).
    pub fn read_for(&mut self, limit: Duration) -> Result<Poll<Option<Message>>, Error> {
        // A limit that is too long to be added is none.
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

    /// Returns the next event, borrowed from the read buffer: a message that isn't copied, a Ping or a Pong, the peer's
    /// Close; `None` once the connection is closed to the end.
    ///
    /// Pings and Close are answered already.
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
    /// As [`read`](Self::read).
    #[expect(clippy::should_implement_trait, reason = "an iterator can't lend")]
    pub fn next(&mut self) -> Result<Option<Event<'_>>, Error> {
        match self.link.step(None)? {
            Step::Found => Ok(self.link.buffer.event()),
            Step::Over | Step::Later => Ok(None),
        }
    }

    /// Sends a message, and writes it and what is queued.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] where the connection is closed or closing, or was before the message was written;
    /// [`Error::TimedOut`], [`Error::Io`]. Where the peer is gone, what it said last can still be [read](Self::read).
    pub fn send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        self.queue(&message.into())?;
        self.link.flush()
    }

    /// Queues a message. It is written by the next call that writes or waits: so a loop of `read` and `feed` writes once
    /// for each read. Beyond [`high_water`](Settings::high_water) it writes what is queued.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send). Of a stream that doesn't block, `WouldBlock` means that too much waits: nothing was queued.
    pub fn feed(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        self.make_room()?;
        self.queue(&message.into())?;
        self.flush_high()
    }

    /// Queues an event as it is, as [`feed`](Self::feed) queues a message.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn feed_event<'e>(&mut self, event: impl Into<Event<'e>>) -> Result<(), Error> {
        self.make_room()?;
        self.link.driver.send(event, self.link.clock.now())?;
        self.flush_high()
    }

    /// Queues a message that was prepared for many, as [`feed`](Self::feed) queues one.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn feed_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        self.make_room()?;
        self.link.driver.send_prepared(message, self.link.clock.now())?;
        self.flush_high()
    }

    /// Writes what is queued where that is too much for more: only a stream that doesn't block has left it there.
    fn make_room(&mut self) -> Result<(), Error> {
        if self.link.driver.queued() > self.high_water { self.link.flush() } else { Ok(()) }
    }

    /// Writes what is queued where it is too much by now. What is queued is queued: a stream that can't take it yet is no
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

    /// Sends an event as it is: a part of a message, a Pong, a text that extensions leave alone.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_event<'e>(&mut self, event: impl Into<Event<'e>>) -> Result<(), Error> {
        self.link.driver.send(event, self.link.clock.now())?;
        self.link.flush()
    }

    /// Sends a message that was prepared for many.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        self.link.driver.send_prepared(message, self.link.clock.now())?;
        self.link.flush()
    }

    /// Sends a Ping, of at most 125 bytes. Its Pong is an event of [`next`](Self::next).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.send_event(Ping::new(payload))
    }

    /// Writes what is queued.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn flush(&mut self) -> Result<(), Error> {
        self.link.flush()
    }

    /// Closes the connection: sends a Close, reads to the peer's, dropping messages, and to the end of the stream; tells
    /// how it ended. All of it is bounded by [`Timeouts::close`](wsproto::Timeouts).
    ///
    /// Where the closing handshake is under way already, it goes on; nothing else is sent. Of the reason, 123 bytes are
    /// sent at most. However the peer behaves, the report says so, and it is no error: see
    /// [`clean`](CloseReport::clean).
    ///
    /// # Errors
    ///
    /// [`Error::Local`] for a code that no Close carries: nothing was sent. A time-out of the stream's own: call it again.
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

    /// Gives up the memory that an idle connection can do without, of compression above all: see
    /// [`Connection::park`](wsproto::Connection::park). A Ping of keepalive does it by itself,
    /// unless messages were sent since the Ping before it.
    pub fn park(&mut self) {
        self.link.driver.park();
    }

    /// Returns how the connection ends, as far as is known yet.
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

    /// Returns what was counted so far.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        self.link.driver.counters()
    }

    /// Returns how many bytes wait to be written.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.link.driver.queued()
    }

    /// Gives back memory that holds no byte of the peer. A read takes 16 KiB again.
    pub fn shrink(&mut self) {
        self.link.buffer.shrink_to(0);
    }

    /// Returns the stream.
    #[must_use]
    pub const fn get_ref(&self) -> &S {
        &self.link.stream
    }

    /// Returns the stream. What is read from it is lost to the WebSocket.
    #[must_use]
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.link.stream
    }

    /// Takes the WebSocket apart: the stream, and the bytes that were read and not taken. What is queued is lost.
    #[must_use]
    pub fn into_parts(self) -> (S, Bytes) {
        (self.link.stream, self.link.buffer.into_unread())
    }
}
