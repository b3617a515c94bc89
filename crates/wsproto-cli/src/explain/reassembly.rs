//! The bytes of one direction of TCP, out of segments that come twice, out of order, or not at all.

use std::{collections::BTreeMap, mem};

use bytes::Bytes;

/// The most bytes, and the most segments, that wait for one that is missing.
const WAITING_LEN: usize = 1 << 20;
const WAITING_SEGMENTS: usize = 4096;
/// So many packets of the other side may come, after it has acknowledged bytes, until these count as never captured: a
/// capture has packets of both directions out of order, too.
const PATIENCE: u32 = 16;
/// A segment farther ahead than any window belongs to something else.
const FARTHEST: u64 = 1 << 30;

/// A part of the stream, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Bytes(Bytes),
    /// So many bytes are missing.
    Gap(u64),
    End,
}

/// Puts segments in order.
#[derive(Debug, Default)]
pub(super) struct Reassembly {
    /// The sequence number of the next byte, once one is known.
    next: Option<u32>,
    /// How many bytes were given or are missing: the place of the next byte.
    given: u64,
    /// What came too early, by its place.
    waiting: BTreeMap<u64, Bytes>,
    waiting_len: usize,
    /// Up to where the other side has acknowledged.
    acknowledged: u64,
    /// How many packets have acknowledged what is missing.
    overdue: u32,
    /// Where the stream ends.
    end: Option<u64>,
    ended: bool,
}

impl Reassembly {
    /// Takes the number of the stream's beginning: of a SYN. Tells whether it is that of the stream which is known.
    pub(super) fn begin(&mut self, sequence: u32) -> bool {
        let first = sequence.wrapping_add(1);
        let place = |next: u32| u64::from(next.wrapping_sub(first));
        match self.next {
            None => self.next = Some(first),
            Some(next) => return place(next) == self.given & u64::from(u32::MAX),
        }
        true
    }

    /// Takes a segment, and appends what follows from it.
    pub(super) fn segment(&mut self, sequence: u32, payload: &[u8], fin: bool, out: &mut Vec<Part>) {
        let next = *self.next.get_or_insert(sequence);
        let ahead = sequence.wrapping_sub(next);
        // Half of all numbers are ahead, half behind.
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

    /// Takes what the other side has acknowledged: what it has and we don't, was never captured.
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

    /// Tells whether something waits for bytes that the other side has acknowledged.
    fn is_overdue(&self) -> bool {
        self.waiting.first_key_value().is_some_and(|(place, _)| *place <= self.acknowledged)
    }

    /// Returns how many bytes wait.
    pub(super) const fn waiting(&self) -> usize {
        self.waiting_len
    }

    /// Gives what waits, and leaves out what is missing before it.
    pub(super) fn give_up(&mut self, out: &mut Vec<Part>) {
        while !self.waiting.is_empty() {
            self.skip(out);
        }
    }

    /// Ends the capture: what waits is given, and what is missing at the end is told.
    pub(super) fn finish(&mut self, out: &mut Vec<Part>) {
        self.give_up(out);
        // A FIN is acknowledged as a byte is.
        let known = self.end.unwrap_or_else(|| self.acknowledged.saturating_sub(1));
        let missing = known.saturating_sub(self.given);
        if missing > 0 && !self.ended {
            self.pass(missing);
            out.push(Part::Gap(missing));
        }
        self.go_on(out);
    }

    /// Keeps a segment that came too early; of two at a place the longer one.
    fn wait(&mut self, place: u64, payload: &[u8]) {
        let waiting = self.waiting.entry(place).or_default();
        if payload.len() > waiting.len() {
            self.waiting_len = self.waiting_len.saturating_sub(waiting.len()).saturating_add(payload.len());
            *waiting = Bytes::copy_from_slice(payload);
        }
    }

    /// Gives what no longer waits.
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

    /// Leaves out what is missing before the first segment that waits.
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
