//! Deadlines.

use std::{
    future::Future,
    task::{Context, Poll},
};

use tokio::{
    io::AsyncWrite,
    task::coop,
    time::{Instant, sleep_until},
};
use wsproto::Deadline;

use super::Pump;
use crate::Error;

impl<S: AsyncWrite + Unpin> Pump<S> {
    /// Does what is due, and has the task woken when the next thing is. Ready where something was done.
    ///
    /// It is called after a read was tried, so that a program that was busy doesn't hold its own delay against the peer.
    /// A task that has used up its turn may not have been allowed to read: then nothing is due yet.
    pub(super) fn poll_time(&mut self, cx: &mut Context<'_>, has_read: bool) -> Poll<()> {
        let (Some(origin), Some(mut next)) = (self.origin, self.driver.poll_timeout()) else {
            self.sleep = None;
            return Poll::Pending;
        };
        let mut acted = Poll::Pending;
        let now = self.now();
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
        if has_read || acted.is_ready() {
            return acted;
        }
        // What lies beyond the end of time is never due.
        let Some(at) = origin.checked_add(next) else { return acted };
        self.poll_sleep(cx, at)
    }

    /// A timer that is set too early is left alone: most deadlines are put off time and again before they pass.
    fn poll_sleep(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
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

    fn expired(&mut self, cx: &mut Context<'_>, deadline: Deadline) {
        // What says why is written if the transport takes it at once.
        let _ = self.poll_write(cx);
        if !self.driver.connection().closed_cleanly() {
            self.fail(Error::TimedOut(deadline));
        }
        self.end();
    }
}
