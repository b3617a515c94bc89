//! `Stream` and `Sink` for a connection and for its halves.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::{FusedStream, Stream};
use futures_sink::Sink;
use tokio::io::{AsyncRead, AsyncWrite};
use wsproto::{CloseCode, Message};

use crate::{Error, Receiver, Sender, WebSocket, parties::Party, pump::Pump};

/// Yields messages, as [`recv`](WebSocket::recv) returns them; ends after an error.
///
/// Stream and sink may be polled from two tasks, as the halves of `StreamExt::split` are: both tasks are woken.
impl<S: AsyncRead + AsyncWrite + Unpin> Stream for WebSocket<S> {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.access.poll_apart(Party::Receiver, cx, Pump::poll_message).map(Result::transpose)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> FusedStream for WebSocket<S> {
    fn is_terminated(&self) -> bool {
        self.access.look(Pump::is_done)
    }
}

/// Takes messages, as [`feed`](WebSocket::feed) queues them; `poll_ready` bounds the memory. `poll_close` sends a Close
/// with code 1000 and waits for the end of the connection; its error names the reason of a bad end.
impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Message> for WebSocket<S> {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.access.poll_apart(Party::Sender, cx, Pump::poll_ready)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        self.access.with(|pump| pump.queue(|driver, now| driver.send_message(&message, now)))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.access.poll_apart(Party::Sender, cx, Pump::poll_flush)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.start_close(CloseCode::NORMAL, "")?;
        self.access.poll_apart(Party::Sender, cx, Pump::poll_close)
    }
}

/// Yields messages, as [`recv`](Receiver::recv) returns them; ends after an error.
impl<S: AsyncRead + AsyncWrite + Unpin> Stream for Receiver<S> {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> FusedStream for Receiver<S> {
    fn is_terminated(&self) -> bool {
        self.0.is_terminated()
    }
}

/// Takes messages, as [`feed`](Sender::feed) queues them; `poll_ready` bounds the memory. `poll_close` sends a Close
/// with code 1000 and waits for the end of the connection.
impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Message> for Sender<S> {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.0).poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        Pin::new(&mut self.0).start_send(message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}
