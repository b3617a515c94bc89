//! Limits of a handshake.

/// Bounds on what a handshake reads and keeps.
///
/// ```
/// use wsproto_handshake::HandshakeLimits;
///
/// let limits = HandshakeLimits::default().with_max_head_len(4096).with_max_headers(32);
/// assert_eq!((limits.max_head_len, limits.max_reject_body), (4096, 65_536));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct HandshakeLimits {
    /// Longest head in bytes, its final empty line included; 16 KiB by default.
    pub max_head_len: u64,
    /// Most header fields of a head; 100 by default.
    pub max_headers: u64,
    /// Most items in Sec-WebSocket-Protocol, and in Sec-WebSocket-Extensions; 100 for each by default.
    pub max_list_items: u64,
    /// Longest request target in bytes; 8 KiB by default.
    pub max_target_len: u64,
    /// Most interim responses (status 100 to 199, without 101) before the answer; 8 by default.
    pub max_interim_responses: u64,
    /// Longest body of a rejection in bytes, without its chunk framing; 64 KiB by default.
    pub max_reject_body: u64,
}

impl HandshakeLimits {
    /// Sets the longest head in bytes.
    #[must_use]
    pub const fn with_max_head_len(mut self, bytes: u64) -> Self {
        self.max_head_len = bytes;
        self
    }

    /// Sets how many header fields a head may have.
    #[must_use]
    pub const fn with_max_headers(mut self, fields: u64) -> Self {
        self.max_headers = fields;
        self
    }

    /// Sets how many subprotocols, and how many extensions, a head may list.
    #[must_use]
    pub const fn with_max_list_items(mut self, items: u64) -> Self {
        self.max_list_items = items;
        self
    }

    /// Sets the longest request target in bytes.
    #[must_use]
    pub const fn with_max_target_len(mut self, bytes: u64) -> Self {
        self.max_target_len = bytes;
        self
    }

    /// Sets how many interim responses may come before the answer.
    #[must_use]
    pub const fn with_max_interim_responses(mut self, responses: u64) -> Self {
        self.max_interim_responses = responses;
        self
    }

    /// Sets the longest body of a rejection in bytes.
    #[must_use]
    pub const fn with_max_reject_body(mut self, bytes: u64) -> Self {
        self.max_reject_body = bytes;
        self
    }
}

impl HandshakeLimits {
    /// Returns the longest head as a `usize`; bytes in memory are never more than `usize::MAX`.
    #[inline]
    pub(crate) fn head_len(&self) -> usize {
        usize::try_from(self.max_head_len).unwrap_or(usize::MAX)
    }
}

impl Default for HandshakeLimits {
    fn default() -> Self {
        Self {
            max_head_len: 16 * 1024,
            max_headers: 100,
            max_list_items: 100,
            max_target_len: 8 * 1024,
            max_interim_responses: 8,
            max_reject_body: 64 * 1024,
        }
    }
}
