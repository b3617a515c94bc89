//! The memory of the buffer: it grows with the waiting bytes, and is freed after them.

use alloc::{vec, vec::Vec};
use core::mem;

use super::{LEAST_ROOM, ReadBuffer};
use crate::read_buffer::Found;

/// Up to this length it is better to grow than to move bytes again and again.
const SMALL_LEN: usize = 64 << 10;

impl ReadBuffer {
    /// Drops all waiting bytes and keeps the memory. Call it after the end of a connection: an error, or the end of its
    /// stream.
    pub fn clear(&mut self) {
        self.found = Found::Nothing;
        self.joined.clear();
        self.drop_fresh();
        self.frame_end = 0;
        self.rewind();
        self.room_end = 0;
    }

    /// Returns how many bytes of memory the buffer holds, for waiting bytes and for later reads.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.memory.capacity().saturating_add(self.joined.capacity())
    }

    /// Frees memory, so that the buffer holds at most `capacity` bytes, or the waiting bytes if these are more.
    ///
    /// The next [`room`](Self::room) takes the memory that it needs. An event that was found and not taken is dropped.
    ///
    /// ```
    /// use wsproto::ReadBuffer;
    ///
    /// let mut buffer = ReadBuffer::messages();
    /// let room = buffer.room().len();
    /// assert!(buffer.capacity() >= room);
    /// buffer.shrink_to(0);
    /// assert_eq!(buffer.capacity(), 0);
    /// ```
    pub fn shrink_to(&mut self, capacity: usize) {
        self.forget_found();
        if self.capacity() <= capacity {
            return;
        }
        self.joined.shrink_to_fit();
        self.move_to_front();
        self.truncate(capacity.saturating_sub(self.joined.capacity()));
    }

    /// Returns how many bytes wait: those of the message under way, and those that were not taken yet.
    #[must_use]
    pub fn waiting_len(&self) -> usize {
        let joined = if self.found.is_joined() { 0 } else { self.joined.len() };
        self.end.saturating_sub(self.start).saturating_add(joined)
    }

    /// Makes the buffer read into other memory, and returns the memory that it had.
    ///
    /// Waiting bytes move to the new memory. If they don't fit in its length, nothing changes, and the new memory is
    /// returned.
    ///
    /// In this way many connections share the memory for their reads. A connection that waits returns it by
    /// [`take_memory`](Self::take_memory). An event that was found and not taken is dropped.
    ///
    #[cfg_attr(feature = "std", doc = "```")]
    #[cfg_attr(not(feature = "std"), doc = "```ignore")]
    /// use wsproto::{Config, Connection, ReadBuffer, TextMessage};
    ///
    /// let mut client = Connection::open_client(Config::default());
    /// let mut buffer = ReadBuffer::messages().with_unread(*b"\x81\x05Hel");
    /// assert!(!client.advance(&mut buffer)?);
    ///
    /// buffer.exchange_memory(vec![0; 1 << 16]);
    /// buffer.extend_from_slice(b"lo");
    /// assert!(client.advance(&mut buffer)?);
    /// assert_eq!(buffer.event(), Some(TextMessage::new("Hello").into()));
    ///
    /// let block = buffer.take_memory();
    /// assert_eq!((block.len(), buffer.capacity()), (1 << 16, 0));
    /// # Ok::<(), wsproto::RemoteProtocolError>(())
    /// ```
    pub fn exchange_memory(&mut self, mut memory: Vec<u8>) -> Vec<u8> {
        self.forget_found();
        let waiting = self.memory.get(self.start..self.end).unwrap_or_default();
        let Some(place) = memory.get_mut(..waiting.len()) else { return memory };
        place.copy_from_slice(waiting);
        self.end = waiting.len();
        self.decoded = self.decoded.saturating_sub(self.start);
        self.frame_end = self.frame_end.saturating_sub(self.start);
        (self.start, self.room_end, self.last_room) = (0, self.end, 0);
        self.joined.shrink_to_fit();
        mem::replace(&mut self.memory, memory)
    }

    /// Takes out the memory for reads. Waiting bytes stay, in memory of exactly their length. An event that was found
    /// and not taken is dropped.
    pub fn take_memory(&mut self) -> Vec<u8> {
        self.forget_found();
        self.exchange_memory(vec![0; self.end.saturating_sub(self.start)])
    }

    /// Drops the bytes of a connection that is over, and frees memory: at most the memory for a read stays.
    #[cold]
    pub(crate) fn forget_connection(&mut self) {
        self.clear();
        self.shrink_to(self.read_len);
    }

    /// Makes reads start at the front again, since no bytes are left. Frees memory that only a single long message
    /// needed.
    #[inline]
    pub(super) fn rewind(&mut self) {
        let used = mem::take(&mut self.end);
        self.frame_end = self.frame_end.saturating_sub(used);
        (self.start, self.decoded, self.last_room) = (0, 0, 0);
        self.give_back(used);
    }

    /// Records how much memory was used until no or few bytes were left, once per message. Frees memory that later
    /// messages don't need. Waiting bytes lie at the front.
    ///
    /// Within a message nothing is freed: the next fragment may be as long.
    #[inline]
    fn give_back(&mut self, used: usize) {
        self.used = self.used.max(used);
        if self.used > 0 && self.joined.is_empty() {
            self.long.note(mem::take(&mut self.used));
            // Unread bytes of another reader may have come with more memory than they need.
            let held = self.memory.capacity();
            if held > self.read_len && !self.long.keep(held) {
                self.truncate(self.read_len);
            }
        }
    }

    /// Frees memory beyond this length and beyond the waiting bytes, which lie at the front.
    #[cold]
    fn truncate(&mut self, len: usize) {
        (self.room_end, self.last_room) = (self.end, 0);
        self.memory.truncate(len.max(self.end));
        self.memory.shrink_to_fit();
    }

    /// Moves the waiting bytes to the front if that frees enough room, and grows the memory if there is too little
    /// room.
    ///
    /// When a long buffer grows, at least two thirds of it are waiting bytes. It grows to twice their number. In both
    /// cases the cost is linear: as many bytes are moved as were taken or read since, up to a small factor.
    #[cold]
    #[inline(never)]
    pub(super) fn make_room(&mut self, most: usize) {
        let waiting = self.end.saturating_sub(self.start);
        let is_small = self.memory.len() < SMALL_LEN;
        let worth_moving = if is_small { waiting.saturating_mul(4) } else { waiting / 2 };
        if self.start >= worth_moving.max(LEAST_ROOM) {
            let used = self.end;
            self.move_to_front();
            if waiting <= LEAST_ROOM {
                self.give_back(used);
            }
        }
        if self.memory.len().saturating_sub(self.end) < LEAST_ROOM.min(most) {
            if !is_small {
                // Growing moves the bytes, too.
                self.move_to_front();
            }
            let double = if is_small { self.memory.len() } else { self.end }.saturating_mul(2);
            let least = self.read_len.max(self.end.saturating_add(LEAST_ROOM)).max(self.memory.len());
            let len = double.max(least);
            // By itself a vector would grow to twice its capacity.
            self.memory.reserve_exact(len.saturating_sub(self.memory.len()));
            self.memory.resize(len, 0);
        }
    }

    /// Moves the waiting bytes to the front.
    fn move_to_front(&mut self) {
        self.memory.copy_within(self.start..self.end, 0);
        self.decoded = self.decoded.saturating_sub(self.start);
        self.end = self.end.saturating_sub(self.start);
        self.frame_end = self.frame_end.saturating_sub(self.start);
        (self.start, self.last_room) = (0, 0);
    }
}
