//! The defence against pages of other sites that open connections with a visitor's cookies.

use core::{error::Error, fmt};

use crate::{RejectConnection, Request, host};

/// Checks that a browser's request comes from a page of one of these origins.
///
/// Browsers send cookies whatever site's page opens a connection. A server that identifies its visitors by cookies must
/// check where the page comes from. An origin is a scheme and a host, with the port unless it is the scheme's default:
/// `https://example.com`, `http://localhost:8080`. Origins are compared in any case. Write names beyond ASCII as
/// browsers send them (`xn--…`). `https://*.example.com` stands for all hosts below example.com, but not for
/// example.com itself.
///
/// # Errors
///
/// [`OriginError::Missing`] where the request has no Origin. Browsers always send one, so a server that also serves
/// other clients may allow it. [`OriginError::Foreign`] for an origin that isn't listed, and [`OriginError::Repeated`]
/// for more than one.
///
/// ```
/// use wsproto_handshake::{OriginError, Request, check_origin};
///
/// let allowed = ["https://example.com", "https://*.example.com"];
/// let from = |origin| check_origin(&Request::new("example.com", "/").with_header("Origin", origin), &allowed);
/// assert_eq!(from("https://example.com"), Ok(()));
/// assert_eq!(from("https://chat.example.com"), Ok(()));
/// let refusal = from("https://evil.example").unwrap_err();
/// assert_eq!((refusal, refusal.rejection().status), (OriginError::Foreign, 403));
/// ```
///
/// RFC 6455 [§10.2](https://www.rfc-editor.org/rfc/rfc6455#section-10.2)
pub fn check_origin<O: AsRef<str>>(request: &Request, allowed: &[O]) -> Result<(), OriginError> {
    let origin = only_origin(request)?;
    let is_known = |known: &O| {
        let known = known.as_ref();
        known.as_bytes().eq_ignore_ascii_case(origin) || matches_entry(known, origin)
    };
    if allowed.iter().any(is_known) { Ok(()) } else { Err(OriginError::Foreign) }
}

/// Checks that a browser's request comes from a page of the requested host, over http or https.
///
/// The host is [`Request::host`]. After a proxy that changes it, use [`check_origin`] with a list. A port that isn't
/// the default of the page's scheme must be the same, too.
///
/// # Errors
///
/// As for [`check_origin`].
///
/// ```
/// use wsproto_handshake::{OriginError, Request, check_same_host};
///
/// let from = |origin| check_same_host(&Request::new("example.com", "/").with_header("Origin", origin));
/// assert_eq!(from("https://example.com"), Ok(()));
/// assert_eq!(from("https://evil.example"), Err(OriginError::Foreign));
/// ```
///
/// RFC 6455 [§10.2](https://www.rfc-editor.org/rfc/rfc6455#section-10.2)
pub fn check_same_host(request: &Request) -> Result<(), OriginError> {
    let origin = Origin::parse(only_origin(request)?).ok_or(OriginError::Foreign)?;
    let port = origin.default_port().ok_or(OriginError::Foreign)?;
    let is_same = host::agree(origin.authority, request.host(), Some(port));
    if is_same { Ok(()) } else { Err(OriginError::Foreign) }
}

fn only_origin(request: &Request) -> Result<&[u8], OriginError> {
    let mut origins = request.headers.get_all("Origin");
    let origin = origins.next().ok_or(OriginError::Missing)?;
    if origins.next().is_some() { Err(OriginError::Repeated) } else { Ok(origin) }
}

/// Returns whether an entry of the list names this origin, or stands for it.
fn matches_entry(entry: &str, origin: &[u8]) -> bool {
    let (Some((scheme, authority)), Some(origin)) = (split_scheme(entry), Origin::parse(origin)) else {
        return false;
    };
    let port = origin.default_port();
    scheme.eq_ignore_ascii_case(origin.scheme)
        && host::has_host_and_port(authority)
        && match authority.strip_prefix("*.") {
            Some(parent) => {
                let (host, entry_port) = host::host_and_port(parent, port);
                let (name, origin_port) = host::host_and_port(origin.authority, port);
                entry_port == origin_port && is_below(name, host)
            }
            None => host::agree(authority, origin.authority, port),
        }
}

/// Returns whether a name has at least one label before the parent's.
fn is_below(name: &str, parent: &str) -> bool {
    let labels = name.len().checked_sub(parent.len()).and_then(|at| name.split_at_checked(at));
    labels.is_some_and(|(labels, end)| {
        !parent.is_empty()
            && end.eq_ignore_ascii_case(parent)
            && labels.strip_suffix('.').is_some_and(has_whole_labels)
    })
}

fn has_whole_labels(name: &str) -> bool {
    let is_label = |label: &[u8]| !label.is_empty() && label.iter().all(|&byte| host::is_name_char(byte));
    name.as_bytes().split(|&byte| byte == b'.').all(is_label)
}

/// Splits a text at `://` after its scheme; the scheme ends at the first colon.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let colon = text.as_bytes().iter().position(|&byte| byte == b':')?;
    let (scheme, rest) = text.split_at_checked(colon)?;
    Some((scheme, rest.strip_prefix("://")?))
}

/// An origin of a scheme and an authority, as browsers write it (RFC 6454 §6.2).
struct Origin<'a> {
    scheme: &'a str,
    authority: &'a str,
}

impl<'a> Origin<'a> {
    fn parse(value: &'a [u8]) -> Option<Self> {
        let (scheme, authority) = split_scheme(core::str::from_utf8(value).ok()?)?;
        host::has_host_and_port(authority).then_some(Self { scheme, authority })
    }

    fn default_port(&self) -> Option<u16> {
        match self.scheme {
            scheme if scheme.eq_ignore_ascii_case("http") => Some(80),
            scheme if scheme.eq_ignore_ascii_case("https") => Some(443),
            _ => None,
        }
    }
}

/// A refused origin; [`check_origin`] and [`check_same_host`] return it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum OriginError {
    /// There is no Origin; every browser sends one
    /// (RFC 6455 [§4.2.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1)).
    Missing,
    /// Origin comes more than once
    /// (RFC 6454 [§7.3](https://www.rfc-editor.org/rfc/rfc6454#section-7.3)).
    Repeated,
    /// The Origin isn't allowed
    /// (RFC 6455 [§10.2](https://www.rfc-editor.org/rfc/rfc6455#section-10.2)).
    Foreign,
}

impl OriginError {
    /// Returns the rejection for the client: 403.
    #[must_use]
    pub const fn rejection(self) -> RejectConnection {
        RejectConnection::new(403)
    }
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "Origin is missing",
            Self::Repeated => "Origin is repeated",
            Self::Foreign => "Origin is not allowed",
        })
    }
}

impl Error for OriginError {}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn errors_say_what() {
        for (error, expected) in [
            (OriginError::Missing, "Origin is missing"),
            (OriginError::Repeated, "Origin is repeated"),
            (OriginError::Foreign, "Origin is not allowed"),
        ] {
            assert_eq!(error.to_string(), expected);
        }
    }

    /// A request for this host with these origins.
    fn from(host: &str, origins: &[&str]) -> Request {
        origins.iter().fold(Request::new(host, "/"), |request, origin| request.with_header("origin", origin))
    }

    #[test]
    fn h22_origin_of_another_site() {
        let allowed = [
            "https://example.com",
            "http://localhost:8080",
            "https://port.example:443",
            "https://*.wild.example",
            "https://*.high.example:8443",
            "chrome-extension://abcdefgh",
            "https://*.",
            "https://*",
        ];
        #[rustfmt::skip]
        let table: [(&[&str], Result<(), OriginError>); 37] = [
            (&["https://example.com:99999"],           Err(OriginError::Foreign)),
            (&["https://example.com:4a3"],             Err(OriginError::Foreign)),
            (&["https://a:b.wild.example"],            Err(OriginError::Foreign)),
            (&["https://[a].wild.example"],            Err(OriginError::Foreign)),
            (&["https://example.com"],                 Ok(())),
            (&["HTTPS://Example.COM"],                 Ok(())),
            (&["https://example.com:443"],             Ok(())),
            (&["https://example.com:"],                Ok(())),
            (&["https://example.com:80"],              Err(OriginError::Foreign)),
            (&["http://example.com"],                  Err(OriginError::Foreign)),
            (&["http://localhost:8080"],               Ok(())),
            (&["http://localhost"],                    Err(OriginError::Foreign)),
            (&["http://localhost:80"],                 Err(OriginError::Foreign)),
            (&["https://port.example"],                Ok(())),
            (&["https://port.example:443"],            Ok(())),
            (&["https://port.example:444"],            Err(OriginError::Foreign)),
            (&["https://example.com.evil.example"],    Err(OriginError::Foreign)),
            (&["https://chat.wild.example"],           Ok(())),
            (&["https://a.b.WILD.example"],            Ok(())),
            (&["https://chat.wild.example:443"],       Ok(())),
            (&["https://wild.example"],                Err(OriginError::Foreign)),
            (&["https://.wild.example"],               Err(OriginError::Foreign)),
            (&["https://a..wild.example"],             Err(OriginError::Foreign)),
            (&["https://evilwild.example"],            Err(OriginError::Foreign)),
            (&["https://wild.example.evil"],           Err(OriginError::Foreign)),
            (&["http://chat.wild.example"],            Err(OriginError::Foreign)),
            (&["https://chat.wild.example:8443"],      Err(OriginError::Foreign)),
            (&["https://evil.com/.wild.example"],      Err(OriginError::Foreign)),
            (&["https://evil.com#.wild.example"],      Err(OriginError::Foreign)),
            (&["https://evil.com@a.wild.example"],     Err(OriginError::Foreign)),
            (&["https://a.high.example:8443"],         Ok(())),
            (&["https://a.high.example"],              Err(OriginError::Foreign)),
            (&["chrome-extension://abcdefgh"],         Ok(())),
            (&["null"],                                Err(OriginError::Foreign)),
            (&["https://example.com https://a"],       Err(OriginError::Foreign)),
            (&["https://example.com", "https://example.com"], Err(OriginError::Repeated)),
            (&[],                                      Err(OriginError::Missing)),
        ];
        for (origins, expected) in table {
            assert_eq!(check_origin(&from("a", origins), &allowed), expected, "{origins:?}");
        }
        assert_eq!(OriginError::Foreign.rejection(), RejectConnection::new(403));
        assert_eq!(check_origin(&from("a", &["null"]), &["null"]), Ok(()), "what is listed as it is");
    }

    #[test]
    fn h22_a_page_of_the_same_host() {
        #[rustfmt::skip]
        let table: [(&str, &[&str], Result<(), OriginError>); 17] = [
            // host               origin                              verdict
            ("example.com",       &["https://example.com"],           Ok(())),
            ("example.com",       &["http://EXAMPLE.com"],            Ok(())),
            ("example.com:443",   &["https://example.com"],           Ok(())),
            ("example.com:80",    &["http://example.com"],            Ok(())),
            ("example.com:8080",  &["http://example.com:8080"],       Ok(())),
            ("[::1]:8080",        &["http://[::1]:8080"],             Ok(())),
            ("example.com:443",   &["http://example.com"],            Err(OriginError::Foreign)),
            ("example.com:8080",  &["http://example.com"],            Err(OriginError::Foreign)),
            ("example.com",       &["http://example.com:8080"],       Err(OriginError::Foreign)),
            ("example.com",       &["https://www.example.com"],       Err(OriginError::Foreign)),
            ("www.example.com",   &["https://example.com"],           Err(OriginError::Foreign)),
            ("example.com",       &["ftp://example.com"],             Err(OriginError::Foreign)),
            ("example.com",       &["https://example.com/"],          Err(OriginError::Foreign)),
            ("null",              &["null"],                          Err(OriginError::Foreign)),
            ("example.com",       &["https://example.com\u{e9}"],     Err(OriginError::Foreign)),
            ("example.com",       &["https://example.com"; 2],        Err(OriginError::Repeated)),
            ("example.com",       &[],                                Err(OriginError::Missing)),
        ];
        for (host, origins, expected) in table {
            assert_eq!(check_same_host(&from(host, origins)), expected, "{origins:?} to {host}");
        }
    }
}
