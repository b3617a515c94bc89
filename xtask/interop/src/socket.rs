//! A WebSocket of the adapter for tokio, as the script uses it.

use std::{error, fmt, iter};

use tokio::io::{AsyncRead, AsyncWrite};
use wsproto_tokio::{CloseCode, Error, Event, Message, TextMessage, WebSocket};

use crate::script;

/// A connection.
#[derive(Debug)]
pub(crate) struct Socket<S>(WebSocket<S>);

/// Why there is nothing more, or not what was expected.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The connection is over; without a Close of the peer, the code is 1006.
    Closed { code: u16, reason: String },
    /// Something went wrong.
    Failed(Error),
    /// Something else happened than the script says.
    Unexpected(String),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    pub(crate) const fn new(ws: WebSocket<S>) -> Self {
        Self(ws)
    }

    pub(crate) const fn ws(&self) -> &WebSocket<S> {
        &self.0
    }

    /// How many bytes crossed the wire so far, in either direction.
    pub(crate) fn traffic(&self) -> u64 {
        let counters = self.0.counters();
        counters.wire_bytes_received.saturating_add(counters.wire_bytes_sent)
    }

    /// Sends a message.
    pub(crate) async fn send(&mut self, message: impl Into<Message>) -> Result<(), Failure> {
        Ok(self.0.send(message).await?)
    }

    /// Sends a text in many frames.
    pub(crate) async fn send_fragments(&mut self, text: &str) -> Result<(), Failure> {
        for part in script::cut(text) {
            self.0.feed_event(TextMessage::new(&*part).unfinished()).await?;
        }
        self.0.feed_event(TextMessage::new("")).await?;
        Ok(self.0.flush().await?)
    }

    /// Sends a Ping and waits for its Pong.
    pub(crate) async fn ping(&mut self, payload: &[u8]) -> Result<(), Failure> {
        self.0.ping(payload).await?;
        let answer = self.0.recv_with(|event, _| match event {
            Event::Pong(pong) if &*pong.payload == payload => Ok(()),
            other => Err(Failure::Unexpected(format!("{other:?} instead of the Pong"))),
        });
        answer.await?.unwrap_or_else(|| Err(self.closed()))
    }

    /// Waits for the next message.
    pub(crate) async fn message(&mut self) -> Result<Message, Failure> {
        match self.0.recv().await {
            Ok(Some(message)) => Ok(message),
            // Also where the stream ended or was reset without a Close: RFC 6455 §7.1.5 has a code for that.
            Ok(None) | Err(Error::Io(_) | Error::Closed) => Err(self.closed()),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends a Close and waits for the end, which is the failure that it returns.
    pub(crate) async fn close(&mut self, (code, reason): (u16, &str)) -> Failure {
        let Some(code) = CloseCode::new(code) else {
            return Failure::Unexpected(format!("{code} is no close code"));
        };
        match self.0.close(code, reason).await {
            Ok(_) => self.closed(),
            Err(error) => error.into(),
        }
    }

    /// Reads until the end, and returns it.
    pub(crate) async fn until_closed(&mut self) -> Failure {
        loop {
            if let Err(end) = self.message().await {
                return end;
            }
        }
    }

    /// How the connection ended.
    fn closed(&self) -> Failure {
        let report = self.0.close_report();
        // After both Closes the peer may leave its side of the stream open: Chromium 148 does over HTTP/2.
        if let Some(deadline) = report.expired.filter(|_| !report.clean) {
            return Failure::Failed(deadline.into());
        }
        let reason = report.received.as_ref().map_or_else(String::new, |close| close.reason.to_string());
        Failure::Closed { code: report.code().get(), reason }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed { code, reason } => write!(f, "closed with {code} {reason:?}"),
            Self::Failed(error) => {
                error.fmt(f)?;
                let mut causes = iter::successors(error::Error::source(error), |cause| cause.source());
                causes.try_for_each(|cause| write!(f, ": {cause}"))
            }
            Self::Unexpected(what) => f.write_str(what),
        }
    }
}

impl error::Error for Failure {}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
