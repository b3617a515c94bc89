//! Connections of HTTP/1.1: one request each, by our own handshake, whose text a session is shown.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use wsproto::{AcceptConnection, RejectConnection, RemoteProtocolError, Request};
use wsproto_tokio::{Asked, Error, accept_with};

use super::{
    assets,
    endpoints::{self, Shown},
    observer::{About, Observer},
    route::{self, Endpoint},
    sessions::Place,
    site::Site,
    staged::Scene,
};

/// Who has opened the connection.
pub(super) enum Opener {
    /// Somebody outside.
    Client,
    /// The server itself, to be seen in a session.
    Staged(Place, Scene),
}

/// Serves a connection to its end.
pub(super) async fn serve<S>(site: &Arc<Site>, io: S, opener: Opener) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let observer = Observer::default();
    let tap = observer.tap(io);
    let mut decided = None;
    let ws = accept_with(tap, site.settings(), |asked| match asked {
        Asked::WebSocket(request) => {
            let decision = decide(site, &observer, opener, request);
            if decision.is_err() {
                observer.hide();
            }
            decided = Some(decision.map_err(assets::with_safety)?);
            Ok(AcceptConnection::new())
        }
        Asked::Other(request, error) => {
            observer.hide();
            let answer = route::plain_http1(site, request).unwrap_or_else(|| rejection(error));
            Err(assets::with_safety(answer))
        }
    })
    .await?;
    let Some((endpoint, shown)) = decided else { return Err(Error::Closed) };
    endpoints::run(site, endpoint, ws, shown).await
}

/// Answers an opening handshake that breaks a rule: names the rule.
fn rejection(error: &RemoteProtocolError) -> RejectConnection {
    match error {
        RemoteProtocolError::Request(error) => {
            error.rejection().with_text(format!("{error} ({})\n", error.section()))
        }
        // An offer of an extension that can't be read.
        _ => RejectConnection::new(400).with_text(format!("{error}\n")),
    }
}

fn decide(
    site: &Site,
    observer: &Observer,
    opener: Opener,
    request: &Request,
) -> Result<(Endpoint, Shown), RejectConnection> {
    let endpoint = route::open(site, request)?;
    let found = match opener {
        Opener::Staged(place, scene) => {
            let session = Arc::clone(&place.session);
            observer.show(place, &About::staged(endpoint, scene.label()), &site.settings().config);
            return Ok((endpoint, Shown { session: Some(session), pings: None }));
        }
        Opener::Client => looker(site, endpoint, request)?,
    };
    let Some(place) = found else {
        observer.hide();
        return Ok((endpoint, Shown::default()));
    };
    let shown = Shown::to_page(endpoint, &place);
    observer.show(place, &About::of_page(endpoint), &site.settings().config);
    Ok((endpoint, shown))
}

/// Finds the session that a request names, and a place in it.
pub(super) fn looker(
    site: &Site,
    endpoint: Endpoint,
    request: &Request,
) -> Result<Option<Place>, RejectConnection> {
    let text = |status, text| RejectConnection::new(status).with_text(text);
    // What shows isn't shown.
    let Some(id) = route::session_of(request).filter(|_| endpoint != Endpoint::Wire) else { return Ok(None) };
    let session =
        site.sessions.find(id).ok_or_else(|| text(404, "There is no such session: open /wire first.\n"))?;
    let place =
        session.place().ok_or_else(|| text(503, "Too many connections of this session are open.\n"))?;
    Ok(Some(place))
}
