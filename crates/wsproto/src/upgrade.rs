//! A server's opening handshake inside of an HTTP stack, which parses the request and sends the answer.

mod client;

use alloc::{sync::Arc, vec::Vec};
use core::{error::Error, fmt, ops::Deref};

use wsproto_frame::Role;
#[cfg(feature = "http")]
use wsproto_handshake::HttpHead;
use wsproto_handshake::{
    AcceptConnection, HandshakeLimits, RejectConnection, Request, RequestHead, UpgradeResponse,
};

pub use self::client::{ClientUpgrade, ClientUpgradeError};
use crate::{
    Config, Connection, Event, LocalProtocolError, RemoteProtocolError,
    opening::{broken_rule, negotiation_error, respond_to, respond_to_chosen},
};

/// A client's request for a WebSocket that an HTTP stack has parsed, to be accepted or rejected.
///
/// It is an upgrade of HTTP/1.1, or an extended CONNECT of HTTP/2 and HTTP/3. It derefs to the [`Request`]. Of the
/// header fields, that keeps only Origin: the HTTP stack has the others. Extensions are negotiated in
/// [`accept`](Self::accept), so the configuration may depend on the request. An example in the handler of a framework:
///
#[cfg_attr(feature = "http", doc = "```")]
#[cfg_attr(not(feature = "http"), doc = "```ignore")]
/// use std::sync::Arc;
/// use wsproto::{AcceptConnection, Config, Connection, Upgrade, UpgradeError, UpgradeResponse, check_same_host};
///
/// fn chat(
///     request: &http::Request<()>,
///     config: &Arc<Config>,
/// ) -> Result<(UpgradeResponse, Option<Connection>), UpgradeError> {
///     // Over HTTP/2 the second argument comes from the request's extension `hyper::ext::Protocol`.
///     let upgrade = Upgrade::from_http(request, None)?;
///     if let Err(foreign) = check_same_host(&upgrade) {
///         return Ok((upgrade.reject(&foreign.rejection())?, None));
///     }
///     let mut accept = AcceptConnection::new();
///     accept.subprotocol = upgrade.choose_subprotocol(&["chat.v2", "chat.v1"]).map(String::from);
///     let (response, connection) = upgrade.accept(Arc::clone(config), accept)?;
///     Ok((response, Some(connection))) // for the stream that the HTTP stack gives after its answer
/// }
///
/// let request = http::Request::get("/chat?room=1")
///     .header("Host", "example.com")
///     .header("Connection", "Upgrade")
///     .header("Upgrade", "websocket")
///     .header("Origin", "https://example.com")
///     .header("Sec-WebSocket-Version", "13")
///     .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
///     .header("Sec-WebSocket-Protocol", "chat.v1, chat.v2");
/// let (response, connection) = chat(&request.body(())?, &Arc::new(Config::default()))?;
/// assert_eq!(response.into_http().status(), 101);
/// assert_eq!(connection.unwrap().subprotocol(), Some("chat.v2"));
///
/// let error = chat(&http::Request::get("/chat").header("Host", "a").body(())?, &Arc::default()).unwrap_err();
/// assert_eq!(error.response.status, 426);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Without the crate `http`, [`from_fields`](Self::from_fields) takes the parts of a request.
///
/// RFC 6455 [§4.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2),
/// RFC 8441 [§5](https://www.rfc-editor.org/rfc/rfc8441#section-5),
/// RFC 9220 [§3](https://www.rfc-editor.org/rfc/rfc9220#section-3)
#[derive(Clone, Debug)]
pub struct Upgrade(wsproto_handshake::Upgrade);

impl Upgrade {
    /// Reads a request from its head and its fields, by name and value.
    ///
    /// ```
    /// use wsproto::{AcceptConnection, Config, HandshakeLimits, HttpVersion, RequestHead, Upgrade};
    ///
    /// let head = RequestHead::new(HttpVersion::Http2, "CONNECT", "/chat")
    ///     .with_scheme("https")
    ///     .with_authority("example.com")
    ///     .with_protocol("websocket");
    /// let fields = [("sec-websocket-version", "13")];
    /// let upgrade = Upgrade::from_fields(&head, fields, &HandshakeLimits::default())?;
    /// let (response, _connection) = upgrade.accept(Config::default(), AcceptConnection::new())?;
    /// assert_eq!(response.status, 200);
    /// # Ok::<(), wsproto::UpgradeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The rule that the client broke, and the answer that the client should get.
    pub fn from_fields<'a, N, V>(
        head: &RequestHead<'a>,
        fields: impl IntoIterator<Item = (&'a N, &'a V)>,
        limits: &HandshakeLimits,
    ) -> Result<Self, UpgradeError>
    where
        N: AsRef<[u8]> + ?Sized + 'a,
        V: AsRef<[u8]> + ?Sized + 'a,
    {
        Ok(Self(wsproto_handshake::Upgrade::from_fields(head, fields, limits)?))
    }

    /// Reads a request of the crate `http`, or its parts, with the default limits.
    ///
    /// `protocol` is the `:protocol` of an extended CONNECT, for which the crate `http` has no place. hyper and h2 put
    /// it into the request's extensions, each as its own type `Protocol`.
    ///
    /// # Errors
    ///
    /// The rule that the client broke, and the answer that the client should get.
    #[cfg(feature = "http")]
    pub fn from_http(request: &impl HttpHead, protocol: Option<&str>) -> Result<Self, UpgradeError> {
        Ok(Self(wsproto_handshake::Upgrade::from_http(request, protocol)?))
    }

    /// Reads a request as [`from_http`](Self::from_http) does, within these limits.
    ///
    /// # Errors
    ///
    /// As for [`from_http`](Self::from_http).
    #[cfg(feature = "http")]
    pub fn from_http_within(
        limits: &HandshakeLimits,
        request: &impl HttpHead,
        protocol: Option<&str>,
    ) -> Result<Self, UpgradeError> {
        Ok(Self(wsproto_handshake::Upgrade::from_http_within(limits, request, protocol)?))
    }

    /// Accepts the request: returns the answer that opens the connection, and the open connection.
    ///
    /// `config` is a [`Config`], or an `Arc` of one that many connections share. An extension of it is agreed to if the
    /// client offers it and [`extension_choice`](AcceptConnection::extension_choice) allows it.
    ///
    /// # Errors
    ///
    /// [`UpgradeFault::Remote`] where the offers of extensions are invalid. [`UpgradeFault::Local`] for an acceptance
    /// that can't be sent: a subprotocol that was not proposed, or a reserved field. Then the request can still be
    /// accepted in another way, or rejected.
    pub fn accept(
        &self,
        config: impl Into<Arc<Config>>,
        mut accept: AcceptConnection,
    ) -> Result<(UpgradeResponse, Connection), UpgradeError> {
        let config = config.into();
        if !accept.extensions.is_empty() {
            return Err(LocalProtocolError::ExtensionsInEvent.into());
        }
        let agreed = match accept.extension_choice.as_deref() {
            Some(choice) => respond_to_chosen(&self.extensions().collect::<Vec<_>>(), choice, &config),
            None => respond_to(self.extensions(), &config),
        };
        let (answer, pipeline) = match agreed {
            Ok(agreed) => agreed,
            Err(error) => return Err(self.offers_refused(negotiation_error(Role::Server, error), &config)),
        };
        accept.extensions = answer;
        let response = self.0.accept(&accept).map_err(LocalProtocolError::from)?;
        let connection = Connection::open_server(config).with_extensions(pipeline).with_agreement(&accept);
        Ok((response, connection))
    }

    #[cold]
    fn offers_refused(&self, error: RemoteProtocolError, config: &Config) -> UpgradeError {
        let reject = match error.event_hint() {
            Some(Event::RejectConnection(reject)) => *reject,
            _ => RejectConnection::default(),
        };
        match self.reject(&reject) {
            Ok(response) => {
                let error = UpgradeError { fault: UpgradeFault::Remote(error), response };
                if config.explain_rejections { error.explained() } else { error }
            }
            Err(error) => error,
        }
    }

    /// Rejects the request: returns the answer that refuses the connection.
    ///
    /// For a client with another version of the protocol, the answer names ours. In HTTP/1.1 a 426 has Upgrade. In
    /// HTTP/2 and HTTP/3 a 426 becomes a 400, since these have no upgrade.
    ///
    /// # Errors
    ///
    /// [`UpgradeFault::Local`] for a status that can't refuse (below 200, above 599, or 2xx for an extended CONNECT),
    /// and for fields or a body that can't be sent.
    pub fn reject(&self, reject: &RejectConnection) -> Result<UpgradeResponse, UpgradeError> {
        Ok(self.0.reject(reject).map_err(LocalProtocolError::from)?)
    }
}

impl Deref for Upgrade {
    type Target = Request;

    fn deref(&self) -> &Request {
        &self.0
    }
}

/// The reason why a request opens no connection, and the answer to it.
///
/// ```
/// use wsproto::{HandshakeLimits, HttpVersion, RequestHead, Upgrade};
///
/// let head = RequestHead::new(HttpVersion::Http11, "GET", "/");
/// let error = Upgrade::from_fields(&head, [("Host", "example.com")], &HandshakeLimits::default()).unwrap_err();
/// let response = error.explained().response;
/// assert_eq!(response.status, 426);
/// assert_eq!(response.content, "request without Connection: upgrade (RFC 6455 §4.2.1)\n".as_bytes());
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct UpgradeError {
    /// The mistake, of the client or of the caller.
    pub fault: UpgradeFault,
    /// The answer that the client should get. For a mistake of the caller it is a 500, unless a better one exists.
    pub response: UpgradeResponse,
}

/// The side that made the mistake for which a request opens no connection.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum UpgradeFault {
    /// The client broke a rule.
    Remote(RemoteProtocolError),
    /// The caller made a mistake, and may answer in another way.
    Local(LocalProtocolError),
}

impl UpgradeError {
    /// Puts a line of plain text into the answer that names the broken rule, for people who look at it with a browser
    /// or curl. The answer never tells the client about a mistake of the caller.
    #[must_use]
    pub fn explained(mut self) -> Self {
        if let UpgradeFault::Remote(error) = &self.fault {
            self.response = self.response.with_text(broken_rule(error));
        }
        self
    }

    /// Returns whether the request asks for no WebSocket at all: another handler of the server may answer it.
    #[must_use]
    pub const fn is_ordinary(&self) -> bool {
        matches!(&self.fault, UpgradeFault::Remote(RemoteProtocolError::Request(error)) if error.is_ordinary())
    }
}

impl fmt::Display for UpgradeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            UpgradeFault::Remote(error) => error.fmt(f),
            UpgradeFault::Local(error) => error.fmt(f),
        }
    }
}

/// `Display` shows the nested error already, so its source is the source of this one.
impl Error for UpgradeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.fault {
            UpgradeFault::Remote(error) => error.source(),
            UpgradeFault::Local(error) => error.source(),
        }
    }
}

impl From<wsproto_handshake::UpgradeError> for UpgradeError {
    fn from(error: wsproto_handshake::UpgradeError) -> Self {
        let fault = UpgradeFault::Remote(error.error.into());
        Self { fault, response: error.response }
    }
}

impl From<LocalProtocolError> for UpgradeError {
    fn from(error: LocalProtocolError) -> Self {
        Self { fault: UpgradeFault::Local(error), response: UpgradeResponse::new(500) }
    }
}
