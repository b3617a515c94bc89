//! The source of masking keys and of the handshake's nonce.

use alloc::boxed::Box;
use core::{
    error::Error,
    fmt, mem,
    panic::{RefUnwindSafe, UnwindSafe},
};

/// A source of unpredictable bytes.
///
/// A client needs 16 bytes for its handshake and 4 for each frame (RFC 6455
/// [§10.3](https://www.rfc-editor.org/rfc/rfc6455#section-10.3)). Without a source of the caller's own, the operating
/// system makes the bytes of the handshake. For masking keys, each thread makes 2 KiB at a time from a fresh seed of
/// the operating system.
///
/// A fork copies a thread's unused keys into the child. On Unix a connection that has sent no frame yet makes the child
/// drop them before its first frame. So a parent that accepts or opens connections for its children shares no keys with
/// them. A connection needs a source of its own if it has sent frames *before* the fork and continues in the child,
/// while the parent continues others: otherwise both mask with the same keys until those run out.
///
/// A source that panics is not asked again: its connection has none afterwards.
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
    /// [`EntropyError`] where the source has failed. Then nothing is sent.
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

/// The source of a client's random bytes: the caller's own, or the operating system.
///
/// The caller's own source is boxed twice: few connections have one, and each connection is a word smaller.
pub(crate) struct Source(Option<Box<Own>>);

/// The caller's own source; `None` while it is being asked. This stays after a panic: a source that stopped halfway is
/// not asked again.
struct Own(Option<Box<dyn Entropy>>);

impl UnwindSafe for Source {}
impl RefUnwindSafe for Source {}

impl Source {
    pub(crate) const fn system() -> Self {
        Self(None)
    }

    pub(crate) fn own(entropy: impl Entropy + 'static) -> Self {
        Self(Some(Box::new(Own(Some(Box::new(entropy))))))
    }

    /// Returns the bytes of an opening handshake. The operating system's are fresh: no other connection has had them.
    pub(crate) fn nonce(&mut self) -> Result<[u8; 16], EntropyError> {
        if let Some(own) = &mut self.0 {
            return own.ask();
        }
        //= rfc6455#4.1-29
        let mut nonce = [0; 16];
        system::fill(&mut nonce)?;
        Ok(nonce)
    }

    /// Returns the bytes of a masking key. Before the first key of a connection, it checks whether a fork has copied
    /// the thread's keys.
    #[inline]
    pub(crate) fn key(&mut self, looked_at_process: &mut bool) -> Result<[u8; 4], EntropyError> {
        if let Some(own) = &mut self.0 {
            return own.ask();
        }
        if !mem::replace(looked_at_process, true) {
            system::look_at_process();
        }
        system::key()
    }
}

impl Own {
    /// Asks the caller's own source.
    #[inline]
    fn ask<const LEN: usize>(&mut self) -> Result<[u8; LEN], EntropyError> {
        let mut source = self.0.take().ok_or(EntropyError)?;
        let mut bytes = [0; LEN];
        let outcome = source.fill(&mut bytes);
        self.0 = Some(source);
        outcome.map(|()| bytes)
    }
}

/// The operating system's entropy. For masking keys, a seed is stretched to many keys at a time, which the connections
/// of a thread share.
#[cfg(feature = "std")]
mod system {
    extern crate std;

    use core::cell::RefCell;

    use chacha20::{
        ChaCha20Rng,
        rand_core::{Rng as _, SeedableRng as _},
    };

    use super::EntropyError;

    /// With this many bytes, the system call for the seed (some 300 ns) costs less than a nanosecond per key.
    const LEN: usize = 2048;

    struct Pool {
        bytes: [u8; LEN],
        /// How many bytes at the front were used. They are zeros now.
        used: usize,
        /// The process that made the bytes.
        process: u32,
    }

    std::thread_local! {
        static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; LEN], used: LEN, process: 0 }) };
    }

    impl Pool {
        /// Moves a key out, so that none is used twice; `None` where none is left.
        #[inline]
        fn take(&mut self) -> Option<[u8; 4]> {
            let fresh = self.bytes.get_mut(self.used..)?.first_chunk_mut()?;
            let bytes = *fresh;
            //= rfc6455#5.3-4
            *fresh = [0; 4];
            self.used = self.used.saturating_add(4);
            Some(bytes)
        }

        /// Fills the pool from a fresh seed of the operating system, so that earlier and later keys tell nothing about
        /// each other.
        #[cold]
        fn refill(&mut self) -> Result<(), EntropyError> {
            let mut seed = [0; 32];
            //= rfc6455#5.3-3
            fill(&mut seed)?;
            ChaCha20Rng::from_seed(seed).fill_bytes(&mut self.bytes);
            self.used = 0;
            Ok(())
        }

        /// Drops keys that another process made, of which this process is a copy.
        fn look_at_process(&mut self) {
            let process = process_id();
            if self.process != process {
                self.bytes.fill(0);
                (self.used, self.process) = (LEN, process);
            }
        }
    }

    /// Returns a number that differs between a process and its fork; 0 where there is no fork.
    fn process_id() -> u32 {
        if cfg!(unix) { std::process::id() } else { 0 }
    }

    /// Fills bytes with a system call.
    pub(super) fn fill(bytes: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(bytes).map_err(|_| EntropyError)
    }

    /// Drops the thread's keys if they were made before a fork. It costs one cheap system call.
    #[cold]
    pub(super) fn look_at_process() {
        POOL.with_borrow_mut(Pool::look_at_process);
    }

    /// Returns a key that no frame has had.
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

    /// Returns the highest count of one byte value in one place. In 1000 random samples each value occurs about 4
    /// times.
    fn most_frequent(samples: &[impl AsRef<[u8]>]) -> usize {
        let places = 0..samples[0].as_ref().len();
        let count = |place: usize, value| samples.iter().filter(|one| one.as_ref()[place] == value).count();
        places.flat_map(|place| (0..=255).map(move |value| count(place, value))).max().unwrap_or(0)
    }

    /// Checks each place by itself: a count of different samples would miss twelve zeros beside four random bytes.
    #[test]
    fn k1_k2_nonces_and_keys_are_random_in_every_place_and_do_not_repeat() {
        let mut source = Source::system();
        let nonces: [[u8; 16]; 1000] = core::array::from_fn(|_| source.nonce().unwrap());
        let keys: [[u8; 4]; 1000] = core::array::from_fn(|_| source.key(&mut false).unwrap());
        assert!(most_frequent(&nonces) < 30 && most_frequent(&keys) < 30);
        assert_eq!(nonces.iter().collect::<BTreeSet<_>>().len(), 1000, "two nonces are equal");
        assert!(keys.iter().collect::<BTreeSet<_>>().len() >= 998, "too many keys are equal");
        let halves: BTreeSet<&[u8]> = nonces.iter().flat_map(|nonce| nonce.chunks(8)).collect();
        assert_eq!(halves.len(), 2000, "two halves of nonces are equal");
    }

    #[test]
    fn a_source_of_the_callers_own_gives_nonces_and_keys() {
        let mut count = 0;
        let mut source = Source::own(move |bytes: &mut [u8]| {
            count += 1;
            bytes.fill(count);
        });
        assert_eq!(
            (source.nonce(), source.key(&mut false), source.key(&mut false)),
            (Ok([1; 16]), Ok([2; 4]), Ok([3; 4]))
        );
    }

    #[test]
    fn a_source_that_panicked_is_not_asked_again() {
        let mut asked = 0;
        let mut source = Source::own(move |bytes: &mut [u8]| {
            asked += 1;
            assert_ne!(asked, 2, "an intended panic of this test");
            bytes.fill(asked);
        });
        assert_eq!(source.nonce(), Ok([1; 16]));
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| source.key(&mut false)));
        assert!(outcome.is_err());
        assert_eq!((source.key(&mut false), source.nonce()), (Err(EntropyError), Err(EntropyError)));
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
