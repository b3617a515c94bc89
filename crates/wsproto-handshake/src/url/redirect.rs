//! References to other URLs, as Location of a redirect holds them (RFC 3986 §5.2, RFC 9110 §10.2.2).

use alloc::{format, string::String, vec::Vec};

use super::{WebSocketUrl, split_before};
use crate::UrlError;

impl WebSocketUrl {
    /// Returns the URL that a redirect leads to; the value of Location may be a whole URL, a path, or a part of a path.
    ///
    /// `http` becomes `ws` and `https` becomes `wss`; a fragment is dropped. The credentials of this URL are kept only
    /// for the same scheme, host and port. The caller must bound the number of redirects.
    ///
    /// # Errors
    ///
    /// [`UrlError::InsecureRedirect`] from `wss` to `ws`; other errors for a Location that gives no WebSocket URL.
    ///
    /// ```
    /// use wsproto_handshake::{RejectConnection, WebSocketUrl};
    ///
    /// let mut url: WebSocketUrl = "wss://example.com/chat?room=1".parse()?;
    /// let answer = RejectConnection::new(307).with_header("Location", "https://chat.example.com/rooms/1");
    /// if let (301 | 302 | 303 | 307 | 308, Some(location)) = (answer.status, answer.headers.get_str("Location")) {
    ///     url = url.redirect(location)?;
    /// }
    /// assert_eq!(url.to_string(), "wss://chat.example.com/rooms/1");
    /// assert_eq!(url.redirect("../login?then=1")?.target(), "/login?then=1");
    /// # Ok::<(), wsproto_handshake::UrlError>(())
    /// ```
    pub fn redirect(&self, location: &str) -> Result<Self, UrlError> {
        let (location, _fragment) = split_before(location, &['#']);
        let mut url = match location.split_once(':') {
            Some((scheme, rest)) if !scheme.contains(['/', '?']) => {
                format!("{}:{rest}", websocket_scheme(scheme)).parse()?
            }
            _ if location.starts_with("//") => {
                format!("{}:{location}", if self.secure { "wss" } else { "ws" }).parse()?
            }
            _ => self.sibling(location)?,
        };
        if self.secure && !url.secure {
            return Err(UrlError::InsecureRedirect);
        }
        url.target = without_dots(&url.target);
        let same_origin =
            (self.secure, self.port) == (url.secure, url.port) && self.host.eq_ignore_ascii_case(&url.host);
        if same_origin && url.authorization.is_none() {
            url.authorization.clone_from(&self.authorization);
        }
        Ok(url)
    }

    /// Returns the URL on the same server that a path, a part of a path, or a query leads to.
    fn sibling(&self, location: &str) -> Result<Self, UrlError> {
        let (path, _query) = split_before(&self.target, &['?']);
        let before = match location.chars().next() {
            None => self.target.as_str(),
            Some('/') => "",
            Some('?') => path,
            Some(_) => path.rsplit_once('/').map_or("", |(directories, _)| directories),
        };
        let slash = if location.starts_with(['/', '?']) || location.is_empty() { "" } else { "/" };
        // Parsing checks the new part like any other URL.
        let origin = Self { target: String::new(), authorization: None, ..self.clone() };
        format!("{origin}{before}{slash}{location}").parse()
    }
}

/// Returns the WebSocket scheme for an HTTP scheme; others as they are.
fn websocket_scheme(scheme: &str) -> &str {
    match scheme {
        _ if scheme.eq_ignore_ascii_case("http") => "ws",
        _ if scheme.eq_ignore_ascii_case("https") => "wss",
        other => other,
    }
}

/// Takes `.` and `..` out of the path.
///
/// RFC 3986 [§5.2.4](https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4)
fn without_dots(target: &str) -> String {
    let (path, query) = split_before(target, &['?']);
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            other => kept.push(other),
        }
        if is_last && matches!(segment, "." | "..") {
            kept.push("");
        }
    }
    format!("/{}{query}", kept.join("/"))
}
