//! The reason why a request opens no WebSocket.

use std::{error::Error, fmt};

use axum_core::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use wsproto_tokio::{
    hyper::UpgradeError,
    wsproto::{self, OriginError},
};

/// The reason why a request opens no WebSocket, and its answer: a status, and a line of plain text that names the rule
/// that the client broke.
///
/// A handler that takes a `Result` can answer in its own way:
///
/// ```
/// use axum::response::{IntoResponse, Response};
/// use wsproto_axum::{Rejection, WebSocketUpgrade};
///
/// async fn chat(ws: Result<WebSocketUpgrade, Rejection>) -> Response {
///     match ws {
///         Ok(ws) => ws.on_upgrade(async |_| { /* … */ }),
///         Err(rejection) => {
///             eprintln!("{rejection}");
///             rejection.into_response()
///         }
///     }
/// }
/// # let _: axum::Router = axum::Router::new().route("/", axum::routing::any(chat));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Rejection {
    /// The request breaks a rule of the opening handshake; its fault names the rule. Most often the request asks for no
    /// WebSocket at all: then [`is_ordinary`](Self::is_ordinary) is true, and the answer is 426, or 405 in HTTP/2.
    Handshake(wsproto::UpgradeError),
    /// The client's page has an origin that isn't allowed: 403.
    Origin(OriginError),
    /// hyper has no stream for the WebSocket: 500. The request's upgrade was taken before, or the server doesn't allow
    /// upgrades.
    NotUpgradable,
}

impl Rejection {
    /// Returns the status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Handshake(error) => StatusCode::from_u16(error.response.status).unwrap_or_default(),
            Self::Origin(_) => StatusCode::FORBIDDEN,
            Self::NotUpgradable => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Returns whether the request asks for no WebSocket at all. A handler that takes an `Option<WebSocketUpgrade>` gets
    /// `None` then.
    #[must_use]
    pub const fn is_ordinary(&self) -> bool {
        matches!(self, Self::Handshake(error) if error.is_ordinary())
    }
}

/// Answers with the status, the fields that belong to it, and a line of text.
impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        match self {
            Self::Handshake(error) => error.explained().response.into_http().map(Body::from),
            Self::Origin(error) => (StatusCode::FORBIDDEN, format!("{error}\n")).into_response(),
            Self::NotUpgradable => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handshake(error) => error.fmt(f),
            Self::Origin(error) => error.fmt(f),
            Self::NotUpgradable => UpgradeError::NotUpgradable.fmt(f),
        }
    }
}

/// `Display` includes the text of the nested error, so the source is that error's source.
impl Error for Rejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Handshake(error) => error.source(),
            Self::Origin(_) | Self::NotUpgradable => None,
        }
    }
}

impl From<UpgradeError> for Rejection {
    fn from(error: UpgradeError) -> Self {
        match error {
            UpgradeError::Handshake(error) => Self::Handshake(error),
            _ => Self::NotUpgradable,
        }
    }
}

impl From<OriginError> for Rejection {
    fn from(error: OriginError) -> Self {
        Self::Origin(error)
    }
}
