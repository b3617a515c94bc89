//! Two halves of a connection, for two tasks.

use std::{fmt, sync::Arc};

use tokio::io::{AsyncRead, AsyncWrite};
use wsproto::{CloseCode, CloseReport, Counters, Event, Message, PreparedMessage};

use crate::{Error, Replies, WebSocket, access::Access};

/// The half of a connection that receives.
///
/// Both halves drive both directions of the stream, as far as each must:
///
/// | who is polled | reads | writes | answers Pings and Closes | keeps deadlines |
/// |---|---|---|---|---|
/// | a receiver that waits for a message | yes | all that is queued | yes | yes |
/// | a sender that waits to write | until a message waits for the receiver | all that is queued | yes | yes |
/// | nobody | no | no | no | no |
///
/// So a connection lives as long as one of its halves is polled. Each wakes the other where it has made progress for it:
/// a sender that has read a message wakes the receiver, a receiver that has written what the sender waits for wakes the
/// sender, and what the sender only [queued](Sender::feed) is written by a receiver that waits. Messages are received in
/// the order in which they came, by the receiver alone; a peer whose messages nobody receives can't send more than what
/// fits in the buffers.
///
/// A receiver that is dropped takes what it has not received with it. The sender then reads on only to see a Close come
/// and Pings, until a message comes; [`Sender::close`] drops the messages, and gets to the end.
pub struct Receiver<S>(pub(crate) WebSocket<S>);

/// The half of a connection that sends; see [`Receiver`] for who does what.
///
/// A sender that is dropped sends no Close. The receiver goes on, and writes what is queued.
pub struct Sender<S>(pub(crate) WebSocket<S>);

impl<S> WebSocket<S> {
    /// Takes the connection apart into two halves that can live in two tasks.
    ///
    /// They share it under a lock that is only held for the moment of a call.
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
    /// Puts the halves together again.
    ///
    /// # Errors
    ///
    /// Both halves, where they are not of the same connection.
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

    /// Returns what was counted so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.0.counters()
    }

    /// Returns how the connection ends, as far as is known yet.
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
    /// As there.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped loses nothing: the next call goes on.
    ///
    /// # Panics
    ///
    /// With deadlines, outside a tokio runtime with its timer.
    pub fn recv(&mut self) -> impl Future<Output = Result<Option<Message>, Error>> {
        self.0.recv()
    }

    /// Waits for the next event and calls `take` with it, as [`WebSocket::recv_with`] does. While `take` runs the
    /// connection is locked: use the sender inside, and nothing ever goes on.
    ///
    /// # Errors
    ///
    /// As there.
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
        self.0.recv_with(take)
    }
}

impl<S> Sender<S> {
    /// Returns the subprotocol in use, if one was agreed.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.0.subprotocol()
    }

    /// Returns what was counted so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.0.counters()
    }

    /// Returns how the connection ends, as far as is known yet.
    #[must_use]
    pub fn close_report(&self) -> CloseReport {
        self.0.close_report()
    }

    /// Returns how many bytes wait to be written.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.0.queued()
    }

    /// Queues a Close, as [`WebSocket::start_close`] does: the receiver receives to the end.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn start_close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        self.0.start_close(code, reason)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sender<S> {
    /// Sends a message, as [`WebSocket::send`] does.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancel safety
    ///
    /// The message is sent whole or not at all: while it waits for room nothing is sent, and after that any call of either
    /// half writes the rest.
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

    /// Queues a message, as [`WebSocket::feed`] does; a receiver that waits writes it.
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
    /// As [`send`](Self::send).
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
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn send_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        self.0.send_prepared(message).await
    }

    /// Queues a message that was prepared for many connections, as [`WebSocket::feed_prepared`] does.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As [`feed`](Self::feed).
    pub async fn feed_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        self.0.feed_prepared(message).await
    }

    /// Queues an event of any kind, as [`WebSocket::feed_event`] does.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As [`feed`](Self::feed).
    pub async fn feed_event<'e>(&mut self, event: impl Into<Event<'e>>) -> Result<(), Error> {
        self.0.feed_event(event).await
    }

    /// Sends a Ping, as [`WebSocket::ping`] does.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As [`send`](Self::send).
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.0.ping(payload).await
    }

    /// Waits until one more message may be queued, as [`WebSocket::ready`] does.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped has done nothing but write and read on.
    pub async fn ready(&mut self) -> Result<(), Error> {
        self.0.ready().await
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
    /// As [`send`](Self::send).
    pub async fn flush(&mut self) -> Result<(), Error> {
        self.0.flush().await
    }

    /// Closes the connection and waits until it is closed to its end, as [`WebSocket::close`] does. Messages that still
    /// come are dropped, and the receiver gets `None`; [`start_close`](Self::start_close) leaves them to it.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Cancel safety
    ///
    /// The Close is queued at the first poll; a future that is dropped later leaves the rest to any other call.
    ///
    /// # Panics
    ///
    /// As [`send`](Self::send).
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
