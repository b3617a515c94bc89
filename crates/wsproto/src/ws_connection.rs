//! A whole connection, from the first byte of HTTP to the closing handshake.

mod send;

use alloc::{boxed::Box, vec::Vec};
use core::{fmt, mem};

use wsproto_frame::Role;
use wsproto_handshake::{Headers, Request};

use crate::{
    Config, Connection, ConnectionState, Entropy, Event, MessageBuffer, RemoteProtocolError, Transport,
    opening::{ClientOpening, ServerOpening},
};

/// A WebSocket connection: the opening handshake, then a [`Connection`].
///
/// Four kinds of methods: [`receive`](Self::receive) takes the peer's bytes and gives events,
/// [`send`](Self::send) takes events and gives bytes, [`reply`](Self::reply) sends what is owed, and the rest tells
/// where the connection stands.
///
#[cfg_attr(feature = "std", doc = "```")]
#[cfg_attr(not(feature = "std"), doc = "```ignore")]
/// use wsproto::{AcceptConnection, Config, Event, Request, WsConnection};
///
/// let mut client = WsConnection::client(Config::default());
/// let mut server = WsConnection::server(Config::default());
/// let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
///
/// client.send(Request::new("example.com", "/chat"), &mut to_server)?;
/// let Some(Event::Request(request)) = server.receive(&mut &mut to_server[..])? else { panic!() };
/// assert_eq!(request.target(), "/chat");
/// server.send(AcceptConnection::new(), &mut to_client)?;
/// let accepted = client.receive(&mut &mut to_client[..])?;
/// assert!(matches!(accepted, Some(Event::AcceptConnection(_))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct WsConnection {
    phase: Phase,
    /// Bytes that a client sent before our answer: its first frames.
    early: Option<Box<Early>>,
}

#[expect(clippy::large_enum_variant, reason = "the open connection is what lasts, and owns no heap memory")]
enum Phase {
    Server(Box<ServerOpening>),
    Client(Box<ClientOpening>),
    Open(Connection),
}

struct Early {
    bytes: Vec<u8>,
    /// How many of the bytes are done with.
    taken: usize,
    /// Whether the peer's stream has ended behind them.
    peer_ended: bool,
}

impl WsConnection {
    /// Makes a server's connection that awaits a request.
    #[must_use]
    pub fn server(config: Config) -> Self {
        Self { phase: Phase::Server(Box::new(ServerOpening::new(config))), early: None }
    }

    /// Makes a server's connection from a request that an HTTP server has parsed; returns that request as well.
    ///
    /// # Errors
    ///
    /// In the second place of the pair; the connection can still send the rejection.
    ///
    /// ```
    /// use wsproto::{AcceptConnection, Config, Headers, WsConnection};
    ///
    /// let headers = Headers::new()
    ///     .with("Host", "example.com")
    ///     .with("Connection", "Upgrade")
    ///     .with("Upgrade", "websocket")
    ///     .with("Sec-WebSocket-Version", "13")
    ///     .with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    /// let (mut server, outcome) = WsConnection::server_from_request(Config::default(), "GET", "/chat", &headers);
    /// assert_eq!(outcome.expect("a good request").target(), "/chat");
    /// server.send(AcceptConnection::new(), &mut Vec::new())?;
    /// # Ok::<(), wsproto::LocalProtocolError>(())
    /// ```
    pub fn server_from_request(
        config: Config,
        method: &str,
        target: &str,
        headers: &Headers,
    ) -> (Self, Result<Request, RemoteProtocolError>) {
        let mut opening = Box::new(ServerOpening::new(config));
        let outcome = opening.receive_parsed(method, target, headers);
        (Self { phase: Phase::Server(opening), early: None }, outcome)
    }

    /// Makes a client's connection that is to send a request; its key and masking keys come from the operating system.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn client(config: Config) -> Self {
        Self { phase: Phase::Client(Box::new(ClientOpening::new(config, None))), early: None }
    }

    /// Makes a client's connection as `client` does; its key and masking keys come from `entropy`.
    #[must_use]
    pub fn client_with_entropy(config: Config, entropy: impl Entropy + 'static) -> Self {
        Self {
            phase: Phase::Client(Box::new(ClientOpening::new(config, Some(Box::new(entropy))))),
            early: None,
        }
    }

    /// Returns which side this is.
    #[must_use]
    pub const fn role(&self) -> Role {
        match &self.phase {
            Phase::Server(_) => Role::Server,
            Phase::Client(_) => Role::Client,
            Phase::Open(connection) => connection.role(),
        }
    }

    /// Returns where the connection stands.
    #[must_use]
    pub const fn state(&self) -> ConnectionState {
        match &self.phase {
            Phase::Server(opening) => opening.state(),
            Phase::Client(opening) => opening.state(),
            Phase::Open(connection) => connection.state(),
        }
    }

    /// Returns what the transport should do once everything that was sent is written.
    #[must_use]
    pub fn transport(&self) -> Transport {
        match &self.phase {
            Phase::Server(opening) => opening.transport(),
            Phase::Client(opening) => opening.transport(),
            Phase::Open(_) if self.early.as_ref().is_some_and(|early| early.peer_ended) => Transport::Close,
            Phase::Open(connection) => connection.transport(),
        }
    }

    /// Takes what it can off the front of `input` and returns the next event, or `None` once more bytes are needed.
    ///
    /// Payloads are unmasked in place, and the event borrows them. What a client sends behind its request before the
    /// answer is kept, up to the limit of a head, for the open connection.
    ///
    /// # Errors
    ///
    /// The rule that the peer broke; it is final, and [`reply_to_error`](Self::reply_to_error) tells the peer.
    #[inline]
    pub fn receive<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        match &mut self.phase {
            Phase::Open(connection) if self.early.is_none() => connection.receive(input),
            Phase::Open(_) => self.receive_early(input),
            Phase::Server(_) | Phase::Client(_) => self.receive_handshake(input),
        }
    }

    /// Does as [`receive`](Self::receive) with what was read into `buffer`, and gives messages whole.
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive).
    #[inline]
    pub fn receive_message<'b>(
        &mut self,
        buffer: &'b mut MessageBuffer,
    ) -> Result<Option<Event<'b>>, RemoteProtocolError> {
        match &mut self.phase {
            Phase::Open(connection) if self.early.is_none() => connection.receive_message(buffer),
            _ => self.receive_parts(buffer),
        }
    }

    /// Joins what comes before the connection is all there is.
    #[cold]
    fn receive_parts<'b>(
        &mut self,
        buffer: &'b mut MessageBuffer,
    ) -> Result<Option<Event<'b>>, RemoteProtocolError> {
        buffer.forget_given();
        buffer.take_joined(|input| self.receive(input))
    }

    #[cold]
    fn receive_handshake<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        let whole = mem::take(input);
        let mut rest = &*whole;
        let outcome = match &mut self.phase {
            Phase::Server(opening) => opening.receive(&mut rest),
            Phase::Client(opening) => opening.receive(&mut rest),
            Phase::Open(_) => Ok(None),
        };
        let taken = whole.len().saturating_sub(rest.len());
        *input = whole.split_at_mut(taken).1;
        match outcome {
            Ok(None) => Ok(None),
            outcome => self.advance(outcome),
        }
    }

    /// Goes over to the open connection where the server has consented; apart, so that a piece of a head costs little.
    #[inline(never)]
    fn advance(
        &mut self,
        outcome: Result<Option<Event<'static>>, RemoteProtocolError>,
    ) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        if let Phase::Client(opening) = &mut self.phase
            && let Some(connection) = opening.open()
        {
            self.phase = Phase::Open(connection);
        }
        outcome
    }

    /// Takes the next event out of the bytes that came before the answer, and then out of the input.
    #[cold]
    fn receive_early<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        match self.receive_kept()? {
            None => self.receive(input),
            event => Ok(event),
        }
    }

    /// Takes the next event out of the bytes that came before the answer.
    fn receive_kept(&mut self) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        let (Some(mut early), Phase::Open(connection)) = (self.early.take(), &mut self.phase) else {
            return Ok(None);
        };
        let mut input = early.bytes.get_mut(early.taken..).unwrap_or_default();
        let before = input.len();
        let outcome = connection.receive(&mut input).map(|event| event.map(Event::into_owned));
        early.taken = early.taken.saturating_add(before.saturating_sub(input.len()));
        match outcome {
            Ok(Some(_)) => self.early = Some(early),
            Ok(None) if early.peer_ended => return Ok(connection.receive_eof()),
            Err(_) if early.peer_ended => drop(connection.receive_eof()),
            Ok(None) | Err(_) => {}
        }
        outcome
    }

    /// Takes the end of the peer's stream, and returns the event that it means, if any.
    ///
    /// Without a Close of the peer before it, that is a [`CloseConnection`](crate::CloseConnection) with
    /// [`CloseCode::ABNORMAL`](crate::CloseCode::ABNORMAL); for the body of a rejection that lasts until the end of the
    /// stream it is its last part. Where bytes that came before the answer still wait, the end comes behind them: it is
    /// [`receive`](Self::receive) that then gives what they hold, and this event last.
    ///
    /// # Errors
    ///
    /// The end came before the opening handshake was done. What [`receive`](Self::receive) has reported is not
    /// reported again.
    pub fn receive_eof(&mut self) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        if let Some(early) = &mut self.early {
            early.peer_ended = true;
            return Ok(None);
        }
        match &mut self.phase {
            Phase::Server(opening) => opening.receive_eof(),
            Phase::Client(opening) => opening.receive_eof(),
            Phase::Open(connection) => Ok(connection.receive_eof()),
        }
    }
}

/// Shows where the connection stands, and nothing that a peer sent.
impl fmt::Debug for WsConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WsConnection")
            .field("role", &self.role())
            .field("state", &self.state())
            .field(
                "early",
                &self.early.as_ref().map_or(0, |early| early.bytes.len().saturating_sub(early.taken)),
            )
            .finish_non_exhaustive()
    }
}
