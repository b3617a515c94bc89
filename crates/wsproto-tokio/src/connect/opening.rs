//! The client's opening handshake over a stream.

use std::{future::poll_fn, sync::Arc, time::Duration};

use tokio::io::{AsyncRead, AsyncWrite};
use wsproto::{AcceptConnection, Connection, Deadline, Driver, Event, RejectConnection, RejectData, Request};

use super::budget::Budget;
use crate::{Error, Settings, WebSocket, pump::Pump};

/// So many bytes of a rejection's body are read and kept.
const MOST_CONTENT: usize = 16 << 10;

/// A handshake whose request is made and not sent yet.
pub(super) struct Opening {
    driver: Driver,
}

impl Opening {
    /// Makes the request.
    ///
    /// # Errors
    ///
    /// [`Error::Local`] for what can't be sent.
    pub(super) fn new(request: Request, settings: &Settings) -> Result<Self, Error> {
        let mut driver = Driver::new(Connection::client(Arc::clone(&settings.config)));
        driver.send(request, Duration::ZERO)?;
        Ok(Self { driver })
    }

    /// Sends the request, and waits for the answer.
    ///
    /// # Errors
    ///
    /// The server's refusal, and else why there is no answer. A refusal whose body fails or takes too long is told with
    /// what has come of it.
    pub(super) async fn run<S: AsyncRead + AsyncWrite + Unpin>(
        self,
        io: S,
        budget: Budget,
        settings: &Settings,
    ) -> Result<(WebSocket<S>, AcceptConnection), Error> {
        let mut pump = Pump::new(io, self.driver, settings.high_water);
        let mut refusal = None;
        let answered = budget.limit(Deadline::Handshake, answer(&mut pump, &mut refusal)).await;
        match (refusal, answered) {
            (Some(refusal), _) => Err(Error::Rejected(refusal)),
            (None, Err(error)) => Err(error),
            (None, Ok(None)) => Err(Error::Closed),
            (None, Ok(Some(accept))) => {
                Ok((WebSocket::new(Box::new(pump.with_timeouts(&settings.timeouts))), *accept))
            }
        }
    }
}

/// Waits for the server's consent, or for the end of its refusal.
async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    pump: &mut Pump<S>,
    refusal: &mut Option<Box<RejectConnection>>,
) -> Result<Option<Box<AcceptConnection>>, Error> {
    let mut is_enough = false;
    while !is_enough && let Some(event) = poll_fn(|cx| pump.poll_event(cx)).await? {
        match (event, refusal.as_deref_mut()) {
            (Event::AcceptConnection(accept), _) => return Ok(Some(accept)),
            (Event::RejectConnection(mut refused), _) => {
                refused.has_body = false;
                *refusal = Some(refused);
            }
            (Event::RejectData(part), Some(refusal)) => is_enough = keep(&mut refusal.content, &part),
            _ => {}
        }
    }
    Ok(None)
}

/// Keeps a part of a refusal's body; tells whether it was the last one, or enough.
fn keep(content: &mut Vec<u8>, part: &RejectData<'_>) -> bool {
    let room = MOST_CONTENT.saturating_sub(content.len());
    content.extend_from_slice(part.data.get(..room).unwrap_or(&part.data));
    part.body_finished || part.data.len() >= room
}
