//! The first compressed bytes of a message, kept in place of all that a library works with.

use super::TAIL;
use super::ring::{Place, Ring};

/// The compressed bytes since a place from which they can be read again.
///
/// As long as there are few, what a library works with is not kept for them between calls: a peer would make a connection
/// take that by these few bytes.
#[derive(Default)]
pub(super) struct Beginning {
    /// Those of a message, and its tail.
    bytes: [u8; Self::LEN + TAIL.len()],
    /// How many there are; more than fit can't be read again.
    len: usize,
    /// Where the ring stood before them.
    place: Place,
}

impl Beginning {
    /// The most bytes that are read again: a frame that is masked has no more than 8 in 14 bytes, and one that isn't 12.
    const LEN: usize = 12;

    /// Takes note of where the ring stands where nothing was read yet.
    pub(super) fn note_place(&mut self, ring: &Ring) {
        if self.len == 0 {
            ring.note(&mut self.place);
        }
    }

    /// Adds what was read.
    pub(super) fn note(&mut self, bytes: &[u8]) {
        let len = self.len.saturating_add(bytes.len());
        if let Some(place) = self.bytes.get_mut(self.len..len) {
            place.copy_from_slice(bytes);
        }
        self.len = len;
    }

    /// Tells whether nothing was read since the place.
    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Tells whether all that was read can be read again.
    pub(super) const fn can_be_read_again(&self, ring: &Ring) -> bool {
        self.len == 0 || (self.len <= Self::LEN && ring.can_go_back(&self.place))
    }

    /// Sets the ring back to before what was read, and returns that.
    pub(super) fn go_back(&self, ring: &mut Ring) -> ([u8; Self::LEN + TAIL.len()], usize) {
        ring.go_back(&self.place);
        (self.bytes, self.len)
    }

    /// Ends a message between two bytes: nothing of it has to be read again.
    pub(super) const fn end(&mut self) {
        self.len = 0;
    }

    /// Ends a message within the last byte of its tail, with which the next one begins.
    pub(super) fn end_within(&mut self) {
        self.note(&TAIL);
    }

    /// Can't be read again from now on.
    #[cfg(feature = "zlib-rs")]
    pub(super) const fn give_up(&mut self) {
        self.len = usize::MAX;
    }

    /// Forgets every byte of the stream.
    pub(super) fn clear(&mut self) {
        self.bytes = Default::default();
        self.len = 0;
        self.place.clear();
    }
}
