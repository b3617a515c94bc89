//! The client's side.

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

/// The first pause between two looks at the server's settings; each pause is twice as long as the last.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
/// The longest pause between two looks.
const LONGEST_PAUSE: Duration = Duration::from_millis(16);

/// How many bytes of a rejection's body are kept at most.
const MOST_CONTENT: usize = 16 << 10;

/// A client's request for a WebSocket over a connection of hyper, until its response comes.
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
/// For HTTP/2, use [`connect`](Self::connect) after the server [has announced](connect_enabled) support for it.
pub struct ClientUpgrade {
    upgrade: wsproto::ClientUpgrade,
    settings: Settings,
}

impl ClientUpgrade {
    /// Makes the request for an upgrade of HTTP/1.1; send it with an empty body.
    ///
    /// # Errors
    ///
    /// [`Error::Local`] for a request that can't be sent.
    pub fn http1(settings: &Settings, request: crate::Request) -> Result<(Request<()>, Self), Error> {
        let (sent, upgrade) = wsproto::ClientUpgrade::http1(Arc::clone(&settings.config), request)?;
        Self::ask(settings, sent, upgrade)
    }

    /// Makes the request for an extended CONNECT of HTTP/2; send it with an empty body.
    ///
    /// The scheme is `https` over TLS, and `http` otherwise. Send the request only after the server [has
    /// announced](connect_enabled) support for it; a server without support resets the stream.
    ///
    /// # Errors
    ///
    /// [`Error::Local`] for a request that can't be sent.
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

    /// Takes hyper's response to the request, and returns the open connection.
    ///
    /// # Errors
    ///
    /// - [`Error::Rejected`]: the server refused; the rejection has the status, the fields, and the start of the body.
    /// - [`Error::Remote`]: the response broke a rule.
    /// - [`Error::TimedOut`]: the deadline of the opening handshake passed; its clock starts with this call.
    /// - [`Error::Io`]: hyper failed.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the stream.
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
                // A missing or incomplete body doesn't change the rejection.
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

/// Reads a body into a rejection.
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

/// Waits within the deadline of the opening handshake, if there is one.
async fn within<F: Future>(settings: &Settings, future: F) -> Result<F::Output, Error> {
    match settings.timeouts.handshake {
        Some(limit) => timeout(limit, future).await.map_err(|_| Error::TimedOut(Deadline::Handshake)),
        None => Ok(future.await),
    }
}

/// Waits until the server of a new HTTP/2 connection announces support for extended CONNECTs
/// (`SETTINGS_ENABLE_CONNECT_PROTOCOL`).
///
/// This call polls the connection. Afterwards the program spawns the connection, as it would without this call:
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
/// - [`Error::TimedOut`]: the server announced no support within the deadline of the opening handshake. hyper doesn't
///   say whether the server refuses or is silent.
/// - [`Error::Io`]: the connection failed, or ended.
///
/// # Cancel safety
///
/// Dropping the future loses nothing.
///
/// # Panics
///
/// Outside a tokio runtime with its timer: hyper wakes no task when the settings come, so this call looks again and
/// again.
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
            // hyper wakes no task when settings come.
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
