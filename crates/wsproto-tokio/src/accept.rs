//! The server's opening handshake.

use std::{
    fmt,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite};
use wsproto::{AcceptConnection, Asked, Connection, Driver, RejectConnection, RemoteProtocolError, Request};

use crate::{Error, Settings, WebSocket, pump::Pump};

/// Accepts a WebSocket connection: reads the client's request, and accepts it.
///
/// It agrees to the extensions of the settings, and to no subprotocol. To look at the request and choose, use
/// [`accept_with`] or [`Incoming`]. Frames that came right after the request are received later.
///
/// The stream is an accepted TCP stream, or one with TLS. Call `accept` in a task for each connection, so that a slow
/// or faulty client stops no other.
///
/// ```
/// use wsproto_tokio::{Error, Settings, accept};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let (stream, mut client) = tokio::io::duplex(1024);
/// # use tokio::io::AsyncWriteExt;
/// client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n").await?;
/// client.write_all(b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").await?;
/// let ws = accept(stream, &Settings::default()).await?;
/// assert_eq!(ws.subprotocol(), None);
/// # Ok::<(), Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// - [`Error::Remote`]: the request broke a rule. We told the client which one, and read its stream to the end.
/// - [`Error::TimedOut`]: the opening handshake took longer than its deadline.
/// - [`Error::Io`]: the transport failed.
///
/// # Cancel safety
///
/// Dropping the future drops the stream.
///
/// # Panics
///
/// With deadlines, which the default settings have, outside a tokio runtime with its timer.
pub fn accept<S: AsyncRead + AsyncWrite + Unpin>(
    io: S,
    settings: &Settings,
) -> impl Future<Output = Result<WebSocket<S>, Error>> + use<S> {
    accept_with(io, settings, |_| Ok(AcceptConnection::new()))
}

/// Accepts a WebSocket connection as [`accept`] does, with the answer that `answer` returns: an acceptance with a
/// subprotocol and header fields, or a rejection.
///
/// A request that asks for no WebSocket can't be accepted: `Ok` sends it the rejection that belongs to its error.
///
/// ```
/// use wsproto_tokio::{AcceptConnection, Asked, Error, RejectConnection, Settings, WebSocket, accept_with};
/// use tokio::net::TcpStream;
///
/// async fn chat(stream: TcpStream) -> Result<WebSocket<TcpStream>, Error> {
///     accept_with(stream, &Settings::default(), |asked| match asked {
///         Asked::WebSocket(request) if request.path() != "/chat" => Err(RejectConnection::new(404)),
///         Asked::WebSocket(_) => Ok(AcceptConnection::new().with_subprotocol("chat")),
///         Asked::Other(request, _) if request.path() == "/healthz" => {
///             Err(RejectConnection::new(200).with_text("fine\n"))
///         }
///         Asked::Other(..) => Ok(AcceptConnection::new()), // told what it did wrong
///     })
///     .await
/// }
/// ```
///
/// # Errors
///
/// As for [`accept`]; [`Error::Rejected`] with the rejection of `answer`. [`Error::Local`] for an answer that can't be
/// sent; then the client gets status 500.
///
/// # Cancel safety
///
/// Dropping the future drops the stream.
///
/// # Panics
///
/// As for [`accept`].
pub fn accept_with<S, F>(
    io: S,
    settings: &Settings,
    answer: F,
) -> impl Future<Output = Result<WebSocket<S>, Error>> + use<S, F>
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: FnOnce(Asked<'_>) -> Result<AcceptConnection, RejectConnection>,
{
    // A task keeps memory for this future during its whole life, so the future is small.
    let mut pump = Some(new_pump(io, settings));
    let mut answer = Some(answer);
    poll_fn(move |cx| {
        let Some(open) = &mut pump else { return Poll::Ready(Err(Error::Closed)) };
        if answer.is_some() {
            let asked = ready!(open.poll_request(cx))?;
            if let Some(answer) = answer.take() {
                match asked {
                    Ok(request) => open.answer(answer(Asked::WebSocket(&request))),
                    Err(error) => open.answer_other(error, answer),
                }
            }
        }
        ready!(open.poll_answered(cx))?;
        Poll::Ready(pump.take().map(WebSocket::new).ok_or(Error::Closed))
    })
}

fn new_pump<S>(io: S, settings: &Settings) -> Box<Pump<S>> {
    let driver = Driver::new(Connection::server(Arc::clone(&settings.config)));
    Box::new(Pump::new(io, driver, settings.high_water).with_timeouts(&settings.timeouts))
}

/// A client's request for a WebSocket that awaits its answer.
///
/// This is [`accept_with`] in two steps. Between them the program can wait for something else, for example for a
/// database. The deadline of the opening handshake covers both steps: after it, the answer isn't sent.
///
/// ```
/// use wsproto_tokio::{AcceptConnection, Error, Incoming, RejectConnection, Settings, WebSocket};
/// use tokio::net::TcpStream;
///
/// # async fn is_known(token: Option<&str>) -> bool { token.is_some() }
/// async fn welcome(stream: TcpStream) -> Result<WebSocket<TcpStream>, Error> {
///     let incoming = Incoming::receive(stream, &Settings::default()).await?;
///     if is_known(incoming.request().headers().get_str("X-Token")).await {
///         incoming.accept(AcceptConnection::new()).await
///     } else {
///         Err(incoming.reject(RejectConnection::new(403)).await)
///     }
/// }
/// ```
pub struct Incoming<S> {
    pump: Box<Pump<S>>,
    request: Box<Request>,
}

impl<S> Incoming<S> {
    /// Returns the client's request.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Returns the stream, for its addresses.
    #[must_use]
    pub const fn get_ref(&self) -> &S {
        &self.pump.io
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Incoming<S> {
    /// Reads a client's request.
    ///
    /// # Errors
    ///
    /// As for [`accept`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the stream.
    ///
    /// # Panics
    ///
    /// As for [`accept`].
    pub fn receive(io: S, settings: &Settings) -> impl Future<Output = Result<Self, Error>> + use<S> {
        let mut pump = new_pump(io, settings);
        async move {
            match poll_fn(|cx| pump.poll_request(cx)).await? {
                Ok(request) => Ok(Self { pump, request }),
                Err(error) => {
                    pump.rule_broken(error);
                    Err(poll_fn(|cx| pump.poll_answered(cx)).await.err().unwrap_or(Error::Closed))
                }
            }
        }
    }

    /// Accepts the request, and returns the open connection.
    ///
    /// # Errors
    ///
    /// As for [`accept`]; [`Error::Local`] for an acceptance that can't be sent, for example with a subprotocol that
    /// wasn't proposed. Then the client gets status 500.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the stream.
    ///
    /// # Panics
    ///
    /// As for [`accept`].
    pub fn accept(
        mut self,
        accept: AcceptConnection,
    ) -> impl Future<Output = Result<WebSocket<S>, Error>> + use<S> {
        self.pump.answer(Ok(accept));
        let mut pump = self.pump;
        async move {
            poll_fn(|cx| pump.poll_answered(cx)).await?;
            Ok(WebSocket::new(pump))
        }
    }

    /// Rejects the request, and ends the stream so that the client can read the whole answer.
    ///
    /// Returns [`Error::Rejected`] with the rejection, or the reason why it could not be sent. The rejection's whole
    /// body must be in [`content`](RejectConnection::content).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the stream.
    ///
    /// # Panics
    ///
    /// As for [`accept`].
    pub fn reject(mut self, reject: RejectConnection) -> impl Future<Output = Error> + use<S> {
        self.pump.answer(Err(reject));
        let mut pump = self.pump;
        async move { poll_fn(|cx| pump.poll_answered(cx)).await.err().unwrap_or(Error::Closed) }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Pump<S> {
    /// Queues the answer to a request, unless the deadline has passed. The connection's error is then the rejection, or
    /// the reason why the answer can't be sent; the client gets a status in both cases.
    fn answer(&mut self, answer: Result<AcceptConnection, RejectConnection>) {
        if self.is_late() {
            return;
        }
        let rejection = answer.as_ref().err().cloned();
        match self.queue(|driver, now| driver.answer(answer, now)) {
            Ok(()) => rejection.into_iter().for_each(|rejection| self.fail(rejection.into())),
            Err(error) => self.fail(error),
        }
    }

    /// Queues the answer to a request that asks for no WebSocket.
    fn answer_other(
        &mut self,
        error: RemoteProtocolError,
        answer: impl FnOnce(Asked<'_>) -> Result<AcceptConnection, RejectConnection>,
    ) {
        let failure = match self.driver.answer_other(&error, answer, &mut self.clock) {
            Ok(Some(rejection)) => rejection.into(),
            Ok(None) => error.into(),
            Err(error) => error.into(),
        };
        self.drop_buffer();
        self.fail(failure);
    }

    /// Waits until an acceptance is written, or until the stream of a refused client has ended.
    fn poll_answered(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.is_open() {
            return self.poll_flush(cx);
        }
        ready!(self.poll_end(cx));
        self.tell_error()?;
        Poll::Ready(Err(Error::Closed))
    }
}

/// Shows the client's request.
impl<S> fmt::Debug for Incoming<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("request", &self.request).finish_non_exhaustive()
    }
}
