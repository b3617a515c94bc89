//! The client's side: connects, sends the request, and waits for the answer.

use std::{
    io,
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    time::{Duration, Instant},
};

use wsproto::{Connection, Deadline, Headers, Proxy, ReadBuffer, ServerAnswer, Timeouts, WebSocketUrl};

use crate::{
    Error, Settings, Stream, WebSocket,
    link::{Link, Step},
    proxy,
    time::{Clock, part},
};

/// Connects to a `ws://` URL, with default [`Settings`]: they have no compression.
///
/// ```no_run
/// let mut ws = wsproto_blocking::connect("ws://localhost:9001/chat")?;
/// ws.send("hello")?;
/// # Ok::<(), wsproto_blocking::Error>(())
/// ```
///
/// # Errors
///
/// As for [`Connector::connect`].
pub fn connect(url: &str) -> Result<WebSocket<TcpStream>, Error> {
    Connector::new().connect(url)
}

/// Connects to WebSocket servers: with subprotocols, header fields, limits, compression, deadlines, and through a
/// proxy.
///
/// A connector can connect many times.
///
/// ```no_run
/// use wsproto_blocking::{Config, Connector, Settings};
///
/// let connector = Connector::new()
///     .with_settings(Config::default().with_max_message_len(1 << 20))
///     .with_subprotocol("chat")
///     .with_header("Authorization", "Bearer 123");
/// let ws = connector.connect("ws://localhost:9001/")?;
/// assert_eq!(ws.subprotocol(), Some("chat"));
/// # Ok::<(), wsproto_blocking::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Connector {
    settings: Settings,
    subprotocols: Vec<String>,
    headers: Headers,
    proxy: Option<Proxy>,
}

impl Connector {
    /// Makes a connector with default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets limits, extensions and deadlines: [`Settings`], a [`Config`](wsproto::Config), or an `Arc` of one.
    #[must_use]
    pub fn with_settings(mut self, settings: impl Into<Settings>) -> Self {
        self.settings = settings.into();
        self
    }

    /// Offers permessage-deflate with its default options; for others, put a `DeflateConfig` into the settings'
    /// [`Config`](wsproto::Config).
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn with_compression(mut self) -> Self {
        let config = wsproto::Config::clone(&self.settings.config);
        self.settings.config = config.with_extension(wsproto::DeflateConfig::default()).into();
        self
    }

    /// Proposes a subprotocol, less preferred than those before it.
    #[must_use]
    pub fn with_subprotocol(mut self, name: impl Into<String>) -> Self {
        self.subprotocols.push(name.into());
        self
    }

    /// Sets the only header field of this name in the request, for example `User-Agent` or `Cookie`. `Authorization`
    /// replaces the URL's credentials.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.set(name, value);
        self
    }

    /// Connects through an HTTP proxy, with its method CONNECT. The environment isn't read.
    ///
    /// ```
    /// use wsproto_blocking::{Connector, Proxy};
    ///
    /// let proxy: Proxy = "http://user:secret@proxy.example:3128".parse()?;
    /// let connector = Connector::new().with_proxy(proxy);
    /// # drop(connector);
    /// # Ok::<(), wsproto_blocking::Error>(())
    /// ```
    #[must_use]
    pub fn with_proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Connects to a `ws://` URL over TCP.
    ///
    /// [`Timeouts::handshake`] bounds all steps together, 10 s by default; the error names the step. The addresses of a
    /// name are tried one after the other, each with its share of the rest of the time. The lookup of a name can't be
    /// interrupted, but its time counts. Redirects aren't followed: a redirect is a [rejection](Error::Rejected) with a
    /// status of 3xx, and [`WebSocketUrl::redirect`] says where it leads.
    ///
    /// # Errors
    ///
    /// - [`Error::Url`] for an invalid URL.
    /// - [`Error::Io`] of the last address that was tried, or for a `wss://` URL.
    /// - [`Error::TimedOut`] when the time is over.
    /// - [`Error::Rejected`] if the server refused, [`Error::Proxy`] if the proxy refused.
    /// - [`Error::Remote`] if the server's answer broke a rule.
    /// - [`Error::Local`] for a header field or a subprotocol that can't be sent.
    pub fn connect(&self, url: &str) -> Result<WebSocket<TcpStream>, Error> {
        let url: WebSocketUrl = url.parse()?;
        if url.is_secure() {
            let what = "wss:// needs TLS: connect with Connector::open, then use Connector::connect_over with your TLS stream";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what).into());
        }
        let clock = self.clock();
        self.handshake(self.reach(&url)?, &url, clock)
    }

    /// Connects over TCP, and through the proxy if there is one, but sends no request yet.
    ///
    /// Set up TLS over the stream, and go on with [`connect_over`](Self::connect_over). Each of the two calls has the
    /// whole deadline.
    ///
    /// # Errors
    ///
    /// As for [`connect`](Self::connect).
    pub fn open(&self, url: &str) -> Result<TcpStream, Error> {
        self.reach(&url.parse()?)
    }

    /// Opens a WebSocket over a stream to the server, for example a TLS stream; the URL gives the request's host, path
    /// and credentials.
    ///
    /// # Errors
    ///
    /// As for [`connect`](Self::connect).
    pub fn connect_over<S: Stream>(&self, stream: S, url: &str) -> Result<WebSocket<S>, Error> {
        self.handshake(stream, &url.parse()?, self.clock())
    }

    fn clock(&self) -> Clock {
        Clock::new(*self.settings.timeouts != Timeouts::default())
    }

    /// Connects to the server, directly or through the proxy.
    fn reach(&self, url: &WebSocketUrl) -> Result<TcpStream, Error> {
        let until = self.settings.timeouts.handshake.and_then(|limit| Instant::now().checked_add(limit));
        let Some(proxy) = &self.proxy else { return connect_tcp(url.host(), url.port(), until) };
        let mut stream = connect_tcp(proxy.host(), proxy.port(), until)?;
        proxy::tunnel(&mut stream, proxy, url, self.settings.config.handshake, until)?;
        Ok(stream)
    }

    /// Sends the request, and waits for the answer.
    fn handshake<S: Stream>(
        &self,
        stream: S,
        url: &WebSocketUrl,
        clock: Clock,
    ) -> Result<WebSocket<S>, Error> {
        let connection = Connection::client(self.settings.config.clone());
        let mut link = Link::new(stream, connection, ReadBuffer::messages(), &self.settings, clock);
        link.driver.send(url.request_with(&self.headers, &self.subprotocols), link.clock.now())?;
        let mut answer = ServerAnswer::new();
        loop {
            let error = match link.step(None) {
                Ok(Step::Found) => match link.buffer.take_event().and_then(|event| answer.receive(event)) {
                    Some(Ok(_)) => return Ok(WebSocket::new(link, &self.settings)),
                    Some(Err(rejection)) => return Err(Error::Rejected(rejection)),
                    None => continue,
                },
                Ok(Step::Over | Step::Later) => Error::Closed,
                Err(error) => error,
            };
            // If the status is known, the part of the body that came is enough.
            return Err(answer.end().map_or(error, Error::Rejected));
        }
    }
}

/// Connects to one of the addresses of a host.
fn connect_tcp(host: &str, port: u16, until: Option<Instant>) -> Result<TcpStream, Error> {
    let addresses: Vec<_> = (host, port).to_socket_addrs()?.collect();
    connect_to_one(&addresses, until)
}

/// Tries addresses one after the other, each with its share of the rest of the time.
fn connect_to_one(addresses: &[SocketAddr], until: Option<Instant>) -> Result<TcpStream, Error> {
    let mut last = Error::from(io::Error::new(io::ErrorKind::NotFound, "the host has no address"));
    for (at, address) in addresses.iter().enumerate() {
        let outcome = match left(until, Deadline::Connect)? {
            None => TcpStream::connect(address),
            Some(left) => {
                let others = u32::try_from(addresses.len().saturating_sub(at)).unwrap_or(u32::MAX);
                let share = part(left, others).max(Duration::from_millis(1));
                TcpStream::connect_timeout(address, share)
            }
        };
        match outcome {
            Ok(stream) => {
                // Small messages must not wait for the acknowledgement of earlier ones. A failure to set this option
                // doesn't matter.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut && until.is_some() => {
                last = Deadline::Connect.into();
            }
            Err(error) => last = error.into(),
        }
    }
    Err(last)
}

/// Returns the rest of the time; `None` without a limit.
///
/// # Errors
///
/// [`Error::TimedOut`] if no time is left.
pub(crate) fn left(until: Option<Instant>, step: Deadline) -> Result<Option<Duration>, Error> {
    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
    if left == Some(Duration::ZERO) { Err(step.into()) } else { Ok(left) }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn all_addresses_are_tried_and_the_last_error_is_told() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let there = listener.local_addr().unwrap();
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let until = Instant::now().checked_add(Duration::from_secs(5));
        for until in [None, until] {
            let stream = connect_to_one(&[closed, there], until).unwrap();
            assert_eq!(stream.peer_addr().unwrap(), there);
            assert!(stream.nodelay().unwrap());
            let error = connect_to_one(&[closed, closed], until).unwrap_err();
            assert!(
                matches!(&error, Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused),
                "{error}"
            );
            assert!(matches!(connect_to_one(&[], until), Err(Error::Io(_))));
        }
        let passed = Some(Instant::now());
        assert!(matches!(connect_to_one(&[there], passed), Err(Error::TimedOut(Deadline::Connect))));
    }
}
