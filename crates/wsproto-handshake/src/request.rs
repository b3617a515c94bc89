//! The request of the opening handshake: a client sends it, a server receives it.

mod text;

#[cfg(feature = "idna")]
use alloc::borrow::Cow;
use alloc::{string::String, vec::Vec};
use core::{
    fmt,
    hash::{Hash, Hasher},
};

pub(crate) use self::text::{List, RequestText};
use crate::{Headers, target};

/// A client's request for a WebSocket.
///
/// Both sides use this type. In a received request, the headers are all fields except Host, Sec-WebSocket-Extensions
/// and Sec-WebSocket-Protocol. In a request to send, they are the caller's own fields; fields that the handshake writes
/// itself are refused. `Debug` hides the query and the subprotocols: pages in a browser can't set header
/// fields, and put access tokens there.
///
/// ```
/// use wsproto_handshake::Request;
///
/// let request = Request::new("example.com", "/chat").with_subprotocol("chat").with_header("Origin", "https://a");
/// assert_eq!((request.host(), request.target()), ("example.com", "/chat"));
/// assert!(request.subprotocols().eq(["chat"]));
/// assert_eq!(request.origin(), Some("https://a"));
/// ```
///
/// RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)
#[derive(Clone, Default)]
pub struct Request {
    pub(crate) host: RequestText,
    pub(crate) target: RequestText,
    pub(crate) subprotocols: List,
    pub(crate) extensions: List,
    /// All other header fields. Their text is the received head, and the other members refer to places in it.
    pub(crate) headers: Headers,
}

impl Request {
    /// Creates a request for this path and query on this host.
    #[must_use]
    pub fn new(host: impl Into<String>, target: impl Into<String>) -> Self {
        Self {
            host: RequestText::Own(host.into()),
            target: RequestText::Own(target.into()),
            ..Self::default()
        }
    }

    /// Proposes a subprotocol, after those that were proposed before.
    #[must_use]
    pub fn with_subprotocol(mut self, subprotocol: impl Into<String>) -> Self {
        self.subprotocols.push(subprotocol.into());
        self
    }

    /// Offers an extension, after those that were offered before.
    #[must_use]
    pub fn with_extension(mut self, offer: impl Into<String>) -> Self {
        self.extensions.push(offer.into());
        self
    }

    /// Appends a header field.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push(name, value);
        self
    }

    /// Returns the host's name or address, with the port unless it is the scheme's default.
    ///
    /// In a received request it is the authority of an absolute target, or else the value of Host, unchanged. In a
    /// request to send it is the argument of [`new`](Self::new).
    ///
    /// RFC 9112 [§3.2.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2)
    #[must_use]
    pub fn host(&self) -> &str {
        self.host.as_str(self.headers.text())
    }

    /// Returns [`host`](Self::host) for people: an encoded name (`xn--…`) is decoded.
    ///
    /// A name stays encoded if the decoded name would be encoded to something else.
    ///
    /// ```
    /// use wsproto_handshake::Request;
    ///
    /// let request = Request::new("xn--bcher-kva.example:8080", "/");
    /// assert_eq!(request.unicode_host(), "bücher.example:8080");
    /// ```
    #[cfg(feature = "idna")]
    #[must_use]
    pub fn unicode_host(&self) -> Cow<'_, str> {
        let host = self.host();
        crate::host::decode(host.as_bytes()).map_or(Cow::Borrowed(host), Cow::Owned)
    }

    /// Returns path and query, for example `/chat?room=1`; of a received absolute URI, its path and query.
    #[must_use]
    pub fn target(&self) -> &str {
        self.target.as_str(self.headers.text())
    }

    /// Returns the path of the [target](Self::target), unchanged: `/chat` of `/chat?room=1`.
    ///
    /// ```
    /// use wsproto_handshake::Request;
    ///
    /// let request = Request::new("example.com", "/chat?room=1");
    /// assert_eq!((request.path(), request.query()), ("/chat", Some("room=1")));
    /// assert_eq!(Request::new("example.com", "/chat").query(), None);
    /// ```
    #[must_use]
    pub fn path(&self) -> &str {
        target::split(self.target()).0
    }

    /// Returns the query of the [target](Self::target), unchanged and without the `?`; `None` where there is no `?`.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        target::split(self.target()).1
    }

    /// Returns the proposed subprotocols, the preferred one first.
    #[inline]
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        self.subprotocols.iter(self.headers.text())
    }

    /// Returns the first of these subprotocols, in the server's order of preference, that the client proposes.
    ///
    /// ```
    /// use wsproto_handshake::Request;
    ///
    /// let request = Request::new("example.com", "/").with_subprotocol("chat.v1").with_subprotocol("chat.v2");
    /// assert_eq!(request.choose_subprotocol(&["chat.v3", "chat.v2", "chat.v1"]), Some("chat.v2"));
    /// assert_eq!(request.choose_subprotocol(&["mqtt"]), None);
    /// ```
    #[must_use]
    pub fn choose_subprotocol<'a, S: AsRef<str>>(&self, preferred: &'a [S]) -> Option<&'a str> {
        let is_proposed = |name: &&str| self.subprotocols().any(|proposed| proposed == *name);
        preferred.iter().map(AsRef::as_ref).find(is_proposed)
    }

    /// Returns the offered extensions with their parameters, as text, the preferred one first.
    #[inline]
    pub fn extensions(&self) -> impl Iterator<Item = &str> {
        self.extensions.iter(self.headers.text())
    }

    /// Returns all other header fields.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Returns the origin of a browser's page: the value of Origin, if there is one and it is UTF-8.
    ///
    /// A server for browsers must compare it with the origins that it serves: see
    /// [`check_origin`](crate::check_origin).
    ///
    /// RFC 6455 [§10.2](https://www.rfc-editor.org/rfc/rfc6455#section-10.2)
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.headers.get_str("Origin")
    }
}

impl PartialEq for Request {
    fn eq(&self, other: &Self) -> bool {
        (self.host(), self.target(), &self.headers) == (other.host(), other.target(), &other.headers)
            && self.subprotocols().eq(other.subprotocols())
            && self.extensions().eq(other.extensions())
    }
}

impl Eq for Request {}

impl Hash for Request {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.host(), self.target(), &self.headers).hash(state);
        self.subprotocols().for_each(|subprotocol| subprotocol.hash(state));
        self.extensions().for_each(|extension| extension.hash(state));
    }
}

/// Hides everything that doesn't belong in logs.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Request");
        shown.field("host", &self.host());
        match target::split(self.target()) {
            (path, Some(_)) => shown.field("target", &format_args!("{path:?} and a query")),
            (path, None) => shown.field("target", &path),
        };
        shown.field("subprotocols", &format_args!("{} proposed", self.subprotocols().count()));
        shown.field("extensions", &self.extensions().collect::<Vec<_>>());
        shown.field("headers", &self.headers).finish()
    }
}
