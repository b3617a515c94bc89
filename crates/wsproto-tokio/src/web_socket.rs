//! An open connection: messages go both ways.

mod sending;

use std::{
    fmt,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite};
use wsproto::{Bytes, CloseCode, CloseReport, Connection, Counters, Driver, Event, Message};

use crate::{Error, Replies, Settings, access::Access, parties::Party, pump::Pump, shutdown::Registration};

/// An open WebSocket connection over a stream.
///
/// [`accept`](crate::accept()) and the functions that connect return it; or make it [from a stream](Self::from_upgraded)
/// after an opening handshake elsewhere.
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
/// Each call that waits moves bytes in both directions: [`recv`](Self::recv) writes what is queued before it waits, and
/// calls that wait to write read on until a message comes. So any waiting call answers Pings and Closes. While no call
/// is polled, nothing happens: the connection has no task of its own.
///
/// If both ends send much before they read, they can wait for each other for ever, since neither takes the other's
/// bytes. [Split](Self::split) the connection then: read in one task while another one writes.
pub struct WebSocket<S> {
    pub(crate) access: Access<S>,
    /// The handle that may close the connection. It is the last field, so it is dropped after the access.
    pub(crate) registration: Option<Arc<Registration>>,
}

impl<S> WebSocket<S> {
    pub(crate) fn new(pump: Box<Pump<S>>) -> Self {
        Self { access: Access::Own(pump), registration: None }
    }

    /// Makes a connection from a stream after an opening handshake elsewhere, and from the bytes that were read after
    /// it.
    ///
    /// Of the settings, it uses the deadlines and the high-water mark; the limits are those of `connection`. The
    /// deadline of the opening handshake doesn't count.
    ///
    /// # Panics
    ///
    /// With deadlines, if its first poll is outside a tokio runtime with its timer.
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

    /// Returns the agreed extensions with their parameters, as the server's answer has them.
    #[must_use]
    pub fn extensions(&self) -> Vec<String> {
        self.access.look(|pump| pump.driver.connection().extensions().map(str::to_owned).collect())
    }

    /// Returns the counters so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.access.look(|pump| pump.driver.counters())
    }

    /// Returns how the connection ends, as far as is known now; it is complete when [`recv`](Self::recv) has returned
    /// `None`.
    #[must_use]
    pub fn close_report(&self) -> CloseReport {
        self.access.look(|pump| pump.driver.close_report())
    }

    /// Returns how many bytes are unwritten.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.access.look(|pump| pump.driver.queued())
    }

    /// Frees the memory that an idle connection doesn't need, above all that of compression: see
    /// [`Connection::park`](wsproto::Connection::park). A Ping of [`KeepAlive`](crate::KeepAlive) does so by itself,
    /// unless messages were sent since the Ping before it.
    pub fn park(&mut self) {
        self.access.with(|pump| pump.driver.park());
    }

    /// Gives access to the stream, for its addresses and options. Reading from it or writing to it breaks the
    /// connection.
    pub fn with_stream<T>(&mut self, show: impl FnOnce(&mut S) -> T) -> T {
        self.access.with(|pump| show(&mut pump.io))
    }

    /// Returns the stream, and the bytes that were read but not taken. Queued bytes that aren't written are lost, so
    /// [`flush`](Self::flush) before.
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

    /// Queues a Close; messages until the end can still be received.
    ///
    /// The next call that waits writes the Close. [`recv`](Self::recv) returns the messages that are still under way,
    /// and `None` after the closing handshake. [`close`](Self::close) waits for the end, too, but drops these messages.
    /// If a Close was sent before, nothing happens.
    ///
    /// # Errors
    ///
    /// [`Error::Local`] for a code that no Close can carry, for example 1006: nothing was queued.
    pub fn start_close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        self.access.with(|pump| pump.queue(|driver, now| driver.close(code, reason, now)))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// Returns the next message, or `None` after the end of the connection.
    ///
    /// At the end our Close is written, writing is shut down, and the peer has ended its stream. `recv` does all of
    /// this within the closing deadline.
    ///
    /// It writes what is queued before it waits. So a loop of `recv` and [`feed`](Self::feed) makes one write for each
    /// read, however many messages the read brought.
    ///
    /// # Errors
    ///
    /// Once; later calls return `None`:
    /// - [`Error::Remote`]: the peer broke a rule. We told it which one, and read its stream to the end.
    /// - [`Error::TimedOut`]: a deadline passed.
    /// - [`Error::Io`]: the transport failed, or ended without a Close.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the next call goes on.
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
    /// As for [`recv`](Self::recv).
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Message>, Error>> {
        self.access.poll(Party::Receiver, cx, Pump::poll_message)
    }

    /// Waits for the next event, and calls `take` with it. Returns the value of `take`, or `None` after the end of the
    /// connection.
    ///
    /// Nothing is copied: a message borrows from the read buffer. `take` also gets Pings, Pongs and the peer's Close,
    /// except those that came while a call was sending. They are answered before `take` sees them. `take` can answer
    /// the event: messages that it gives to [`Replies`] are queued, and are written before the connection waits again.
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
    /// As for [`recv`](Self::recv).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing. After the call of `take` the future is complete.
    ///
    /// # Panics
    ///
    /// As for [`recv`](Self::recv).
    pub fn recv_with<T, F>(&mut self, take: F) -> impl Future<Output = Result<Option<T>, Error>>
    where
        F: FnOnce(Event<'_>, &mut Replies<'_>) -> T,
    {
        let mut take = Some(take);
        poll_fn(move |cx| {
            self.access.poll(Party::Receiver, cx, |pump, cx| {
                // The replies of the last event must be within the high-water mark before the next event.
                ready!(pump.poll_room(cx));
                pump.poll_with(cx, &mut take)
            })
        })
    }

    /// Sends a message; returns when the message, and all that was queued before, is written.
    ///
    /// Each `send` makes a write of its own; use [`feed`](Self::feed) where more messages follow.
    ///
    /// # Errors
    ///
    /// - [`Error::Closed`]: the connection is closed or closing; nothing is sent.
    /// - [`Error::Local`]: the message can't be sent; the connection is unchanged.
    /// - the errors of [`recv`](Self::recv): the reason why nothing can be sent any more.
    ///
    /// # Cancel safety
    ///
    /// The message is sent completely or not at all. If the future is dropped while it waits for room, nothing is sent;
    /// after that the message is queued, and any other call writes the rest.
    ///
    /// # Panics
    ///
    /// As for [`recv`](Self::recv).
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

    /// Queues a message; returns at once, unless more unwritten bytes than the high-water mark wait.
    ///
    /// [`flush`](Self::flush), [`send`](Self::send), or a [`recv`](Self::recv) that would wait writes the message.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future queues nothing.
    ///
    /// # Panics
    ///
    /// As for [`recv`](Self::recv).
    pub fn feed<M: Into<Message>>(
        &mut self,
        message: M,
    ) -> impl Future<Output = Result<(), Error>> + use<'_, S, M> {
        let mut message = Some(message.into());
        poll_fn(move |cx| self.poll_feed(cx, &mut message))
    }

    /// Queues a message once there is room for it, and takes it out of `message`.
    #[inline]
    fn poll_feed(&mut self, cx: &mut Context<'_>, message: &mut Option<Message>) -> Poll<Result<(), Error>> {
        let Some(whole) = message.as_ref() else { return Poll::Ready(Ok(())) };
        ready!(self.access.poll(Party::Sender, cx, Pump::poll_ready))?;
        let outcome = self.access.with(|pump| pump.queue(|driver, now| driver.send_message(whole, now)));
        *message = None;
        Poll::Ready(outcome)
    }

    /// Waits until one more message may be queued.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: it may have written and read.
    pub fn ready(&mut self) -> impl Future<Output = Result<(), Error>> {
        poll_fn(|cx| self.access.poll(Party::Sender, cx, Pump::poll_ready))
    }

    /// Writes everything that is queued.
    ///
    /// # Errors
    ///
    /// The reason why it could not be written.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: any other call goes on.
    ///
    /// # Panics
    ///
    /// As for [`recv`](Self::recv).
    pub fn flush(&mut self) -> impl Future<Output = Result<(), Error>> {
        poll_fn(|cx| self.access.poll(Party::Sender, cx, Pump::poll_flush))
    }

    /// Closes the connection and waits for its end, within the closing deadline: our Close is written, the peer's has
    /// come, and its stream has ended.
    ///
    /// Messages that still come are dropped; to receive them, use [`start_close`](Self::start_close) and
    /// [`recv`](Self::recv). Returns how the connection ended: if the peer sent no Close, [`clean`](CloseReport::clean)
    /// is false. At most 123 bytes of the reason are sent. If a Close was sent before, `close` only waits for the end.
    ///
    /// # Errors
    ///
    /// [`Error::Local`] for a code that no Close can carry, for example 1006: nothing is done.
    ///
    /// # Cancel safety
    ///
    /// The first poll queues the Close; if the future is dropped later, any other call does the rest.
    ///
    /// # Panics
    ///
    /// As for [`recv`](Self::recv).
    pub async fn close(&mut self, code: CloseCode, reason: &str) -> Result<CloseReport, Error> {
        self.start_close(code, reason)?;
        poll_fn(|cx| self.access.poll(Party::Sender, cx, Pump::poll_end)).await;
        Ok(self.close_report())
    }
}

/// Shows the state of the connection, and nothing that a peer sent.
impl<S> fmt::Debug for WebSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.access
            .look(|pump| f.debug_struct("WebSocket").field("driver", &pump.driver).finish_non_exhaustive())
    }
}
