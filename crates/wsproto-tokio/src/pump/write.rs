//! Writes to the stream.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::AsyncWrite;

use super::{Pump, Stage};
use crate::Error;

/// How many pieces are written at a time.
const SLICES: usize = 16;

impl<S: AsyncWrite + Unpin> Pump<S> {
    /// Writes all queued bytes; ready when all of them are written and flushed, or when writing has failed.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.stage != Stage::Running {
            return Poll::Ready(());
        }
        match self.poll_write_all(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) => Poll::Ready(()),
            Poll::Ready(Err(error)) => {
                self.write_failed(error);
                Poll::Ready(())
            }
        }
    }

    fn poll_write_all(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.driver.queued() > 0 {
            let output = self.driver.output();
            let first = output.first();
            let io = Pin::new(&mut self.io);
            let len = if first.len() < output.len() && io.is_write_vectored() {
                let mut slices = [IoSlice::new(&[]); SLICES];
                let count = output.slices(&mut slices);
                ready!(io.poll_write_vectored(cx, slices.get(..count).unwrap_or_default()))?
            } else {
                ready!(io.poll_write(cx, first))?
            };
            if len == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.driver.buffered(len, &mut self.clock);
        }
        if self.driver.has_output() {
            match Pin::new(&mut self.io).poll_flush(cx) {
                Poll::Ready(outcome) => outcome?,
                Poll::Pending => {
                    self.driver.flush_blocked(&mut self.clock);
                    return Poll::Pending;
                }
            }
            self.driver.flushed(&mut self.clock);
        }
        Poll::Ready(Ok(()))
    }

    /// Shuts writing down, once.
    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_shut_down || self.stage != Stage::Running {
            return Poll::Ready(());
        }
        if let Err(error) = ready!(Pin::new(&mut self.io).poll_shutdown(cx)) {
            self.write_failed(error);
        }
        self.is_shut_down = true;
        self.driver.write_ended();
        Poll::Ready(())
    }

    /// Records that nothing more can be written. After both Closes this is no error.
    fn write_failed(&mut self, error: io::Error) {
        self.stage = Stage::WriteFailed;
        if self.driver.write_failed(&mut self.clock) {
            self.fail(Error::Io(error));
        }
    }
}
