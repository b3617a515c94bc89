//! Two halves of a connection, for two tasks.

use std::{fmt, sync::Arc};

use tokio::io::{AsyncRead, AsyncWrite};
use wsproto::{CloseCode, CloseReport, Counters, Event, Message, PreparedMessage};

use crate::{Error, Replies, WebSocket, access::Access};

/// The half of a connection that receives.
///
/// Both halves drive both directions of the stream, as far as each needs:
///
/// | polled half | reads | writes | answers Pings and Closes | keeps deadlines |
/// |---|---|---|---|---|
/// | a receiver that waits for a message | yes | all that is queued | yes | yes |
/// | a sender that waits to write | until a message waits for the receiver | all that is queued | yes | yes |
/// | none | no | no | no | no |
///
/// So a connection lives as long as one of its halves is polled. Each half wakes the other when it has made progress
/// for it:
/// - A sender that has read a message wakes the receiver.
/// - A receiver that has written the bytes that the sender waits for wakes the sender.
/// - A receiver that waits writes what the sender only [queued](Sender::feed).
///
/// The receiver alone gets the messages, in the order in which they came. If they aren't received, the peer can send
/// only until the buffers are full.
///
/// Dropping the receiver drops the messages that it hasn't received. The sender then reads Pings and a Close until a
/// message comes; [`Sender::close`] drops messages, and so reaches the end.
pub struct Receiver<S>(pub(crate) WebSocket<S>);

/// The half of a connection that sends; [`Receiver`] says which half does what.
///
/// Dropping the sender sends no Close. The receiver goes on, and writes what is queued.
pub struct Sender<S>(pub(crate) WebSocket<S>);

impl<S> WebSocket<S> {
    /// Splits the connection into two halves for two tasks.
    ///
    /// The halves share the connection under a lock, which is held only during a call.
    ///
    /// ```
    /// use wsproto_tokio::{Error, WebSocket};
    /// use tokio::{net::TcpStream, sync::mpsc, task::JoinHandle};
    ///
    /// fn serve(ws: WebSocket<TcpStream>, mut news: mpsc::Receiver<String>) -> JoinHandle<Result<(), Error>> {
    ///     let (mut sender, mut receiver) = ws.split();
    ///     tokio::spawn(async move {
    ///         while let Some(news) = news.recv().await {
    ///             sender.send(news).await?;
    ///         }
    ///         Ok::<(), Error>(())
    ///     });
    ///     tokio::spawn(async move {
    ///         while let Some(message) = receiver.recv().await? {
    ///             println!("{} bytes", message.len());
    ///         }
    ///         Ok(())
    ///     })
    /// }
    /// ```
    #[must_use]
    pub fn split(self) -> (Sender<S>, Receiver<S>) {
        let Self { access, registration } = self;
        let shared = access.into_shared();
        let half = |access| Self { access, registration: registration.clone() };
        (Sender(half(Access::Shared(Arc::clone(&shared)))), Receiver(half(Access::Shared(shared))))
    }
}

impl<S> Receiver<S> {
    /// Joins the halves again.
    ///
    /// # Errors
    ///
    /// Both halves, if they belong to different connections.
    pub fn reunite(self, sender: Sender<S>) -> Result<WebSocket<S>, (Self, Sender<S>)> {
        if !self.0.access.is_same(&sender.0.access) {
            return Err((self, sender));
        }
        drop(sender);
        let WebSocket { access, registration } = self.into_inner();
        Ok(WebSocket { access: access.into_own(), registration })
    }
}

impl<S> Receiver<S> {
    fn into_inner(self) -> WebSocket<S> {
        self.0
    }

    /// Returns the subprotocol in use, if one was agreed.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.0.subprotocol()
    }

    /// Returns the counters so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.0.counters()
    }

    /// Frees the memory that an idle connection doesn't need: see [`WebSocket::park`].
    pub fn park(&mut self) {
        self.0.park();
    }

    /// Returns how the connection ends, as far as is known now.
    #[must_use]
    pub fn close_report(&self) -> CloseReport {
        self.0.close_report()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Receiver<S> {
    /// Returns the next message, as [`WebSocket::recv`] does.
    ///
    /// # Errors
    ///
    /// As for [`WebSocket::recv`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the next call goes on.
    ///
    /// # Panics
    ///
    /// With deadlines, outside a tokio runtime with its timer.
    pub fn recv(&mut self) -> impl Future<Output = Result<Option<Message>, Error>> {
        self.0.recv()
    }

    /// Waits for the next event and calls `take` with it, as [`WebSocket::recv_with`] does.
    ///
    /// The connection is locked while `take` runs, so a use of the sender within `take` blocks for ever.
    ///
    /// # Errors
    ///
    /// As for [`WebSocket::recv_with`].
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
        self.0.recv_with(take)
    }
}

impl<S> Sender<S> {
    /// Returns the subprotocol in use, if one was agreed.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.0.subprotocol()
    }

    /// Returns the counters so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.0.counters()
    }

    /// Frees the memory that an idle connection doesn't need: see [`WebSocket::park`].
    pub fn park(&mut self) {
        self.0.park();
    }

    /// Returns how the connection ends, as far as is known now.
    #[must_use]
    pub fn close_report(&self) -> CloseReport {
        self.0.close_report()
    }

    /// Returns how many bytes are unwritten.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.0.queued()
    }

    /// Queues a Close, as [`WebSocket::start_close`] does; the receiver goes on to the end.
    ///
    /// # Errors
    ///
    /// As for [`WebSocket::start_close`].
    pub fn start_close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        self.0.start_close(code, reason)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sender<S> {
    /// Sends a message, as [`WebSocket::send`] does.
    ///
    /// # Errors
    ///
    /// As for [`WebSocket::send`].
    ///
    /// # Cancel safety
    ///
    /// The message is sent completely or not at all. While it waits for room nothing is sent; after that, any call of
    /// either half writes the rest.
    ///
    /// # Panics
    ///
    /// With deadlines, outside a tokio runtime with its timer.
    pub fn send<M: Into<Message>>(
        &mut self,
        message: M,
    ) -> impl Future<Output = Result<(), Error>> + use<'_, S, M> {
        self.0.send(message)
    }

    /// Queues a message, as [`WebSocket::feed`] does; a waiting receiver writes it.
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
    /// As for [`send`](Self::send).
    pub fn feed<M: Into<Message>>(
        &mut self,
        message: M,
    ) -> impl Future<Output = Result<(), Error>> + use<'_, S, M> {
        self.0.feed(message)
    }

    /// Sends a message that was prepared for many connections, as [`WebSocket::send_prepared`] does.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As for [`send`](Self::send).
    pub async fn send_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        self.0.send_prepared(message).await
    }

    /// Queues a message that was prepared for many connections, as [`WebSocket::feed_prepared`] does.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As for [`feed`](Self::feed).
    pub async fn feed_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        self.0.feed_prepared(message).await
    }

    /// Queues an event of any kind, as [`WebSocket::feed_event`] does.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As for [`feed`](Self::feed).
    pub async fn feed_event<'e>(&mut self, event: impl Into<Event<'e>>) -> Result<(), Error> {
        self.0.feed_event(event).await
    }

    /// Sends a Ping, as [`WebSocket::ping`] does.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As for [`send`](Self::send).
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.0.ping(payload).await
    }

    /// Waits until one more message may be queued, as [`WebSocket::ready`] does.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: it may have written and read.
    pub async fn ready(&mut self) -> Result<(), Error> {
        self.0.ready().await
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
    /// As for [`send`](Self::send).
    pub async fn flush(&mut self) -> Result<(), Error> {
        self.0.flush().await
    }

    /// Closes the connection and waits for its end, as [`WebSocket::close`] does.
    ///
    /// Messages that still come are dropped, and the receiver gets `None`. To receive them, use
    /// [`start_close`](Self::start_close).
    ///
    /// # Errors
    ///
    /// As for [`WebSocket::close`].
    ///
    /// # Cancel safety
    ///
    /// The first poll queues the Close; if the future is dropped later, any other call does the rest.
    ///
    /// # Panics
    ///
    /// As for [`send`](Self::send).
    pub async fn close(&mut self, code: CloseCode, reason: &str) -> Result<CloseReport, Error> {
        self.0.close(code, reason).await
    }
}

impl<S> fmt::Debug for Receiver<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Receiver").field(&self.0).finish()
    }
}

impl<S> fmt::Debug for Sender<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sender").field(&self.0).finish()
    }
}
