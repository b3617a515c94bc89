//! How much memory the buffer has: it grows with what is live, and is given back.

use core::mem;

use super::{FIRST_LEN, LEAST_ROOM, MessageBuffer, SMALL_LEN};

impl MessageBuffer {
    /// Forgets what waits here and keeps the memory, for a connection that is over: by an error, or at the end of its
    /// stream.
    pub fn clear(&mut self) {
        self.made.clear();
        let used = self.unread.end;
        let (bytes, made, long) = (mem::take(&mut self.bytes), mem::take(&mut self.made), self.long);
        *self = Self { bytes, made, long, ..Self::new() };
        self.give_back(used);
    }

    /// Returns how many bytes of memory are held: for what waits, and for what will be read.
    #[must_use]
    pub fn capacity(&self) -> usize {
        let elsewhere = self.made.capacity().saturating_add(self.parts.capacity());
        self.bytes.capacity().saturating_add(elsewhere)
    }

    /// Gives memory back, so that at most `capacity` bytes are held, or what waits where that is more. The next
    /// [`room`](Self::room) takes what it needs.
    ///
    /// ```
    /// use wsproto::MessageBuffer;
    ///
    /// let mut buffer = MessageBuffer::new();
    /// let room = buffer.room().len();
    /// assert!(buffer.capacity() >= room);
    /// buffer.shrink_to(0);
    /// assert_eq!(buffer.capacity(), 0);
    /// ```
    pub fn shrink_to(&mut self, capacity: usize) {
        self.forget_given();
        if self.capacity() <= capacity {
            return;
        }
        self.made.shrink_to(0);
        self.parts.shrink_to(0);
        self.move_to_front();
        let elsewhere = self.made.capacity().saturating_add(self.parts.capacity());
        self.truncate(capacity.saturating_sub(elsewhere));
        (self.room_end, self.last_room) = (self.bytes.len(), 0);
    }

    /// Notes how much was used until nothing or little was left, and gives memory back where that is worth nothing to
    /// what comes. What is live lies in front.
    pub(super) fn give_back(&mut self, used: usize) {
        if used > 0 {
            self.long.note(used);
            if !self.long.keep(self.bytes.len()) {
                self.truncate(self.read_len());
            }
        }
    }

    /// Gives memory back beyond so many bytes, and what is live, which lies in front.
    fn truncate(&mut self, len: usize) {
        self.bytes.truncate(len.max(self.unread.end));
        self.bytes.shrink_to_fit();
    }

    /// Forgets what a connection that is over has left, and gives its memory back; no more than a read needs stays.
    #[cold]
    pub(crate) fn end(&mut self) {
        self.clear();
        self.shrink_to(FIRST_LEN);
    }

    /// Tells whether little is live and far from the front, where the nearest cache has the bytes.
    #[inline]
    pub(super) fn is_far(&self) -> bool {
        let live = self.live();
        live <= LEAST_ROOM && self.unread.end.saturating_sub(live) >= FIRST_LEN
    }

    /// Returns how many bytes are kept: of the message under way, and unread.
    #[inline]
    pub(super) fn live(&self) -> usize {
        self.message.len().saturating_add(self.unread.len())
    }

    /// Moves what is live to the front where the room that it leaves is worth it, and grows otherwise: either way, at
    /// most two bytes are moved for each that was taken or read. It grows to be long only where two thirds are live.
    #[cold]
    pub(super) fn make_room(&mut self) {
        let live = self.live();
        let dead = self.unread.end.saturating_sub(live);
        let worth_moving = if self.bytes.len() < SMALL_LEN { live.saturating_mul(4) } else { live / 2 };
        if dead < worth_moving.max(LEAST_ROOM) {
            let len = self.bytes.len().saturating_mul(2).max(FIRST_LEN);
            self.bytes.resize(len, 0);
            return;
        }
        let used = self.unread.end;
        self.move_to_front();
        if live <= LEAST_ROOM {
            self.give_back(used);
        }
    }

    /// Moves what is live to the front.
    fn move_to_front(&mut self) {
        let live = self.live();
        let dead = self.unread.end.saturating_sub(live);
        self.wait.end();
        self.awaited_end = self.awaited_end.saturating_sub(dead);
        self.bytes.copy_within(self.message.clone(), 0);
        self.message = 0..self.message.len();
        self.bytes.copy_within(self.unread.clone(), self.message.end);
        self.unread = self.message.end..live;
    }
}
