//! Requests and responses of the crate `http`.

use alloc::vec::Vec;

use ::http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version, request::Parts,
    uri::Authority,
};

use super::{HttpVersion, RequestHead, UpgradeResponse};

mod sealed {
    /// Keeps others from adding kinds of requests.
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

/// Returns what comes before the fields.
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
        let mut headers = HeaderMap::with_capacity(self.headers.len());
        for (name, value) in &self.headers {
            let field = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_bytes(value).ok());
            debug_assert!(field.is_some(), "a field is checked before it is in a response");
            if let Some((name, value)) = field {
                headers.append(name, value);
            }
        }
        let mut response = Response::new(self.content);
        *response.headers_mut() = headers;
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or_default();
        response
    }
}
