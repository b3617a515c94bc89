//! A bounded store of idle objects.

#[cfg(feature = "std")]
pub(super) use self::shared::Shelf;
#[cfg(not(feature = "std"))]
pub(super) use self::without_lock::Shelf;

#[cfg(feature = "std")]
mod shared {
    use alloc::vec::Vec;
    use std::sync::{Mutex, PoisonError};

    pub(in super::super) struct Shelf<T> {
        size: usize,
        idle: Mutex<Vec<T>>,
    }

    impl<T> Shelf<T> {
        pub(in super::super) const fn new(size: usize) -> Self {
            Self { size, idle: Mutex::new(Vec::new()) }
        }

        #[cfg(test)]
        pub(in super::super) fn len(&self) -> usize {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).len()
        }

        /// Takes the last returned object that fits: its memory is most likely in the cache.
        pub(in super::super) fn take(&self, fits: impl Fn(&T) -> bool) -> Option<T> {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let found = idle.iter().rposition(fits)?;
            Some(idle.remove(found))
        }

        /// Keeps an object. If there are too many, the first returned one is dropped: it may be of a kind that is no
        /// longer used.
        pub(in super::super) fn put(&self, one: T) {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(one);
            let surplus = (idle.len() > self.size).then(|| idle.remove(0));
            drop(idle);
            drop(surplus);
        }
    }
}

#[cfg(not(feature = "std"))]
mod without_lock {
    use core::marker::PhantomData;

    pub(in super::super) struct Shelf<T>(PhantomData<fn() -> T>);

    impl<T> Shelf<T> {
        pub(in super::super) const fn new(_: usize) -> Self {
            Self(PhantomData)
        }

        #[expect(clippy::unused_self, reason = "the shelf with a lock needs it")]
        pub(in super::super) fn take(&self, _: impl Fn(&T) -> bool) -> Option<T> {
            None
        }

        #[expect(clippy::unused_self, reason = "the shelf with a lock needs it")]
        pub(in super::super) fn put(&self, _: T) {}
    }
}
