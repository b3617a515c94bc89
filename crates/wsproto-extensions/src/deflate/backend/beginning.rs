//! The first compressed bytes of a message, kept in place of all that a library works with.

use super::TAIL;
use super::ring::{Place, Ring};

/// The compressed bytes since a place from which they can be read again.
///
/// As long as there are few, what a library works with is not kept for them between calls: a peer would make a connection
/// take that by these few bytes.
#[derive(Default)]
pub(super) struct Beginning {
    bytes: [u8; Self::MOST],
    /// How many there are; more than fit can't be read again.
    len: usize,
    /// How many of them are of messages before.
    earlier: usize,
    /// Where the ring stood before them.
    place: Place,
}

impl Beginning {
    /// How many bytes of a message are kept: a frame that is masked has no more than 8 in 14 bytes, and one that isn't 12.
    const LEN: usize = 12;

    /// How many bytes are kept in all, tails included: frames of 14 bytes in all, whose messages each end within a byte.
    const MOST: usize = 28;

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
    pub(super) fn can_be_read_again(&self, ring: &Ring) -> bool {
        let of_message = self.len.saturating_sub(self.earlier);
        // The tail of the message must fit behind it.
        let most = if of_message == 0 { Self::MOST } else { Self::MOST.saturating_sub(TAIL.len()) };
        self.len <= most && of_message <= Self::LEN && ring.can_go_back(&self.place)
    }

    /// Sets the ring back to before what was read, and returns that.
    pub(super) fn go_back(&self, ring: &mut Ring) -> ([u8; Self::MOST], usize) {
        ring.go_back(&self.place);
        (self.bytes, self.len)
    }

    /// Ends a message between two bytes: nothing of it has to be read again.
    pub(super) const fn end(&mut self) {
        self.len = 0;
        self.earlier = 0;
    }

    /// Ends a message within the last byte of its tail, with which the next one begins.
    pub(super) fn end_within(&mut self) {
        self.note(&TAIL);
        self.earlier = self.len;
    }

    /// Can't be read again from now on.
    #[cfg(feature = "zlib-rs")]
    pub(super) const fn give_up(&mut self) {
        self.len = usize::MAX;
    }
}
