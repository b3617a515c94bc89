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
    /// What the client did wrong, for ever.
    failure: Option<RequestError>,
    /// What it asked for when it did.
    refused: Option<Box<HttpRequest>>,
}

/// How far a [`ServerHandshake`] has come.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ServerState {
    /// The request is not whole yet.
    AwaitingRequest,
    /// The request is there, and an answer is owed.
    AwaitingAnswer,
    /// The client broke a rule, and a rejection may be sent.
    Failed,
    /// A rejection's head is sent, and the rest of its body is owed.
    Rejecting,
    /// The connection is open.
    Accepted,
    /// A rejection is sent in full.
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

/// What of a request its answer depends on.
struct PendingRequest {
    key: Key,
    /// The subprotocols that were proposed, as a list with commas.
    subprotocols: String,
    /// The fields that offer extensions, a line each; what browsers offer takes no memory from the heap.
    extensions: SmallVec<[u8; 64]>,
}

impl PendingRequest {
    fn is_proposed(&self, subprotocol: &str) -> bool {
        list::split_list(&self.subprotocols).any(|proposed| proposed == subprotocol)
    }

    /// Whether an extension of this name is among the offers.
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

    /// Returns how far the handshake has come.
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

    /// Returns how many bytes of a request that is not whole are kept.
    #[must_use]
    pub fn buffered(&self) -> usize {
        if let Stage::AwaitingRequest(head) = &self.stage { head.len() } else { 0 }
    }

    /// Takes the request's head off the front of the input, and gives the request when it is whole.
    ///
    /// `None` says that all of the input was taken and more is needed, or that the request has been given
    /// already. Bytes after the head are never taken: they belong to the open connection.
    ///
    /// # Errors
    ///
    /// The rule that the client broke; the same error comes from every later call.
    #[inline]
    pub fn receive(&mut self, input: &mut &[u8]) -> Result<Option<Request>, RequestError> {
        if let Stage::AwaitingRequest(buffer) = &mut self.stage
            && buffer.keep_byte(input, &self.limits)
        {
            return Ok(None);
        }
        self.receive_lines(input)
    }

    /// Apart, so that a byte within a line costs little.
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

    /// Returns what a request asked for that was refused, if its head could be read: a health check or a page on the
    /// same port, which [`reject`](Self::reject) answers with a status, fields and a body of the program's own.
    #[must_use]
    pub fn refused_request(&self) -> Option<&HttpRequest> {
        self.refused.as_deref()
    }

    /// Says that the client's stream has ended.
    ///
    /// # Errors
    ///
    /// [`HeadError::Ended`] where the request is not whole, or the error that came before.
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
    /// [`LocalError::WrongState`] unless a request is to be answered;
    /// [`LocalError::SubprotocolNotProposed`] and [`LocalError::ExtensionNotOffered`] for what the client did not ask
    /// for; others for fields that cannot be sent.
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
    /// It may come before the request is complete: 408 where a client takes too long, 503 where the server goes
    /// down. After an error it may have any status, 200 as well, and answers what
    /// [`refused_request`](Self::refused_request) tells. It always has `Connection: close`, as the transport closes
    /// after it (RFC 9112 [§9.3](https://www.rfc-editor.org/rfc/rfc9112#section-9.3)), and a 426 has Upgrade. To a
    /// client of another version of the protocol it names ours (RFC 6455
    /// [§4.4](https://www.rfc-editor.org/rfc/rfc6455#section-4.4)).
    ///
    /// Without a body, or with [one of its own](RejectConnection::with_content), it is complete. With one that is
    /// announced, [`reject_data`](Self::reject_data)
    /// sends it: of the length that Content-Length states, or until the end of the stream if the headers have
    /// `Connection: close` and no length, or in chunks. A client that has not said that it speaks HTTP/1.1 gets no
    /// chunks. A HEAD is answered without body: the parts of one are taken and not written.
    ///
    /// # Errors
    ///
    /// [`LocalError::WrongState`] once the handshake was answered; others for a status or fields that cannot
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
    /// [`LocalError::WrongState`] unless a body is owed; [`LocalError::BodyTooLong`] and
    /// [`LocalError::BodyTooShort`] where it is not of the length that Content-Length stated.
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

/// Awaits a request, with the limits that go without saying.
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
