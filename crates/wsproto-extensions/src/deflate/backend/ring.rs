//! The window of a stream that is being read.

use alloc::vec::Vec;

use super::BadStream;
use crate::Output;

/// The last bytes of a stream, at least as many as its window holds: decompressed here, and copied to where they belong.
///
/// Its memory grows with the stream, so that one which never was long takes little.
pub(super) struct Ring {
    bytes: Vec<u8>,
    /// The most bytes that it grows to.
    full: usize,
    /// How far bytes were delivered; at most `position`.
    delivered: usize,
    /// Where the next byte goes; at most the length.
    position: usize,
    /// How many of the last bytes are moved to the front once it is full.
    moved: usize,
    /// Whether it was full once; all of a ring can be referred to from then on.
    wrapped: bool,
    /// How often it was full.
    turns: usize,
    /// The stream is bad behind what is not delivered yet.
    bad: bool,
}

/// Where the next byte goes, to go back to it.
#[derive(Default)]
pub(super) struct Place {
    position: usize,
    wrapped: bool,
    turns: usize,
    /// What the ring held, where that is little.
    bytes: Vec<u8>,
}

impl Place {
    /// Forgets what the ring held.
    pub(super) fn clear(&mut self) {
        self.bytes.fill(0);
        self.bytes.clear();
    }
}

impl Ring {
    /// How many bytes it takes to begin with.
    pub(super) const FIRST: usize = 2 << 10;
    /// Rings of at most so many bytes are copied rather than kept from turning: twelve compressed bytes can fill them.
    const LITTLE: usize = 1 << 10;
    /// More bytes than a backend, which copies in blocks, may write behind those that it tells of.
    const OVERSHOOT: usize = 1024;

    pub(super) const fn new(full: usize, moved: usize) -> Self {
        Self {
            bytes: Vec::new(),
            full,
            delivered: 0,
            position: 0,
            moved,
            wrapped: false,
            turns: 0,
            bad: false,
        }
    }

    /// Forgets everything, so that no stream can be made to tell of another, wherever a library reads here.
    ///
    /// What was never written is zero already: clearing all of it would cost more than to decompress a short message.
    pub(super) fn clear(&mut self) {
        let written =
            if self.wrapped || self.bad { usize::MAX } else { self.position.saturating_add(Self::OVERSHOOT) };
        let written = written.min(self.bytes.len());
        self.bytes.get_mut(..written).unwrap_or_default().fill(0);
        self.delivered = 0;
        self.position = 0;
        self.wrapped = false;
        self.bad = false;
    }

    /// Delivers what there is, and tells whether there is room for more.
    ///
    /// That a stream is bad shows only behind all that came before it, however it arrives.
    pub(super) fn deliver(&mut self, output: &mut Output<'_>) -> Result<bool, BadStream> {
        let waiting = self.bytes.get(self.delivered..self.position).unwrap_or_default();
        self.delivered = self.delivered.saturating_add(output.write(waiting));
        if output.room() == 0 {
            return Ok(false);
        }
        if self.bad {
            return Err(BadStream);
        }
        self.make_room();
        Ok(true)
    }

    /// Has it take another byte, while nothing waits to be delivered.
    pub(super) fn make_room(&mut self) {
        if self.position >= self.bytes.len() && !self.grow() {
            let moved = self.bytes.len().saturating_sub(self.moved)..;
            self.bytes.copy_within(moved, 0);
            self.turn(self.moved);
        }
    }

    /// Goes on at a position near the front, all before it being delivered.
    const fn turn(&mut self, position: usize) {
        self.delivered = position;
        self.position = position;
        self.wrapped = true;
        self.turns = self.turns.wrapping_add(1);
    }

    /// Takes more memory, and tells whether there was any to take.
    #[cold]
    fn grow(&mut self) -> bool {
        let len = self.bytes.len();
        let more = len.max(Self::FIRST).min(self.full.saturating_sub(len));
        self.bytes.reserve_exact(more);
        self.bytes.resize(len.saturating_add(more), 0);
        more > 0
    }

    /// Notes that nothing of the stream can be read behind what was not delivered yet.
    pub(super) const fn spoil(&mut self) {
        self.bad = true;
    }

    /// Tells whether what stands before the next byte is all that can be referred to.
    pub(super) const fn is_linear(&self) -> bool {
        !self.wrapped || self.moved > 0
    }

    /// Returns all bytes, and where the next one goes.
    pub(super) fn parts(&mut self) -> (&mut [u8], usize) {
        (&mut self.bytes, self.position)
    }

    /// Takes note of bytes that were written at its position.
    pub(super) fn advance(&mut self, written: usize) {
        self.position = self.position.saturating_add(written).min(self.bytes.len());
    }

    /// Takes note of where the next byte goes.
    pub(super) fn note(&self, place: &mut Place) {
        place.position = self.position;
        place.wrapped = self.wrapped;
        place.turns = self.turns;
        place.bytes.clear();
        if self.full <= Self::LITTLE {
            place.bytes.extend_from_slice(&self.bytes);
        }
    }

    /// Tells whether all that could be referred to at a place still stands there, or can be put there.
    pub(super) const fn can_go_back(&self, place: &Place) -> bool {
        self.full <= Self::LITTLE || (self.is_linear() && self.turns == place.turns)
    }

    /// Goes back to a place, to have the same bytes written behind it again. All of them were delivered.
    pub(super) fn go_back(&mut self, place: &Place) {
        self.position = place.position;
        self.delivered = place.position;
        self.wrapped = place.wrapped;
        self.turns = place.turns;
        if let Some(bytes) = self.bytes.get_mut(..place.bytes.len()) {
            bytes.copy_from_slice(&place.bytes);
        }
    }

    /// Takes note that all there is was delivered.
    pub(super) const fn all_is_delivered(&mut self) {
        self.delivered = self.position;
    }
}

#[cfg(feature = "zlib-rs")]
impl Ring {
    /// Returns where bytes can be written before it is full.
    pub(super) fn free(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.position..).unwrap_or_default()
    }

    /// Tells whether all of the stream is there, and not much.
    pub(super) const fn is_short(&self) -> bool {
        !self.wrapped && self.position <= Self::FIRST
    }

    /// Keeps the last of bytes that came out elsewhere, while nothing waits to be delivered.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        let kept = bytes.get(bytes.len().saturating_sub(self.full)..).unwrap_or_default();
        while self.free().len() < kept.len() && self.grow() {}
        let free = self.free();
        let (first, rest) = kept.split_at_checked(free.len()).unwrap_or((kept, &[]));
        if let Some(place) = free.get_mut(..first.len()) {
            place.copy_from_slice(first);
        }
        self.advance(first.len());
        if let Some(place) = self.bytes.get_mut(..rest.len())
            && !rest.is_empty()
        {
            place.copy_from_slice(rest);
            self.turn(rest.len());
        }
        self.all_is_delivered();
    }

    /// Returns the last bytes of the stream, at most `len`, in two parts.
    pub(super) fn last(&self, len: usize) -> Option<[&[u8]; 2]> {
        let (newer, older) = self.bytes.split_at_checked(self.position)?;
        let older = if self.wrapped { older } else { &[] };
        let newer = newer.get(newer.len().saturating_sub(len)..)?;
        let missing = len.saturating_sub(newer.len());
        let older = older.get(older.len().saturating_sub(missing)..)?;
        Some([older, newer])
    }
}
