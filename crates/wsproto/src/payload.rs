//! Payloads of events: borrowed from the caller's input where possible, owned otherwise.

mod text;

use alloc::{borrow::Cow, boxed::Box, string::String, vec::Vec};
use core::{
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
};

use bytes::{Bytes, BytesMut};

pub use self::text::Text;

/// The bytes of an event, borrowed or shared. They deref to `&[u8]`.
///
/// ```
/// use wsproto::Payload;
///
/// let payload = Payload::from(b"abc");
/// assert_eq!(payload, *b"abc");
/// assert_eq!(payload.len(), 3);
/// let kept: Payload<'static> = payload.into_owned();
/// # assert_eq!(kept.into_bytes(), "abc");
/// ```
#[derive(Clone)]
pub struct Payload<'a>(PayloadBytes<'a>);

/// The tag is as wide as that of `TextBytes`, so the fields after the data are at the same place in both kinds of
/// message. An event is then moved in words, and not in overlapping bytes.
#[derive(Clone)]
#[repr(usize)]
enum PayloadBytes<'a> {
    Borrowed(&'a [u8]),
    Shared(Bytes),
}

impl<'a> Payload<'a> {
    /// Makes a payload that borrows its bytes.
    #[must_use]
    #[inline]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(PayloadBytes::Borrowed(bytes))
    }

    /// Returns the same bytes, borrowed from nothing. Borrowed bytes are copied.
    #[must_use]
    pub fn into_owned(self) -> Payload<'static> {
        Payload(PayloadBytes::Shared(self.into_bytes()))
    }

    /// Returns whether the payload owns its bytes, so that they needn't be copied to be kept.
    #[inline]
    pub(crate) const fn is_owned(&self) -> bool {
        matches!(self.0, PayloadBytes::Shared(_))
    }

    /// Returns the bytes as `Bytes`. Borrowed bytes are copied.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        match self.0 {
            PayloadBytes::Borrowed(bytes) => Bytes::copy_from_slice(bytes),
            PayloadBytes::Shared(bytes) => bytes,
        }
    }
}

impl Deref for Payload<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            PayloadBytes::Borrowed(bytes) => bytes,
            PayloadBytes::Shared(bytes) => bytes,
        }
    }
}

impl AsRef<[u8]> for Payload<'_> {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Default for Payload<'_> {
    fn default() -> Self {
        Self::new(&[])
    }
}

/// Shows the number of bytes, and none of them: payloads don't belong in logs.
impl fmt::Debug for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.len())
    }
}

impl<T: AsRef<[u8]> + ?Sized> PartialEq<T> for Payload<'_> {
    fn eq(&self, other: &T) -> bool {
        **self == *other.as_ref()
    }
}

impl Eq for Payload<'_> {}

impl<'a> From<&'a [u8]> for Payload<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::new(bytes)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Payload<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::new(bytes)
    }
}

impl<'a> From<&'a Vec<u8>> for Payload<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::new(bytes)
    }
}

impl From<Vec<u8>> for Payload<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self(PayloadBytes::Shared(bytes.into()))
    }
}

impl From<Box<[u8]>> for Payload<'_> {
    fn from(bytes: Box<[u8]>) -> Self {
        Self(PayloadBytes::Shared(bytes.into()))
    }
}

impl From<Bytes> for Payload<'_> {
    fn from(bytes: Bytes) -> Self {
        Self(PayloadBytes::Shared(bytes))
    }
}

impl Hash for Payload<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl From<BytesMut> for Payload<'_> {
    fn from(bytes: BytesMut) -> Self {
        bytes.freeze().into()
    }
}

impl From<String> for Payload<'_> {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl<'a> From<&'a str> for Payload<'a> {
    fn from(text: &'a str) -> Self {
        Self::new(text.as_bytes())
    }
}

impl<'a> From<Cow<'a, [u8]>> for Payload<'a> {
    fn from(bytes: Cow<'a, [u8]>) -> Self {
        match bytes {
            Cow::Borrowed(bytes) => Self::new(bytes),
            Cow::Owned(bytes) => bytes.into(),
        }
    }
}

impl From<Payload<'_>> for Bytes {
    fn from(payload: Payload<'_>) -> Self {
        payload.into_bytes()
    }
}

impl From<Payload<'_>> for Vec<u8> {
    fn from(payload: Payload<'_>) -> Self {
        match payload.0 {
            PayloadBytes::Borrowed(bytes) => bytes.to_vec(),
            PayloadBytes::Shared(bytes) => bytes.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use alloc::boxed::Box;
    use alloc::format;
    use std::hash::DefaultHasher;

    use super::*;

    #[test]
    fn the_same_whichever_way_it_is_kept() {
        let texts: [Text<'_>; 4] =
            ["é".into(), Text::from_code_point('é'), String::from("é").into(), Text::from("é").into_owned()];
        for text in texts {
            assert_eq!(text, "é");
            assert_eq!(text.as_bytes(), "é".as_bytes());
            assert_eq!(format!("{text}, {text:?}"), "é, Text(2 bytes)");
            assert_eq!(text.clone().into_bytes(), "é".as_bytes());
            assert_eq!(text.into_owned(), "é");
        }
        assert_eq!(Text::default(), "");
    }

    #[test]
    fn each_conversion_keeps_the_text() {
        let hash = |value: &dyn Fn(&mut DefaultHasher)| {
            let mut hasher = DefaultHasher::new();
            value(&mut hasher);
            hasher.finish()
        };
        let long = "zażółć gęślą jaźń ".repeat(9);
        for text in ["", "a", "é", long.as_str()] {
            let bytes = text.as_bytes();
            let texts: [Text<'_>; 8] = [
                text.into(),
                String::from(text).into(),
                Box::<str>::from(text).into(),
                Cow::Borrowed(text).into(),
                Cow::<str>::Owned(text.into()).into(),
                bytes.try_into().unwrap(),
                Bytes::copy_from_slice(bytes).try_into().unwrap(),
                bytes.to_vec().try_into().unwrap(),
            ];
            for one in texts {
                assert_eq!(Cow::from(one.clone()), text);
                assert_eq!(String::from(one.clone()), text);
                assert_eq!(Bytes::from(one.clone()), bytes);
                assert_eq!(Payload::from(one.clone()), bytes);
                assert_eq!(one.borrowed(), text);
                assert_eq!(hash(&|hasher| one.hash(hasher)), hash(&|hasher| text.hash(hasher)));
            }
            let payloads: [Payload<'_>; 5] = [
                text.into(),
                String::from(text).into(),
                BytesMut::from(bytes).into(),
                Cow::Borrowed(bytes).into(),
                Cow::<[u8]>::Owned(bytes.to_vec()).into(),
            ];
            for one in payloads {
                assert_eq!(hash(&|hasher| one.hash(hasher)), hash(&|hasher| bytes.hash(hasher)));
                assert_eq!(Bytes::from(one.clone()), bytes);
                assert_eq!(Vec::from(one), bytes);
            }
        }
        assert!(Text::try_from(&b"\xff"[..]).is_err());
        assert!(Text::try_from(Bytes::from_static(b"a\xff")).is_err());
    }

    #[test]
    fn bytes_are_not_copied_where_they_are_shared() {
        let bytes = Bytes::from(alloc::vec![1, 2, 3]);
        let payload = Payload::from(bytes.clone()).into_owned();
        assert_eq!(payload.into_bytes().as_ptr(), bytes.as_ptr());
        assert_eq!(format!("{:?}", Payload::new(b"secret")), "Payload(6 bytes)");
        assert_eq!(Payload::default(), b"");
        assert_eq!(Payload::from(alloc::vec![7]), [7]);
        assert_eq!(Payload::from(&alloc::vec![7]), [7]);
    }
}
