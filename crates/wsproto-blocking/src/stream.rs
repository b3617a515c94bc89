//! The streams that a WebSocket needs: time-outs, and an end of writing.

use std::{
    io::{self, IoSlice, Read, Write},
    net::{Shutdown, TcpStream},
    time::Duration,
};

/// A stream of bytes in both directions that can bound how long a call blocks, and can end one direction.
///
/// TCP and Unix sockets are such streams. For a stream over a socket, such as TLS, use [`Layered`]; for a stream
/// without time-outs use [`NoTimeouts`].
pub trait Stream: Read + Write {
    /// Bounds how long a read blocks; `None` removes the bound. The limit is never zero.
    ///
    /// # Errors
    ///
    /// As for [`TcpStream::set_read_timeout`].
    fn set_read_timeout(&mut self, limit: Option<Duration>) -> io::Result<()>;

    /// Bounds how long a write blocks; `None` removes the bound. The limit is never zero.
    ///
    /// # Errors
    ///
    /// As for [`TcpStream::set_write_timeout`].
    fn set_write_timeout(&mut self, limit: Option<Duration>) -> io::Result<()>;

    /// Ends our direction; the peer's bytes can still be read.
    ///
    /// # Errors
    ///
    /// As for [`TcpStream::shutdown`].
    fn shutdown_write(&mut self) -> io::Result<()>;
}

/// A stream with a handle for each of several threads: [`split`](crate::WebSocket::split) needs it.
pub trait CloneStream: Stream + Sized {
    /// Makes another handle of the same stream.
    ///
    /// # Errors
    ///
    /// As for [`TcpStream::try_clone`].
    fn clone_stream(&self) -> io::Result<Self>;

    /// Ends both directions, and wakes a thread that blocks in a call on another handle.
    ///
    /// # Errors
    ///
    /// As for [`TcpStream::shutdown`].
    fn shutdown_both(&mut self) -> io::Result<()>;
}

impl Stream for TcpStream {
    fn set_read_timeout(&mut self, limit: Option<Duration>) -> io::Result<()> {
        Self::set_read_timeout(self, limit)
    }

    fn set_write_timeout(&mut self, limit: Option<Duration>) -> io::Result<()> {
        Self::set_write_timeout(self, limit)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

impl CloneStream for TcpStream {
    fn clone_stream(&self) -> io::Result<Self> {
        self.try_clone()
    }

    fn shutdown_both(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Both)
    }
}

#[cfg(unix)]
impl Stream for std::os::unix::net::UnixStream {
    fn set_read_timeout(&mut self, limit: Option<Duration>) -> io::Result<()> {
        Self::set_read_timeout(self, limit)
    }

    fn set_write_timeout(&mut self, limit: Option<Duration>) -> io::Result<()> {
        Self::set_write_timeout(self, limit)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

#[cfg(unix)]
impl CloneStream for std::os::unix::net::UnixStream {
    fn clone_stream(&self) -> io::Result<Self> {
        self.try_clone()
    }

    fn shutdown_both(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Both)
    }
}

impl<S: Stream + ?Sized> Stream for &mut S {
    fn set_read_timeout(&mut self, limit: Option<Duration>) -> io::Result<()> {
        (**self).set_read_timeout(limit)
    }

    fn set_write_timeout(&mut self, limit: Option<Duration>) -> io::Result<()> {
        (**self).set_write_timeout(limit)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        (**self).shutdown_write()
    }
}

impl<S: Stream + ?Sized> Stream for Box<S> {
    fn set_read_timeout(&mut self, limit: Option<Duration>) -> io::Result<()> {
        (**self).set_read_timeout(limit)
    }

    fn set_write_timeout(&mut self, limit: Option<Duration>) -> io::Result<()> {
        (**self).set_write_timeout(limit)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        (**self).shutdown_write()
    }
}

/// Makes a [`Stream`] without time-outs from any `Read + Write`: a pipe, memory, a serial line.
///
/// Its reads and writes may block for any time, and deadlines are checked only between them. So a peer that sends a
/// byte now and then meets its deadline, but a silent one doesn't. Shutting down writing only flushes.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTimeouts<S>(pub S);

impl<S: Read> Read for NoTimeouts<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<S: Write> Write for NoTimeouts<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<S: Read + Write> Stream for NoTimeouts<S> {
    fn set_read_timeout(&mut self, _limit: Option<Duration>) -> io::Result<()> {
        Ok(())
    }

    fn set_write_timeout(&mut self, _limit: Option<Duration>) -> io::Result<()> {
        Ok(())
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A stream over a socket, such as TLS: bytes go through the stream, and time-outs are set on the socket.
///
/// With rustls it is `Layered::new(tls, |tls| &mut tls.sock)`, with native-tls and openssl `Layered::new(tls, |tls|
/// tls.get_mut())`. TLS must announce its end before the socket ends: set that with
/// [`with_goodbye`](Self::with_goodbye).
///
/// ```no_run
/// # use std::{io::{self, BufReader, Read, Write}, net::TcpStream};
/// # struct Tls { sock: TcpStream, conn: Conn }
/// # struct Conn;
/// # impl Conn { fn send_close_notify(&mut self) {} }
/// # impl Read for Tls { fn read(&mut self, b: &mut [u8]) -> io::Result<usize> { self.sock.read(b) } }
/// # impl Write for Tls {
/// #     fn write(&mut self, b: &[u8]) -> io::Result<usize> { self.sock.write(b) }
/// #     fn flush(&mut self) -> io::Result<()> { self.sock.flush() }
/// # }
/// # fn tls_over(sock: TcpStream) -> Tls { Tls { sock, conn: Conn } }
/// use wsproto_blocking::{Connector, Layered};
///
/// let url = "wss://example.com/chat";
/// let connector = Connector::new();
/// let tls = tls_over(connector.open(url)?); // a rustls::StreamOwned<ClientConnection, TcpStream>
/// let stream = Layered::new(tls, |tls| &mut tls.sock).with_goodbye(|tls| {
///     tls.conn.send_close_notify();
///     tls.flush()
/// });
/// let mut ws = connector.connect_over(stream, url)?;
/// # Ok::<(), wsproto_blocking::Error>(())
/// ```
#[derive(Debug)]
pub struct Layered<S, T> {
    stream: S,
    socket: fn(&mut S) -> &mut T,
    goodbye: fn(&mut S) -> io::Result<()>,
}

impl<S: Write, T: Stream> Layered<S, T> {
    /// Makes a `Layered` from a stream over a socket; the function returns the stream's socket.
    #[must_use]
    pub fn new(stream: S, socket: fn(&mut S) -> &mut T) -> Self {
        Self { stream, socket, goodbye: S::flush }
    }

    /// Sets the function that writes the stream's last bytes before the end, such as TLS's `close_notify`; by default
    /// it flushes.
    #[must_use]
    pub fn with_goodbye(mut self, goodbye: fn(&mut S) -> io::Result<()>) -> Self {
        self.goodbye = goodbye;
        self
    }

    /// Returns the stream.
    #[must_use]
    pub const fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Returns the stream.
    #[must_use]
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Returns the stream.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: Read, T> Read for Layered<S, T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl<S: Write, T> Write for Layered<S, T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream.write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl<S: Read + Write, T: Stream> Stream for Layered<S, T> {
    fn set_read_timeout(&mut self, limit: Option<Duration>) -> io::Result<()> {
        (self.socket)(&mut self.stream).set_read_timeout(limit)
    }

    fn set_write_timeout(&mut self, limit: Option<Duration>) -> io::Result<()> {
        (self.socket)(&mut self.stream).set_write_timeout(limit)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        // If the last bytes can't be written, the end of the socket must be enough.
        let said = (self.goodbye)(&mut self.stream);
        (self.socket)(&mut self.stream).shutdown_write()?;
        said
    }
}
