//! What waits to be shown to a page: records as JSON, in bounded memory.

use std::{
    collections::VecDeque,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

/// From so many bytes on, an echo waits before it reads on: so that nothing is left out.
const ENOUGH: usize = 1 << 20;
/// Beyond so many bytes, records are left out: those of one message that has very many frames, say.
const MOST: usize = 8 << 20;
/// What one message to the page has, about.
const BATCH: usize = 64 << 10;

/// Records that wait to be shown.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    came: Notify,
    went: Notify,
}

#[derive(Default)]
struct Waiting {
    records: VecDeque<String>,
    bytes: usize,
    /// How many were left out since the last one that waits.
    dropped: u64,
    /// Nobody looks any more.
    closed: bool,
}

impl Queue {
    /// Appends a record, an object in JSON.
    pub(super) fn push(&self, record: String) {
        let mut waiting = self.lock();
        if waiting.closed {
            return;
        }
        let bytes = waiting.bytes.saturating_add(record.len());
        // After the first one that is left out, none is taken until the page is told.
        if bytes > MOST || waiting.dropped > 0 {
            waiting.dropped = waiting.dropped.saturating_add(1);
        } else {
            waiting.bytes = bytes;
            waiting.records.push_back(record);
        }
        drop(waiting);
        self.came.notify_one();
    }

    /// Waits for records, and takes some of them: an array in JSON.
    pub(super) async fn batch(&self) -> String {
        loop {
            if let Some(batch) = self.take() {
                self.went.notify_waiters();
                return batch;
            }
            self.came.notified().await;
        }
    }

    /// Waits until there is room for more.
    pub(super) async fn room(&self) {
        loop {
            let went = self.went.notified();
            tokio::pin!(went);
            went.as_mut().enable();
            if self.lock().bytes <= ENOUGH {
                return;
            }
            went.await;
        }
    }

    /// Forgets all records, and takes no more.
    pub(super) fn close(&self) {
        *self.lock() = Waiting { closed: true, ..Waiting::default() };
        self.went.notify_waiters();
    }

    fn take(&self) -> Option<String> {
        let mut waiting = self.lock();
        let mut batch = String::from("[");
        while batch.len() < BATCH
            && let Some(record) = waiting.records.pop_front()
        {
            waiting.bytes = waiting.bytes.saturating_sub(record.len());
            add(&mut batch, &record);
        }
        if waiting.records.is_empty() && waiting.dropped > 0 {
            let dropped = mem::take(&mut waiting.dropped);
            add(&mut batch, &format!(r#"{{"kind":"dropped","records":{dropped}}}"#));
        }
        batch.push(']');
        (batch.len() > 2).then_some(batch)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(batch: &mut String, record: &str) {
    if batch.len() > 1 {
        batch.push(',');
    }
    batch.push_str(record);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_what_is_left_out_is_told_in_its_place() {
        let queue = Queue::default();
        let record = format!("\"{}\"", "x".repeat((64 << 10) - 2));
        for _ in 0..200 {
            queue.push(record.clone());
        }
        assert!(queue.lock().bytes <= MOST);
        let mut batches: Vec<String> = std::iter::from_fn(|| queue.take()).collect();
        assert_eq!(batches.len(), 128);
        assert!(batches.pop().unwrap().ends_with(r#",{"kind":"dropped","records":72}]"#));
        queue.push("1".into());
        queue.push("2".into());
        assert_eq!(queue.take().as_deref(), Some("[1,2]"));
        assert_eq!(queue.take(), None);
    }

    #[tokio::test]
    async fn room_comes_with_what_is_taken() {
        let queue = Queue::default();
        queue.room().await;
        queue.push("x".repeat(ENOUGH + 1));
        tokio::select! {
            biased;
            () = queue.room() => panic!("no room yet"),
            batch = queue.batch() => assert_eq!(batch.len(), ENOUGH + 3),
        }
        queue.room().await;
    }

    #[tokio::test]
    async fn a_closed_one_keeps_nothing_and_holds_nobody_up() {
        let queue = Queue::default();
        queue.push("x".repeat(ENOUGH + 1));
        queue.close();
        queue.room().await;
        queue.push("1".into());
        assert_eq!(queue.take(), None);
    }
}
