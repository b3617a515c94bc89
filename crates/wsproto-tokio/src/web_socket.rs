//! A connection that is open: messages go both ways.

use std::{
    fmt,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite};
use wsproto::{
    Bytes, CloseCode, CloseReport, Connection, Counters, Driver, Event, Message, Ping, PreparedMessage,
};

use crate::{Error, Replies, Settings, access::Access, parties::Party, pump::Pump, shutdown::Registration};

/// An open WebSocket connection over a stream.
///
/// It is made by [`accept`](crate::accept) and by connecting, or [from a stream](Self::from_upgraded) whose opening
/// handshake happened elsewhere.
///
/// ```
/// use wsproto_tokio::{Settings, WebSocket, accept};
/// use tokio::net::TcpStream;
///
/// async fn echo(stream: TcpStream) -> Result<(), wsproto_tokio::Error> {
///     let mut ws = accept(stream, &Settings::default()).await?;
///     while let Some(message) = ws.recv().await? {
///         ws.feed(message).await?;
///     }
///     Ok(())
/// }
/// ```
///
/// # Which call does what
///
/// Each call that waits moves bytes in both directions, as far as it can: [`recv`](Self::recv) writes what is queued
/// before it waits, and those that wait to write read on until a message has come. So Pings and Closes are answered
/// whichever call waits. While none is polled nothing happens: no task stands behind it.
///
/// Two ends that both send, much and before they read, can wait for each other for ever: neither takes what the other
/// one sends. [Split](Self::split) the connection, and read in one task while another one writes.
pub struct WebSocket<S> {
    pub(crate) access: Access<S>,
    /// The handle that may close it; it comes last, so that it is told when this is gone.
    pub(crate) registration: Option<Arc<Registration>>,
}

impl<S> WebSocket<S> {
    pub(crate) fn new(pump: Box<Pump<S>>) -> Self {
        Self { access: Access::Own(pump), registration: None }
    }

    /// Takes a stream whose opening handshake happened elsewhere, and bytes that were read after it already.
    ///
    /// Of the settings, deadlines and the high-water mark are looked at: limits are those that the connection has. The
    /// deadline of the opening handshake doesn't count.
    ///
    /// # Panics
    ///
    /// With deadlines, if it is first polled outside a tokio runtime with its timer.
    #[must_use]
    pub fn from_upgraded(
        io: S,
        connection: Connection,
        leftover: impl AsRef<[u8]>,
        settings: &Settings,
    ) -> Self {
        let driver = Driver::new(connection);
        let pump = Pump::new(io, driver, settings.high_water).with_timeouts(&settings.timeouts);
        Self::new(Box::new(pump.with_unread(leftover.as_ref())))
    }

    /// Returns the subprotocol in use, if one was agreed.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.access.subprotocol()
    }

    /// Returns the extensions in use with their parameters, as the server's answer has them.
    #[must_use]
    pub fn extensions(&self) -> Vec<String> {
        self.access.look(|pump| pump.driver.connection().extensions().map(str::to_owned).collect())
    }

    /// Returns what was counted so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.access.look(|pump| *pump.driver.counters())
    }

    /// Returns how the connection ends, as far as is known yet: all of it once [`recv`](Self::recv) has given `None`.
    #[must_use]
    pub fn close_report(&self) -> CloseReport {
        self.access.look(|pump| pump.driver.close_report())
    }

    /// Returns how many bytes wait to be written.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.access.look(|pump| pump.driver.queued())
    }

    /// Gives up the memory that an idle connection can do without, of compression above all: see
    /// [`Connection::park`](wsproto::Connection::park). A Ping of [`KeepAlive`](crate::KeepAlive) does it by itself,
    /// unless messages were sent since the Ping before it.
    pub fn park(&mut self) {
        self.access.with(|pump| pump.driver.park());
    }

    /// Shows the stream, for its addresses and options. To read from it or to write to it breaks the connection.
    pub fn with_stream<T>(&mut self, show: impl FnOnce(&mut S) -> T) -> T {
        self.access.with(|pump| show(&mut pump.io))
    }

    /// Takes the connection apart: the stream, and the bytes that were read and not taken. What is queued and not
    /// written yet is lost; so [`flush`](Self::flush) before.
    ///
    /// # Errors
    ///
    /// The connection, while a [`Shutdown`](crate::Shutdown) is closing it.
    pub fn into_parts(self) -> Result<(S, Bytes), Self> {
        if self.registration.as_ref().is_some_and(|registration| !registration.release()) {
            return Err(self);
        }
        let Self { access, registration } = self;
        access.into_parts().map_err(|access| Self { access, registration })
    }

    /// Queues a Close; what comes until the end can still be received.
    ///
    /// The next call that waits writes it. [`recv`](Self::recv) gives the messages that are still under way, and `None`
    /// once the closing handshake is over; [`close`](Self::close) does that, too, and drops them. Nothing happens if a
    /// Close was sent already.
    ///
    /// # Errors
    ///
    /// [`Error::Local`] for a code that no Close carries, such as 1006: nothing was queued.
    pub fn start_close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        self.access.with(|pump| pump.queue(|driver, now| driver.close(code, reason, now)))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// Returns the next message, or `None` once the connection is closed to its end.
    ///
    /// The end is the end: our Close is written, too, writing is shut down, and the peer has ended its stream. All of
    /// that is done here, within the deadline of closing.
    ///
    /// What is queued is written before it waits. So a loop of `recv` and [`feed`](Self::feed) makes one write for each
    /// read, however many messages it brought.
    ///
    /// # Errors
    ///
    /// Once, then it returns `None`:
    /// - [`Error::Remote`]: the peer broke a rule. It was told which one, and its stream was read to the end.
    /// - [`Error::TimedOut`]: a deadline passed.
    /// - [`Error::Io`]: the transport failed, or ended without a Close.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped loses nothing: the next call goes on.
    ///
    /// # Panics
    ///
    /// With deadlines, outside a tokio runtime with its timer.
    pub fn recv(&mut self) -> impl Future<Output = Result<Option<Message>, Error>> {
        poll_fn(|cx| self.poll_recv(cx))
    }

    /// Polls for the next message, as [`recv`](Self::recv) does.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Message>, Error>> {
        self.access.poll(Party::Receiver, cx, Pump::poll_message)
    }

    /// Waits for the next event, and calls `take` with it; returns what it returns, or `None` once the connection is
    /// closed to its end.
    ///
    /// Nothing is copied: a message borrows from the read buffer. Pings, Pongs and the peer's Close are shown, too,
    /// unless they came while something was sent; they are answered already. `take` can answer what it sees: what it
    /// gives to [`Replies`] is queued, and written before the connection waits again.
    ///
    /// ```
    /// use wsproto_tokio::{Error, Event, WebSocket};
    /// use tokio::net::TcpStream;
    ///
    /// async fn echo(ws: &mut WebSocket<TcpStream>) -> Result<(), Error> {
    ///     while let Some(sent) = ws
    ///         .recv_with(|event, replies| match event {
    ///             Event::TextMessage(_) | Event::BytesMessage(_) => replies.feed(event),
    ///             _ => Ok(()),
    ///         })
    ///         .await?
    ///     {
    ///         sent?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped loses nothing. Once `take` is called, the future is done.
    ///
    /// # Panics
    ///
    /// As [`recv`](Self::recv).
    pub fn recv_with<T, F>(&mut self, take: F) -> impl Future<Output = Result<Option<T>, Error>>
    where
        F: FnOnce(Event<'_>, &mut Replies<'_>) -> T,
    {
        let mut take = Some(take);
        poll_fn(move |cx| {
            self.access.poll(Party::Receiver, cx, |pump, cx| {
                // What the last reply queued is within its bounds before there is another one.
                ready!(pump.poll_room(cx));
                pump.poll_with(cx, &mut take)
            })
        })
    }

    /// Sends a message: returns once all of it, and all that was queued before, is written.
    ///
    /// To write a message that was received at once costs a write for each; [`feed`](Self::feed) where more follow.
    ///
    /// # Errors
    ///
    /// - [`Error::Closed`]: the connection is closed, or closing: nothing is sent.
    /// - [`Error::Local`]: the message can't be sent, and the connection is as it was.
    /// - as [`recv`](Self::recv): why nothing can be sent any more.
    ///
    /// # Cancel safety
    ///
    /// The message is sent whole or not at all. A future that is dropped while it waits for room has sent nothing; after
    /// that the message is queued, and any other call writes the rest.
    ///
    /// # Panics
    ///
    /// As [`recv`](Self::recv).
    pub fn send<M: Into<Message>>(
        &mut self,
        message: M,
    ) -> impl Future<Output = Result<(), Error>> + use<'_, S, M> {
        let mut message = Some(message.into());
        poll_fn(move |cx| {
            ready!(self.poll_feed(cx, &mut message))?;
            self.access.poll(Party::Sender, cx, Pump::poll_flush)
        })
    }

    /// Queues a message: returns at once, unless more than the high-water mark waits to be written already.
    ///
    /// It is written by [`flush`](Self::flush), by [`send`](Self::send), or by a [`recv`](Self::recv) that would wait.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped has queued nothing.
    ///
    /// # Panics
    ///
    /// As [`recv`](Self::recv).
    pub fn feed<M: Into<Message>>(
        &mut self,
        message: M,
    ) -> impl Future<Output = Result<(), Error>> + use<'_, S, M> {
        let mut message = Some(message.into());
        poll_fn(move |cx| self.poll_feed(cx, &mut message))
    }

    /// Queues a message once there is room for it; then it is taken.
    #[inline]
    fn poll_feed(&mut self, cx: &mut Context<'_>, message: &mut Option<Message>) -> Poll<Result<(), Error>> {
        let Some(whole) = message.as_ref() else { return Poll::Ready(Ok(())) };
        ready!(self.access.poll(Party::Sender, cx, Pump::poll_ready))?;
        let outcome = self.access.with(|pump| pump.queue(|driver, now| driver.send_message(whole, now)));
        *message = None;
        Poll::Ready(outcome)
    }

    /// Sends a message that was prepared for many connections, as [`send`](Self::send) does.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn send_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        self.feed_prepared(message).await?;
        self.flush().await
    }

    /// Queues a message that was prepared for many connections, as [`feed`](Self::feed) does.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As [`feed`](Self::feed).
    pub async fn feed_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        self.ready().await?;
        self.access.with(|pump| pump.queue(|driver, now| driver.send_prepared(message, now)))
    }

    /// Queues an event of any kind, as [`feed`](Self::feed) does a message: a fragment, a borrowed message, a Pong that
    /// nobody asked for.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As [`feed`](Self::feed).
    pub async fn feed_event<'e>(&mut self, event: impl Into<Event<'e>>) -> Result<(), Error> {
        let event = event.into();
        self.ready().await?;
        self.access.with(|pump| pump.queue(|driver, now| driver.send(event, now)))
    }

    /// Sends a Ping with a payload of at most 125 bytes. Its Pong is seen by [`recv_with`](Self::recv_with); whether a peer
    /// lives is better found out by [`KeepAlive`](crate::KeepAlive).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.feed_event(Ping::new(payload)).await?;
        self.flush().await
    }

    /// Waits until one more message may be queued.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped has done nothing but write and read on.
    pub fn ready(&mut self) -> impl Future<Output = Result<(), Error>> {
        poll_fn(|cx| self.access.poll(Party::Sender, cx, Pump::poll_ready))
    }

    /// Writes all that is queued.
    ///
    /// # Errors
    ///
    /// Why it could not be written.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped loses nothing: any other call goes on.
    ///
    /// # Panics
    ///
    /// As [`recv`](Self::recv).
    pub fn flush(&mut self) -> impl Future<Output = Result<(), Error>> {
        poll_fn(|cx| self.access.poll(Party::Sender, cx, Pump::poll_flush))
    }

    /// Closes the connection and waits until it is closed to its end, within the deadline of closing: our Close is
    /// written, the peer's has come, and its stream has ended. Messages that still come are dropped;
    /// [`start_close`](Self::start_close) leaves them to [`recv`](Self::recv).
    ///
    /// Returns how it ended; with a peer that says no Close, [`clean`](CloseReport::clean) is false. Of a reason, 123 bytes
    /// are sent at most. Where a Close was sent already, it waits for the end all the same.
    ///
    /// # Errors
    ///
    /// [`Error::Local`] for a code that no Close carries, such as 1006: nothing is done.
    ///
    /// # Cancel safety
    ///
    /// The Close is queued at the first poll; a future that is dropped later leaves the rest to any other call.
    ///
    /// # Panics
    ///
    /// As [`recv`](Self::recv).
    pub async fn close(&mut self, code: CloseCode, reason: &str) -> Result<CloseReport, Error> {
        self.start_close(code, reason)?;
        poll_fn(|cx| self.access.poll(Party::Sender, cx, Pump::poll_end)).await;
        Ok(self.close_report())
    }
}

/// Shows where the connection stands, and nothing that a peer sent.
impl<S> fmt::Debug for WebSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.access
            .look(|pump| f.debug_struct("WebSocket").field("driver", &pump.driver).finish_non_exhaustive())
    }
}
