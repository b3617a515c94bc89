//! The answers of the opening handshake: a server sends them, a client receives them.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;

use crate::Headers;

/// A server's acceptance.
///
/// In a received acceptance, `headers` are all fields except Connection, Upgrade, Sec-WebSocket-Accept,
/// Sec-WebSocket-Extensions and Sec-WebSocket-Protocol.
///
/// ```
/// use wsproto_handshake::AcceptConnection;
///
/// let accept = AcceptConnection::new().with_subprotocol("chat").with_header("Set-Cookie", "id=1");
/// assert_eq!(accept.subprotocol.as_deref(), Some("chat"));
/// ```
///
/// RFC 6455 [§4.2.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2)
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct AcceptConnection {
    /// The chosen subprotocol, one of those that the client proposed.
    pub subprotocol: Option<String>,
    /// The agreed extensions with their parameters, as text, in order.
    pub extensions: Vec<String>,
    /// The extensions that a stack with its own negotiation, such as `wsproto`, may agree to: names, or whole offers as
    /// the client wrote them. `None`, the default, allows all. [`ServerHandshake`](crate::ServerHandshake) alone
    /// doesn't use it: it agrees to [`extensions`](Self::extensions).
    pub extension_choice: Option<Vec<String>>,
    /// All other header fields.
    pub headers: Headers,
}

impl AcceptConnection {
    /// Creates an acceptance without a subprotocol and without extensions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Chooses a subprotocol.
    #[must_use]
    pub fn with_subprotocol(mut self, subprotocol: impl Into<String>) -> Self {
        self.subprotocol = Some(subprotocol.into());
        self
    }

    /// Agrees to no extension, whatever is offered and configured.
    #[must_use]
    pub fn without_extensions(self) -> Self {
        self.with_only_extensions::<String>([])
    }

    /// Limits the extensions to these: each is a name, or a whole offer as the client wrote it.
    ///
    /// An extension must still be offered and configured.
    ///
    /// ```
    /// use wsproto_handshake::AcceptConnection;
    ///
    /// let accept = AcceptConnection::new().with_only_extensions(["permessage-deflate"]);
    /// assert_eq!(accept.extension_choice.as_deref(), Some(&["permessage-deflate".to_string()][..]));
    /// ```
    #[must_use]
    pub fn with_only_extensions<S: Into<String>>(mut self, chosen: impl IntoIterator<Item = S>) -> Self {
        self.extension_choice = Some(chosen.into_iter().map(Into::into).collect());
        self
    }

    /// Agrees to one more extension.
    #[must_use]
    pub fn with_extension(mut self, agreed: impl Into<String>) -> Self {
        self.extensions.push(agreed.into());
        self
    }

    /// Appends a header field.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push(name, value);
        self
    }
}

/// A server's rejection: an ordinary HTTP response, after which the server closes the connection.
///
/// A received rejection has all header fields. [`RejectData`] always follows it, or an error if the end of its body is
/// unknown.
///
/// A rejection to send is complete without a body, or with [content](Self::with_content). After a rejection that
/// [announces a body](Self::with_body), `RejectData` must follow up to the last part. The body has the length of
/// Content-Length, if the headers have that field. Otherwise it ends with the stream if they have `Connection: close`,
/// and comes in chunks if they don't.
///
/// ```
/// use wsproto_handshake::RejectConnection;
///
/// let busy = RejectConnection::new(503).with_header("Retry-After", "5").with_text("Come back later.\n");
/// assert_eq!(busy.headers.get_str("Content-Type"), Some("text/plain; charset=utf-8"));
/// ```
///
/// RFC 6455 [§4.2.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2)
#[derive(Clone, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct RejectConnection {
    /// The status; 400 by default.
    pub status: u16,
    /// All header fields.
    pub headers: Headers,
    /// Whether [`RejectData`] follows; false by default.
    pub has_body: bool,
    /// The whole body of a rejection to send, where no [`RejectData`] follows; empty by default.
    pub content: Vec<u8>,
}

impl RejectConnection {
    /// Creates a rejection without a body.
    #[must_use]
    pub const fn new(status: u16) -> Self {
        Self { status, headers: Headers::new(), has_body: false, content: Vec::new() }
    }

    /// Appends a header field.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push(name, value);
        self
    }

    /// Announces a body.
    #[must_use]
    pub fn with_body(mut self) -> Self {
        self.has_body = true;
        self
    }

    /// Sets the whole body and its type; they replace earlier ones. Content-Length is written with it.
    ///
    /// ```
    /// use wsproto_handshake::RejectConnection;
    ///
    /// let page = RejectConnection::new(200).with_content("text/html; charset=utf-8", "<p>Hello");
    /// assert_eq!(page.content, b"<p>Hello");
    /// ```
    #[must_use]
    pub fn with_content(mut self, content_type: &str, content: impl Into<Vec<u8>>) -> Self {
        self.headers.set("Content-Type", content_type);
        self.content = content.into();
        self
    }

    /// Sets a text for people as the whole body.
    #[must_use]
    pub fn with_text(self, text: impl Into<String>) -> Self {
        self.with_content("text/plain; charset=utf-8", text.into())
    }
}

/// Shows the length of the content, not its bytes.
impl fmt::Debug for RejectConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RejectConnection")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("has_body", &self.has_body)
            .field("content", &format_args!("{} bytes", self.content.len()))
            .finish()
    }
}

impl Default for RejectConnection {
    fn default() -> Self {
        Self::new(400)
    }
}

/// A part of a rejection's body.
///
/// The last received part is always empty, and is the only one with `body_finished`.
///
/// ```
/// use wsproto_handshake::RejectData;
///
/// assert!(RejectData::new(b"all of it").body_finished);
/// assert!(!RejectData::new(b"some of it").unfinished().body_finished);
/// ```
#[derive(Clone, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct RejectData<'a> {
    /// The next bytes of the body.
    pub data: Cow<'a, [u8]>,
    /// Whether this is the last part.
    pub body_finished: bool,
}

impl From<Vec<u8>> for RejectData<'_> {
    fn from(data: Vec<u8>) -> Self {
        Self { data: Cow::Owned(data), body_finished: true }
    }
}

impl<'a> From<&'a [u8]> for RejectData<'a> {
    fn from(data: &'a [u8]) -> Self {
        Self::new(data)
    }
}

impl<'a> From<&'a str> for RejectData<'a> {
    fn from(data: &'a str) -> Self {
        Self::new(data)
    }
}

impl<'a> RejectData<'a> {
    /// Creates the last part of a body.
    #[must_use]
    pub fn new<T: AsRef<[u8]> + ?Sized>(data: &'a T) -> Self {
        Self { data: Cow::Borrowed(data.as_ref()), body_finished: true }
    }

    /// Marks the part as not the last one.
    #[must_use]
    pub fn unfinished(mut self) -> Self {
        self.body_finished = false;
        self
    }

    /// Copies the bytes unless they are owned.
    #[must_use]
    pub fn into_owned(self) -> RejectData<'static> {
        RejectData { data: Cow::Owned(self.data.into_owned()), body_finished: self.body_finished }
    }
}

/// Shows the length of the part, not its bytes: bodies don't belong in logs.
impl fmt::Debug for RejectData<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RejectData")
            .field("data", &format_args!("{} bytes", self.data.len()))
            .field("body_finished", &self.body_finished)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn bodies_are_not_shown_and_are_owned_when_asked() {
        let part = RejectData::new(b"hunter2").unfinished();
        assert_eq!(format!("{part:?}"), "RejectData { data: 7 bytes, body_finished: false }");
        let owned = part.clone().into_owned();
        assert!(matches!(owned.data, Cow::Owned(_)) && owned == part);
        assert_eq!(RejectData::from(b"hunter2".to_vec()), RejectData::from("hunter2"));
    }

    #[test]
    fn content_that_is_put_in_again_takes_the_place_of_the_first() {
        let page = RejectConnection::new(404).with_text("no").with_content("text/html", "<p>No");
        assert_eq!(page.headers, Headers::from([("Content-Type", "text/html")]));
        assert_eq!(page.content, b"<p>No");
    }
}
