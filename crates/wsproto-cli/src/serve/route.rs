//! What lies at which path, for both versions of HTTP.

use wsproto::{HttpRequest, RejectConnection, Request};

use super::{assets, guard, site::Site};

/// A WebSocket of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// Answers each message with itself.
    Echo,
    /// What one says, all hear.
    Chat,
    /// Shows what the protocol layer saw.
    Wire,
}

impl Endpoint {
    fn at(path: &str) -> Option<Self> {
        [Self::Echo, Self::Chat, Self::Wire].into_iter().find(|endpoint| endpoint.path() == path)
    }

    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Echo => "/echo",
            Self::Chat => "/chat",
            Self::Wire => "/wire",
        }
    }
}

/// Judges a request for a WebSocket.
pub(super) fn open(site: &Site, request: &Request) -> Result<Endpoint, RejectConnection> {
    site.guard.check_host(request.host())?;
    guard::check_origin(request)?;
    Endpoint::at(request.path())
        .ok_or_else(|| text(404, "There is no WebSocket here: /echo, /chat and /wire are.\n"))
}

/// Returns the id of a session in a request's query.
pub(super) fn session_of(request: &Request) -> Option<&str> {
    request.query()?.split('&').find_map(|pair| pair.strip_prefix("session="))
}

/// Answers a request over HTTP/1.1 that asks for no WebSocket; `None` for an opening handshake that breaks a rule: its
/// answer names the rule.
pub(super) fn plain_http1(site: &Site, request: &HttpRequest) -> Option<RejectConnection> {
    let mut hosts = request.headers().get_all("Host");
    let (Some(Ok(host)), None) = (hosts.next().map(str::from_utf8), hosts.next()) else {
        return Some(text(400, "A request has one Host.\n"));
    };
    let meant_well = site.guard.check_host(host).is_ok() && request.headers().contains("Upgrade");
    (!meant_well).then(|| plain(site, request.method(), request.path(), host))
}

/// Answers a request for anything but a WebSocket.
pub(super) fn plain(site: &Site, method: &str, path: &str, host: &str) -> RejectConnection {
    if let Err(rejection) = site.guard.check_host(host) {
        return rejection;
    }
    let answer = if path == "/healthz" {
        Some(text(200, "ok\n"))
    } else if Endpoint::at(path).is_some() {
        let why = "This is a WebSocket: ask for it with an opening handshake (RFC 6455 §4.1).\n";
        Some(text(426, why).with_header("Upgrade", "websocket").with_header("Sec-WebSocket-Version", "13"))
    } else {
        assets::find(path)
    };
    match answer {
        None => text(404, "There is nothing here: the page is at /.\n"),
        Some(_) if !matches!(method, "GET" | "HEAD") => {
            text(405, "Only GET and HEAD can be done here.\n").with_header("Allow", "GET, HEAD")
        }
        Some(answer) => answer,
    }
}

fn text(status: u16, text: &str) -> RejectConnection {
    RejectConnection::new(status).with_text(text)
}
