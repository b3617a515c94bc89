//! The opening handshake: a server's answer, and the answer that a client receives.

use alloc::boxed::Box;

use wsproto_handshake::{AcceptConnection, HttpRequest, RejectConnection, Request};

use super::{Clock, Driver};
use crate::{Event, LocalProtocolError, RejectData, RemoteProtocolError};

/// The most bytes of a rejection's body that are kept.
const MOST_CONTENT: usize = 16 << 10;

/// A client's request, valid or not.
#[derive(Clone, Copy, Debug)]
pub enum Asked<'a> {
    /// A request for a WebSocket.
    WebSocket(&'a Request),
    /// A request for something else, such as a page or a health check, or an invalid request for a WebSocket.
    Other(&'a HttpRequest, &'a RemoteProtocolError),
}

impl Driver {
    /// Answers a client's request. If the answer can't be sent, the client gets status 500.
    ///
    /// The answer must be complete: the body of a rejection is its [`content`](RejectConnection::content), and no
    /// [`RejectData`] follows.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send) for the answer.
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
            // If that can't be sent either, it is too late for any answer.
            let _ = self.send(RejectConnection::new(500), now);
        }
        outcome
    }

    /// Answers a request for something else, or an invalid one, with the rejection that `answer` returns.
    ///
    /// Such a request can't be accepted. If `answer` accepts it, or if the request can't be read, the client gets the
    /// default rejection for the error.
    ///
    /// Returns the rejection of `answer`, if that was sent.
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

/// Collects a server's answer for a client: the consent, or the rejection with the start of its body.
#[derive(Debug, Default)]
pub struct ServerAnswer {
    rejection: Option<Box<RejectConnection>>,
}

impl ServerAnswer {
    /// Makes a collector that has nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes an event of the opening handshake, and returns the answer once it is complete. At most 16 KiB of a
    /// rejection's body are waited for.
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

    /// Takes the end of the stream, early or not. Returns the rejection as far as it came, if one did.
    pub fn end(&mut self) -> Option<Box<RejectConnection>> {
        let mut rejection = self.rejection.take()?;
        // The part of the body that came is in it, and nothing follows.
        rejection.has_body = false;
        Some(rejection)
    }
}

/// Keeps a part of a rejection's body, and returns whether it was the last one, or enough.
fn keep(rejection: &mut RejectConnection, part: &RejectData<'_>) -> bool {
    let room = MOST_CONTENT.saturating_sub(rejection.content.len());
    rejection.content.extend_from_slice(part.data.get(..room).unwrap_or(&part.data));
    part.body_finished || part.data.len() >= room
}
