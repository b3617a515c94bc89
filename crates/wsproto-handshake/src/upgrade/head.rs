//! The first line of a request that another HTTP library has parsed, or the pseudo-fields of HTTP/2 and HTTP/3.

use core::fmt;

use crate::target;

/// A version of HTTP.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum HttpVersion {
    /// HTTP/1.0 or HTTP/0.9, which have no upgrade.
    Http10,
    /// HTTP/1.1, where a WebSocket begins with an upgrade (RFC 6455
    /// [§4](https://www.rfc-editor.org/rfc/rfc6455#section-4)).
    Http11,
    /// HTTP/2, where a WebSocket begins with an extended CONNECT (RFC 8441
    /// [§5](https://www.rfc-editor.org/rfc/rfc8441#section-5)).
    Http2,
    /// HTTP/3, where a WebSocket begins as in HTTP/2 (RFC 9220 [§3](https://www.rfc-editor.org/rfc/rfc9220#section-3)).
    Http3,
}

/// A request's head before its fields, as another HTTP library has parsed it.
///
/// `Debug` shows no query.
///
/// ```
/// use wsproto_handshake::{HttpVersion, RequestHead};
///
/// let upgrade = RequestHead::new(HttpVersion::Http11, "GET", "/chat?room=1");
/// let connect = RequestHead::new(HttpVersion::Http2, "CONNECT", "/chat?room=1")
///     .with_scheme("https")
///     .with_authority("example.com")
///     .with_protocol("websocket");
/// assert_eq!((upgrade.protocol, connect.protocol), (None, Some("websocket")));
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct RequestHead<'a> {
    /// The version of HTTP.
    pub version: HttpVersion,
    /// The method, in capitals.
    pub method: &'a str,
    /// The target of HTTP/1.1: path and query, or an absolute URI; `:path` of HTTP/2 and HTTP/3.
    pub target: &'a str,
    /// `:scheme` of HTTP/2 and HTTP/3; in HTTP/1.1 the scheme of an absolute URI, if the library has split the URI.
    pub scheme: Option<&'a str>,
    /// `:authority` of HTTP/2 and HTTP/3; in HTTP/1.1 the authority of an absolute URI, if the library has split the
    /// URI.
    pub authority: Option<&'a str>,
    /// `:protocol` of an extended CONNECT.
    pub protocol: Option<&'a str>,
}

impl<'a> RequestHead<'a> {
    /// Makes a head from the parts that every request has.
    #[must_use]
    pub const fn new(version: HttpVersion, method: &'a str, target: &'a str) -> Self {
        Self { version, method, target, scheme: None, authority: None, protocol: None }
    }

    /// Sets `:scheme`.
    #[must_use]
    pub const fn with_scheme(mut self, scheme: &'a str) -> Self {
        self.scheme = Some(scheme);
        self
    }

    /// Sets `:authority`.
    #[must_use]
    pub const fn with_authority(mut self, authority: &'a str) -> Self {
        self.authority = Some(authority);
        self
    }

    /// Sets `:protocol`.
    #[must_use]
    pub const fn with_protocol(mut self, protocol: &'a str) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// Returns whether a WebSocket begins with a CONNECT in this version of HTTP.
    pub(super) const fn is_multiplexed(&self) -> bool {
        matches!(self.version, HttpVersion::Http2 | HttpVersion::Http3)
    }

    /// Returns the length of the target in the form of HTTP/1.1.
    pub(super) fn target_len(&self) -> usize {
        let parts = [self.scheme, self.authority].into_iter().flatten().map(str::len);
        let separator = if self.authority.is_some() { "://".len() } else { 0 };
        parts.fold(self.target.len(), usize::saturating_add).saturating_add(separator)
    }
}

/// Hides everything that doesn't belong in logs.
impl fmt::Debug for RequestHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestHead")
            .field("version", &self.version)
            .field("method", &self.method)
            .field("path", &target::split(self.target).0)
            .field("scheme", &self.scheme)
            .field("authority", &self.authority)
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}
