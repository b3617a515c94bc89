//! Reads the chunked transfer coding (RFC 9112 §7.1).

use crate::{HandshakeLimits, ResponseError};

/// Most bytes from a chunk's size to the end of its line: white space and extensions, which we ignore.
const MAX_EXTENSION_LEN: u16 = 256;

/// The position in a chunked body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Chunked {
    /// Within the digits of a chunk's size.
    Size { size: u64, digits: u8 },
    /// After the digits, within white space: it may come before an extension, and some peers end lines with it.
    Space { size: u64, len: u16 },
    /// After the semicolon, within the extensions, which are ignored up to the end of the line.
    Extension { size: u64, len: u16 },
    /// Before the line feed that ends the size.
    SizeEnd { size: u64 },
    /// Before the bytes of a chunk; `left` of them are still to come.
    Data { left: u64 },
    /// After a chunk's bytes.
    DataEnd,
    /// After the carriage return that ends a chunk's bytes.
    DataLineFeed,
    /// Within the trailer; `len` of its bytes have come.
    Trailer { len: usize, line: Line },
    /// After the end.
    Done,
}

/// The position in a line of the trailer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Line {
    Start,
    Within,
    /// After the carriage return of a line that isn't empty.
    End,
    /// After the carriage return of the empty line.
    LastEnd,
}

impl Chunked {
    pub(crate) const START: Self = Self::Size { size: 0, digits: 0 };

    /// Takes framing off the input up to the bytes of a chunk, or up to the end of the input.
    pub(crate) fn skip_to_data(
        &mut self,
        input: &mut &[u8],
        limits: &HandshakeLimits,
    ) -> Result<(), ResponseError> {
        while !matches!(self, Self::Data { .. } | Self::Done) {
            let Some((&byte, rest)) = input.split_first() else { break };
            *self = self.after(byte, limits)?;
            *input = rest;
        }
        Ok(())
    }

    /// Returns the position after this many bytes of a chunk.
    pub(crate) const fn after_data(self, bytes: u64) -> Self {
        match self {
            Self::Data { left } if left > bytes => Self::Data { left: left.saturating_sub(bytes) },
            Self::Data { .. } => Self::DataEnd,
            other => other,
        }
    }

    fn after(self, byte: u8, limits: &HandshakeLimits) -> Result<Self, ResponseError> {
        Ok(match (self, byte) {
            (Self::Size { size, digits }, _) if byte.is_ascii_hexdigit() => add_digit(size, digits, byte)?,
            (Self::Size { digits: 0, .. }, _) => return Err(ResponseError::Chunk),
            (Self::Size { size, .. } | Self::Space { size, .. } | Self::Extension { size, .. }, b'\r') => {
                Self::SizeEnd { size }
            }
            (Self::Size { size, .. }, b';') => Self::Extension { size, len: 1 },
            (Self::Size { size, .. }, b' ' | b'\t') => Self::Space { size, len: 1 },
            (Self::Space { size, len }, b';') if len < MAX_EXTENSION_LEN => {
                Self::Extension { size, len: len.saturating_add(1) }
            }
            (Self::Space { size, len }, b' ' | b'\t') if len < MAX_EXTENSION_LEN => {
                Self::Space { size, len: len.saturating_add(1) }
            }
            (Self::Extension { size, len }, _)
                if len < MAX_EXTENSION_LEN && (byte == b'\t' || !byte.is_ascii_control()) =>
            {
                Self::Extension { size, len: len.saturating_add(1) }
            }
            (Self::SizeEnd { size: 0 }, b'\n') => Self::Trailer { len: 0, line: Line::Start },
            (Self::SizeEnd { size }, b'\n') => Self::Data { left: size },
            (Self::DataEnd, b'\r') => Self::DataLineFeed,
            (Self::DataLineFeed, b'\n') => Self::START,
            (Self::Trailer { len, line }, _) => within_trailer(len, line, byte, limits)?,
            (
                Self::Size { .. }
                | Self::Space { .. }
                | Self::Extension { .. }
                | Self::SizeEnd { .. }
                | Self::Data { .. }
                | Self::DataEnd
                | Self::DataLineFeed
                | Self::Done,
                _,
            ) => return Err(ResponseError::Chunk),
        })
    }
}

fn add_digit(size: u64, digits: u8, byte: u8) -> Result<Chunked, ResponseError> {
    let digit = char::from(byte).to_digit(16).ok_or(ResponseError::Chunk)?;
    let size = size.checked_mul(16).and_then(|size| size.checked_add(u64::from(digit)));
    // Leading zeros are limited, too.
    let digits = digits.checked_add(1).filter(|&digits| digits <= 16);
    let (Some(size), Some(digits)) = (size, digits) else { return Err(ResponseError::Chunk) };
    Ok(Chunked::Size { size, digits })
}

fn within_trailer(
    len: usize,
    line: Line,
    byte: u8,
    limits: &HandshakeLimits,
) -> Result<Chunked, ResponseError> {
    let limit = limits.max_head_len;
    let len = len.saturating_add(1);
    if len as u64 > limit {
        return Err(ResponseError::TrailerTooLong { limit });
    }
    let line = match (line, byte) {
        (Line::LastEnd, b'\n') => return Ok(Chunked::Done),
        (Line::End, b'\n') => Line::Start,
        (Line::Start, b'\r') => Line::LastEnd,
        (Line::Within, b'\r') => Line::End,
        (Line::Start | Line::Within, _) if byte == b'\t' || !byte.is_ascii_control() => Line::Within,
        (Line::Start | Line::Within | Line::End | Line::LastEnd, _) => return Err(ResponseError::Chunk),
    };
    Ok(Chunked::Trailer { len, line })
}
