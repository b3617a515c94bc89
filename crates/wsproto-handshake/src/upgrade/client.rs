//! The client's side together with another HTTP library, which sends the request and parses the response.

use alloc::string::String;
use core::fmt;

use crate::{
    Answer, HandshakeLimits, HeadError, Headers, LocalError, Request, ResponseError,
    client::{
        ask,
        reading::{self, Expected, Response},
    },
    head::{Head, StatusLine, check_field},
    list,
    server::fields::check_no_connection_field,
    target,
    token::{AcceptToken, Key},
};

/// A request for a WebSocket, for another HTTP library to send.
///
/// `Debug` shows no query.
#[derive(Clone, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct UpgradeRequest {
    /// `GET`, or `CONNECT`.
    pub method: &'static str,
    /// `:scheme` of an extended CONNECT; `None` in HTTP/1.1.
    pub scheme: Option<&'static str>,
    /// The host with its port: Host of HTTP/1.1, `:authority` of an extended CONNECT.
    pub authority: String,
    /// Path and query: the target of HTTP/1.1, `:path` of an extended CONNECT.
    pub target: String,
    /// `:protocol` of an extended CONNECT; `None` in HTTP/1.1.
    pub protocol: Option<&'static str>,
    /// All header fields; in HTTP/1.1 they include Host.
    pub headers: Headers,
}

/// Hides everything that doesn't belong in logs.
impl fmt::Debug for UpgradeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpgradeRequest")
            .field("method", &self.method)
            .field("scheme", &self.scheme)
            .field("authority", &self.authority)
            .field("path", &target::split(&self.target).0)
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

/// Checks the response to a request, where another HTTP library sends the request and parses the response.
///
/// ```
/// use wsproto_handshake::{Answer, ClientUpgrade, Request};
///
/// let request = Request::new("example.com", "/chat").with_subprotocol("chat");
/// // The nonce must come from the operating system's random bytes.
/// let (sent, upgrade) = ClientUpgrade::http1(&request, *b"the sample nonce")?;
/// assert_eq!((sent.method, &*sent.target), ("GET", "/chat"));
/// assert_eq!(sent.headers.get_str("Sec-WebSocket-Key"), Some("dGhlIHNhbXBsZSBub25jZQ=="));
///
/// let fields = [
///     ("upgrade", "websocket"),
///     ("connection", "upgrade"),
///     ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
///     ("sec-websocket-protocol", "chat"),
/// ];
/// let Answer::Accept(accept) = upgrade.receive(101, fields)? else { panic!("refused") };
/// assert_eq!(accept.subprotocol.as_deref(), Some("chat"));
///
/// let (sent, upgrade) = ClientUpgrade::connect(&request, "https")?;
/// assert_eq!((sent.method, sent.protocol), ("CONNECT", Some("websocket")));
/// assert!(matches!(upgrade.receive(200, [("server", "a")])?, Answer::Accept(_)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1),
/// RFC 8441 [§5](https://www.rfc-editor.org/rfc/rfc8441#section-5)
#[derive(Clone)]
pub struct ClientUpgrade {
    /// `None` for an extended CONNECT.
    token: Option<AcceptToken>,
    /// The proposed subprotocols, as a list with commas.
    subprotocols: String,
    /// The offered extensions, as a list with commas.
    extensions: String,
    needs_subprotocol: bool,
    limits: HandshakeLimits,
}

impl ClientUpgrade {
    /// Makes the request for an upgrade of HTTP/1.1. The nonce must be unpredictable, and fresh for each connection.
    ///
    /// # Errors
    ///
    /// The fault of a request that can't be sent.
    pub fn http1(request: &Request, nonce: [u8; 16]) -> Result<(UpgradeRequest, Self), LocalError> {
        let host = ask::check(request)?;
        let key = Key::generate(nonce);
        let sent = UpgradeRequest {
            method: "GET",
            scheme: None,
            headers: ask::fields(request, Some((&host, key))),
            authority: host.into_owned(),
            target: request.target().into(),
            protocol: None,
        };
        Ok((sent, Self::new(request, Some(key.accept_token()))))
    }

    /// Makes the request for an extended CONNECT of HTTP/2 or HTTP/3; the server must have announced support for it.
    ///
    /// The scheme is `https` for `wss`, and `http` for `ws`.
    ///
    /// # Errors
    ///
    /// The fault of a request that can't be sent; [`LocalError::Scheme`] for another scheme.
    pub fn connect(request: &Request, scheme: &str) -> Result<(UpgradeRequest, Self), LocalError> {
        let host = ask::check(request)?;
        //= rfc8441#5-3
        let scheme = match scheme {
            "https" => "https",
            "http" => "http",
            _ => return Err(LocalError::Scheme),
        };
        //= rfc8441#5-2
        check_no_connection_field(request.headers())?;
        let sent = UpgradeRequest {
            //= rfc8441#4-1, rfc8441#4-2
            method: "CONNECT",
            scheme: Some(scheme),
            headers: ask::fields(request, None),
            authority: host.into_owned(),
            target: request.target().into(),
            //= rfc8441#5-1
            protocol: Some("websocket"),
        };
        Ok((sent, Self::new(request, None)))
    }

    fn new(request: &Request, token: Option<AcceptToken>) -> Self {
        Self {
            token,
            subprotocols: list::join(request.subprotocols()),
            extensions: list::join(request.extensions()),
            needs_subprotocol: false,
            limits: HandshakeLimits::default(),
        }
    }

    /// Sets the limits of the response.
    #[must_use]
    pub const fn with_limits(mut self, limits: HandshakeLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Requires the server to choose one of the proposed subprotocols, as browsers do; otherwise the handshake fails.
    #[must_use]
    pub const fn require_subprotocol(mut self) -> Self {
        self.needs_subprotocol = true;
        self
    }

    /// Reads the response: [`Answer::Accept`], or [`Answer::Reject`] with status and fields.
    ///
    /// The body of a rejection stays in the HTTP library.
    ///
    /// # Errors
    ///
    /// The rule that the server broke; [`ResponseError::Status`] for an interim response, which the HTTP library should
    /// skip.
    pub fn receive<'a, N, V>(
        &self,
        status: u16,
        fields: impl IntoIterator<Item = (&'a N, &'a V)>,
    ) -> Result<Answer<'static>, ResponseError>
    where
        N: AsRef<[u8]> + ?Sized + 'a,
        V: AsRef<[u8]> + ?Sized + 'a,
    {
        let headers =
            self.collect(fields.into_iter().map(|(name, value)| (name.as_ref(), value.as_ref())))?;
        let lists = [&*self.subprotocols, &self.extensions];
        let expected = Expected::new(self.token.as_ref(), lists, self.needs_subprotocol, &self.limits);
        let line = StatusLine { status, is_http_1_1: true };
        let head = Head { line, text: headers.text(), fields: &headers.cut() };
        match reading::read(head, expected)? {
            Response::Interim => Err(ResponseError::Status),
            Response::Accept(accept) => Ok(Answer::Accept(accept)),
            Response::Reject(mut reject, _) => {
                reject.has_body = false;
                Ok(Answer::Reject(reject))
            }
        }
    }

    /// Reads a response of the crate `http` as [`receive`](Self::receive) does.
    ///
    /// # Errors
    ///
    /// As for [`receive`](Self::receive).
    #[cfg(feature = "http")]
    pub fn receive_http<B>(&self, response: &::http::Response<B>) -> Result<Answer<'static>, ResponseError> {
        let fields = response.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        self.receive(response.status().as_u16(), fields)
    }

    /// Copies the fields, within the limits; the length counts as the head would have it at least in HTTP/1.1.
    fn collect<'a>(&self, fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Result<Headers, HeadError> {
        let limits = &self.limits;
        let mut headers = Headers::with_capacity(16, 512);
        let mut len = "HTTP/1.1 200 \r\n\r\n".len();
        for (name, value) in fields {
            if headers.len() as u64 >= limits.max_headers {
                return Err(HeadError::TooManyHeaders { limit: limits.max_headers });
            }
            len = len.saturating_add(name.len()).saturating_add(value.len()).saturating_add(":\r\n".len());
            if len as u64 > limits.max_head_len {
                return Err(HeadError::TooLong { limit: limits.max_head_len });
            }
            check_field(name, value)?;
            headers.push(core::str::from_utf8(name).map_err(|_| HeadError::HeaderName)?, value);
        }
        Ok(headers)
    }
}

/// Hides the proposals.
impl fmt::Debug for ClientUpgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientUpgrade")
            .field("is_connect", &self.token.is_none())
            .field("needs_subprotocol", &self.needs_subprotocol)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
