//! Those who wait for one connection: each is woken, whoever of them polled last.

use std::{
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

use wsproto::Transport;

use crate::pump::{Pump, Stage};

/// One who polls a connection. There may be one of each at a time, each in a task of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Party {
    Receiver,
    Sender,
    Shutdown,
}

/// Wakes all who wait.
///
/// A stream remembers one waker for reading and one for writing. Where several tasks poll it, each for what it wants,
/// those would be the wakers of whoever came last, and the others would sleep for ever. TLS may need to write in order to
/// read, so that it can't be told either who of them can go on: all are woken.
#[derive(Default)]
struct Waiting(Mutex<[Option<Waker>; 3]>);

/// All who wait, and the waker that the stream and the timer get.
pub(crate) struct Parties {
    waiting: Arc<Waiting>,
    waker: Waker,
}

impl Waiting {
    /// Has the task woken with the others; its waker is only cloned if it is another one.
    fn enter(&self, party: Party, waker: &Waker) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = all.get_mut(party as usize)
            && !entry.as_ref().is_some_and(|known| known.will_wake(waker))
        {
            *entry = Some(waker.clone());
        }
    }

    fn leave(&self, party: Party) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = all.get_mut(party as usize).and_then(Option::take);
        // What a waker does when it is dropped is not for under the lock.
        drop(all);
        drop(left);
    }

    fn wake_others(&self, party: Option<Party>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = std::mem::take(&mut *all);
        if let Some(party) = party
            && let (Some(own), Some(entry)) = (taken.get_mut(party as usize), all.get_mut(party as usize))
        {
            *entry = own.take();
        }
        drop(all);
        taken.into_iter().flatten().for_each(Waker::wake);
    }
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.wake_others(None);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_others(None);
    }
}

impl Parties {
    pub(crate) fn new() -> Self {
        let waiting = Arc::<Waiting>::default();
        Self { waker: Waker::from(Arc::clone(&waiting)), waiting }
    }
}

/// What the others wait for; where it has changed, they are woken.
#[derive(Eq, PartialEq)]
struct Seen {
    found: bool,
    queued: bool,
    above_mark: bool,
    stage: Stage,
    transport: Transport,
}

impl<S> Pump<S> {
    fn seen(&self) -> Seen {
        Seen {
            found: self.found,
            queued: self.has_output(),
            above_mark: self.driver.queued() > self.high_water,
            stage: self.stage,
            transport: self.driver.transport(),
        }
    }

    /// Polls for one of several who wait, and wakes the others where it made progress for them.
    pub(crate) fn poll_for<T>(
        &mut self,
        party: Party,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Self, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let parties = self.parties.take().unwrap_or_else(|| Box::new(Parties::new()));
        parties.waiting.enter(party, cx.waker());
        let before = self.seen();
        let outcome = poll(self, &mut Context::from_waker(&parties.waker));
        if outcome.is_ready() {
            parties.waiting.leave(party);
        }
        if self.seen() != before {
            parties.waiting.wake_others(Some(party));
        }
        self.parties = Some(parties);
        outcome
    }

    /// Does something at once, and wakes those who wait where it made progress for them.
    pub(crate) fn act<T>(&mut self, action: impl FnOnce(&mut Self) -> T) -> T {
        if self.parties.is_none() {
            return action(self);
        }
        let before = self.seen();
        let outcome = action(self);
        if let Some(parties) = &self.parties
            && self.seen() != before
        {
            parties.waiting.wake_others(None);
        }
        outcome
    }
}
