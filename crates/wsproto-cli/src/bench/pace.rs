//! Keeps a rate: wakes each connection when its next message is due.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::Notify;

/// When messages of a connection are due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    pub(super) start: Instant,
    /// The messages of all connections are due one after the other, so long apart, in nanoseconds.
    pub(super) gap: f64,
    /// The connections take turns.
    pub(super) turns: u32,
    /// The turn of this one.
    pub(super) turn: u32,
}

impl Schedule {
    /// Returns when the message with this number is due, from 0; `None` beyond all times.
    pub(super) fn due(&self, number: u64) -> Option<Instant> {
        let place = number.checked_mul(self.turns.into())?.checked_add(self.turn.into())?;
        #[expect(clippy::cast_precision_loss, reason = "a rate is kept to 1e-15 of the time that has passed")]
        let nanos = place as f64 * self.gap;
        self.start.checked_add(Duration::try_from_secs_f64(nanos / 1e9).ok()?)
    }

    /// Returns how many messages are due before a moment.
    pub(super) fn due_before(&self, end: Instant) -> u64 {
        let is_before = |number: u64| self.due(number).is_some_and(|due| due < end);
        // Twice as many each time, and then the exact number between.
        let (mut low, mut high) = (0_u64, 1_u64);
        while is_before(high.saturating_sub(1)) {
            (low, high) = (high, high.saturating_mul(2));
        }
        while low < high {
            let middle = low.midpoint(high);
            if is_before(middle) { low = middle.saturating_add(1) } else { high = middle }
        }
        low
    }
}

/// Wakes the connections in turn, until `stop`. The timers of tokio have milliseconds; a thread sleeps more exactly.
pub(super) fn wake(schedule: Schedule, connections: &[Arc<Notify>], stop: &AtomicBool) {
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        for (turn, connection) in (0_u32..).zip(connections) {
            let Some(due) = (Schedule { turn, ..schedule }).due(number) else { return };
            loop {
                let wait = due.saturating_duration_since(Instant::now());
                if wait.is_zero() {
                    break;
                }
                // Not so long that the end isn't noticed.
                thread::sleep(wait.min(Duration::from_millis(50)));
                if stop.load(Ordering::Relaxed) {
                    return;
                }
            }
            connection.notify_one();
        }
        number = number.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_take_turns() {
        let start = Instant::now();
        let schedule = |turn| Schedule { start, gap: 1e9 / 1000.0, turns: 3, turn };
        let due = |turn, number| schedule(turn).due(number).unwrap().duration_since(start).as_millis();
        let all: Vec<_> = (0..2).flat_map(|number| (0..3).map(move |turn| (turn, number))).collect();
        let times: Vec<_> = all.into_iter().map(|(turn, number)| due(turn, number)).collect();
        assert_eq!(times, [0, 1, 2, 3, 4, 5]);
        assert_eq!(due(1, 1_000_000), 3_000_001);
        assert_eq!(schedule(0).due(u64::MAX), None);
        for millis in [0, 1, 2, 3, 4, 5, 6, 7, 3000, 3001, 3002] {
            let end = start + Duration::from_millis(millis);
            let all: u64 = (0..3).map(|turn| schedule(turn).due_before(end)).sum();
            assert_eq!(all, millis, "one each millisecond");
        }
    }
}
