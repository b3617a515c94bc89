//! A client's tunnel through an HTTP proxy, asked for before TLS and the opening handshake (RFC 9110 §9.3.6).

use alloc::{borrow::ToOwned, boxed::Box, format, string::String, vec::Vec};
use core::{error::Error, fmt, str::FromStr};

use crate::{
    HandshakeLimits, HeadError, Headers, LocalError, RejectConnection, ResponseError, UrlError, WebSocketUrl,
    credentials::basic_credentials,
    head::{FieldStorage, Head, HeadBuffer},
    known::is_word,
    wire,
};

/// An HTTP proxy, and the header fields for it.
///
/// It is parsed from a URL: `http://`, optionally a user and a password, the host, and optionally a port; the default
/// port is 80. A user and a password become Basic credentials in Proxy-Authorization. `Debug` shows neither.
///
/// ```
/// use wsproto_handshake::{HandshakeLimits, Proxy, WebSocketUrl};
///
/// let proxy: Proxy = "http://user:secret@proxy.example:3128".parse()?;
/// let url: WebSocketUrl = "wss://example.com/chat".parse()?;
/// // TcpStream::connect((proxy.host(), proxy.port())), then:
/// let mut out = Vec::new();
/// let mut tunnel = proxy.ask(&url, HandshakeLimits::default(), &mut out)?;
/// assert_eq!(
///     out,
///     b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\
///       Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n"
/// );
/// let mut input = &b"HTTP/1.1 200 Connection established\r\n\r\nbytes of the tunnel"[..];
/// assert!(tunnel.receive(&mut input)?);
/// assert_eq!(input, b"bytes of the tunnel"); // then TLS for url.host(), and the opening handshake
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// RFC 9110 [§9.3.6](https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6)
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Proxy {
    host: String,
    port: u16,
    headers: Headers,
}

impl Proxy {
    /// Returns the name or address to connect to; an IPv6 address has no brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port to connect to.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Sets the only header field of this name for the proxy, for example a Proxy-Authorization other than Basic.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.set(name, value);
        self
    }

    /// Sets the user and the password for the proxy; they may have characters that a URL can't hold.
    ///
    /// # Errors
    ///
    /// [`LocalError::Credentials`] for a user with a colon, and for a control character in user or password.
    pub fn with_credentials(self, user: &str, password: &str) -> Result<Self, LocalError> {
        Ok(self.with_header("Proxy-Authorization", basic_credentials(user, password)?))
    }

    /// Appends the request for a tunnel to the URL's server; returns the reader of the answer.
    ///
    /// # Errors
    ///
    /// The fault of a header field of the caller; then nothing is appended.
    pub fn ask(
        &self,
        url: &WebSocketUrl,
        limits: HandshakeLimits,
        out: &mut Vec<u8>,
    ) -> Result<ProxyHandshake, LocalError> {
        wire::check_fields(&self.headers, wire::is_reserved)?;
        //= rfc6455#4.1-9
        let authority = format!("{}:{}", url.host_in_brackets(), url.port());
        out.extend_from_slice(format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n").as_bytes());
        wire::all_fields(out, &self.headers);
        out.extend_from_slice(b"\r\n");
        Ok(ProxyHandshake { limits, interim_responses: 0, stage: Stage::Awaited(HeadBuffer::of_response()) })
    }
}

impl FromStr for Proxy {
    type Err = UrlError;

    fn from_str(url: &str) -> Result<Self, UrlError> {
        let rest = match url.split_once("://") {
            Some((scheme, rest)) if is_word(scheme.as_bytes(), b"http") => rest,
            _ => return Err(UrlError::ProxyScheme),
        };
        // The rest is parsed like a server's URL; `http` is two bytes longer than `ws`, so the places are two bytes
        // less there.
        let server: WebSocketUrl = format!("ws://{rest}").parse().map_err(|error| match error {
            UrlError::Character { at } => UrlError::Character { at: at.saturating_add(2) },
            UrlError::PercentEncoding { at } => UrlError::PercentEncoding { at: at.saturating_add(2) },
            other => other,
        })?;
        if server.target() != "/" {
            return Err(UrlError::ProxyTarget);
        }
        let request = server.request();
        let authorization = request.headers().get("Authorization");
        let headers = authorization.map(|value| ("Proxy-Authorization", value)).into_iter().collect();
        Ok(Self { host: server.host().to_owned(), port: server.port(), headers })
    }
}

/// Shows no value of a field.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("headers", &self.headers.iter())
            .finish()
    }
}

/// Reads a proxy's answer to [`Proxy::ask`].
pub struct ProxyHandshake {
    limits: HandshakeLimits,
    interim_responses: u64,
    stage: Stage,
}

enum Stage {
    Awaited(HeadBuffer),
    Open,
    Failed(ProxyError),
}

impl ProxyHandshake {
    /// Takes the answer off the front of the input, and returns whether the tunnel is open.
    ///
    /// `false` means that all of the input was taken and more is needed. Bytes after the answer are never taken: they
    /// come from the other end of the tunnel. Interim responses are skipped.
    ///
    /// # Errors
    ///
    /// The proxy's rejection, or the rule that the proxy broke; every later call returns the same error.
    pub fn receive(&mut self, input: &mut &[u8]) -> Result<bool, ProxyError> {
        loop {
            let head = match &mut self.stage {
                Stage::Awaited(head) => head,
                Stage::Open => return Ok(true),
                Stage::Failed(error) => return Err(error.clone()),
            };
            let answer = match read(head, input, &self.limits) {
                Ok(answer) => answer,
                Err(error) => return Err(self.fail(ProxyError::Answer(error))),
            };
            match answer {
                None => return Ok(false),
                Some(RejectConnection { status: 100 | 102..=199, .. }) => self.pass_interim()?,
                // A success has no body, whatever its fields announce (RFC 9110 §9.3.6).
                Some(RejectConnection { status: 200..=299, .. }) => self.stage = Stage::Open,
                Some(refusal) => return Err(self.fail(ProxyError::Refused(Box::new(refusal)))),
            }
        }
    }

    /// Reports the end of the proxy's stream; returns whether the tunnel was open.
    ///
    /// # Errors
    ///
    /// [`HeadError::Ended`], or the earlier error.
    pub fn receive_eof(&mut self) -> Result<bool, ProxyError> {
        match &self.stage {
            Stage::Awaited(_) => Err(self.fail(ProxyError::Answer(HeadError::Ended.into()))),
            Stage::Open => Ok(true),
            Stage::Failed(error) => Err(error.clone()),
        }
    }

    fn pass_interim(&mut self) -> Result<(), ProxyError> {
        let limit = self.limits.max_interim_responses;
        self.interim_responses = self.interim_responses.saturating_add(1);
        if self.interim_responses > limit {
            let error = ResponseError::TooManyInterimResponses { limit };
            return Err(self.fail(ProxyError::Answer(error)));
        }
        Ok(())
    }

    fn fail(&mut self, error: ProxyError) -> ProxyError {
        self.stage = Stage::Failed(error.clone());
        error
    }
}

/// Reads status and fields of a response; returns `None` until its head is complete.
fn read(
    head: &mut HeadBuffer,
    input: &mut &[u8],
    limits: &HandshakeLimits,
) -> Result<Option<RejectConnection>, ResponseError> {
    head.check_response_start(input)?;
    let (mut joined, mut storage) = (Vec::new(), FieldStorage::new());
    let Some(head) = head.take(input, limits, &mut joined, &mut storage, Head::of_response)? else {
        return Ok(None);
    };
    match head.line.status {
        0..=99 => Err(ResponseError::Status),
        status => Ok(Some(RejectConnection { headers: head.all_fields(), ..RejectConnection::new(status) })),
    }
}

impl fmt::Debug for ProxyHandshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state: &dyn fmt::Debug = match &self.stage {
            Stage::Awaited(_) => &"awaited",
            Stage::Open => &"open",
            Stage::Failed(error) => error,
        };
        f.debug_struct("ProxyHandshake").field("state", state).finish_non_exhaustive()
    }
}

/// The reason why a proxy opened no tunnel.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ProxyError {
    /// The proxy refused, with this status and these fields; its body isn't read. A 407 asks for other credentials
    /// (RFC 9110 [§15.5.8](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.8)).
    Refused(Box<RejectConnection>),
    /// The proxy's answer broke a rule of HTTP.
    Answer(ResponseError),
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "the proxy refused with status {}", refusal.status),
            Self::Answer(error) => write!(f, "invalid answer of the proxy: {error}"),
        }
    }
}

/// `Display` includes the text of the nested error, so the source is that error's source.
impl Error for ProxyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused(_) => None,
            Self::Answer(error) => error.source(),
        }
    }
}
