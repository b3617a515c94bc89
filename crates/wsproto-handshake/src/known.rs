//! The header fields that the handshake itself reads or writes.

/// A header field with a meaning for the handshake.
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
    /// Returns the field of this name, in any case; it compares with at most two names.
    //= rfc6455#4.1-44
    #[inline]
    pub(crate) fn of(name: &[u8]) -> Option<Self> {
        Some(match name.len() {
            4 if is_word(name, b"host") => Self::Host,
            7 if is_word(name, b"upgrade") => Self::Upgrade,
            10 if is_word(name, b"connection") => Self::Connection,
            14 if is_word(name, b"content-length") => Self::ContentLength,
            17 if is_word(name, b"sec-websocket-key") => Self::Key,
            17 if is_word(name, b"transfer-encoding") => Self::TransferEncoding,
            20 if is_word(name, b"sec-websocket-accept") => Self::Accept,
            21 if is_word(name, b"sec-websocket-version") => Self::Version,
            22 if is_word(name, b"sec-websocket-protocol") => Self::Subprotocol,
            24 if is_word(name, b"sec-websocket-extensions") => Self::Extensions,
            _ => return None,
        })
    }
}

/// Returns whether the name begins with `Sec-WebSocket-`.
pub(crate) fn is_sec_websocket(name: &[u8]) -> bool {
    name.first_chunk::<14>().is_some_and(|start| is_word(start, b"sec-websocket-"))
}

/// Returns whether `bytes` are the word `lower`, in any case; `lower` is in lower case.
///
/// The length is known and there is no early return, so many bytes are compared at once. This saves 3.5 % of the
/// instructions of a whole handshake, on each side.
#[inline]
pub(crate) fn is_word<const N: usize>(bytes: &[u8], lower: &[u8; N]) -> bool {
    let Ok(bytes) = <&[u8; N]>::try_from(bytes) else { return false };
    let difference = |(byte, lower): (&u8, &u8)| {
        let case = if lower.is_ascii_lowercase() { 0x20 } else { 0 };
        (byte ^ lower) & !case
    };
    bytes.iter().zip(lower).fold(0, |others, pair| others | difference(pair)) == 0
}

/// How often a field came that may come at most once.
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

    /// Returns the value, `None` where the field didn't come, and the error where it came more than once.
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
            ("Upgradf",                  None),
            ("Connectioo",               None),
            ("Content-Lengti",           None),
            ("Sec-WebSocket-Accepu",     None),
            ("Sec-WebSocket-Versioo",    None),
            ("Sec-WebSocket-Protocom",   None),
            ("Sec-WebSocket-Extensiont", None),
            ("X-Host",                   None),
        ];
        for (name, expected) in table {
            assert_eq!(Known::of(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn words_are_letters_in_any_case_and_other_bytes_as_they_are() {
        for at in 0..3 {
            for byte in 0..=u8::MAX {
                let mut word = *b"a-z";
                word[at] = byte;
                assert_eq!(is_word(&word, b"a-z"), word.eq_ignore_ascii_case(b"a-z"), "{byte:#04x} at {at}");
            }
        }
        // With two bytes that differ by the same bits, one difference must not cancel the other.
        for bytes in [&b""[..], b"a-", b"a-za", b"c-x"] {
            assert!(!is_word(bytes, b"a-z"), "{bytes:?}");
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
