//! Compressors and decompressors that connections share: memory that no connection needs all the time.

#[cfg_attr(not(feature = "std"), path = "pool/alone.rs")]
mod contexts;
mod shelf;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use super::WindowBits;
use super::backend::{Compressor, Kind};
use super::inflate::Decompressor;

pub(super) use self::contexts::Claim;
use self::contexts::Contexts;
use self::shelf::Shelf;

/// A bounded store of compressors and decompressors that connections share. A clone is another handle to the same
/// store.
///
/// Each new [`DeflateConfig`](super::DeflateConfig) has its own pool, and its clones share that pool. So make one for
/// all connections of a server. With a new one for each connection, each connection has its own compressor.
///
/// With context takeover, a compressor of some hundred KiB remembers the bytes that a connection sent. The busiest
/// connections keep theirs, as many as the pool has places. Messages of the others are compressed with a spare
/// compressor, as if each were the first message: the result is larger, but still correct. So memory for sending is
/// bounded, however many connections there are. Without context takeover, compressors and decompressors wait here
/// between messages.
///
/// A compressor or decompressor is emptied before another connection gets it. Without the `std` feature the pool stays
/// empty: each connection keeps its compressor, and without context takeover each message makes its own.
#[derive(Clone, Default)]
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    contexts: Contexts,
    decompressors: Shelf<Box<Decompressor>>,
}

/// A lent compressor, and whether its context will be there for the connection's next message.
pub(super) struct Loan {
    pub(super) compressor: Compressor,
    pub(super) keeps_context: bool,
}

impl Default for Shared {
    fn default() -> Self {
        Self::new(Pool::DEFAULT_SIZE)
    }
}

impl Shared {
    const fn new(size: usize) -> Self {
        Self { contexts: Contexts::new(size), decompressors: Shelf::new(size) }
    }
}

impl Pool {
    /// How many connections keep their compressor by default.
    ///
    /// With an eighth more for the other connections, they take at most 22 MiB, with `miniz_oxide` and with `zlib-rs`
    /// at its default settings.
    pub const DEFAULT_SIZE: usize = 64;

    /// Makes a pool in which `size` connections keep their compressor. It holds an eighth more for the others, and
    /// `size` idle decompressors of at most 48 KiB.
    #[must_use]
    pub fn new(size: usize) -> Self {
        Self { shared: Arc::new(Shared::new(size)) }
    }

    /// Lends a compressor for a message of a connection, or for a part of it. `first` marks a message's first part.
    pub(super) fn lend(&self, claim: &mut Claim, kind: Kind, first: bool) -> Loan {
        self.shared.contexts.lend(claim, kind, first)
    }

    /// Lends a compressor for one message whose context is not kept.
    pub(super) fn lend_spare(&self, kind: Kind) -> Compressor {
        self.shared.contexts.lend_spare(kind)
    }

    /// Takes back a compressor that was lent to a connection.
    pub(super) fn put(&self, claim: &mut Claim, compressor: Compressor) {
        self.shared.contexts.put(claim, compressor);
    }

    /// Takes back a compressor that was lent for one message.
    pub(super) fn put_spare(&self, compressor: Compressor) {
        self.shared.contexts.put_spare(compressor);
    }

    /// Drops a connection's context, and frees its place.
    pub(super) fn release(&self, claim: &mut Claim) {
        self.shared.contexts.release(claim);
    }

    #[expect(clippy::unnecessary_box_returns, reason = "it stays where it is")]
    pub(super) fn decompressor(&self, window: WindowBits) -> Box<Decompressor> {
        let found = self.shared.decompressors.take(|idle| idle.fits(window));
        found.unwrap_or_else(|| Box::new(Decompressor::new(window)))
    }

    /// Takes back a decompressor, and empties it.
    pub(super) fn put_decompressor(&self, mut idle: Box<Decompressor>) {
        idle.reset();
        self.shared.decompressors.put(idle);
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

#[cfg(test)]
#[cfg(feature = "std")]
mod tests;
