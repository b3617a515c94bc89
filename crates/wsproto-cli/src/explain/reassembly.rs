//! The bytes of one direction of TCP. Segments may come twice, out of order, or not at all.

use std::{collections::BTreeMap, mem};

use bytes::Bytes;

/// The most bytes, and the most segments, that wait for a missing segment.
const WAITING_LEN: usize = 1 << 20;
const WAITING_SEGMENTS: usize = 4096;
/// The number of packets of the other side that may acknowledge missing bytes before these count as never captured.
/// It isn't 0, because a capture may also have the packets of the two directions out of order.
const PATIENCE: u32 = 16;
/// The farthest that a segment may be ahead, in bytes: more than any window, so it isn't of this stream.
const FARTHEST: u64 = 1 << 30;

/// A part of the stream, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Bytes(Bytes),
    /// This number of bytes is missing.
    Gap(u64),
    End,
}

/// Puts segments in order.
#[derive(Debug, Default)]
pub(super) struct Reassembly {
    /// The sequence number of the next byte, once one is known.
    next: Option<u32>,
    /// The place of the next byte: the number of bytes that were given or skipped.
    given: u64,
    /// The segments that came too early, by their places.
    waiting: BTreeMap<u64, Bytes>,
    waiting_len: usize,
    /// The place up to which the other side has acknowledged.
    acknowledged: u64,
    /// The number of packets that have acknowledged missing bytes.
    overdue: u32,
    /// Where the stream ends.
    end: Option<u64>,
    ended: bool,
}

impl Reassembly {
    /// Takes the sequence number of a SYN. Returns whether it begins this stream.
    pub(super) fn begin(&mut self, sequence: u32) -> bool {
        let first = sequence.wrapping_add(1);
        let place = |next: u32| u64::from(next.wrapping_sub(first));
        match self.next {
            None => self.next = Some(first),
            Some(next) => return place(next) == self.given & u64::from(u32::MAX),
        }
        true
    }

    /// Takes a segment, and appends the parts that are now in order.
    pub(super) fn segment(&mut self, sequence: u32, payload: &[u8], fin: bool, out: &mut Vec<Part>) {
        let next = *self.next.get_or_insert(sequence);
        let ahead = sequence.wrapping_sub(next);
        // Half of all sequence numbers are ahead, and half are old.
        let (place, payload) = if ahead < 1 << 31 {
            (self.given.saturating_add(ahead.into()), payload)
        } else {
            let known = usize::try_from(next.wrapping_sub(sequence)).unwrap_or(usize::MAX);
            let Some(fresh) = payload.get(known..) else { return };
            (self.given, fresh)
        };
        if place.saturating_sub(self.given) > FARTHEST || self.ended {
            return;
        }
        if fin {
            self.end.get_or_insert(place.saturating_add(len(payload)));
        }
        if place == self.given {
            self.give(&Bytes::copy_from_slice(payload), out);
        } else if !payload.is_empty() {
            self.wait(place, payload);
        }
        self.go_on(out);
        while self.waiting_len > WAITING_LEN || self.waiting.len() > WAITING_SEGMENTS {
            self.skip(out);
        }
    }

    /// Takes an acknowledgement of the other side. Bytes that it has acknowledged and that are missing here were never
    /// captured.
    pub(super) fn acknowledge(&mut self, number: u32, out: &mut Vec<Part>) {
        let Some(next) = self.next else { return };
        let ahead = number.wrapping_sub(next);
        if ahead >= 1 << 31 || u64::from(ahead) > FARTHEST {
            return;
        }
        self.acknowledged = self.acknowledged.max(self.given.saturating_add(ahead.into()));
        if !self.is_overdue() {
            self.overdue = 0;
            return;
        }
        self.overdue = self.overdue.saturating_add(1);
        while self.overdue > PATIENCE && self.is_overdue() {
            self.skip(out);
        }
    }

    /// Returns whether a segment waits for bytes that the other side has acknowledged.
    fn is_overdue(&self) -> bool {
        self.waiting.first_key_value().is_some_and(|(place, _)| *place <= self.acknowledged)
    }

    /// Returns the number of bytes that wait.
    pub(super) const fn waiting(&self) -> usize {
        self.waiting_len
    }

    /// Gives the segments that wait, with gaps for the missing bytes.
    pub(super) fn give_up(&mut self, out: &mut Vec<Part>) {
        while !self.waiting.is_empty() {
            self.skip(out);
        }
    }

    /// Ends the capture: gives the segments that wait, and a gap for bytes that are missing at the end.
    pub(super) fn finish(&mut self, out: &mut Vec<Part>) {
        self.give_up(out);
        // A FIN counts as a byte in acknowledgements.
        let known = self.end.unwrap_or_else(|| self.acknowledged.saturating_sub(1));
        let missing = known.saturating_sub(self.given);
        if missing > 0 && !self.ended {
            self.pass(missing);
            out.push(Part::Gap(missing));
        }
        self.go_on(out);
    }

    /// Keeps a segment that came too early. Of two segments at one place, it keeps the longer.
    fn wait(&mut self, place: u64, payload: &[u8]) {
        let waiting = self.waiting.entry(place).or_default();
        if payload.len() > waiting.len() {
            self.waiting_len = self.waiting_len.saturating_sub(waiting.len()).saturating_add(payload.len());
            *waiting = Bytes::copy_from_slice(payload);
        }
    }

    /// Gives the segments that no longer have to wait.
    fn go_on(&mut self, out: &mut Vec<Part>) {
        while let Some(entry) = self.waiting.first_entry()
            && *entry.key() <= self.given
        {
            let (place, bytes) = entry.remove_entry();
            self.waiting_len = self.waiting_len.saturating_sub(bytes.len());
            let known = usize::try_from(self.given.saturating_sub(place)).unwrap_or(usize::MAX);
            if let Some(fresh) = bytes.get(known..) {
                self.give(&Bytes::copy_from_slice(fresh), out);
            }
        }
        if self.end.is_some_and(|end| end <= self.given) && !mem::replace(&mut self.ended, true) {
            out.push(Part::End);
        }
    }

    /// Gives a gap for the bytes that are missing before the first segment that waits.
    fn skip(&mut self, out: &mut Vec<Part>) {
        if let Some((place, _)) = self.waiting.first_key_value() {
            let missing = place.saturating_sub(self.given);
            if missing > 0 {
                self.pass(missing);
                out.push(Part::Gap(missing));
            }
        }
        self.go_on(out);
    }

    fn give(&mut self, bytes: &Bytes, out: &mut Vec<Part>) {
        if !bytes.is_empty() {
            self.pass(len(bytes));
            out.push(Part::Bytes(bytes.clone()));
        }
    }

    fn pass(&mut self, count: u64) {
        self.given = self.given.saturating_add(count);
        let low = u32::try_from(count & u64::from(u32::MAX)).unwrap_or_default();
        self.next = self.next.map(|next| next.wrapping_add(low));
    }
}

fn len(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
