//! Where masking keys and the handshake's nonce come from.

use alloc::boxed::Box;
use core::{error::Error, fmt};

/// A source of bytes that nobody can predict.
///
/// A client needs 16 bytes for its handshake and 4 for each frame (RFC 6455
/// [§10.3](https://www.rfc-editor.org/rfc/rfc6455#section-10.3)). Where none is given, a thread makes 2 KiB at a time
/// from a fresh seed of the operating system. A process that forks copies what is left of them, and parent and child
/// then mask with the same keys: where both go on as clients, give each a source of its own. Any
/// `FnMut(&mut [u8]) + Send` is one:
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
pub trait Entropy: Send {
    /// Fills `bytes`.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] where the source has failed; then nothing is sent.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

impl<F: FnMut(&mut [u8]) + Send> Entropy for F {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        self(bytes);
        Ok(())
    }
}

/// The source of entropy has failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EntropyError;

impl fmt::Display for EntropyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the source of entropy has failed")
    }
}

impl Error for EntropyError {}

/// Returns bytes from the caller's source, or from the operating system where there is one and the caller gave none.
#[inline]
pub(crate) fn bytes<const N: usize>(source: Option<&mut Box<dyn Entropy>>) -> Result<[u8; N], EntropyError> {
    match source {
        Some(source) => {
            let mut bytes = [0; N];
            source.fill(&mut bytes)?;
            Ok(bytes)
        }
        #[cfg(feature = "std")]
        None => OsEntropy::bytes(),
        #[cfg(not(feature = "std"))]
        None => Err(EntropyError),
    }
}

/// The operating system's entropy, stretched to many keys at a time and shared by the connections of a thread.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OsEntropy;

#[cfg(feature = "std")]
mod pool {
    extern crate std;

    use core::cell::RefCell;

    use chacha20::{
        ChaCha20Rng,
        rand_core::{Rng as _, SeedableRng as _},
    };

    use super::{EntropyError, OsEntropy};

    /// As many bytes as make the system call for the seed, some 300 ns, cost less than a nanosecond a key.
    const LEN: usize = 2048;

    struct Pool {
        bytes: [u8; LEN],
        /// How many bytes at the front were given out; those are zeros.
        used: usize,
    }

    std::thread_local! {
        static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; LEN], used: LEN }) };
    }

    impl Pool {
        /// Moves bytes out, so that none is given twice; `None` where there are too few.
        #[inline]
        fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
            let fresh = self.bytes.get_mut(self.used..)?.first_chunk_mut()?;
            let bytes = *fresh;
            //= rfc6455#5.3-4
            *fresh = [0; N];
            self.used = self.used.saturating_add(N);
            Some(bytes)
        }

        /// Fills the pool from a fresh seed of the operating system, so that what was given out and what will be say
        /// nothing of each other.
        #[cold]
        fn refill(&mut self) -> Result<(), EntropyError> {
            let mut seed = [0; 32];
            //= rfc6455#4.1-29, rfc6455#5.3-3
            getrandom::fill(&mut seed).map_err(|_| EntropyError)?;
            ChaCha20Rng::from_seed(seed).fill_bytes(&mut self.bytes);
            self.used = 0;
            Ok(())
        }
    }

    impl OsEntropy {
        #[inline]
        pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], EntropyError> {
            const { assert!(N <= LEN, "the pool gives that many") };
            POOL.with_borrow_mut(|pool| {
                if let Some(bytes) = pool.take() {
                    return Ok(bytes);
                }
                pool.refill()?;
                pool.take().ok_or(EntropyError)
            })
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    extern crate std;
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn k2_keys_do_not_repeat() {
        let mut seen = BTreeSet::new();
        for _ in 0..1000 {
            let bytes = OsEntropy::bytes::<16>().unwrap();
            assert!(seen.insert(bytes), "16 bytes came twice");
        }
        let many = OsEntropy::bytes::<1000>().unwrap();
        assert_ne!(many[..500], many[500..]);
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
