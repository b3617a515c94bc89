//! The opening handshake: the answer that a server gives, and the one that a client gets.

use alloc::boxed::Box;

use wsproto_handshake::{AcceptConnection, HttpRequest, RejectConnection, Request};

use super::{Clock, Driver};
use crate::{Event, LocalProtocolError, RejectData, RemoteProtocolError};

/// So many bytes of a rejection's body are kept.
const MOST_CONTENT: usize = 16 << 10;

/// What a client asked for.
#[derive(Clone, Copy, Debug)]
pub enum Asked<'a> {
    /// A WebSocket.
    WebSocket(&'a Request),
    /// Something else, such as a page or a health check, or a WebSocket in a way that broke a rule.
    Other(&'a HttpRequest, &'a RemoteProtocolError),
}

impl Driver {
    /// Answers a client's request. A client whose answer can't be sent is told so, with status 500.
    ///
    /// The answer is whole: the body of a rejection is its [`content`](RejectConnection::content), and no
    /// [`RejectData`] follows.
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
            Err(mut reject) => {
                reject.has_body = false;
                self.send(reject, now)
            }
        };
        if outcome.is_err() {
            // Where that can't be sent either, it is too late for any answer.
            let _ = self.send(RejectConnection::new(500), now);
        }
        outcome
    }

    /// Answers what asked for no WebSocket, or for one in a wrong way, with the rejection that `answer` gives. Where that is
    /// a consent, which it can't have, and where the request can't be read, it gets what the error is owed.
    ///
    /// Returns the rejection, if it was `answer`'s.
    ///
    /// # Errors
    ///
    /// As [`answer`](Self::answer), and as [`reply_to_error`](Self::reply_to_error).
    pub fn answer_other(
        &mut self,
        error: &RemoteProtocolError,
        answer: impl FnOnce(Asked<'_>) -> Result<AcceptConnection, RejectConnection>,
        now: impl Clock,
    ) -> Result<Option<RejectConnection>, LocalProtocolError> {
        let request = self.connection.refused_request();
        match request.map(|request| answer(Asked::Other(request, error))) {
            Some(Err(rejection)) => self.answer(Err(rejection.clone()), now).map(|()| Some(rejection)),
            Some(Ok(_)) | None => self.reply_to_error(error, now).map(|()| None),
        }
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
