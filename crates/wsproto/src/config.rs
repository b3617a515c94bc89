//! What a connection is made with: limits and extensions.

use alloc::{sync::Arc, vec::Vec};
use core::panic::{RefUnwindSafe, UnwindSafe};

use wsproto_extensions::ExtensionConfig;
use wsproto_handshake::HandshakeLimits;

/// How many frames a message may always have by default; suites that test conformance send half as many.
const LEAST_FRAGMENTS: u64 = 131_072;
/// By default the frames of a message are on average at least this long, in bytes, where that allows more of them.
const FRAGMENT_LEN: u64 = 512;

/// Limits and extensions of a connection.
///
/// ```
/// use wsproto::Config;
///
/// let config = Config::default().with_max_message_len(1 << 20);
/// assert_eq!(config.max_message_len, 1 << 20);
/// ```
///
/// [`max_message_len`](Self::max_message_len) alone decides how long a message may be. The limits on its frames follow
/// it as long as they are `None`; where one is set, it holds besides. A number of frames that doesn't fit in 32 bits is
/// no limit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The extensions to offer or to accept, in order of preference. None by default.
    pub extensions: Vec<Arc<dyn ExtensionConfig>>,
    /// The limits of the opening handshake.
    pub handshake: HandshakeLimits,
    /// Whether the rejection of a request that broke a rule says so in a line of plain text, for whoever looks at it with
    /// a browser or curl. It doesn't by default.
    pub explain_rejections: bool,
    /// Whether it is an error, as in browsers, that a server chooses none of the subprotocols that a client proposed. Not by
    /// default; a server doesn't look at it.
    pub require_subprotocol: bool,
    /// The longest payload of a frame that is taken, in bytes. `None` by default: as long as a message may be.
    pub max_frame_len: Option<u64>,
    /// The longest message that is taken, in bytes: on the wire, and once more after extensions have undone what they
    /// did. 64 MiB by default.
    pub max_message_len: u64,
    /// The most frames that a fragmented message may come in. `None` by default: one for each 512 bytes of
    /// [`max_message_len`](Self::max_message_len), and at least 131 072, which are those of 64 MiB.
    pub max_fragments: Option<u64>,
    /// The most frames in a row of a fragmented message that may be empty on the wire. 1 024 by default.
    pub max_empty_fragments: u64,
    /// The most Pings and Pongs that may come with no data frame between them. 16 777 216 by default: so many that a
    /// connection on which the peer says nothing else, and pings each second, lasts for half a year.
    pub max_control_frames: u64,
}

/// What is changed in an extension's configuration, which connections share, is for its own locks to keep whole.
impl UnwindSafe for Config {}
impl RefUnwindSafe for Config {}

impl Default for Config {
    fn default() -> Self {
        Self {
            extensions: Vec::new(),
            handshake: HandshakeLimits::default(),
            explain_rejections: false,
            require_subprotocol: false,
            //= rfc6455#10.4-2
            max_frame_len: None,
            max_message_len: 64 << 20,
            max_fragments: None,
            max_empty_fragments: 1024,
            max_control_frames: 1 << 24,
        }
    }
}

impl Config {
    /// Adds an extension, less preferred than those before it.
    #[must_use]
    pub fn with_extension(mut self, extension: impl ExtensionConfig + 'static) -> Self {
        self.extensions.push(Arc::new(extension));
        self
    }

    /// Sets the limits of the opening handshake.
    #[must_use]
    pub const fn with_handshake(mut self, limits: HandshakeLimits) -> Self {
        self.handshake = limits;
        self
    }

    /// Makes the rejection of a request that broke a rule say so in a line of plain text.
    ///
    /// ```
    /// use wsproto::{Config, Connection};
    ///
    /// let mut ws = Connection::server(Config::default().with_explained_rejections());
    /// let mut request = *b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";
    /// let error = ws.receive(&mut &mut request[..]).unwrap_err();
    /// let mut out = Vec::new();
    /// ws.reply_to_error(&error, &mut out)?;
    /// assert!(out.ends_with("\r\n\r\nrequest without Connection: upgrade (RFC 6455 §4.2.1)\n".as_bytes()));
    /// # Ok::<(), wsproto::LocalProtocolError>(())
    /// ```
    #[must_use]
    pub const fn with_explained_rejections(mut self) -> Self {
        self.explain_rejections = true;
        self
    }

    /// Makes it an error that a server chooses none of the subprotocols that a client proposed.
    ///
    /// The error is [`ResponseError::SubprotocolMissing`](crate::handshake::ResponseError::SubprotocolMissing).
    #[must_use]
    pub const fn with_required_subprotocol(mut self) -> Self {
        self.require_subprotocol = true;
        self
    }

    /// Sets the longest payload of a frame that is taken, in bytes; a longer message has to come in several.
    #[must_use]
    pub const fn with_max_frame_len(mut self, limit: u64) -> Self {
        self.max_frame_len = Some(limit);
        self
    }

    /// Sets the longest message that is taken, in bytes.
    #[must_use]
    pub const fn with_max_message_len(mut self, limit: u64) -> Self {
        self.max_message_len = limit;
        self
    }

    /// Sets the most frames that a fragmented message may come in.
    #[must_use]
    pub const fn with_max_fragments(mut self, limit: u64) -> Self {
        self.max_fragments = Some(limit);
        self
    }

    /// Sets the most frames in a row of a fragmented message that may be empty.
    #[must_use]
    pub const fn with_max_empty_fragments(mut self, limit: u64) -> Self {
        self.max_empty_fragments = limit;
        self
    }

    /// Sets the most Pings and Pongs that may come with no data frame between them.
    #[must_use]
    pub const fn with_max_control_frames(mut self, limit: u64) -> Self {
        self.max_control_frames = limit;
        self
    }

    /// Returns the most frames that a fragmented message may come in.
    pub(crate) fn fragments(&self) -> u64 {
        self.max_fragments.unwrap_or(LEAST_FRAGMENTS.max(self.max_message_len / FRAGMENT_LEN))
    }
}
