//! The key that a client sends and the token that proves the server has read it.

use alloc::string::String;
use core::{fmt, ops::Deref};

use sha1_smol::Sha1;

/// What is appended to the key before it is hashed.
///
/// RFC 6455 [§1.3](https://www.rfc-editor.org/rfc/rfc6455#section-1.3)
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Computes the value of Sec-WebSocket-Accept for the value of Sec-WebSocket-Key.
///
/// ```
/// let token = wsproto_handshake::accept_token("dGhlIHNhbXBsZSBub25jZQ==");
/// assert_eq!(token.as_str(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
///
/// RFC 6455 [§4.2.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2)
#[must_use]
pub fn accept_token(key: &str) -> AcceptToken {
    AcceptToken::of(key.as_bytes())
}

/// Writes 16 random bytes as the 24 characters of a Sec-WebSocket-Key.
///
/// The bytes must be unpredictable and fresh for each connection.
///
/// ```
/// assert_eq!(wsproto_handshake::generate_key(*b"the sample nonce"), "dGhlIHNhbXBsZSBub25jZQ==");
/// ```
///
/// RFC 6455 [§4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1)
#[must_use]
pub fn generate_key(nonce: [u8; 16]) -> String {
    //= rfc6455#4.1-28
    let key: [u8; 24] = base64(&nonce);
    as_text(&key).into()
}

/// The 28 characters of a Sec-WebSocket-Accept, made by [`accept_token`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct AcceptToken([u8; 28]);

impl AcceptToken {
    fn of(key: &[u8]) -> Self {
        let mut hash = Sha1::new();
        hash.update(key);
        //= rfc6455#4.2.2-14
        hash.update(GUID);
        Self(base64(&hash.digest().bytes()))
    }

    /// Returns the token as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        as_text(&self.0)
    }
}

impl Deref for AcceptToken {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for AcceptToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

/// The digits of base64, by value.
static DIGITS: [u8; 64] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Writes bytes in base64; `N` is how many characters that takes.
///
/// RFC 4648 [§4](https://www.rfc-editor.org/rfc/rfc4648#section-4)
fn base64<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut text = [b'='; N];
    for (part, digits) in bytes.chunks(3).zip(text.chunks_mut(4)) {
        let mut word = [0; 4];
        for (place, byte) in word.iter_mut().skip(1).zip(part) {
            *place = *byte;
        }
        let word = u32::from_be_bytes(word);
        // Two digits for one byte, three for two.
        let used = digits.iter_mut().take(part.len().saturating_add(1));
        for (digit, shift) in used.zip([18, 12, 6, 0]) {
            let value = usize::try_from((word >> shift) & 0x3f).unwrap_or(0);
            *digit = DIGITS.get(value).copied().unwrap_or(b'=');
        }
    }
    text
}

/// Base64 as text, which it always is.
fn as_text(base64: &[u8]) -> &str {
    core::str::from_utf8(base64).unwrap_or_default()
}

/// A Sec-WebSocket-Key as received; always 22 characters of base64 and `==`, which are 16 bytes.
#[derive(Clone, Copy)]
pub(crate) struct Key([u8; 24]);

impl Key {
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let key: [u8; 24] = value.try_into().ok()?;
        //= rfc6455#4.2.1-7
        let [digits @ .., b'=', b'='] = &key else { return None };
        let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        // Without a way out in between, several digits are looked at in one go.
        let others = digits.iter().fold(0, |others, digit| others | u8::from(!is_digit(digit)));
        (others == 0).then_some(Self(key))
    }

    pub(crate) fn accept_token(self) -> AcceptToken {
        AcceptToken::of(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h12_key_is_22_digits_and_two_signs() {
        let good = *b"dGhlIHNhbXBsZSBub25jZQ==";
        assert!(Key::parse(&good).is_some());
        for len in 0..good.len() {
            assert!(Key::parse(good.get(..len).unwrap()).is_none(), "first {len} characters");
        }
        assert!(Key::parse(b"dGhlIHNhbXBsZSBub25jZQ===").is_none());
        assert!(Key::parse(b"dGhlIHNhbXBsZSBub25jZWE=").is_none(), "17 bytes");
        assert!(Key::parse(b"dGhlIHNhbXBsZSBub25jZWFi").is_none(), "18 bytes");
        for position in 0..good.len() {
            for byte in 0..=u8::MAX {
                let mut key = good;
                key[position] = byte;
                let digit = byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
                let expected = if position < 22 { digit } else { byte == b'=' };
                assert_eq!(Key::parse(&key).is_some(), expected, "{byte:#04x} at {position}");
            }
        }
    }

    #[test]
    fn base64_is_that_of_rfc_4648() {
        #[rustfmt::skip]
        let table: [(&str, [u8; 8]); 6] = [
            // RFC 4648 section 10; a place that is not written stays as it is
            ("f",      *b"Zg======"),
            ("fo",     *b"Zm8====="),
            ("foo",    *b"Zm9v===="),
            ("foob",   *b"Zm9vYg=="),
            ("fooba",  *b"Zm9vYmE="),
            ("foobar", *b"Zm9vYmFy"),
        ];
        for (bytes, expected) in table {
            assert_eq!(base64(bytes.as_bytes()), expected, "{bytes}");
        }
        for value in 0..64_u8 {
            let [digit, ..]: [u8; 4] = base64(&[value << 2]);
            let expected = match value {
                0..26 => b'A' + value,
                26..52 => b'a' + value - 26,
                52..62 => b'0' + value - 52,
                62 => b'+',
                _ => b'/',
            };
            assert_eq!(digit, expected, "{value}");
        }
    }

    #[test]
    fn generated_keys_are_accepted_as_keys() {
        for byte in 0..=u8::MAX {
            let key = generate_key([byte; 16]);
            let parsed = Key::parse(key.as_bytes()).expect("16 bytes in base64");
            assert_eq!(parsed.accept_token(), accept_token(&key));
        }
    }
}
