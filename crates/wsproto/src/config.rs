//! The configuration of a connection: limits and extensions.

use alloc::{sync::Arc, vec::Vec};
use core::panic::{RefUnwindSafe, UnwindSafe};

use wsproto_extensions::ExtensionConfig;
use wsproto_handshake::HandshakeLimits;

/// Any message may have this many frames by default. Conformance suites send half as many.
const LEAST_FRAGMENTS: u64 = 131_072;
/// The least average length of a message's frames by default, in bytes, where [`LEAST_FRAGMENTS`] is exceeded.
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
/// from it while they are `None`. One that is set applies in addition. A limit on the number of frames that doesn't
/// fit in 32 bits means no limit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The extensions to offer or to accept, in order of preference. None by default.
    pub extensions: Vec<Arc<dyn ExtensionConfig>>,
    /// The limits of the opening handshake.
    pub handshake: HandshakeLimits,
    /// Whether the rejection of an invalid request names the broken rule in a line of plain text, for people who look
    /// at it with a browser or curl. Off by default.
    pub explain_rejections: bool,
    /// Whether a client fails, as browsers do, when the server chooses none of the subprotocols that the client
    /// proposed. Off by default. Servers ignore it.
    pub require_subprotocol: bool,
    /// The longest accepted payload of a frame, in bytes. `None` by default: a frame may be as long as a message.
    pub max_frame_len: Option<u64>,
    /// The longest accepted message, in bytes. It applies twice: to the bytes on the wire, and to the bytes that
    /// extensions make of them (inflated, for example). 64 MiB by default.
    pub max_message_len: u64,
    /// The most frames of a fragmented message. `None` by default: one frame for each 512 bytes of
    /// [`max_message_len`](Self::max_message_len), and at least 131 072 (the number for 64 MiB).
    pub max_fragments: Option<u64>,
    /// The most consecutive frames of a fragmented message that are empty on the wire. 1 024 by default.
    pub max_empty_fragments: u64,
    /// The most Pings and Pongs that the peer may send without a data frame between them. 16 777 216 by default: a peer
    /// that sends nothing else, and pings each second, stays connected for half a year.
    pub max_control_frames: u64,
}

/// Connections share extensions' configurations. These keep their state consistent by their own locks.
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
    /// Adds an extension, which is less preferred than those before it.
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

    /// Makes the rejection of an invalid request name the broken rule in a line of plain text.
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

    /// Makes a client fail when the server chooses none of the subprotocols that the client proposed.
    ///
    /// The error is [`ResponseError::SubprotocolMissing`](crate::handshake::ResponseError::SubprotocolMissing).
    #[must_use]
    pub const fn with_required_subprotocol(mut self) -> Self {
        self.require_subprotocol = true;
        self
    }

    /// Sets the longest accepted payload of a frame, in bytes. A longer message must come in several frames.
    #[must_use]
    pub const fn with_max_frame_len(mut self, limit: u64) -> Self {
        self.max_frame_len = Some(limit);
        self
    }

    /// Sets the longest accepted message, in bytes.
    #[must_use]
    pub const fn with_max_message_len(mut self, limit: u64) -> Self {
        self.max_message_len = limit;
        self
    }

    /// Sets the most frames of a fragmented message.
    #[must_use]
    pub const fn with_max_fragments(mut self, limit: u64) -> Self {
        self.max_fragments = Some(limit);
        self
    }

    /// Sets the most consecutive frames of a fragmented message that are empty.
    #[must_use]
    pub const fn with_max_empty_fragments(mut self, limit: u64) -> Self {
        self.max_empty_fragments = limit;
        self
    }

    /// Sets the most Pings and Pongs that the peer may send without a data frame between them.
    #[must_use]
    pub const fn with_max_control_frames(mut self, limit: u64) -> Self {
        self.max_control_frames = limit;
        self
    }

    /// Returns the most frames of a fragmented message.
    pub(crate) fn fragments(&self) -> u64 {
        self.max_fragments.unwrap_or(LEAST_FRAGMENTS.max(self.max_message_len / FRAGMENT_LEN))
    }
}
