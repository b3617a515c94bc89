//! Sends more than messages of its own: prepared messages, events of any kind, Pings.

use tokio::io::{AsyncRead, AsyncWrite};
use wsproto::{Event, Ping, PreparedMessage};

use crate::{Error, WebSocket};

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// Sends a message that was prepared for many connections, as [`send`](Self::send) does.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As for [`send`](Self::send).
    pub async fn send_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        self.feed_prepared(message).await?;
        self.flush().await
    }

    /// Queues a message that was prepared for many connections, as [`feed`](Self::feed) does.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As for [`feed`](Self::feed).
    pub async fn feed_prepared(&mut self, message: &PreparedMessage) -> Result<(), Error> {
        self.ready().await?;
        self.access.with(|pump| pump.queue(|driver, now| driver.send_prepared(message, now)))
    }

    /// Queues an event of any kind, as [`feed`](Self::feed) does a message: a fragment, a borrowed message, or a Pong
    /// that answers no Ping.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As for [`feed`](Self::feed).
    pub async fn feed_event<'e>(&mut self, event: impl Into<Event<'e>>) -> Result<(), Error> {
        let event = event.into();
        self.ready().await?;
        self.access.with(|pump| pump.queue(|driver, now| driver.send(event, now)))
    }

    /// Sends a Ping with a payload of at most 125 bytes.
    ///
    /// [`recv_with`](Self::recv_with) shows its Pong. To find out whether a peer lives, use
    /// [`KeepAlive`](crate::KeepAlive).
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// As for [`send`](Self::send).
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.feed_event(Ping::new(payload)).await?;
        self.flush().await
    }
}
