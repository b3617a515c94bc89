//! The defence against pages of other sites that open connections in a visitor's name.

use core::{error::Error, fmt};

use crate::{RejectConnection, Request};

/// Checks that a browser's request comes from a page of one of these origins.
///
/// Browsers send cookies along whichever site's page opens a connection; a server that knows its visitors by
/// cookies must look at where the page is from. Origins compare as text, in any case, with scheme and port:
/// `https://example.com`, `http://localhost:8080`.
///
/// # Errors
///
/// [`OriginError::Missing`] where no Origin was sent: no browser does that, so that a server which is also for
/// other clients may let it pass. [`OriginError::Foreign`] for every other origin, and
/// [`OriginError::Repeated`] for several of them.
///
/// ```
/// use wsproto_handshake::{OriginError, Request, check_origin};
///
/// let allowed = ["https://example.com"];
/// let request = Request::new("example.com", "/").with_header("Origin", "https://evil.example");
/// let refusal = check_origin(&request, &allowed).unwrap_err();
/// assert_eq!((refusal, refusal.rejection().status), (OriginError::Foreign, 403));
/// ```
///
/// RFC 6455 [§10.2](https://www.rfc-editor.org/rfc/rfc6455#section-10.2)
pub fn check_origin<O: AsRef<str>>(request: &Request, allowed: &[O]) -> Result<(), OriginError> {
    let mut origins = request.headers.get_all("Origin");
    let Some(origin) = origins.next() else { return Err(OriginError::Missing) };
    if origins.next().is_some() {
        return Err(OriginError::Repeated);
    }
    let known = allowed.iter().any(|known| known.as_ref().as_bytes().eq_ignore_ascii_case(origin));
    if known { Ok(()) } else { Err(OriginError::Foreign) }
}

/// Why a request's origin is not good enough; made by [`check_origin`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum OriginError {
    /// There is no Origin, as there is in every browser's request
    /// (RFC 6455 [§4.2.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1)).
    Missing,
    /// Origin comes more than once
    /// (RFC 6454 [§7.3](https://www.rfc-editor.org/rfc/rfc6454#section-7.3)).
    Repeated,
    /// Origin is not one of those that are allowed
    /// (RFC 6455 [§10.2](https://www.rfc-editor.org/rfc/rfc6455#section-10.2)).
    Foreign,
}

impl OriginError {
    /// Returns the answer that the client should get: 403.
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

    #[test]
    fn h22_origin_of_another_site() {
        let allowed = ["https://example.com", "http://localhost:8080"];
        let cases: [(&[&str], Result<(), OriginError>); 8] = [
            (&["https://example.com"], Ok(())),
            (&["HTTPS://Example.COM"], Ok(())),
            (&["http://localhost:8080"], Ok(())),
            (&["http://localhost"], Err(OriginError::Foreign)),
            (&["https://example.com.evil.example"], Err(OriginError::Foreign)),
            (&["null"], Err(OriginError::Foreign)),
            (&["https://example.com", "https://example.com"], Err(OriginError::Repeated)),
            (&[], Err(OriginError::Missing)),
        ];
        for (origins, expected) in cases {
            let request = origins
                .iter()
                .fold(Request::new("a", "/"), |request, origin| request.with_header("origin", origin));
            assert_eq!(check_origin(&request, &allowed), expected, "{origins:?}");
        }
        assert_eq!(OriginError::Foreign.rejection(), RejectConnection::new(403));
    }
}
