//! Requests and responses of the crate `http`.

use alloc::vec::Vec;

use ::http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version,
    request::Parts,
    uri::{self, Authority, PathAndQuery, Scheme},
};

use super::{HttpVersion, RequestHead, UpgradeRequest, UpgradeResponse};
use crate::{Headers, LocalError};

mod sealed {
    /// Keeps other crates from implementing [`HttpHead`](super::HttpHead).
    pub trait Sealed {}
}

/// A request of the crate `http`: a whole [`Request`], or the [`Parts`] of one.
pub trait HttpHead: sealed::Sealed {
    #[doc(hidden)]
    fn parts(&self) -> (&Method, &Uri, Version, &HeaderMap);
}

impl sealed::Sealed for Parts {}

impl HttpHead for Parts {
    fn parts(&self) -> (&Method, &Uri, Version, &HeaderMap) {
        (&self.method, &self.uri, self.version, &self.headers)
    }
}

impl<B> sealed::Sealed for Request<B> {}

impl<B> HttpHead for Request<B> {
    fn parts(&self) -> (&Method, &Uri, Version, &HeaderMap) {
        (self.method(), self.uri(), self.version(), self.headers())
    }
}

/// Returns the head before the fields.
pub(super) fn head<'a>(
    method: &'a Method,
    uri: &'a Uri,
    version: Version,
    protocol: Option<&'a str>,
) -> RequestHead<'a> {
    let version = match version {
        Version::HTTP_11 => HttpVersion::Http11,
        Version::HTTP_2 => HttpVersion::Http2,
        Version::HTTP_3 => HttpVersion::Http3,
        _ => HttpVersion::Http10,
    };
    RequestHead {
        version,
        method: method.as_str(),
        target: uri.path_and_query().map_or("", |target| target.as_str()),
        scheme: uri.scheme_str(),
        authority: uri.authority().map(Authority::as_str),
        protocol,
    }
}

impl UpgradeResponse {
    /// Makes a response of the crate `http`; its body is [`content`](Self::content).
    ///
    /// ```
    /// use wsproto_handshake::{AcceptConnection, Upgrade};
    ///
    /// let request = http::Request::get("/chat")
    ///     .header("Host", "example.com")
    ///     .header("Connection", "Upgrade")
    ///     .header("Upgrade", "websocket")
    ///     .header("Sec-WebSocket-Version", "13")
    ///     .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
    ///     .body(())?;
    /// let upgrade = Upgrade::from_http(&request, None)?;
    /// let response = upgrade.accept(&AcceptConnection::new())?.into_http();
    /// assert_eq!(response.status(), 101);
    /// assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn into_http(self) -> Response<Vec<u8>> {
        let mut response = Response::new(self.content);
        *response.headers_mut() = header_map(&self.headers);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or_default();
        response
    }
}

impl UpgradeRequest {
    /// Makes a request of the crate `http`, without `:protocol`: that crate has no place for it.
    ///
    /// hyper and h2 each take `:protocol` as an extension of the request, in a type `Protocol` of their own. For
    /// HTTP/1.1 the URI is the target alone, as needed by clients with an open connection to the server. For an
    /// extended CONNECT the URI has scheme and authority, and the version is HTTP/2.
    ///
    /// # Errors
    ///
    /// [`LocalError::TargetCharacter`] for a target that the crate can't hold, for example one with `<`.
    pub fn into_http(self) -> Result<Request<()>, LocalError> {
        let path: PathAndQuery = self.target.parse().map_err(|_| target_fault(&self.target))?;
        let mut parts = uri::Parts::default();
        parts.path_and_query = Some(path);
        if let Some(scheme) = self.scheme {
            parts.scheme = Some(if scheme == "http" { Scheme::HTTP } else { Scheme::HTTPS });
            parts.authority = Some(self.authority.parse().map_err(|_| LocalError::Host)?);
        }
        let mut request = Request::new(());
        if self.protocol.is_some() {
            *request.method_mut() = Method::CONNECT;
            *request.version_mut() = Version::HTTP_2;
        }
        *request.uri_mut() = Uri::from_parts(parts).map_err(|_| LocalError::Target)?;
        *request.headers_mut() = header_map(&self.headers);
        Ok(request)
    }
}

/// Names the first character that the crate refuses.
#[cold]
fn target_fault(target: &str) -> LocalError {
    let query = target.find('?').unwrap_or(target.len());
    let is_fault = |&(at, byte): &(usize, u8)| {
        let start: &[u8] = if at > query { b"/?" } else { b"/" };
        PathAndQuery::try_from([start, &[byte]].concat().as_slice()).is_err()
    };
    let fault = target.bytes().enumerate().find(is_fault);
    fault.map_or(LocalError::Target, |(at, _)| LocalError::TargetCharacter { at })
}

/// Makes a map from checked fields.
fn header_map(fields: &Headers) -> HeaderMap {
    let mut map = HeaderMap::with_capacity(fields.len());
    for (name, value) in fields {
        let field = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_bytes(value).ok());
        debug_assert!(field.is_some(), "a field is checked before it is sent");
        if let Some((name, value)) = field {
            map.append(name, value);
        }
    }
    map
}
