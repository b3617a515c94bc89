//! Rules for the opening handshake that a peer can break, by their names.

use alloc::vec::Vec;
use core::{fmt, str::FromStr};

use super::UnknownViolation;
use crate::Role;

/// A rule for the opening handshake that a client or a server can break.
///
/// [`apply`](Self::apply) breaks it in a valid head, so that everything else in the head is as the test needs it:
///
/// ```
/// use wsproto::testing::{Cuts, HandshakeViolation, Pair};
/// use wsproto::{Config, Request};
///
/// let violation: HandshakeViolation = "request-unknown-version".parse()?;
/// let mut pair = Pair::connecting(Config::default(), Config::default());
/// pair.client.send(Request::new("example.com", "/chat"))?;
/// let request = violation.apply(&pair.client.take_written());
///
/// let error = pair.server.receive(&request, &Cuts::EachByte).unwrap_err();
/// pair.server.reply_to_error(&error)?;
/// assert!(pair.server.written().starts_with(b"HTTP/1.1 426 "));
/// assert_eq!(violation.status(), Some(426));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum HandshakeViolation {
    /// A request with POST: `request-method`.
    RequestMethod,
    /// A request of HTTP/1.0: `request-http-version`.
    RequestHttpVersion,
    /// A request without Host: `request-without-host`.
    RequestWithoutHost,
    /// A request without Upgrade: `request-without-upgrade`.
    RequestWithoutUpgrade,
    /// A request without Connection: `request-without-connection`.
    RequestWithoutConnection,
    /// A request without Sec-WebSocket-Version: `request-without-version`.
    RequestWithoutVersion,
    /// A request with version 8: `request-unknown-version`.
    RequestUnknownVersion,
    /// A request without Sec-WebSocket-Key: `request-without-key`.
    RequestWithoutKey,
    /// A request whose key is 15 bytes in base64: `request-short-key`.
    RequestShortKey,
    /// A request with two keys: `request-two-keys`.
    RequestTwoKeys,
    /// An answer to another key: `response-wrong-accept`.
    ResponseWrongAccept,
    /// An answer without Sec-WebSocket-Accept: `response-without-accept`.
    ResponseWithoutAccept,
    /// An answer without Upgrade: `response-without-upgrade`.
    ResponseWithoutUpgrade,
    /// An answer that upgrades to another protocol: `response-other-upgrade`.
    ResponseOtherUpgrade,
    /// An answer without Connection: `response-without-connection`.
    ResponseWithoutConnection,
    /// An answer with a subprotocol that was not proposed: `response-unasked-subprotocol`.
    ResponseUnaskedSubprotocol,
    /// An answer with an extension that was not offered: `response-unasked-extension`.
    ResponseUnaskedExtension,
}

impl HandshakeViolation {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::RequestMethod,
        Self::RequestHttpVersion,
        Self::RequestWithoutHost,
        Self::RequestWithoutUpgrade,
        Self::RequestWithoutConnection,
        Self::RequestWithoutVersion,
        Self::RequestUnknownVersion,
        Self::RequestWithoutKey,
        Self::RequestShortKey,
        Self::RequestTwoKeys,
        Self::ResponseWrongAccept,
        Self::ResponseWithoutAccept,
        Self::ResponseWithoutUpgrade,
        Self::ResponseOtherUpgrade,
        Self::ResponseWithoutConnection,
        Self::ResponseUnaskedSubprotocol,
        Self::ResponseUnaskedExtension,
    ];

    /// Returns the name, in kebab case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequestMethod => "request-method",
            Self::RequestHttpVersion => "request-http-version",
            Self::RequestWithoutHost => "request-without-host",
            Self::RequestWithoutUpgrade => "request-without-upgrade",
            Self::RequestWithoutConnection => "request-without-connection",
            Self::RequestWithoutVersion => "request-without-version",
            Self::RequestUnknownVersion => "request-unknown-version",
            Self::RequestWithoutKey => "request-without-key",
            Self::RequestShortKey => "request-short-key",
            Self::RequestTwoKeys => "request-two-keys",
            Self::ResponseWrongAccept => "response-wrong-accept",
            Self::ResponseWithoutAccept => "response-without-accept",
            Self::ResponseWithoutUpgrade => "response-without-upgrade",
            Self::ResponseOtherUpgrade => "response-other-upgrade",
            Self::ResponseWithoutConnection => "response-without-connection",
            Self::ResponseUnaskedSubprotocol => "response-unasked-subprotocol",
            Self::ResponseUnaskedExtension => "response-unasked-extension",
        }
    }

    /// Returns the rule that is broken, in words.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::RequestMethod => "the method is GET",
            Self::RequestHttpVersion => "the version of HTTP is at least 1.1",
            Self::RequestWithoutHost => "a request has a Host",
            Self::RequestWithoutUpgrade => "a request has Upgrade: websocket",
            Self::RequestWithoutConnection => "a request has Connection: Upgrade",
            Self::RequestWithoutVersion => "a request has Sec-WebSocket-Version",
            Self::RequestUnknownVersion => "the version is 13, or the server says so",
            Self::RequestWithoutKey => "a request has a key",
            Self::RequestShortKey => "the key is 16 bytes in base64",
            Self::RequestTwoKeys => "the key comes once",
            Self::ResponseWrongAccept => "Sec-WebSocket-Accept follows from the key",
            Self::ResponseWithoutAccept => "an answer has Sec-WebSocket-Accept",
            Self::ResponseWithoutUpgrade | Self::ResponseOtherUpgrade => "an answer has Upgrade: websocket",
            Self::ResponseWithoutConnection => "an answer has Connection: Upgrade",
            Self::ResponseUnaskedSubprotocol => "the subprotocol is one of those proposed",
            Self::ResponseUnaskedExtension => "extensions are among those offered",
        }
    }

    /// Returns where the rule is written.
    #[must_use]
    pub const fn link(self) -> &'static str {
        match self {
            Self::RequestMethod
            | Self::RequestHttpVersion
            | Self::RequestWithoutHost
            | Self::RequestWithoutUpgrade
            | Self::RequestWithoutConnection
            | Self::RequestWithoutVersion
            | Self::RequestWithoutKey
            | Self::RequestShortKey => "https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1",
            Self::RequestUnknownVersion => "https://www.rfc-editor.org/rfc/rfc6455#section-4.4",
            Self::RequestTwoKeys => "https://www.rfc-editor.org/rfc/rfc6455#section-11.3.1",
            Self::ResponseWrongAccept
            | Self::ResponseWithoutAccept
            | Self::ResponseWithoutUpgrade
            | Self::ResponseOtherUpgrade
            | Self::ResponseWithoutConnection
            | Self::ResponseUnaskedSubprotocol
            | Self::ResponseUnaskedExtension => "https://www.rfc-editor.org/rfc/rfc6455#section-4.1",
        }
    }

    /// Returns the side that breaks it: in its request or in its answer.
    #[must_use]
    pub const fn violator(self) -> Role {
        match self.status() {
            Some(_) => Role::Client,
            None => Role::Server,
        }
    }

    /// Returns the status that fits as the answer to a request. `None` for a violation in an answer: the client ends
    /// the connection without an answer.
    ///
    /// The RFC requires an appropriate status, such as 400. So another 4xx keeps the rule, too (RFC 6455
    /// [§4.2.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1)).
    #[must_use]
    pub const fn status(self) -> Option<u16> {
        match self {
            Self::RequestMethod => Some(405),
            Self::RequestHttpVersion => Some(505),
            Self::RequestWithoutHost
            | Self::RequestWithoutUpgrade
            | Self::RequestWithoutVersion
            | Self::RequestWithoutKey
            | Self::RequestShortKey
            | Self::RequestTwoKeys => Some(400),
            Self::RequestWithoutConnection | Self::RequestUnknownVersion => Some(426),
            Self::ResponseWrongAccept
            | Self::ResponseWithoutAccept
            | Self::ResponseWithoutUpgrade
            | Self::ResponseOtherUpgrade
            | Self::ResponseWithoutConnection
            | Self::ResponseUnaskedSubprotocol
            | Self::ResponseUnaskedExtension => None,
        }
    }

    /// Returns a request or an answer in which the rule is broken. One field of `head` is changed or missing, and
    /// nothing else.
    #[must_use]
    pub fn apply(self, head: &[u8]) -> Vec<u8> {
        let (mut rest, mut out) = (head, Vec::new());
        while let Some(at) = rest.windows(2).position(|pair| pair == b"\r\n")
            && let Some((line, after)) = rest.split_at_checked(at.saturating_add(2))
        {
            if at == 0 {
                break;
            }
            rest = after;
            match self.changed(line) {
                Some(changed) => changed.iter().for_each(|part| out.extend_from_slice(part)),
                None => out.extend_from_slice(line),
            }
        }
        [&out, rest].concat()
    }

    /// Returns the replacement of a line, which ends with CRLF; `None` where the line stays.
    fn changed(self, line: &[u8]) -> Option<[&[u8]; 2]> {
        let is = |name: &str| {
            line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
        };
        let (name, replacement) = match self {
            Self::RequestMethod => return Some([b"POST ", line.strip_prefix(b"GET ")?]),
            Self::RequestHttpVersion if line.starts_with(b"GET ") => {
                return Some([line.strip_suffix(b"1.1\r\n")?, b"1.0\r\n"]);
            }
            Self::RequestHttpVersion => return None,
            Self::RequestWithoutHost => ("Host:", ""),
            Self::RequestWithoutUpgrade | Self::ResponseWithoutUpgrade => ("Upgrade:", ""),
            Self::RequestWithoutConnection | Self::ResponseWithoutConnection => ("Connection:", ""),
            Self::RequestWithoutVersion => ("Sec-WebSocket-Version:", ""),
            Self::RequestUnknownVersion => ("Sec-WebSocket-Version:", "Sec-WebSocket-Version: 8"),
            Self::RequestWithoutKey => ("Sec-WebSocket-Key:", ""),
            Self::RequestShortKey => ("Sec-WebSocket-Key:", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA"),
            Self::RequestTwoKeys => (
                "Sec-WebSocket-Version:",
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            ),
            Self::ResponseWrongAccept => {
                ("Sec-WebSocket-Accept:", "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
            }
            Self::ResponseWithoutAccept => ("Sec-WebSocket-Accept:", ""),
            Self::ResponseOtherUpgrade => ("Upgrade:", "Upgrade: h2c"),
            // An answer has each of these fields once.
            Self::ResponseUnaskedSubprotocol if is("Sec-WebSocket-Protocol:") => return Some([b"", b""]),
            Self::ResponseUnaskedExtension if is("Sec-WebSocket-Extensions:") => return Some([b"", b""]),
            Self::ResponseUnaskedSubprotocol => {
                ("Upgrade:", "Upgrade: websocket\r\nSec-WebSocket-Protocol: x-never-proposed")
            }
            Self::ResponseUnaskedExtension => {
                ("Upgrade:", "Upgrade: websocket\r\nSec-WebSocket-Extensions: x-never-offered")
            }
        };
        let end: &[u8] = if replacement.is_empty() { b"" } else { b"\r\n" };
        is(name).then_some([replacement.as_bytes(), end])
    }
}

impl fmt::Display for HandshakeViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for HandshakeViolation {
    type Err = UnknownViolation;

    fn from_str(name: &str) -> Result<Self, UnknownViolation> {
        Self::ALL.iter().copied().find(|violation| violation.name() == name).ok_or(UnknownViolation)
    }
}
