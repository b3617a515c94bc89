//! A message that doesn't lie where it was read: joined from fragments or from pieces of a text, or made by extensions.

use alloc::{string::String, vec::Vec};

use crate::memory::LastLong;

/// The parts of a message, joined. The memory stays for the next message, except for that of a single long one.
pub(crate) struct Joined {
    /// A text, up to the last joined part.
    pub(crate) text: String,
    /// A binary message, up to the last joined part. For a text, the last output of the extensions.
    pub(crate) bytes: Vec<u8>,
    long: LastLong,
}

impl Joined {
    pub(crate) const fn new() -> Self {
        Self { text: String::new(), bytes: Vec::new(), long: LastLong::new() }
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.text.is_empty() && self.bytes.is_empty()
    }

    pub(crate) const fn len(&self) -> usize {
        self.text.len().saturating_add(self.bytes.len())
    }

    /// Drops the message, and frees its memory if later messages don't need as much.
    pub(crate) fn clear(&mut self) {
        self.long.note(self.text.len().max(self.bytes.len()));
        self.text.clear();
        self.bytes.clear();
        if !self.long.keep(self.text.capacity()) {
            self.text = String::new();
        }
        if !self.long.keep(self.bytes.capacity()) {
            self.bytes = Vec::new();
        }
    }

    /// Returns how many bytes of memory it holds.
    pub(crate) const fn capacity(&self) -> usize {
        self.text.capacity().saturating_add(self.bytes.capacity())
    }

    /// Frees memory that the message under way doesn't need.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.text.shrink_to_fit();
        self.bytes.shrink_to_fit();
    }
}
