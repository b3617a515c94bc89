//! The stream of a WebSocket whose connection spoke HTTP before.

use std::{
    fmt,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use ::hyper::{
    http::Version,
    rt::{Read, Write},
    upgrade,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The most that is written to a stream of HTTP/2 at a time, in bytes: a frame of the usual size.
///
/// hyper takes whatever it is given, copies it, and holds up to three such pieces until the peer has room for them.
const MOST_TO_HTTP2: usize = 16 << 10;

/// The stream that hyper leaves to a WebSocket: a connection of HTTP/1.1, or a stream of HTTP/2.
///
/// In HTTP/2, shutting it down ends the stream (`END_STREAM`).
pub struct Upgraded {
    io: upgrade::Upgraded,
    /// The most that is written at a time.
    most: usize,
}

impl Upgraded {
    pub(super) fn new(io: upgrade::Upgraded, version: Version) -> Self {
        Self { io, most: if version < Version::HTTP_2 { usize::MAX } else { MOST_TO_HTTP2 } }
    }

    /// Returns hyper's stream, which can be taken apart into the one that it was made of.
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
        let first = bytes.get(..self.most).unwrap_or(bytes);
        Pin::new(&mut self.io).poll_write(cx, first)
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
        self.most == usize::MAX && self.io.is_write_vectored()
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
        f.debug_struct("Upgraded").field("is_http2", &(self.most != usize::MAX)).finish_non_exhaustive()
    }
}
