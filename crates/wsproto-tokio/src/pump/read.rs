//! Reads from the stream.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    task::coop,
};
use wsproto::Transport;

use super::{LONG_LEN, Pump, Stage};
use crate::pool;

impl<S: AsyncRead + Unpin> Pump<S> {
    /// Reads once; bytes that are no longer needed are dropped.
    ///
    /// Each read takes from the task's budget: not every stream does so by itself.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let turn = ready!(coop::poll_proceed(cx));
        let receives = self.receives();
        let mut buffer = match self.buffer.take() {
            None => pool::buffer(),
            Some(mut buffer) => {
                if buffer.capacity() < LONG_LEN {
                    pool::give_back_block(buffer.exchange_memory(pool::block()));
                }
                buffer
            }
        };
        let mut room = ReadBuf::new(buffer.room());
        let outcome = Pin::new(&mut self.io).poll_read(cx, &mut room);
        let len = room.filled().len();
        if let Poll::Ready(Ok(())) = outcome
            && len > 0
        {
            self.driver.filled(&mut buffer, len, &mut self.clock);
            if !receives {
                buffer.clear();
            }
        }
        self.buffer = Some(buffer);
        // A read without a result gives its share of the task's budget back, with one exception. If it was the last
        // share, the stream may not have been allowed to read; the code below and the checks of deadlines must see
        // that.
        if outcome.is_ready() || !coop::has_budget_remaining() {
            turn.made_progress();
        }
        match outcome {
            // If the task's budget is used up, the stream was not allowed to read, and `Pending` says nothing about the
            // peer.
            Poll::Pending
                if self.stage == Stage::WriteFailed
                    && self.driver.transport() == Transport::KeepOpen
                    && coop::has_budget_remaining() =>
            {
                // The peer's last bytes are read; no more can come.
                self.end();
                Poll::Ready(())
            }
            Poll::Pending => {
                if self.stage == Stage::WriteFailed && !coop::has_budget_remaining() {
                    // A stream that ignores the budget may have woken no task: look again in the next turn.
                    cx.waker().wake_by_ref();
                }
                Poll::Pending
            }
            Poll::Ready(Ok(())) if len > 0 => Poll::Ready(()),
            Poll::Ready(outcome) => {
                self.read_ended(outcome.err());
                Poll::Ready(())
            }
        }
    }

    /// Handles the end of the peer's stream.
    fn read_ended(&mut self, error: Option<io::Error>) {
        if let Err(error) = self.driver.read_ended(error, &mut self.clock) {
            self.fail(error);
        }
    }
}
