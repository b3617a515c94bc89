//! The client's opening handshake over a stream.

use std::{future::poll_fn, sync::Arc, time::Duration};

use tokio::io::{AsyncRead, AsyncWrite};
use wsproto::{AcceptConnection, Connection, Deadline, Driver, RejectConnection, Request, ServerAnswer};

use super::budget::Budget;
use crate::{Error, Settings, WebSocket, pump::Pump};

/// An opening handshake with its request made but not sent.
pub(super) struct Opening {
    driver: Driver,
}

impl Opening {
    /// Makes the request.
    ///
    /// # Errors
    ///
    /// [`Error::Local`] for a request that can't be sent.
    pub(super) fn new(request: Request, settings: &Settings) -> Result<Self, Error> {
        let mut driver = Driver::new(Connection::client(Arc::clone(&settings.config)));
        driver.send(request, Duration::ZERO)?;
        Ok(Self { driver })
    }

    /// Sends the request, and waits for the answer.
    ///
    /// # Errors
    ///
    /// The server's rejection, or the reason why there is no answer. If the body of a rejection fails or takes too
    /// long, the rejection has the part that came.
    pub(super) async fn run<S: AsyncRead + AsyncWrite + Unpin>(
        self,
        io: S,
        budget: Budget,
        settings: &Settings,
    ) -> Result<(WebSocket<S>, AcceptConnection), Error> {
        let mut pump = Pump::new(io, self.driver, settings.high_water);
        let mut answer = ServerAnswer::new();
        let answered = budget.limit(Deadline::Handshake, receive(&mut pump, &mut answer)).await;
        match (answer.end(), answered) {
            (Some(rejection), _) | (None, Ok(Err(rejection))) => Err(Error::Rejected(rejection)),
            (None, Err(error)) => Err(error),
            (None, Ok(Ok(accept))) => {
                Ok((WebSocket::new(Box::new(pump.with_timeouts(&settings.timeouts))), *accept))
            }
        }
    }
}

/// Waits for the server's acceptance, or for the end of its rejection.
async fn receive<S: AsyncRead + AsyncWrite + Unpin>(
    pump: &mut Pump<S>,
    answer: &mut ServerAnswer,
) -> Result<Result<Box<AcceptConnection>, Box<RejectConnection>>, Error> {
    while let Some(event) = poll_fn(|cx| pump.poll_event(cx)).await? {
        if let Some(answer) = answer.receive(event) {
            return Ok(answer);
        }
    }
    Err(Error::Closed)
}
