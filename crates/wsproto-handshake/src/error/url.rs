//! Errors of a URL.

use core::{error::Error, fmt};

/// A broken rule for URLs of a WebSocket or of a proxy.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum UrlError {
    /// The text does not begin with `ws://` or `wss://`
    /// (RFC 6455 [§3](https://www.rfc-editor.org/rfc/rfc6455#section-3)).
    Scheme,
    /// There is a fragment, which has no meaning here; write a `#` of the path or query as `%23`
    /// (RFC 6455 [§3](https://www.rfc-editor.org/rfc/rfc6455#section-3)).
    Fragment,
    /// There is no host
    /// (RFC 3986 [§3.2.2](https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2)).
    HostMissing,
    /// The host isn't a name, an IPv4 address, or an IPv6 address in brackets
    /// (RFC 3986 [§3.2.2](https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2)).
    Host,
    /// The host is an international name, and the feature `idna` is off
    /// (RFC 6455 [§11.1.1](https://www.rfc-editor.org/rfc/rfc6455#section-11.1.1)).
    HostNotAscii,
    /// The port isn't a number from 0 to 65535
    /// (RFC 3986 [§3.2.3](https://www.rfc-editor.org/rfc/rfc3986#section-3.2.3)).
    Port,
    /// After decoding, the user has a colon, or user or password have a control character
    /// (RFC 7617 [§2](https://www.rfc-editor.org/rfc/rfc7617#section-2)).
    Userinfo,
    /// A character must be percent-encoded at its place
    /// (RFC 3986 [§2](https://www.rfc-editor.org/rfc/rfc3986#section-2)).
    Character {
        /// Its place in the whole URL, in bytes.
        at: usize,
    },
    /// A `%` is not followed by two hexadecimal digits; write a literal `%` as `%25`
    /// (RFC 3986 [§2.1](https://www.rfc-editor.org/rfc/rfc3986#section-2.1)).
    PercentEncoding {
        /// Its place in the whole URL, in bytes.
        at: usize,
    },
    /// A redirect leads from `wss` to `ws`, where everyone on the way can read the messages
    /// (RFC 6455 [§10.6](https://www.rfc-editor.org/rfc/rfc6455#section-10.6)).
    InsecureRedirect,
    /// The URL of a proxy doesn't begin with `http://`; for another kind of proxy, give a stream of your own
    /// (RFC 9110 [§4.2.1](https://www.rfc-editor.org/rfc/rfc9110#section-4.2.1)).
    ProxyScheme,
    /// The URL of a proxy has a path or a query, which has no meaning there
    /// (RFC 9110 [§9.3.6](https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6)).
    ProxyTarget,
}

impl UrlError {
    /// Returns the RFC and the section of the broken rule.
    #[must_use]
    pub const fn section(self) -> &'static str {
        match self {
            Self::Scheme | Self::Fragment => "RFC 6455 §3",
            Self::HostMissing | Self::Host => "RFC 3986 §3.2.2",
            Self::HostNotAscii => "RFC 6455 §11.1.1",
            Self::Port => "RFC 3986 §3.2.3",
            Self::Userinfo => "RFC 7617 §2",
            Self::Character { .. } => "RFC 3986 §2",
            Self::PercentEncoding { .. } => "RFC 3986 §2.1",
            Self::InsecureRedirect => "RFC 6455 §10.6",
            Self::ProxyScheme => "RFC 9110 §4.2.1",
            Self::ProxyTarget => "RFC 9110 §9.3.6",
        }
    }
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "invalid scheme of the URL (ws:// or wss:// is needed)",
            Self::Fragment => "URL with a fragment (write a # of the path or query as %23)",
            Self::HostMissing => "URL without a host",
            Self::Host => "invalid host in the URL (an IPv6 address needs brackets)",
            Self::HostNotAscii => "host in the URL is not ASCII (the feature idna allows it)",
            Self::Port => "invalid port in the URL",
            Self::Userinfo => {
                "invalid user or password in the URL (colon in the user, or a control character)"
            }
            Self::Character { at } => {
                return write!(f, "character at byte {at} of the URL must be percent-encoded");
            }
            Self::PercentEncoding { at } => {
                return write!(
                    f,
                    "% at byte {at} of the URL without two hexadecimal digits (write a literal % as %25)"
                );
            }
            Self::InsecureRedirect => "redirect from wss:// to ws://",
            Self::ProxyScheme => "invalid scheme of the proxy's URL (http:// is needed)",
            Self::ProxyTarget => "proxy's URL with a path or a query",
        })
    }
}

impl Error for UrlError {}
