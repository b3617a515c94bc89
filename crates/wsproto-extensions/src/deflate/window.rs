//! The size of an LZ77 window.

use core::fmt;
use core::str::FromStr;

use super::DeflateError;

/// How far back a compressed message may refer, as a power of two: 8 (256 bytes) to 15 (32 KiB).
///
/// RFC 7692 [§7.1.2](https://www.rfc-editor.org/rfc/rfc7692#section-7.1.2)
///
/// ```
/// use wsproto_extensions::deflate::WindowBits;
///
/// assert_eq!(WindowBits::parse("10").map(WindowBits::size), Some(1024));
/// assert_eq!(WindowBits::parse("08"), None);
/// assert_eq!(WindowBits::new(16), None);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct WindowBits(
    /// From 8 to 15.
    u8,
);

impl WindowBits {
    /// The smallest window: 256 bytes.
    pub const MIN: Self = Self(8);
    /// The largest window, which is the default: 32 KiB.
    pub const MAX: Self = Self(15);

    /// The window of [`DeflateConfig::low_memory`](super::DeflateConfig::low_memory).
    pub(super) const FOUR_KIB: Self = Self(12);

    /// Checks a number of bits.
    #[must_use]
    pub const fn new(bits: u8) -> Option<Self> {
        match bits {
            8..=15 => Some(Self(bits)),
            _ => None,
        }
    }

    /// Reads the value of a parameter: a decimal number without leading zeros.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        //= rfc7692#7.1.2-1
        Some(Self(match text {
            "8" => 8,
            "9" => 9,
            "10" => 10,
            "11" => 11,
            "12" => 12,
            "13" => 13,
            "14" => 14,
            "15" => 15,
            _ => return None,
        }))
    }

    /// Returns the number of bits.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Returns the size of the window in bytes.
    #[must_use]
    pub const fn size(self) -> usize {
        1 << self.0
    }
}

impl Default for WindowBits {
    fn default() -> Self {
        Self::MAX
    }
}

impl From<WindowBits> for u8 {
    fn from(bits: WindowBits) -> Self {
        bits.0
    }
}

/// Checks a number as [`WindowBits::new`] does. The error is [`DeflateError::BadWindowBits`].
impl TryFrom<u8> for WindowBits {
    type Error = DeflateError;

    fn try_from(bits: u8) -> Result<Self, DeflateError> {
        Self::new(bits).ok_or(DeflateError::BadWindowBits)
    }
}

/// Reads a number as [`WindowBits::parse`] does. The error is [`DeflateError::BadWindowBits`].
impl FromStr for WindowBits {
    type Err = DeflateError;

    fn from_str(text: &str) -> Result<Self, DeflateError> {
        Self::parse(text).ok_or(DeflateError::BadWindowBits)
    }
}

impl fmt::Display for WindowBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn bits_come_from_numbers_and_texts_and_become_both() {
        for number in 0..=u8::MAX {
            let expected =
                if (8..=15).contains(&number) { Ok(number) } else { Err(DeflateError::BadWindowBits) };
            assert_eq!(WindowBits::try_from(number).map(u8::from), expected, "{number}");
            assert_eq!(number.to_string().parse::<WindowBits>().map(u8::from), expected, "{number}");
        }
        for text in ["", "08", "+8", " 8", "8 ", "x"] {
            assert_eq!(text.parse::<WindowBits>(), Err(DeflateError::BadWindowBits), "{text:?}");
        }
    }
}
