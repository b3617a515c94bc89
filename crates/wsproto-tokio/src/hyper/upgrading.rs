//! The time between the answer that opens a WebSocket and the WebSocket.

use std::{
    fmt,
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use ::hyper::upgrade::OnUpgrade;
use tokio::time::{Instant, Sleep, sleep_until};
use wsproto::{Connection, Deadline};

use super::Upgraded;
use crate::{Error, Settings, WebSocket};

/// A WebSocket, once hyper has sent or received the answer and hands over the stream.
///
/// Dropping it closes the connection.
///
/// # Errors
///
/// - [`Error::TimedOut`]: the deadline of the opening handshake passed; its clock starts when the request is accepted.
/// - [`Error::Io`]: hyper handed over no stream. The response was not sent, or was changed; or the connection failed;
///   or it isn't served `with_upgrades()`.
///
/// # Cancel safety
///
/// It may be polled by any task, and in turns with other futures; dropping it closes the connection.
///
/// # Panics
///
/// With deadlines, which the default settings have, outside a tokio runtime with its timer.
#[must_use = "a WebSocket opens once this is awaited"]
pub struct Upgrading {
    /// Boxed, so that the task of the connection doesn't grow.
    waiting: Option<Box<Waiting>>,
}

struct Waiting {
    on_upgrade: OnUpgrade,
    connection: Connection,
    settings: Settings,
    end: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Upgrading {
    pub(super) fn new(on_upgrade: OnUpgrade, connection: Connection, settings: Settings) -> Self {
        // A time beyond the end of the clock never comes.
        let end = settings.timeouts.handshake.and_then(|limit| Instant::now().checked_add(limit));
        let waiting = Waiting { on_upgrade, connection, settings, end, sleep: None };
        Self { waiting: Some(Box::new(waiting)) }
    }
}

impl Waiting {
    fn poll_stream(&mut self, cx: &mut Context<'_>) -> Poll<Result<Upgraded, Error>> {
        if let Poll::Ready(upgraded) = Pin::new(&mut self.on_upgrade).poll(cx) {
            return Poll::Ready(match upgraded {
                Ok(io) => Ok(Upgraded::new(io)),
                Err(error) => Err(Error::Io(io_error(error))),
            });
        }
        if let Some(end) = self.end {
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(end)));
            if sleep.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(Error::TimedOut(Deadline::Handshake)));
            }
        }
        Poll::Pending
    }
}

impl Future for Upgrading {
    type Output = Result<WebSocket<Upgraded>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(mut waiting) = self.waiting.take() else { return Poll::Ready(Err(Error::Closed)) };
        match waiting.poll_stream(cx) {
            Poll::Pending => {
                self.waiting = Some(waiting);
                Poll::Pending
            }
            Poll::Ready(Ok(io)) => {
                let Waiting { connection, settings, .. } = *waiting;
                Poll::Ready(Ok(WebSocket::from_upgraded(io, connection, b"", &settings)))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        }
    }
}

/// Returns an error of hyper as an I/O error.
pub(super) fn io_error(error: ::hyper::Error) -> io::Error {
    let kind = if error.is_canceled() || error.is_closed() {
        io::ErrorKind::ConnectionAborted
    } else {
        io::ErrorKind::Other
    };
    io::Error::new(kind, error)
}

/// Shows the waiting connection.
impl fmt::Debug for Upgrading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let connection = self.waiting.as_ref().map(|waiting| &waiting.connection);
        f.debug_struct("Upgrading").field("connection", &connection).finish_non_exhaustive()
    }
}
