//! The length of the body of a message (RFC 9112 §6.3, §7.1).

use crate::wire::head_list;

/// The longest line of a chunk's size or of a trailer, in bytes.
const LINE: usize = 8 << 10;

/// The place from which heads can't be found any more, and the reason.
pub(super) struct Unclear {
    pub(super) offset: u64,
    pub(super) why: &'static str,
}

/// The rest of a body.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Body {
    /// Nothing: a head comes next.
    #[default]
    Over,
    Length(u64),
    Chunk(Chunk),
    ToTheEnd,
}

/// The position in a chunked body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    /// In the line with the size, of which these bytes have come.
    Size(Vec<u8>),
    Data(u64),
    /// In the line end after the data.
    DataEnd,
    /// In a line of the trailer, of which this number of characters has come.
    Trailer(usize),
}

impl Body {
    /// Returns the body that follows a request.
    pub(super) fn of_request(head: &[u8]) -> Result<Self, &'static str> {
        match head_list(head, "Transfer-Encoding") {
            Some(codings) if is_chunked(&codings) => Ok(Self::Chunk(Chunk::Size(Vec::new()))),
            Some(_) => Err("the last transfer coding of a request isn't chunked"),
            None => Ok(length(head)?.map_or(Self::Over, Self::of_length)),
        }
    }

    /// Returns the body that follows an answer.
    pub(super) fn of_answer(head: &[u8], status: u16, is_bodiless: bool) -> Result<Self, &'static str> {
        if is_bodiless || matches!(status, 100..=199 | 204 | 304) {
            return Ok(Self::Over);
        }
        match head_list(head, "Transfer-Encoding") {
            Some(codings) if is_chunked(&codings) => Ok(Self::Chunk(Chunk::Size(Vec::new()))),
            Some(_) => Ok(Self::ToTheEnd),
            None => Ok(length(head)?.map_or(Self::ToTheEnd, Self::of_length)),
        }
    }

    const fn of_length(length: u64) -> Self {
        if length == 0 { Self::Over } else { Self::Length(length) }
    }

    pub(super) fn is_over(&self) -> bool {
        *self == Self::Over
    }

    /// Takes the bytes of this body off the front of `rest`.
    pub(super) fn take(&mut self, rest: &mut &[u8]) -> Result<(), &'static str> {
        while !rest.is_empty() {
            match self {
                Self::Over => return Ok(()),
                Self::ToTheEnd => *rest = &[],
                Self::Length(left) => {
                    pass(left, rest);
                    if *left == 0 {
                        *self = Self::Over;
                    }
                }
                Self::Chunk(chunk) => {
                    if chunk.take(rest)? {
                        *self = Self::Over;
                    }
                }
            }
        }
        Ok(())
    }

    /// Skips missing bytes. Returns whether all of them belong to this body and its position is still known.
    pub(super) fn pass_over(&mut self, missing: u64) -> bool {
        let left = match self {
            Self::ToTheEnd => return true,
            Self::Length(left) | Self::Chunk(Chunk::Data(left)) => left,
            Self::Over | Self::Chunk(_) => return false,
        };
        let Some(after) = left.checked_sub(missing) else { return false };
        *left = after;
        match self {
            Self::Length(0) => *self = Self::Over,
            Self::Chunk(chunk @ Chunk::Data(0)) => *chunk = Chunk::DataEnd,
            _ => {}
        }
        true
    }
}

impl Chunk {
    /// Takes bytes. Returns whether the last chunk and its trailer have ended.
    fn take(&mut self, rest: &mut &[u8]) -> Result<bool, &'static str> {
        if let Self::Data(left) = self {
            pass(left, rest);
            if *left == 0 {
                *self = Self::DataEnd;
            }
            return Ok(false);
        }
        let Some((&byte, after)) = rest.split_first() else { return Ok(false) };
        *rest = after;
        let is_end = byte == b'\n';
        match self {
            Self::Size(line) if is_end => {
                let size = size(line).ok_or("the size of a chunk is no number")?;
                *self = if size == 0 { Self::Trailer(0) } else { Self::Data(size) };
            }
            Self::Size(line) if line.len() < LINE => line.push(byte),
            Self::DataEnd if is_end => *self = Self::Size(Vec::new()),
            Self::DataEnd if byte == b'\r' => {}
            Self::DataEnd => return Err("a chunk is longer than its size"),
            Self::Trailer(0) if is_end => return Ok(true),
            Self::Trailer(len) if is_end => *len = 0,
            Self::Trailer(_) if byte == b'\r' => {}
            Self::Trailer(len) if *len < LINE => *len = len.saturating_add(1),
            _ => return Err("a line of a chunked body is too long"),
        }
        Ok(false)
    }
}

/// Skips `left` bytes, or all of `rest` if it is shorter.
fn pass(left: &mut u64, rest: &mut &[u8]) {
    let most = usize::try_from(*left).unwrap_or(usize::MAX);
    let (taken, after) = rest.split_at_checked(most).unwrap_or((rest, &[]));
    *left = left.saturating_sub(u64::try_from(taken.len()).unwrap_or(u64::MAX));
    *rest = after;
}

/// Reads the size of a chunk, and ignores chunk extensions.
fn size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|byte| *byte == b';').next()?.trim_ascii();
    let is_plain = digits.first()?.is_ascii_hexdigit();
    let digits = std::str::from_utf8(digits).ok().filter(|_| is_plain)?;
    u64::from_str_radix(digits, 16).ok()
}

fn is_chunked(codings: &str) -> bool {
    codings.rsplit(',').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("chunked"))
}

/// Reads Content-Length, which may repeat the same number.
fn length(head: &[u8]) -> Result<Option<u64>, &'static str> {
    let Some(values) = head_list(head, "Content-Length") else { return Ok(None) };
    let mut numbers = values.split(',').map(|value| {
        let value = value.trim();
        value.parse::<u64>().ok().filter(|_| value.bytes().all(|byte| byte.is_ascii_digit()))
    });
    let first = numbers.next().flatten().ok_or("Content-Length is no number")?;
    if numbers.all(|number| number == Some(first)) {
        Ok(Some(first))
    } else {
        Err("Content-Length has several values")
    }
}
