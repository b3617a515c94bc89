//! The codes of the block that is being read: lent by the thread, so that no connection keeps them between blocks.
//!
//! Without the `std` feature there are none to lend, and each block makes its own.

use alloc::boxed::Box;

use super::dynamic::Dynamic;

/// There from the first use until they are given back; some 6 KB.
pub(super) struct Lent(Option<Box<Dynamic>>);

impl Lent {
    /// None yet.
    pub(super) const NONE: Self = Self(None);

    /// Returns them; what they hold where they are just taken means nothing.
    pub(super) fn get(&mut self) -> &mut Dynamic {
        self.0.get_or_insert_with(take)
    }

    /// Gives them back.
    pub(super) fn give_back(&mut self) {
        if let Some(one) = self.0.take() {
            put(one);
        }
    }
}

impl Drop for Lent {
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
    // A thread that is ending lends none.
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
