//! The opening handshake: the answer that a server gives, and the one that a client gets.

use alloc::boxed::Box;

use wsproto_handshake::{AcceptConnection, RejectConnection};

use super::{Clock, Driver};
use crate::{Event, LocalProtocolError, RejectData};

/// So many bytes of a rejection's body are kept.
const MOST_CONTENT: usize = 16 << 10;

impl Driver {
    /// Answers a client's request. A client whose answer can't be sent is told so, with status 500.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), of the answer.
    pub fn answer(
        &mut self,
        answer: Result<AcceptConnection, RejectConnection>,
        now: impl Clock,
    ) -> Result<(), LocalProtocolError> {
        let now = self.time(now);
        let outcome = match answer {
            Ok(accept) => self.send(accept, now),
            Err(reject) => self.send(reject, now),
        };
        if outcome.is_err() {
            // Where that can't be sent either, it is too late for any answer.
            let _ = self.send(RejectConnection::new(500), now);
        }
        outcome
    }
}

/// The answer of a server, as it comes to a client: its consent, or its rejection with the start of the body.
#[derive(Debug, Default)]
pub struct ServerAnswer {
    rejection: Option<Box<RejectConnection>>,
}

impl ServerAnswer {
    /// Waits for the answer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes an event of the opening handshake; returns the answer once it is there. Of a rejection's body, 16 KiB are
    /// waited for at most.
    pub fn receive(
        &mut self,
        event: Event<'static>,
    ) -> Option<Result<Box<AcceptConnection>, Box<RejectConnection>>> {
        let is_whole = match (event, self.rejection.as_deref_mut()) {
            (Event::AcceptConnection(accept), _) => return Some(Ok(accept)),
            (Event::RejectConnection(rejection), _) => {
                let has_body = rejection.has_body;
                self.rejection = Some(rejection);
                !has_body
            }
            (Event::RejectData(part), Some(rejection)) => keep(rejection, &part),
            _ => false,
        };
        if is_whole { self.end().map(Err) } else { None }
    }

    /// Takes the end, early or not; returns the rejection as far as it came, if one did.
    pub fn end(&mut self) -> Option<Box<RejectConnection>> {
        let mut rejection = self.rejection.take()?;
        // What there is of the body is in it, and nothing follows.
        rejection.has_body = false;
        Some(rejection)
    }
}

/// Keeps a part of a rejection's body; tells whether it was the last one, or enough.
fn keep(rejection: &mut RejectConnection, part: &RejectData<'_>) -> bool {
    let room = MOST_CONTENT.saturating_sub(rejection.content.len());
    rejection.content.extend_from_slice(part.data.get(..room).unwrap_or(&part.data));
    part.body_finished || part.data.len() >= room
}
