//! A server's half.

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

/// A client's request for a WebSocket, out of a request of hyper, to be accepted or rejected.
///
/// It derefs to the [`Request`](crate::Request), which says what the client asks for: subprotocols, Origin. All other
/// fields are still in the request of hyper.
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
    /// Where the stream will come from.
    stream: OnUpgrade,
    settings: Settings,
}

impl Upgrade {
    /// Takes what makes an upgrade out of a request.
    ///
    /// The limits of the handshake are those of the settings; [`with_settings`](Self::with_settings) may still replace
    /// the rest of them.
    ///
    /// # Errors
    ///
    /// [`UpgradeError::Handshake`] for a request that breaks a rule: one that asks for no WebSocket, for example;
    /// [`UpgradeError::NotUpgradable`] where hyper has no stream for it. Each has its answer.
    pub fn new<B>(request: &mut Request<B>, settings: &Settings) -> Result<Self, UpgradeError> {
        let asked = read(request, request.extensions(), settings)?;
        Self::with_stream(asked, request.extensions_mut(), settings)
    }

    /// Takes what makes an upgrade out of the parts of a request, as [`new`](Self::new) does.
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

    /// Sets what the connection is made with, in place of what the request was read with.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Returns what the connection will be made with.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Accepts: returns the response, whose body is empty, and the WebSocket to come. Both are needed: the WebSocket
    /// opens once hyper has sent the response.
    ///
    /// It agrees to the extensions of the settings.
    ///
    /// # Errors
    ///
    /// [`UpgradeError::Handshake`]: the client's offers of extensions make no sense, or `accept` can't be sent.
    pub fn accept(self, accept: AcceptConnection) -> Result<(Response<Vec<u8>>, Upgrading), UpgradeError> {
        let (response, connection) = self.asked.accept(Arc::clone(&self.settings.config), accept)?;
        let upgrading = Upgrading::new(self.stream, connection, self.settings);
        Ok((response.into_http(), upgrading))
    }

    /// Rejects: returns the response.
    ///
    /// # Errors
    ///
    /// [`UpgradeError::Handshake`] for a status that is no refusal, and for fields that can't be sent.
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

/// Why no WebSocket comes of a request, and the answer to it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum UpgradeError {
    /// A rule is broken: by the client, or by the program that answers.
    Handshake(wsproto::UpgradeError),
    /// hyper has no stream for it: somebody else has taken it already, or the server doesn't let connections upgrade.
    NotUpgradable,
}

impl UpgradeError {
    /// Puts a line of plain text into the answer that says which rule the client broke, for whoever looks at it with a
    /// browser or curl.
    #[must_use]
    pub fn explained(self) -> Self {
        match self {
            Self::Handshake(error) => Self::Handshake(error.explained()),
            Self::NotUpgradable => self,
        }
    }

    /// Tells whether the client broke a rule; if not, the program did.
    #[must_use]
    pub const fn is_remote(&self) -> bool {
        matches!(self, Self::Handshake(wsproto::UpgradeError { fault: UpgradeFault::Remote(_), .. }))
    }

    /// Returns the answer that the client should get: 500 where it isn't its fault.
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
            Self::NotUpgradable => f.write_str("the server's HTTP has no stream for an upgrade"),
        }
    }
}

/// What is nested is told by `Display` already: its source is the source.
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

/// What an adapter reports of it: the fault, without the answer.
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
