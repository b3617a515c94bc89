//! What `miniz_oxide` works with while it reads a block: lent by the thread, so that no connection keeps it between messages.
//!
//! Without the `std` feature there are none to lend, and each message makes its own.

use alloc::boxed::Box;

use miniz_oxide::inflate::core::DecompressorOxide;

/// Some 10.5 KB, there from the first use until they are given back.
#[derive(Default)]
pub(super) struct Tables(Option<Box<DecompressorOxide>>);

impl Tables {
    /// Tells whether they hold anything of the stream.
    pub(super) const fn are_in_use(&self) -> bool {
        self.0.is_some()
    }

    /// Returns them, set to the beginning of a stream where they are just taken.
    pub(super) fn get(&mut self) -> &mut DecompressorOxide {
        self.0.get_or_insert_with(thread::take)
    }

    /// Forgets what they hold, and gives them back.
    pub(super) fn give_back(&mut self) {
        if let Some(tables) = self.0.take() {
            thread::put(tables);
        }
    }
}

impl Drop for Tables {
    fn drop(&mut self) {
        self.give_back();
    }
}

#[cfg(feature = "std")]
mod thread {
    use alloc::boxed::Box;
    use core::cell::Cell;

    use miniz_oxide::inflate::core::DecompressorOxide;

    std::thread_local! {
        static SPARE: Cell<Option<Box<DecompressorOxide>>> = const { Cell::new(None) };
    }

    pub(super) fn take() -> Box<DecompressorOxide> {
        SPARE.try_with(Cell::take).ok().flatten().unwrap_or_default()
    }

    pub(super) fn put(mut tables: Box<DecompressorOxide>) {
        tables.init();
        // A thread that is ending needs none any more.
        let _ended = SPARE.try_with(|spare| spare.set(Some(tables)));
    }
}

#[cfg(not(feature = "std"))]
mod thread {
    use alloc::boxed::Box;

    use miniz_oxide::inflate::core::DecompressorOxide;

    pub(super) fn take() -> Box<DecompressorOxide> {
        Box::default()
    }

    pub(super) fn put(_: Box<DecompressorOxide>) {}
}
