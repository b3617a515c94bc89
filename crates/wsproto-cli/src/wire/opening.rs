//! The opening handshake over HTTP/1.1, judged as the other end would.

use std::{slice, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use wsproto::{
    AcceptConnection, Config, DeflateConfig, RejectConnection, RemoteProtocolError, Request, Role,
    extensions::respond,
    handshake::{
        Answer, ClientHandshake, ClientState, HandshakeLimits, RequestError, ResponseError, ServerHandshake,
    },
};

use super::{Context, agreement::Agreement, head, preview::len, recent::Recent};

/// The most bytes of a head that are searched at once for the offending byte.
const SEARCH_LEN: usize = 64 << 10;

/// A rule that a handshake breaks, and the offending byte.
#[derive(Debug)]
pub(super) struct HeadFault {
    pub(super) error: RemoteProtocolError,
    pub(super) offset: u64,
    pub(super) byte: Option<u8>,
    pub(super) context: Context,
}

impl HeadFault {
    /// Makes a fault at a place in the head that begins the direction.
    pub(super) fn new(head: &[u8], index: usize, error: RemoteProtocolError) -> Self {
        let offset = u64::try_from(index).unwrap_or(u64::MAX);
        let mut recent = Recent::default();
        // The bytes that are shown after the offending byte.
        let end = index.saturating_add(16).min(head.len());
        recent.push(0, head.get(..end).unwrap_or(head));
        let (byte, context) = recent.around(offset);
        Self { error, offset, byte, context }
    }
}

/// A client's request under way.
pub(super) struct RequestReader {
    limits: HandshakeLimits,
    handshake: ServerHandshake,
    /// The bytes of the head that have come.
    pub(super) head: Vec<u8>,
}

impl RequestReader {
    pub(super) fn new(config: &Arc<Config>) -> Self {
        let limits = config.handshake;
        Self { limits, handshake: ServerHandshake::new(limits), head: Vec::new() }
    }

    /// Takes bytes off the front of `rest`, and returns the request once it is whole.
    pub(super) fn read(&mut self, rest: &mut &[u8]) -> Result<Option<Asked>, HeadFault> {
        let before = *rest;
        match self.handshake.receive(rest) {
            Ok(request) => {
                keep(&mut self.head, before, rest);
                request.map_or(Ok(None), |request| self.check_offers(&request).map(Some))
            }
            Err(error) => {
                let mut again = ServerHandshake::new(self.limits);
                search(&mut self.head, before, rest, |byte| {
                    again.receive(&mut slice::from_ref(byte)).is_err()
                });
                Err(self.fault(RemoteProtocolError::Request(error)))
            }
        }
    }

    /// Checks the grammar of the extension offers.
    fn check_offers(&self, request: &Request) -> Result<Asked, HeadFault> {
        let offers: Vec<String> = request.extensions().map(String::from).collect();
        match respond(&[Arc::new(DeflateConfig::default()) as _], &offers) {
            Ok(_) => Ok(Asked::of(request, offers)),
            Err(error) => {
                Err(self.fault(RemoteProtocolError::Negotiation { received_by: Role::Server, error }))
            }
        }
    }

    fn fault(&self, error: RemoteProtocolError) -> HeadFault {
        let last = self.head.len().saturating_sub(1);
        let field = match &error {
            RemoteProtocolError::Request(error) => field_of_request(*error),
            _ => Some("Sec-WebSocket-Extensions"),
        };
        HeadFault::new(
            &self.head,
            field.and_then(|name| head::place(&self.head, name)).unwrap_or(last),
            error,
        )
    }

    /// Takes the end of the stream. Returns a fault if the head has begun.
    pub(super) fn end(&self) -> Option<HeadFault> {
        let error = RemoteProtocolError::EndOfStream { received_any: true };
        (!self.head.is_empty()).then(|| HeadFault::new(&self.head, self.head.len(), error))
    }
}

/// The parts of a request with which the answer is compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// The decoded `Sec-WebSocket-Key`; none if the request is unknown.
    nonce: Option<[u8; 16]>,
    subprotocols: Vec<String>,
    pub(super) extensions: Vec<String>,
}

impl Asked {
    fn of(request: &Request, extensions: Vec<String>) -> Self {
        let key = request.headers().get("Sec-WebSocket-Key").and_then(|key| STANDARD.decode(key).ok());
        Self {
            nonce: key.and_then(|key| key.try_into().ok()),
            subprotocols: request.subprotocols().map(String::from).collect(),
            extensions,
        }
    }

    /// Makes a client that has sent this request. Returns also whether its key is known.
    fn client(&self, limits: HandshakeLimits) -> (ClientHandshake, bool) {
        let mut client = ClientHandshake::new(limits);
        let mut request = Request::new("localhost", "/");
        for subprotocol in &self.subprotocols {
            request = request.with_subprotocol(subprotocol.as_str());
        }
        for extension in &self.extensions {
            request = request.with_extension(extension.as_str());
        }
        let nonce = self.nonce.unwrap_or_default();
        let is_known = self.nonce.is_some() && client.send_request(&request, nonce, &mut Vec::new()).is_ok();
        if !is_known {
            // A client can always send such a request.
            let plain = Request::new("localhost", "/");
            let sent = client.send_request(&plain, nonce, &mut Vec::new());
            debug_assert!(sent.is_ok(), "it is plain");
        }
        (client, is_known)
    }
}

/// A server's answer under way.
pub(super) struct AnswerReader {
    limits: HandshakeLimits,
    asked: Asked,
    handshake: ClientHandshake,
    is_known: bool,
    /// The bytes of the head that have come, including the heads of interim responses.
    pub(super) head: Vec<u8>,
    /// The latest bytes of a refusal's body, and the offset of the next byte.
    recent: Recent,
    offset: u64,
}

/// The result of an answer.
pub(super) enum Answered {
    Accept {
        subprotocol: Option<String>,
        extensions: String,
        agreement: Agreement,
    },
    /// A refusal; a body may follow.
    Reject {
        has_body: bool,
    },
}

impl AnswerReader {
    pub(super) fn new(config: &Arc<Config>, asked: Asked) -> Self {
        let limits = config.handshake;
        let (handshake, is_known) = asked.client(limits);
        Self { limits, asked, handshake, is_known, head: Vec::new(), recent: Recent::default(), offset: 0 }
    }

    /// Takes bytes off the front of `rest`, and returns the answer once it is whole.
    pub(super) fn read(&mut self, rest: &mut &[u8]) -> Result<Option<Answered>, HeadFault> {
        let before = *rest;
        let error = match self.handshake.receive(rest) {
            Ok(Some(Answer::Accept(accept))) => {
                keep(&mut self.head, before, rest);
                return self.accepted(accept).map(Some);
            }
            Ok(Some(Answer::Reject(RejectConnection { has_body, .. }))) => {
                keep(&mut self.head, before, rest);
                self.recent.push(0, &self.head);
                self.offset = len(&self.head);
                return Ok(Some(Answered::Reject { has_body }));
            }
            Ok(_) => {
                keep(&mut self.head, before, rest);
                return Ok(None);
            }
            Err(error) => error,
        };
        let (mut again, _) = self.asked.client(self.limits);
        search(&mut self.head, before, rest, |byte| again.receive(&mut slice::from_ref(byte)).is_err());
        if !self.is_known && depends_on_request(&error) {
            return self.accepted(accept_of(&self.head)).map(Some);
        }
        Err(self.fault(RemoteProtocolError::Response(error)))
    }

    fn accepted(&self, accept: AcceptConnection) -> Result<Answered, HeadFault> {
        let extensions = accept.extensions.join(", ");
        let agreement = if self.is_known {
            Agreement::of_answer_to(&self.asked.extensions, &extensions)
        } else {
            Agreement::of_answer(&extensions)
        };
        match agreement {
            Ok(agreement) => Ok(Answered::Accept { subprotocol: accept.subprotocol, extensions, agreement }),
            Err(error) => {
                Err(self.fault(RemoteProtocolError::Negotiation { received_by: Role::Client, error }))
            }
        }
    }

    fn fault(&self, error: RemoteProtocolError) -> HeadFault {
        let last = self.head.len().saturating_sub(1);
        let field = match &error {
            RemoteProtocolError::Response(error) => field_of_response(error),
            _ => Some("Sec-WebSocket-Extensions"),
        };
        HeadFault::new(
            &self.head,
            field.and_then(|name| head::place(&self.head, name)).unwrap_or(last),
            error,
        )
    }

    /// Returns whether the request for this answer is known.
    pub(super) const fn is_asked(&self) -> bool {
        self.is_known
    }

    /// Reads the body of a refusal. Returns whether it goes on.
    ///
    /// The limits of the handshake keep it short, so each byte can be read alone.
    pub(super) fn read_body(&mut self, rest: &mut &[u8]) -> Result<bool, HeadFault> {
        // Wrong framing is found before the first byte of the body, and an empty body ends without a byte.
        if let Err(error) = self.receive_body(&mut &[][..]) {
            return Err(self.fault(error.into()));
        }
        while self.handshake.state() == ClientState::ReceivingBody
            && let Some((byte, after)) = rest.split_first()
        {
            *rest = after;
            let offset = self.offset;
            self.recent.push(offset, slice::from_ref(byte));
            self.offset = offset.saturating_add(1);
            if let Err(error) = self.receive_body(&mut slice::from_ref(byte)) {
                return Err(self.body_fault(offset, error.into()));
            }
        }
        Ok(self.handshake.state() == ClientState::ReceivingBody)
    }

    fn receive_body(&mut self, rest: &mut &[u8]) -> Result<(), ResponseError> {
        while self.handshake.receive(rest)?.is_some() {}
        Ok(())
    }

    fn body_fault(&self, offset: u64, error: RemoteProtocolError) -> HeadFault {
        let (byte, context) = self.recent.around(offset);
        HeadFault { error, offset, byte, context }
    }

    /// Takes the end of the stream. Returns a fault if the answer isn't whole.
    pub(super) fn end(&mut self) -> Option<HeadFault> {
        let is_body = self.handshake.state() == ClientState::ReceivingBody;
        self.handshake.receive_eof().err()?;
        let error = RemoteProtocolError::EndOfStream { received_any: !self.head.is_empty() };
        Some(if is_body {
            self.body_fault(self.offset, error)
        } else {
            HeadFault::new(&self.head, self.head.len(), error)
        })
    }
}

/// Appends the bytes that were taken.
fn keep(head: &mut Vec<u8>, before: &[u8], rest: &[u8]) {
    let taken = before.len().saturating_sub(rest.len());
    head.extend_from_slice(before.get(..taken).unwrap_or(before));
}

/// Searches a head, which ends with `before`, for the first byte that `fails`. Keeps and takes the bytes up to it.
///
/// The head is bounded by the limits of the handshake.
fn search<'a>(head: &mut Vec<u8>, before: &'a [u8], rest: &mut &'a [u8], fails: impl FnMut(&u8) -> bool) {
    let start = head.len();
    head.extend(before.iter().take(SEARCH_LEN));
    let len = head.iter().position(fails).map_or(head.len(), |index| index.saturating_add(1));
    head.truncate(len.max(start));
    *rest = before.get(len.saturating_sub(start)..).unwrap_or_default();
}

/// Returns whether a rule can't be judged without the request.
const fn depends_on_request(error: &ResponseError) -> bool {
    matches!(
        error,
        ResponseError::AcceptMismatch
            | ResponseError::SubprotocolNotProposed(_)
            | ResponseError::ExtensionNotOffered(_)
    )
}

/// Reads the head of an acceptance that wasn't compared with a request.
fn accept_of(head: &[u8]) -> AcceptConnection {
    let mut accept = AcceptConnection::new();
    accept.subprotocol = head::list(head, "Sec-WebSocket-Protocol");
    accept.extensions = head::list(head, "Sec-WebSocket-Extensions").into_iter().collect();
    accept
}

/// The field that a rule is about, if it is about one.
const fn field_of_request(error: RequestError) -> Option<&'static str> {
    Some(match error {
        RequestError::HostRepeated | RequestError::HostInvalid => "Host",
        RequestError::ContentLengthInvalid | RequestError::Body => "Content-Length",
        RequestError::TransferEncoding => "Transfer-Encoding",
        RequestError::ConnectionNotUpgrade => "Connection",
        RequestError::UpgradeNotWebSocket => "Upgrade",
        RequestError::VersionRepeated | RequestError::VersionUnsupported => "Sec-WebSocket-Version",
        RequestError::KeyRepeated | RequestError::KeyInvalid => "Sec-WebSocket-Key",
        RequestError::SubprotocolsEmpty
        | RequestError::SubprotocolInvalid
        | RequestError::SubprotocolRepeated => "Sec-WebSocket-Protocol",
        RequestError::ExtensionsEmpty | RequestError::ExtensionsInvalid => "Sec-WebSocket-Extensions",
        _ => return None,
    })
}

const fn field_of_response(error: &ResponseError) -> Option<&'static str> {
    Some(match error {
        ResponseError::ConnectionNotUpgrade => "Connection",
        ResponseError::UpgradeNotWebSocket => "Upgrade",
        ResponseError::AcceptRepeated | ResponseError::AcceptMismatch => "Sec-WebSocket-Accept",
        ResponseError::SubprotocolRepeated | ResponseError::SubprotocolNotProposed(_) => {
            "Sec-WebSocket-Protocol"
        }
        ResponseError::ExtensionsRepeated
        | ResponseError::ExtensionsInvalid
        | ResponseError::ExtensionNotOffered(_) => "Sec-WebSocket-Extensions",
        ResponseError::ContentLengthInvalid => "Content-Length",
        ResponseError::BodyAmbiguous | ResponseError::TransferEncodingUnknown => "Transfer-Encoding",
        _ => return None,
    })
}
