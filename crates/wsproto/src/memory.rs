//! Memory that is used for one message after the other: what of it events keep, and when it is given back.

use core::mem;

use bytes::{Bytes, BytesMut};

/// So much memory stays for the next message, whatever came before, in bytes.
pub(crate) const KEPT_LEN: usize = 128 << 10;

/// Which of the last eight messages were long.
///
/// The memory of a single long one is given back. Where two of eight are long it stays, so that they don't cost growing
/// time and again.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LastLong(u8);

impl LastLong {
    /// Notes how much memory a message needed.
    #[inline]
    pub(crate) fn note(&mut self, len: usize) {
        self.0 = self.0 << 1 | u8::from(len > KEPT_LEN);
    }

    /// Tells whether so much memory is worth keeping.
    #[inline]
    pub(crate) const fn keep(self, capacity: usize) -> bool {
        capacity <= KEPT_LEN || self.0.count_ones() >= 2
    }
}

/// Bytes for an event.
pub(crate) enum Given {
    /// To be kept: the memory is hardly larger.
    Own(Bytes),
    /// To be looked at, and copied to be kept: the memory is used again once they are dropped.
    Lent(Bytes),
}

/// Memory that events are made of, used again once the last of them is dropped.
#[derive(Default)]
pub(crate) struct Reused {
    /// All of the memory, which an event may still use; empty while it is taken.
    kept: BytesMut,
    /// The length of that memory, 0 where there is none.
    capacity: usize,
    /// Whether the event that uses it may be kept.
    is_owned: bool,
    long: LastLong,
}

impl Reused {
    /// Gives `written`, which is empty, memory: what was used before, unless an event still uses that.
    #[inline]
    pub(crate) fn take(&mut self, written: &mut BytesMut) {
        if self.kept.try_reclaim(self.capacity) {
            self.capacity = 0;
            mem::swap(&mut self.kept, written);
        } else if self.is_owned {
            self.clear();
        }
    }

    /// Makes bytes for an event of all that was written to memory that was [taken](Self::take), and leaves that empty.
    #[inline]
    pub(crate) fn give(&mut self, written: &mut BytesMut) -> Given {
        let (len, capacity) = (written.len(), written.capacity());
        let is_owned = capacity <= most_memory(len);
        self.long.note(len);
        if self.capacity == 0 && self.long.keep(capacity) {
            let bytes = written.split().freeze();
            // What is kept is empty: it was taken.
            mem::swap(&mut self.kept, written);
            (self.capacity, self.is_owned) = (capacity, is_owned);
            return if is_owned { Given::Own(bytes) } else { Given::Lent(bytes) };
        }
        let written = mem::take(written);
        Given::Own(if is_owned { written.freeze() } else { Bytes::copy_from_slice(&written) })
    }

    /// Returns how many bytes of memory are held for what comes next.
    pub(crate) const fn capacity(&self) -> usize {
        self.capacity
    }

    /// Gives the memory back.
    pub(crate) fn clear(&mut self) {
        (self.kept, self.capacity) = (BytesMut::new(), 0);
    }
}

/// Returns how much memory bytes that are kept may hold, what counts their uses not included.
const fn most_memory(len: usize) -> usize {
    len.saturating_mul(2).saturating_add(16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives bytes; whether they are to be kept as they are, and how much memory is held after.
    fn give(memory: &mut Reused, bytes: &[u8]) -> (bool, usize, Bytes) {
        let mut written = BytesMut::new();
        memory.take(&mut written);
        written.extend_from_slice(bytes);
        let (is_own, bytes) = match memory.give(&mut written) {
            Given::Own(bytes) => (true, bytes),
            Given::Lent(bytes) => (false, bytes),
        };
        (is_own, memory.capacity(), bytes)
    }

    #[test]
    fn memory_is_used_again_unless_it_is_in_use() {
        let mut memory = Reused::default();
        let (is_own, held, first) = give(&mut memory, &[1; 1000]);
        assert_eq!((is_own, held), (true, 1000));
        let place = first.as_ptr();
        drop(first);
        let (is_own, held, lent) = give(&mut memory, &[2; 9]);
        assert_eq!((is_own, held, lent.as_ptr()), (false, 1000, place), "what was dropped is used again");
        let (is_own, held, other) = give(&mut memory, &[3; 9]);
        assert_eq!(
            (is_own, held),
            (true, 1000),
            "what is in use isn't used again, and nothing of it is given"
        );
        assert_eq!((&lent[..], &other[..]), (&[2; 9][..], &[3; 9][..]));
        drop(lent);
        let (_, held, _own) = give(&mut memory, &[4; 900]);
        assert_eq!(held, 1000);
        assert_eq!(give(&mut memory, &[5; 9]).1, 9, "what is kept takes its memory along");
    }

    #[test]
    fn the_memory_of_a_long_message_stays_only_where_there_are_many() {
        let mut memory = Reused::default();
        let long = alloc::vec![0; KEPT_LEN + 1];
        #[rustfmt::skip]
        let table = [
            // message                 stays
            (&long[..],                0),
            (&long[..KEPT_LEN],        KEPT_LEN),
            (&long[..],                2 * KEPT_LEN),
            (&long[..9],               2 * KEPT_LEN),
            (&long[..9],               2 * KEPT_LEN),
            (&long[..9],               2 * KEPT_LEN),
            (&long[..9],               2 * KEPT_LEN),
            (&long[..9],               2 * KEPT_LEN),
            // Only one of the last eight.
            (&long[..9],               0),
            (&long[..9],               9),
        ];
        for (number, (message, stays)) in table.into_iter().enumerate() {
            assert_eq!(give(&mut memory, message).1, stays, "message {number}");
        }
    }
}
