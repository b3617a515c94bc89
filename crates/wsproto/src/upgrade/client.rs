//! A client's opening handshake through an HTTP stack, which sends the request and parses the response.

use alloc::sync::Arc;
use core::{error::Error, fmt};

use wsproto_extensions::conclude;
use wsproto_frame::Role;
use wsproto_handshake::{Answer, RejectConnection, Request, ResponseError, UpgradeRequest};

use crate::{
    Config, Connection, Entropy, LocalProtocolError, RemoteProtocolError,
    agreement::Agreement,
    entropy::Source,
    opening::{Agreed, negotiation_error, with_offers},
};

/// A client's request for a WebSocket that an HTTP stack sends, until its response comes.
///
/// [`http1`](Self::http1) makes an upgrade of HTTP/1.1, and [`connect`](Self::connect) an extended CONNECT of HTTP/2 or
/// HTTP/3. The configuration's extensions are offered.
///
#[cfg_attr(feature = "http", doc = "```")]
#[cfg_attr(not(feature = "http"), doc = "```ignore")]
/// use wsproto::{ClientUpgrade, ClientUpgradeError, Config, Request};
///
/// let request = Request::new("example.com", "/chat").with_subprotocol("chat");
/// let (sent, upgrade) = ClientUpgrade::connect(Config::default(), request, "https")?;
/// assert_eq!(sent.protocol, Some("websocket")); // for hyper: an extension of the type `hyper::ext::Protocol`
/// let sent: http::Request<()> = sent.into_http()?;
/// assert_eq!((sent.method().as_str(), sent.uri().to_string()), ("CONNECT", "https://example.com/chat".into()));
///
/// // The server's answer:
/// let response = http::Response::builder().header("sec-websocket-protocol", "chat").body(())?;
/// match upgrade.receive_http(&response) {
///     Ok(connection) => assert_eq!(connection.subprotocol(), Some("chat")),
///     Err(ClientUpgradeError::Rejected(reject)) => println!("refused: {}", reject.status),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1),
/// RFC 8441 [§5](https://www.rfc-editor.org/rfc/rfc8441#section-5)
pub struct ClientUpgrade {
    handshake: wsproto_handshake::ClientUpgrade,
    config: Arc<Config>,
    entropy: Source,
}

impl ClientUpgrade {
    /// Makes an upgrade of HTTP/1.1, and returns the request to send. The key and masking keys come from the operating
    /// system.
    ///
    /// `config` is a [`Config`], or an `Arc` of one that many connections share.
    ///
    /// # Errors
    ///
    /// A request that can't be sent.
    #[cfg(feature = "std")]
    pub fn http1(
        config: impl Into<Arc<Config>>,
        request: Request,
    ) -> Result<(UpgradeRequest, Self), LocalProtocolError> {
        Self::ask_http1(config.into(), request, Source::system())
    }

    /// Makes an upgrade as `http1` does, with the key and masking keys from `entropy`.
    ///
    /// # Errors
    ///
    /// A request that can't be sent.
    pub fn http1_with_entropy(
        config: impl Into<Arc<Config>>,
        request: Request,
        entropy: impl Entropy + 'static,
    ) -> Result<(UpgradeRequest, Self), LocalProtocolError> {
        Self::ask_http1(config.into(), request, Source::own(entropy))
    }

    /// Makes an extended CONNECT of HTTP/2 or HTTP/3, and returns the request to send.
    ///
    /// The server must have announced that it takes one. The scheme is `https` for `wss`, and `http` for `ws`. Masking
    /// keys come from the operating system.
    ///
    /// # Errors
    ///
    /// A request that can't be sent.
    #[cfg(feature = "std")]
    pub fn connect(
        config: impl Into<Arc<Config>>,
        request: Request,
        scheme: &str,
    ) -> Result<(UpgradeRequest, Self), LocalProtocolError> {
        Self::ask_connect(config.into(), request, scheme, Source::system())
    }

    /// Makes an extended CONNECT as `connect` does, with masking keys from `entropy`.
    ///
    /// # Errors
    ///
    /// A request that can't be sent.
    pub fn connect_with_entropy(
        config: impl Into<Arc<Config>>,
        request: Request,
        scheme: &str,
        entropy: impl Entropy + 'static,
    ) -> Result<(UpgradeRequest, Self), LocalProtocolError> {
        Self::ask_connect(config.into(), request, scheme, Source::own(entropy))
    }

    fn ask_http1(
        config: Arc<Config>,
        request: Request,
        mut entropy: Source,
    ) -> Result<(UpgradeRequest, Self), LocalProtocolError> {
        let request = with_offers(request, &config)?;
        let nonce = entropy.nonce().map_err(|_| LocalProtocolError::Entropy)?;
        let (sent, handshake) = wsproto_handshake::ClientUpgrade::http1(&request, nonce)?;
        Ok((sent, Self::new(handshake, config, entropy)))
    }

    fn ask_connect(
        config: Arc<Config>,
        request: Request,
        scheme: &str,
        entropy: Source,
    ) -> Result<(UpgradeRequest, Self), LocalProtocolError> {
        let request = with_offers(request, &config)?;
        let (sent, handshake) = wsproto_handshake::ClientUpgrade::connect(&request, scheme)?;
        Ok((sent, Self::new(handshake, config, entropy)))
    }

    fn new(handshake: wsproto_handshake::ClientUpgrade, config: Arc<Config>, entropy: Source) -> Self {
        let handshake = handshake.with_limits(config.handshake);
        let handshake = if config.require_subprotocol { handshake.require_subprotocol() } else { handshake };
        Self { handshake, config, entropy }
    }

    /// Reads the response, and returns the open connection.
    ///
    /// # Errors
    ///
    /// [`ClientUpgradeError::Rejected`] where the server refuses, and [`ClientUpgradeError::Remote`] where it breaks a
    /// rule.
    pub fn receive<'a, N, V>(
        self,
        status: u16,
        fields: impl IntoIterator<Item = (&'a N, &'a V)>,
    ) -> Result<Connection, ClientUpgradeError>
    where
        N: AsRef<[u8]> + ?Sized + 'a,
        V: AsRef<[u8]> + ?Sized + 'a,
    {
        let answer = self.handshake.receive(status, fields);
        self.conclude(answer)
    }

    /// Reads a response of the crate `http` as [`receive`](Self::receive) does.
    ///
    /// # Errors
    ///
    /// As for [`receive`](Self::receive).
    #[cfg(feature = "http")]
    pub fn receive_http<B>(self, response: &http::Response<B>) -> Result<Connection, ClientUpgradeError> {
        let answer = self.handshake.receive_http(response);
        self.conclude(answer)
    }

    fn conclude(
        self,
        answer: Result<Answer<'static>, ResponseError>,
    ) -> Result<Connection, ClientUpgradeError> {
        let accept = match answer.map_err(RemoteProtocolError::from)? {
            Answer::Accept(accept) => accept,
            Answer::Reject(reject) => return Err(ClientUpgradeError::Rejected(reject)),
            _ => return Err(RemoteProtocolError::from(ResponseError::Status).into()),
        };
        let pipeline = conclude(&self.config.extensions, &accept.extensions)
            .map_err(|error| negotiation_error(Role::Client, error))?;
        let agreed = Agreed { agreement: Agreement::of(&accept), pipeline };
        Ok(Connection::open_client_agreed(&self.config, self.entropy, agreed))
    }
}

impl fmt::Debug for ClientUpgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientUpgrade").field("handshake", &self.handshake).finish_non_exhaustive()
    }
}

/// The reason why a response opens no connection.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ClientUpgradeError {
    /// The server refused: its status and all of its fields. The HTTP stack has the body.
    Rejected(RejectConnection),
    /// The server broke a rule.
    Remote(RemoteProtocolError),
}

impl From<RemoteProtocolError> for ClientUpgradeError {
    fn from(error: RemoteProtocolError) -> Self {
        Self::Remote(error)
    }
}

impl fmt::Display for ClientUpgradeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(reject) => write!(f, "the server refused with status {}", reject.status),
            Self::Remote(error) => error.fmt(f),
        }
    }
}

/// `Display` shows the nested error already, so its source is the source of this one.
impl Error for ClientUpgradeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Rejected(_) => None,
            Self::Remote(error) => error.source(),
        }
    }
}
