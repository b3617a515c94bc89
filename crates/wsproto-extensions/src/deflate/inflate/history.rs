//! The last output: the bytes that can be referred to, and those that wait to be delivered.

use alloc::vec::Vec;

use crate::Output;
use crate::deflate::WindowBits;

/// The last bytes of a stream, at least as many as its window holds. They are decompressed here, and copied to their
/// place.
///
/// Its memory grows with the stream, so that a short stream takes little.
pub(super) struct History {
    /// Bytes from `position` on have no meaning.
    pub(super) bytes: Vec<u8>,
    /// The place of the next byte, at most the length.
    pub(super) position: usize,
    /// The end of the delivered bytes, at most the position.
    delivered: usize,
    /// How far back a stream may refer.
    pub(super) window: usize,
}

impl History {
    /// How many bytes it allocates first.
    const FIRST: usize = 2 << 10;
    /// The room in bytes when a block continues, so that it needn't be checked before each one.
    const ROOM: usize = 512;

    pub(super) const fn new(window: WindowBits) -> Self {
        Self { bytes: Vec::new(), position: 0, delivered: 0, window: window.size() }
    }

    /// Drops everything. Memory that is used again is cleared first.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.position = 0;
        self.delivered = 0;
    }

    /// Delivers the waiting bytes, and returns whether there is room for more.
    #[inline]
    pub(super) fn deliver(&mut self, output: &mut Output<'_>) -> bool {
        if !self.is_delivered() {
            let waiting = self.bytes.get(self.delivered..self.position).unwrap_or_default();
            self.delivered = self.delivered.saturating_add(output.write(waiting));
        }
        output.room() > 0
    }

    /// Returns whether everything is delivered.
    pub(super) const fn is_delivered(&self) -> bool {
        self.delivered == self.position
    }

    /// Makes room for more bytes. Nothing may wait to be delivered.
    pub(super) fn make_room(&mut self) {
        if self.room() < Self::ROOM && !self.grow() {
            let kept = self.position.saturating_sub(self.window)..self.position;
            self.position = kept.len();
            self.delivered = self.position;
            self.bytes.copy_within(kept, 0);
        }
    }

    /// Keeps only the bytes that can be referred to, in memory of exactly that size. If bytes wait to be delivered, all
    /// stay.
    pub(super) fn park(&mut self) {
        let is_exact = self.bytes.len() == self.reach() && self.bytes.capacity() == self.bytes.len();
        if self.is_delivered() && !is_exact {
            let kept = self.position.saturating_sub(self.window)..self.position;
            self.bytes = self.bytes.get(kept).unwrap_or_default().to_vec();
            self.position = self.bytes.len();
            self.delivered = self.position;
        }
    }

    /// Returns how many bytes it can take.
    pub(super) const fn room(&self) -> usize {
        self.bytes.len().saturating_sub(self.position)
    }

    /// Allocates more memory, and returns whether it may.
    #[cold]
    fn grow(&mut self) -> bool {
        let len = self.bytes.len();
        let full = self.window.saturating_add((self.window >> 1).max(Self::ROOM.saturating_mul(2)));
        let more = len.max(Self::FIRST).min(full.saturating_sub(len));
        self.bytes.reserve_exact(more);
        self.bytes.resize(len.saturating_add(more), 0);
        more > 0
    }

    /// Returns how far back the next bytes may refer.
    pub(super) fn reach(&self) -> usize {
        self.position.min(self.window)
    }

    /// Appends as many bytes as fit, and returns their number.
    pub(super) fn write(&mut self, bytes: &[u8]) -> usize {
        let free = self.bytes.get_mut(self.position..).unwrap_or_default();
        let len = bytes.len().min(free.len());
        if let (Some(to), Some(from)) = (free.get_mut(..len), bytes.get(..len)) {
            to.copy_from_slice(from);
        }
        self.position = self.position.saturating_add(len);
        len
    }

    /// Appends bytes again from a distance within [reach](Self::reach), as many as fit, and returns how many are left.
    pub(super) fn repeat(&mut self, distance: u16, len: u16) -> u16 {
        let now = len.min(u16::try_from(self.room()).unwrap_or(u16::MAX));
        repeat(&mut self.bytes, self.position, distance.into(), now.into());
        self.position = self.position.saturating_add(now.into());
        len.saturating_sub(now)
    }
}

/// Copies bytes from a distance before a position to the position. Copied bytes may be copied again.
#[inline]
pub(super) fn repeat(bytes: &mut [u8], position: usize, distance: usize, len: usize) {
    let from = position.saturating_sub(distance);
    if distance == 1 {
        let byte = bytes.get(from).copied().unwrap_or_default();
        bytes.get_mut(position..position.saturating_add(len)).unwrap_or_default().fill(byte);
        return;
    }
    // The bytes between the two places can be copied at once, and each time there are twice as many.
    let (mut to, mut left) = (position, len);
    while left > 0 {
        let most = to.saturating_sub(from).min(left);
        if most == 0 || bytes.len().saturating_sub(to) < most {
            return;
        }
        bytes.copy_within(from..from.saturating_add(most), to);
        to = to.saturating_add(most);
        left = left.saturating_sub(most);
    }
}

/// Does the same in blocks of sixteen bytes: up to fifteen more are written, which must have room.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the inner loop")]
pub(super) fn repeat_fast(bytes: &mut [u8], position: usize, distance: usize, len: usize) {
    if distance < 16 {
        repeat(bytes, position, distance, len);
        return;
    }
    let (mut from, mut to) = (position.wrapping_sub(distance), position);
    let end = position.wrapping_add(len);
    loop {
        let block: [u8; 16] = match bytes.get(from..).and_then(<[u8]>::first_chunk) {
            Some(block) => *block,
            None => return,
        };
        match bytes.get_mut(to..).and_then(<[u8]>::first_chunk_mut) {
            Some(place) => *place = block,
            None => return,
        }
        (from, to) = (from.wrapping_add(16), to.wrapping_add(16));
        if to >= end {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    /// Memory doubles from 2 KiB on when less than half a KiB is free. It ends at one and a half times the window, or
    /// at 1 KiB more than the window. Then the bytes that can be referred to move to the front.
    #[test]
    #[cfg_attr(miri, ignore = "exhaustive")]
    fn memory_grows_with_the_stream() {
        #[rustfmt::skip]
        let table = [
            // window  written  memory  position
            (15,       0,       2048,   0),
            (15,       1536,    2048,   1536),
            (15,       1537,    4096,   1537),
            (15,       3584,    4096,   3584),
            (15,       3585,    8192,   3585),
            (15,       16_000,  32_768, 16_000),
            (15,       33_000,  49_152, 33_000),
            (15,       48_640,  49_152, 48_640),
            (15,       48_641,  49_152, 32_768),
            (15,       48_642,  49_152, 32_769),
            (12,       5632,    6144,   5632),
            (12,       5633,    6144,   4096),
            (10,       1536,    2048,   1536),
            (10,       1537,    2048,   1024),
            (8,        0,       1280,   0),
            (8,        768,     1280,   768),
            (8,        769,     1280,   256),
        ];
        for (bits, written, memory, position) in table {
            let mut history = History::new(WindowBits::new(bits).unwrap());
            let mut out = Vec::new();
            history.make_room();
            for number in 0..written {
                assert_eq!(history.write(&usize::to_le_bytes(number / 7)[..1]), 1);
                assert!(!history.is_delivered());
                history.deliver(&mut Output::new(&mut out, 1));
                assert!(history.is_delivered());
                history.make_room();
            }
            let name = alloc::format!("window {bits}, {written} written");
            assert_eq!((history.bytes.len(), history.position), (memory, position), "{name}");
            assert_eq!(history.room(), memory - position, "{name}");
            assert_eq!(history.reach(), written.min(1 << bits), "{name}");
            let last = &out[out.len() - history.reach()..];
            assert_eq!(&history.bytes[position - history.reach()..position], last, "{name}");
        }
    }

    /// A parked stream keeps the bytes that can be referred to, in memory of that size. It grows again later.
    #[test]
    #[cfg_attr(miri, ignore = "exhaustive")]
    fn a_parked_stream_keeps_what_can_be_referred_to() {
        #[rustfmt::skip]
        let table = [
            // window  written  kept
            (15,       0,       0),
            (15,       1,       1),
            (15,       1000,    1000),
            (15,       2048,    2048),
            (15,       40_000,  32_768),
            (12,       6000,    4096),
            (8,        256,     256),
            (8,        257,     256),
        ];
        for (bits, written, kept) in table {
            let mut history = History::new(WindowBits::new(bits).unwrap());
            let mut all = Vec::new();
            let mut write = |history: &mut History, number: usize| {
                history.make_room();
                assert!(history.write(&usize::to_le_bytes(number / 7)[..1]) == 1 && !history.is_delivered());
                history.deliver(&mut Output::new(&mut all, 1));
            };
            for number in 0..written {
                write(&mut history, number);
            }
            history.park();
            let name = alloc::format!("window {bits}, {written} written");
            let memory = history.bytes.as_ptr();
            history.park();
            assert_eq!(history.bytes.as_ptr(), memory, "{name}: parked again");
            assert_eq!((history.bytes.len(), history.bytes.capacity()), (kept, kept), "{name}");
            assert_eq!((history.position, history.reach(), history.room()), (kept, kept, 0), "{name}");
            for number in written..written + 3 * history.window {
                write(&mut history, number);
                assert!(history.bytes.len() <= history.window + (history.window / 2).max(1024), "{name}");
            }
            let last = &all[all.len() - history.window..];
            assert_eq!(&history.bytes[history.position - history.window..history.position], last, "{name}");
        }
        let mut history = History::new(WindowBits::MIN);
        history.make_room();
        history.write(b"waits");
        history.park();
        let mut out = Vec::new();
        history.deliver(&mut Output::new(&mut out, 100));
        assert_eq!(out, b"waits");
    }

    /// Waiting bytes are delivered as far as there is room, even for one byte.
    #[test]
    fn what_waits_is_delivered() {
        for (room, left) in [(0, false), (4, false), (5, false), (6, true), (7, true)] {
            let mut history = History::new(WindowBits::MIN);
            history.make_room();
            assert_eq!(history.write(b"waits"), 5);
            let mut out = Vec::new();
            assert_eq!(history.deliver(&mut Output::new(&mut out, room)), left, "{room}");
            assert_eq!(out, b"waits"[..room.min(5)]);
            assert_eq!(history.is_delivered(), room >= 5, "{room}");
            history.deliver(&mut Output::new(&mut out, 100));
            assert_eq!(out, b"waits");
        }
    }

    /// Of too many bytes, as many are taken as fit.
    #[test]
    fn what_fits_is_taken() {
        for room in 0..=8 {
            let mut history = History::new(WindowBits::MIN);
            history.make_room();
            let filled = history.room() - room;
            assert_eq!(history.write(&vec![1; filled]), filled);
            history.bytes.truncate(filled + room);
            let (mut other, taken) = (History { bytes: history.bytes.clone(), ..history }, room.min(5));
            assert_eq!(history.write(b"bytes"), taken, "{room}");
            assert_eq!(other.repeat(2, 5), 5 - u16::try_from(taken).unwrap(), "{room}");
            assert_eq!(history.bytes[filled..filled + taken], b"bytes"[..taken]);
            assert_eq!(other.bytes[filled..filled + taken], [1; 5][..taken]);
            assert_eq!([history.position, other.position], [filled + taken; 2], "{room}");
        }
    }

    /// Copies are the same as byte by byte. Without room, none is made.
    #[test]
    #[cfg_attr(miri, ignore = "exhaustive")]
    fn copies_may_overlap() {
        const POSITION: usize = 64;
        let before: Vec<u8> = (0..64).collect();
        for distance in 1..=POSITION {
            for len in 0..=100 {
                let mut expected = before.clone();
                (0..len).for_each(|_| expected.push(expected[expected.len() - distance]));
                let mut exactly = [before.as_slice(), &vec![0xff; len]].concat();
                repeat(&mut exactly, POSITION, distance, len);
                assert!(exactly == expected, "{distance} {len}");
                exactly.truncate(POSITION + len / 2);
                repeat(&mut exactly, POSITION, distance, len);
                assert!(exactly == expected[..POSITION + len / 2], "no room, {distance} {len}");
                let mut more = [before.as_slice(), &vec![0xff; len + 16]].concat();
                repeat_fast(&mut more, POSITION, distance, len);
                assert!(more[..POSITION + len] == expected, "fast, {distance} {len}");
                let written = if distance < 16 { len } else { len.max(1).next_multiple_of(16) };
                assert!(
                    more[POSITION + written..].iter().all(|&byte| byte == 0xff),
                    "fast, {distance} {len}"
                );
            }
        }
    }
}
