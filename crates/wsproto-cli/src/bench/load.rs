//! One connection: opens, waits for the start, sends and receives, closes.

use std::{
    collections::VecDeque,
    future,
    pin::pin,
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use tokio::{
    sync::{Notify, mpsc, watch},
    time::{Instant as Deadline, sleep_until},
};
use wsproto::{CloseCode, RemoteProtocolError};
use wsproto_tokio::{Error, MaybeTls, WebSocket};

use super::{
    pace::Schedule,
    plan::Plan,
    run::{DRAIN, Go, Told},
    tally::Tally,
};
use crate::client::{self, Heard};

/// What a connection goes over.
pub(super) type Stream = Heard<MaybeTls>;

/// A connection, and what it shares with all.
pub(super) struct Load {
    pub(super) index: u32,
    pub(super) plan: Arc<Plan>,
    pub(super) tally: Arc<Tally>,
    pub(super) go: watch::Receiver<Option<Go>>,
    /// Whether all are to stop at once.
    pub(super) stop: watch::Receiver<bool>,
    pub(super) told: mpsc::UnboundedSender<Told>,
    /// Wakes it when a message is due.
    pub(super) due: Arc<Notify>,
}

/// How a connection that was open ended.
#[derive(Debug)]
pub(super) enum End {
    /// It did its work.
    Done {
        /// Messages that were sent, and not answered until the end.
        unanswered: u64,
        /// Messages that were due, and not sent.
        unsent: u64,
    },
    /// An answer was wrong.
    Wrong,
    /// It ended before the start.
    Early(String),
    /// It ended too early.
    Lost {
        why: String,
        /// Messages that were sent and will have no answer.
        unanswered: u64,
        /// Messages that would have been due until the end.
        unsent: u64,
    },
    /// It was told to stop before the start.
    Stopped,
}

/// What is under way on a connection.
struct State {
    /// When each message that has no answer yet was sent or, at a rate, was due; the oldest first.
    under_way: VecDeque<Instant>,
    sent: u64,
    answered: u64,
    buffer: Vec<u8>,
    schedule: Option<Schedule>,
    go: Go,
}

impl Load {
    /// Runs from the first byte to the last.
    pub(super) async fn run(self, ws: WebSocket<Stream>) {
        let end = self.work(ws).await;
        drop(self.told.send(Told::Ended { index: self.index, end }));
    }

    async fn work(&self, mut ws: WebSocket<Stream>) -> End {
        let end = match self.wait(&mut ws).await {
            Ok(go) => self.measure(&mut ws, &mut self.state(go)).await,
            Err(end) => end,
        };
        if !matches!(end, End::Lost { .. } | End::Early(_)) {
            let code = if *self.stop.borrow() { CloseCode::GOING_AWAY } else { CloseCode::NORMAL };
            drop(ws.close(code, "").await);
        }
        end
    }

    fn state(&self, go: Go) -> State {
        State {
            under_way: VecDeque::new(),
            sent: 0,
            answered: 0,
            buffer: self.plan.echo.buffer(),
            schedule: go.schedule(self.index),
            go,
        }
    }

    /// Waits for the start; Pings are answered meanwhile.
    async fn wait(&self, ws: &mut WebSocket<Stream>) -> Result<Go, End> {
        let mut go = self.go.clone();
        let mut stopping = pin!(stopped(self.stop.clone()));
        loop {
            tokio::select! {
                started = go.wait_for(Option::is_some) => {
                    return started.ok().and_then(|go| go.clone()).ok_or(End::Stopped);
                }
                () = &mut stopping => return Err(End::Stopped),
                came = ws.recv() => match came {
                    // What it says without being asked is of no concern.
                    Ok(Some(_)) => {}
                    Ok(None) => return Err(End::Early(client::ending(&ws.close_report()))),
                    Err(error) => return Err(End::Early(why(&error))),
                },
            }
        }
    }

    async fn measure(&self, ws: &mut WebSocket<Stream>, state: &mut State) -> End {
        let end = state.go.end;
        let last = end.checked_add(DRAIN).unwrap_or(end);
        let mut ending = pin!(sleep_until(Deadline::from_std(end)));
        let mut giving_up = pin!(sleep_until(Deadline::from_std(last)));
        let mut stopping = pin!(stopped(self.stop.clone()));
        loop {
            if let Err(error) = self.send(ws, state).await {
                return state.lost(why(&error));
            }
            let is_over = Instant::now() >= end;
            if is_over && state.under_way.is_empty() {
                return self.finish(state);
            }
            tokio::select! {
                biased;
                outcome = self.receive(ws, state) => match outcome {
                    Ok(true) => {}
                    Ok(false) => return End::Wrong,
                    Err(why) => return state.lost(why),
                },
                () = self.due.notified(), if !is_over => {}
                () = &mut ending, if !is_over => {}
                () = &mut giving_up => return self.finish(state),
                () = &mut stopping => return self.finish(state),
            }
        }
    }

    /// Sends what may be sent: up to the window, and at a rate what is due.
    async fn send(&self, ws: &mut WebSocket<Stream>, state: &mut State) -> Result<(), Error> {
        while state.under_way.len() < self.plan.window {
            let now = Instant::now();
            let from = match &state.schedule {
                None => Some(now),
                Some(schedule) => schedule.due(state.sent).filter(|due| *due <= now),
            };
            let Some(from) = from.filter(|from| *from < state.go.end && now < state.go.end) else { break };
            ws.feed_event(self.plan.echo.message(state.sent, &mut state.buffer)).await?;
            state.under_way.push_back(from);
            state.sent = state.sent.saturating_add(1);
            self.tally.sent.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Waits for an event; returns whether it was right.
    async fn receive(&self, ws: &mut WebSocket<Stream>, state: &mut State) -> Result<bool, String> {
        let number = state.answered;
        let judged = ws.recv_with(|event, _| self.plan.echo.judge(&event, number)).await;
        match judged {
            Ok(Some(None)) => Ok(true),
            Ok(Some(Some(is_right))) => {
                let Some(from) = state.under_way.pop_front() else { return Ok(false) };
                state.answered = state.answered.saturating_add(1);
                let now = Instant::now();
                self.tally.record(self.index, now.saturating_duration_since(from));
                if now < state.go.end {
                    self.tally.answered();
                }
                Ok(is_right)
            }
            Ok(None) => Err(client::ending(&ws.close_report())),
            // An answer that is longer than any right one.
            Err(Error::Remote(error)) if client::limit(&error).is_some() => Ok(false),
            Err(error) => Err(why(&error)),
        }
    }

    /// Counts what had no answer, with the time that it has waited already: to leave it out would hide a stall.
    fn finish(&self, state: &State) -> End {
        let now = Instant::now();
        let end = state.go.end.min(now);
        for from in &state.under_way {
            self.tally.record(self.index, now.saturating_duration_since(*from));
        }
        let mut unsent = 0_u64;
        if let Some(schedule) = &state.schedule {
            while let Some(due) = schedule.due(state.sent.saturating_add(unsent)).filter(|due| *due < end) {
                self.tally.record(self.index, now.saturating_duration_since(due));
                unsent = unsent.saturating_add(1);
            }
        }
        End::Done { unanswered: state.unanswered(), unsent }
    }
}

impl State {
    fn unanswered(&self) -> u64 {
        u64::try_from(self.under_way.len()).unwrap_or(u64::MAX)
    }

    /// Counts what has no answer and never will: how long it would have taken, nobody knows.
    fn lost(&self, why: String) -> End {
        let until = |schedule: &Schedule| schedule.due_before(self.go.end).saturating_sub(self.sent);
        let unsent = self.schedule.as_ref().map_or(0, until);
        End::Lost { why, unanswered: self.unanswered(), unsent }
    }
}

/// Waits until all are to stop at once.
async fn stopped(mut stop: watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        future::pending::<()>().await;
    }
}

fn why(error: &Error) -> String {
    match error {
        Error::Remote(RemoteProtocolError::EndOfStream { .. }) => client::WITHOUT_CLOSE.into(),
        error => crate::visible::escape(&error.to_string(), 200),
    }
}
