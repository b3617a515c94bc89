//! Input that has to wait, in a buffer that the thread lends, so that no connection keeps one between messages.
//!
//! Without the `std` feature no buffer is lent, and each connection allocates its own. permessage-deflate lends memory
//! in the same way, but it uses only what third-party extensions can use, so it has its own code.

use alloc::vec::Vec;

/// The bytes that wait. The buffer is returned once there are none.
#[derive(Default)]
pub(super) struct WaitingInput(Vec<u8>);

impl WaitingInput {
    /// Adds bytes.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        if self.0.capacity() == 0 && !bytes.is_empty() {
            self.0 = take();
        }
        self.0.extend_from_slice(bytes);
    }

    pub(super) const fn as_slice(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// Removes this many bytes from the front.
    pub(super) fn consume(&mut self, len: usize) {
        self.0.drain(..len.min(self.0.len()));
        if self.0.is_empty() {
            self.give_back();
        }
    }

    /// Shrinks the memory to the waiting bytes.
    pub(super) fn park(&mut self) {
        self.0.shrink_to_fit();
    }

    fn give_back(&mut self) {
        if self.0.capacity() > 0 {
            self.0.clear();
            put(core::mem::take(&mut self.0));
        }
    }
}

impl Drop for WaitingInput {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// Takes the thread's buffer, with room for a whole piece from the first time on.
#[cfg(feature = "std")]
fn take() -> Vec<u8> {
    let mut buffer = thread::SPARE.try_with(core::cell::Cell::take).unwrap_or_default();
    buffer.reserve(super::Pipeline::INPUT_PIECE);
    buffer
}

#[cfg(feature = "std")]
fn put(buffer: Vec<u8>) {
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

#[cfg(not(feature = "std"))]
const fn take() -> Vec<u8> {
    Vec::new()
}

#[cfg(not(feature = "std"))]
fn put(_: Vec<u8>) {}

#[cfg(test)]
#[cfg(feature = "std")]
mod tests {
    use super::WaitingInput;
    use super::thread::SPARE;
    use crate::Pipeline;

    /// Returns the capacity of the buffer that the thread can lend.
    fn spare() -> usize {
        let spare = SPARE.take();
        let capacity = spare.capacity();
        SPARE.set(spare);
        capacity
    }

    /// It has the thread's buffer as long as bytes wait, and returns it empty.
    #[test]
    fn a_buffer_is_lent_while_bytes_wait() {
        SPARE.take();
        let mut waiting = WaitingInput::default();
        waiting.extend(b"");
        assert_eq!((waiting.0.capacity(), spare()), (0, 0), "nothing waits");
        for (round, lent) in [0, Pipeline::INPUT_PIECE].into_iter().enumerate() {
            assert_eq!(spare(), lent, "{round}");
            waiting.extend(b"wait");
            waiting.extend(b"ing");
            assert_eq!((waiting.0.capacity(), spare()), (Pipeline::INPUT_PIECE, 0), "{round}");
            waiting.consume(0);
            assert_eq!(waiting.as_slice(), b"waiting");
            waiting.consume(4);
            assert_eq!((waiting.as_slice(), spare()), (&b"ing"[..], 0), "{round}");
            waiting.consume(if round == 0 { 3 } else { 100 });
            assert_eq!((waiting.as_slice(), waiting.0.capacity()), (&b""[..], 0), "{round}");
            assert_eq!(spare(), Pipeline::INPUT_PIECE, "{round}");
        }
        // An empty one has nothing to return.
        drop(WaitingInput::default());
        assert_eq!(spare(), Pipeline::INPUT_PIECE);
        waiting.extend(b"left");
        assert_eq!(spare(), 0);
        drop(waiting);
        assert_eq!(spare(), Pipeline::INPUT_PIECE);
        assert!(SPARE.take().is_empty());
    }
}
