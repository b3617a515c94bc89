//! What events carry: borrowed from the caller's input where that can be, shared where it can't.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::{fmt, ops::Deref};

use bytes::Bytes;
use wsproto_frame::TextCheck;

use crate::memory::Given;

/// Bytes of an event, borrowed or shared; reads as `&[u8]`.
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
pub struct Payload<'a>(Bits<'a>);

/// As wide a tag as in `Letters`, so that what stands behind the data is at the same place in both kinds of message: an
/// event is moved in words then, and not in bytes that overlap, which takes three times as long.
#[derive(Clone)]
#[repr(usize)]
enum Bits<'a> {
    Borrowed(&'a [u8]),
    Shared(Bytes),
    /// In memory that is used again, and much longer: copied to be kept.
    Lent(Bytes),
}

impl<'a> Payload<'a> {
    /// Makes a payload of bytes that live elsewhere, without a copy.
    #[must_use]
    #[inline]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(Bits::Borrowed(bytes))
    }

    /// Makes a payload of what was received.
    pub(crate) fn from_given(bytes: Given) -> Self {
        Self(match bytes {
            Given::Own(bytes) => Bits::Shared(bytes),
            Given::Lent(bytes) => Bits::Lent(bytes),
        })
    }

    /// Returns the same bytes, borrowed from nothing; copies them where they were borrowed, or are a small part of the
    /// memory that they lie in. What was received and is kept holds at most twice its bytes, and 64 more.
    #[must_use]
    pub fn into_owned(self) -> Payload<'static> {
        Payload(Bits::Shared(self.into_bytes()))
    }

    /// Returns the bytes as `Bytes`; copies them where [`into_owned`](Self::into_owned) does.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        match self.0 {
            Bits::Borrowed(bytes) => Bytes::copy_from_slice(bytes),
            Bits::Lent(bytes) => Bytes::copy_from_slice(&bytes),
            Bits::Shared(bytes) => bytes,
        }
    }
}

impl Deref for Payload<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Bits::Borrowed(bytes) => bytes,
            Bits::Shared(bytes) | Bits::Lent(bytes) => bytes,
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

/// Shows how many bytes there are and none of them: payloads don't belong in logs.
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
        Self(Bits::Shared(bytes.into()))
    }
}

impl From<Box<[u8]>> for Payload<'_> {
    fn from(bytes: Box<[u8]>) -> Self {
        Self(Bits::Shared(bytes.into()))
    }
}

impl From<Bytes> for Payload<'_> {
    fn from(bytes: Bytes) -> Self {
        Self(Bits::Shared(bytes))
    }
}

/// Text of an event, borrowed or shared; reads as `&str`.
///
/// ```
/// use wsproto::Text;
///
/// let text = Text::from("grüezi");
/// assert_eq!(text, "grüezi");
/// assert_eq!(text.chars().count(), 6);
/// let kept: Text<'static> = text.into_owned();
/// # assert_eq!(kept, "grüezi");
/// ```
#[derive(Clone)]
pub struct Text<'a>(Letters<'a>);

#[derive(Clone)]
#[repr(usize)]
enum Letters<'a> {
    Borrowed(&'a str),
    /// UTF-8: seen when it came.
    Checked(&'a [u8]),
    /// A code point that came in two reads, and its length in bytes.
    CodePoint([u8; 4], u8),
    /// UTF-8: checked when it was made.
    Shared(Bytes),
    /// UTF-8, in memory that is used again, and much longer: copied to be kept.
    Lent(Bytes),
}

impl<'a> Text<'a> {
    /// Makes a text of what lives elsewhere, without a copy.
    #[must_use]
    #[inline]
    pub const fn new(text: &'a str) -> Self {
        Self(Letters::Borrowed(text))
    }

    /// Makes a text of one code point.
    #[inline]
    pub(crate) fn from_code_point(code_point: char) -> Self {
        let mut bytes = [0; 4];
        let len = code_point.encode_utf8(&mut bytes).len();
        Self(Letters::CodePoint(bytes, u8::try_from(len).unwrap_or(4)))
    }

    /// Makes a text of borrowed bytes that were found to be UTF-8.
    #[inline]
    pub(crate) const fn from_checked(bytes: &'a [u8]) -> Self {
        Self(Letters::Checked(bytes))
    }

    /// Makes a text of received bytes that were found to be UTF-8.
    pub(crate) fn from_given(bytes: Given) -> Self {
        Self(match bytes {
            Given::Own(bytes) => Letters::Shared(bytes),
            Given::Lent(bytes) => Letters::Lent(bytes),
        })
    }

    /// Returns the text.
    ///
    /// Text that was inflated, joined, or short and ASCII is stored as bytes and checked again at each call: some 10 ns
    /// for 16 bytes, 1 µs for 64 KiB. Keep the `&str`, or use [`as_bytes`](Self::as_bytes).
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Letters::Borrowed(text) => text,
            Letters::CodePoint(bytes, len) => utf8(bytes.get(..usize::from(*len)).unwrap_or_default()),
            Letters::Checked(bytes) => utf8(bytes),
            Letters::Shared(bytes) | Letters::Lent(bytes) => utf8(bytes),
        }
    }

    /// Returns the text as bytes; costs nothing.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Letters::Borrowed(text) => text.as_bytes(),
            Letters::Checked(bytes) => bytes,
            Letters::CodePoint(bytes, len) => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Letters::Shared(bytes) | Letters::Lent(bytes) => bytes,
        }
    }

    /// Returns the length in bytes; costs nothing.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Tells whether there is no text; costs nothing.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// Returns the same text, borrowed from nothing; copies it where it was borrowed, or is a small part of the memory
    /// that it lies in. What was received and is kept holds at most twice its bytes, and 64 more.
    #[must_use]
    pub fn into_owned(self) -> Text<'static> {
        Text(match self.0 {
            Letters::Borrowed(text) => Letters::Shared(Bytes::copy_from_slice(text.as_bytes())),
            Letters::Checked(bytes) => Letters::Shared(Bytes::copy_from_slice(bytes)),
            Letters::Lent(bytes) => Letters::Shared(Bytes::copy_from_slice(&bytes)),
            Letters::CodePoint(bytes, len) => Letters::CodePoint(bytes, len),
            Letters::Shared(bytes) => Letters::Shared(bytes),
        })
    }

    /// Returns the text's UTF-8 as `Bytes`; copies it where [`into_owned`](Self::into_owned) does.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        match self.0 {
            Letters::Shared(bytes) => bytes,
            _ => Bytes::copy_from_slice(self.as_bytes()),
        }
    }
}

/// Reads bytes that were found to be UTF-8 when they came.
#[inline(never)]
fn utf8(bytes: &[u8]) -> &str {
    TextCheck::new().push(bytes).map_or("", |(_, text)| text)
}

impl Deref for Text<'_> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text<'_> {
    #[inline]
    fn as_ref(&self) -> &str {
        self
    }
}

impl Default for Text<'_> {
    fn default() -> Self {
        Self::new("")
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

/// Shows how many bytes there are and none of them: payloads don't belong in logs.
impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.as_bytes().len())
    }
}

impl<T: AsRef<str> + ?Sized> PartialEq<T> for Text<'_> {
    fn eq(&self, other: &T) -> bool {
        self.as_bytes() == other.as_ref().as_bytes()
    }
}

impl Eq for Text<'_> {}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self::new(text)
    }
}

impl<'a> From<&'a String> for Text<'a> {
    fn from(text: &'a String) -> Self {
        Self::new(text)
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(Letters::Shared(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

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
