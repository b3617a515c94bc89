//! The header fields that the handshake itself has to do with.

/// A header field that means something to the handshake.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Known {
    Accept,
    Connection,
    ContentLength,
    Extensions,
    Host,
    Key,
    Subprotocol,
    TransferEncoding,
    Upgrade,
    Version,
}

impl Known {
    /// Returns the field of this name, in any case; compares with one or two names at most.
    //= rfc6455#4.1-44
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        let (field, spelling) = match (name.len(), name) {
            (4, _) => (Self::Host, "host"),
            (7, _) => (Self::Upgrade, "upgrade"),
            (10, _) => (Self::Connection, "connection"),
            (14, _) => (Self::ContentLength, "content-length"),
            (17, [b's' | b'S', ..]) => (Self::Key, "sec-websocket-key"),
            (17, _) => (Self::TransferEncoding, "transfer-encoding"),
            (20, _) => (Self::Accept, "sec-websocket-accept"),
            (21, _) => (Self::Version, "sec-websocket-version"),
            (22, _) => (Self::Subprotocol, "sec-websocket-protocol"),
            (24, _) => (Self::Extensions, "sec-websocket-extensions"),
            _ => return None,
        };
        name.eq_ignore_ascii_case(spelling.as_bytes()).then_some(field)
    }
}

/// Whether the name begins as all names of RFC 6455 begin.
pub(crate) fn is_sec_websocket(name: &[u8]) -> bool {
    let prefix = b"sec-websocket-";
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// How often a field came that may come once.
#[derive(Clone, Copy, Default)]
pub(crate) enum Seen<T> {
    #[default]
    Never,
    Once(T),
    Repeated,
}

impl<T: Copy> Seen<T> {
    pub(crate) fn add(&mut self, value: T) {
        *self = match self {
            Self::Never => Self::Once(value),
            Self::Once(_) | Self::Repeated => Self::Repeated,
        };
    }

    /// Returns the value, `None` where the field did not come, and the error where it came again.
    pub(crate) fn at_most_once<E>(self, repeated: E) -> Result<Option<T>, E> {
        match self {
            Self::Never => Ok(None),
            Self::Once(value) => Ok(Some(value)),
            Self::Repeated => Err(repeated),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_any_case() {
        #[rustfmt::skip]
        let table = [
            ("Host",                     Some(Known::Host)),
            ("hOST",                     Some(Known::Host)),
            ("Upgrade",                  Some(Known::Upgrade)),
            ("CONNECTION",               Some(Known::Connection)),
            ("Content-Length",           Some(Known::ContentLength)),
            ("Sec-WebSocket-Key",        Some(Known::Key)),
            ("SEC-WEBSOCKET-KEY",        Some(Known::Key)),
            ("Transfer-Encoding",        Some(Known::TransferEncoding)),
            ("Sec-WebSocket-Accept",     Some(Known::Accept)),
            ("Sec-WebSocket-Version",    Some(Known::Version)),
            ("Sec-WebSocket-Protocol",   Some(Known::Subprotocol)),
            ("Sec-WebSocket-Extensions", Some(Known::Extensions)),
            ("",                         None),
            ("Hose",                     None),
            ("Sec-WebSocket-Kez",        None),
            ("Transfer-Encodinf",        None),
            ("X-Host",                   None),
        ];
        for (name, expected) in table {
            assert_eq!(Known::of(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn the_prefix_is_known_in_any_case() {
        assert!(is_sec_websocket(b"SEC-websocket-anything"));
        assert!(is_sec_websocket(b"sec-websocket-"));
        assert!(!is_sec_websocket(b"sec-websocket"));
        assert!(!is_sec_websocket(b""));
    }
}
