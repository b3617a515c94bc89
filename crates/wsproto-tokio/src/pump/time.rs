//! Deadlines of a connection.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::AsyncWrite,
    task::coop,
    time::{Instant, Sleep, sleep_until},
};
use wsproto::Deadline;

use super::Pump;
use crate::Error;

/// Reads the clock, and sleeps.
///
/// Its origin is the time of the first question, and stays until no stored time counts from it.
#[derive(Default)]
pub(crate) struct Clock(Option<Box<Running>>);

struct Running {
    origin: Instant,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Clock {
    /// Returns the time since the origin.
    pub(crate) fn now(&mut self) -> Duration {
        self.running().origin.elapsed()
    }

    fn running(&mut self) -> &mut Running {
        self.0.get_or_insert_with(|| Box::new(Running { origin: Instant::now(), sleep: None }))
    }

    /// Stops sleeping; forgets the origin unless stored times count from it.
    fn rest(&mut self, keeps_time: bool) {
        match &mut self.0 {
            Some(running) if keeps_time => running.sleep = None,
            clock => *clock = None,
        }
    }

    /// Sleeps until `next`. A timer that is too early is kept: most deadlines move several times before they pass.
    fn poll_sleep(&mut self, cx: &mut Context<'_>, next: Duration) -> Poll<()> {
        let running = self.running();
        // A time beyond the end of the clock is never due.
        let Some(at) = running.origin.checked_add(next) else { return Poll::Pending };
        let sleep = running.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if at < sleep.deadline() {
            sleep.as_mut().reset(at);
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if at <= Instant::now() {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(at);
        }
        Poll::Pending
    }
}

impl wsproto::Clock for &mut Clock {
    #[inline]
    fn now(self) -> Duration {
        Clock::now(self)
    }
}

impl<S: AsyncWrite + Unpin> Pump<S> {
    /// Handles what is due, and sets the timer for the next deadline. Ready if something was done.
    ///
    /// Call it after each read; the driver knows which delays aren't the peer's fault. A task with no budget left may
    /// not have been allowed to read: then nothing is due yet.
    pub(super) fn poll_time(&mut self, cx: &mut Context<'_>, has_read: bool) -> Poll<()> {
        let Some(mut next) = self.driver.poll_timeout() else {
            self.clock.rest(self.driver.keeps_time());
            return Poll::Pending;
        };
        let mut acted = Poll::Pending;
        let now = self.clock.now();
        if now >= next && (has_read || coop::has_budget_remaining()) {
            acted = Poll::Ready(());
            if let Some(deadline) = self.driver.handle_timeout(now) {
                self.expired(cx, deadline);
                return acted;
            }
            match self.driver.poll_timeout() {
                Some(at) => next = at,
                None => return acted,
            }
        }
        if has_read || acted.is_ready() { acted } else { self.clock.poll_sleep(cx, next) }
    }

    fn expired(&mut self, cx: &mut Context<'_>, deadline: Deadline) {
        // The Close that names the reason is written, if the transport takes it at once.
        let _ = self.poll_write(cx);
        if !self.driver.connection().closed_cleanly() {
            self.fail(Error::TimedOut(deadline));
        }
        self.cut(cx);
    }
}
