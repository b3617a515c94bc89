//! What a whole connection sends: the opening handshake, then events, and what is owed for those of the peer.

use alloc::vec::Vec;

use bytes::Bytes;
use wsproto_frame::FrameHeader;

use super::{Phase, WsConnection};
use crate::{Connection, Event, LocalProtocolError, PreparedMessage, RemoteProtocolError};

impl WsConnection {
    /// Appends the bytes of an event to `out`.
    ///
    /// # Errors
    ///
    /// A [`LocalProtocolError`] where the event can't be sent: nothing was appended, and nothing has changed.
    #[inline]
    pub fn send<'e>(
        &mut self,
        event: impl Into<Event<'e>>,
        out: &mut Vec<u8>,
    ) -> Result<(), LocalProtocolError> {
        match &mut self.phase {
            Phase::Open(connection) => connection.send(event, out),
            Phase::Server(_) | Phase::Client(_) => self.send_handshake(event.into(), out),
        }
    }

    /// Gives the header of a message whose payload the caller writes himself, as
    /// [`Connection::send_apart`](Connection::send_apart) does.
    ///
    /// # Errors
    ///
    /// As there.
    #[inline]
    pub fn send_apart<'e>(
        &mut self,
        message: impl Into<Event<'e>>,
    ) -> Result<FrameHeader, LocalProtocolError> {
        self.open()?.send_apart(message)
    }

    /// Appends a message that was prepared for many connections, as
    /// [`Connection::send_prepared`](Connection::send_prepared) does.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn send_prepared(
        &mut self,
        message: &mut PreparedMessage,
        out: &mut Vec<u8>,
    ) -> Result<(), LocalProtocolError> {
        self.open()?.send_prepared(message, out)
    }

    /// Gives the header and the payload of a message that was prepared for many connections, as
    /// [`Connection::send_prepared_apart`](Connection::send_prepared_apart) does.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn send_prepared_apart(
        &mut self,
        message: &mut PreparedMessage,
    ) -> Result<Option<(FrameHeader, Bytes)>, LocalProtocolError> {
        self.open()?.send_prepared_apart(message)
    }

    /// Returns the connection, once the opening handshake is over.
    #[inline]
    fn open(&mut self) -> Result<&mut Connection, LocalProtocolError> {
        let state = self.state();
        match &mut self.phase {
            Phase::Open(connection) => Ok(connection),
            Phase::Server(_) | Phase::Client(_) => Err(LocalProtocolError::WrongState(state)),
        }
    }

    #[cold]
    fn send_handshake(&mut self, event: Event<'_>, out: &mut Vec<u8>) -> Result<(), LocalProtocolError> {
        match &mut self.phase {
            Phase::Server(opening) => {
                opening.send(event, out)?;
                if opening.is_accepted() {
                    self.phase = Phase::Open(opening.open());
                }
                Ok(())
            }
            Phase::Client(opening) => opening.send(event, out),
            Phase::Open(connection) => connection.send(event, out),
        }
    }

    /// Sends what the protocol owes for an event: a Pong for a Ping, a Close for a Close; otherwise nothing.
    ///
    /// Calling it for each event received is always right: it sends nothing where nothing can be sent any more.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn reply(&mut self, event: &Event<'_>, out: &mut Vec<u8>) -> Result<(), LocalProtocolError> {
        match &mut self.phase {
            Phase::Open(connection) => connection.reply(event, out),
            Phase::Server(_) | Phase::Client(_) => Ok(()),
        }
    }

    /// Sends what is owed for an error of [`receive`](Self::receive): a rejection before the handshake is done, a Close
    /// after; nothing where nothing can be sent.
    ///
    /// With [`Config::explain_rejections`](crate::Config::explain_rejections) a rejection says which rule was broken.
    /// What asked for something else than a WebSocket, [`refused_request`](Self::refused_request) tells.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn reply_to_error(
        &mut self,
        error: &RemoteProtocolError,
        out: &mut Vec<u8>,
    ) -> Result<(), LocalProtocolError> {
        match &mut self.phase {
            Phase::Open(connection) => connection.reply_to_error(error, out),
            Phase::Server(opening) => opening.reply_to_error(error, out),
            Phase::Client(_) => Ok(()),
        }
    }
}
