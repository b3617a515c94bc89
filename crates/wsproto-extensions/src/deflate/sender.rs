//! Compression of the messages that are sent.

use core::fmt;
use core::panic::UnwindSafe;

use wsproto_frame::CloseCode;

use super::backend::{Flush, Kind, TAIL};
use super::pool::{Claim, Loan};
use super::{Backend, DeflateConfig, Pool, WindowBits};
use crate::{Output, Refusal};

/// The payload of a frame to compress.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) payload: &'a [u8],
    /// Whether it is the first one of its message.
    pub(super) first: bool,
}

/// The sending half of the extension.
pub(super) struct Sender {
    kind: Kind,
    no_context_takeover: bool,
    pool: Pool,
    /// A compressor is out of the pool only while it works. One that panics is lost.
    claim: Claim,
}

impl UnwindSafe for Sender {}

impl Sender {
    pub(super) fn new(window: WindowBits, no_context_takeover: bool, config: &DeflateConfig) -> Self {
        let kind = Kind {
            backend: config.backend,
            level: config.level.clamp(1, 9),
            memory_level: match config.backend {
                Backend::Miniz => 0,
                #[cfg(feature = "zlib-rs")]
                Backend::ZlibRs => config.memory_level.clamp(1, 9),
            },
            window,
        };
        Self { kind, no_context_takeover, pool: config.pool.clone(), claim: Claim::default() }
    }

    pub(super) const fn keeps_memory(&self) -> bool {
        !self.no_context_takeover
    }

    /// Returns four bytes that determine how a whole message is compressed, if earlier messages don't.
    pub(super) fn key(&self) -> Option<u128> {
        //= rfc7692#7.1.1.1-3, rfc7692#7.1.1.2-2
        let bytes =
            [self.kind.memory_level, self.kind.backend as u8, self.kind.level, self.kind.window.get()];
        self.no_context_takeover.then(|| u32::from_be_bytes(bytes).into())
    }

    /// Compresses a part of a message that is not its last one. The receiver can decompress all of it at once.
    pub(super) fn compress_part(&mut self, part: Part<'_>, output: &mut Output<'_>) -> Result<(), Refusal> {
        self.compress_and_keep(part, output).map(drop)
    }

    /// Compresses the last part of a message, or the whole message. Returns whether the next message may refer to it.
    pub(super) fn compress_last(&mut self, part: Part<'_>, output: &mut Output<'_>) -> Result<bool, Refusal> {
        //= rfc7692#7.1.1.1-3, rfc7692#7.1.1.2-2, rfc7692#7.2.1-2
        let kept = if self.no_context_takeover {
            self.compress_and_forget(part, output)?;
            false
        } else {
            self.compress_and_keep(part, output)?
        };
        let written = output.written();
        //= rfc7692#7.2.1-1
        let len = written.strip_suffix(&TAIL).unwrap_or(written).len();
        output.truncate(len);
        Ok(kept)
    }

    /// Compresses bytes to which later ones may refer, if the connection has a place in the pool. Returns whether it
    /// has.
    fn compress_and_keep(&mut self, part: Part<'_>, output: &mut Output<'_>) -> Result<bool, Refusal> {
        let Loan { mut compressor, keeps_context } = self.pool.lend(&mut self.claim, self.kind, part.first);
        let flush = if keeps_context { Flush::Keep } else { Flush::Forget };
        compressor.compress(part.payload, flush, output).ok_or_else(no_room)?;
        self.pool.put(&mut self.claim, compressor);
        Ok(keeps_context)
    }

    /// Compresses the end of a message to which the next message may not refer. It may refer to its own beginning.
    fn compress_and_forget(&mut self, part: Part<'_>, output: &mut Output<'_>) -> Result<(), Refusal> {
        let mut compressor = if self.claim.has_place() {
            self.pool.lend(&mut self.claim, self.kind, part.first).compressor
        } else {
            self.pool.lend_spare(self.kind)
        };
        compressor.compress(part.payload, Flush::Forget, output).ok_or_else(no_room)?;
        self.pool.release(&mut self.claim);
        self.pool.put_spare(compressor);
        Ok(())
    }

    /// Lets the next message refer to nothing, since the receiver won't see the last one.
    pub(super) fn forget(&mut self) {
        self.pool.release(&mut self.claim);
    }
}

/// A connection that ends leaves its place to others.
impl Drop for Sender {
    fn drop(&mut self) {
        self.pool.release(&mut self.claim);
    }
}

fn no_room() -> Refusal {
    Refusal::new(CloseCode::INTERNAL_ERROR, "no room for a compressed message")
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("window", &self.kind.window)
            .field("no_context_takeover", &self.no_context_takeover)
            .field("level", &self.kind.level)
            .finish_non_exhaustive()
    }
}
