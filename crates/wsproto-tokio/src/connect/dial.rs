//! Reaches a server: from a URL to a stream to the server.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
};
use wsproto::{Deadline, WebSocketUrl};

#[cfg(feature = "rustls")]
use super::tls;
use super::{Connector, MaybeTls, budget::Budget, race, tunnel::Tunnel};
use crate::Error;

impl Connector {
    /// Connects to the server, with TLS for `wss://`, and leaves the opening handshake to
    /// [`connect_over`](Self::connect_over).
    ///
    /// The program can wrap the stream between the two calls, for example to show or count its bytes. The
    /// [time-out](Self::with_timeout) covers only these steps; that of `connect_over` begins again.
    ///
    /// ```no_run
    /// use tokio::io::BufStream;
    /// use wsproto_tokio::{Connector, Error, wsproto::WebSocketUrl};
    ///
    /// # async fn example() -> Result<(), Error> {
    /// let url: WebSocketUrl = "wss://example.com/chat".parse()?;
    /// let connector = Connector::new();
    /// let stream = BufStream::new(connector.dial(&url).await?);
    /// let (ws, _) = connector.connect_over(stream, url).await?;
    /// # drop(ws);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`connect`](Self::connect) for these steps.
    ///
    /// # Cancel safety
    ///
    /// As for [`connect`](Self::connect).
    ///
    /// # Panics
    ///
    /// As for [`connect`](Self::connect).
    pub async fn dial(&self, url: &WebSocketUrl) -> Result<MaybeTls, Error> {
        // A request that can't be sent is an error before any connection.
        self.opening(url)?;
        self.reach(url, &Tcp).await.map(|(io, _)| io)
    }

    /// Goes from a name to a stream to the server; also returns the rest of the budget.
    pub(super) async fn reach<N: Network>(
        &self,
        url: &WebSocketUrl,
        network: &N,
    ) -> Result<(MaybeTls<N::Stream>, Budget), Error> {
        let limits = self.settings.config.handshake;
        let tunnel = self.proxy.as_ref().map(|proxy| Tunnel::new(proxy, url, limits)).transpose()?;
        #[cfg(feature = "rustls")]
        let tls = if url.is_secure() { Some(tls::Client::new(self.tls.as_ref(), url.host())?) } else { None };
        #[cfg(not(feature = "rustls"))]
        if url.is_secure() {
            return Err(no_tls());
        }
        let budget = Budget::new(self.timeout);
        let (host, port) =
            self.proxy.as_ref().map_or((url.host(), url.port()), |proxy| (proxy.host(), proxy.port()));
        let dialled = async {
            let addresses = network.look_up(host, port).await?;
            race::first(addresses, |address| network.dial(address), budget.attempt_delay()).await
        };
        let mut io = budget.limit(Deadline::Connect, dialled).await?;
        if let Some(tunnel) = tunnel {
            budget.limit(Deadline::Proxy, tunnel.open(&mut io)).await?;
        }
        #[cfg(feature = "rustls")]
        let io = match tls {
            Some(tls) => MaybeTls::of_tls(budget.limit(Deadline::Tls, tls.connect(io)).await?),
            None => MaybeTls::plain(io),
        };
        #[cfg(not(feature = "rustls"))]
        let io = MaybeTls::plain(io);
        Ok((io, budget))
    }
}

#[cfg(not(feature = "rustls"))]
fn no_tls() -> Error {
    let why =
        "wss:// needs the feature `rustls` of wsproto-tokio, or connect_over with a TLS stream of your own";
    io::Error::new(io::ErrorKind::Unsupported, why).into()
}

/// Looks up names and connects to addresses; the tests have a network of their own.
pub(super) trait Network: Sync {
    type Stream: AsyncRead + AsyncWrite + Unpin + Send;

    fn look_up(&self, host: &str, port: u16) -> impl Future<Output = io::Result<Vec<SocketAddr>>> + Send;

    fn dial(&self, address: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// TCP, with the names of the operating system.
pub(super) struct Tcp;

impl Network for Tcp {
    type Stream = TcpStream;

    async fn look_up(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(lookup_host((host, port)).await?.collect())
    }

    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(address).await?;
        // This option only makes messages faster, so a failure to set it doesn't matter.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }
}
