//! How much memory the buffer has: it grows with what waits, and is given back.

use alloc::{vec, vec::Vec};
use core::mem;

use super::{LEAST_ROOM, ReadBuffer};
use crate::read_buffer::Found;

/// Up to this length it is better to grow than to move bytes time and again.
const SMALL_LEN: usize = 64 << 10;

impl ReadBuffer {
    /// Forgets what waits here and keeps the memory, for a connection that is over: by an error, or at the end of its
    /// stream.
    pub fn clear(&mut self) {
        self.found = Found::Nothing;
        self.joined.clear();
        self.drop_fresh();
        self.frame_end = 0;
        self.rewind();
        self.room_end = 0;
    }

    /// Returns how many bytes of memory are held: for what waits, and for what will be read.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.memory.capacity().saturating_add(self.joined.capacity())
    }

    /// Gives memory back, so that at most `capacity` bytes are held, or what waits where that is more. The next
    /// [`room`](Self::room) takes what it needs. What was found and not asked for is dropped.
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

    /// Returns how many bytes wait here: those of the message under way, and what was not looked at yet.
    #[must_use]
    pub fn waiting_len(&self) -> usize {
        let joined = if self.found.is_joined() { 0 } else { self.joined.len() };
        self.end.saturating_sub(self.start).saturating_add(joined)
    }

    /// Reads into other memory from now on: what was read and waits moves there. Returns the memory that it had, or the
    /// other one where what waits doesn't fit in its length.
    ///
    /// So many connections share the memory of their reads, and one that waits gives it back by
    /// [`take_memory`](Self::take_memory). What was found and not asked for is dropped.
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

    /// Takes out the memory for reads. What was read and waits stays, in as many bytes as it has. What was found and not
    /// asked for is dropped.
    pub fn take_memory(&mut self) -> Vec<u8> {
        self.forget_found();
        self.exchange_memory(vec![0; self.end.saturating_sub(self.start)])
    }

    /// Forgets what a connection that is over has left, and gives its memory back; no more than a read needs stays.
    #[cold]
    pub(crate) fn forget_connection(&mut self) {
        self.clear();
        self.shrink_to(self.read_len);
    }

    /// Reads to the front again: nothing is left. Gives memory back where a single long message needed it.
    #[inline]
    pub(super) fn rewind(&mut self) {
        let used = mem::take(&mut self.end);
        self.frame_end = self.frame_end.saturating_sub(used);
        (self.start, self.decoded, self.last_room) = (0, 0, 0);
        self.give_back(used);
    }

    /// Notes how much was used until nothing or little was left, once for a message, and gives memory back where that
    /// is worth nothing to what comes. What waits lies in front. Within a message nothing is given back: what follows
    /// may be as long.
    #[inline]
    fn give_back(&mut self, used: usize) {
        self.used = self.used.max(used);
        if self.used > 0 && self.joined.is_empty() {
            self.long.note(mem::take(&mut self.used));
            // What was left over may have come with more memory than it needs.
            let held = self.memory.capacity();
            if held > self.read_len && !self.long.keep(held) {
                self.truncate(self.read_len);
            }
        }
    }

    /// Gives memory back beyond so many bytes, and what waits, which lies in front.
    #[cold]
    fn truncate(&mut self, len: usize) {
        (self.room_end, self.last_room) = (self.end, 0);
        self.memory.truncate(len.max(self.end));
        self.memory.shrink_to_fit();
    }

    /// Moves what waits to the front where the room that it leaves is worth it, and grows where there is too little room.
    ///
    /// What is long grows to twice what waits, so that it grows with two thirds of it in use. Either way as much is moved,
    /// but for a small factor, as was taken or read since.
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
                // To grow moves it, too.
                self.move_to_front();
            }
            let double = if is_small { self.memory.len() } else { self.end }.saturating_mul(2);
            let least = self.read_len.max(self.end.saturating_add(LEAST_ROOM)).max(self.memory.len());
            let len = double.max(least);
            // A vector by itself would take twice what it has.
            self.memory.reserve_exact(len.saturating_sub(self.memory.len()));
            self.memory.resize(len, 0);
        }
    }

    /// Moves what waits to the front.
    fn move_to_front(&mut self) {
        self.memory.copy_within(self.start..self.end, 0);
        self.decoded = self.decoded.saturating_sub(self.start);
        self.end = self.end.saturating_sub(self.start);
        self.frame_end = self.frame_end.saturating_sub(self.start);
        (self.start, self.last_room) = (0, 0);
    }
}
