//! The codes of the block that is being read. The thread lends them, so that no connection keeps them between blocks.
//!
//! Without the `std` feature none are lent, and each block makes its own.

use alloc::boxed::Box;

use super::dynamic::Dynamic;

/// Present from the first use until they are returned; some 6 KB.
pub(super) struct SpareCodes(Option<Box<Dynamic>>);

impl SpareCodes {
    /// No codes yet.
    pub(super) const NONE: Self = Self(None);

    /// Returns the codes. If they were just taken, their contents have no meaning.
    pub(super) fn get(&mut self) -> &mut Dynamic {
        self.0.get_or_insert_with(take)
    }

    /// Returns the codes to the thread.
    pub(super) fn give_back(&mut self) {
        if let Some(one) = self.0.take() {
            put(one);
        }
    }
}

impl Drop for SpareCodes {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(feature = "std")]
std::thread_local! {
    static SPARE: core::cell::Cell<Option<Box<Dynamic>>> = const { core::cell::Cell::new(None) };
}

#[cfg(feature = "std")]
fn take() -> Box<Dynamic> {
    // A thread that ends lends none.
    SPARE.try_with(core::cell::Cell::take).ok().flatten().unwrap_or_else(|| Box::new(Dynamic::NEW))
}

#[cfg(feature = "std")]
fn put(one: Box<Dynamic>) {
    let _ended = SPARE.try_with(|spare| spare.set(Some(one)));
}

#[cfg(not(feature = "std"))]
fn take() -> Box<Dynamic> {
    Box::new(Dynamic::NEW)
}

#[cfg(not(feature = "std"))]
fn put(_: Box<Dynamic>) {}

#[cfg(test)]
#[cfg(feature = "std")]
mod tests {
    use alloc::vec::Vec;

    use crate::deflate::streams::{Block, Lengths, Symbol, message};

    use super::super::Decompressor;
    use super::SPARE;
    use crate::Output;
    use crate::deflate::WindowBits;

    /// Returns whether the thread has codes to lend.
    fn has_spare() -> bool {
        let spare = SPARE.take();
        let there = spare.is_some();
        SPARE.set(spare);
        there
    }

    /// A stream has the thread's codes from the beginning of a block to its end, or until it is dropped.
    #[test]
    fn codes_are_lent_for_a_block() {
        let block = Block::dynamic(Lengths::of(&[7], &[]), &[Symbol::Literal(7); 100]);
        let payload = message(&[Block::stored(b"before"), block, Block::stored(b"after")]);
        let (before, within) = payload.split_at(10);
        let (within, after) = within.split_at(within.len() - 12);
        let is_lent = |stream: &Decompressor| (stream.dynamic.0.is_some(), has_spare());
        let read = |stream: &mut Decompressor, bytes: &[u8]| {
            let mut out = Vec::new();
            for byte in bytes.chunks(1) {
                stream.decompress(&mut &byte[..], &mut Output::new(&mut out, 1000)).unwrap();
            }
        };
        let begun = || {
            let mut stream = Decompressor::new(WindowBits::MAX);
            read(&mut stream, before);
            let there = has_spare();
            assert_eq!(is_lent(&stream), (false, there), "before");
            read(&mut stream, within);
            assert_eq!(is_lent(&stream), (true, false), "within");
            stream
        };
        SPARE.set(None);
        let mut stream = begun();
        read(&mut stream, after);
        assert_eq!(is_lent(&stream), (false, true), "after");
        let mut stream = begun();
        stream.reset();
        assert_eq!(is_lent(&stream), (false, true), "reset");
        drop(begun());
        assert!(has_spare(), "dropped");
    }
}
