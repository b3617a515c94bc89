//! An answer for another HTTP library to send.

use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::Headers;

/// The answer to a request, for another HTTP library to send.
///
/// ```
/// use wsproto_handshake::{HandshakeLimits, HttpVersion, RejectConnection, RequestHead, Upgrade};
///
/// let head = RequestHead::new(HttpVersion::Http11, "GET", "/");
/// let error = Upgrade::from_fields(&head, [("Host", "example.com")], &HandshakeLimits::default()).unwrap_err();
/// assert_eq!(error.response.status, 426);
/// assert_eq!(error.response.headers.get_str("Upgrade"), Some("websocket"));
/// ```
#[derive(Clone, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct UpgradeResponse {
    /// The status; 101, or 200 for an extended CONNECT, opens the connection.
    pub status: u16,
    /// All header fields except those of the body's length, which the HTTP library adds.
    pub headers: Headers,
    /// The body; empty by default.
    pub content: Vec<u8>,
}

impl UpgradeResponse {
    /// Creates an answer with this status alone.
    #[must_use]
    pub const fn new(status: u16) -> Self {
        Self { status, headers: Headers::new(), content: Vec::new() }
    }

    /// Sets a text for people as the body.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.headers.set("Content-Type", "text/plain; charset=utf-8");
        self.content = text.into().into_bytes();
        self
    }
}

/// Shows the length of the content, not its bytes.
impl fmt::Debug for UpgradeResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpgradeResponse")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("content", &format_args!("{} bytes", self.content.len()))
            .finish()
    }
}
