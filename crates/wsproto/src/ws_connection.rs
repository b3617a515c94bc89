//! A whole connection, from the first byte of HTTP to the closing handshake.

mod send;

use alloc::boxed::Box;
use core::{fmt, mem};

use wsproto_frame::Role;
use wsproto_handshake::{Headers, HttpRequest, Request};

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
    /// Whether the client's stream ended before its request was answered. That counts once the bytes that came before the
    /// end are received.
    end_waits: bool,
}

#[expect(clippy::large_enum_variant, reason = "the open connection is what lasts, and owns no heap memory")]
enum Phase {
    Server(Box<ServerOpening>),
    Client(Box<ClientOpening>),
    Open(Connection),
}

impl WsConnection {
    /// Makes a server's connection that awaits a request.
    #[must_use]
    pub fn server(config: Config) -> Self {
        Self { phase: Phase::Server(Box::new(ServerOpening::new(config))), end_waits: false }
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
        (Self { phase: Phase::Server(opening), end_waits: false }, outcome)
    }

    /// Returns what a request asked for that was refused, if its head could be read, until the connection is gone.
    ///
    /// A health check or a page on the same port is such a request: it asks for no WebSocket, so that
    /// [`receive`](Self::receive) gives an error. In place of [`reply_to_error`](Self::reply_to_error) a
    /// [`RejectConnection`](crate::RejectConnection) answers it, with any status and a body.
    ///
    /// ```
    /// use wsproto::{Config, RejectConnection, WsConnection};
    ///
    /// let mut ws = WsConnection::server(Config::default());
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
        if let Phase::Server(opening) = &self.phase { opening.refused_request() } else { None }
    }

    /// Makes a client's connection that is to send a request; its key and masking keys come from the operating system.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn client(config: Config) -> Self {
        Self { phase: Phase::Client(Box::new(ClientOpening::new(config, None))), end_waits: false }
    }

    /// Makes a client's connection as `client` does; its key and masking keys come from `entropy`.
    #[must_use]
    pub fn client_with_entropy(config: Config, entropy: impl Entropy + 'static) -> Self {
        Self {
            phase: Phase::Client(Box::new(ClientOpening::new(config, Some(Box::new(entropy))))),
            end_waits: false,
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

    /// Returns the subprotocol in use, once the connection is open and if one was agreed.
    ///
    #[cfg_attr(feature = "std", doc = "```")]
    #[cfg_attr(not(feature = "std"), doc = "```ignore")]
    /// # use wsproto::{AcceptConnection, Config, Request, WsConnection};
    /// let (mut client, mut server) =
    ///     (WsConnection::client(Config::default()), WsConnection::server(Config::default()));
    /// let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
    /// client.send(Request::new("example.com", "/").with_subprotocol("chat"), &mut to_server)?;
    /// server.receive(&mut &mut to_server[..])?;
    /// server.send(AcceptConnection::new().with_subprotocol("chat"), &mut to_client)?;
    /// client.receive(&mut &mut to_client[..])?;
    /// assert_eq!((client.subprotocol(), server.subprotocol()), (Some("chat"), Some("chat")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.opened().and_then(Connection::subprotocol)
    }

    /// Returns the extensions in use with their parameters, once the connection is open, in order, as the server's answer
    /// has them; [`extensions::parse`](crate::extensions::parse) cuts one into its parts.
    ///
    /// RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)
    pub fn extensions(&self) -> impl Iterator<Item = &str> {
        self.opened().into_iter().flat_map(Connection::extensions)
    }

    const fn opened(&self) -> Option<&Connection> {
        match &self.phase {
            Phase::Open(connection) => Some(connection),
            Phase::Server(_) | Phase::Client(_) => None,
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

    /// Returns what the transport should do next, once everything that was sent is written.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        match &self.phase {
            Phase::Server(opening) => opening.transport(self.end_waits),
            Phase::Client(opening) => opening.transport(),
            Phase::Open(connection) => connection.transport(),
        }
    }

    /// Tells whether the closing handshake is done, as [`Connection::closed_cleanly`] does.
    #[must_use]
    pub const fn closed_cleanly(&self) -> bool {
        match &self.phase {
            Phase::Server(_) | Phase::Client(_) => false,
            Phase::Open(connection) => connection.closed_cleanly(),
        }
    }

    /// Returns the rule that the peer broke, if it broke one.
    #[must_use]
    pub const fn failure(&self) -> Option<&RemoteProtocolError> {
        match &self.phase {
            Phase::Server(opening) => opening.failure(),
            Phase::Client(opening) => opening.failure(),
            Phase::Open(connection) => connection.failure(),
        }
    }

    /// Takes what it can off the front of `input` and returns the next event, or `None` once more bytes are needed.
    ///
    /// Payloads are unmasked in place, and the event borrows them. While a request waits for its answer
    /// ([`Transport::PauseRead`]), nothing is taken: what a client sends after its request stays in `input`, and belongs to
    /// the open connection, so call it again once the answer is sent. With a rejection such bytes are dropped.
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
            Phase::Open(connection) if !self.end_waits => connection.receive(input),
            Phase::Open(_) => self.receive_before_end(input),
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
            Phase::Open(connection) if !self.end_waits => connection.receive_message(buffer),
            _ => self.receive_joined(buffer),
        }
    }

    /// Joins what comes before the connection is all there is.
    #[cold]
    fn receive_joined<'b>(
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

    /// Takes the next event out of what came before the end of the stream, and then that end.
    #[cold]
    fn receive_before_end<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Event<'a>>, RemoteProtocolError> {
        let Phase::Open(connection) = &mut self.phase else { return Ok(None) };
        let outcome = connection.receive(input);
        if let Ok(Some(_)) = outcome {
            return outcome;
        }
        self.end_waits = false;
        let end = connection.receive_eof();
        outcome.map(|_| end)
    }

    /// Takes the end of the peer's stream, which an error of reading is, too; returns the event that it means, if any.
    ///
    /// Without a Close of the peer before it, that is a [`CloseConnection`](crate::CloseConnection) with
    /// [`CloseCode::ABNORMAL`](crate::CloseCode::ABNORMAL), once the connection was open; for the body of a rejection that
    /// lasts until the end of the stream it is its last part. While a request waits for its answer there is none: the
    /// answer can still be sent, [`receive`](Self::receive) then takes what came before the end, and gives this event
    /// last.
    ///
    /// # Errors
    ///
    /// [`RemoteProtocolError::EndOfStream`]: the end came before the opening handshake was done. What
    /// [`receive`](Self::receive) has reported is not reported again.
    pub fn receive_eof(&mut self) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        match &mut self.phase {
            Phase::Server(opening) => {
                self.end_waits = true;
                opening.receive_eof()
            }
            Phase::Client(opening) => opening.receive_eof(),
            // It is known, and waits until the bytes before it are received.
            Phase::Open(_) if self.end_waits => Ok(None),
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
            .field("failure", &self.failure())
            .finish_non_exhaustive()
    }
}
