//! Reading.

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
    /// Reads once; what isn't looked at any more is dropped.
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
        // What a read without result took of the turn is given back; where it was the last, the stream was perhaps not
        // allowed to read, and that has to be seen below and by those who judge by time.
        if outcome.is_ready() || !coop::has_budget_remaining() {
            turn.made_progress();
        }
        match outcome {
            // A stream that was not allowed to read, for the task has used up its turn, tells nothing of the peer.
            Poll::Pending
                if self.stage == Stage::WriteFailed
                    && self.driver.transport() == Transport::KeepOpen
                    && coop::has_budget_remaining() =>
            {
                // What the peer said last is taken; nothing more can be expected of it.
                self.end();
                Poll::Ready(())
            }
            Poll::Pending => {
                if self.stage == Stage::WriteFailed && !coop::has_budget_remaining() {
                    // Perhaps the stream doesn't know of turns, and has waked nobody: look again in the next one.
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

    /// Takes the end of what the peer sends.
    fn read_ended(&mut self, error: Option<io::Error>) {
        if let Err(error) = self.driver.read_ended(error, &mut self.clock) {
            self.fail(error);
        }
    }
}
