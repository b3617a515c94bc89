//! What can be wrong with a URL.

use core::{error::Error, fmt};

/// A rule for URLs, those of a WebSocket and those of a proxy, that a text breaks.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum UrlError {
    /// The text does not begin with `ws://` or `wss://`
    /// (RFC 6455 [§3](https://www.rfc-editor.org/rfc/rfc6455#section-3)).
    Scheme,
    /// There is a fragment, which has no meaning here; a `#` that is none is written as `%23`
    /// (RFC 6455 [§3](https://www.rfc-editor.org/rfc/rfc6455#section-3)).
    Fragment,
    /// There is no host
    /// (RFC 3986 [§3.2.2](https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2)).
    HostMissing,
    /// The host is neither a name nor an IPv4 address nor an IPv6 address in brackets
    /// (RFC 3986 [§3.2.2](https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2)).
    Host,
    /// The host is an international name, and the feature `idna` is off
    /// (RFC 6455 [§11.1.1](https://www.rfc-editor.org/rfc/rfc6455#section-11.1.1)).
    HostNotAscii,
    /// The port is not a number from 0 to 65535
    /// (RFC 3986 [§3.2.3](https://www.rfc-editor.org/rfc/rfc3986#section-3.2.3)).
    Port,
    /// The user holds a colon, or user or password a control character, once decoded
    /// (RFC 7617 [§2](https://www.rfc-editor.org/rfc/rfc7617#section-2)).
    Userinfo,
    /// A character must be percent-encoded where it stands
    /// (RFC 3986 [§2](https://www.rfc-editor.org/rfc/rfc3986#section-2)).
    Character {
        /// Its place in the whole URL, in bytes.
        at: usize,
    },
    /// A `%` is not followed by two hexadecimal digits; one that stands for itself is written as `%25`
    /// (RFC 3986 [§2.1](https://www.rfc-editor.org/rfc/rfc3986#section-2.1)).
    PercentEncoding {
        /// Its place in the whole URL, in bytes.
        at: usize,
    },
    /// A redirect leads from `wss` to `ws`, where everybody on the way reads what is said
    /// (RFC 6455 [§10.6](https://www.rfc-editor.org/rfc/rfc6455#section-10.6)).
    InsecureRedirect,
    /// The URL of a proxy does not begin with `http://`: another way to a proxy is a stream of the caller's own
    /// (RFC 9110 [§4.2.1](https://www.rfc-editor.org/rfc/rfc9110#section-4.2.1)).
    ProxyScheme,
    /// The URL of a proxy has a path or a query, which has no meaning there
    /// (RFC 9110 [§9.3.6](https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6)).
    ProxyTarget,
}

impl UrlError {
    /// Returns the RFC and section that has the rule.
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
            Self::Scheme => "URL begins with neither ws:// nor wss://",
            Self::Fragment => "URL with a fragment (a # of path or query is written as %23)",
            Self::HostMissing => "URL without a host",
            Self::Host => "invalid host in the URL (an IPv6 address stands in brackets)",
            Self::HostNotAscii => "host in the URL is not ASCII, and the feature idna is off",
            Self::Port => "invalid port in the URL",
            Self::Userinfo => "colon in the user of the URL, or a control character in user or password",
            Self::Character { at } => {
                return write!(f, "character at byte {at} of the URL must be percent-encoded");
            }
            Self::PercentEncoding { at } => {
                return write!(f, "% at byte {at} of the URL without two hexadecimal digits after it");
            }
            Self::InsecureRedirect => "redirect from wss:// to ws://",
            Self::ProxyScheme => "URL of a proxy does not begin with http://",
            Self::ProxyTarget => "URL of a proxy with a path or a query",
        })
    }
}

impl Error for UrlError {}
