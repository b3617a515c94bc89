//! The server's side: reads the request, and answers it.

use wsproto::{AcceptConnection, Asked, Connection, Event, ReadBuffer, RejectConnection, Timeouts};

use crate::{
    Error, Settings, Stream, WebSocket,
    link::{Link, Step},
    time::Clock,
};

/// Reads a request from a stream and opens a WebSocket, with the extensions that both sides want and without a
/// subprotocol.
///
/// `settings` are [`Settings`], a [`Config`](wsproto::Config), or an `Arc` of one. [`Timeouts::handshake`] bounds the
/// whole call, 10 s by default. Call it in a thread for each connection, not in the thread that accepts TCP
/// connections, so that a slow client delays no other.
///
/// The stream must block; if it doesn't, the error drops it.
///
/// This function doesn't check origins. A server for browsers that identifies users by cookies must use [`accept_with`]
/// and [`check_same_host`](wsproto::check_same_host).
///
/// # Errors
///
/// [`Error::Remote`] for a request that broke a rule or asks for no WebSocket; we sent the answer. For a client that
/// left without a byte it is [`EndOfStream`](wsproto::RemoteProtocolError::EndOfStream), with `received_any: false`.
/// Also [`Error::TimedOut`] and [`Error::Io`].
pub fn accept<S: Stream>(stream: S, settings: impl Into<Settings>) -> Result<WebSocket<S>, Error> {
    accept_with(stream, settings, |_| Ok(AcceptConnection::new()))
}

/// Reads a request from a stream as [`accept`] does, and sends the answer that `answer` returns: an acceptance with a
/// subprotocol and header fields, or a rejection.
///
/// A request that asks for no WebSocket can't be accepted: `Ok` sends it the rejection that belongs to its error.
///
/// ```no_run
/// use std::net::TcpListener;
/// use wsproto_blocking::{AcceptConnection, Asked, Config, RejectConnection, accept_with, check_same_host};
///
/// let listener = TcpListener::bind("127.0.0.1:9001")?;
/// let mut ws = accept_with(listener.accept()?.0, Config::default(), |asked| match asked {
///     Asked::WebSocket(request) if check_same_host(request).is_err() => Err(RejectConnection::new(403)),
///     Asked::WebSocket(request) if request.subprotocols().any(|name| name == "chat") => {
///         Ok(AcceptConnection::new().with_subprotocol("chat"))
///     }
///     Asked::Other(request, _) if request.path() == "/healthz" => {
///         Err(RejectConnection::new(200).with_text("fine\n"))
///     }
///     _ => Ok(AcceptConnection::new()),
/// })?;
/// # Ok::<(), wsproto_blocking::Error>(())
/// ```
///
/// # Errors
///
/// As for [`accept`]; [`Error::Rejected`] with the rejection of `answer`. [`Error::Local`] for an answer that can't be
/// sent; then the client gets status 500.
pub fn accept_with<S: Stream>(
    stream: S,
    settings: impl Into<Settings>,
    answer: impl FnOnce(Asked<'_>) -> Result<AcceptConnection, RejectConnection>,
) -> Result<WebSocket<S>, Error> {
    let settings = settings.into();
    let clock = Clock::new(*settings.timeouts != Timeouts::default());
    let connection = Connection::server(settings.config.clone());
    let mut link = Link::new(stream, connection, ReadBuffer::messages(), &settings, clock);
    match link.step(None) {
        Ok(Step::Found) => {}
        Ok(Step::Over | Step::Later) => return Err(Error::Closed),
        Err(Error::Remote(error)) => {
            let outcome = match link.driver.answer_other(&error, answer, link.clock.now()) {
                Ok(Some(rejection)) => rejection.into(),
                Ok(None) => error.into(),
                Err(error) => error.into(),
            };
            // The client has its answer, or gets it together with the end of the stream.
            let _ = link.end();
            return Err(outcome);
        }
        Err(error) => return Err(error),
    }
    let Some(Event::Request(request)) = link.buffer.take_event() else { return Err(Error::Closed) };
    let answer = answer(Asked::WebSocket(&request));
    let outcome = match (link.driver.answer(answer.clone(), link.clock.now()), answer) {
        (Ok(()), Ok(_)) => {
            link.flush()?;
            return Ok(WebSocket::new(link, &settings));
        }
        (Ok(()), Err(rejection)) => rejection.into(),
        (Err(error), _) => error.into(),
    };
    // The client has its answer, or gets it together with the end of the stream.
    let _ = link.end();
    Err(outcome)
}
