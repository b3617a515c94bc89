//! Where compressors and decompressors wait between messages that don't take over context.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use super::backend::Compressor;
use super::inflate::Decompressor;
use super::{Backend, WindowBits};

use self::shelf::Shelf;

/// A bounded store of idle compressors and decompressors, shared by connections: a clone is another handle to it.
///
/// Whatever is put back has forgotten what it worked on. Without the `std` feature it stays empty, and each message
/// makes its own.
#[derive(Clone, Default)]
pub struct Pool {
    shelves: Arc<Shelves>,
}

struct Shelves {
    compressors: Shelf<Compressor>,
    decompressors: Shelf<Box<Decompressor>>,
}

impl Default for Shelves {
    fn default() -> Self {
        Self { compressors: Shelf::new(Pool::DEFAULT_SIZE), decompressors: Shelf::new(Pool::DEFAULT_SIZE) }
    }
}

impl Pool {
    /// How many of each kind the default pool keeps: 8 compressors of some 312 KiB, of `zlib-rs` some 375 KiB, and 8
    /// decompressors of at most 48 KiB.
    pub const DEFAULT_SIZE: usize = 8;

    /// Makes a pool that keeps at most so many compressors and as many decompressors.
    #[must_use]
    pub fn new(size: usize) -> Self {
        let shelves = Shelves { compressors: Shelf::new(size), decompressors: Shelf::new(size) };
        Self { shelves: Arc::new(shelves) }
    }

    pub(super) fn compressor(&self, backend: Backend, level: u8, window: WindowBits) -> Compressor {
        let found = self.shelves.compressors.take(|idle| idle.fits(backend, level, window));
        found.unwrap_or_else(|| Compressor::new(backend, level, window))
    }

    #[expect(clippy::unnecessary_box_returns, reason = "it stays where it is")]
    pub(super) fn decompressor(&self, window: WindowBits) -> Box<Decompressor> {
        let found = self.shelves.decompressors.take(|idle| idle.fits(window));
        found.unwrap_or_else(|| Box::new(Decompressor::new(window)))
    }

    /// Takes back a compressor that has ended its message with an empty window.
    pub(super) fn put_compressor(&self, idle: Compressor) {
        self.shelves.compressors.put(idle);
    }

    /// Takes back a decompressor, whatever it has read.
    pub(super) fn put_decompressor(&self, mut idle: Box<Decompressor>) {
        idle.reset();
        self.shelves.decompressors.put(idle);
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

#[cfg(feature = "std")]
mod shelf {
    use alloc::vec::Vec;
    use std::sync::{Mutex, PoisonError};

    pub(super) struct Shelf<T> {
        size: usize,
        idle: Mutex<Vec<T>>,
    }

    impl<T> Shelf<T> {
        pub(super) const fn new(size: usize) -> Self {
            Self { size, idle: Mutex::new(Vec::new()) }
        }

        #[cfg(test)]
        pub(super) fn len(&self) -> usize {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).len()
        }

        /// Takes the one that was put back last of those that fit: its memory is the likeliest to be in the cache.
        pub(super) fn take(&self, fits: impl Fn(&T) -> bool) -> Option<T> {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let found = idle.iter().rposition(fits)?;
            Some(idle.swap_remove(found))
        }

        pub(super) fn put(&self, one: T) {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < self.size {
                idle.push(one);
            }
        }
    }
}

#[cfg(not(feature = "std"))]
mod shelf {
    use core::marker::PhantomData;

    pub(super) struct Shelf<T>(PhantomData<fn() -> T>);

    impl<T> Shelf<T> {
        pub(super) const fn new(_: usize) -> Self {
            Self(PhantomData)
        }

        #[expect(clippy::unused_self, reason = "the shelf with a lock needs it")]
        pub(super) fn take(&self, _: impl Fn(&T) -> bool) -> Option<T> {
            None
        }

        #[expect(clippy::unused_self, reason = "the shelf with a lock needs it")]
        pub(super) fn put(&self, _: T) {}
    }
}

#[cfg(test)]
#[cfg(feature = "std")]
mod tests {
    use super::*;

    /// How many idle ones there are.
    fn idle(pool: &Pool) -> (usize, usize) {
        (pool.shelves.compressors.len(), pool.shelves.decompressors.len())
    }

    #[test]
    fn d16_the_pool_is_bounded() {
        for size in [0, 1, 3] {
            let pool = Pool::new(size);
            let window = WindowBits::MIN;
            for _ in 0..5 {
                pool.put_compressor(Compressor::new(Backend::Miniz, 1, window));
                pool.put_decompressor(Box::new(Decompressor::new(window)));
            }
            assert_eq!(idle(&pool), (size, size));
        }
    }

    #[test]
    fn what_fits_is_taken_and_shared() {
        let pool = Pool::new(4);
        let other = pool.clone();
        pool.put_compressor(Compressor::new(Backend::Miniz, 1, WindowBits::MIN));
        pool.put_decompressor(Box::new(Decompressor::new(WindowBits::MIN)));
        #[rustfmt::skip]
        let table = [
            // level  window            taken
            (6,       WindowBits::MIN,  (1, 0)),
            (1,       WindowBits::MAX,  (1, 1)),
            (1,       WindowBits::MIN,  (0, 0)),
        ];
        for (level, window, left) in table {
            let (taken, decompressor) =
                (other.compressor(Backend::Miniz, level, window), other.decompressor(window));
            assert!(taken.fits(Backend::Miniz, level, window) && decompressor.fits(window));
            assert_eq!(idle(&pool), left, "level {level}, window {window}");
            if left.1 == 0 {
                pool.put_decompressor(decompressor);
            }
        }
    }
}
