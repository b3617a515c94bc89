//! What a library works with while it reads a stream: lent by the thread, so that no connection keeps it between messages.
//!
//! Without the `std` feature there is none to lend, and whoever needs one makes it.

use alloc::boxed::Box;

/// What can go from one stream to another.
pub(super) trait Lend: Sized + 'static {
    /// Makes one, set to the beginning of a stream.
    fn fresh() -> Self;

    /// Sets it to the beginning of a stream.
    fn renew(&mut self);

    /// Calls with the place in which the thread keeps one, unless the thread is ending.
    #[cfg(feature = "std")]
    fn with_spare<R>(call: impl FnOnce(&Spare<Self>) -> R) -> Option<R>;
}

/// Where a thread keeps one.
#[cfg(feature = "std")]
pub(super) type Spare<T> = core::cell::Cell<Option<Box<T>>>;

/// There from the first use until it is given back.
pub(super) struct Lent<T: Lend>(Option<Box<T>>);

impl<T: Lend> Lent<T> {
    /// None yet.
    pub(super) const NONE: Self = Self(None);

    /// Tells whether there is one that holds anything of the stream.
    pub(super) const fn is_in_use(&self) -> bool {
        self.0.is_some()
    }

    /// Returns it, set to the beginning of a stream where it is just taken.
    pub(super) fn get(&mut self) -> &mut T {
        self.0.get_or_insert_with(take)
    }

    /// Forgets what it holds, and gives it back.
    pub(super) fn give_back(&mut self) {
        if let Some(mut one) = self.0.take() {
            one.renew();
            put(one);
        }
    }
}

impl<T: Lend> Drop for Lent<T> {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(feature = "std")]
#[expect(clippy::unnecessary_box_returns, reason = "it stays where it is")]
fn take<T: Lend>() -> Box<T> {
    T::with_spare(Spare::take).flatten().unwrap_or_else(|| Box::new(T::fresh()))
}

#[cfg(feature = "std")]
fn put<T: Lend>(one: Box<T>) {
    // A thread that is ending needs none any more.
    let _ended = T::with_spare(|spare| spare.set(Some(one)));
}

#[cfg(not(feature = "std"))]
#[expect(clippy::unnecessary_box_returns, reason = "as the one that a thread lends")]
fn take<T: Lend>() -> Box<T> {
    Box::new(T::fresh())
}

#[cfg(not(feature = "std"))]
fn put<T: Lend>(_: Box<T>) {}
