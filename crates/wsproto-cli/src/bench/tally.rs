//! What was counted: by all connections at once, with little waiting for each other.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hdrhistogram::Histogram;

/// So many histograms are there; connections share them.
const SHARDS: usize = 16;
/// The longest time that is told: a day. What is longer counts as that.
const LONGEST: u64 = 86_400_000_000_000;

/// Counts, and times in nanoseconds.
pub(super) struct Tally {
    shards: Vec<Mutex<Histogram<u64>>>,
    /// Answers that came.
    pub(super) answers: AtomicU64,
    /// Messages that were sent.
    pub(super) sent: AtomicU64,
}

impl Tally {
    pub(super) fn new() -> Self {
        let shards = (0..SHARDS).filter_map(|_| histogram()).map(Mutex::new).collect();
        Self { shards, answers: AtomicU64::new(0), sent: AtomicU64::new(0) }
    }

    /// Counts a time.
    pub(super) fn record(&self, connection: u32, time: Duration) {
        let shard = usize::try_from(connection).unwrap_or(0).checked_rem(self.shards.len());
        if let Some(shard) = shard.and_then(|index| self.shards.get(index)) {
            let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
            shard.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(nanos);
        }
    }

    /// Counts an answer.
    pub(super) fn answered(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    /// Puts all times together.
    pub(super) fn times(&self) -> Option<Histogram<u64>> {
        let mut all = histogram()?;
        for shard in &self.shards {
            all.add(&*shard.lock().unwrap_or_else(PoisonError::into_inner)).ok()?;
        }
        Some(all)
    }
}

/// Makes a histogram with three digits.
fn histogram() -> Option<Histogram<u64>> {
    Histogram::new_with_bounds(1, LONGEST, 3).ok()
}
