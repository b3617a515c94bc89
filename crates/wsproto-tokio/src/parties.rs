//! Those who wait for one connection: each is woken, whoever of them polled last.

use std::{
    ops::DerefMut,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker},
    time::Duration,
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
///
/// What a waker does when it is woken or dropped is the program's: no lock is held then.
#[derive(Default)]
struct Waiting(Mutex<[Option<Waker>; 3]>);

/// All who wait, and the waker that the stream and the timer get.
pub(crate) struct Parties {
    waiting: Arc<Waiting>,
    waker: Waker,
}

impl Waiting {
    fn all(&self) -> MutexGuard<'_, [Option<Waker>; 3]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the task woken with the others; its waker is only cloned if it is another one.
    fn enter(&self, party: Party, waker: &Waker) {
        let mut all = self.all();
        let mut before = None;
        if let Some(entry) = all.get_mut(party as usize)
            && !entry.as_ref().is_some_and(|known| known.will_wake(waker))
        {
            before = entry.replace(waker.clone());
        }
        drop(all);
        drop(before);
    }

    fn leave(&self, party: Party) {
        let mut all = self.all();
        let left = all.get_mut(party as usize).and_then(Option::take);
        drop(all);
        drop(left);
    }

    fn has_others(&self, party: Option<Party>) -> bool {
        let own = party.map(|party| party as usize);
        self.all().iter().enumerate().any(|(place, entry)| entry.is_some() && Some(place) != own)
    }

    fn wake_others(&self, party: Option<Party>) {
        let mut all = self.all();
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

/// Wakes the others when it is dropped, unless nothing has changed for them: so also where a program's code panics.
struct WakeOthers<'a> {
    waiting: &'a Waiting,
    party: Option<Party>,
    is_due: bool,
}

impl Drop for WakeOthers<'_> {
    fn drop(&mut self) {
        if self.is_due {
            self.waiting.wake_others(self.party);
        }
    }
}

impl Default for Parties {
    fn default() -> Self {
        let waiting = Arc::<Waiting>::default();
        Self { waker: Waker::from(Arc::clone(&waiting)), waiting }
    }
}

impl Parties {
    /// Polls for one of several who wait, and wakes the others where it made progress for them.
    pub(crate) fn poll<S, T, P: DerefMut<Target = Pump<S>>>(
        &self,
        party: Party,
        cx: &mut Context<'_>,
        lock: impl FnOnce() -> P,
        poll: impl FnOnce(&mut Pump<S>, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.waiting.enter(party, cx.waker());
        let outcome =
            self.change(Some(party), lock, |pump| poll(pump, &mut Context::from_waker(&self.waker)));
        if outcome.is_ready() {
            self.waiting.leave(party);
        }
        outcome
    }

    /// Does something at once, and wakes those who wait where it made progress for them.
    pub(crate) fn act<S, T, P: DerefMut<Target = Pump<S>>>(
        &self,
        lock: impl FnOnce() -> P,
        action: impl FnOnce(&mut Pump<S>) -> T,
    ) -> T {
        self.change(None, lock, action)
    }

    #[inline]
    fn change<S, T, P: DerefMut<Target = Pump<S>>>(
        &self,
        party: Option<Party>,
        lock: impl FnOnce() -> P,
        action: impl FnOnce(&mut Pump<S>) -> T,
    ) -> T {
        let mut others = WakeOthers { waiting: &self.waiting, party, is_due: true };
        let mut pump = lock();
        // Whoever comes to wait from now on waits for the lock first, and sees what is done here.
        let before = self.waiting.has_others(party).then(|| pump.seen());
        let outcome = action(&mut pump);
        others.is_due = before.is_some_and(|before| pump.seen().tells_news(before));
        drop(pump);
        outcome
    }
}

/// What the others wait for; where it has changed, they are woken.
#[derive(Clone, Copy, Eq, PartialEq)]
struct Seen {
    found: bool,
    queued: bool,
    above_mark: bool,
    stage: Stage,
    transport: Transport,
    /// When something is due.
    due: Option<Duration>,
}

impl Seen {
    /// Tells whether there is anything to wake others for. Of times, only an earlier one is: whoever waits has a timer
    /// for a later one.
    #[inline]
    fn tells_news(self, before: Self) -> bool {
        let is_due_earlier = self.due.is_some_and(|at| before.due.is_none_or(|known| at < known));
        is_due_earlier || Self { due: before.due, ..self } != before
    }
}

impl<S> Pump<S> {
    #[inline]
    fn seen(&self) -> Seen {
        Seen {
            found: self.found,
            queued: self.has_output(),
            above_mark: self.driver.queued() > self.high_water,
            stage: self.stage,
            transport: self.driver.transport(),
            due: self.driver.poll_timeout(),
        }
    }
}
