//! The client's side of the opening handshake, as a state machine.

pub(crate) mod ask;
pub(crate) mod reading;

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;

use self::reading::{Expected, Response};
use crate::{
    AcceptConnection, HandshakeLimits, HeadError, LocalError, RejectConnection, RejectData, Request,
    ResponseError,
    body::BodyReader,
    head::{FieldStorage, Head, HeadBuffer},
    list,
    token::{AcceptToken, Key},
};

/// The client's side of an opening handshake: writes a request, reads the answer.
///
/// ```text
/// Idle ──request──► AwaitingAnswer ──101──► Accepted
///                     │   │
///                   error └─other status──► ReceivingBody ──last of the body──► Rejected
///                     ▼                           │
///                   Failed ◄───────error──────────┘
/// ```
///
/// ```
/// use wsproto_handshake::{Answer, ClientHandshake, HandshakeLimits, Request};
///
/// let mut client = ClientHandshake::new(HandshakeLimits::default());
/// let mut out = Vec::new();
/// // The nonce must come from the operating system's random bytes.
/// client.send_request(&Request::new("example.com", "/chat"), *b"the sample nonce", &mut out)?;
/// assert_eq!(
///     out,
///     b"GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
///       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
/// );
///
/// let mut input = &b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
///     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nbytes of frames"[..];
/// let answer = client.receive(&mut input)?.expect("the head is whole");
/// assert!(matches!(answer, Answer::Accept(_)));
/// assert_eq!(input, b"bytes of frames");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)
pub struct ClientHandshake {
    limits: HandshakeLimits,
    needs_subprotocol: bool,
    stage: Stage,
}

/// The state of a [`ClientHandshake`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ClientState {
    /// The request isn't sent yet.
    Idle,
    /// The request is sent, and the answer is incomplete.
    AwaitingAnswer,
    /// The server refused, and the body of its rejection is incomplete.
    ReceivingBody,
    /// The connection is open.
    Accepted,
    /// The server refused, and its rejection is complete.
    Rejected,
    /// The server broke a rule.
    Failed,
}

/// A server's answer, or a part of it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Answer<'a> {
    /// The connection is open; all later bytes are frames.
    Accept(AcceptConnection),
    /// The server refused the connection.
    Reject(RejectConnection),
    /// A part of the rejection's body.
    RejectData(RejectData<'a>),
}

enum Stage {
    Idle,
    AwaitingAnswer(Awaited),
    ReceivingBody(BodyReader),
    Accepted,
    Rejected,
    Failed(ResponseError),
}

/// The values that the answer must match, and the part of the answer that has come.
struct Awaited {
    token: AcceptToken,
    /// The proposed subprotocols, as a list with commas.
    subprotocols: String,
    /// The offered extensions, as a list with commas.
    extensions: String,
    interim_responses: u64,
    head: HeadBuffer,
}

impl ClientHandshake {
    /// Creates a handshake without a request.
    #[must_use]
    pub const fn new(limits: HandshakeLimits) -> Self {
        Self { limits, needs_subprotocol: false, stage: Stage::Idle }
    }

    /// Requires the server to choose one of the proposed subprotocols, as browsers do; otherwise the handshake fails.
    #[must_use]
    pub fn require_subprotocol(mut self) -> Self {
        self.needs_subprotocol = true;
        self
    }

    /// Returns the state of the handshake.
    #[must_use]
    pub const fn state(&self) -> ClientState {
        match self.stage {
            Stage::Idle => ClientState::Idle,
            Stage::AwaitingAnswer(_) => ClientState::AwaitingAnswer,
            Stage::ReceivingBody(_) => ClientState::ReceivingBody,
            Stage::Accepted => ClientState::Accepted,
            Stage::Rejected => ClientState::Rejected,
            Stage::Failed(_) => ClientState::Failed,
        }
    }

    /// Returns how many bytes of an incomplete answer are kept.
    #[must_use]
    pub fn buffered(&self) -> usize {
        if let Stage::AwaitingAnswer(awaited) = &self.stage { awaited.head.len() } else { 0 }
    }

    /// Appends the request. The nonce must be unpredictable, and fresh for each connection.
    ///
    /// # Errors
    ///
    /// [`LocalError::WrongState`] for a second request; other errors for a request that can't be sent.
    pub fn send_request(
        &mut self,
        request: &Request,
        nonce: [u8; 16],
        out: &mut Vec<u8>,
    ) -> Result<(), LocalError> {
        let host = self.checked_request(request)?;
        let key = Key::generate(nonce);
        ask::write(request, &host, key, out);
        self.sent(request, key);
        Ok(())
    }

    fn checked_request<'a>(&self, request: &'a Request) -> Result<Cow<'a, str>, LocalError> {
        let Stage::Idle = self.stage else { return Err(LocalError::WrongState) };
        ask::check(request)
    }

    fn sent(&mut self, request: &Request, key: Key) {
        self.stage = Stage::AwaitingAnswer(Awaited {
            token: key.accept_token(),
            subprotocols: list::join(request.subprotocols()),
            extensions: list::join(request.extensions()),
            interim_responses: 0,
            head: HeadBuffer::of_response(),
        });
    }

    /// Takes the answer off the front of the input, and returns its next part.
    ///
    /// `None` means that all of the input was taken and more is needed, or that the handshake is over. Bytes after the
    /// answer are never taken: they belong to the open connection. Interim responses are skipped. After
    /// [`Answer::Reject`], call `receive` again even without input: the last part of a body is empty.
    ///
    /// # Errors
    ///
    /// The rule that the server broke; every later call returns the same error.
    #[inline]
    pub fn receive<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Answer<'a>>, ResponseError> {
        if let Stage::AwaitingAnswer(awaited) = &mut self.stage
            && awaited.has_begun()
            && awaited.head.keep_byte(input, &self.limits)
        {
            return Ok(None);
        }
        self.receive_lines(input)
    }

    /// Not inlined, so that a byte within a line stays cheap.
    #[inline(never)]
    fn receive_lines<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Answer<'a>>, ResponseError> {
        loop {
            let step = match &mut self.stage {
                Stage::AwaitingAnswer(awaited) => awaited.read(input, self.needs_subprotocol, &self.limits),
                Stage::ReceivingBody(body) => body.read(input, &self.limits).map(|part| match part {
                    Some(part) => Step::Give(Answer::RejectData(part), None),
                    None => Step::NeedInput,
                }),
                Stage::Failed(error) => return Err(error.clone()),
                Stage::Idle if !input.is_empty() => Err(ResponseError::Unrequested),
                Stage::Idle | Stage::Accepted | Stage::Rejected => return Ok(None),
            };
            match step {
                Ok(Step::Continue) => {}
                Ok(Step::NeedInput) => return Ok(None),
                Ok(Step::Give(answer, body)) => return Ok(Some(self.give(answer, body))),
                Err(error) => return Err(self.fail(error)),
            }
        }
    }

    /// Reports the end of the server's stream; returns the last part of a body that ends with the stream.
    ///
    /// # Errors
    ///
    /// [`HeadError::Ended`] or [`ResponseError::BodyEnded`] where the answer is incomplete; the earlier error after a
    /// failure.
    pub fn receive_eof(&mut self) -> Result<Option<Answer<'static>>, ResponseError> {
        let end = match &self.stage {
            Stage::AwaitingAnswer(_) => Err(HeadError::Ended.into()),
            Stage::ReceivingBody(body) => body.finish(),
            Stage::Failed(error) => Err(error.clone()),
            Stage::Idle | Stage::Accepted | Stage::Rejected => return Ok(None),
        };
        match end {
            Ok(last) => Ok(Some(self.give(Answer::RejectData(last), None))),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Enters the state after an answer.
    fn give<'a>(&mut self, answer: Answer<'a>, body: Option<BodyReader>) -> Answer<'a> {
        match (&answer, body) {
            (Answer::Accept(_), _) => self.stage = Stage::Accepted,
            (Answer::Reject(_), Some(body)) => self.stage = Stage::ReceivingBody(body),
            (Answer::Reject(_), None) => self.stage = Stage::Rejected,
            (Answer::RejectData(part), _) if part.body_finished => self.stage = Stage::Rejected,
            (Answer::RejectData(_), _) => {}
        }
        answer
    }

    fn fail(&mut self, error: ResponseError) -> ResponseError {
        self.stage = Stage::Failed(error.clone());
        error
    }
}

/// Creates a handshake with the default limits.
impl Default for ClientHandshake {
    fn default() -> Self {
        Self::new(HandshakeLimits::default())
    }
}

impl fmt::Debug for ClientHandshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failure = if let Stage::Failed(error) = &self.stage { Some(error) } else { None };
        f.debug_struct("ClientHandshake")
            .field("limits", &self.limits)
            .field("needs_subprotocol", &self.needs_subprotocol)
            .field("state", &self.state())
            .field("failure", &failure)
            .finish_non_exhaustive()
    }
}

/// The result of reading some input.
enum Step<'a> {
    /// An interim response was skipped.
    Continue,
    NeedInput,
    /// An answer, and the body that follows it.
    Give(Answer<'a>, Option<BodyReader>),
}

impl Awaited {
    /// Returns whether the first bytes of a response have come and were checked.
    fn has_begun(&self) -> bool {
        self.head.len() >= HeadBuffer::RESPONSE_START.len()
    }

    fn read<'a>(
        &mut self,
        input: &mut &'a [u8],
        needs_subprotocol: bool,
        limits: &HandshakeLimits,
    ) -> Result<Step<'a>, ResponseError> {
        self.head.check_response_start(input)?;
        let Self { token, subprotocols, extensions, head, .. } = self;
        let expected = Expected::new(Some(token), [subprotocols, extensions], needs_subprotocol, limits);
        let (mut joined, mut storage) = (Vec::new(), FieldStorage::new());
        let head = head.take(input, limits, &mut joined, &mut storage, Head::of_response)?;
        let Some(head) = head else { return Ok(Step::NeedInput) };
        let response = reading::read(head, expected)?;
        self.after(response, limits)
    }

    fn after<'a>(&mut self, response: Response, limits: &HandshakeLimits) -> Result<Step<'a>, ResponseError> {
        match response {
            Response::Interim => {
                let limit = limits.max_interim_responses;
                self.interim_responses = self.interim_responses.saturating_add(1);
                if self.interim_responses > limit {
                    return Err(ResponseError::TooManyInterimResponses { limit });
                }
                Ok(Step::Continue)
            }
            Response::Accept(accept) => Ok(Step::Give(Answer::Accept(accept), None)),
            Response::Reject(reject, framing) => {
                Ok(Step::Give(Answer::Reject(reject), Some(BodyReader::new(framing))))
            }
        }
    }
}
