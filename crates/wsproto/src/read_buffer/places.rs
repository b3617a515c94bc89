//! The places of bytes for a connection: those that wait, and those that are as they were read.

#![expect(clippy::inline_always, reason = "events that go through memory cost more than the work itself")]

use core::ops::Range;

use wsproto_frame::TextCheck;

use super::{Found, Joined, Place, ReadBuffer, nothing};
use crate::Event;

impl ReadBuffer {
    #[inline(always)]
    pub(crate) const fn gives_messages(&self) -> bool {
        self.whole
    }

    /// Frees the place of the event that was found.
    #[inline(always)]
    pub(crate) fn forget_found(&mut self) {
        if !matches!(self.found, Found::Nothing) {
            self.free_found();
        }
    }

    #[inline(never)]
    fn free_found(&mut self) {
        if self.found.take().is_joined() {
            self.joined.clear();
        }
    }

    /// Stores that a message, or a part of one, was found.
    #[inline]
    pub(crate) fn note_message(&mut self, place: Place, frame_finished: bool, message_finished: bool) {
        self.found = Found::Message { place, frame_finished, message_finished };
        self.last_room = 0;
    }

    /// Returns the bytes in `range`, and the place to join them.
    #[inline]
    pub(crate) fn read_and_joined(&mut self, range: Range<usize>) -> (&[u8], &mut Joined) {
        (self.memory.get(range).unwrap_or_default(), &mut self.joined)
    }

    /// Returns the number of fresh bytes: those that are as they were read.
    #[inline(always)]
    pub(crate) const fn fresh_len(&self) -> usize {
        debug_assert!(self.decoded <= self.end, "what is decoded was read");
        self.end.wrapping_sub(self.decoded)
    }

    /// Returns the fresh bytes.
    #[inline(always)]
    pub(crate) fn fresh(&mut self) -> &mut [u8] {
        self.memory.get_mut(self.decoded..self.end).unwrap_or_else(nothing)
    }

    /// Returns the bytes in `range`.
    #[inline(always)]
    pub(crate) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.memory.get(range).unwrap_or_default()
    }

    /// Adds `payload` to the payload that waits. Its place counts from the first fresh byte. A header before it is
    /// dropped.
    #[inline(always)]
    pub(crate) fn extend_waiting(&mut self, payload: &Range<usize>) {
        if payload.start > 0 {
            debug_assert_eq!(self.start, self.decoded, "a header comes where no payload waits");
            self.start = self.decoded.wrapping_add(payload.start);
        }
        debug_assert!(payload.end <= self.fresh_len(), "it was read");
        self.decoded = self.decoded.wrapping_add(payload.end);
    }

    /// Takes the payload that waits. Also returns a function that drops all bytes after it: for a violation that is
    /// found while the payload is borrowed.
    #[inline(always)]
    pub(crate) fn lend_waiting(&mut self) -> (&[u8], impl FnOnce()) {
        let waiting = self.take_waiting();
        let Self { memory, decoded, end, .. } = self;
        (memory.get(waiting).unwrap_or_else(|| nothing()), move || *end = *decoded)
    }

    /// Takes the payload that waits, and returns its place.
    #[inline(always)]
    pub(crate) fn take_waiting(&mut self) -> Range<usize> {
        let waiting = self.start..self.decoded;
        (self.start, self.last_room) = (self.decoded, 0);
        waiting
    }

    /// Drops this many of the fresh bytes.
    pub(crate) fn drop_front(&mut self, len: usize) {
        self.start = self.decoded.saturating_add(len).min(self.end);
        (self.decoded, self.last_room) = (self.start, 0);
    }

    /// Stores an event that borrows nothing, if there is one, and returns whether there is.
    pub(crate) fn note_event(&mut self, event: Option<Event<'static>>) -> bool {
        let is_found = event.is_some();
        self.found = event.map_or(Found::Nothing, Found::Event);
        self.last_room = 0;
        is_found
    }

    /// Drops all bytes that were read.
    #[inline]
    pub(crate) fn drop_fresh(&mut self) {
        self.drop_front(self.fresh_len());
    }

    /// Returns whether a frame is awaited whole, and neither all of it nor `long` bytes of it have come.
    #[inline(always)]
    pub(crate) const fn awaits_more(&self, long: usize) -> bool {
        self.end < self.frame_end && self.fresh_len() < long
    }

    /// Stores how many bytes a frame that is awaited whole still has, fresh ones and unread ones.
    #[inline(always)]
    pub(crate) const fn await_frame(&mut self, left: usize) {
        (self.frame_end, self.last_room) = (self.decoded.saturating_add(left), 0);
    }

    /// Returns the fresh bytes as a piece of a text that waits for the end of its frame, if less than `long` bytes of
    /// it have come.
    #[inline(always)]
    pub(crate) fn text_piece(&mut self, long: usize) -> Option<&mut [u8]> {
        let waits = self.whole && self.end.wrapping_sub(self.start) < long;
        if waits { self.memory.get_mut(self.decoded..self.end) } else { None }
    }

    /// Adds all fresh bytes, which were checked, to the text that waits. `before` is the state of the check before
    /// them.
    #[inline(always)]
    pub(crate) fn extend_waiting_text(&mut self, before: TextCheck) {
        if self.start == self.decoded {
            self.text = before;
        }
        self.decoded = self.end;
    }
}
