//! Heads of HTTP/1.1 messages: where they end, and what is in them.
//!
//! The end is found first, in new bytes only; then the whole is parsed, once. What the tokeniser lets pass and
//! the RFC does not is refused here.

use alloc::vec::Vec;
use core::mem::MaybeUninit;

use httparse::Header;
use smallvec::{SmallVec, smallvec};

use crate::{HandshakeLimits, HeadError, Headers, syntax};

/// The header fields for which a parse needs no memory but the stack's.
const FEW: usize = 32;

/// How many bytes the search for the end looks at in one go.
const BLOCK: usize = 64;

/// The bytes of a head that did not come in one piece.
#[derive(Default)]
pub(crate) struct HeadBuffer {
    kept: Vec<u8>,
    lines: LineCount,
}

impl HeadBuffer {
    /// Looks for the end of the head; keeps what has come of it if that is not all.
    ///
    /// Returns how many bytes of the input belong to the head, and the head when it is whole. A head that
    /// lies within one input is not copied.
    pub(crate) fn find<'a>(
        &'a mut self,
        input: &'a [u8],
        limits: &HandshakeLimits,
    ) -> Result<(usize, Option<Head<'a>>), HeadError> {
        let before = self.kept.len();
        let room = limits.max_head_len.saturating_sub(before);
        let new = input.get(..room).unwrap_or(input);
        let text: &[u8] = if before == 0 {
            new
        } else {
            self.kept.extend_from_slice(new);
            &self.kept
        };
        if let Some(end) = self.lines.find_end(text, limits)? {
            let text: &'a [u8] = if before == 0 { input } else { &self.kept };
            let head = Head { bytes: text.get(..end).unwrap_or(text), fields: self.lines.fields() };
            return Ok((end.saturating_sub(before), Some(head)));
        }
        if text.len() >= limits.max_head_len {
            return Err(self.lines.too_long(limits));
        }
        if before == 0 {
            self.kept.extend_from_slice(new);
        }
        Ok((new.len(), None))
    }

    /// How many bytes are kept.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }
}

/// The lines of a head, as far as they have come.
#[derive(Default)]
struct LineCount {
    /// Lines that are complete, the empty one apart.
    complete: usize,
    /// Where the search goes on; it never goes back.
    searched: usize,
}

impl LineCount {
    /// Returns where the head ends: behind its empty line. The text is all that has come of it.
    fn find_end(&mut self, text: &[u8], limits: &HandshakeLimits) -> Result<Option<usize>, HeadError> {
        while let Some(rest @ [_, ..]) = text.get(self.searched..) {
            match rest.first_chunk() {
                Some(block) if self.skip_block(text, block) => {}
                _ if self.step(text, rest)? => return Ok(Some(self.searched)),
                _ => {}
            }
            if self.fields() > limits.max_headers {
                return Err(HeadError::TooManyHeaders { limit: limits.max_headers });
            }
        }
        Ok(None)
    }

    /// Passes over a block in which all lines are as they should be and none is empty.
    #[inline]
    fn skip_block(&mut self, text: &[u8], block: &[u8; BLOCK]) -> bool {
        let earlier = |by| text.get(self.searched.checked_sub(by)?..)?.first_chunk::<BLOCK>();
        let (Some(before), Some(previous)) = (earlier(2), earlier(1)) else { return false };
        let (mut lines, mut events) = (0_u8, 0_u8);
        for ((before, previous), byte) in before.iter().zip(previous).zip(block) {
            let ends = u8::from(*byte == b'\n');
            lines = lines.wrapping_add(ends);
            events |= ends & (u8::from(*previous != b'\r') | u8::from(*before == b'\n'));
        }
        if events == 0 {
            self.complete = self.complete.saturating_add(usize::from(lines));
            self.searched = self.searched.saturating_add(BLOCK);
        }
        events == 0
    }

    /// Goes on to the next line feed, a block far at most; returns whether it ends the head.
    fn step(&mut self, text: &[u8], rest: &[u8]) -> Result<bool, HeadError> {
        let near = rest.get(..BLOCK).unwrap_or(rest);
        let Some(line_feed) = near.iter().position(|&byte| byte == b'\n') else {
            self.searched = self.searched.saturating_add(near.len());
            return Ok(false);
        };
        let at = self.searched.saturating_add(line_feed);
        self.searched = at.saturating_add(1);
        match text.get(..at).unwrap_or_default() {
            b"\r" => return Err(HeadError::StartLine),
            [.., b'\n', b'\r'] => return Ok(true),
            [.., b'\r'] => self.complete = self.complete.saturating_add(1),
            _ => return Err(HeadError::BareLineFeed),
        }
        Ok(false)
    }

    fn fields(&self) -> usize {
        self.complete.saturating_sub(1)
    }

    #[cold]
    fn too_long(&self, limits: &HandshakeLimits) -> HeadError {
        let limit = limits.max_head_len;
        if self.complete == 0 { HeadError::StartLineTooLong { limit } } else { HeadError::TooLong { limit } }
    }
}

/// A whole head, its final empty line included.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) bytes: &'a [u8],
    fields: usize,
}

impl<'a> Head<'a> {
    /// Parses the head of a request and hands its parts to the reader.
    pub(crate) fn read_request<T, E: From<HeadError>>(
        self,
        read: impl FnOnce(RequestLine<'_>, &[Header<'_>]) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut room: SmallVec<[MaybeUninit<Header<'a>>; FEW]> = SmallVec::new();
        room.resize_with(self.fields, MaybeUninit::uninit);
        let mut request = httparse::Request::new(&mut []);
        self.check(request.parse_with_uninit_headers(self.bytes, &mut room))?;
        let httparse::Request { method: Some(method), path: Some(target), version: Some(version), headers } =
            request
        else {
            return Err(HeadError::StartLine.into());
        };
        if version != 1 {
            return Err(HeadError::HttpVersion.into());
        }
        read(RequestLine { method, target }, headers)
    }

    /// Parses the head of a response and hands its parts to the reader.
    pub(crate) fn read_response<T, E: From<HeadError>>(
        self,
        read: impl FnOnce(StatusLine, &[Header<'_>]) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut room: SmallVec<[Header<'a>; FEW]> = smallvec![httparse::EMPTY_HEADER; self.fields];
        let mut response = httparse::Response::new(&mut room);
        self.check(response.parse(self.bytes))?;
        let httparse::Response { version: Some(version), code: Some(status), headers, .. } = response else {
            return Err(HeadError::StartLine.into());
        };
        read(StatusLine { status, is_http_1_1: version == 1 }, headers)
    }

    fn check(self, outcome: httparse::Result<usize>) -> Result<(), HeadError> {
        match outcome {
            Ok(httparse::Status::Complete(len)) if len == self.bytes.len() => Ok(()),
            Ok(_) => Err(HeadError::StartLine),
            Err(error) => Err(self.fault(error)),
        }
    }

    /// Names the fault that the tokeniser found.
    #[cold]
    fn fault(self, error: httparse::Error) -> HeadError {
        match error {
            httparse::Error::HeaderName | httparse::Error::HeaderValue => self.field_fault(),
            httparse::Error::Version if self.names_http_version() => HeadError::HttpVersion,
            _ if self.lines().next().is_some_and(|line| line.contains(&b'\r')) => {
                HeadError::BareCarriageReturn
            }
            _ => HeadError::StartLine,
        }
    }

    /// Whether the first line has another version of HTTP where it should have 1.1.
    fn names_http_version(self) -> bool {
        let line = self.lines().next().unwrap_or_default();
        let words: Vec<&[u8]> = line.splitn(4, |&byte| byte == b' ').collect();
        match words.as_slice() {
            [_, _, version] if is_other_version(version) => true,
            [version, ..] => is_other_version(version),
            [] => false,
        }
    }

    fn field_fault(self) -> HeadError {
        self.lines().skip(1).find_map(field_fault).unwrap_or(HeadError::HeaderName)
    }

    /// The lines without what ends them, and without the empty one.
    fn lines(self) -> impl Iterator<Item = &'a [u8]> {
        self.bytes
            .split(|&byte| byte == b'\n')
            .filter_map(|line| line.strip_suffix(b"\r"))
            .filter(|line| !line.is_empty())
    }
}

fn is_other_version(word: &[u8]) -> bool {
    let digits = word.strip_prefix(b"HTTP/");
    digits.is_some_and(|digits| match digits {
        b"1.1" => false,
        [major, b'.', minor] => major.is_ascii_digit() && minor.is_ascii_digit(),
        _ => false,
    })
}

fn field_fault(line: &[u8]) -> Option<HeadError> {
    if line.contains(&b'\r') {
        return Some(HeadError::BareCarriageReturn);
    }
    if let [b' ' | b'\t', ..] = line {
        return Some(HeadError::FoldedHeader);
    }
    let mut parts = line.splitn(2, |&byte| byte == b':');
    let name = parts.next().unwrap_or_default();
    let Some(value) = parts.next() else { return Some(HeadError::HeaderName) };
    name_fault(name).or_else(|| value_fault(value))
}

/// Checks what the tokeniser would have refused, where somebody else has tokenised.
pub(crate) fn check_fields(headers: &Headers, limits: &HandshakeLimits) -> Result<(), HeadError> {
    if headers.len() > limits.max_headers {
        return Err(HeadError::TooManyHeaders { limit: limits.max_headers });
    }
    let fault = |(name, value): (&str, &[u8])| name_fault(name.as_bytes()).or_else(|| value_fault(value));
    headers.iter().find_map(fault).map_or(Ok(()), Err)
}

/// Names and values without the white space around them, as the tokeniser gives them.
pub(crate) fn trimmed(headers: &Headers) -> impl ExactSizeIterator<Item = (&str, &[u8])> {
    headers.iter().map(|(name, value)| (name, syntax::trim(value)))
}

fn name_fault(name: &[u8]) -> Option<HeadError> {
    match name {
        _ if syntax::is_token(name) => None,
        [name @ .., b' ' | b'\t'] if syntax::is_token(syntax::trim(name)) => {
            Some(HeadError::SpaceBeforeColon)
        }
        _ => Some(HeadError::HeaderName),
    }
}

fn value_fault(value: &[u8]) -> Option<HeadError> {
    (!syntax::is_field_value(syntax::trim(value))).then_some(HeadError::HeaderValue)
}

/// The first line of a request.
#[derive(Clone, Copy)]
pub(crate) struct RequestLine<'a> {
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
}

/// The first line of a response.
#[derive(Clone, Copy)]
pub(crate) struct StatusLine {
    pub(crate) status: u16,
    pub(crate) is_http_1_1: bool,
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use super::*;

    /// What [`LineCount`] finds, by the definition.
    fn slow_find_end(text: &[u8]) -> Result<Option<usize>, HeadError> {
        for (at, _) in text.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
            match &text[..at] {
                b"\r" => return Err(HeadError::StartLine),
                [.., b'\n', b'\r'] => return Ok(Some(at + 1)),
                [.., b'\r'] => {}
                _ => return Err(HeadError::BareLineFeed),
            }
        }
        Ok(None)
    }

    #[test]
    fn h3_h5_the_end_is_found_wherever_it_is() {
        let limits = HandshakeLimits::default();
        for len in 0..200 {
            for (at, end) in
                (0..=len).flat_map(|at| ["\r\n", "\n", "\r\n\r\n", "\r\n\n", "\r\r\n"].map(|end| (at, end)))
            {
                let mut text = vec![b'a'; len];
                text.splice(at..at, end.bytes());
                for lines in ["", "a\r\n", "a\r\nb\r\n"] {
                    let text = [lines.as_bytes(), &text].concat();
                    let found = LineCount::default().find_end(&text, &limits);
                    assert_eq!(found, slow_find_end(&text), "{lines:?}, {end:?} at {at} of {len}");
                }
            }
        }
    }

    #[test]
    fn h3_search_never_goes_back() {
        let head: Vec<u8> = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec();
        let mut buffer = HeadBuffer::default();
        let limits = HandshakeLimits::default();
        for (fed, byte) in head.iter().enumerate() {
            let (taken, whole) = buffer.find(core::slice::from_ref(byte), &limits).unwrap();
            assert_eq!((taken, whole.is_some()), (1, fed + 1 == head.len()));
            assert_eq!(
                (buffer.lines.searched, buffer.kept.len()),
                (fed + 1, fed + 1),
                "all is searched, once"
            );
        }
    }

    #[test]
    fn a_head_in_one_piece_is_not_copied() {
        let bytes = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nmore";
        let mut buffer = HeadBuffer::default();
        let (taken, head) = buffer.find(bytes, &HandshakeLimits::default()).unwrap();
        assert_eq!((taken, head.unwrap().bytes.as_ptr()), (bytes.len() - 4, bytes.as_ptr()));
        assert_eq!(buffer.kept.capacity(), 0);
    }
}
