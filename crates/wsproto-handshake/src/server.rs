//! The server's side of the opening handshake, as a state machine.

pub(crate) mod answer;
pub(crate) mod fields;
pub(crate) mod reading;
pub(crate) mod rejection;

use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

use smallvec::SmallVec;

use self::rejection::Asked;
use crate::{
    AcceptConnection, HandshakeLimits, HeadError, HttpRequest, LocalError, RejectConnection, RejectData,
    Request, RequestError,
    body::BodyWriter,
    extension,
    head::{FieldStorage, Head, HeadBuffer, RequestLine},
    list,
    token::{AcceptToken, Key},
};

/// The server's side of an opening handshake: reads a request, writes the answer.
///
/// ```text
/// AwaitingRequest ──request──► AwaitingAnswer ──accept──► Accepted
///        │                           │
///      error                       reject
///        ▼                           ▼         last of the body
///     Failed ─────reject────► Rejecting ─────────────────────► Rejected
/// ```
///
/// A rejection without body goes to Rejected at once.
///
/// ```
/// use wsproto_handshake::{AcceptConnection, HandshakeLimits, ServerHandshake};
///
/// let mut server = ServerHandshake::new(HandshakeLimits::default());
/// let mut input = &b"GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
///     Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
///     Sec-WebSocket-Version: 13\r\n\r\nbytes of frames"[..];
/// let request = server.receive(&mut input)?.expect("the head is whole");
/// assert_eq!((request.host(), request.target()), ("example.com", "/chat"));
/// assert_eq!(input, b"bytes of frames");
///
/// let mut out = Vec::new();
/// server.accept(&AcceptConnection::new(), &mut out)?;
/// assert_eq!(
///     out,
///     b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
///       Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// RFC 6455 [§4.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2)
pub struct ServerHandshake {
    limits: HandshakeLimits,
    stage: Stage,
    /// The first error of the client; it stays.
    failure: Option<RequestError>,
    /// The refused request, if its head could be read.
    refused: Option<Box<HttpRequest>>,
}

/// The state of a [`ServerHandshake`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ServerState {
    /// The request is incomplete.
    AwaitingRequest,
    /// The request is complete; our answer must follow.
    AwaitingAnswer,
    /// The client broke a rule; we may send a rejection.
    Failed,
    /// The head of a rejection is sent; the rest of its body must follow.
    Rejecting,
    /// The connection is open.
    Accepted,
    /// A rejection is sent completely.
    Rejected,
}

enum Stage {
    AwaitingRequest(HeadBuffer),
    AwaitingAnswer(PendingRequest),
    Failed,
    Rejecting(BodyWriter),
    Accepted,
    Rejected,
}

/// The parts of a request that its answer depends on.
struct PendingRequest {
    key: Key,
    /// The proposed subprotocols, as a list with commas.
    subprotocols: String,
    /// The fields that offer extensions, each ended by a line feed; the offers of browsers need no memory from the
    /// heap.
    extensions: SmallVec<[u8; 64]>,
}

impl PendingRequest {
    fn is_proposed(&self, subprotocol: &str) -> bool {
        list::split_list(&self.subprotocols).any(|proposed| proposed == subprotocol)
    }

    /// Returns whether the client offered an extension of this name.
    fn is_offered(&self, name: &[u8]) -> bool {
        let fields = self.extensions.split(|&byte| byte == b'\n');
        fields.flat_map(list::items).any(|offered| extension::name(offered) == name)
    }
}

impl ServerHandshake {
    /// Creates a handshake that awaits its request.
    #[must_use]
    pub fn new(limits: HandshakeLimits) -> Self {
        Self { limits, stage: Stage::AwaitingRequest(HeadBuffer::of_request()), failure: None, refused: None }
    }

    /// Returns the state of the handshake.
    #[must_use]
    pub const fn state(&self) -> ServerState {
        match self.stage {
            Stage::AwaitingRequest(_) => ServerState::AwaitingRequest,
            Stage::AwaitingAnswer(_) => ServerState::AwaitingAnswer,
            Stage::Failed => ServerState::Failed,
            Stage::Rejecting(_) => ServerState::Rejecting,
            Stage::Accepted => ServerState::Accepted,
            Stage::Rejected => ServerState::Rejected,
        }
    }

    /// Returns how many bytes of an incomplete request are kept.
    #[must_use]
    pub fn buffered(&self) -> usize {
        if let Stage::AwaitingRequest(head) = &self.stage { head.len() } else { 0 }
    }

    /// Takes the request's head off the front of the input, and returns the request when it is complete.
    ///
    /// `None` means that all of the input was taken and more is needed, or that the request was returned before. Bytes
    /// after the head are never taken: they belong to the open connection.
    ///
    /// # Errors
    ///
    /// The rule that the client broke; every later call returns the same error.
    #[inline]
    pub fn receive(&mut self, input: &mut &[u8]) -> Result<Option<Request>, RequestError> {
        if let Stage::AwaitingRequest(buffer) = &mut self.stage
            && buffer.keep_byte(input, &self.limits)
        {
            return Ok(None);
        }
        self.receive_lines(input)
    }

    /// Not inlined, so that a byte within a line stays cheap.
    #[inline(never)]
    fn receive_lines(&mut self, input: &mut &[u8]) -> Result<Option<Request>, RequestError> {
        if let Some(error) = self.failure {
            return Err(error);
        }
        let Stage::AwaitingRequest(buffer) = &mut self.stage else { return Ok(None) };
        let (mut joined, mut storage) = (Vec::new(), FieldStorage::new());
        match buffer.take(input, &self.limits, &mut joined, &mut storage, Head::of_request) {
            Ok(None) => Ok(None),
            Ok(Some(head)) => self.read(head).map(Some),
            Err(error) => Err(self.fail(error.into())),
        }
    }

    fn read(&mut self, head: Head<'_, RequestLine<'_>>) -> Result<Request, RequestError> {
        let mut request = Request::default();
        match reading::read(head, &self.limits, &mut request) {
            Ok(pending) => {
                self.stage = Stage::AwaitingAnswer(pending);
                Ok(request)
            }
            Err(error) => {
                self.refused = Some(Box::new(HttpRequest::of(head)));
                Err(self.fail(error))
            }
        }
    }

    /// Returns the refused request, if its head could be read.
    ///
    /// It may be a health check or a request for a page on the same port: [`reject`](Self::reject) can answer it with
    /// any status, fields and body.
    #[must_use]
    pub fn refused_request(&self) -> Option<&HttpRequest> {
        self.refused.as_deref()
    }

    /// Reports the end of the client's stream.
    ///
    /// # Errors
    ///
    /// [`HeadError::Ended`] where the request is incomplete; the earlier error after a failure.
    pub fn receive_eof(&mut self) -> Result<(), RequestError> {
        if let Some(error) = self.failure {
            return Err(error);
        }
        match self.stage {
            Stage::AwaitingRequest(_) => Err(self.fail(HeadError::Ended.into())),
            _ => Ok(()),
        }
    }

    #[cold]
    fn fail(&mut self, error: RequestError) -> RequestError {
        //= rfc6455#4.2.1-1
        self.stage = Stage::Failed;
        self.failure = Some(error);
        error
    }

    /// Appends the 101 that opens the connection.
    ///
    /// # Errors
    ///
    /// [`LocalError::WrongState`] unless a request awaits its answer. [`LocalError::SubprotocolNotProposed`] and
    /// [`LocalError::ExtensionNotOffered`] for a choice that the client didn't ask for. Other errors for fields that
    /// can't be sent.
    ///
    /// RFC 6455 [§4.2.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2)
    pub fn accept(&mut self, accept: &AcceptConnection, out: &mut Vec<u8>) -> Result<(), LocalError> {
        let token = self.checked_accept(accept)?;
        answer::accept(token, accept, out);
        self.stage = Stage::Accepted;
        Ok(())
    }

    fn checked_accept(&self, accept: &AcceptConnection) -> Result<AcceptToken, LocalError> {
        let Stage::AwaitingAnswer(pending) = &self.stage else { return Err(LocalError::WrongState) };
        answer::check_accept(accept, |name| pending.is_proposed(name), |name| pending.is_offered(name))?;
        Ok(pending.key.accept_token())
    }

    /// Appends the head of a rejection.
    ///
    /// A rejection may come before the request is complete: a 408 for a client that takes too long, a 503 where the
    /// server goes down. After an error it may have any status, even 200, and answers the
    /// [`refused_request`](Self::refused_request). It always has `Connection: close`, as the transport closes after it
    /// (RFC 9112 [§9.3](https://www.rfc-editor.org/rfc/rfc9112#section-9.3)), and a 426 has Upgrade. For a client of another
    /// version of the protocol, it names our version
    /// (RFC 6455 [§4.4](https://www.rfc-editor.org/rfc/rfc6455#section-4.4)).
    ///
    /// A rejection without a body, or with [content](RejectConnection::with_content), is complete at once. If it
    /// announces a body, send the body with [`reject_data`](Self::reject_data). The body has the length of
    /// Content-Length; without that field it ends with the stream if the headers have `Connection: close`, and comes in
    /// chunks otherwise. A client that hasn't stated HTTP/1.1 gets no chunks. The answer to a HEAD has no body: its
    /// parts are checked but not written.
    ///
    /// # Errors
    ///
    /// [`LocalError::WrongState`] if the handshake was answered before; other errors for a status or fields that can't
    /// be sent.
    ///
    /// RFC 6455 [§4.2.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2)
    pub fn reject(&mut self, reject: &RejectConnection, out: &mut Vec<u8>) -> Result<(), LocalError> {
        let is_http_1_1 = match self.stage {
            Stage::AwaitingRequest(_) => false,
            Stage::Failed => !matches!(self.failure, Some(RequestError::Head(_))),
            Stage::AwaitingAnswer(_) => true,
            Stage::Rejecting(_) | Stage::Accepted | Stage::Rejected => return Err(LocalError::WrongState),
        };
        let asked = Asked::of(is_http_1_1, self.refused.as_deref());
        self.stage = match rejection::write(reject, asked, out)? {
            Some(body) => Stage::Rejecting(body),
            None => Stage::Rejected,
        };
        Ok(())
    }

    /// Appends a part of a rejection's body.
    ///
    /// # Errors
    ///
    /// [`LocalError::WrongState`] unless a body must follow. [`LocalError::BodyTooLong`] and
    /// [`LocalError::BodyTooShort`] where the body doesn't have the length of Content-Length.
    pub fn reject_data(&mut self, part: &RejectData<'_>, out: &mut Vec<u8>) -> Result<(), LocalError> {
        let Stage::Rejecting(body) = self.stage else { return Err(LocalError::WrongState) };
        let before = out.len();
        self.stage = match body.write(part, out)? {
            Some(body) => Stage::Rejecting(body),
            None => Stage::Rejected,
        };
        if self.refused.as_ref().is_some_and(|request| request.method() == "HEAD") {
            out.truncate(before);
        }
        Ok(())
    }
}

/// Creates a handshake with the default limits.
impl Default for ServerHandshake {
    fn default() -> Self {
        Self::new(HandshakeLimits::default())
    }
}

impl fmt::Debug for ServerHandshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerHandshake")
            .field("limits", &self.limits)
            .field("state", &self.state())
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}
