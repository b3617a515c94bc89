//! The key of a client, and the token by which a server proves that it has read the key.

use alloc::string::String;
use core::{fmt, ops::Deref};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha1_smol::Sha1;

/// The text that is appended to the key before the hash.
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
    as_text(&Key::generate(nonce).0).into()
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
        Self(encode(&hash.digest().bytes()))
    }

    /// Returns the token as bytes.
    pub(crate) const fn as_bytes(&self) -> &[u8] {
        &self.0
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

impl AsRef<str> for AcceptToken {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl From<AcceptToken> for String {
    fn from(token: AcceptToken) -> Self {
        token.as_str().into()
    }
}

impl fmt::Display for AcceptToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

/// Writes bytes in base64; `N` is the number of characters.
///
/// RFC 4648 [§4](https://www.rfc-editor.org/rfc/rfc4648#section-4)
fn encode<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut text = [b'='; N];
    let written = STANDARD.encode_slice(bytes, &mut text);
    debug_assert_eq!(written, Ok(N), "callers know the length of the base64");
    text
}

/// Returns base64 as text; it is always ASCII.
fn as_text(base64: &[u8]) -> &str {
    let text = core::str::from_utf8(base64);
    debug_assert!(text.is_ok(), "base64 is ASCII");
    text.unwrap_or_default()
}

/// A Sec-WebSocket-Key; always 22 characters of base64 and `==`, which are 16 bytes.
#[derive(Clone, Copy)]
pub(crate) struct Key([u8; 24]);

impl Key {
    pub(crate) fn generate(nonce: [u8; 16]) -> Self {
        //= rfc6455#4.1-28
        Self(encode(&nonce))
    }

    pub(crate) const fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let key: [u8; 24] = value.try_into().ok()?;
        //= rfc6455#4.2.1-7
        let [digits @ .., b'=', b'='] = &key else { return None };
        let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        digits.iter().all(is_digit).then_some(Self(key))
    }

    #[cfg(not(feature = "sha1"))]
    pub(crate) fn accept_token(self) -> AcceptToken {
        AcceptToken::of(&self.0)
    }

    #[cfg(feature = "sha1")]
    pub(crate) fn accept_token(self) -> AcceptToken {
        AcceptToken(encode(blocks::hash(self.0).as_flattened()))
    }
}

/// The hash of a key with the processor's instructions for SHA-1.
///
/// All keys have the same length, so all bytes of the two blocks except the key are constant. No buffer is needed.
#[cfg(feature = "sha1")]
mod blocks {
    /// The place of the key, the GUID, the padding to two blocks, and at the end the length in bits.
    ///
    /// FIPS 180-4 [§5.1.1](https://doi.org/10.6028/NIST.FIPS.180-4)
    #[rustfmt::skip]
    const PADDED: [[u8; 64]; 2] = [
        *b"0123456789abcdefghijklmn258EAFA5-E914-47DA-95CA-C5AB0DC85B11\x80\0\0\0",
        *b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
           \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
           \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
           \0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\xe0",
    ];

    /// FIPS 180-4 [§5.3.1](https://doi.org/10.6028/NIST.FIPS.180-4)
    const INITIAL: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

    pub(super) fn hash(key: [u8; 24]) -> [[u8; 4]; 5] {
        let (mut blocks, mut state) = (PADDED, INITIAL);
        if let Some(place) = blocks.as_flattened_mut().first_chunk_mut() {
            *place = key;
        }
        sha1::block_api::compress(&mut state, &blocks);
        state.map(u32::to_be_bytes)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn the_token_is_what_the_rfc_says_as_bytes_and_as_text() {
        let (key, expected) = ("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        let token = accept_token(key);
        assert_eq!((token.as_str(), &*token, token.as_bytes()), (expected, expected, expected.as_bytes()));
        assert_eq!(token.to_string(), expected);
        assert_eq!(Key::parse(key.as_bytes()).map(Key::accept_token), Some(token));
    }

    #[test]
    #[cfg_attr(miri, ignore = "exhaustive")]
    fn h12_key_is_22_digits_and_two_signs() {
        let good = *b"dGhlIHNhbXBsZSBub25jZQ==";
        assert!(Key::parse(&good).is_some());
        for len in 0..good.len() {
            assert!(Key::parse(good.get(..len).unwrap()).is_none(), "first {len} characters");
        }
        assert!(Key::parse(b"dGhlIHNhbXBsZSBub25jZQ===").is_none());
        assert!(Key::parse(b"dGhlIHNhbXBsZSBub25jZWE=").is_none(), "17 bytes");
        assert!(Key::parse(b"dGhlIHNhbXBsZSBub25jZWFi").is_none(), "18 bytes");
        assert!(Key::parse(b"dGhl-HNhbXBsZSBub2-jZQ==").is_none(), "two that are no digits");
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
    fn tokens_are_of_texts_of_any_length() {
        #[rustfmt::skip]
        let table = [
            // One block is enough for at most 19 characters before the GUID; 28 characters and the GUID fill one block.
            (0,   "Kfh9QIsMVZcl6xEPYxPHzW8SZ8w="),
            (19,  "tWclcP21hrR+xgjYVswtQRW71GQ="),
            (20,  "tSsjsIAvEVIQ+IC5K8+T/OkG8nU="),
            (23,  "eF8ffBgNAo2v4V/uJZqwrv3m49Y="),
            (24,  "Osl8Plp/k+NDIMqB3yv/XvvAbcA="),
            (25,  "4Pk0PH2//BK+AmcU28T5W9eWVtE="),
            (27,  "qUNe7W8rvas6tQS5F4QBTf/JpvE="),
            (28,  "x9bmfLYIxLMaaT5h0sFuRlAhhb8="),
            (29,  "23YR1Db+zw7wlQpr5c9wffHlaIs="),
            (100, "rWzVOVhJgr+k5nChyKqRW0+OIwk="),
        ];
        for (len, expected) in table {
            assert_eq!(accept_token(&"k".repeat(len)).as_str(), expected, "{len} characters");
        }
    }

    #[test]
    fn generated_keys_are_accepted_as_keys() {
        for byte in (0..=u8::MAX).step_by(if cfg!(miri) { 51 } else { 1 }) {
            let key = generate_key([byte; 16]);
            let parsed = Key::parse(key.as_bytes()).expect("16 bytes in base64");
            assert_eq!(parsed.accept_token(), accept_token(&key));
        }
    }
}
