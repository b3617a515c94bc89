//! Reads and writes the bodies of rejections (RFC 9112 §6.3).

mod chunked;

use alloc::{borrow::Cow, vec::Vec};
use core::fmt::Write;

use self::chunked::Chunked;
use crate::{HandshakeLimits, LocalError, RejectData, ResponseError, wire::Text};

/// A body that is arriving.
pub(crate) struct BodyReader {
    framing: Framing,
    /// How many bytes were returned.
    received: u64,
}

/// The rule for the end of a body.
pub(crate) enum Framing {
    /// Content-Length, less the bytes that have come.
    Length(u64),
    Chunked(Chunked),
    UntilEnd,
    /// The end is unknown, because this rule is broken.
    Broken(ResponseError),
}

impl Framing {
    pub(crate) const CHUNKED: Self = Self::Chunked(Chunked::START);

    /// Returns whether all of the body has come.
    const fn is_finished(&self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunked::Done))
    }
}

impl BodyReader {
    pub(crate) const fn new(framing: Framing) -> Self {
        Self { framing, received: 0 }
    }

    /// Takes the next part of the body off the input; returns `None` when it needs more input.
    pub(crate) fn read<'a>(
        &mut self,
        input: &mut &'a [u8],
        limits: &HandshakeLimits,
    ) -> Result<Option<RejectData<'a>>, ResponseError> {
        if let Framing::Chunked(chunked) = &mut self.framing {
            chunked.skip_to_data(input, limits)?;
        }
        if self.framing.is_finished() {
            return Ok(Some(RejectData::new(b"")));
        }
        let left = match &self.framing {
            Framing::Length(left) | Framing::Chunked(Chunked::Data { left }) => *left,
            Framing::UntilEnd => u64::MAX,
            Framing::Chunked(_) => 0,
            Framing::Broken(error) => return Err(error.clone()),
        };
        if input.is_empty() || left == 0 {
            return Ok(None);
        }
        debug_assert!(self.received <= limits.max_reject_body, "at most the limit is taken");
        let room = limits.max_reject_body.saturating_sub(self.received);
        if room == 0 {
            return Err(ResponseError::BodyTooLong { limit: limits.max_reject_body });
        }
        let most = usize::try_from(left.min(room)).unwrap_or(usize::MAX);
        let (data, rest) = input.split_at_checked(most).unwrap_or((*input, &[]));
        *input = rest;
        self.took(data.len());
        Ok(Some(RejectData { data: Cow::Borrowed(data), body_finished: false }))
    }

    /// Reports the end of the stream; returns the last part of the body.
    pub(crate) fn finish(&self) -> Result<RejectData<'static>, ResponseError> {
        match &self.framing {
            Framing::Broken(error) => Err(error.clone()),
            framing if framing.is_finished() => Ok(RejectData::new(b"")),
            Framing::UntilEnd => Ok(RejectData::new(b"")),
            Framing::Length(_) | Framing::Chunked(_) => Err(ResponseError::BodyEnded),
        }
    }

    fn took(&mut self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.received = self.received.saturating_add(bytes);
        match &mut self.framing {
            Framing::Length(left) => {
                debug_assert!(bytes <= *left, "at most the rest of the body is taken");
                *left = left.saturating_sub(bytes);
            }
            Framing::Chunked(chunked) => *chunked = chunked.after_data(bytes),
            Framing::UntilEnd | Framing::Broken(_) => {}
        }
    }
}

/// A body that we are sending.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum BodyWriter {
    /// Content-Length, less the bytes that were sent.
    Length(u64),
    Chunked,
    UntilEnd,
}

impl BodyWriter {
    /// Appends a part of the body; returns the state for the next part, or `None` when the body is complete.
    pub(crate) fn write(self, part: &RejectData<'_>, out: &mut Vec<u8>) -> Result<Option<Self>, LocalError> {
        let data = &*part.data;
        let next = match self {
            Self::Length(left) => {
                let len = u64::try_from(data.len()).unwrap_or(u64::MAX);
                let left = left.checked_sub(len).ok_or(LocalError::BodyTooLong)?;
                if part.body_finished && left != 0 {
                    return Err(LocalError::BodyTooShort);
                }
                out.extend_from_slice(data);
                Self::Length(left)
            }
            Self::Chunked => {
                write_chunk(data, out);
                if part.body_finished {
                    out.extend_from_slice(b"0\r\n\r\n");
                }
                self
            }
            Self::UntilEnd => {
                out.extend_from_slice(data);
                self
            }
        };
        Ok((!part.body_finished).then_some(next))
    }
}

fn write_chunk(data: &[u8], out: &mut Vec<u8>) {
    // A chunk without bytes would be the last one.
    if data.is_empty() {
        return;
    }
    let written = write!(Text(out), "{:x}\r\n", data.len());
    debug_assert!(written.is_ok(), "writing to a vector can't fail");
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests;
