//! The calls of a connection: their goals, and the events that they take.

use std::{
    mem,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::coop,
};
use wsproto::{ConnectionState, Event, Message, RemoteProtocolError, Request};

use super::{Goal, Pump, Stage};
use crate::{Error, Replies, pool, trace::Trace};

impl<S> Pump<S> {
    /// Gives the next event of the buffer to `take`, borrowed, if there is an event.
    #[inline]
    fn hand_next<T>(&mut self, take: impl FnOnce(Event<'_>, &mut Replies<'_>) -> Option<T>) -> Option<T> {
        if !self.found && !self.receives() {
            return None;
        }
        self.buffer.as_ref()?;
        self.lend_output();
        let buffer = self.buffer.as_deref_mut()?;
        let event = if mem::take(&mut self.found) {
            Ok(buffer.event())
        } else {
            self.driver.receive_from(buffer, &mut self.clock)
        };
        let taken = match event {
            Ok(event) => {
                let event = event?;
                Trace::received(&self.driver, &event);
                take(event, &mut Replies::new(&mut self.driver, &mut self.clock))
            }
            Err(error) => {
                self.rule_broken(error);
                return None;
            }
        };
        self.release_empty();
        taken
    }

    /// Returns the next event of the buffer, owned, if there is one.
    #[inline]
    fn take_next(&mut self) -> Option<Event<'static>> {
        self.try_next().unwrap_or_else(|error| {
            self.rule_broken(error);
            None
        })
    }

    /// Returns the next event as [`take_next`](Self::take_next) does; the caller must record a rule that the peer
    /// broke.
    #[inline]
    fn try_next(&mut self) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        if !self.found && !self.receives() {
            return Ok(None);
        }
        // The last part of a rejection's body may come without further bytes.
        if self.buffer.is_none() && self.driver.connection().state() == ConnectionState::Rejecting {
            self.buffer = Some(pool::buffer());
        }
        let Some(buffer) = self.buffer.as_deref_mut() else { return Ok(None) };
        let event = if mem::take(&mut self.found) {
            buffer.take_event()
        } else {
            self.driver.receive_owned(buffer, &mut self.clock)?
        };
        if let Some(event) = &event {
            Trace::received(&self.driver, event);
        }
        self.release_empty();
        Ok(event)
    }

    /// Takes the next message of the buffer; other events are dropped.
    #[inline]
    fn take_message(&mut self) -> Option<Message> {
        loop {
            // A long message may be taken together with its memory. A short one is copied directly from the buffer: as
            // an owned event it would be moved several times.
            let is_long = self.buffer.as_deref().is_some_and(|buffer| buffer.waiting_len() > pool::READ_LEN);
            let message = if self.found || is_long {
                Message::try_from(self.take_next()?).ok()
            } else {
                self.hand_next(|event, _| Some(Message::try_from(event).ok()))?
            };
            if message.is_some() {
                return message;
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Pump<S> {
    /// Waits until `next` returns a value; `None` at the end.
    ///
    /// An event that needs no read uses up the task's budget, too, so that other tasks get their turns.
    #[inline]
    fn poll_next<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut next: impl FnMut(&mut Self) -> Option<T>,
    ) -> Poll<Result<Option<T>, Error>> {
        let turn = ready!(coop::poll_proceed(cx));
        loop {
            if let Some(taken) = next(self) {
                turn.made_progress();
                return Poll::Ready(Ok(Some(taken)));
            }
            if self.is_over() {
                turn.made_progress();
                return Poll::Ready(self.tell_error().map(|()| None));
            }
            ready!(self.poll(cx, Goal::Bytes));
        }
    }

    /// Waits for an event, and gives it to `take`.
    #[inline]
    pub(crate) fn poll_with<T>(
        &mut self,
        cx: &mut Context<'_>,
        take: &mut Option<impl FnOnce(Event<'_>, &mut Replies<'_>) -> T>,
    ) -> Poll<Result<Option<T>, Error>> {
        self.poll_next(cx, |pump| {
            pump.hand_next(|event, replies| take.take().map(|take| take(event, replies)))
        })
    }

    /// Waits for an event.
    #[inline]
    pub(crate) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Event<'static>>, Error>> {
        self.poll_next(cx, Self::take_next)
    }

    /// Waits for a client's request, or for the rule that it breaks: such a request has no answer yet.
    pub(crate) fn poll_request(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Result<Box<Request>, RemoteProtocolError>, Error>> {
        let next = |pump: &mut Self| match pump.try_next() {
            Ok(Some(Event::Request(request))) => Some(Ok(request)),
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        };
        self.poll_next(cx, next).map(|outcome| outcome?.ok_or(Error::Closed))
    }

    /// Waits for a message; other events are dropped.
    #[inline]
    pub(crate) fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Message>, Error>> {
        self.poll_next(cx, Self::take_message)
    }

    /// Waits until the unwritten bytes are at most the high-water mark, or until nothing can be written any more.
    pub(crate) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.has_room() { Poll::Ready(()) } else { self.poll(cx, Goal::Room) }
    }

    /// Waits until one more message may be queued.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let turn = ready!(coop::poll_proceed(cx));
        ready!(self.poll_room(cx));
        turn.made_progress();
        Poll::Ready(if self.stage == Stage::Running { Ok(()) } else { Err(self.send_error()) })
    }

    /// Waits until everything is written.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll(cx, Goal::Written));
        Poll::Ready(if self.driver.has_lost_output() { Err(self.send_error()) } else { Ok(()) })
    }

    /// Waits for the end; messages until then are dropped.
    pub(crate) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll(cx, Goal::End)
    }

    /// Waits for the end as a sender: an error names the reason of a bad end, even if receiving has reported it.
    pub(crate) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_end(cx));
        let is_well = self.failure().is_none() && !self.driver.has_lost_output();
        Poll::Ready(if is_well { Ok(()) } else { Err(self.send_error()) })
    }
}
