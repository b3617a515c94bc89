//! A client's half.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use ::hyper::{
    Request, Response,
    body::{Body, Incoming},
    client::conn::http2,
    ext::Protocol,
    rt::{Read, Write, bounds::Http2ClientConnExec},
    upgrade,
};
use tokio::time::timeout;
use wsproto::{ClientUpgradeError, Deadline, UpgradeRequest};

use super::{Upgraded, Upgrading, upgrading::io_error};
use crate::{Error, RejectConnection, Settings, WebSocket};

/// How long to wait at first before the server's settings are looked at again; each time twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
/// How long to wait at most before they are looked at again.
const LONGEST_PAUSE: Duration = Duration::from_millis(16);

/// The most of a refusal's body that is kept, in bytes.
const MOST_CONTENT: usize = 16 << 10;

/// A client's request for a WebSocket over a connection of hyper, until its response is there.
///
/// Over HTTP/1.1:
///
/// ```
/// use http_body_util::Empty;
/// use hyper::{body::Bytes, client::conn::http1};
/// use wsproto_tokio::{Error, Request, Settings, WebSocket, hyper::{ClientUpgrade, Upgraded}};
///
/// async fn chat(
///     connection: &mut http1::SendRequest<Empty<Bytes>>, // of a connection that is polled with_upgrades()
/// ) -> Result<WebSocket<Upgraded>, Error> {
///     let asks = Request::new("example.com", "/chat").with_subprotocol("chat");
///     let (request, upgrade) = ClientUpgrade::http1(&Settings::default(), asks)?;
///     let response = connection.send_request(request.map(|()| Empty::new())).await;
///     upgrade.receive(response).await
/// }
/// ```
///
/// Over HTTP/2 it is [`connect`](Self::connect), once the server [has said](connect_enabled) that it takes one.
pub struct ClientUpgrade {
    upgrade: wsproto::ClientUpgrade,
    settings: Settings,
}

impl ClientUpgrade {
    /// Asks by an upgrade of HTTP/1.1; returns the request to send, whose body is to be empty.
    ///
    /// # Errors
    ///
    /// [`Error::Local`] for what can't be sent.
    pub fn http1(settings: &Settings, request: crate::Request) -> Result<(Request<()>, Self), Error> {
        let (sent, upgrade) = wsproto::ClientUpgrade::http1(Arc::clone(&settings.config), request)?;
        Self::ask(settings, sent, upgrade)
    }

    /// Asks by an extended CONNECT of HTTP/2; returns the request to send, whose body is to be empty. The scheme is `https`
    /// over TLS, and `http` otherwise.
    ///
    /// It may be sent once the server [has said](connect_enabled) that it takes one. A server that has not resets the
    /// stream.
    ///
    /// # Errors
    ///
    /// [`Error::Local`] for what can't be sent.
    pub fn connect(
        settings: &Settings,
        request: crate::Request,
        scheme: &str,
    ) -> Result<(Request<()>, Self), Error> {
        let (sent, upgrade) = wsproto::ClientUpgrade::connect(Arc::clone(&settings.config), request, scheme)?;
        Self::ask(settings, sent, upgrade)
    }

    fn ask(
        settings: &Settings,
        sent: UpgradeRequest,
        upgrade: wsproto::ClientUpgrade,
    ) -> Result<(Request<()>, Self), Error> {
        let protocol = sent.protocol.map(Protocol::from_static);
        let mut request = sent.into_http().map_err(wsproto::LocalProtocolError::from)?;
        if let Some(protocol) = protocol {
            request.extensions_mut().insert(protocol);
        }
        Ok((request, Self { upgrade, settings: settings.clone() }))
    }

    /// Takes what hyper made of the request, and returns the open connection.
    ///
    /// # Errors
    ///
    /// - [`Error::Rejected`]: the server refused; with its status, its fields, and the start of its body.
    /// - [`Error::Remote`]: the response broke a rule.
    /// - [`Error::TimedOut`]: the deadline of the handshake passed; its clock starts here.
    /// - [`Error::Io`]: hyper failed.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped drops the stream.
    ///
    /// # Panics
    ///
    /// With deadlines, which the default settings have, outside a tokio runtime with its timer.
    pub async fn receive(
        self,
        response: Result<Response<Incoming>, ::hyper::Error>,
    ) -> Result<WebSocket<Upgraded>, Error> {
        let mut response = response.map_err(io_error)?;
        match self.upgrade.receive_http(&response) {
            Ok(connection) => Upgrading::new(upgrade::on(&mut response), connection, self.settings).await,
            Err(ClientUpgradeError::Rejected(mut reject)) => {
                // A body that doesn't come, or not whole, takes nothing away from the refusal.
                let content = read_content(response.into_body(), &mut reject);
                let _ = within(&self.settings, content).await;
                Err(reject.into())
            }
            Err(ClientUpgradeError::Remote(error)) => Err(error.into()),
            Err(_) => Err(Error::Closed),
        }
    }
}

impl fmt::Debug for ClientUpgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientUpgrade").field("upgrade", &self.upgrade).finish_non_exhaustive()
    }
}

/// Reads a body into a refusal.
async fn read_content(mut body: Incoming, reject: &mut RejectConnection) {
    while let Some(Ok(frame)) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let Ok(data) = frame.into_data() else { continue };
        let room = MOST_CONTENT.saturating_sub(reject.content.len());
        reject.content.extend_from_slice(data.get(..room).unwrap_or(&data));
        if data.len() >= room {
            return;
        }
    }
}

/// Waits within the deadline of the handshake, where there is one.
async fn within<F: Future>(settings: &Settings, future: F) -> Result<F::Output, Error> {
    match settings.timeouts.handshake {
        Some(limit) => timeout(limit, future).await.map_err(|_| Error::TimedOut(Deadline::Handshake)),
        None => Ok(future.await),
    }
}

/// Waits until the server of a new HTTP/2 connection has said that it takes extended CONNECTs
/// (`SETTINGS_ENABLE_CONNECT_PROTOCOL`).
///
/// Nothing else polls the connection until then. Afterwards the program spawns it, as it would have done at once:
///
/// ```
/// use http_body_util::Empty;
/// use hyper::{body::Bytes, client::conn::http2};
/// use hyper_util::rt::{TokioExecutor, TokioIo};
/// use tokio::net::TcpStream;
/// use wsproto_tokio::{Error, Request, Settings, WebSocket, hyper::{ClientUpgrade, Upgraded, connect_enabled}};
///
/// async fn chat(stream: TcpStream, settings: &Settings) -> Result<WebSocket<Upgraded>, Error> {
///     let http2 = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
///     let (mut sender, mut connection) = http2.map_err(std::io::Error::other)?;
///     connect_enabled(&mut connection, settings).await?;
///     tokio::spawn(connection);
///     let (request, upgrade) = ClientUpgrade::connect(settings, Request::new("example.com", "/chat"), "http")?;
///     upgrade.receive(sender.send_request(request.map(|()| Empty::<Bytes>::new())).await).await
/// }
/// ```
///
/// # Errors
///
/// - [`Error::TimedOut`]: the server didn't say so within the deadline of the handshake. hyper doesn't tell its silence
///   from its refusal.
/// - [`Error::Io`]: the connection failed, or ended.
///
/// # Cancel safety
///
/// A future that is dropped loses nothing.
///
/// # Panics
///
/// Outside a tokio runtime with its timer: hyper tells nobody when the settings come, so they are looked at time and again.
///
/// RFC 8441 [§3](https://www.rfc-editor.org/rfc/rfc8441#section-3)
pub async fn connect_enabled<T, B, E>(
    connection: &mut http2::Connection<T, B, E>,
    settings: &Settings,
) -> Result<(), Error>
where
    T: Read + Write + Unpin + 'static,
    B: Body + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    E: Http2ClientConnExec<B, T> + Clone + Unpin,
{
    let enabled = async {
        let mut pause = FIRST_PAUSE;
        loop {
            let looked = poll_fn(|cx| poll_enabled(connection, cx));
            if let Ok(outcome) = timeout(pause, looked).await {
                return outcome;
            }
            // hyper wakes nobody when settings come.
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    };
    within(settings, enabled).await?
}

fn poll_enabled<T, B, E>(
    connection: &mut http2::Connection<T, B, E>,
    cx: &mut Context<'_>,
) -> Poll<Result<(), Error>>
where
    T: Read + Write + Unpin + 'static,
    B: Body + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    E: Http2ClientConnExec<B, T> + Clone + Unpin,
{
    let polled = Pin::new(&mut *connection).poll(cx);
    //= rfc8441#3-1
    if connection.is_extended_connect_protocol_enabled() {
        return Poll::Ready(Ok(()));
    }
    ready!(polled).map_err(io_error)?;
    Poll::Ready(Err(Error::Closed))
}
