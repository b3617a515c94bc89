//! A connection: the peer's bytes in, events out; the program's events in, bytes for the peer out.

mod extended;
mod limits;
mod opening;
mod receive;
mod receive_control;
mod receive_from;
mod send;
mod send_apart;
mod send_control;
mod send_extended;
mod send_fragmented;
mod send_prepared;
mod text;

use alloc::{boxed::Box, sync::Arc};
use core::fmt;

use wsproto_extensions::{Pipeline, WriteBuffer as _};
use wsproto_frame::{ControlPayload, FrameDecoder, FrameEncoder, Role, TextCheck};
use wsproto_handshake::AcceptConnection;

use self::{
    extended::Extended,
    limits::{Limits, MessageSize},
};
use crate::{
    CloseCode, CloseConnection, Config, ConnectionState, Entropy, Event, LocalProtocolError,
    RemoteProtocolError, SendBuffer, Transport,
    agreement::Agreement,
    entropy::Source,
    opening::Opening,
    state::{Ending, Step},
};

/// A WebSocket connection: the opening handshake, messages and control frames, the closing handshake.
///
/// [`server`](Self::server) and [`client`](Self::client) begin with the first byte of HTTP.
/// [`open_server`](Self::open_server) and [`open_client`](Self::open_client) begin with the first frame, after an
/// opening handshake elsewhere: in an HTTP server, or over HTTP/2. An open connection is the same in both cases.
///
/// There are four kinds of methods. [`receive_from`](Self::receive_from) takes the peer's bytes out of a
/// [`ReadBuffer`](crate::ReadBuffer) and returns events. [`advance`](Self::advance) does the same in two steps, and
/// [`receive`](Self::receive) takes the bytes out of the caller's own memory. [`send`](Self::send) takes events and
/// appends bytes. [`reply`](Self::reply) sends the answer that the protocol requires. The other methods return the
/// state of the connection.
///
#[cfg_attr(feature = "std", doc = "```")]
#[cfg_attr(not(feature = "std"), doc = "```ignore")]
/// use wsproto::{AcceptConnection, Config, Event, Request, Connection};
///
/// let mut client = Connection::client(Config::default());
/// let mut server = Connection::server(Config::default());
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
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and a byte")]
pub struct Connection {
    role: Role,
    state: ConnectionState,
    /// Whether the peer's Close has come.
    peer_closed: bool,
    /// Whether the peer's stream has ended.
    peer_ended: bool,
    decoder: FrameDecoder,
    encoder: FrameEncoder,
    text: TextCheck,
    /// The frames so far of the message under way from the peer.
    received: MessageSize,
    limits: Limits,
    /// Whether the read buffer waits for the whole frame under way. Meaningless between frames.
    awaits_whole: bool,
    /// Whether the check for a fork, which copies a thread's masking keys, was made.
    looked_at_process: bool,
    /// A control frame's payload that comes in pieces.
    control: Option<Box<ControlPayload>>,
    /// The agreed subprotocol and extensions, as the program sees them.
    agreement: Agreement,
    /// The opening handshake, until it is over.
    opening: Option<Box<Opening>>,
    /// The agreed extensions at work. Boxed, since most connections have none.
    extended: Option<Box<Extended>>,
    /// Where a client's masking keys come from.
    entropy: Source,
    /// The rule that the peer broke; boxed, since most break none.
    failure: Option<Box<RemoteProtocolError>>,
}

impl Connection {
    /// Makes a server's connection that is already open.
    ///
    /// Its opening handshake happened elsewhere, without extensions. [`with_extensions`](Self::with_extensions) adds
    /// those that were agreed there. The limits come from `config`, a [`Config`] or an `Arc` of one. The extensions in
    /// `config` are ignored.
    ///
    #[cfg_attr(feature = "std", doc = "```")]
    #[cfg_attr(not(feature = "std"), doc = "```ignore")]
    /// use wsproto::{Config, Connection, Event, TextMessage};
    ///
    /// let mut client = Connection::open_client(Config::default());
    /// let mut server = Connection::open_server(Config::default());
    /// let mut wire = Vec::new();
    /// client.send(TextMessage::new("hello"), &mut wire)?;
    ///
    /// let event = server.receive(&mut &mut wire[..])?;
    /// assert_eq!(event, Some(Event::TextMessage(TextMessage::new("hello"))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn open_server(config: impl Into<Arc<Config>>) -> Self {
        Self::new(Role::Server, &config.into(), Source::system())
    }

    /// Makes a client's connection as [`open_server`](Self::open_server) makes a server's.
    ///
    /// Masking keys come from the operating system.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn open_client(config: impl Into<Arc<Config>>) -> Self {
        Self::new(Role::Client, &config.into(), Source::system())
    }

    /// Makes a client's connection as `open_client` does, with masking keys from `entropy`.
    #[must_use]
    pub fn open_client_with_entropy(config: impl Into<Arc<Config>>, entropy: impl Entropy + 'static) -> Self {
        Self::new(Role::Client, &config.into(), Source::own(entropy))
    }

    fn new(role: Role, config: &Config, entropy: Source) -> Self {
        Self {
            role,
            state: ConnectionState::Open,
            peer_closed: false,
            peer_ended: false,
            decoder: FrameDecoder::new(role)
                .with_max_payload_len(config.max_frame_len.unwrap_or(u64::MAX))
                .with_max_message_len(config.max_message_len),
            encoder: FrameEncoder::new(role),
            text: TextCheck::new(),
            received: MessageSize::default(),
            limits: Limits::new(config),
            awaits_whole: false,
            looked_at_process: false,
            control: None,
            agreement: Agreement::default(),
            opening: None,
            extended: None,
            entropy,
            failure: None,
        }
    }

    /// Adds extensions that were agreed elsewhere.
    ///
    /// [`respond`](crate::extensions::respond) and [`conclude`](crate::extensions::conclude) negotiate and return a
    /// [`Pipeline`]. [`Pipeline::agreed`] makes one of extensions that were negotiated in another way.
    ///
    #[cfg_attr(feature = "deflate", doc = "```")]
    #[cfg_attr(not(feature = "deflate"), doc = "```ignore")]
    /// use std::sync::Arc;
    /// use wsproto::extensions::{Pipeline, deflate::{DeflateParams, PermessageDeflate}};
    /// use wsproto::{Config, Connection, DeflateConfig, Role, TextMessage};
    ///
    /// // The HTTP server has agreed to "permessage-deflate; server_no_context_takeover".
    /// let params = DeflateParams { server_no_context_takeover: true, ..DeflateParams::default() };
    /// let config = DeflateConfig::default();
    /// let deflate = PermessageDeflate::new(Role::Server, params, &config);
    /// let agreed = Pipeline::agreed([(Arc::new(config) as _, Box::new(deflate) as _)])?;
    ///
    /// let mut server = Connection::open_server(Config::default()).with_extensions(agreed);
    /// let mut out = Vec::new();
    /// server.send(TextMessage::new("na ".repeat(100)), &mut out)?;
    /// assert!(out.len() < 30);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_extensions(mut self, agreed: Pipeline) -> Self {
        self.set_extensions(agreed);
        self
    }

    fn set_extensions(&mut self, agreed: Pipeline) {
        // Most connections have none, before and after.
        if !agreed.is_empty() || self.extended.is_some() {
            self.decoder = self.decoder.clone().with_rsv(agreed.rsv());
            self.extended =
                (!agreed.is_empty()).then(|| Box::new(Extended::new(agreed, self.decoder.max_message_len())));
        }
    }

    /// Stores the agreement of an opening handshake that happened elsewhere.
    ///
    /// [`subprotocol`](Self::subprotocol) and [`extensions`](Self::extensions) return it. It puts no extension to work:
    /// [`with_extensions`](Self::with_extensions) does.
    ///
    #[cfg_attr(feature = "std", doc = "```")]
    #[cfg_attr(not(feature = "std"), doc = "```ignore")]
    /// use wsproto::{AcceptConnection, Config, Connection};
    ///
    /// let accept = AcceptConnection::new().with_subprotocol("chat");
    /// let connection = Connection::open_client(Config::default()).with_agreement(&accept);
    /// assert_eq!(connection.subprotocol(), Some("chat"));
    /// ```
    #[must_use]
    pub fn with_agreement(mut self, accept: &AcceptConnection) -> Self {
        self.agreement = Agreement::of(accept);
        self
    }

    /// Returns the subprotocol in use, if one was agreed.
    ///
    /// RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.agreement.subprotocol()
    }

    /// Returns the extensions in use with their parameters, in the order of the server's answer.
    ///
    /// [`extensions::parse`](crate::extensions::parse) splits one into its name and its parameters.
    ///
    /// RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)
    pub fn extensions(&self) -> impl Iterator<Item = &str> {
        self.agreement.extensions()
    }

    /// Returns which side this is.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Returns the state of the connection.
    #[must_use]
    pub const fn state(&self) -> ConnectionState {
        match self.opening() {
            Some(Opening::Server(opening)) => opening.state(),
            Some(Opening::Client(opening)) => opening.state(),
            Some(Opening::EndWaits) | None => self.state,
        }
    }

    const fn opening(&self) -> Option<&Opening> {
        match &self.opening {
            Some(opening) => Some(opening),
            None => None,
        }
    }

    /// Returns what the transport should do next, once everything that was sent is written.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        match self.opening() {
            Some(Opening::Server(opening)) => opening.transport(),
            Some(Opening::Client(opening)) => opening.transport(),
            Some(Opening::EndWaits) | None => {
                let ending = Ending { peer_ended: self.peer_ended, failed: self.failure.is_some() };
                self.state.transport(self.role, ending)
            }
        }
    }

    /// Returns whether the closing handshake is done: both sides have sent Close.
    ///
    /// Then the connection was closed cleanly, however the transport ends. In every other case it was not.
    /// [`failure`](Self::failure) names the rule that the peer broke, if that is the reason.
    ///
    #[cfg_attr(feature = "std", doc = "```")]
    #[cfg_attr(not(feature = "std"), doc = "```ignore")]
    /// use wsproto::{CloseCode, CloseConnection, Config, Connection};
    ///
    /// let mut client = Connection::open_client(Config::default());
    /// client.send(CloseConnection::new(CloseCode::NORMAL), &mut Vec::new())?;
    /// assert!(!client.closed_cleanly());
    /// client.receive(&mut &mut [0x88, 0x02, 0x03, 0xe8][..])?; // the server's Close
    /// assert!(client.closed_cleanly());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// RFC 6455 [§7.1.4](https://www.rfc-editor.org/rfc/rfc6455#section-7.1.4)
    #[must_use]
    pub const fn closed_cleanly(&self) -> bool {
        //= rfc6455#7.1.4-1
        self.peer_closed && matches!(self.state, ConnectionState::Closed)
    }

    /// Returns the rule that the peer broke, if it broke one.
    #[must_use]
    pub const fn failure(&self) -> Option<&RemoteProtocolError> {
        match self.opening() {
            Some(Opening::Server(opening)) => opening.failure(),
            Some(Opening::Client(opening)) => opening.failure(),
            Some(Opening::EndWaits) | None => match &self.failure {
                Some(failure) => Some(failure),
                None => None,
            },
        }
    }

    /// Takes the end of the peer's stream, and returns the event that it causes, if any.
    ///
    /// Call it after an error of reading, too. The event depends on the state:
    ///
    /// - After the opening handshake, if the peer has sent no Close, it is a
    ///   [`CloseConnection`](crate::CloseConnection) with [`CloseCode::ABNORMAL`](crate::CloseCode::ABNORMAL).
    /// - The body of a rejection may last until the end of the stream. The event is then its last part.
    /// - While a request waits for its answer there is no event, and the answer can still be sent. After it,
    ///   [`receive`](Self::receive) takes the bytes that came before the end, and then returns the event of the end.
    ///
    /// # Errors
    ///
    /// [`RemoteProtocolError::EndOfStream`] where the end came before the opening handshake was done. An error that
    /// [`receive`](Self::receive) has returned is not returned again.
    ///
    /// RFC 6455 [§7.1.5](https://www.rfc-editor.org/rfc/rfc6455#section-7.1.5)
    pub fn receive_eof(&mut self) -> Result<Option<Event<'static>>, RemoteProtocolError> {
        if self.opening.is_some() { self.receive_eof_opening() } else { Ok(self.end_of_stream()) }
    }

    fn end_of_stream(&mut self) -> Option<Event<'static>> {
        let is_abnormal = !self.peer_closed && !self.peer_ended;
        self.peer_ended = true;
        self.state = self.state.after(Step::EndOfStream).unwrap_or(self.state);
        self.give_back_when_closed();
        //= rfc6455#7.1.5-3, rfc6455#7.2.1-2
        is_abnormal.then(|| CloseConnection::new(CloseCode::ABNORMAL).into())
    }

    /// Sends the answer that an event requires: a Pong for a Ping, a Close for a Close.
    ///
    /// It may be called for each event. It sends nothing for other events, and nothing where nothing can be sent any
    /// more.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn reply<B: SendBuffer>(&mut self, event: &Event<'_>, out: &mut B) -> Result<(), LocalProtocolError> {
        match (event, self.state) {
            //= rfc6455#5.5.2-1, rfc6455#5.5.2-2
            (Event::Ping(ping), ConnectionState::Open | ConnectionState::LocalClosing) => {
                self.send(ping.response(), out)
            }
            //= rfc6455#5.5.1-4, rfc6455#5.5.1-5
            (Event::CloseConnection(close), ConnectionState::RemoteClosing) if self.peer_closed => {
                self.send(close.response(), out)
            }
            _ => Ok(()),
        }
    }

    /// Sends the answer to an error of [`receive`](Self::receive): a rejection before the handshake is done, a Close
    /// after.
    ///
    /// It sends nothing where nothing can be sent. With
    /// [`Config::explain_rejections`](crate::Config::explain_rejections) a rejection names the broken rule. For a
    /// request that asks for no WebSocket, [`refused_request`](Self::refused_request) returns the request.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn reply_to_error<B: SendBuffer>(
        &mut self,
        error: &RemoteProtocolError,
        out: &mut B,
    ) -> Result<(), LocalProtocolError> {
        match self.opening.as_deref_mut() {
            Some(Opening::Server(opening)) => {
                return out.bytes().append_with(|out| opening.reply_to_error(error, out));
            }
            Some(Opening::Client(_)) => return Ok(()),
            Some(Opening::EndWaits) | None => {}
        }
        let Some(close @ Event::CloseConnection(_)) = error.event_hint() else { return Ok(()) };
        if self.failure.is_none() && self.state.after(Step::Fail).is_some() {
            self.fail(error.clone());
        }
        //= rfc6455#7.1.7-4, rfc6455#10.7-2
        if self.state.after(Step::SendClose).is_some() { self.send(close, out) } else { Ok(()) }
    }
}

/// Shows the state of the connection, and no bytes of the peer.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("role", &self.role)
            .field("state", &self.state())
            .field("failure", &self.failure())
            .finish_non_exhaustive()
    }
}
