//! The opening handshake where somebody else's HTTP has parsed the request and sends the answer: a connection comes out.

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

/// A client's request for a WebSocket, out of what somebody else's HTTP has parsed, to be accepted or rejected.
///
/// An upgrade of HTTP/1.1, or an extended CONNECT of HTTP/2 and HTTP/3. It derefs to the [`Request`], of whose header
/// fields it keeps Origin alone: the others are still with whoever parsed them. Extensions are settled when it is accepted,
/// so the configuration may be chosen by what the request says. In the handler of a framework:
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
///     // Over HTTP/2 the second argument is what hyper has as `hyper::ext::Protocol` among the request's extensions.
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
/// Without the crate `http`, [`from_fields`](Self::from_fields) takes what a request consists of.
///
/// RFC 6455 [§4.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2),
/// RFC 8441 [§5](https://www.rfc-editor.org/rfc/rfc8441#section-5),
/// RFC 9220 [§3](https://www.rfc-editor.org/rfc/rfc9220#section-3)
#[derive(Clone, Debug)]
pub struct Upgrade(wsproto_handshake::Upgrade);

impl Upgrade {
    /// Reads a request: what comes before its fields, and its fields by name and value.
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
    /// The rule that the client broke, with the answer that it should get.
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

    /// Reads a request of the crate `http`, whole or its parts, with the limits that go without saying.
    ///
    /// `protocol` is the `:protocol` of an extended CONNECT, which that crate doesn't carry: hyper and h2 have it among
    /// the extensions of a request, each as a type `Protocol` of its own.
    ///
    /// # Errors
    ///
    /// The rule that the client broke, with the answer that it should get.
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

    /// Accepts: returns the answer that opens the connection, and the connection, open.
    ///
    /// `config` is a [`Config`], or an `Arc` of one that many connections share; its extensions are agreed to as far as the
    /// client offers them, and [`extension_choice`](AcceptConnection::extension_choice) lets them.
    ///
    /// # Errors
    ///
    /// [`UpgradeFault::Remote`] where the offers of extensions make no sense. [`UpgradeFault::Local`] for an acceptance
    /// that can't be sent: a subprotocol that was not proposed, a field that is reserved. It can still be accepted in
    /// another way, or rejected.
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

    /// Rejects: returns the answer that refuses the connection.
    ///
    /// To a client of another version of the protocol it names ours. In HTTP/1.1 a 426 has Upgrade. In HTTP/2 and HTTP/3
    /// a 426 becomes a 400, since nothing can be upgraded there.
    ///
    /// # Errors
    ///
    /// [`UpgradeFault::Local`] for a status that is no refusal: below 200 or above 599, and 2xx for an extended CONNECT;
    /// others for fields and a body that can't be sent.
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

/// Why no connection comes of a request, and the answer to it.
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
    /// What is wrong, and whose fault it is.
    pub fault: UpgradeFault,
    /// The answer that the client should get; for a mistake of the caller a 500, unless there is a better one.
    pub response: UpgradeResponse,
}

/// Whose fault it is that no connection comes of a request.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum UpgradeFault {
    /// The client broke a rule.
    Remote(RemoteProtocolError),
    /// The caller made a mistake, and may answer in another way.
    Local(LocalProtocolError),
}

impl UpgradeError {
    /// Puts a line of plain text into the answer that says which rule the client broke, for whoever looks at it with a
    /// browser or curl. Of a mistake of the caller the client is told nothing.
    #[must_use]
    pub fn explained(mut self) -> Self {
        if let UpgradeFault::Remote(error) = &self.fault {
            self.response = self.response.with_text(broken_rule(error));
        }
        self
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

/// What is wrong is told by `Display` already: its source is the source.
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
