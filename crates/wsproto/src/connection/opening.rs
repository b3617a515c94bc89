//! The opening handshake of a connection, until it is open.

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::mem;

use wsproto_extensions::WriteBuffer;
use wsproto_frame::Role;
use wsproto_handshake::HttpRequest;

use super::Connection;
use crate::{
    Config, ConnectionState, Entropy, Event, LocalProtocolError, ReadBuffer, RemoteProtocolError,
    entropy::Source,
    opening::{Agreed, ClientOpening, Opening, ServerOpening},
};

impl Connection {
    /// Makes a server's connection that waits for a request, from the first byte of HTTP.
    ///
    /// `config` is a [`Config`], or an `Arc` of one that many connections share.
    #[must_use]
    pub fn server(config: impl Into<Arc<Config>>) -> Self {
        let config = config.into();
        let connection = Self::new(Role::Server, &config, Source::system());
        connection.before(Opening::Server(ServerOpening::new(config)))
    }

    /// Makes a client's connection that begins with a request; its key and masking keys come from the operating system.
    ///
    /// `config` is a [`Config`], or an `Arc` of one that many connections share.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn client(config: impl Into<Arc<Config>>) -> Self {
        Self::client_before(config.into(), Source::system())
    }

    /// Makes a client's connection as `client` does, with its key and masking keys from `entropy`.
    #[must_use]
    pub fn client_with_entropy(config: impl Into<Arc<Config>>, entropy: impl Entropy + 'static) -> Self {
        Self::client_before(config.into(), Source::own(entropy))
    }

    fn client_before(config: Arc<Config>, entropy: Source) -> Self {
        let connection = Self::new(Role::Client, &config, entropy);
        connection.before(Opening::Client(ClientOpening::new(config)))
    }

    /// Makes a client's open connection with the result of an opening handshake elsewhere.
    pub(crate) fn open_client_agreed(config: &Config, entropy: Source, agreed: Agreed) -> Self {
        let mut connection = Self::new(Role::Client, config, entropy);
        connection.open(agreed);
        connection
    }

    /// Puts an opening handshake before the first frame.
    fn before(mut self, opening: Opening) -> Self {
        self.state = ConnectionState::Connecting;
        self.opening = Some(Box::new(opening));
        self
    }

    /// Returns the request that was refused, if its head could be read, until the connection is dropped.
    ///
    /// A health check or a page on the same port is such a request. It asks for no WebSocket, so
    /// [`receive`](Self::receive) returns an error. Answer it with a [`RejectConnection`](crate::RejectConnection),
    /// with any status and a body, in place of [`reply_to_error`](Self::reply_to_error).
    ///
    /// ```
    /// use wsproto::{Config, RejectConnection, Connection};
    ///
    /// let mut ws = Connection::server(Config::default());
    /// let mut input = *b"GET /healthz HTTP/1.1\r\nHost: example.com\r\n\r\n";
    /// let error = ws.receive(&mut &mut input[..]).unwrap_err();
    /// let mut out = Vec::new();
    /// match ws.refused_request().map(|request| (request.method(), request.path())) {
    ///     Some(("GET" | "HEAD", "/healthz")) => ws.send(RejectConnection::new(200).with_text("fine\n"), &mut out)?,
    ///     _ => ws.reply_to_error(&error, &mut out)?,
    /// }
    /// assert!(out.starts_with(b"HTTP/1.1 200 OK\r\n") && out.ends_with(b"\r\n\r\nfine\n"));
    /// # Ok::<(), wsproto::LocalProtocolError>(())
    /// ```
    #[must_use]
    pub fn refused_request(&self) -> Option<&HttpRequest> {
        match self.opening.as_deref() {
            Some(Opening::Server(opening)) => opening.refused_request(),
            _ => None,
        }
    }

    /// Takes the next part of the handshake, or bytes that came before an end of the stream that waits.
    #[cold]
    #[inline(never)]
    pub(super) fn receive_opening<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        let whole = mem::take(input);
        let mut rest = &*whole;
        let outcome = match self.opening.as_deref_mut() {
            Some(Opening::Server(opening)) => opening.receive(&mut rest),
            Some(Opening::Client(opening)) => opening.receive(&mut rest),
            Some(Opening::EndWaits) | None => {
                *input = whole;
                return self.receive_before_end(input);
            }
        };
        let taken = whole.len().saturating_sub(rest.len());
        *input = whole.split_at_mut(taken).1;
        if let Ok(None) = outcome {
            return Ok(None);
        }
        self.received(outcome)
    }

    #[cold]
    fn receive_before_end<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        self.opening = None;
        let outcome = self.receive(input);
        if let Ok(None) = outcome {
            return Ok(self.end_of_stream());
        }
        // The end still waits: the event borrows only from the input.
        self.wait_to_end(outcome.is_ok());
        outcome
    }

    /// Does the same as [`receive_opening`](Self::receive_opening), for bytes in a read buffer.
    #[cold]
    pub(super) fn advance_opening(&mut self, buffer: &mut ReadBuffer) -> Result<bool, RemoteProtocolError> {
        let Some(Opening::EndWaits) = self.opening.as_deref() else {
            let fresh = buffer.fresh();
            let len = fresh.len();
            let mut rest = &*fresh;
            let outcome = match self.opening.as_deref_mut() {
                Some(Opening::Server(opening)) => opening.receive(&mut rest),
                Some(Opening::Client(opening)) => opening.receive(&mut rest),
                Some(Opening::EndWaits) | None => Ok(None),
            };
            let outcome = self.received(outcome);
            let taken = len.saturating_sub(rest.len());
            buffer.drop_front(taken);
            if outcome.is_err() {
                buffer.forget_connection();
            }
            return Ok(buffer.note_event(outcome?));
        };
        self.opening = None;
        let outcome = self.advance(buffer);
        if let Ok(false) = outcome {
            let end = self.end_of_stream();
            return Ok(buffer.note_event(end));
        }
        self.wait_to_end(outcome.is_ok());
        outcome
    }

    /// Lets the end of the stream wait until the bytes before it are received. After an error nothing waits.
    fn wait_to_end(&mut self, is_ok: bool) {
        if is_ok {
            self.opening = Some(Box::new(Opening::EndWaits));
        } else {
            self.end_of_stream();
        }
    }

    /// Opens the connection after the server's consent. A function of its own, so that a piece of a head costs little.
    #[inline(never)]
    fn received(
        &mut self,
        outcome: Result<Option<Event<'static>>, RemoteProtocolError>,
    ) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        if let Some(Opening::Client(opening)) = self.opening.as_deref_mut()
            && let Some(agreed) = opening.take_agreed()
        {
            self.open(agreed);
        }
        outcome
    }

    /// Opens the connection with what was agreed.
    fn open(&mut self, agreed: Agreed) {
        self.state = ConnectionState::Open;
        self.agreement = agreed.agreement;
        self.set_extensions(agreed.pipeline);
        self.opening = match self.opening.as_deref() {
            Some(Opening::Server(ServerOpening { peer_ended: true, .. })) => {
                Some(Box::new(Opening::EndWaits))
            }
            _ => None,
        };
    }

    /// Takes the end of the stream during the handshake, or while an end waits already.
    #[cold]
    pub(super) fn receive_eof_opening(&mut self) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        match self.opening.as_deref_mut() {
            Some(Opening::Server(opening)) => opening.receive_eof(),
            Some(Opening::Client(opening)) => opening.receive_eof(),
            // The end is known, and waits until the bytes before it are received.
            Some(Opening::EndWaits) | None => Ok(None),
        }
    }

    /// Sends an event of the opening handshake.
    #[cold]
    pub(super) fn send_opening<B: WriteBuffer>(
        &mut self,
        event: Event<'_>,
        out: &mut B,
    ) -> Result<(), LocalProtocolError> {
        out.append_with(|out| self.send_handshake(event, out))
    }

    fn send_handshake(&mut self, event: Event<'_>, out: &mut Vec<u8>) -> Result<(), LocalProtocolError> {
        match self.opening.as_deref_mut() {
            Some(Opening::Server(opening)) => {
                if let Some(agreed) = opening.send(event, out)? {
                    self.open(agreed);
                }
                Ok(())
            }
            Some(Opening::Client(opening)) => opening.send(event, &mut self.entropy, out),
            Some(Opening::EndWaits) | None => Err(LocalProtocolError::WrongEvent),
        }
    }
}
