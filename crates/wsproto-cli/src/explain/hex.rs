//! Hexadecimal digits as people write them: in pairs, with blanks, colons, commas or `0x` between.

use std::fmt;

/// Reads digits that come in parts.
#[derive(Debug, Default)]
pub(super) struct HexReader {
    /// The first digit of a pair, and the character before it.
    high: Option<u8>,
    last: u8,
    /// The number of characters that were read.
    place: u64,
}

/// Why digits can't be read; places count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HexError {
    /// The character at this place is no digit.
    NotADigit { place: u64, found: u8 },
    /// The digit before this place has no second digit.
    Odd { place: u64 },
}

impl HexReader {
    /// Reads more digits, and appends the bytes.
    pub(super) fn push(&mut self, text: &[u8], bytes: &mut Vec<u8>) -> Result<(), HexError> {
        for &found in text {
            self.place = self.place.saturating_add(1);
            let place = self.place;
            let last = std::mem::replace(&mut self.last, found);
            let digit = char::from(found).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            match (digit, self.high) {
                (Some(low), Some(high)) => {
                    self.high = None;
                    bytes.push((high << 4) | low);
                }
                (Some(high), None) => self.high = Some(high),
                // `0x81` and `\x81`.
                (None, Some(0)) if found.eq_ignore_ascii_case(&b'x') && last == b'0' => self.high = None,
                (None, None) if found.eq_ignore_ascii_case(&b'x') && last == b'\\' => {}
                (None, high) if found.is_ascii_whitespace() || b":,;-\\\"'".contains(&found) => {
                    if high.is_some() {
                        return Err(HexError::Odd { place });
                    }
                }
                (None, _) => return Err(HexError::NotADigit { place, found }),
            }
        }
        Ok(())
    }

    /// Ends the text.
    pub(super) fn finish(&self) -> Result<(), HexError> {
        let place = self.place.saturating_add(1);
        if self.high.is_some() { Err(HexError::Odd { place }) } else { Ok(()) }
    }
}

impl fmt::Display for HexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotADigit { place, found } if found.is_ascii_graphic() => {
                write!(f, "'{}' at character {place} is no hexadecimal digit", char::from(*found))
            }
            Self::NotADigit { place, found } => {
                write!(f, "byte {found:#04x} at character {place} is no hexadecimal digit")
            }
            Self::Odd { place } => {
                write!(f, "the digit at character {} has no second one", place.saturating_sub(1))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_in_any_parts() {
        let odd = |place| Err(HexError::Odd { place });
        let no_digit = |place, found| Err(HexError::NotADigit { place, found });
        let table: [(&str, Result<&[u8], HexError>); 14] = [
            ("", Ok(b"")),
            ("8185", Ok(b"\x81\x85")),
            (" 81 85\n37FA213D", Ok(b"\x81\x85\x37\xfa\x21\x3d")),
            ("81:85,0a;0b-0c", Ok(b"\x81\x85\x0a\x0b\x0c")),
            ("0x81, 0X85", Ok(b"\x81\x85")),
            ("0x810x85", Ok(b"\x81\x85")),
            ("\\x81\\x85", Ok(b"\x81\x85")),
            ("\"81 85\"", Ok(b"\x81\x85")),
            ("8", odd(2)),
            ("81 8", odd(5)),
            ("8 1", odd(2)),
            ("81 8g", no_digit(5, b'g')),
            ("8x", no_digit(2, b'x')),
            ("81 é", no_digit(4, 0xc3)),
        ];
        for (text, expected) in table {
            for cut in 0..=text.len() {
                let (first, second) = text.as_bytes().split_at(cut);
                let (mut reader, mut bytes) = (HexReader::default(), Vec::new());
                let outcome = reader
                    .push(first, &mut bytes)
                    .and_then(|()| reader.push(second, &mut bytes))
                    .and_then(|()| reader.finish());
                assert_eq!(outcome.map(|()| &bytes[..]), expected, "{text:?}, cut at {cut}");
            }
        }
    }
}
