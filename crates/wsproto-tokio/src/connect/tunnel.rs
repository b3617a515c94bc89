//! A tunnel through an HTTP proxy.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use wsproto::{HandshakeLimits, LocalProtocolError, Proxy, ProxyHandshake, WebSocketUrl};

use crate::Error;

/// A tunnel that isn't asked for yet.
pub(super) struct Tunnel {
    handshake: ProxyHandshake,
    request: Vec<u8>,
}

impl Tunnel {
    /// Makes the request for a tunnel to where the URL leads.
    ///
    /// # Errors
    ///
    /// [`Error::Local`] for what can't be sent.
    pub(super) fn new(proxy: &Proxy, url: &WebSocketUrl, limits: HandshakeLimits) -> Result<Self, Error> {
        let mut request = Vec::new();
        let handshake = proxy.ask(url, limits, &mut request).map_err(LocalProtocolError::Handshake)?;
        Ok(Self { handshake, request })
    }

    /// Asks the proxy that the stream leads to.
    ///
    /// # Errors
    ///
    /// The proxy's refusal, the rule that it broke, or why it can't be asked.
    pub(super) async fn open<S: AsyncRead + AsyncWrite + Unpin>(mut self, io: &mut S) -> Result<(), Error> {
        io.write_all(&self.request).await?;
        io.flush().await?;
        // Byte by byte, so that what comes after the answer stays in the stream: it belongs to the tunnel.
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
