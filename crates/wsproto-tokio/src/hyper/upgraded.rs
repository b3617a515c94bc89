//! The stream of a WebSocket after hyper's upgrade.

use std::{
    fmt,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use ::hyper::{
    rt::{Read, Write},
    upgrade,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How many bytes are written at a time to a stream that takes no slices: a frame of HTTP/2 of the usual size.
///
/// Streams of HTTP/2 take no slices. hyper copies all bytes that it gets for one, and keeps up to four such pieces
/// until the peer has room for them.
const MOST_WITHOUT_SLICES: usize = 16 << 10;

/// The stream that hyper hands over to a WebSocket: a connection of HTTP/1.1, or a stream of HTTP/2.
///
/// In HTTP/2, shutting it down ends the stream (`END_STREAM`).
pub struct Upgraded {
    io: upgrade::Upgraded,
}

impl Upgraded {
    pub(super) const fn new(io: upgrade::Upgraded) -> Self {
        Self { io }
    }

    /// Returns hyper's stream, which can be downcast to the stream that it was made from.
    #[must_use]
    pub fn into_inner(self) -> upgrade::Upgraded {
        self.io
    }
}

impl AsyncRead for Upgraded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut room = ::hyper::rt::ReadBuf::new(buf.initialize_unfilled());
        ready!(Pin::new(&mut self.io).poll_read(cx, room.unfilled()))?;
        let len = room.filled().len();
        buf.advance(len);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Upgraded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let most = if self.is_write_vectored() { usize::MAX } else { MOST_WITHOUT_SLICES };
        Pin::new(&mut self.io).poll_write(cx, bytes.get(..most).unwrap_or(bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.is_write_vectored() {
            return Pin::new(&mut self.io).poll_write_vectored(cx, slices);
        }
        let first = slices.iter().find(|slice| !slice.is_empty());
        self.poll_write(cx, first.map_or(&[], |slice| slice))
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.fmt(f)
    }
}
