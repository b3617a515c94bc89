//! Where masking keys and the handshake's nonce come from.

use alloc::boxed::Box;
use core::{
    error::Error,
    fmt, mem,
    panic::{RefUnwindSafe, UnwindSafe},
};

/// A source of bytes that nobody can predict.
///
/// A client needs 16 bytes for its handshake and 4 for each frame (RFC 6455
/// [§10.3](https://www.rfc-editor.org/rfc/rfc6455#section-10.3)). Where none is given, the operating system makes those
/// of the handshake, and a thread makes 2 KiB of masking keys at a time from a fresh seed of the operating system.
///
/// A process that forks copies the keys that the thread has left. On Unix the child throws them away before the first
/// frame of each connection that has sent none yet; so a parent that accepts or opens connections for its children
/// shares no keys with them. A connection that has sent frames *before* the fork and goes on in the child, while the
/// parent goes on with others, needs a source of its own: both mask with the same keys until those run out.
///
/// A source that panics is not asked again: its connection has none any more.
///
/// Any `FnMut(&mut [u8]) + Send + Sync` is a source:
///
/// ```
/// use wsproto::Entropy;
///
/// fn hardware_random(bytes: &mut [u8]) {
///     // … a peripheral of the device fills `bytes` …
/// #   bytes.fill(4);
/// }
/// let mut source = hardware_random;
/// let mut key = [0; 4];
/// source.fill(&mut key)?;
/// # Ok::<(), wsproto::EntropyError>(())
/// ```
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] where the source has failed; then nothing is sent.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

impl<F: FnMut(&mut [u8]) + Send + Sync> Entropy for F {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        self(bytes);
        Ok(())
    }
}

/// The source of entropy has failed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct EntropyError;

impl fmt::Display for EntropyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the source of entropy has failed")
    }
}

impl Error for EntropyError {}

/// Where a client's random bytes come from.
pub(crate) enum Source {
    /// The operating system. With the first key it is looked whether a fork has copied what the thread has.
    System,
    /// The operating system, in a process that was looked at.
    SystemSeen,
    /// The caller's own.
    Own(Box<dyn Entropy>),
    /// The caller's own is being asked. So it stays where that panicked: what is half-done is not asked again.
    Asked,
}

impl UnwindSafe for Source {}
impl RefUnwindSafe for Source {}

impl Source {
    /// Returns the bytes of an opening handshake: where they are the operating system's, nobody else has had them.
    pub(crate) fn nonce(&mut self) -> Result<[u8; 16], EntropyError> {
        match self {
            //= rfc6455#4.1-29
            Self::System | Self::SystemSeen => {
                let mut nonce = [0; 16];
                system::fill(&mut nonce)?;
                Ok(nonce)
            }
            Self::Own(_) | Self::Asked => self.ask(),
        }
    }

    /// Returns the bytes of a masking key.
    #[inline]
    pub(crate) fn key(&mut self) -> Result<[u8; 4], EntropyError> {
        match self {
            Self::SystemSeen => system::key(),
            Self::System => {
                system::look_at_process();
                *self = Self::SystemSeen;
                system::key()
            }
            Self::Own(_) | Self::Asked => self.ask(),
        }
    }

    /// Asks the caller's own.
    #[inline]
    fn ask<const LEN: usize>(&mut self) -> Result<[u8; LEN], EntropyError> {
        let Self::Own(mut source) = mem::replace(self, Self::Asked) else { return Err(EntropyError) };
        let mut bytes = [0; LEN];
        let outcome = source.fill(&mut bytes);
        *self = Self::Own(source);
        outcome.map(|()| bytes)
    }
}

/// The operating system's entropy. For masking keys it is stretched to many at a time, which the connections of a thread
/// share.
#[cfg(feature = "std")]
mod system {
    extern crate std;

    use core::cell::RefCell;

    use chacha20::{
        ChaCha20Rng,
        rand_core::{Rng as _, SeedableRng as _},
    };

    use super::EntropyError;

    /// As many bytes as make the system call for the seed, some 300 ns, cost less than a nanosecond a key.
    const LEN: usize = 2048;

    struct Pool {
        bytes: [u8; LEN],
        /// How many bytes at the front were given out; those are zeros.
        used: usize,
        /// The process that made the bytes.
        process: u32,
    }

    std::thread_local! {
        static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; LEN], used: LEN, process: 0 }) };
    }

    impl Pool {
        /// Moves a key out, so that none is given twice; `None` where there is none left.
        #[inline]
        fn take(&mut self) -> Option<[u8; 4]> {
            let fresh = self.bytes.get_mut(self.used..)?.first_chunk_mut()?;
            let bytes = *fresh;
            //= rfc6455#5.3-4
            *fresh = [0; 4];
            self.used = self.used.saturating_add(4);
            Some(bytes)
        }

        /// Fills the pool from a fresh seed of the operating system, so that what was given out and what will be say
        /// nothing of each other.
        #[cold]
        fn refill(&mut self) -> Result<(), EntropyError> {
            let mut seed = [0; 32];
            //= rfc6455#5.3-3
            fill(&mut seed)?;
            ChaCha20Rng::from_seed(seed).fill_bytes(&mut self.bytes);
            self.used = 0;
            Ok(())
        }

        /// Throws away what another process has made, of which this one is a copy.
        fn look_at_process(&mut self) {
            let process = process_id();
            if self.process != process {
                self.bytes.fill(0);
                (self.used, self.process) = (LEN, process);
            }
        }
    }

    /// Returns what tells a process from the one that it was forked from; 0 where there is no fork.
    fn process_id() -> u32 {
        if cfg!(unix) { std::process::id() } else { 0 }
    }

    /// Fills bytes by a system call.
    pub(super) fn fill(bytes: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(bytes).map_err(|_| EntropyError)
    }

    /// Throws away what the thread has left where it was made before a fork: one cheap system call.
    #[cold]
    pub(super) fn look_at_process() {
        POOL.with_borrow_mut(Pool::look_at_process);
    }

    /// Returns a key that nobody has had.
    #[inline]
    pub(super) fn key() -> Result<[u8; 4], EntropyError> {
        POOL.with_borrow_mut(|pool| {
            if let Some(bytes) = pool.take() {
                return Ok(bytes);
            }
            pool.refill()?;
            pool.take().ok_or(EntropyError)
        })
    }
}

/// Without std there is no operating system to ask.
#[cfg(not(feature = "std"))]
mod system {
    use super::EntropyError;

    pub(super) const fn fill(_: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError)
    }

    pub(super) const fn look_at_process() {}

    pub(super) const fn key() -> Result<[u8; 4], EntropyError> {
        Err(EntropyError)
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    extern crate std;
    use std::collections::BTreeSet;

    use super::*;

    /// How often each byte of some samples is the most frequent one of its place; 1000 samples of random bytes have some
    /// 4 of each.
    fn most_frequent(samples: &[impl AsRef<[u8]>]) -> usize {
        let places = 0..samples[0].as_ref().len();
        let count = |place: usize, value| samples.iter().filter(|one| one.as_ref()[place] == value).count();
        places.flat_map(|place| (0..=255).map(move |value| count(place, value))).max().unwrap_or(0)
    }

    /// Each place is looked at: a count of different ones would not see twelve zeros beside four random bytes.
    #[test]
    fn k1_k2_nonces_and_keys_are_random_in_every_place_and_do_not_repeat() {
        let mut source = Source::System;
        let nonces: [[u8; 16]; 1000] = core::array::from_fn(|_| source.nonce().unwrap());
        let keys: [[u8; 4]; 1000] = core::array::from_fn(|_| source.key().unwrap());
        assert!(most_frequent(&nonces) < 30 && most_frequent(&keys) < 30);
        assert_eq!(nonces.iter().collect::<BTreeSet<_>>().len(), 1000, "a nonce came twice");
        assert!(keys.iter().collect::<BTreeSet<_>>().len() >= 998, "keys come twice");
        let halves: BTreeSet<&[u8]> = nonces.iter().flat_map(|nonce| nonce.chunks(8)).collect();
        assert_eq!(halves.len(), 2000, "half of a nonce came twice");
    }

    #[test]
    fn a_source_of_the_callers_own_gives_nonces_and_keys() {
        let mut count = 0;
        let mut source = Source::Own(Box::new(move |bytes: &mut [u8]| {
            count += 1;
            bytes.fill(count);
        }));
        assert_eq!((source.nonce(), source.key(), source.key()), (Ok([1; 16]), Ok([2; 4]), Ok([3; 4])));
    }

    #[test]
    fn a_source_that_panicked_is_not_asked_again() {
        let mut asked = 0;
        let mut source = Source::Own(Box::new(move |bytes: &mut [u8]| {
            asked += 1;
            assert_ne!(asked, 2, "the source panics, as this test wants it to");
            bytes.fill(asked);
        }));
        assert_eq!(source.nonce(), Ok([1; 16]));
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| source.key()));
        assert!(outcome.is_err());
        assert_eq!((source.key(), source.nonce()), (Err(EntropyError), Err(EntropyError)));
    }

    #[test]
    fn a_closure_is_a_source() {
        let mut count = 0u8;
        let mut source = |bytes: &mut [u8]| {
            count += 1;
            bytes.fill(count);
        };
        let mut bytes = [0; 2];
        assert_eq!(Entropy::fill(&mut source, &mut bytes), Ok(()));
        assert_eq!(bytes, [1, 1]);
    }
}
