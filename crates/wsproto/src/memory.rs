//! The rule that decides when the memory of a long message is freed.

/// This much memory always stays for the next message, in bytes.
pub(crate) const KEPT_LEN: usize = 128 << 10;

/// Which of the last eight messages were long.
///
/// The memory of a single long message is freed. If two of eight are long, the memory stays: otherwise each would grow
/// it again.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LastLong(u8);

impl LastLong {
    pub(crate) const fn new() -> Self {
        Self(0)
    }

    /// Records how much memory a message needed.
    #[inline]
    pub(crate) fn note(&mut self, len: usize) {
        self.0 = self.0 << 1 | u8::from(len > KEPT_LEN);
    }

    /// Returns whether this much memory should stay.
    #[inline]
    pub(crate) const fn keep(self, capacity: usize) -> bool {
        capacity <= KEPT_LEN || self.0.count_ones() >= 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_a_long_message_stays_only_where_there_are_many() {
        let mut long = LastLong::default();
        #[rustfmt::skip]
        let table = [
            // length of a message   its memory stays
            (KEPT_LEN + 1,           false),
            (KEPT_LEN,               false),
            (KEPT_LEN + 1,           true),
            (9,                      true),
            (9,                      true),
            (9,                      true),
            (9,                      true),
            (9,                      true),
            // Only one of the last eight.
            (9,                      false),
        ];
        for (number, (len, stays)) in table.into_iter().enumerate() {
            long.note(len);
            assert_eq!(long.keep(KEPT_LEN + 1), stays, "message {number}");
            assert!(long.keep(KEPT_LEN), "message {number}");
        }
    }
}
