//! What a program wants of permessage-deflate, and the negotiation from it.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::num::NonZeroU32;

use wsproto_frame::{Role, Rsv};

use super::{Backend, DeflateParams, NAME, PermessageDeflate, Pool, WindowBits};
use crate::{Extension, ExtensionConfig, NegotiationError, Params, parse};

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
    /// What to ask for as a client and to insist on as a server; the default is context takeover and 32 KiB for both.
    ///
    /// A server's `client_max_window_bits` is a wish: a client that can't be told uses 32 KiB.
    pub params: DeflateParams,
    /// The library that compresses; the default is [`Backend::Miniz`], whatever features are on.
    pub backend: Backend,
    /// How hard to search, from 1 (fast) to 9 (small); the default is 6.
    pub level: u8,
    /// Messages shorter than this many bytes are sent as they are; the default is 32: below it there is little to save.
    ///
    /// It doesn't count for a message that is sent in fragments, as its length isn't known.
    pub threshold: usize,
    /// How many times its compressed size a received message may expand to, not counting its first 64 KiB, before it
    /// is refused with 1009; the default is no limit, as the receiver bounds the size itself.
    ///
    /// It is looked at behind every 64 compressed bytes and at the end, however the message arrives.
    pub max_ratio: Option<NonZeroU32>,
    /// Where compressors and decompressors wait between messages that don't take over context.
    pub pool: Pool,
}

impl Default for DeflateConfig {
    fn default() -> Self {
        Self {
            params: DeflateParams::default(),
            backend: Backend::default(),
            level: 6,
            threshold: 32,
            max_ratio: None,
            pool: Pool::default(),
        }
    }
}

impl DeflateConfig {
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

    /// Sets the library that compresses.
    #[must_use]
    pub const fn with_backend(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }

    /// Sets how hard to search, from 1 to 9.
    #[must_use]
    pub const fn with_level(mut self, level: u8) -> Self {
        self.level = level;
        self
    }

    /// Sets the length in bytes from which messages are compressed.
    #[must_use]
    pub const fn with_threshold(mut self, threshold: usize) -> Self {
        self.threshold = threshold;
        self
    }

    /// Limits how many times its size a received message may expand to.
    #[must_use]
    pub const fn with_max_ratio(mut self, ratio: NonZeroU32) -> Self {
        self.max_ratio = Some(ratio);
        self
    }

    /// Sets where compressors and decompressors wait.
    #[must_use]
    pub fn with_pool(mut self, pool: Pool) -> Self {
        self.pool = pool;
        self
    }

    /// Returns a client's offer as header text.
    #[must_use]
    pub fn offer(&self) -> String {
        self.params.to_offer().to_string()
    }

    /// Concludes, as a client, from the server's Sec-WebSocket-Extensions field; `None` where it declined.
    ///
    /// For a stack that knows no other extension; [`conclude`](crate::conclude) serves several.
    ///
    /// # Errors
    ///
    /// A negotiation error fails the connection.
    pub fn conclude(&self, answer: &str) -> Result<Option<PermessageDeflate>, NegotiationError> {
        match parse(answer)?.as_slice() {
            [] => Ok(None),
            [answer] if answer.name() == NAME => {
                let agreed = self.params.after_answer(answer)?;
                Ok(Some(PermessageDeflate::new(Role::Client, agreed, self)))
            }
            [_] => Err(NegotiationError::NotOffered),
            [first, rest @ ..] => {
                let repeated = rest.iter().any(|other| other.name() == first.name());
                Err(if repeated { NegotiationError::Repeated } else { NegotiationError::NotOffered })
            }
        }
    }

    /// Responds, as a server, to the client's Sec-WebSocket-Extensions field: the answer's text and what it stands for.
    ///
    /// For a stack that knows no other extension; [`respond`](crate::respond) serves several.
    ///
    /// # Errors
    ///
    /// [`NegotiationError::Grammar`] where the field breaks the grammar: the answer is 400.
    pub fn respond(&self, offers: &str) -> Result<Option<(String, PermessageDeflate)>, NegotiationError> {
        let offers = parse(offers)?;
        let mut ours = offers.iter().filter(|offer| offer.name() == NAME);
        Ok(ours.find_map(|offer| {
            let (answer, agreed) = self.params.answer(offer).ok()?;
            Some((answer.to_string(), PermessageDeflate::new(Role::Server, agreed, self)))
        }))
    }
}

impl ExtensionConfig for DeflateConfig {
    fn name(&self) -> &str {
        NAME
    }

    fn rsv(&self) -> Rsv {
        Rsv::RSV1
    }

    fn offers(&self) -> Vec<Params<'static>> {
        vec![self.params.to_offer()]
    }

    fn agree(&self, answer: &Params<'_>) -> Result<Box<dyn Extension>, NegotiationError> {
        let agreed = self.params.after_answer(answer)?;
        Ok(Box::new(PermessageDeflate::new(Role::Client, agreed, self)))
    }

    fn answer(&self, offer: &Params<'_>) -> Option<(Params<'static>, Box<dyn Extension>)> {
        let (answer, agreed) = self.params.answer(offer).ok()?;
        Some((answer, Box::new(PermessageDeflate::new(Role::Server, agreed, self))))
    }
}
