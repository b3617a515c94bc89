//! The text of an event. It is valid UTF-8, since it was checked when it came.

use alloc::{borrow::Cow, boxed::Box, string::String, sync::Arc, vec::Vec};
use core::{
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
    str::Utf8Error,
};

use bytes::Bytes;

use super::Payload;

/// The text of an event, borrowed or owned. It derefs to `&str` at no cost, since it was checked when it came.
///
/// Clones of an owned text of 64 KiB and more share its memory.
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
pub struct Text<'a>(TextBytes<'a>);

#[derive(Clone)]
#[repr(usize)]
enum TextBytes<'a> {
    Borrowed(&'a str),
    /// Less than 32 bytes that were checked to be ASCII. A `&str` of them is made only on demand: the check costs less
    /// than the `&str`, which the program may not need. Without this variant an echo of 16 bytes takes 1.4 times as
    /// many instructions.
    ShortAscii(&'a [u8]),
    Owned(String),
    /// A text of [`SHARED_LEN`] and more, so that a clone copies nothing.
    Shared(Arc<String>),
    /// Few bytes, without memory of their own: short ASCII that was copied, or a code point that came in two reads.
    Inline(Inline),
}

/// From this length on, in bytes, clones of an owned text share it. Sharing copies nothing but allocates a counter,
/// which isn't worth it for short texts.
const SHARED_LEN: usize = 64 << 10;

/// A long text as the owner of `Bytes`.
struct SharedText(Arc<String>);

impl AsRef<[u8]> for SharedText {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// The first `len` of the bytes, which are UTF-8.
#[derive(Clone, Copy)]
struct Inline {
    bytes: [u8; Self::MAX],
    len: u8,
}

impl Inline {
    /// The most bytes with which a `Text` is no longer than a `String` and a word.
    const MAX: usize = 23;

    #[inline]
    fn new(utf8: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::MAX];
        bytes.get_mut(..utf8.len())?.copy_from_slice(utf8);
        Some(Self { bytes, len: u8::try_from(utf8.len()).ok()? })
    }

    #[inline]
    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    #[inline]
    fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl<'a> Text<'a> {
    /// Makes a text that borrows.
    #[must_use]
    #[inline]
    pub const fn new(text: &'a str) -> Self {
        Self(TextBytes::Borrowed(text))
    }

    /// Makes a text of less than 32 bytes that were checked to be ASCII.
    #[inline]
    pub(crate) const fn from_short_ascii(bytes: &'a [u8]) -> Self {
        Self(TextBytes::ShortAscii(bytes))
    }

    /// Makes a text of one code point.
    #[inline]
    pub(crate) fn from_code_point(code_point: char) -> Self {
        let code_point = Inline::new(code_point.encode_utf8(&mut [0; 4]).as_bytes());
        Self(code_point.map_or(TextBytes::Borrowed(""), TextBytes::Inline))
    }

    /// Returns the text.
    ///
    /// This costs nothing, since the text was checked when it came. The exception is ASCII of less than 32 bytes: some
    /// 10 ns, only for a program that needs a `&str`. [`as_bytes`](Self::as_bytes) never costs anything.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            TextBytes::Borrowed(text) => text,
            TextBytes::ShortAscii(bytes) => core::str::from_utf8(bytes).unwrap_or_default(),
            TextBytes::Owned(text) => text,
            TextBytes::Shared(text) => text,
            TextBytes::Inline(text) => text.as_str(),
        }
    }

    /// Returns the text as bytes.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            TextBytes::ShortAscii(bytes) => bytes,
            TextBytes::Inline(text) => text.as_bytes(),
            _ => self.as_str().as_bytes(),
        }
    }

    /// Returns the length in bytes.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Returns whether the text is empty.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// Returns the same text, borrowed from this one or shared with it. No `&str` is made that isn't there yet.
    #[inline]
    pub(crate) fn borrowed(&self) -> Text<'_> {
        Text(match &self.0 {
            TextBytes::Borrowed(text) => TextBytes::Borrowed(text),
            TextBytes::ShortAscii(bytes) => TextBytes::ShortAscii(bytes),
            TextBytes::Owned(text) => TextBytes::Borrowed(text),
            TextBytes::Shared(text) => TextBytes::Shared(Arc::clone(text)),
            TextBytes::Inline(text) => TextBytes::Inline(*text),
        })
    }

    /// Returns the same text, borrowed from nothing. A borrowed text is copied.
    #[must_use]
    #[inline]
    pub fn into_owned(self) -> Text<'static> {
        Text(match self.0 {
            TextBytes::Shared(text) => TextBytes::Shared(text),
            TextBytes::Owned(text) => TextBytes::Owned(text),
            TextBytes::Inline(text) => TextBytes::Inline(text),
            // Without an allocation, an echo of 16 bytes in owned events takes a third fewer instructions.
            TextBytes::ShortAscii(bytes) => match Inline::new(bytes) {
                Some(text) => TextBytes::Inline(text),
                None => return String::from(self).into(),
            },
            TextBytes::Borrowed(text) => return String::from(text).into(),
        })
    }

    /// Returns whether it owns its text, so that it needn't be copied to be kept.
    #[inline]
    pub(crate) const fn is_owned(&self) -> bool {
        matches!(self.0, TextBytes::Owned(_) | TextBytes::Shared(_))
    }

    /// Returns the text's UTF-8 as `Bytes`. A borrowed text is copied.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        match self.0 {
            TextBytes::Shared(text) => match Arc::try_unwrap(text) {
                Ok(text) => text.into(),
                Err(text) => Bytes::from_owner(SharedText(text)),
            },
            text => String::from(Text(text)).into(),
        }
    }
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

/// Shows the number of bytes, and none of them: payloads don't belong in logs.
impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.len())
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
        let is_long = text.len() >= SHARED_LEN;
        Self(if is_long { TextBytes::Shared(Arc::new(text)) } else { TextBytes::Owned(text) })
    }
}

impl From<Box<str>> for Text<'_> {
    fn from(text: Box<str>) -> Self {
        String::from(text).into()
    }
}

impl<'a> From<Cow<'a, str>> for Text<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl<'a> From<Text<'a>> for Cow<'a, str> {
    fn from(text: Text<'a>) -> Self {
        match text.0 {
            TextBytes::Borrowed(text) => Cow::Borrowed(text),
            TextBytes::ShortAscii(bytes) => Cow::Borrowed(core::str::from_utf8(bytes).unwrap_or_default()),
            _ => Cow::Owned(text.into()),
        }
    }
}

impl From<Text<'_>> for String {
    fn from(text: Text<'_>) -> Self {
        match text.0 {
            TextBytes::Owned(text) => text,
            TextBytes::Shared(text) => Arc::try_unwrap(text).unwrap_or_else(|text| Self::clone(&text)),
            _ => Self::from(text.as_str()),
        }
    }
}

impl From<Text<'_>> for Bytes {
    fn from(text: Text<'_>) -> Self {
        text.into_bytes()
    }
}

impl<'a> TryFrom<&'a [u8]> for Text<'a> {
    type Error = Utf8Error;

    fn try_from(bytes: &'a [u8]) -> Result<Self, Utf8Error> {
        core::str::from_utf8(bytes).map(Self::new)
    }
}

/// Copies the bytes if others share them.
impl TryFrom<Bytes> for Text<'_> {
    type Error = Utf8Error;

    fn try_from(bytes: Bytes) -> Result<Self, Utf8Error> {
        Vec::from(bytes).try_into()
    }
}

impl TryFrom<Vec<u8>> for Text<'_> {
    type Error = Utf8Error;

    fn try_from(bytes: Vec<u8>) -> Result<Self, Utf8Error> {
        String::from_utf8(bytes).map(Self::from).map_err(|error| error.utf8_error())
    }
}

impl Hash for Text<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl<'a> From<Text<'a>> for Payload<'a> {
    fn from(text: Text<'a>) -> Self {
        match text.0 {
            TextBytes::Borrowed(text) => Self::new(text.as_bytes()),
            TextBytes::ShortAscii(bytes) => Self::new(bytes),
            _ => text.into_bytes().into(),
        }
    }
}
