//! The stream of a client's connection.

use std::{
    fmt,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
#[cfg(feature = "rustls")]
use tokio_rustls::{client::TlsStream, rustls::ClientConnection};

/// A client's stream, with or without TLS.
///
/// ```no_run
/// # async fn example() -> Result<(), wsproto_tokio::Error> {
/// let mut ws = wsproto_tokio::connect("ws://example.com").await?;
/// println!("connected to {}", ws.with_stream(|stream| stream.get_ref().peer_addr())?);
/// # Ok(())
/// # }
/// ```
pub struct MaybeTls<S = TcpStream>(Inner<S>);

enum Inner<S> {
    Plain(S),
    /// Boxed, so that a connection without TLS doesn't get larger.
    #[cfg(feature = "rustls")]
    Tls(Box<TlsStream<S>>),
}

impl<S> MaybeTls<S> {
    pub(super) const fn plain(io: S) -> Self {
        Self(Inner::Plain(io))
    }

    #[cfg(feature = "rustls")]
    pub(super) fn of_tls(io: TlsStream<S>) -> Self {
        Self(Inner::Tls(Box::new(io)))
    }

    /// Returns the inner stream, for its addresses and options.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        match &self.0 {
            Inner::Plain(io) => io,
            #[cfg(feature = "rustls")]
            Inner::Tls(io) => io.get_ref().0,
        }
    }

    /// Returns the inner stream, for its options. Reading from it or writing to it breaks the connection.
    #[must_use]
    pub fn get_mut(&mut self) -> &mut S {
        match &mut self.0 {
            Inner::Plain(io) => io,
            #[cfg(feature = "rustls")]
            Inner::Tls(io) => io.get_mut().0,
        }
    }

    /// Returns the state of TLS, for example the server's certificates; `None` without TLS.
    #[cfg(feature = "rustls")]
    #[must_use]
    pub fn tls(&self) -> Option<&ClientConnection> {
        match &self.0 {
            Inner::Plain(_) => None,
            Inner::Tls(io) => Some(io.get_ref().1),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for MaybeTls<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Inner::Plain(io) => Pin::new(io).poll_read(cx, buf),
            #[cfg(feature = "rustls")]
            Inner::Tls(io) => Pin::new(io).poll_read(cx, buf),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for MaybeTls<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().0 {
            Inner::Plain(io) => Pin::new(io).poll_write(cx, buf),
            #[cfg(feature = "rustls")]
            Inner::Tls(io) => Pin::new(io).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().0 {
            Inner::Plain(io) => Pin::new(io).poll_write_vectored(cx, bufs),
            #[cfg(feature = "rustls")]
            Inner::Tls(io) => Pin::new(io).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.0 {
            Inner::Plain(io) => io.is_write_vectored(),
            #[cfg(feature = "rustls")]
            Inner::Tls(io) => io.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Inner::Plain(io) => Pin::new(io).poll_flush(cx),
            #[cfg(feature = "rustls")]
            Inner::Tls(io) => Pin::new(io).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Inner::Plain(io) => Pin::new(io).poll_shutdown(cx),
            #[cfg(feature = "rustls")]
            Inner::Tls(io) => Pin::new(io).poll_shutdown(cx),
        }
    }
}

/// Shows the inner stream.
impl<S: fmt::Debug> fmt::Debug for MaybeTls<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match &self.0 {
            Inner::Plain(_) => "Plain",
            #[cfg(feature = "rustls")]
            Inner::Tls(_) => "Tls",
        };
        f.debug_tuple(name).field(self.get_ref()).finish()
    }
}
