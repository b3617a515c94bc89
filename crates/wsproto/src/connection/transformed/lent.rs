//! Memory that a thread lends to the connection that is receiving, so that none keeps its own between messages.

use alloc::vec::Vec;

use crate::memory::Reused;

/// Swaps what is given with what the thread has: once to borrow, once to give back.
///
/// Without threads, each connection keeps its own.
pub(super) fn swap(piece: &mut Vec<u8>, shared: &mut Reused) {
    #[cfg(feature = "std")]
    thread::swap(piece, shared);
    #[cfg(not(feature = "std"))]
    let _ = (piece, shared);
}

#[cfg(feature = "std")]
mod thread {
    extern crate std;

    use alloc::vec::Vec;
    use core::{cell::RefCell, mem};

    use crate::memory::Reused;

    std::thread_local! {
        static LENT: RefCell<(Vec<u8>, Reused)> = RefCell::default();
    }

    pub(super) fn swap(piece: &mut Vec<u8>, shared: &mut Reused) {
        // A thread that is ending has nothing to lend any more.
        let _ended = LENT.try_with(|lent| {
            if let Ok(mut lent) = lent.try_borrow_mut() {
                mem::swap(&mut lent.0, piece);
                mem::swap(&mut lent.1, shared);
            }
        });
    }
}
