//! Errors of a client's opening handshake.

use core::{error::Error, fmt};

use super::HeadError;
use crate::RejectConnection;

/// A broken rule of the opening handshake; the client broke it. [`rejection`](Self::rejection) is the answer.
///
/// [`refused_request`](crate::ServerHandshake::refused_request) holds the request with the invalid value.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum RequestError {
    /// The head breaks a rule of HTTP/1.1.
    Head(HeadError),
    /// The method is not GET, in capitals
    /// (RFC 6455 [§4.2.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1)).
    Method,
    /// The method of a request over HTTP/2 or HTTP/3 is not CONNECT
    /// (RFC 8441 [§5](https://www.rfc-editor.org/rfc/rfc8441#section-5)).
    NotConnect,
    /// An ordinary CONNECT, without `:protocol`: it asks for a proxy
    /// (RFC 8441 [§4](https://www.rfc-editor.org/rfc/rfc8441#section-4)).
    ProtocolMissing,
    /// `:protocol` is not `websocket`
    /// (RFC 9220 [§3](https://www.rfc-editor.org/rfc/rfc9220#section-3)).
    ProtocolUnknown,
    /// There is a `:protocol`, but the request isn't a CONNECT over HTTP/2 or HTTP/3
    /// (RFC 8441 [§4](https://www.rfc-editor.org/rfc/rfc8441#section-4)).
    ProtocolUnexpected,
    /// `:scheme` is missing, or isn't `https` or `http`
    /// (RFC 8441 [§5](https://www.rfc-editor.org/rfc/rfc8441#section-5)).
    SchemeInvalid,
    /// The target is longer than the limit
    /// (RFC 9110 [§15.5.15](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.15)).
    TargetTooLong {
        /// The limit in bytes.
        limit: u64,
    },
    /// The target isn't a path or an absolute URI of http, https, ws or wss
    /// (RFC 6455 [§4.2.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1)).
    TargetForm,
    /// The target has a fragment
    /// (RFC 6455 [§3](https://www.rfc-editor.org/rfc/rfc6455#section-3)).
    TargetFragment,
    /// The target has characters that aren't visible ASCII
    /// (RFC 3986 [§2](https://www.rfc-editor.org/rfc/rfc3986#section-2)).
    TargetCharacters,
    /// There is no Host
    /// (RFC 9112 [§3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2)).
    HostMissing,
    /// Host comes more than once
    /// (RFC 9112 [§3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2)).
    HostRepeated,
    /// Host isn't a host name or address with an optional port
    /// (RFC 9112 [§3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2)).
    HostInvalid,
    /// Host names another host than `:authority`
    /// (RFC 9113 [§8.3.1](https://www.rfc-editor.org/rfc/rfc9113#section-8.3.1)).
    HostMismatch,
    /// A request over HTTP/2 or HTTP/3 has Connection, Upgrade or another field that only HTTP/1.1 allows
    /// (RFC 9113 [§8.2.2](https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2)).
    ConnectionField,
    /// Content-Length isn't a number, or comes more than once
    /// (RFC 9112 [§6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)).
    ContentLengthInvalid,
    /// Content-Length announces a body, which we would read as frames; in an extended CONNECT any Content-Length does
    /// (RFC 9112 [§11.2](https://www.rfc-editor.org/rfc/rfc9112#section-11.2)).
    Body,
    /// Transfer-Encoding announces a body, which we would read as frames
    /// (RFC 9112 [§11.2](https://www.rfc-editor.org/rfc/rfc9112#section-11.2)).
    TransferEncoding,
    /// Connection doesn't list `upgrade`
    /// (RFC 6455 [§4.2.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1)).
    ConnectionNotUpgrade,
    /// Upgrade doesn't list `websocket`
    /// (RFC 6455 [§4.2.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1)).
    UpgradeNotWebSocket,
    /// There is no Sec-WebSocket-Version
    /// (RFC 6455 [§4.2.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1)).
    VersionMissing,
    /// Sec-WebSocket-Version comes more than once
    /// (RFC 6455 [§11.3.5](https://www.rfc-editor.org/rfc/rfc6455#section-11.3.5)).
    VersionRepeated,
    /// Sec-WebSocket-Version is not 13
    /// (RFC 6455 [§4.4](https://www.rfc-editor.org/rfc/rfc6455#section-4.4)).
    VersionUnsupported,
    /// There is no Sec-WebSocket-Key
    /// (RFC 6455 [§4.2.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1)).
    KeyMissing,
    /// Sec-WebSocket-Key comes more than once
    /// (RFC 6455 [§11.3.1](https://www.rfc-editor.org/rfc/rfc6455#section-11.3.1)).
    KeyRepeated,
    /// Sec-WebSocket-Key is not 16 bytes in base64
    /// (RFC 6455 [§4.2.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1)).
    KeyInvalid,
    /// A Sec-WebSocket-Protocol field lists nothing
    /// (RFC 6455 [§4.3](https://www.rfc-editor.org/rfc/rfc6455#section-4.3)).
    SubprotocolsEmpty,
    /// A proposed subprotocol isn't a token
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    SubprotocolInvalid,
    /// A subprotocol is proposed twice
    /// (RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)).
    SubprotocolRepeated,
    /// A Sec-WebSocket-Extensions field lists nothing
    /// (RFC 6455 [§9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)).
    ExtensionsEmpty,
    /// Sec-WebSocket-Extensions has characters that aren't ASCII
    /// (RFC 6455 [§9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)).
    ExtensionsInvalid,
}

impl RequestError {
    /// Returns the rejection for the client: a status, and the fields that belong to it in every version of HTTP.
    ///
    /// [`ServerHandshake::reject`](crate::ServerHandshake::reject) adds the fields that only HTTP/1.1 has: Connection,
    /// and the Upgrade of a 426 (RFC 9113 [§8.2.2](https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2)).
    ///
    /// ```
    /// use wsproto_handshake::RequestError;
    ///
    /// let rejection = RequestError::Method.rejection();
    /// assert_eq!((rejection.status, rejection.headers.get("Allow")), (405, Some(&b"GET"[..])));
    /// ```
    #[must_use]
    pub fn rejection(&self) -> RejectConnection {
        let rejection = RejectConnection::new(self.status());
        match self {
            Self::Method => rejection.with_header("Allow", "GET"),
            Self::NotConnect => rejection.with_header("Allow", "CONNECT"),
            //= rfc6455#4.2.2-4, rfc6455#4.4-1
            Self::VersionUnsupported => rejection.with_header("Sec-WebSocket-Version", "13"),
            _ => rejection,
        }
    }

    /// Returns whether the request asks for no WebSocket at all: another handler of the server may answer it.
    ///
    /// ```
    /// use wsproto_handshake::RequestError;
    ///
    /// assert!(RequestError::ConnectionNotUpgrade.is_ordinary()); // a GET over HTTP/1.1, as for a page
    /// assert!(RequestError::NotConnect.is_ordinary()); // the same over HTTP/2
    /// assert!(!RequestError::VersionUnsupported.is_ordinary());
    /// ```
    #[must_use]
    pub const fn is_ordinary(self) -> bool {
        matches!(
            self,
            Self::Method
                | Self::NotConnect
                | Self::ProtocolMissing
                | Self::ConnectionNotUpgrade
                | Self::UpgradeNotWebSocket
        )
    }

    const fn status(self) -> u16 {
        match self {
            //= rfc6455#10.7-3
            Self::Head(error) => error.status(),
            Self::Method | Self::NotConnect => 405,
            //= rfc9220#3-1
            Self::ProtocolMissing | Self::ProtocolUnknown => 501,
            Self::TargetTooLong { .. } => 414,
            Self::ConnectionNotUpgrade | Self::VersionUnsupported => 426,
            _ => 400,
        }
    }

    /// Returns the RFC and the section of the broken rule.
    #[must_use]
    pub const fn section(self) -> &'static str {
        match self {
            Self::Head(error) => error.section(),
            Self::Method
            | Self::TargetForm
            | Self::ConnectionNotUpgrade
            | Self::UpgradeNotWebSocket
            | Self::VersionMissing
            | Self::KeyMissing
            | Self::KeyInvalid => "RFC 6455 §4.2.1",
            Self::ProtocolMissing | Self::ProtocolUnexpected => "RFC 8441 §4",
            Self::NotConnect | Self::SchemeInvalid => "RFC 8441 §5",
            Self::ProtocolUnknown => "RFC 9220 §3",
            Self::HostMismatch => "RFC 9113 §8.3.1",
            Self::ConnectionField => "RFC 9113 §8.2.2",
            Self::TargetTooLong { .. } => "RFC 9110 §15.5.15",
            Self::TargetFragment => "RFC 6455 §3",
            Self::TargetCharacters => "RFC 3986 §2",
            Self::HostMissing | Self::HostRepeated | Self::HostInvalid => "RFC 9112 §3.2",
            Self::ContentLengthInvalid => "RFC 9112 §6.3",
            Self::Body | Self::TransferEncoding => "RFC 9112 §11.2",
            Self::VersionRepeated => "RFC 6455 §11.3.5",
            Self::VersionUnsupported => "RFC 6455 §4.4",
            Self::KeyRepeated => "RFC 6455 §11.3.1",
            Self::SubprotocolInvalid | Self::SubprotocolRepeated => "RFC 6455 §4.1",
            Self::SubprotocolsEmpty => "RFC 6455 §4.3",
            Self::ExtensionsEmpty | Self::ExtensionsInvalid => "RFC 6455 §9.1",
        }
    }
}

impl From<HeadError> for RequestError {
    fn from(error: HeadError) -> Self {
        Self::Head(error)
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Head(error) => return error.fmt(f),
            Self::TargetTooLong { limit } => return write!(f, "request target longer than {limit} bytes"),
            Self::Method => "request method is not GET",
            Self::NotConnect => "request method over HTTP/2 is not CONNECT",
            Self::ProtocolMissing => "CONNECT without :protocol",
            Self::ProtocolUnknown => ":protocol is not websocket",
            Self::ProtocolUnexpected => ":protocol without CONNECT over HTTP/2",
            Self::SchemeInvalid => "invalid :scheme (https or http is needed)",
            Self::HostMismatch => "Host differs from :authority",
            Self::ConnectionField => "connection-specific header field over HTTP/2",
            Self::TargetForm => "invalid request target (a path or an absolute URI is needed)",
            Self::TargetFragment => "request target has a fragment",
            Self::TargetCharacters => "request target with a character that must be percent-encoded",
            Self::HostMissing => "Host is missing",
            Self::HostRepeated => "Host is repeated",
            Self::HostInvalid => "invalid Host",
            Self::ContentLengthInvalid => "invalid Content-Length",
            Self::Body => "opening handshake with a body",
            Self::TransferEncoding => "opening handshake with Transfer-Encoding",
            Self::ConnectionNotUpgrade => "request without Connection: upgrade",
            Self::UpgradeNotWebSocket => "request without Upgrade: websocket",
            Self::VersionMissing => "Sec-WebSocket-Version is missing",
            Self::VersionRepeated => "Sec-WebSocket-Version is repeated",
            Self::VersionUnsupported => "Sec-WebSocket-Version is not 13",
            Self::KeyMissing => "Sec-WebSocket-Key is missing",
            Self::KeyRepeated => "Sec-WebSocket-Key is repeated",
            Self::KeyInvalid => "invalid Sec-WebSocket-Key (16 bytes in base64 are needed)",
            Self::SubprotocolsEmpty => "empty Sec-WebSocket-Protocol",
            Self::ExtensionsEmpty => "empty Sec-WebSocket-Extensions",
            Self::SubprotocolInvalid => "invalid subprotocol (a token is needed)",
            Self::SubprotocolRepeated => "repeated subprotocol",
            Self::ExtensionsInvalid => "Sec-WebSocket-Extensions is not ASCII",
        })
    }
}

/// Has no source: its own text includes the text of a [`HeadError`].
impl Error for RequestError {}
