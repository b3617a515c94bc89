//! The opening handshake together with another HTTP library, which parses the request and sends the answer.

mod client;
mod head;
#[cfg(feature = "http")]
mod http;
mod reading;
mod response;

use core::{error::Error, fmt, ops::Deref};

#[cfg(feature = "http")]
pub use self::http::HttpHead;
pub use self::{
    client::{ClientUpgrade, UpgradeRequest},
    head::{HttpVersion, RequestHead},
    response::UpgradeResponse,
};
use crate::{
    AcceptConnection, HandshakeLimits, HeadError, LocalError, RejectConnection, Request, RequestError,
    extension,
    head::check_field,
    server::{
        answer,
        fields::{Fields, check_no_connection_field},
        rejection,
    },
    token::Key,
};

/// A client's request for a WebSocket that another HTTP library has parsed.
///
/// It reads an upgrade of HTTP/1.1, and an extended CONNECT of HTTP/2 and HTTP/3, by the same rules for the same
/// fields. It derefs to its [`Request`]. That request has Origin as its only header field: the other fields stay in the
/// HTTP library. Answer it with [`accept`](Self::accept) or [`reject`](Self::reject).
///
/// ```
/// use wsproto_handshake::{AcceptConnection, HandshakeLimits, HttpVersion, RequestHead, Upgrade, check_origin};
///
/// let head = RequestHead::new(HttpVersion::Http2, "CONNECT", "/chat")
///     .with_scheme("https")
///     .with_authority("example.com")
///     .with_protocol("websocket");
/// let fields = [
///     ("origin", "https://example.com"),
///     ("sec-websocket-version", "13"),
///     ("sec-websocket-protocol", "chat.v1, chat.v2"),
/// ];
/// let upgrade = Upgrade::from_fields(&head, fields, &HandshakeLimits::default())?;
/// assert_eq!((upgrade.host(), upgrade.path()), ("example.com", "/chat"));
/// check_origin(&upgrade, &["https://example.com"])?;
///
/// let mut accept = AcceptConnection::new();
/// accept.subprotocol = upgrade.choose_subprotocol(&["chat.v2", "chat.v1"]).map(String::from);
/// let response = upgrade.accept(&accept)?;
/// assert_eq!(response.status, 200);
/// assert_eq!(response.headers.get_str("Sec-WebSocket-Protocol"), Some("chat.v2"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// RFC 6455 [§4.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2),
/// RFC 8441 [§5](https://www.rfc-editor.org/rfc/rfc8441#section-5),
/// RFC 9220 [§3](https://www.rfc-editor.org/rfc/rfc9220#section-3)
#[derive(Clone, Debug)]
pub struct Upgrade {
    request: Request,
    proof: Proof,
    /// Whether the client asked for another version of the protocol, too.
    asks_other_version: bool,
}

/// The proof that the server has read the request.
#[derive(Clone, Copy)]
enum Proof {
    /// The key of HTTP/1.1.
    Key(Key),
    /// None: an extended CONNECT needs no proof, since no cache or old server accepts one by mistake.
    None,
}

impl Upgrade {
    /// Reads a request from its head and its fields, which are pairs of name and value.
    ///
    /// The HTTP library must check the rules for bytes that the parts don't show, for example the ends of lines.
    ///
    /// # Errors
    ///
    /// The rule that the client broke, together with the answer for the client.
    pub fn from_fields<'a, N, V>(
        head: &RequestHead<'a>,
        fields: impl IntoIterator<Item = (&'a N, &'a V)>,
        limits: &HandshakeLimits,
    ) -> Result<Self, UpgradeError>
    where
        N: AsRef<[u8]> + ?Sized + 'a,
        V: AsRef<[u8]> + ?Sized + 'a,
    {
        let checked = fields.into_iter().map(|(name, value)| {
            let (name, value) = (name.as_ref(), value.as_ref());
            check_field(name, value).map(|()| (name, value))
        });
        Self::read(head, checked, limits)
    }

    /// Reads a request of the crate `http`, whole or as its parts, with the default limits.
    ///
    /// `protocol` is the `:protocol` of an extended CONNECT; the crate `http` has no place for it. hyper and h2 each
    /// store it among the extensions of a request, in a type `Protocol` of their own.
    ///
    /// # Errors
    ///
    /// The rule that the client broke, together with the answer for the client.
    #[cfg(feature = "http")]
    pub fn from_http(request: &impl HttpHead, protocol: Option<&str>) -> Result<Self, UpgradeError> {
        Self::from_http_within(&HandshakeLimits::default(), request, protocol)
    }

    /// Reads a request as [`from_http`](Self::from_http) does, within these limits.
    ///
    /// # Errors
    ///
    /// As for [`from_http`](Self::from_http).
    #[cfg(feature = "http")]
    pub fn from_http_within(
        limits: &HandshakeLimits,
        request: &impl HttpHead,
        protocol: Option<&str>,
    ) -> Result<Self, UpgradeError> {
        let (method, uri, version, headers) = request.parts();
        let head = self::http::head(method, uri, version, protocol);
        // The crate `http` has checked names and values.
        let fields = headers.iter().map(|(name, value)| Ok((name.as_str().as_bytes(), value.as_bytes())));
        Self::read(&head, fields, limits)
    }

    fn read<'a>(
        head: &RequestHead<'a>,
        fields: impl Iterator<Item = Result<(&'a [u8], &'a [u8]), HeadError>>,
        limits: &HandshakeLimits,
    ) -> Result<Self, UpgradeError> {
        let mut seen = Fields::new(limits);
        match reading::read(head, fields, &mut seen, limits) {
            Ok((request, proof)) => Ok(Self { request, proof, asks_other_version: seen.asks_other_version }),
            Err(error) => Err(UpgradeError::new(error, seen.asks_other_version, head.is_multiplexed())),
        }
    }

    /// Returns the answer that opens the connection: 101, or 200 for an extended CONNECT.
    ///
    /// The agreed extensions are those of `accept`.
    ///
    /// # Errors
    ///
    /// [`LocalError::SubprotocolNotProposed`] and [`LocalError::ExtensionNotOffered`] for a choice that the client
    /// didn't ask for; other errors for fields that can't be sent. The request can still be accepted or rejected.
    ///
    /// RFC 6455 [§4.2.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2)
    pub fn accept(&self, accept: &AcceptConnection) -> Result<UpgradeResponse, LocalError> {
        let is_proposed = |subprotocol: &str| self.subprotocols().any(|proposed| proposed == subprotocol);
        let is_offered =
            |name: &[u8]| self.extensions().any(|offered| extension::name(offered.as_bytes()) == name);
        answer::check_accept(accept, is_proposed, is_offered)?;
        let (status, token) = match self.proof {
            Proof::Key(key) => (101, Some(key.accept_token())),
            //= rfc8441#5.1-1
            Proof::None => {
                check_no_connection_field(&accept.headers)?;
                (200, None)
            }
        };
        let mut response = UpgradeResponse::new(status);
        response.headers = answer::accept_fields(token, accept);
        Ok(response)
    }

    /// Returns the answer that refuses the connection.
    ///
    /// For a client of another version of the protocol, it names our version. In HTTP/1.1 a 426 has Upgrade. In HTTP/2
    /// and HTTP/3 a 426 becomes a 400, since these have no upgrade.
    ///
    /// # Errors
    ///
    /// [`LocalError::Status`] for a status that doesn't reject: below 200, above 599, and 2xx for an extended CONNECT.
    /// Other errors for fields and a body that can't be sent.
    pub fn reject(&self, reject: &RejectConnection) -> Result<UpgradeResponse, LocalError> {
        match self.proof {
            Proof::Key(_) => rejection::http1(reject, self.asks_other_version),
            Proof::None => rejection::connect(reject, self.asks_other_version),
        }
    }
}

impl Deref for Upgrade {
    type Target = Request;

    fn deref(&self) -> &Request {
        &self.request
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "Key",
            Self::None => "None",
        })
    }
}

/// A broken rule of a parsed request, and the answer to it.
///
/// ```
/// use wsproto_handshake::{HandshakeLimits, HttpVersion, RequestError, RequestHead, Upgrade};
///
/// let head = RequestHead::new(HttpVersion::Http2, "GET", "/chat");
/// let error = Upgrade::from_fields(&head, [("accept", "*/*")], &HandshakeLimits::default()).unwrap_err();
/// assert_eq!((error.error, error.response.status), (RequestError::NotConnect, 405));
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct UpgradeError {
    /// The broken rule.
    pub error: RequestError,
    /// The answer for the client.
    pub response: UpgradeResponse,
}

impl UpgradeError {
    #[cold]
    fn new(error: RequestError, asks_other_version: bool, is_connect: bool) -> Self {
        let reject = error.rejection();
        let response = if is_connect {
            rejection::connect(&reject, asks_other_version)
        } else {
            rejection::http1(&reject, asks_other_version)
        };
        debug_assert!(response.is_ok(), "each error has a rejection that can be sent");
        let empty =
            UpgradeResponse { status: 400, headers: crate::Headers::new(), content: alloc::vec::Vec::new() };
        Self { error, response: response.unwrap_or(empty) }
    }
}

impl fmt::Display for UpgradeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

/// Has no source: its own text is the text of `error`.
impl Error for UpgradeError {}
