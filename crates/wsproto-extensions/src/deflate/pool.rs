//! What connections share to compress and to decompress: memory that none of them needs all the time.

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

/// A bounded store of compressors and decompressors, shared by connections: a clone is another handle to it.
///
/// Each [`DeflateConfig`](super::DeflateConfig) that is made has a pool of its own, and its clones share that. So make
/// one for all connections of a server: a new one for each connection gives each a compressor of its own.
///
/// With context takeover a compressor of some hundred KiB remembers what a connection sent. The busiest connections
/// keep theirs, as many as the pool has room for. What the others send is compressed with a spare one, as if it were
/// their first message: larger, and still right. So memory for sending is bounded, however many connections there are.
/// Without context takeover compressors and decompressors wait here between messages.
///
/// Whatever goes from one connection to another has forgotten what it worked on. Without the `std` feature the pool
/// stays empty: each connection keeps its compressor, and without context takeover each message makes its own.
#[derive(Clone, Default)]
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    contexts: Contexts,
    decompressors: Shelf<Box<Decompressor>>,
}

/// A compressor that is lent, and whether what it learns now is there for the connection's next message.
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
    /// With an eighth more for the others that is at most 22 MiB, of `miniz_oxide` as of `zlib-rs` with its default settings.
    pub const DEFAULT_SIZE: usize = 64;

    /// Makes a pool in which so many connections keep their compressor, and that holds an eighth more for the others;
    /// and as many idle decompressors of at most 48 KiB.
    #[must_use]
    pub fn new(size: usize) -> Self {
        Self { shared: Arc::new(Shared::new(size)) }
    }

    /// Lends a compressor for a message of a connection, or for a part of it; `first` is for a message's first part.
    pub(super) fn lend(&self, claim: &mut Claim, kind: Kind, first: bool) -> Loan {
        self.shared.contexts.lend(claim, kind, first)
    }

    /// Lends a compressor for one message after which nothing is kept.
    pub(super) fn lend_spare(&self, kind: Kind) -> Compressor {
        self.shared.contexts.lend_spare(kind)
    }

    /// Takes back what was lent to a connection.
    pub(super) fn put(&self, claim: &mut Claim, compressor: Compressor) {
        self.shared.contexts.put(claim, compressor);
    }

    /// Takes back what was lent for one message.
    pub(super) fn put_spare(&self, compressor: Compressor) {
        self.shared.contexts.put_spare(compressor);
    }

    /// Gives up a connection's context, and its place.
    pub(super) fn release(&self, claim: &mut Claim) {
        self.shared.contexts.release(claim);
    }

    #[expect(clippy::unnecessary_box_returns, reason = "it stays where it is")]
    pub(super) fn decompressor(&self, window: WindowBits) -> Box<Decompressor> {
        let found = self.shared.decompressors.take(|idle| idle.fits(window));
        found.unwrap_or_else(|| Box::new(Decompressor::new(window)))
    }

    /// Takes back a decompressor, whatever it has read.
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
