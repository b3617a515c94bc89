//! The queue of a driver: an idle one has none.

use alloc::boxed::Box;

use bytes::Bytes;

use crate::OutputQueue;

/// The queue of a driver that has queued nothing yet.
static NOTHING: OutputQueue = OutputQueue::new();

/// The bytes that wait to be written. It is made when bytes are queued, or lent by the program.
#[derive(Default)]
pub(super) struct Queue(Option<Box<OutputQueue>>);

impl Queue {
    #[inline]
    pub(super) const fn get(&self) -> &OutputQueue {
        match &self.0 {
            Some(queue) => queue,
            None => &NOTHING,
        }
    }

    #[inline]
    pub(super) const fn is_there(&self) -> bool {
        self.0.is_some()
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.0.as_deref().map_or(0, OutputQueue::len)
    }

    /// Returns the queue, and makes one if there is none.
    #[inline]
    pub(super) fn get_mut(&mut self) -> &mut OutputQueue {
        self.0.get_or_insert_default()
    }

    #[inline]
    pub(super) fn advance(&mut self, len: usize) {
        if let Some(queue) = &mut self.0 {
            queue.advance(len);
        }
    }

    pub(super) fn take_first(&mut self) -> Option<Bytes> {
        self.0.as_mut()?.take_first()
    }

    pub(super) fn clear(&mut self) {
        self.0 = None;
    }

    /// Uses an empty queue, unless bytes wait.
    #[inline]
    pub(super) fn lend(&mut self, queue: Box<OutputQueue>) {
        if self.is_empty() && queue.is_empty() {
            self.0 = Some(queue);
        }
    }

    /// Takes the queue out, unless bytes wait.
    #[inline]
    pub(super) fn take(&mut self) -> Option<Box<OutputQueue>> {
        if self.is_empty() { self.0.take() } else { None }
    }
}
