//! A tunnel through an HTTP proxy.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use wsproto::{HandshakeLimits, LocalProtocolError, Proxy, ProxyHandshake, WebSocketUrl};

use crate::Error;

/// A tunnel before its request is sent.
pub(super) struct Tunnel {
    handshake: ProxyHandshake,
    request: Vec<u8>,
}

impl Tunnel {
    /// Makes the request for a tunnel to the URL's server.
    ///
    /// # Errors
    ///
    /// [`Error::Local`] for a request that can't be sent.
    pub(super) fn new(proxy: &Proxy, url: &WebSocketUrl, limits: HandshakeLimits) -> Result<Self, Error> {
        let mut request = Vec::new();
        let handshake = proxy.ask(url, limits, &mut request).map_err(LocalProtocolError::Handshake)?;
        Ok(Self { handshake, request })
    }

    /// Asks the proxy at the other end of the stream for the tunnel.
    ///
    /// # Errors
    ///
    /// The proxy's rejection, the rule that it broke, or the reason why it can't be asked.
    pub(super) async fn open<S: AsyncRead + AsyncWrite + Unpin>(mut self, io: &mut S) -> Result<(), Error> {
        io.write_all(&self.request).await?;
        io.flush().await?;
        // Reads byte by byte, so that bytes after the answer stay in the stream: they belong to the tunnel.
        let mut byte = [0];
        loop {
            let is_open = match io.read(&mut byte).await? {
                0 => self.handshake.receive_eof()?,
                _ => self.handshake.receive(&mut &byte[..])?,
            };
            if is_open {
                return Ok(());
            }
        }
    }
}
