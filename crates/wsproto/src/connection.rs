//! A connection after the opening handshake: frames in, events out; events in, frames out.

mod receive;
mod receive_control;
mod receive_message;
mod send;
mod send_prepared;
mod transformed;

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use wsproto_extensions::Pipeline;
use wsproto_frame::{ControlPayload, FrameDecoder, FrameEncoder, Role, TextCheck};
use wsproto_handshake::AcceptConnection;

use self::{
    receive::{Limits, MessageSize},
    transformed::Transformed,
};
use crate::{
    CloseCode, CloseConnection, Config, ConnectionState, Entropy, Event, LocalProtocolError,
    RemoteProtocolError, Transport,
    agreement::Agreement,
    entropy::Source,
    state::{Ending, Step},
};

/// A WebSocket connection whose opening handshake happened elsewhere: in an HTTP server, over HTTP/2.
///
/// Four kinds of methods: [`receive`](Self::receive) takes the peer's bytes and gives events,
/// [`send`](Self::send) takes events and gives bytes, [`reply`](Self::reply) sends what is owed, and the rest tells
/// where the connection stands. [`WsConnection`](crate::WsConnection) has the opening handshake, too.
///
#[cfg_attr(feature = "std", doc = "```")]
#[cfg_attr(not(feature = "std"), doc = "```ignore")]
/// use wsproto::{Config, Connection, Event, TextMessage};
///
/// let mut client = Connection::client(&Config::default());
/// let mut server = Connection::server(&Config::default());
/// let mut wire = Vec::new();
/// client.send(TextMessage::new("hello"), &mut wire)?;
///
/// let mut input = &mut wire[..];
/// let event = server.receive(&mut input)?;
/// assert_eq!(event, Some(Event::TextMessage(TextMessage::new("hello"))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// The size so far of the message under way from the peer.
    received: MessageSize,
    limits: Limits,
    /// A control frame's payload that comes in pieces.
    control: Option<Box<ControlPayload>>,
    /// What was agreed, for whoever asks.
    agreement: Agreement,
    /// What agreed extensions do; boxed, since most connections have none.
    extensions: Option<Box<Transformed>>,
    /// Where a client's masking keys come from.
    entropy: Source,
    /// The rule that the peer broke.
    failure: Option<RemoteProtocolError>,
}

impl Connection {
    /// Makes a server's connection, open, without extensions.
    ///
    /// The limits come from `config`; its extensions are not looked at, see
    /// [`with_extensions`](Self::with_extensions).
    #[must_use]
    pub fn server(config: &Config) -> Self {
        Self::new(Role::Server, config, Source::System)
    }

    /// Makes a client's connection, open, without extensions; masking keys come from the operating system.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn client(config: &Config) -> Self {
        Self::new(Role::Client, config, Source::System)
    }

    /// Makes a client's connection as `client` does; masking keys come from `entropy`.
    #[must_use]
    pub fn client_with_entropy(config: &Config, entropy: impl Entropy + 'static) -> Self {
        Self::new(Role::Client, config, Source::Own(Box::new(entropy)))
    }

    pub(crate) fn new(role: Role, config: &Config, entropy: Source) -> Self {
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
            control: None,
            agreement: Agreement::default(),
            extensions: None,
            entropy,
            failure: None,
        }
    }

    /// Adds the extensions that were agreed on, as `wsproto_extensions` negotiates them.
    #[must_use]
    pub fn with_extensions(mut self, agreed: Pipeline) -> Self {
        self.decoder = self.decoder.with_rsv(agreed.rsv());
        self.extensions = (!agreed.is_empty()).then(|| Box::new(Transformed::new(agreed)));
        self
    }

    /// Remembers what a handshake that happened elsewhere agreed to, for [`subprotocol`](Self::subprotocol) and
    /// [`extensions`](Self::extensions); what extensions do comes with [`with_extensions`](Self::with_extensions).
    ///
    #[cfg_attr(feature = "std", doc = "```")]
    #[cfg_attr(not(feature = "std"), doc = "```ignore")]
    /// use wsproto::{AcceptConnection, Config, Connection};
    ///
    /// let accept = AcceptConnection::new().with_subprotocol("chat");
    /// let connection = Connection::client(&Config::default()).with_agreement(&accept);
    /// assert_eq!(connection.subprotocol(), Some("chat"));
    /// ```
    #[must_use]
    pub fn with_agreement(self, accept: &AcceptConnection) -> Self {
        self.with_agreed(Agreement::of(accept))
    }

    pub(crate) fn with_agreed(mut self, agreement: Agreement) -> Self {
        self.agreement = agreement;
        self
    }

    /// Returns the subprotocol in use, if one was agreed.
    ///
    /// RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.agreement.subprotocol()
    }

    /// Returns the extensions in use with their parameters, in order, as the server's answer has them;
    /// [`extensions::parse`](crate::extensions::parse) cuts one into its parts.
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

    /// Returns where the connection stands.
    #[must_use]
    pub const fn state(&self) -> ConnectionState {
        self.state
    }

    /// Returns what the transport should do next, once everything that was sent is written.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        let ending = Ending { peer_ended: self.peer_ended, failed: self.failure.is_some() };
        self.state.transport(self.role, ending)
    }

    /// Tells whether the closing handshake is done: both sides have sent Close.
    ///
    /// However the transport ends after that, the connection was closed cleanly; one that ended in any other way was not.
    /// [`failure`](Self::failure) tells the rule that the peer broke, if that is why.
    ///
    #[cfg_attr(feature = "std", doc = "```")]
    #[cfg_attr(not(feature = "std"), doc = "```ignore")]
    /// use wsproto::{CloseCode, CloseConnection, Config, Connection};
    ///
    /// let mut client = Connection::client(&Config::default());
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
        self.failure.as_ref()
    }

    /// Takes the end of the peer's stream, which an error of reading is, too.
    ///
    /// Where no Close of the peer came before it, gives a [`CloseConnection`] with [`CloseCode::ABNORMAL`], also where
    /// the peer broke a rule instead of closing. Nothing is owed for that event.
    ///
    /// RFC 6455 [§7.1.5](https://www.rfc-editor.org/rfc/rfc6455#section-7.1.5)
    pub fn receive_eof(&mut self) -> Option<Event<'static>> {
        let is_abnormal = !self.peer_closed && !self.peer_ended;
        self.peer_ended = true;
        self.state = self.state.after(Step::EndOfStream).unwrap_or(self.state);
        self.give_back_when_closed();
        //= rfc6455#7.1.5-3, rfc6455#7.2.1-2
        is_abnormal.then(|| CloseConnection::new(CloseCode::ABNORMAL).into())
    }

    /// Sends what the protocol owes for an event: a Pong for a Ping, a Close for a Close; otherwise nothing.
    ///
    /// Calling it for each event received is always right: it sends nothing where nothing can be sent any more.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn reply(&mut self, event: &Event<'_>, out: &mut Vec<u8>) -> Result<(), LocalProtocolError> {
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

    /// Sends the Close that is owed for an error of [`receive`](Self::receive) or of
    /// [`Messages`](crate::Messages), where one can still be sent; otherwise nothing.
    ///
    /// An error of [`Messages`](crate::Messages) ends the connection as its own errors do: what still comes is ignored.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn reply_to_error(
        &mut self,
        error: &RemoteProtocolError,
        out: &mut Vec<u8>,
    ) -> Result<(), LocalProtocolError> {
        let Some(close @ Event::CloseConnection(_)) = error.event_hint() else { return Ok(()) };
        if self.failure.is_none() && self.state.after(Step::Fail).is_some() {
            self.fail(error.clone());
        }
        //= rfc6455#7.1.7-4, rfc6455#10.7-2
        if self.state.after(Step::SendClose).is_some() { self.send(close, out) } else { Ok(()) }
    }
}

/// Shows where the connection stands, and nothing that a peer sent.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("role", &self.role)
            .field("state", &self.state)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}
