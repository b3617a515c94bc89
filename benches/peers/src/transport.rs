//! A transport in memory: each read copies once, as a kernel does, and so does each write.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use tokio::io::ReadBuf;

use crate::work::Work;

/// Returns the same bytes again and again, at most `read_len` of them at a time, and takes all written bytes.
pub(crate) struct Transport {
    tape: Vec<u8>,
    at: usize,
    read_len: usize,
    /// As long as the longest write.
    sink: Vec<u8>,
    written: Arc<Written>,
}

thread_local! {
    static WRITTEN: Arc<Written> = Arc::default();
}

/// The bytes that the transports of a thread were given, in order, if a test checks them.
#[derive(Default)]
pub(crate) struct Written {
    wanted: AtomicBool,
    bytes: Mutex<Vec<u8>>,
}

impl Written {
    /// Returns the thread's.
    pub(crate) fn here() -> Arc<Self> {
        WRITTEN.with(Arc::clone)
    }

    /// Keeps the bytes that are written from now on.
    pub(crate) fn keep(&self) {
        self.wanted.store(true, Ordering::Relaxed);
    }

    /// Returns the kept bytes, and stops keeping them.
    pub(crate) fn take(&self) -> Vec<u8> {
        self.wanted.store(false, Ordering::Relaxed);
        std::mem::take(&mut *self.bytes.lock().unwrap())
    }

    /// Records written bytes.
    #[inline]
    pub(crate) fn note(&self, bytes: &[u8]) {
        if self.wanted.load(Ordering::Relaxed) {
            self.add(bytes);
        }
    }

    #[cold]
    fn add(&self, bytes: &[u8]) {
        self.bytes.lock().unwrap().extend_from_slice(bytes);
    }
}

impl Transport {
    /// Makes the transport of a connection.
    pub(crate) fn of(work: &Work) -> Self {
        Self { tape: work.tape(), at: 0, read_len: work.read_len, sink: Vec::new(), written: Written::here() }
    }

    /// Copies the next bytes into `buf`, and returns how many.
    #[inline]
    pub(crate) fn take(&mut self, buf: &mut [u8]) -> usize {
        let rest = &self.tape[self.at..];
        let n = rest.len().min(self.read_len).min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        self.at += n;
        if self.at == self.tape.len() {
            self.at = 0;
        }
        n
    }

    /// Takes all of `buf`.
    #[inline]
    pub(crate) fn put(&mut self, buf: &[u8]) -> usize {
        self.written.note(buf);
        if self.sink.len() < buf.len() {
            self.sink.resize(buf.len(), 0);
        }
        self.sink[..buf.len()].copy_from_slice(buf);
        buf.len()
    }

    #[inline]
    pub(crate) fn put_all(&mut self, bufs: &[io::IoSlice<'_>]) -> usize {
        bufs.iter().map(|buf| self.put(buf)).sum()
    }
}

impl io::Read for Transport {
    #[inline]
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(self.take(buf))
    }
}

impl io::Write for Transport {
    #[inline]
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(self.put(buf))
    }

    #[inline]
    fn write_vectored(&mut self, bufs: &[io::IoSlice<'_>]) -> io::Result<usize> {
        Ok(self.put_all(bufs))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl tokio::io::AsyncRead for Transport {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let rest = &this.tape[this.at..];
        let n = rest.len().min(this.read_len).min(buf.remaining());
        buf.put_slice(&rest[..n]);
        this.at = if this.at + n == this.tape.len() { 0 } else { this.at + n };
        Poll::Ready(Ok(()))
    }
}

impl tokio::io::AsyncWrite for Transport {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.get_mut().put(buf)))
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.get_mut().put_all(bufs)))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl futures_util::AsyncRead for Transport {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.get_mut().take(buf)))
    }
}

impl futures_util::AsyncWrite for Transport {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.get_mut().put(buf)))
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.get_mut().put_all(bufs)))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Runs a future whose transport is always ready.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(std::task::Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
