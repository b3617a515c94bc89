//! The ways of our client to a server.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use http_body_util::{BodyExt, Empty};
use hyper::{
    Response,
    body::{Bytes, Incoming},
    client::conn::{
        http1,
        http2::{self, SendRequest},
    },
    header::HOST,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::rustls::{RootCertStore, pki_types::ServerName};
use wsproto_tokio::{
    Connector, Error, MaybeTls, Request, Settings, WebSocket,
    hyper::{ClientUpgrade, Upgraded, connect_enabled},
};

use crate::{script, socket::Failure, stack::Stack, tls};

/// A status and a body.
type Answer = (u16, String);

/// A way to one server.
pub(crate) trait Way: Clone + Send + Sync + 'static {
    /// What its WebSockets go stack.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send;

    /// Opens a WebSocket that offers the subprotocols of the script.
    fn open(&self, target: &str) -> impl Future<Output = Result<WebSocket<Self::Stream>, Error>> + Send;

    /// Sends a request that is no WebSocket's, and returns the status and the body of its answer.
    fn request(&self, method: &str, target: &str) -> impl Future<Output = Result<Answer, Failure>> + Send;
}

/// A connection of TCP or TLS for each WebSocket.
#[derive(Clone, Debug)]
pub(crate) struct Direct {
    connector: Connector,
    scheme: &'static str,
    port: u16,
}

impl Direct {
    /// Goes to a port of loopback; over TLS, trusts these roots.
    pub(crate) fn new(stack: Stack, port: u16, settings: Settings, roots: &Arc<RootCertStore>) -> Self {
        let mut connector = Connector::new().with_settings(settings).with_roots(Arc::clone(roots));
        for offered in script::OFFERED {
            connector = connector.with_subprotocol(offered);
        }
        Self { connector, scheme: stack.scheme(), port }
    }
}

impl Way for Direct {
    type Stream = MaybeTls;

    async fn open(&self, target: &str) -> Result<WebSocket<MaybeTls>, Error> {
        let url = format!("{}://127.0.0.1:{}{target}", self.scheme, self.port);
        Ok(self.connector.connect(&*url).await?.0)
    }

    /// Goes over a connection of its own, which the answer may leave open.
    async fn request(&self, method: &str, target: &str) -> Result<Answer, Failure> {
        let host = format!("127.0.0.1:{}", self.port);
        let stream = TcpStream::connect(&host).await.map_err(Error::from)?;
        let made = http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = made.map_err(|error| unexpected(&error))?;
        tokio::spawn(connection);
        let request = hyper::Request::builder().method(method).uri(target).header(HOST, host);
        let request = request.body(Empty::<Bytes>::new()).map_err(|error| unexpected(&error))?;
        answer(sender.send_request(request).await).await
    }
}

/// One connection of HTTP/2 over TLS for all WebSockets.
#[derive(Clone, Debug)]
pub(crate) struct Http2 {
    sender: SendRequest<Empty<Bytes>>,
    settings: Settings,
    authority: String,
}

impl Http2 {
    /// Connects to a port of loopback, and waits until the server has said that it takes extended CONNECTs.
    pub(crate) async fn connect(
        port: u16,
        settings: Settings,
        roots: &Arc<RootCertStore>,
    ) -> Result<Self, Failure> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(Error::from)?;
        let tls = tls::connector(roots, &["h2"]).map_err(|error| unexpected(&error))?;
        let name = ServerName::from(IpAddr::from(Ipv4Addr::LOCALHOST));
        let stream = tls.connect(name, stream).await.map_err(Error::from)?;
        let made = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
        let (sender, mut connection) = made.map_err(|error| unexpected(&error))?;
        connect_enabled(&mut connection, &settings).await?;
        tokio::spawn(connection);
        Ok(Self { sender, settings, authority: format!("127.0.0.1:{port}") })
    }
}

impl Way for Http2 {
    type Stream = Upgraded;

    async fn open(&self, target: &str) -> Result<WebSocket<Upgraded>, Error> {
        let mut asks = Request::new(&*self.authority, target);
        for offered in script::OFFERED {
            asks = asks.with_subprotocol(offered);
        }
        let (request, upgrade) = ClientUpgrade::connect(&self.settings, asks, "https")?;
        upgrade.receive(self.sender.clone().send_request(request.map(|()| Empty::new())).await).await
    }

    async fn request(&self, method: &str, target: &str) -> Result<Answer, Failure> {
        let uri = format!("https://{}{target}", self.authority);
        let request = hyper::Request::builder().method(method).uri(uri).body(Empty::new());
        let request = request.map_err(|error| unexpected(&error))?;
        answer(self.sender.clone().send_request(request).await).await
    }
}

async fn answer(response: hyper::Result<Response<Incoming>>) -> Result<Answer, Failure> {
    let (head, body) = response.map_err(|error| unexpected(&error))?.into_parts();
    let body = body.collect().await.map_err(|error| unexpected(&error))?.to_bytes();
    Ok((head.status.as_u16(), String::from_utf8_lossy(&body).into_owned()))
}

fn unexpected(error: &dyn std::error::Error) -> Failure {
    Failure::Unexpected(error.to_string())
}
