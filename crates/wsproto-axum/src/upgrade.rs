//! The extractor.

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use axum_core::{
    body::Body,
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::request::Parts;
#[cfg(feature = "deflate")]
use wsproto_tokio::DeflateConfig;
use wsproto_tokio::{
    AcceptConnection, Config, Error, KeepAlive, Request, Settings, Shutdown, WebSocket,
    hyper::{Upgrade, Upgraded, Upgrading},
    wsproto::{OriginError, check_origin, check_same_host},
};

use crate::Rejection;

/// The settings of all connections that have none of their own.
static DEFAULTS: LazyLock<Settings> = LazyLock::new(Settings::default);

/// An extractor that makes a WebSocket from a request: over HTTP/1.1, and over HTTP/2 if the server offers it.
///
/// Its route must take `any` method: HTTP/1.1 uses GET, HTTP/2 uses CONNECT.
///
#[cfg_attr(feature = "deflate", doc = "```")]
#[cfg_attr(not(feature = "deflate"), doc = "```ignore")]
/// use std::sync::LazyLock;
///
/// use axum::{Router, response::Response, routing::any};
/// use wsproto_axum::{DeflateConfig, Error, Rejection, Upgraded, WebSocket, WebSocketUpgrade};
///
/// /// One for all connections: they share the memory of compression.
/// static DEFLATE: LazyLock<DeflateConfig> = LazyLock::new(DeflateConfig::default);
///
/// async fn chat(ws: WebSocketUpgrade) -> Result<Response, Rejection> {
///     Ok(ws
///         .allow_origins(&["https://example.com"])?
///         .protocols(["chat.v2", "chat.v1"])
///         .with_deflate(DEFLATE.clone())
///         .on_upgrade(talk))
/// }
///
/// async fn talk(mut ws: WebSocket<Upgraded>) -> Result<(), Error> {
///     while let Some(message) = ws.recv().await? {
///         ws.feed(message).await?;
///     }
///     Ok(())
/// }
///
/// let app: Router = Router::new().route("/chat", any(chat));
/// ```
///
/// A handler may also give any other answer: then no WebSocket opens.
#[must_use = "on_upgrade answers the request"]
pub struct WebSocketUpgrade {
    upgrade: Upgrade,
    accept: AcceptConnection,
    shutdown: Option<Shutdown>,
    on_failed_upgrade: Option<Box<dyn FnOnce(Error) + Send>>,
}

impl<S: Send + Sync> FromRequestParts<S> for WebSocketUpgrade {
    type Rejection = Rejection;

    /// Takes the upgrade out of a request; refuses a head that is longer than the default limits allow.
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Rejection> {
        Ok(Self {
            upgrade: Upgrade::from_parts(parts, &DEFAULTS)?,
            accept: AcceptConnection::new(),
            shutdown: None,
            on_failed_upgrade: None,
        })
    }
}

/// `None` for a request that asks for no WebSocket, so that one path can have a page and a WebSocket:
///
/// ```
/// use axum::response::{Html, IntoResponse, Response};
/// use wsproto_axum::WebSocketUpgrade;
///
/// async fn page_or_chat(ws: Option<WebSocketUpgrade>) -> Response {
///     match ws {
///         Some(ws) => ws.on_upgrade(async |_| { /* … */ }),
///         None => Html("<h1>Chat</h1>").into_response(),
///     }
/// }
/// # let _: axum::Router = axum::Router::new().route("/", axum::routing::any(page_or_chat));
/// ```
///
/// An opening handshake that breaks a rule is rejected.
impl<S: Send + Sync> OptionalFromRequestParts<S> for WebSocketUpgrade {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Rejection> {
        match <Self as FromRequestParts<S>>::from_request_parts(parts, state).await {
            Err(rejection) if rejection.is_ordinary() => Ok(None),
            extracted => extracted.map(Some),
        }
    }
}

/// The client's request.
impl WebSocketUpgrade {
    /// Returns the client's request: its subprotocols and its Origin. Use other extractors for other fields.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.upgrade
    }

    /// Allows pages of these origins, and clients that aren't browsers.
    ///
    /// Browsers send cookies whatever site's page opens a WebSocket. A server that identifies its visitors by cookies
    /// must call this or [`allow_same_host`](Self::allow_same_host). An origin is `https://example.com`, or
    /// `https://*.example.com` for all hosts below it. A client without Origin isn't a browser, and is allowed.
    ///
    /// # Errors
    ///
    /// [`Rejection::Origin`] for a page of another origin.
    ///
    /// RFC 6455 [§10.2](https://www.rfc-editor.org/rfc/rfc6455#section-10.2)
    pub fn allow_origins<O: AsRef<str>>(self, origins: &[O]) -> Result<Self, Rejection> {
        let verdict = check_origin(&self.upgrade, origins);
        self.unless_foreign(verdict)
    }

    /// Allows pages of the requested host, and clients that aren't browsers.
    ///
    /// After a proxy that changes Host, use [`allow_origins`](Self::allow_origins).
    ///
    /// # Errors
    ///
    /// [`Rejection::Origin`] for a page of another host.
    pub fn allow_same_host(self) -> Result<Self, Rejection> {
        let verdict = check_same_host(&self.upgrade);
        self.unless_foreign(verdict)
    }

    fn unless_foreign(self, verdict: Result<(), OriginError>) -> Result<Self, Rejection> {
        match verdict {
            Ok(()) | Err(OriginError::Missing) => Ok(self),
            Err(error) => Err(error.into()),
        }
    }
}

/// The settings of the connection.
impl WebSocketUpgrade {
    /// Sets limits, extensions, deadlines and back-pressure. Settings are shared: make them once, and clone them.
    ///
    /// The opening handshake always has the default limits: the request was read with them.
    pub fn with_settings(self, settings: Settings) -> Self {
        Self { upgrade: self.upgrade.with_settings(settings), ..self }
    }

    /// Compresses messages, if the client supports it (permessage-deflate, RFC 7692).
    ///
    /// Make the configuration once and pass clones of it: clones share a [pool](DeflateConfig::pool) of compressors,
    /// each of about 300 KiB. With a new configuration for each request, each connection has its own compressor.
    ///
    /// This method and the following ones change the settings of one connection. Settings made once, for
    /// [`with_settings`](Self::with_settings), save that work.
    #[cfg(feature = "deflate")]
    #[cfg_attr(docsrs, doc(cfg(feature = "deflate")))]
    pub fn with_deflate(self, deflate: DeflateConfig) -> Self {
        self.with_config(|config| config.with_extension(deflate))
    }

    /// Sets the length of the longest accepted message, in bytes; 64 MiB by default.
    pub fn with_max_message_len(self, limit: u64) -> Self {
        self.with_config(|config| config.with_max_message_len(limit))
    }

    fn with_config(self, change: impl FnOnce(Config) -> Config) -> Self {
        let mut settings = self.upgrade.settings().clone();
        settings.config = Arc::new(change(Config::clone(&settings.config)));
        self.with_settings(settings)
    }

    /// Pings a silent client, and ends the connection if the client doesn't answer. 20 to 30 s are usual, since many
    /// proxies close a connection after 60 s of silence.
    pub fn with_keep_alive(self, keep_alive: KeepAlive) -> Self {
        let settings = self.upgrade.settings().clone();
        let timeouts = settings.timeouts.with_keep_alive(keep_alive);
        self.with_settings(settings.with_timeouts(timeouts))
    }

    /// Chooses the first of these subprotocols that the client proposes, or none: the server's order counts.
    ///
    /// RFC 6455 [§1.9](https://www.rfc-editor.org/rfc/rfc6455#section-1.9)
    pub fn protocols<P: AsRef<str>>(mut self, preferred: impl IntoIterator<Item = P>) -> Self {
        let is_proposed = |known: &P| self.upgrade.subprotocols().any(|proposed| proposed == known.as_ref());
        self.accept.subprotocol =
            preferred.into_iter().find(is_proposed).map(|chosen| chosen.as_ref().to_owned());
        self
    }

    /// Returns the subprotocol that [`protocols`](Self::protocols) has chosen.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.accept.subprotocol.as_deref()
    }

    /// Adds a header field to the answer that opens the WebSocket, for example a cookie.
    pub fn with_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.accept = self.accept.with_header(name, value);
        self
    }

    /// Registers the WebSocket with the handle, which can close it when the server shuts down.
    ///
    /// The WebSocket is registered when it is open. axum's own graceful shutdown ignores open WebSockets.
    pub fn with_shutdown(mut self, shutdown: &Shutdown) -> Self {
        self.shutdown = Some(shutdown.clone());
        self
    }
}

/// The answer.
impl WebSocketUpgrade {
    /// Sets a function that is called if the request opens no WebSocket after all. Reasons: the answer can't be sent,
    /// the client is gone, or code between the handler and the client has changed the answer.
    ///
    /// By default there is no report.
    ///
    /// ```
    /// # use axum::response::Response;
    /// # use wsproto_axum::WebSocketUpgrade;
    /// async fn chat(ws: WebSocketUpgrade) -> Response {
    ///     ws.on_failed_upgrade(|error| eprintln!("no WebSocket: {error}")).on_upgrade(async |_| { /* … */ })
    /// }
    /// ```
    pub fn on_failed_upgrade(mut self, report: impl FnOnce(Error) + Send + 'static) -> Self {
        self.on_failed_upgrade = Some(Box::new(report));
        self
    }

    /// Answers the request, and runs `talk` with the open WebSocket in a task of its own.
    ///
    /// The value of `talk` is dropped. If the client's extension offers are invalid, the answer is a rejection. If the
    /// program's own answer can't be sent, for example because of a reserved header field, it is 500. In both cases
    /// `talk` isn't called.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime. The task panics if the runtime has no timer and the settings have deadlines, as the
    /// default ones do.
    #[must_use = "the response opens the WebSocket"]
    pub fn on_upgrade<C, F>(self, talk: C) -> Response
    where
        C: FnOnce(WebSocket<Upgraded>) -> F + Send + 'static,
        F: Future<Output: Send> + Send + 'static,
    {
        let Self { upgrade, accept, shutdown, on_failed_upgrade } = self;
        match upgrade.accept(accept) {
            Ok((response, upgrading)) => {
                tokio::spawn(open(upgrading, talk, shutdown, on_failed_upgrade));
                response.map(Body::from)
            }
            Err(error) => {
                if let Some(report) = on_failed_upgrade {
                    report(error.clone().into());
                }
                Rejection::from(error).into_response()
            }
        }
    }
}

/// Waits until the WebSocket is open, and runs it in a task of its own, so that nothing of the opening stays in memory.
async fn open<C, F>(
    upgrading: Upgrading,
    talk: C,
    shutdown: Option<Shutdown>,
    on_failed_upgrade: Option<Box<dyn FnOnce(Error) + Send>>,
) where
    C: FnOnce(WebSocket<Upgraded>) -> F,
    F: Future<Output: Send> + Send + 'static,
{
    match upgrading.await {
        Ok(ws) => {
            tokio::spawn(talk(match shutdown {
                Some(shutdown) => shutdown.register(ws),
                None => ws,
            }));
        }
        Err(error) => {
            if let Some(report) = on_failed_upgrade {
                report(error);
            }
        }
    }
}

/// Shows the client's request.
impl fmt::Debug for WebSocketUpgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketUpgrade")
            .field("upgrade", &self.upgrade)
            .field("accept", &self.accept)
            .finish_non_exhaustive()
    }
}
