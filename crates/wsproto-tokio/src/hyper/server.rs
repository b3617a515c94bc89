//! The server's side.

use std::{error, fmt, io, ops::Deref, sync::Arc};

use ::hyper::{
    Request, Response,
    ext::Protocol,
    http::{Extensions, request::Parts},
    upgrade::OnUpgrade,
};
use wsproto::{HandshakeLimits, HttpHead, UpgradeFault, UpgradeResponse};

use super::Upgrading;
use crate::{AcceptConnection, RejectConnection, Settings};

/// A client's request for a WebSocket, made from a request of hyper.
///
/// It derefs to the [`Request`](crate::Request), which has the client's subprotocols, extension offers and Origin. All
/// other fields stay in hyper's request. Answer it with [`accept`](Self::accept) or [`reject`](Self::reject).
///
/// ```
/// use hyper::{Request, Response};
/// use wsproto_tokio::{
///     AcceptConnection, RejectConnection, Settings,
///     hyper::{Upgrade, UpgradeError, Upgrading},
///     wsproto::check_same_host,
/// };
///
/// fn chat<B>(request: &mut Request<B>) -> Result<(Response<Vec<u8>>, Option<Upgrading>), UpgradeError> {
///     let upgrade = Upgrade::new(request, &Settings::default())?;
///     if let Err(foreign) = check_same_host(&upgrade) {
///         return Ok((upgrade.reject(&foreign.rejection())?, None));
///     }
///     let mut accept = AcceptConnection::new();
///     accept.subprotocol = upgrade.choose_subprotocol(&["chat.v2", "chat.v1"]).map(String::from);
///     let (response, upgrading) = upgrade.accept(accept)?;
///     Ok((response, Some(upgrading)))
/// }
/// ```
#[derive(Debug)]
pub struct Upgrade {
    asked: wsproto::Upgrade,
    /// The future of the stream.
    stream: OnUpgrade,
    settings: Settings,
}

impl Upgrade {
    /// Makes an upgrade from a request, and takes the future of the stream out of it.
    ///
    /// The limits of the opening handshake are those of `settings`; [`with_settings`](Self::with_settings) can still
    /// replace the other settings.
    ///
    /// # Errors
    ///
    /// [`UpgradeError::Handshake`] for a request that breaks a rule, for example one that asks for no WebSocket.
    /// [`UpgradeError::NotUpgradable`] if hyper has no stream for it. Each error has its answer.
    pub fn new<B>(request: &mut Request<B>, settings: &Settings) -> Result<Self, UpgradeError> {
        let asked = read(request, request.extensions(), settings)?;
        Self::with_stream(asked, request.extensions_mut(), settings)
    }

    /// Makes an upgrade from the parts of a request, as [`new`](Self::new) does.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn from_parts(parts: &mut Parts, settings: &Settings) -> Result<Self, UpgradeError> {
        let asked = read(parts, &parts.extensions, settings)?;
        Self::with_stream(asked, &mut parts.extensions, settings)
    }

    fn with_stream(
        asked: wsproto::Upgrade,
        extensions: &mut Extensions,
        settings: &Settings,
    ) -> Result<Self, UpgradeError> {
        let stream = extensions.remove().ok_or(UpgradeError::NotUpgradable)?;
        Ok(Self { asked, stream, settings: settings.clone() })
    }

    /// Replaces the settings of the connection.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Returns the settings of the connection.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Accepts the request; returns the response, with an empty body, and the future of the WebSocket.
    ///
    /// Both are needed: the WebSocket opens when hyper has sent the response. The agreed extensions are those of the
    /// settings.
    ///
    /// # Errors
    ///
    /// [`UpgradeError::Handshake`]: the client's extension offers are invalid, or `accept` can't be sent.
    pub fn accept(self, accept: AcceptConnection) -> Result<(Response<Vec<u8>>, Upgrading), UpgradeError> {
        let (response, connection) = self.asked.accept(Arc::clone(&self.settings.config), accept)?;
        let upgrading = Upgrading::new(self.stream, connection, self.settings);
        Ok((response.into_http(), upgrading))
    }

    /// Rejects the request; returns the response.
    ///
    /// # Errors
    ///
    /// [`UpgradeError::Handshake`] for a status that doesn't reject, and for fields that can't be sent.
    pub fn reject(&self, reject: &RejectConnection) -> Result<Response<Vec<u8>>, UpgradeError> {
        Ok(self.asked.reject(reject)?.into_http())
    }
}

fn read(
    request: &impl HttpHead,
    extensions: &Extensions,
    settings: &Settings,
) -> Result<wsproto::Upgrade, wsproto::UpgradeError> {
    let limits: &HandshakeLimits = &settings.config.handshake;
    let protocol = extensions.get().map(Protocol::as_str);
    wsproto::Upgrade::from_http_within(limits, request, protocol)
        .map_err(|error| if settings.config.explain_rejections { error.explained() } else { error })
}

impl Deref for Upgrade {
    type Target = crate::Request;

    fn deref(&self) -> &crate::Request {
        &self.asked
    }
}

/// The reason why a request opens no WebSocket, and the answer to it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum UpgradeError {
    /// The client, or the program that answers, broke a rule.
    Handshake(wsproto::UpgradeError),
    /// hyper has no stream for it: it was taken before, or the server doesn't allow upgrades.
    NotUpgradable,
}

impl UpgradeError {
    /// Adds a line of plain text to the answer that names the broken rule, for people with a browser or curl.
    #[must_use]
    pub fn explained(self) -> Self {
        match self {
            Self::Handshake(error) => Self::Handshake(error.explained()),
            Self::NotUpgradable => self,
        }
    }

    /// Returns whether the request asks for no WebSocket at all: another handler of the server may answer it.
    #[must_use]
    pub const fn is_ordinary(&self) -> bool {
        matches!(self, Self::Handshake(error) if error.is_ordinary())
    }

    /// Returns whether the client broke a rule; if not, the program did.
    #[must_use]
    pub const fn is_remote(&self) -> bool {
        matches!(self, Self::Handshake(wsproto::UpgradeError { fault: UpgradeFault::Remote(_), .. }))
    }

    /// Returns the answer for the client: 500 if the fault isn't the client's.
    #[must_use]
    pub fn into_response(self) -> Response<Vec<u8>> {
        match self {
            Self::Handshake(error) => error.response,
            Self::NotUpgradable => UpgradeResponse::new(500),
        }
        .into_http()
    }
}

impl fmt::Display for UpgradeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handshake(error) => error.fmt(f),
            Self::NotUpgradable => {
                f.write_str("hyper has no stream for the upgrade (serve the connection with_upgrades)")
            }
        }
    }
}

/// `Display` includes the text of the nested error, so the source is that error's source.
impl error::Error for UpgradeError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Handshake(error) => error.source(),
            Self::NotUpgradable => None,
        }
    }
}

impl From<wsproto::UpgradeError> for UpgradeError {
    fn from(error: wsproto::UpgradeError) -> Self {
        Self::Handshake(error)
    }
}

/// Makes the error that an adapter reports: the fault, without the answer.
impl From<UpgradeError> for crate::Error {
    fn from(error: UpgradeError) -> Self {
        match error {
            UpgradeError::Handshake(wsproto::UpgradeError { fault: UpgradeFault::Remote(error), .. }) => {
                error.into()
            }
            UpgradeError::Handshake(wsproto::UpgradeError { fault: UpgradeFault::Local(error), .. }) => {
                error.into()
            }
            error => io::Error::new(io::ErrorKind::Unsupported, error).into(),
        }
    }
}
