//! An adapter for the traits of futures-io on top of the driver, and an echo server that uses it with smol's crates.
//!
//! `cargo run --release --example futures_io`

use std::{
    future::{Future, poll_fn},
    io::{self, ErrorKind},
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use async_executor::LocalExecutor;
use async_io::{Timer, block_on};
use async_net::TcpListener;
use futures_io::{AsyncRead, AsyncWrite};
use wsproto::{
    AcceptConnection, AdapterError as Error, CloseCode, CloseReport, Config, Connection, ConnectionState,
    Driver, Event, Message, ReadBuffer, Timeouts, Transport,
};

/// How many bytes may wait to be written before sending waits.
const HIGH_WATER: usize = 64 << 10;

/// A connection over a stream. All of its futures may be dropped: the next one continues.
pub(crate) struct WebSocket<S> {
    io: S,
    driver: Driver,
    buffer: ReadBuffer,
    start: Instant,
    timer: Timer,
    /// The rule that the peer broke. The program gets it after the peer was told.
    broken: Option<Error>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// Makes an adapter of any connection, including a client's that has sent its request.
    pub(crate) fn new(io: S, connection: Connection, timeouts: Timeouts) -> Self {
        let driver = Driver::new(connection).with_timeouts(timeouts, Duration::ZERO);
        let (buffer, start, timer) = (ReadBuffer::messages(), Instant::now(), Timer::never());
        Self { io, driver, buffer, start, timer, broken: None }
    }

    /// Accepts a connection: every valid request.
    pub(crate) async fn accept(io: S, config: Config, timeouts: Timeouts) -> Result<Self, Error> {
        let mut ws = Self::new(io, Connection::server(config), timeouts);
        while ws.driver.connection().state() == ConnectionState::Connecting {
            match poll_fn(|cx| ws.poll_event(cx)).await? {
                Some(Event::Request(_)) => ws.driver.send(AcceptConnection::new(), ws.start.elapsed())?,
                _ => return Err(Error::Closed),
            }
        }
        Ok(ws)
    }

    /// Returns the next message, or `None` after the end of the connection. Meanwhile it writes the queue.
    pub(crate) async fn recv(&mut self) -> Result<Option<Message>, Error> {
        while let Some(event) = poll_fn(|cx| self.poll_event(cx)).await? {
            if let Ok(message) = Message::try_from(event) {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    /// Queues a message once fewer bytes than the high-water mark wait. `recv` writes it.
    pub(crate) async fn feed(&mut self, message: &Message) -> Result<(), Error> {
        poll_fn(|cx| match self.poll_write(cx, HIGH_WATER)? {
            Poll::Pending => self.poll_time(cx),
            Poll::Ready(()) => Poll::Ready(Ok(())),
        })
        .await?;
        Ok(self.driver.send_message(message, self.start.elapsed())?)
    }

    /// Closes the connection, and waits for its end. Messages that still come are dropped.
    pub(crate) async fn close(&mut self, code: CloseCode, reason: &str) -> Result<CloseReport, Error> {
        self.driver.close(code, reason, self.start.elapsed())?;
        while self.recv().await?.is_some() {}
        Ok(self.driver.close_report())
    }

    /// Polls for an event, borrowed from nothing. At the end, it ends the transport and returns `None`.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Event<'static>>, Error>> {
        loop {
            if self.driver.transport() == Transport::KeepOpen && self.broken.is_none() {
                match self.driver.receive_owned(&mut self.buffer, self.start.elapsed()) {
                    Ok(Some(event)) => return Poll::Ready(Ok(Some(event))),
                    Ok(None) => {}
                    Err(error) => {
                        self.driver.reply_to_error(&error, self.start.elapsed())?;
                        self.broken = Some(error.into());
                    }
                }
            }
            let written = self.poll_write(cx, 0)?;
            match self.driver.transport() {
                end @ (Transport::Close | Transport::ShutdownWrite) if written.is_ready() => {
                    if let Err(error) = ready!(Pin::new(&mut self.io).poll_close(cx))
                        && self.driver.write_failed(self.start.elapsed())
                    {
                        return Poll::Ready(Err(error.into()));
                    }
                    self.driver.write_ended();
                    if end == Transport::Close {
                        return Poll::Ready(self.broken.take().map_or(Ok(None), Err));
                    }
                }
                _ => {}
            }
            let read = self.poll_read(cx)?;
            if self.poll_time(cx)?.is_pending() && read.is_pending() {
                self.buffer.shrink_to(0); // an idle connection holds no memory
                return Poll::Pending;
            }
        }
    }

    /// Writes until at most `left` bytes wait.
    fn poll_write(&mut self, cx: &mut Context<'_>, left: usize) -> Poll<Result<(), Error>> {
        while self.driver.queued() > left {
            match ready!(Pin::new(&mut self.io).poll_write(cx, self.driver.output().first())) {
                Ok(len) if len > 0 => self.driver.buffered(len, self.start.elapsed()),
                outcome if self.driver.write_failed(self.start.elapsed()) => {
                    return Poll::Ready(Err(outcome.err().unwrap_or(ErrorKind::WriteZero.into()).into()));
                }
                _ => {} // both sides have sent Close
            }
        }
        match Pin::new(&mut self.io).poll_flush(cx)? {
            Poll::Ready(()) => self.driver.flushed(self.start.elapsed()),
            Poll::Pending => {
                self.driver.flush_blocked(self.start.elapsed());
                return Poll::Pending;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once. Bytes after the end are dropped.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let read = ready!(Pin::new(&mut self.io).poll_read(cx, self.buffer.room()));
        let now = self.start.elapsed();
        if let Ok(len @ 1..) = read {
            self.driver.filled(&mut self.buffer, len, now);
            if self.driver.transport() != Transport::KeepOpen || self.broken.is_some() {
                self.buffer.clear();
            }
            return Poll::Ready(Ok(()));
        }
        Poll::Ready(self.driver.read_ended(read.err(), now))
    }

    /// Does what is due, after each read: the driver must not blame the peer for our delay.
    fn poll_time(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let Some(at) = self.driver.poll_timeout() else { return Poll::Pending };
        self.timer.set_at(self.start + at);
        ready!(Pin::new(&mut self.timer).poll(cx));
        Poll::Ready(self.driver.handle_timeout(self.start.elapsed()).map_or(Ok(()), |deadline| {
            // The driver may have queued an answer. It is written if the transport takes it at once.
            let _ = self.poll_write(cx, 0);
            self.driver.ended();
            Err(deadline.into())
        }))
    }
}

pub(crate) async fn echo(io: impl AsyncRead + AsyncWrite + Unpin, timeouts: Timeouts) -> Result<(), Error> {
    let mut ws = WebSocket::accept(io, Config::default(), timeouts).await?;
    while let Some(message) = ws.recv().await? {
        if message.as_text() == Some("bye") {
            return ws.close(CloseCode::NORMAL, "").await.map(drop);
        }
        ws.feed(&message).await?;
    }
    Ok(())
}

pub(crate) async fn serve(listener: TcpListener, timeouts: Timeouts) {
    let executor = LocalExecutor::new();
    let accepting = async {
        loop {
            match listener.accept().await {
                Ok((io, _)) => executor.spawn(echo(io, timeouts)).detach(),
                Err(_) => drop(Timer::after(Duration::from_millis(50)).await), // for example, too many open files
            }
        }
    };
    executor.run(accepting).await;
}

fn main() -> io::Result<()> {
    let seconds = Duration::from_secs;
    let timeouts =
        Timeouts::default().with_handshake(seconds(10)).with_close(seconds(5)).with_write(seconds(30));
    let listener = block_on(TcpListener::bind(("127.0.0.1", 9001)))?;
    block_on(serve(listener, timeouts));
    Ok(())
}
