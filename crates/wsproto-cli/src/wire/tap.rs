//! A stream that reports its bytes as they pass.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Instant,
};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Chunk, Sender, Tapped};

/// A stream that reports the bytes that pass to `see`, in their order.
pub(crate) struct Tap<S, F> {
    stream: S,
    /// The end that reads and writes here.
    side: Sender,
    began: Instant,
    see: F,
    /// Whether the ends of reading and of writing were reported.
    ended: [bool; 2],
}

impl<S, F: FnMut(Tapped)> Tap<S, F> {
    /// Taps the stream of the end that `side` names. The connection began at `began`.
    pub(crate) const fn new(stream: S, side: Sender, began: Instant, see: F) -> Self {
        Self { stream, side, began, see, ended: [false; 2] }
    }

    fn passed(&mut self, from: Sender, bytes: &[u8]) {
        if !bytes.is_empty() {
            let bytes = Bytes::copy_from_slice(bytes);
            (self.see)(Tapped::Bytes(Chunk { at: self.began.elapsed(), from, bytes }));
        }
    }

    /// Reports the end of a direction, once.
    fn end(&mut self, from: Sender) {
        let [read, written] = &mut self.ended;
        let told = if from == self.side { written } else { read };
        if !std::mem::replace(told, true) {
            (self.see)(Tapped::End { at: self.began.elapsed(), from });
        }
    }
}

impl<S: AsyncRead + Unpin, F: FnMut(Tapped) + Unpin> AsyncRead for Tap<S, F> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (before, has_room) = (buffer.filled().len(), buffer.remaining() > 0);
        let outcome = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        let peer = self.side.other();
        let read = buffer.filled().get(before..).unwrap_or_default();
        if outcome.is_err() || (read.is_empty() && has_room) {
            self.end(peer);
        } else {
            self.passed(peer, read);
        }
        Poll::Ready(outcome)
    }
}

impl<S: AsyncWrite + Unpin, F: FnMut(Tapped) + Unpin> AsyncWrite for Tap<S, F> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        let side = self.side;
        self.passed(side, bytes.get(..written).unwrap_or(bytes));
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, slices))?;
        let (side, mut left) = (self.side, written);
        for slice in slices {
            let part = slice.get(..left).unwrap_or(slice);
            self.passed(side, part);
            left = left.saturating_sub(part.len());
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = ready!(Pin::new(&mut self.stream).poll_shutdown(context));
        let side = self.side;
        self.end(side);
        Poll::Ready(outcome)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn what_passes_is_told_in_its_order() {
        let (ours, mut theirs) = tokio::io::duplex(5);
        let mut seen = Vec::new();
        let mut tap = Tap::new(ours, Sender::Client, Instant::now(), |tapped| {
            seen.push(match tapped {
                Tapped::Bytes(Chunk { from, bytes, .. }) => (from, Some(bytes)),
                Tapped::End { from, .. } => (from, None),
            });
        });
        tap.write_all(b"abc").await.unwrap();
        // Two bytes fit.
        let slices = [IoSlice::new(b""), IoSlice::new(b"d"), IoSlice::new(b"efg")];
        let written = tap.write_vectored(&slices).await.unwrap();
        theirs.write_all(b"xyz").await.unwrap();
        let mut read = [0; 2];
        tap.read_exact(&mut read).await.unwrap();
        assert_eq!(tap.read(&mut []).await.unwrap(), 0);
        drop(theirs);
        let mut rest = Vec::new();
        tap.read_to_end(&mut rest).await.unwrap();
        assert_eq!(tap.read(&mut read).await.unwrap(), 0);
        tap.shutdown().await.unwrap();

        let bytes = |from, all: &[&str]| -> (Sender, Vec<u8>) { (from, all.concat().into()) };
        let joined = |wanted| -> Vec<u8> {
            seen.iter()
                .filter(|(from, _)| *from == wanted)
                .flat_map(|(_, bytes)| bytes.clone().unwrap_or_default())
                .collect()
        };
        let expected = bytes(Sender::Client, &["abc", &"defg"[..written]]);
        assert_eq!(joined(Sender::Client), expected.1);
        assert_eq!(joined(Sender::Server), b"xyz");
        let ends: Vec<Sender> =
            seen.iter().filter(|(_, bytes)| bytes.is_none()).map(|(from, _)| *from).collect();
        assert_eq!(ends, [Sender::Server, Sender::Client]);
        assert!(seen.iter().all(|(_, bytes)| bytes.as_ref().is_none_or(|bytes| !bytes.is_empty())));
    }
}
