//! A buffer of each thread for input that has to wait, so that no connection keeps one between messages.
//!
//! Without the `std` feature there is none, and whoever needs one makes it.

use alloc::vec::Vec;

/// Returns an empty buffer, the thread's if it has one to spare; that has room for a whole piece from the first time on.
pub(super) fn take() -> Vec<u8> {
    #[cfg(feature = "std")]
    {
        let mut buffer = thread::SPARE.try_with(core::cell::Cell::take).unwrap_or_default();
        buffer.reserve(super::Pipeline::INPUT_PIECE);
        buffer
    }
    #[cfg(not(feature = "std"))]
    Vec::new()
}

/// Takes a buffer back.
pub(super) fn put(mut buffer: Vec<u8>) {
    buffer.clear();
    #[cfg(feature = "std")]
    let _ended = thread::SPARE.try_with(|spare| spare.set(buffer));
}

#[cfg(feature = "std")]
mod thread {
    use core::cell::Cell;

    use alloc::vec::Vec;

    std::thread_local! {
        pub(super) static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    }
}
