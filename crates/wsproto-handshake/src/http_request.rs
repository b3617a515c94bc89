//! A refused request, for a program that answers it in another way.

use alloc::string::String;
use core::fmt;

use crate::{
    Headers, Request,
    head::{Head, RequestLine},
    list, target,
};

/// A refused request: a health check, a request for a page, or an upgrade that broke a rule.
///
/// [`ServerHandshake::refused_request`](crate::ServerHandshake::refused_request) returns it; a
/// [`RejectConnection`](crate::RejectConnection) of any status answers it. `Debug` shows no query.
///
/// ```
/// use wsproto_handshake::{HandshakeLimits, RejectConnection, ServerHandshake};
///
/// let mut server = ServerHandshake::new(HandshakeLimits::default());
/// let error = server.receive(&mut &b"GET /healthz?full HTTP/1.1\r\nHost: a\r\n\r\n"[..]).unwrap_err();
/// let answer = match server.refused_request() {
///     Some(request) if request.path() == "/healthz" => RejectConnection::new(200).with_text("fine\n"),
///     _ => error.rejection(),
/// };
/// let mut out = Vec::new();
/// server.reject(&answer, &mut out)?;
/// assert!(out.starts_with(b"HTTP/1.1 200 OK\r\n") && out.ends_with(b"\r\n\r\nfine\n"));
/// # Ok::<(), wsproto_handshake::LocalError>(())
/// ```
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct HttpRequest {
    method: String,
    target: String,
    headers: Headers,
}

impl HttpRequest {
    /// Copies a head.
    pub(crate) fn of(head: Head<'_, RequestLine<'_>>) -> Self {
        Self { method: head.line.method.into(), target: head.line.target.into(), headers: head.all_fields() }
    }

    /// Returns the method, for example `GET`.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Returns the target, unchanged: `/page?id=1`, `http://example.com/page`, `*`.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Returns the target's path without a query: `/page`. Returns a target of another form unchanged.
    #[must_use]
    pub fn path(&self) -> &str {
        match target::split(self.resource()).0 {
            "" => "/",
            path => path,
        }
    }

    /// Returns the target's query, unchanged and without the `?`; `None` where there is no `?`.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        target::split(self.resource()).1
    }

    /// Returns the target from the start of its path.
    fn resource(&self) -> &str {
        match self.target.split_once("://") {
            Some((scheme, rest)) if !scheme.contains(['/', '?']) => {
                rest.find(['/', '?']).and_then(|at| rest.get(at..)).unwrap_or("/")
            }
            _ => &self.target,
        }
    }

    /// Returns all header fields.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        &self.headers
    }
}

/// Makes an ordinary request from an upgrade.
///
/// The fields that a [`Request`] stores separately come after the others; the authority of an absolute target becomes
/// Host.
impl From<&Request> for HttpRequest {
    fn from(request: &Request) -> Self {
        let mut headers = request.headers.iter().collect::<Headers>();
        headers.push("Host", request.host());
        for (name, list) in [
            ("Sec-WebSocket-Protocol", list::join(request.subprotocols())),
            ("Sec-WebSocket-Extensions", list::join(request.extensions())),
        ] {
            if !list.is_empty() {
                headers.push(name, list);
            }
        }
        Self { method: "GET".into(), target: request.target().into(), headers }
    }
}

/// Hides everything that doesn't belong in logs.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("path", &self.path())
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn paths_and_queries_come_of_targets_of_each_form() {
        #[rustfmt::skip]
        let table = [
            ("/",                             "/",               None),
            ("/page",                         "/page",           None),
            ("/page?",                        "/page",           Some("")),
            ("/page?a=/b",                    "/page",           Some("a=/b")),
            ("/page?a?b",                     "/page",           Some("a?b")),
            ("/page?to=http://a/b",           "/page",           Some("to=http://a/b")),
            ("//page",                        "//page",          None),
            ("/http://a/page",                "/http://a/page",  None),
            ("http://example.com/page?a",     "/page",           Some("a")),
            ("HTTPS://example.com:80/page",   "/page",           None),
            ("ftp://example.com/page",        "/page",           None),
            ("http://example.com",            "/",               None),
            ("http://example.com?a=/b",       "/",               Some("a=/b")),
            ("*",                             "*",               None),
            ("example.com:443",               "example.com:443", None),
        ];
        for (target, path, query) in table {
            let request =
                HttpRequest { method: "GET".into(), target: target.into(), headers: Headers::new() };
            assert_eq!((request.path(), request.query()), (path, query), "{target}");
        }
    }

    #[test]
    fn an_upgrade_is_a_request_like_any_other() {
        let request = Request::new("example.com", "/chat?token=hunter2")
            .with_subprotocol("a")
            .with_subprotocol("b")
            .with_extension("c; d")
            .with_header("Cookie", "hunter2");
        let plain = HttpRequest::from(&request);
        assert_eq!((plain.method(), plain.target(), plain.path()), ("GET", "/chat?token=hunter2", "/chat"));
        let fields = [
            ("Cookie", "hunter2"),
            ("Host", "example.com"),
            ("Sec-WebSocket-Protocol", "a, b"),
            ("Sec-WebSocket-Extensions", "c; d"),
        ];
        assert_eq!(plain.headers(), &fields.into_iter().collect::<Headers>());
        assert!(!format!("{plain:?}").contains("hunter2"));
    }
}
