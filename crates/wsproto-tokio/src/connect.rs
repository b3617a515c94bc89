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
use wsproto::{AcceptConnection, Deadline, Headers, Proxy, WebSocketUrl};
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

/// The default time-out of connecting: one budget for all steps.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Connects to a WebSocket server, with the default [settings](Settings) and a time-out of 30 s.
///
/// `wss://` needs the feature `rustls`. [`Connector`] does the same, with options.
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
/// As for [`Connector::connect`].
///
/// # Cancel safety
///
/// As for [`Connector::connect`].
///
/// # Panics
///
/// Outside a tokio runtime with I/O and its timer.
pub async fn connect(
    url: impl TryInto<WebSocketUrl, Error: Into<Error>>,
) -> Result<WebSocket<MaybeTls>, Error> {
    Connector::new().connect(url).await.map(|(ws, _)| ws)
}

/// Connects to WebSocket servers, with options; it can connect many times.
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
/// # Steps
///
/// 1. The request is made. A request that can't be sent is an error before any connection.
/// 2. The name is looked up, and its addresses are tried (RFC 8305): the families take turns, the next address is tried
///    after 250 ms or when one fails, and the first address that connects is used. Without a time-out the addresses are
///    tried one after the other. `TCP_NODELAY` is set.
/// 3. A [proxy](Self::with_proxy), if there is one, is asked for a tunnel.
/// 4. For `wss://`, the TLS handshake follows; it needs the feature `rustls`.
/// 5. The opening handshake: the server accepts, or [rejects](Error::Rejected).
///
/// The [time-out](Self::with_timeout) is one budget for all steps. A user and a password in the URL become Basic
/// credentials in Authorization. The server learns nothing else about the program: User-Agent is sent only if it is
/// [set](Self::with_header). The environment isn't read.
///
/// # Redirects
///
/// Redirects aren't followed: the program must decide where to connect. A rejection holds the Location, and
/// [`WebSocketUrl::redirect`] reads it with care: it never leads from `wss` to `ws`, and keeps the URL's credentials
/// only for the same server. A connector sends its header fields to every server that it connects to. This example
/// follows up to five redirects; use it only without Authorization and Cookie among these fields:
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
    /// Makes a connector with default settings and a time-out of 30 s.
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
    /// The handshake deadline of the settings isn't used: the [time-out](Self::with_timeout) covers that step.
    #[must_use]
    pub fn with_settings(mut self, settings: impl Into<Settings>) -> Self {
        self.settings = settings.into();
        self
    }

    /// Proposes a subprotocol, after those that were proposed before.
    #[must_use]
    pub fn with_subprotocol(mut self, subprotocol: impl Into<String>) -> Self {
        self.subprotocols.push(subprotocol.into());
        self
    }

    /// Sets the only header field of this name in the request, for example `User-Agent` or `Cookie`. `Authorization`
    /// replaces the URL's credentials.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.set(name, value);
        self
    }

    /// Sets Origin, as browsers do for their pages: `https://example.com`.
    ///
    /// RFC 6455 [§10.2](https://www.rfc-editor.org/rfc/rfc6455#section-10.2)
    #[must_use]
    pub fn with_origin(self, origin: &str) -> Self {
        self.with_header("Origin", origin)
    }

    /// Sets the time-out: one budget for all steps of connecting, 30 s by default.
    #[must_use]
    pub const fn with_timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Removes the time-out. Connecting then needs no timer, and tries addresses one after the other.
    #[must_use]
    pub const fn without_timeout(mut self) -> Self {
        self.timeout = None;
        self
    }

    /// Connects through an HTTP proxy, for `ws://` and `wss://`.
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
    /// The proxy looks up the server's name. For SOCKS, or TLS to the proxy itself, use
    /// [`connect_with`](Self::connect_with).
    #[must_use]
    pub fn with_proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Trusts these roots instead of Mozilla's for `wss://`, for example a company's own roots or those of the
    /// operating system.
    ///
    /// The rest stays as by default: TLS 1.2 and 1.3 with the cryptography of ring, and `http/1.1` in ALPN. For other
    /// options, for example client certificates, use [`with_rustls`](Self::with_rustls).
    #[cfg(feature = "rustls")]
    #[must_use]
    pub fn with_roots(mut self, roots: impl Into<Arc<RootCertStore>>) -> Self {
        self.tls = Some(tls::config(roots.into()));
        self
    }

    /// Uses this configuration of rustls for `wss://`, unchanged. In ALPN it should offer `http/1.1` or nothing.
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

    /// Connects; returns the connection and the server's answer.
    ///
    /// # Errors
    ///
    /// [`may_pass`](Error::may_pass) says whether a further attempt makes sense.
    /// - [`Error::Url`], [`Error::Local`]: the URL, a subprotocol or a header field is invalid. Nothing was connected.
    /// - [`Error::Io`]: no address of the name accepted the connection, or the stream failed. The text names the
    ///   addresses that were tried; its kind is that of the last address that was reached. Kind `Unsupported`: `wss://`
    ///   without the feature `rustls`. Kind `InvalidData`: TLS failed, for example because of an untrusted certificate.
    /// - [`Error::Proxy`]: the proxy refused, or broke a rule.
    /// - [`Error::Rejected`]: the server refused. The rejection has the status, the header fields, and the start of the
    ///   body, at most 16 KiB.
    /// - [`Error::Remote`]: the server broke a rule.
    /// - [`Error::TimedOut`]: the time-out passed; the error names the step that was under way.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes everything that it has opened. A lookup goes on in tokio's pool for blocking calls,
    /// and its result is dropped.
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

    /// Opens a connection over a stream of the caller, for example a Unix socket, a TLS stream or SSH.
    ///
    /// The server learns the URL's host, path and credentials. The scheme only decides the default port, and the proxy
    /// isn't used: the stream stays as it is. This call may need a timer, but no I/O of tokio.
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
    /// The errors of [`connect`](Self::connect) for the opening handshake.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the stream.
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

    /// Opens a connection as [`connect_over`](Self::connect_over) does, over the stream that `dial` returns. The
    /// [time-out](Self::with_timeout) covers both steps.
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
    /// As for [`connect`](Self::connect), and the error of `dial`. `dial` counts as part of [`Deadline::Connect`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops `dial` or the stream.
    ///
    /// # Panics
    ///
    /// As for [`connect_over`](Self::connect_over).
    pub async fn connect_with<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        url: impl TryInto<WebSocketUrl, Error: Into<Error>>,
        dial: impl Future<Output = io::Result<S>>,
    ) -> Result<(WebSocket<S>, AcceptConnection), Error> {
        let url = url.try_into().map_err(Into::into)?;
        let opening = self.opening(&url)?;
        let budget = Budget::new(self.timeout);
        let io = budget.limit(Deadline::Connect, dial).await?;
        opening.run(io, budget, &self.settings).await
    }

    /// Does all steps from a name to an open connection.
    async fn connect_through<N: Network>(
        &self,
        url: &WebSocketUrl,
        network: &N,
    ) -> Result<(WebSocket<MaybeTls<N::Stream>>, AcceptConnection), Error> {
        let opening = self.opening(url)?;
        let (io, budget) = self.reach(url, network).await?;
        opening.run(io, budget, &self.settings).await
    }

    /// Makes the request.
    fn opening(&self, url: &WebSocketUrl) -> Result<Opening, Error> {
        Opening::new(url.request_with(&self.headers, &self.subprotocols), &self.settings)
    }
}

/// Hides everything that doesn't belong in logs, also the subprotocols: browser applications put access tokens there.
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
