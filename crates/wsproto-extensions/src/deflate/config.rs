//! The configuration of permessage-deflate, and the negotiation with it.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::num::NonZeroU32;

use wsproto_frame::{Role, Rsv};

use super::parameters::Told;
use super::{Backend, DeflateParams, NAME, PermessageDeflate, Pool, WindowBits};
use crate::{Extension, ExtensionConfig, GrammarError, NegotiationError, Params, Reason, parse};

/// How to negotiate and use permessage-deflate.
///
/// ```
/// use wsproto_extensions::deflate::{DeflateConfig, WindowBits};
///
/// let config = DeflateConfig::default()
///     .with_server_no_context_takeover()
///     .with_client_max_window_bits(WindowBits::MIN)
///     .with_level(1);
/// assert_eq!(config.threshold, 32);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeflateConfig {
    /// The parameters that a client asks for, and that a server insists on. By default both sides have context takeover
    /// and a window of 32 KiB.
    ///
    /// A server's `client_max_window_bits` is only a wish: a client that can't be told uses 32 KiB.
    pub params: DeflateParams,
    /// Whether a client's offer allows the server to give it a smaller window. On by default.
    ///
    /// If it is off, the offer has no `client_max_window_bits`, which some servers can't read. Then an answer with that
    /// parameter fails the connection. A client with a smaller window in its configuration uses it all the same.
    pub offers_client_window: bool,
    /// The library that compresses. By default it is `zlib-rs` if its feature is on, and [`Backend::Miniz`] otherwise.
    pub backend: Backend,
    /// The effort of compression, from 1 (fast) to 9 (small). 5 by default.
    ///
    /// From 6 on, `miniz_oxide` takes several times as long for 3 % fewer bytes.
    pub level: u8,
    /// How much memory `zlib-rs` takes besides the window, from 1 to 9. 6 by default. `miniz_oxide` has no such
    /// setting.
    pub memory_level: u8,
    /// Messages shorter than this many bytes are sent uncompressed. 32 by default: below it there is little to save.
    ///
    /// It doesn't apply to a message that is sent in fragments, since its length isn't known.
    pub threshold: usize,
    /// The highest ratio of inflated to compressed bytes of a received message; its first 64 KiB don't count. A message
    /// beyond it is refused with 1009. By default there is no limit, since the receiver limits the length itself.
    ///
    /// It is checked after every 64 compressed bytes and at the end, however the message arrives.
    pub max_ratio: Option<NonZeroU32>,
    /// The compressors and decompressors that connections share. It decides which connections keep their compressor.
    pub pool: Pool,
}

impl Default for DeflateConfig {
    fn default() -> Self {
        Self {
            params: DeflateParams::default(),
            offers_client_window: true,
            backend: Backend::default(),
            level: 5,
            memory_level: 6,
            threshold: 32,
            max_ratio: None,
            pool: Pool::default(),
        }
    }
}

impl DeflateConfig {
    /// Returns the preset for fast networks and busy processors: level 1.
    ///
    /// With `zlib-rs` it takes a fifth of the default's time, with `miniz_oxide` two fifths. Messages are 3 to 4 tenths
    /// longer.
    ///
    /// ```
    /// use wsproto_extensions::deflate::DeflateConfig;
    ///
    /// assert_eq!(DeflateConfig::fast().level, 1);
    /// ```
    #[must_use]
    pub fn fast() -> Self {
        Self::default().with_level(1)
    }

    /// Returns the preset for many connections: windows of 4 KiB.
    ///
    /// A compressor of `zlib-rs` then takes 166 KiB in place of 292, for messages that are a twentieth longer.
    /// `miniz_oxide` takes its usual memory, for messages that are a sixth longer.
    ///
    /// ```
    /// use wsproto_extensions::deflate::DeflateConfig;
    ///
    /// let offer = "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12";
    /// assert_eq!(DeflateConfig::low_memory().offer(), offer);
    /// ```
    #[must_use]
    pub fn low_memory() -> Self {
        let window = WindowBits::FOUR_KIB;
        Self::default()
            .with_server_max_window_bits(window)
            .with_client_max_window_bits(window)
            .with_memory_level(5)
    }

    /// Sets all four parameters.
    #[must_use]
    pub const fn with_params(mut self, params: DeflateParams) -> Self {
        self.params = params;
        self
    }

    /// Lets the server begin each message with an empty window.
    #[must_use]
    pub const fn with_server_no_context_takeover(mut self) -> Self {
        self.params.server_no_context_takeover = true;
        self
    }

    /// Lets the client begin each message with an empty window.
    #[must_use]
    pub const fn with_client_no_context_takeover(mut self) -> Self {
        self.params.client_no_context_takeover = true;
        self
    }

    /// Sets the server's window.
    #[must_use]
    pub const fn with_server_max_window_bits(mut self, bits: WindowBits) -> Self {
        self.params.server_max_window_bits = bits;
        self
    }

    /// Sets the client's window.
    #[must_use]
    pub const fn with_client_max_window_bits(mut self, bits: WindowBits) -> Self {
        self.params.client_max_window_bits = bits;
        self
    }

    /// Omits `client_max_window_bits` from a client's offer.
    ///
    /// ```
    /// use wsproto_extensions::deflate::DeflateConfig;
    ///
    /// let config = DeflateConfig::default();
    /// assert_eq!(config.offer(), "permessage-deflate; client_max_window_bits");
    /// assert_eq!(config.without_client_window_in_offer().offer(), "permessage-deflate");
    /// ```
    ///
    /// RFC 7692 [§7.1.2.2](https://www.rfc-editor.org/rfc/rfc7692#section-7.1.2.2)
    #[must_use]
    pub const fn without_client_window_in_offer(mut self) -> Self {
        self.offers_client_window = false;
        self
    }

    const fn told(&self) -> Told {
        if self.offers_client_window { Told::Yes } else { Told::No }
    }

    /// Sets the library that compresses.
    #[must_use]
    pub const fn with_backend(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }

    /// Sets the effort of compression, from 1 (fast) to 9 (small).
    #[must_use]
    pub const fn with_level(mut self, level: u8) -> Self {
        self.level = level;
        self
    }

    /// Sets how much memory `zlib-rs` takes besides the window, from 1 to 9.
    #[must_use]
    pub const fn with_memory_level(mut self, level: u8) -> Self {
        self.memory_level = level;
        self
    }

    /// Sets the length in bytes from which on messages are compressed.
    #[must_use]
    pub const fn with_threshold(mut self, threshold: usize) -> Self {
        self.threshold = threshold;
        self
    }

    /// Limits the ratio of inflated to compressed bytes of a received message.
    #[must_use]
    pub const fn with_max_ratio(mut self, ratio: NonZeroU32) -> Self {
        self.max_ratio = Some(ratio);
        self
    }

    /// Sets the pool of compressors and decompressors that connections share.
    #[must_use]
    pub fn with_pool(mut self, pool: Pool) -> Self {
        self.pool = pool;
        self
    }

    /// Returns a client's offer as header text.
    #[must_use]
    pub fn offer(&self) -> String {
        self.params.to_offer(self.told()).to_string()
    }

    /// Concludes, as a client, from the server's Sec-WebSocket-Extensions field. Returns `None` if the server declined.
    ///
    /// This is for a stack with no other extension; [`conclude`](crate::conclude) serves several. An empty text means
    /// an answer without the field.
    ///
    /// # Errors
    ///
    /// A negotiation error fails the connection.
    pub fn conclude(&self, answer: &str) -> Result<Option<PermessageDeflate>, NegotiationError> {
        let answer = parse_present(answer)?;
        match answer.as_slice() {
            [] => Ok(None),
            [only] if only.name() == NAME => {
                let only = only.clone().checked()?;
                let agreed = self.params.after_answer(self.told(), &only)?;
                Ok(Some(PermessageDeflate::new(Role::Client, agreed, self)))
            }
            all => Err(match all.iter().find(|element| element.name() != NAME) {
                Some(other) => NegotiationError::not_offered(other.name()),
                None => NegotiationError::Repeated(NAME.into()),
            }),
        }
    }

    /// Responds, as a server, to the client's Sec-WebSocket-Extensions field: returns the answer's text and the agreed
    /// extension.
    ///
    /// This is for a stack with no other extension; [`respond`](crate::respond) serves several. An empty text means a
    /// request without the field.
    ///
    /// # Errors
    ///
    /// [`NegotiationError::Grammar`] where the field breaks the grammar: answer with status 400.
    pub fn respond(&self, offers: &str) -> Result<Option<(String, PermessageDeflate)>, NegotiationError> {
        let offers = parse_present(offers)?.into_iter().filter(|offer| offer.name() == NAME);
        let ours = offers.map(Params::checked).collect::<Result<Vec<_>, _>>()?;
        Ok(ours.iter().find_map(|offer| {
            let (answer, agreed) = self.params.answer(offer).ok()?;
            Some((answer.to_string(), PermessageDeflate::new(Role::Server, agreed, self)))
        }))
    }
}

/// Reads a field that may be absent.
fn parse_present(field: &str) -> Result<Vec<Params<'_>>, GrammarError> {
    if field.is_empty() { Ok(Vec::new()) } else { parse(field) }
}

impl ExtensionConfig for DeflateConfig {
    fn name(&self) -> &str {
        NAME
    }

    fn rsv(&self) -> Rsv {
        Rsv::RSV1
    }

    fn offers(&self) -> Vec<Params<'static>> {
        vec![self.params.to_offer(self.told())]
    }

    fn agree(&self, answer: &Params<'_>) -> Result<Box<dyn Extension>, Reason> {
        let agreed = self.params.after_answer(self.told(), answer)?;
        Ok(Box::new(PermessageDeflate::new(Role::Client, agreed, self)))
    }

    fn answer(&self, offer: &Params<'_>) -> Option<(Params<'static>, Box<dyn Extension>)> {
        let (answer, agreed) = self.params.answer(offer).ok()?;
        Some((answer, Box::new(PermessageDeflate::new(Role::Server, agreed, self))))
    }
}
