//! Heads of HTTP/1.1 messages: taken off the input, cut into lines, and each line into a name and a value, once.
//!
//! What has been looked at is never looked at again, however the bytes come; a fault is found where its line ends.

mod field;
mod first_line;
mod scan;

use alloc::vec::Vec;
use core::mem;

pub(crate) use self::{
    field::{check_fields, trimmed},
    first_line::{RequestLine, StatusLine},
};
use crate::{HandshakeLimits, HeadError, Headers, headers::Field, syntax};

/// For how many fields there is room when the first one comes.
const USUAL_FIELDS: usize = 16;

/// A head that is coming in.
#[derive(Default)]
pub(crate) struct HeadBuffer {
    /// What came in earlier pieces.
    kept: Vec<u8>,
    lines: Lines,
}

impl HeadBuffer {
    /// Takes what belongs to the head off the front of the input; returns the head when it is whole.
    ///
    /// What has come of a head that is not whole is kept.
    pub(crate) fn take(
        &mut self,
        input: &mut &[u8],
        limits: &HandshakeLimits,
    ) -> Result<Option<Head>, HeadError> {
        let before = self.kept.len();
        let room = limits.max_head_len.saturating_sub(before);
        let new = input.get(..room).unwrap_or(input);
        let text = if before == 0 {
            new
        } else {
            self.kept.extend_from_slice(new);
            &self.kept
        };
        if let Some(end) = self.lines.read(text, limits)? {
            let mut text = mem::take(&mut self.kept);
            if before == 0 {
                text = new.get(..end).unwrap_or(new).to_vec();
            }
            text.truncate(end);
            *input = input.get(end.saturating_sub(before)..).unwrap_or_default();
            return Ok(Some(mem::take(&mut self.lines).head(text)));
        }
        if text.len() >= limits.max_head_len {
            return Err(self.lines.too_long(limits));
        }
        if before == 0 {
            self.kept.extend_from_slice(new);
        }
        *input = input.get(new.len()..).unwrap_or_default();
        Ok(None)
    }

    /// How many bytes are kept.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }
}

/// The lines of a head, as far as they have come.
#[derive(Default)]
struct Lines {
    /// Length of the first line, which is never empty; 0 until it is whole.
    first: usize,
    fields: Vec<Field>,
    /// Where the line begins that is not whole yet.
    start: usize,
    /// Where its name ends, if it is a field; 0 until that is known.
    name_end: usize,
    /// Whether it has something in it that a field has not.
    is_faulty: bool,
    /// Where the search goes on; it never goes back.
    searched: usize,
}

impl Lines {
    /// Reads the lines that are whole; returns where the head ends: behind its empty line.
    ///
    /// The text is all that has come of the head.
    fn read(&mut self, text: &[u8], limits: &HandshakeLimits) -> Result<Option<usize>, HeadError> {
        loop {
            self.read_fields(text, limits.max_headers);
            if self.first != 0 && self.name_end == 0 {
                let Some(end) = scan::name_end(text, self.searched) else { break };
                self.is_faulty = end == self.start || text.get(end) != Some(&b':');
                (self.name_end, self.searched) = (end, end);
            }
            let Some(at) = scan::control(text, self.searched) else { break };
            match text.get(at..).unwrap_or_default() {
                [b'\r', b'\n', ..] => {
                    self.searched = at.saturating_add(2);
                    if self.end_line(text, at, limits)? {
                        return Ok(Some(self.searched));
                    }
                }
                [b'\r'] => {
                    self.searched = at;
                    return Ok(None);
                }
                [b'\n', ..] => return Err(HeadError::BareLineFeed),
                control => {
                    self.is_faulty |= !matches!(control, [b'\t', ..]);
                    self.searched = at.saturating_add(1);
                }
            }
        }
        self.searched = text.len();
        Ok(None)
    }

    /// Reads lines that are fields and nothing but what fields mostly are, as long as they come.
    fn read_fields(&mut self, text: &[u8], max_fields: usize) {
        let mut start = self.start;
        if self.first == 0 || self.searched != start {
            return;
        }
        if self.fields.capacity() == 0 {
            self.fields.reserve(USUAL_FIELDS);
        }
        while self.fields.len() < max_fields
            && let Some(field) = Field::read(text, start)
        {
            start = field.value_end.saturating_add(2);
            self.fields.push(field);
        }
        (self.start, self.searched) = (start, start);
    }

    /// Takes the line that ends here; returns whether it ends the head.
    fn end_line(&mut self, text: &[u8], end: usize, limits: &HandshakeLimits) -> Result<bool, HeadError> {
        let start = mem::replace(&mut self.start, self.searched);
        let name_end = mem::take(&mut self.name_end);
        let is_faulty = mem::take(&mut self.is_faulty);
        if start == end {
            return if self.first == 0 { Err(HeadError::StartLine) } else { Ok(true) };
        }
        if self.first == 0 {
            self.first = end;
            return Ok(false);
        }
        if self.fields.len() >= limits.max_headers {
            return Err(HeadError::TooManyHeaders { limit: limits.max_headers });
        }
        if is_faulty {
            return Err(field::fault(text.get(start..end).unwrap_or_default()));
        }
        let (value_start, value_end) = syntax::trimmed(text, name_end.saturating_add(1), end);
        self.fields.push(Field { name_start: start, name_end, value_start, value_end });
        Ok(false)
    }

    #[cold]
    fn too_long(&self, limits: &HandshakeLimits) -> HeadError {
        let limit = limits.max_head_len;
        if self.first == 0 { HeadError::StartLineTooLong { limit } } else { HeadError::TooLong { limit } }
    }

    /// Makes a head of all lines and their text.
    fn head(self, text: Vec<u8>) -> Head {
        Head { first: self.first, headers: Headers::of_head(text, self.fields) }
    }
}

/// A whole head.
pub(crate) struct Head {
    /// Length of the first line.
    first: usize,
    /// All fields; their text begins with the first line.
    pub(crate) headers: Headers,
}

impl Head {
    /// Reads the first line of a request.
    pub(crate) fn request_line(&self) -> Result<RequestLine<'_>, HeadError> {
        RequestLine::parse(self.first_line())
    }

    /// Reads the first line of a response.
    pub(crate) fn status_line(&self) -> Result<StatusLine, HeadError> {
        StatusLine::parse(self.first_line())
    }

    fn first_line(&self) -> &[u8] {
        self.headers.text().get(..self.first).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
