//! Clients: from a URL to an open connection.

mod budget;
mod dial;
mod opening;
mod race;
mod stream;
#[cfg(test)]
mod tests;
#[cfg(feature = "rustls")]
mod tls;
mod tunnel;

use std::{fmt, future, io, time::Duration};

use tokio::io::{AsyncRead, AsyncWrite};
use wsproto::{AcceptConnection, Deadline, Headers, Proxy, Request, WebSocketUrl};
#[cfg(feature = "rustls")]
use {
    std::sync::Arc,
    tokio_rustls::rustls::{self, ClientConfig, RootCertStore},
};

pub use self::stream::MaybeTls;
use self::{
    budget::Budget,
    dial::{Network, Tcp},
    opening::Opening,
};
use crate::{Error, Settings, WebSocket};

/// How long connecting may take by default, all of it.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Connects to a WebSocket server, with the [settings](Settings) and the time-out of 30 s that are set by default.
///
/// `wss://` needs the feature `rustls`. [`Connector`] does the same with all that can be chosen.
///
/// ```no_run
/// use wsproto_tokio::{Error, Message, connect};
///
/// # async fn example() -> Result<(), Error> {
/// let mut ws = connect("ws://example.com/chat").await?;
/// ws.send(Message::from("Hello")).await?;
/// let answer = ws.recv().await?;
/// # drop(answer);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`Connector::connect`].
///
/// # Cancel safety
///
/// As [`Connector::connect`].
///
/// # Panics
///
/// Outside a tokio runtime with I/O and its timer.
pub async fn connect(
    url: impl TryInto<WebSocketUrl, Error: Into<Error>>,
) -> Result<WebSocket<MaybeTls>, Error> {
    Connector::new().connect(url).await.map(|(ws, _)| ws)
}

/// Connects to WebSocket servers, in the way that is chosen; it can be used again and again.
///
/// ```no_run
/// use std::time::Duration;
/// use wsproto_tokio::{Config, Connector, Error, KeepAlive, Settings, Timeouts};
///
/// # async fn example() -> Result<(), Error> {
/// let timeouts = Timeouts::default()
///     .with_close(Duration::from_secs(5))
///     .with_keep_alive(KeepAlive { idle: Duration::from_secs(25), patience: Duration::from_secs(20) });
/// let settings = Settings::new(Config::default().with_max_message_len(1 << 20)).with_timeouts(timeouts);
/// let connector = Connector::new()
///     .with_settings(settings)
///     .with_subprotocol("chat")
///     .with_header("User-Agent", "example/1.0")
///     .with_timeout(Duration::from_secs(10));
/// let (ws, accept) = connector.connect("ws://user:password@example.com/").await?;
/// assert_eq!(ws.subprotocol(), Some("chat"));
/// println!("{:?}", accept.headers.get_str("Server"));
/// # Ok(())
/// # }
/// ```
///
/// # What happens
///
/// 1. The request is made. What can't be sent is an error before anything is connected.
/// 2. The name is looked up, and all of its addresses are tried (RFC 8305): the families take turns, the next address is
///    tried after 250 ms or as soon as one fails, and the first that connects is used. Without a time-out they are tried
///    one after the other. `TCP_NODELAY` is set.
/// 3. A [proxy](Self::with_proxy) is asked for a tunnel.
/// 4. For `wss://`, TLS is agreed: with the feature `rustls`.
/// 5. The opening handshake: the server consents, or [refuses](Error::Rejected).
///
/// The [time-out](Self::with_timeout) is one budget for all of that. A user and a password in the URL become Basic
/// credentials in Authorization. Nothing else is told of the program: no User-Agent is sent unless it is
/// [set](Self::with_header). The environment isn't read.
///
/// # Redirects
///
/// They aren't followed: where a redirect leads is for the program to judge. A refusal shows it, and
/// [`WebSocketUrl::redirect`] reads it with care: never from `wss` to `ws`, and credentials of the URL stay with their
/// server. Header fields of the connector go wherever it connects to; without Authorization and Cookie among them, this
/// follows up to five:
///
/// ```no_run
/// use wsproto_tokio::{Connector, Error, MaybeTls, WebSocket, wsproto::WebSocketUrl};
///
/// async fn connect(connector: &Connector, url: &str) -> Result<WebSocket<MaybeTls>, Error> {
///     let mut url: WebSocketUrl = url.parse()?;
///     for _ in 0..5 {
///         match connector.connect(url.clone()).await {
///             Err(Error::Rejected(answer)) if matches!(answer.status, 301 | 302 | 303 | 307 | 308) => {
///                 let Some(location) = answer.headers.get_str("Location") else { return Err(Error::Rejected(answer)) };
///                 url = url.redirect(location)?;
///             }
///             outcome => return outcome.map(|(ws, _)| ws),
///         }
///     }
///     connector.connect(url).await.map(|(ws, _)| ws)
/// }
/// ```
#[derive(Clone)]
pub struct Connector {
    settings: Settings,
    subprotocols: Vec<String>,
    headers: Headers,
    timeout: Option<Duration>,
    proxy: Option<Proxy>,
    #[cfg(feature = "rustls")]
    tls: Option<Result<Arc<ClientConfig>, rustls::Error>>,
}

impl Default for Connector {
    fn default() -> Self {
        Self::new()
    }
}

impl Connector {
    /// Makes one with default settings and a time-out of 30 s.
    #[must_use]
    pub fn new() -> Self {
        Self {
            settings: Settings::default(),
            subprotocols: Vec::new(),
            headers: Headers::new(),
            timeout: Some(TIMEOUT),
            proxy: None,
            #[cfg(feature = "rustls")]
            tls: None,
        }
    }

    /// Sets limits, extensions, and the deadlines of the open connection.
    ///
    /// The deadline of the handshake in there isn't looked at: the [time-out](Self::with_timeout) covers it.
    #[must_use]
    pub fn with_settings(mut self, settings: impl Into<Settings>) -> Self {
        self.settings = settings.into();
        self
    }

    /// Proposes one more subprotocol, after those proposed already.
    #[must_use]
    pub fn with_subprotocol(mut self, subprotocol: impl Into<String>) -> Self {
        self.subprotocols.push(subprotocol.into());
        self
    }

    /// Makes this the only header field of its name in the request: `User-Agent`, `Cookie`, or `Authorization`, which
    /// takes the place of the URL's credentials.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.set(name, value);
        self
    }

    /// Says where the page comes from that connects, as browsers do: `https://example.com`.
    ///
    /// RFC 6455 [§10.2](https://www.rfc-editor.org/rfc/rfc6455#section-10.2)
    #[must_use]
    pub fn with_origin(self, origin: &str) -> Self {
        self.with_header("Origin", origin)
    }

    /// Limits how long connecting may take: one budget for all steps. 30 s by default.
    #[must_use]
    pub const fn with_timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Lets connecting take as long as it takes. Connecting needs no timer then; addresses are tried one after the other.
    #[must_use]
    pub const fn without_timeout(mut self) -> Self {
        self.timeout = None;
        self
    }

    /// Connects through an HTTP proxy, `ws://` and `wss://` alike.
    ///
    /// ```
    /// use wsproto_tokio::{Connector, wsproto::{Proxy, UrlError}};
    ///
    /// let proxy: Proxy = "http://user:password@proxy.example:3128".parse()?;
    /// let connector = Connector::new().with_proxy(proxy);
    /// # drop(connector);
    /// # Ok::<(), UrlError>(())
    /// ```
    ///
    /// The proxy looks the server's name up. For another way to a proxy, SOCKS or TLS to the proxy itself, see
    /// [`connect_with`](Self::connect_with).
    #[must_use]
    pub fn with_proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Trusts these roots in place of Mozilla's for `wss://`: a company's own, for one, or those of the operating system.
    ///
    /// All else is as by default: TLS 1.2 and 1.3 with the cryptography of ring, `http/1.1` in ALPN. To choose more,
    /// client certificates for one, see [`with_rustls`](Self::with_rustls).
    #[cfg(feature = "rustls")]
    #[must_use]
    pub fn with_roots(mut self, roots: impl Into<Arc<RootCertStore>>) -> Self {
        self.tls = Some(tls::config(roots.into()));
        self
    }

    /// Uses this configuration of rustls for `wss://`, just as it is. In ALPN it should offer `http/1.1` or nothing.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use wsproto_tokio::{Connector, rustls};
    ///
    /// # fn example(roots: rustls::RootCertStore) -> Result<Connector, rustls::Error> {
    /// let provider = Arc::new(rustls::crypto::ring::default_provider());
    /// let mut config = rustls::ClientConfig::builder_with_provider(provider)
    ///     .with_safe_default_protocol_versions()?
    ///     .with_root_certificates(roots)
    ///     .with_no_client_auth();
    /// config.alpn_protocols = vec![b"http/1.1".to_vec()];
    /// Ok(Connector::new().with_rustls(Arc::new(config)))
    /// # }
    /// ```
    #[cfg(feature = "rustls")]
    #[must_use]
    pub fn with_rustls(mut self, config: Arc<ClientConfig>) -> Self {
        self.tls = Some(Ok(config));
        self
    }

    /// Connects, and returns the connection and what the server said with its consent.
    ///
    /// # Errors
    ///
    /// [`may_pass`](Error::may_pass) tells whether it makes sense to try again.
    /// - [`Error::Url`], [`Error::Local`]: the URL, a subprotocol or a header field can't be used. Nothing was connected.
    /// - [`Error::Io`]: no address of the name could be connected to, or the stream failed. Its text names the addresses
    ///   that were tried; of several it has the kind of the last one that was reached. Of kind `Unsupported`: `wss://` without the feature `rustls`.
    ///   Of kind `InvalidData`: TLS failed, for a certificate that isn't trusted, for one.
    /// - [`Error::Proxy`]: the proxy refused, or broke a rule.
    /// - [`Error::Rejected`]: the server refused. The rejection has its status, its header fields, and the start of its
    ///   body, at most 16 KiB.
    /// - [`Error::Remote`]: the server broke a rule.
    /// - [`Error::TimedOut`]: the time-out passed; it names the step that was under way.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped closes whatever was opened. A lookup that has begun goes on in tokio's pool for blocking
    /// calls, and its result is dropped.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O, and its timer unless there is [no time-out](Self::without_timeout) and
    /// [no deadline](Settings::without_timeouts).
    pub async fn connect(
        &self,
        url: impl TryInto<WebSocketUrl, Error: Into<Error>>,
    ) -> Result<(WebSocket<MaybeTls>, AcceptConnection), Error> {
        let url = url.try_into().map_err(Into::into)?;
        self.connect_through(&url, &Tcp).await
    }

    /// Opens a connection over a stream of the caller's own, on which the server listens: a Unix socket, TLS of one's own,
    /// SSH.
    ///
    /// Of the URL, host, path and credentials are told to the server. Its scheme decides nothing but which port goes
    /// without saying, and the proxy isn't asked: the stream is used as it is. It may need a timer, and no I/O of tokio.
    ///
    /// ```
    /// use tokio::net::UnixStream;
    /// use wsproto_tokio::{Connector, Error, WebSocket};
    ///
    /// async fn connect() -> Result<WebSocket<UnixStream>, Error> {
    ///     let stream = UnixStream::connect("/run/chat.sock").await?;
    ///     let (ws, _) = Connector::new().connect_over(stream, "ws://localhost/chat").await?;
    ///     Ok(ws)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect), as far as the opening handshake is concerned.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped drops the stream.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with its timer, unless there is [no time-out](Self::without_timeout) and
    /// [no deadline](Settings::without_timeouts).
    pub async fn connect_over<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        io: S,
        url: impl TryInto<WebSocketUrl, Error: Into<Error>>,
    ) -> Result<(WebSocket<S>, AcceptConnection), Error> {
        self.connect_with(url, future::ready(Ok(io))).await
    }

    /// Opens a connection as [`connect_over`](Self::connect_over) does, over a stream that `dial` will give: the
    /// [time-out](Self::with_timeout) covers both.
    ///
    /// ```
    /// use tokio::net::{TcpStream, UnixStream};
    /// use wsproto_tokio::{Connector, Error, WebSocket};
    ///
    /// async fn connect(connector: &Connector) -> Result<WebSocket<UnixStream>, Error> {
    ///     let dial = UnixStream::connect("/run/chat.sock");
    ///     let (ws, _) = connector.connect_with("ws://localhost/chat", dial).await?;
    ///     Ok(ws)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect), and the error of `dial`, which counts as part of [`Deadline::Connect`].
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped drops `dial` or the stream.
    ///
    /// # Panics
    ///
    /// As [`connect_over`](Self::connect_over).
    pub async fn connect_with<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        url: impl TryInto<WebSocketUrl, Error: Into<Error>>,
        dial: impl Future<Output = io::Result<S>>,
    ) -> Result<(WebSocket<S>, AcceptConnection), Error> {
        let url = url.try_into().map_err(Into::into)?;
        let opening = Opening::new(self.request(&url), &self.settings)?;
        let budget = Budget::new(self.timeout);
        let io = budget.limit(Deadline::Connect, dial).await?;
        opening.run(io, budget, &self.settings).await
    }

    /// Goes all the way from a name to an open connection.
    async fn connect_through<N: Network>(
        &self,
        url: &WebSocketUrl,
        network: &N,
    ) -> Result<(WebSocket<MaybeTls<N::Stream>>, AcceptConnection), Error> {
        let opening = Opening::new(self.request(url), &self.settings)?;
        let (io, budget) = self.reach(url, network).await?;
        opening.run(io, budget, &self.settings).await
    }

    /// Makes the request: fields that were set take the place of those of the URL.
    fn request(&self, url: &WebSocketUrl) -> Request {
        let of_url = url.request();
        let from_url = of_url.headers().iter().filter(|(name, _)| !self.headers.contains(name));
        let request = Request::new(of_url.host(), of_url.target());
        let request = from_url
            .chain(&self.headers)
            .fold(request, |request, (name, value)| request.with_header(name, value));
        self.subprotocols.iter().fold(request, Request::with_subprotocol)
    }
}

/// Shows what may stand in a log: no value of a subprotocol, where pages put what proves who they are.
impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("settings", &self.settings)
            .field("subprotocols", &format_args!("{} proposed", self.subprotocols.len()))
            .field("headers", &self.headers)
            .field("timeout", &self.timeout)
            .field("proxy", &self.proxy)
            .finish_non_exhaustive()
    }
}
