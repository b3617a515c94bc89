//! Two ends, and the bytes between them.

use alloc::{sync::Arc, vec::Vec};

use wsproto_extensions::{NegotiationError, conclude, offers, respond};
use wsproto_frame::Role;

use super::{Cuts, End, SeededEntropy};
use crate::{AcceptConnection, Config, Connection, Event, ReadBuffer, RemoteProtocolError};

/// A client's and a server's end. Bytes that one has written are delivered to the other in pieces of your choice.
///
/// The client's key and masking keys are the same in each run, and so are all bytes.
///
/// ```
/// use wsproto::testing::{Cuts, Pair};
/// use wsproto::{AcceptConnection, CloseCode, CloseConnection, Config, Request};
///
/// // From the first byte of HTTP …
/// let mut pair = Pair::connecting(Config::default(), Config::default());
/// pair.client.send(Request::new("example.com", "/chat"))?;
/// assert_eq!(pair.to_server(&Cuts::EachByte)?.len(), 1);
/// pair.server.send(AcceptConnection::new())?;
/// assert_eq!(pair.to_client(&Cuts::EachByte)?.len(), 1);
///
/// // … to the end of both streams.
/// pair.server.send(CloseConnection::new(CloseCode::GOING_AWAY))?;
/// let close = pair.to_client(&Cuts::Whole)?.remove(0);
/// pair.client.reply(&close)?;
/// pair.client.end_stream();
/// assert_eq!(pair.to_server(&Cuts::Whole)?, [close]);
/// assert!(pair.server.connection.closed_cleanly());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Pair {
    /// The client's end.
    pub client: End,
    /// The server's end.
    pub server: End,
}

impl Pair {
    /// Makes a pair of any client's and server's connections.
    #[must_use]
    pub const fn new(client: Connection, server: Connection) -> Self {
        Self { client: End::new(client), server: End::new(server) }
    }

    /// Makes a pair before the opening handshake. The client begins with a request.
    #[must_use]
    pub fn connecting(client: impl Into<Arc<Config>>, server: impl Into<Arc<Config>>) -> Self {
        let client = Connection::client_with_entropy(client, SeededEntropy::new(0));
        Self::new(client, Connection::server(server))
    }

    /// Makes an open pair, with the extensions on which both configurations agree.
    ///
    /// # Errors
    ///
    /// An extension of a configuration can't be offered, or gives an answer that the other side can't accept.
    pub fn open(
        client: impl Into<Arc<Config>>,
        server: impl Into<Arc<Config>>,
    ) -> Result<Self, NegotiationError> {
        let (client, server) = (client.into(), server.into());
        let (answer, of_server) = respond(&server.extensions, &offers(&client.extensions)?)?;
        let of_client = conclude(&client.extensions, &answer)?;
        let mut agreement = AcceptConnection::new();
        agreement.extensions = answer;
        let client = Connection::open_client_with_entropy(client, SeededEntropy::new(0));
        let server = Connection::open_server(server);
        Ok(Self::new(
            client.with_agreement(&agreement).with_extensions(of_client),
            server.with_agreement(&agreement).with_extensions(of_server),
        ))
    }

    /// Returns the end of this role.
    #[must_use]
    pub const fn end(&mut self, role: Role) -> &mut End {
        match role {
            Role::Client => &mut self.client,
            Role::Server => &mut self.server,
        }
    }

    /// Delivers the client's written bytes to the server, and returns the server's events.
    ///
    /// # Errors
    ///
    /// As [`deliver`](Self::deliver).
    pub fn to_server(&mut self, cuts: &Cuts) -> Result<Vec<Event<'static>>, RemoteProtocolError> {
        self.deliver(Role::Server, cuts)
    }

    /// Delivers the server's written bytes to the client, and returns the client's events.
    ///
    /// # Errors
    ///
    /// As [`deliver`](Self::deliver).
    pub fn to_client(&mut self, cuts: &Cuts) -> Result<Vec<Event<'static>>, RemoteProtocolError> {
        self.deliver(Role::Client, cuts)
    }

    /// Delivers the bytes that the other end has written to the end of role `to`, and returns its events. After all
    /// bytes, the end of the stream is delivered, too.
    ///
    /// # Errors
    ///
    /// The rule that the other end broke. [`End::take_events`] returns the events before it.
    pub fn deliver(&mut self, to: Role, cuts: &Cuts) -> Result<Vec<Event<'static>>, RemoteProtocolError> {
        let from = self.end(to.peer());
        let (bytes, has_ended) = (from.take_written(), from.has_ended());
        let to = self.end(to);
        let mut events = to.receive(&bytes, cuts)?;
        if has_ended && !to.has_unread() {
            match to.receive_eof() {
                Ok(event) => events.extend(event),
                Err(error) => {
                    to.keep_events(events);
                    return Err(error);
                }
            }
        }
        Ok(events)
    }

    /// Lets a program be the server.
    ///
    /// The program is called once before, and after each read of the client's bytes, with the connection, the read
    /// buffer, and the output. It is not told the end of the stream.
    ///
    /// # Errors
    ///
    /// The program's error. The program is not called again.
    pub fn serve<E>(
        &mut self,
        cuts: &Cuts,
        program: impl FnMut(&mut Connection, &mut ReadBuffer, &mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let bytes = self.client.take_written();
        self.server.receive_with(&bytes, cuts, program)
    }

    /// Lets a program be the client, as [`serve`](Self::serve) lets one be the server.
    ///
    /// # Errors
    ///
    /// The program's error. The program is not called again.
    pub fn ask<E>(
        &mut self,
        cuts: &Cuts,
        program: impl FnMut(&mut Connection, &mut ReadBuffer, &mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let bytes = self.server.take_written();
        self.client.receive_with(&bytes, cuts, program)
    }
}
