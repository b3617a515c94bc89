//! WebSocket URIs: the server to connect to, and the request for it (RFC 6455 §3).

mod redirect;

use alloc::{
    borrow::Cow,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{fmt, net::Ipv6Addr, str::FromStr};

use crate::{Headers, Request, UrlError, credentials, headers::place, host, known::is_word, target};

/// A `ws` or `wss` URL: the server to connect to, and the [`Request`] for it.
///
/// Parsing is strict: it refuses a fragment, white space, and characters that must be percent-encoded, and it corrects
/// nothing. A user and a password become Basic credentials of the request. `Display` shows neither of them; `Debug`
/// also hides the query.
///
/// ```
/// use wsproto_handshake::WebSocketUrl;
///
/// let url: WebSocketUrl = "wss://example.com/chat?room=1".parse()?;
/// // TcpStream::connect((url.host(), url.port())), then TLS for url.host().
/// assert_eq!((url.host(), url.port(), url.is_secure()), ("example.com", 443, true));
/// let request = url.request();
/// assert_eq!((request.host(), request.target()), ("example.com", "/chat?room=1"));
/// # Ok::<(), wsproto_handshake::UrlError>(())
/// ```
///
/// `http` and `https` aren't schemes of WebSocket URLs; only [redirects](Self::redirect) allow them, as answers of
/// HTTP.
///
/// RFC 6455 [§3](https://www.rfc-editor.org/rfc/rfc6455#section-3)
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct WebSocketUrl {
    secure: bool,
    /// A name, or an address without brackets; an IPv6 address with its zone.
    host: String,
    /// The port, if it isn't the default.
    port: Option<u16>,
    /// Path and query.
    target: String,
    /// The value of Authorization.
    authorization: Option<String>,
}

impl WebSocketUrl {
    /// Returns the name or address to connect to; an IPv6 address has no brackets.
    ///
    /// An international name is encoded. The zone of a link-local address stands after a `%`, as resolvers expect it;
    /// the request doesn't contain it (RFC 6874 [§4](https://www.rfc-editor.org/rfc/rfc6874#section-4)).
    ///
    /// ```
    /// # use wsproto_handshake::WebSocketUrl;
    /// let url: WebSocketUrl = "ws://[fe80::1%25eth0]/".parse()?;
    /// assert_eq!((url.host(), url.request().host()), ("fe80::1%eth0", "[fe80::1]"));
    /// # Ok::<(), wsproto_handshake::UrlError>(())
    /// ```
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port to connect to; the default is 80, or 443 with TLS.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(default_port(self.secure))
    }

    /// Returns whether the connection needs TLS: the scheme is `wss`.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// Returns path and query, for example `/chat?room=1`; at least `/`.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Returns the path of the [target](Self::target): `/chat` of `/chat?room=1`.
    #[must_use]
    pub fn path(&self) -> &str {
        target::split(&self.target).0
    }

    /// Returns the query of the [target](Self::target), without the `?`; `None` where there is none.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        target::split(&self.target).1
    }

    /// Makes the request: the host, the port unless it is the default, the target, and the credentials of the URL.
    ///
    /// ```
    /// # use wsproto_handshake::WebSocketUrl;
    /// let url: WebSocketUrl = "ws://Aladdin:open%20sesame@example.com:8080?x=1".parse()?;
    /// let request = url.request().with_subprotocol("chat");
    /// assert_eq!((request.host(), request.target()), ("example.com:8080", "/?x=1"));
    /// let authorization = request.headers().get_str("Authorization");
    /// assert_eq!(authorization, Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
    /// # Ok::<(), wsproto_handshake::UrlError>(())
    /// ```
    #[must_use]
    pub fn request(&self) -> Request {
        let name = self.host_in_brackets();
        //= rfc6455#4.1-22
        let host = self.port.map_or(name.to_string(), |port| format!("{name}:{port}"));
        let request = Request::new(host, &*self.target);
        match &self.authorization {
            Some(value) => request.with_header("Authorization", value),
            None => request,
        }
    }

    /// Makes the request of a client that has header fields and subprotocols of its own. Its fields replace those of
    /// the URL: of Authorization, too.
    ///
    /// ```
    /// # use wsproto_handshake::{Headers, WebSocketUrl};
    /// let url: WebSocketUrl = "ws://Aladdin:open%20sesame@example.com".parse()?;
    /// let mut headers = Headers::new();
    /// headers.set("Authorization", "Bearer 123");
    /// let request = url.request_with(&headers, &["chat"]);
    /// assert_eq!(request.headers().get_str("Authorization"), Some("Bearer 123"));
    /// # Ok::<(), wsproto_handshake::UrlError>(())
    /// ```
    #[must_use]
    pub fn request_with(&self, headers: &Headers, subprotocols: &[impl AsRef<str>]) -> Request {
        let of_url = self.request();
        let from_url = of_url.headers().iter().filter(|(name, _)| !headers.contains(name));
        let request = from_url
            .chain(headers)
            .fold(Request::new(of_url.host(), of_url.target()), |request, (name, value)| {
                request.with_header(name, value)
            });
        subprotocols.iter().fold(request, |request, name| request.with_subprotocol(name.as_ref()))
    }
}

impl FromStr for WebSocketUrl {
    type Err = UrlError;

    fn from_str(url: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = url.split_once("://").ok_or(UrlError::Scheme)?;
        let secure = match scheme.as_bytes() {
            scheme if is_word(scheme, b"ws") => false,
            scheme if is_word(scheme, b"wss") => true,
            _ => return Err(UrlError::Scheme),
        };
        //= rfc6455#3-1, rfc6455#3-2
        if rest.contains('#') {
            return Err(UrlError::Fragment);
        }
        let (authority, target) = split_before(rest, &['/', '?']);
        let (userinfo, host_and_port) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (host, port) = split_port(host_and_port);
        //= rfc6455#11.1.1-2, rfc6455#11.1.2-2
        check_characters(url, userinfo, b":")?;
        check_characters(url, target, b":@/?")?;
        let host = host_to_connect(url, host)?;
        let port = port_number(port)?.filter(|&port| port != default_port(secure));
        let authorization = authorization(userinfo)?;
        Ok(Self { secure, host, port, target: resource_name(target), authorization })
    }
}

impl TryFrom<&str> for WebSocketUrl {
    type Error = UrlError;

    fn try_from(url: &str) -> Result<Self, UrlError> {
        url.parse()
    }
}

impl TryFrom<String> for WebSocketUrl {
    type Error = UrlError;

    fn try_from(url: String) -> Result<Self, UrlError> {
        url.parse()
    }
}

/// Shows the URL without user and password: credentials don't belong in logs.
impl fmt::Display for WebSocketUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_origin(f)?;
        f.write_str(&self.target)
    }
}

/// Hides user, password and query, which may hold tokens.
impl fmt::Debug for WebSocketUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebSocketUrl(")?;
        self.write_origin(f)?;
        f.write_str(self.path())?;
        f.write_str(if self.query().is_some() { " and a query" } else { "" })?;
        f.write_str(if self.authorization.is_some() { ", with credentials)" } else { ")" })
    }
}

impl WebSocketUrl {
    /// Returns the host in the form of HTTP: an IPv6 address in brackets and without its zone.
    pub(crate) fn host_in_brackets(&self) -> Cow<'_, str> {
        if self.host.contains(':') {
            format!("[{}]", self.host.split('%').next().unwrap_or_default()).into()
        } else {
            self.host.as_str().into()
        }
    }

    /// Writes scheme, host and port.
    fn write_origin(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.secure { "wss://" } else { "ws://" })?;
        match self.host.split_once('%') {
            Some((address, zone)) => write!(f, "[{address}%25{zone}]")?,
            None if self.host.contains(':') => write!(f, "[{}]", self.host)?,
            None => f.write_str(&self.host)?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

const fn default_port(secure: bool) -> u16 {
    //= rfc6455#3-3
    if secure { 443 } else { 80 }
}

/// Returns path and query for the request: `/` for an empty path, and no `?` with an empty query.
fn resource_name(target: &str) -> String {
    //= rfc6455#3-4
    let slash = if target.starts_with('/') { "" } else { "/" };
    let (path, query) = split_before(target, &['?']);
    format!("{slash}{path}{}", if query == "?" { "" } else { query })
}

/// Splits before the first of these characters, or at the end.
fn split_before<'a>(text: &'a str, characters: &[char]) -> (&'a str, &'a str) {
    text.find(characters).and_then(|at| text.split_at_checked(at)).unwrap_or((text, ""))
}

/// Splits at the colon after the host, if there is one.
fn split_port(authority: &str) -> (&str, &str) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, ""),
    }
}

/// Reads a port; an empty one counts as none.
fn port_number(port: &str) -> Result<Option<u16>, UrlError> {
    match port.parse() {
        _ if port.is_empty() => Ok(None),
        Ok(number) if port.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Some(number)),
        _ => Err(UrlError::Port),
    }
}

/// Returns a name in the form of resolvers, or an address without its brackets.
fn host_to_connect(url: &str, host: &str) -> Result<String, UrlError> {
    if host.is_empty() {
        return Err(UrlError::HostMissing);
    }
    if let Some(literal) = host.strip_prefix('[') {
        let literal = literal.strip_suffix(']').ok_or(UrlError::Host)?;
        let (address, zone) = host::split_zone(literal).unwrap_or((literal, ""));
        address.parse::<Ipv6Addr>().map_err(|_| UrlError::Host)?;
        return Ok(if zone.is_empty() { address.into() } else { format!("{address}%{zone}") });
    }
    if !host.is_ascii() && cfg!(not(feature = "idna")) {
        return Err(UrlError::HostNotAscii);
    }
    if host.is_ascii() {
        check_characters(url, host, b"%[]:")?;
    }
    //= rfc6455#11.1.1-1, rfc6455#11.1.2-1
    let name = host::to_wire(host).ok_or(UrlError::Host)?;
    // A resolver takes names as they are, so these characters would change the meaning of the name.
    if name.contains(['%', ':', '[']) { Err(UrlError::Host) } else { Ok(name.into_owned()) }
}

/// Makes Basic credentials from the part before the host, if there is one.
fn authorization(userinfo: &str) -> Result<Option<String>, UrlError> {
    if userinfo.is_empty() {
        return Ok(None);
    }
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let value = credentials::basic(&decode(user), &decode(password)).ok_or(UrlError::Userinfo)?;
    Ok(Some(value))
}

/// Checks that a part of the URL has only characters that are allowed there, and `%` only before two hexadecimal
/// digits.
fn check_characters(url: &str, part: &str, others: &[u8]) -> Result<(), UrlError> {
    let Some(fault) = host::uri_fault(part.as_bytes(), others) else { return Ok(()) };
    let at = place(part.as_bytes(), url.as_bytes()).start.saturating_add(fault);
    match part.as_bytes().get(fault) {
        Some(b'%') => Err(UrlError::PercentEncoding { at }),
        _ => Err(UrlError::Character { at }),
    }
}

/// Decodes each `%` and its two digits to a byte.
fn decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.split_first_chunk().filter(|_| byte == b'%');
        let decoded = digits.and_then(|([high, low], after)| Some((hex(*high)? << 4 | hex(*low)?, after)));
        let (byte, after) = decoded.unwrap_or((byte, after));
        bytes.push(byte);
        rest = after;
    }
    bytes
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
