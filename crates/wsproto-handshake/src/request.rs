//! The client's half of the handshake as an event: sent by a client, received by a server.

use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::Headers;

/// A client's opening handshake.
///
/// The same type is sent and received. In a received one, `headers` are all fields but Host,
/// Sec-WebSocket-Extensions and Sec-WebSocket-Protocol. In one to be sent, they are the caller's own fields;
/// those that the handshake writes itself are refused. `Debug` shows neither the query nor the subprotocols, where
/// pages put what proves who they are, as they can set no header field.
///
/// ```
/// use wsproto_handshake::Request;
///
/// let request = Request::new("example.com", "/chat").with_subprotocol("chat").with_header("Origin", "https://a");
/// assert_eq!(request.origin(), Some("https://a"));
/// ```
///
/// RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)
#[derive(Clone, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Request {
    /// Host name or address, with the port unless it is the scheme's own. With the feature `idna`, a name
    /// beyond ASCII as it is read by people.
    pub host: String,
    /// Path and query, as in `/chat?room=1`; for a received absolute URI, its path and query.
    pub target: String,
    /// Proposed subprotocols, the preferred one first.
    pub subprotocols: Vec<String>,
    /// Offered extensions with their parameters, as text, the preferred one first.
    pub extensions: Vec<String>,
    /// All other header fields.
    pub headers: Headers,
}

impl Request {
    /// Creates a request for this path and query on this host.
    #[must_use]
    pub fn new(host: impl Into<String>, target: impl Into<String>) -> Self {
        Self { host: host.into(), target: target.into(), ..Self::default() }
    }

    /// Proposes one more subprotocol, after those proposed already.
    #[must_use]
    pub fn with_subprotocol(mut self, subprotocol: impl Into<String>) -> Self {
        self.subprotocols.push(subprotocol.into());
        self
    }

    /// Offers one more extension, after those offered already.
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

    /// Returns where a browser's page came from: the value of Origin, if there is one and it is UTF-8.
    ///
    /// A server that browsers talk to compares it with the origins that it serves;
    /// [`check_origin`](crate::check_origin) does.
    ///
    /// RFC 6455 [§10.2](https://www.rfc-editor.org/rfc/rfc6455#section-10.2)
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.headers.get_str("Origin")
    }
}

/// Shows what may stand in a log.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, target, subprotocols, extensions, headers } = self;
        let mut shown = f.debug_struct("Request");
        shown.field("host", host);
        match target.split_once('?') {
            Some((path, _)) => shown.field("target", &format_args!("{path:?} and a query")),
            None => shown.field("target", target),
        };
        shown.field("subprotocols", &format_args!("{} proposed", subprotocols.len()));
        shown.field("extensions", extensions).field("headers", headers).finish()
    }
}
