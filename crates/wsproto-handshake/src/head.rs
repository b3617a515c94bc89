//! Heads of HTTP/1.1 messages: where they end, and what is in them.
//!
//! The end is found first, in new bytes only; then the whole is copied and parsed, once. What the tokeniser lets pass
//! and the RFC does not is refused here.

mod field;
mod line_count;

use alloc::vec::Vec;
use core::{
    mem::{self, MaybeUninit},
    ops::Range,
};

use httparse::Header;
use smallvec::SmallVec;

pub(crate) use self::field::{check_fields, trimmed};
use self::line_count::LineCount;
use crate::{HandshakeLimits, HeadError, Headers, headers::Field};

/// The header fields for which a parse needs no memory but the stack's.
const FEW: usize = 32;

/// A head that is coming in.
#[derive(Default)]
pub(crate) struct HeadBuffer {
    /// What came in earlier pieces.
    kept: Vec<u8>,
    lines: LineCount,
}

impl HeadBuffer {
    /// Keeps a single byte that ends no line; says whether it was one.
    ///
    /// A shortcut: [`take`](Self::take) does the same with such a piece, in more steps.
    #[inline]
    pub(crate) fn keep_byte(&mut self, input: &mut &[u8], limits: &HandshakeLimits) -> bool {
        let &[byte] = *input else { return false };
        if byte == b'\n' || self.kept.len().saturating_add(1) >= limits.max_head_len {
            return false;
        }
        self.kept.push(byte);
        self.lines.pass_byte();
        *input = &[];
        true
    }

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
        if let Some(end) = self.lines.find_end(text, limits)? {
            let (own, behind) = input.split_at_checked(end.saturating_sub(before)).unwrap_or((*input, &[]));
            *input = behind;
            return Ok(Some(self.finish(end, own)));
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

    /// Makes a head of what is kept and of the last piece, which may be all of it; begins anew.
    #[inline(never)]
    fn finish(&mut self, end: usize, last: &[u8]) -> Head {
        let mut text = mem::take(&mut self.kept);
        if text.is_empty() {
            text = last.to_vec();
        }
        text.truncate(end);
        Head { text, fields: mem::take(&mut self.lines).fields() }
    }

    /// How many bytes are kept.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }
}

/// A whole head, its final empty line included.
pub(crate) struct Head {
    text: Vec<u8>,
    /// How many lines there are between the first and the empty one.
    fields: usize,
}

impl Head {
    /// Parses the head of a request.
    pub(crate) fn into_request(self) -> Result<RequestHead, HeadError> {
        let (method, target, fields) = self.parse_request()?;
        Ok(RequestHead { method, target, headers: Headers::of_head(self.text, fields) })
    }

    /// Parses the head of a response.
    pub(crate) fn into_response(self) -> Result<(StatusLine, Headers), HeadError> {
        let (line, fields) = self.parse_response()?;
        Ok((line, Headers::of_head(self.text, fields)))
    }

    fn parse_request(&self) -> Result<(Range<usize>, Range<usize>, Vec<Field>), HeadError> {
        let mut room: SmallVec<[MaybeUninit<Header<'_>>; FEW]> = SmallVec::new();
        room.resize_with(self.fields, MaybeUninit::uninit);
        let mut request = httparse::Request::new(&mut []);
        self.check(request.parse_with_uninit_headers(&self.text, &mut room))?;
        let httparse::Request { method: Some(method), path: Some(target), version: Some(version), headers } =
            request
        else {
            return Err(HeadError::StartLine);
        };
        if version != 1 {
            return Err(HeadError::HttpVersion);
        }
        Ok((self.place(method.as_bytes()), self.place(target.as_bytes()), self.places(headers)))
    }

    fn parse_response(&self) -> Result<(StatusLine, Vec<Field>), HeadError> {
        let mut room: SmallVec<[MaybeUninit<Header<'_>>; FEW]> = SmallVec::new();
        room.resize_with(self.fields, MaybeUninit::uninit);
        let mut response = httparse::Response::new(&mut []);
        let parser = httparse::ParserConfig::default();
        self.check(parser.parse_response_with_uninit_headers(&mut response, &self.text, &mut room))?;
        let httparse::Response { version: Some(version), code: Some(status), headers, .. } = response else {
            return Err(HeadError::StartLine);
        };
        Ok((StatusLine { status, is_http_1_1: version == 1 }, self.places(headers)))
    }

    /// Returns where the fields lie in the text.
    fn places(&self, headers: &[Header<'_>]) -> Vec<Field> {
        let field = |header: &Header<'_>| {
            let (name, value) = (self.place(header.name.as_bytes()), self.place(header.value));
            Field {
                name_start: name.start,
                name_end: name.end,
                value_start: value.start,
                value_end: value.end,
            }
        };
        headers.iter().map(field).collect()
    }

    /// Returns where a part of the text lies in it.
    fn place(&self, part: &[u8]) -> Range<usize> {
        let start = part.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        start..start.saturating_add(part.len())
    }

    fn check(&self, outcome: httparse::Result<usize>) -> Result<(), HeadError> {
        match outcome {
            Ok(httparse::Status::Complete(len)) if len == self.text.len() => Ok(()),
            Ok(_) => Err(HeadError::StartLine),
            Err(error) => Err(self.fault(error)),
        }
    }

    /// Names the fault that the tokeniser found.
    #[cold]
    fn fault(&self, error: httparse::Error) -> HeadError {
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
    fn names_http_version(&self) -> bool {
        let line = self.lines().next().unwrap_or_default();
        let words: Vec<&[u8]> = line.splitn(4, |&byte| byte == b' ').collect();
        match words.as_slice() {
            [_, _, version] if is_other_version(version) => true,
            [version, ..] => is_other_version(version),
            [] => false,
        }
    }

    fn field_fault(&self) -> HeadError {
        self.lines().skip(1).find_map(field::fault).unwrap_or(HeadError::HeaderName)
    }

    /// The lines without what ends them, and without the empty one.
    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.text
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

/// The head of a request.
pub(crate) struct RequestHead {
    method: Range<usize>,
    target: Range<usize>,
    /// All fields; their text is the whole head.
    pub(crate) headers: Headers,
}

impl RequestHead {
    pub(crate) fn line(&self) -> RequestLine<'_> {
        let part = |place: &Range<usize>| self.headers.text().get(place.clone()).unwrap_or_default();
        RequestLine { method: part(&self.method), target: part(&self.target) }
    }
}

/// The first line of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct RequestLine<'a> {
    pub(crate) method: &'a [u8],
    pub(crate) target: &'a [u8],
}

/// The first line of a response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct StatusLine {
    /// Three digits.
    pub(crate) status: u16,
    pub(crate) is_http_1_1: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_in_one_piece_is_copied_once_and_without_what_follows() {
        let bytes = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nmore";
        let mut input = &bytes[..];
        let head = HeadBuffer::default().take(&mut input, &HandshakeLimits::default()).unwrap().unwrap();
        let head = head.into_request().unwrap();
        assert_eq!((input, head.headers.text()), (&b"more"[..], &bytes[..bytes.len() - 4]));
        assert_eq!(head.line(), RequestLine { method: b"GET", target: b"/" });
        assert_eq!(head.headers.iter().collect::<Vec<_>>(), [("Host", &b"a"[..])]);
    }

    #[test]
    fn what_the_tokeniser_ends_before_we_do_is_refused() {
        let head = |text: &[u8]| Head { text: text.to_vec(), fields: 0 };
        assert!(head(b"GET / HTTP/1.1\r\n\r\n").into_request().is_ok());
        let more = head(b"GET / HTTP/1.1\r\n\r\nmore").into_request();
        assert_eq!(more.err(), Some(HeadError::StartLine));
    }

    #[test]
    fn a_head_byte_by_byte_is_the_same_and_leaves_nothing_behind() {
        let bytes = b"HTTP/1.1 101 Switching Protocols\r\nA: b \r\nC:\r\n\r\n";
        let mut buffer = HeadBuffer::default();
        for byte in &bytes[..bytes.len() - 1] {
            assert!(
                buffer.take(&mut core::slice::from_ref(byte), &HandshakeLimits::default()).unwrap().is_none()
            );
        }
        let head = buffer.take(&mut &b"\nmore"[..], &HandshakeLimits::default()).unwrap().unwrap();
        let (line, headers) = head.into_response().unwrap();
        assert_eq!(line, StatusLine { status: 101, is_http_1_1: true });
        assert_eq!(headers.iter().collect::<Vec<_>>(), [("A", &b"b"[..]), ("C", &b""[..])]);
        assert_eq!(buffer.len(), 0, "ready for the next head");
    }

    #[test]
    fn the_shortcut_keeps_single_bytes_within_a_line_alone() {
        let limits = HandshakeLimits { max_head_len: 4, ..HandshakeLimits::default() };
        #[rustfmt::skip]
        let table: [(&str, &[u8], &[u8], bool); 7] = [
            // name               before   input   kept
            ("the first",         b"",     b"G",   true),
            ("a carriage return", b"GE",   b"\r",  true),
            ("a line feed",       b"G\r",  b"\n",  false),
            ("nothing",           b"GE",   b"",    false),
            ("two",               b"G",    b"ET",  false),
            ("below the limit",   b"GE",   b"T",   true),
            ("at the limit",      b"GET",  b" ",   false),
        ];
        for (name, before, mut input, kept) in table {
            let mut buffer = HeadBuffer::default();
            assert!(buffer.take(&mut &*before, &limits).unwrap().is_none(), "{name}");
            let len = input.len();
            assert_eq!(buffer.keep_byte(&mut input, &limits), kept, "{name}");
            let expected = if kept { (before.len() + 1, 0) } else { (before.len(), len) };
            assert_eq!((buffer.len(), input.len()), expected, "{name}");
        }
    }

    #[test]
    fn h1_h2_h3_the_limits_are_the_same_for_single_bytes() {
        let outcome = |bytes: &[u8], pieces: usize, limits: &HandshakeLimits| -> Result<_, HeadError> {
            let mut buffer = HeadBuffer::default();
            for mut piece in bytes.chunks(pieces) {
                if !buffer.keep_byte(&mut piece, limits)
                    && let Some(head) = buffer.take(&mut piece, limits)?
                {
                    return Ok(Some(head.text));
                }
                assert!(piece.is_empty(), "all of it is taken");
            }
            Ok(None)
        };
        for bytes in
            [&b"GET / HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n"[..], b"GET /", b"a\r\nb", b"a\nb", b"\r\n"]
        {
            for (max_head_len, max_headers) in (1..40).flat_map(|len| [0, 1, 2].map(|headers| (len, headers)))
            {
                let limits = HandshakeLimits { max_head_len, max_headers, ..HandshakeLimits::default() };
                let whole = outcome(bytes, bytes.len(), &limits);
                assert_eq!(outcome(bytes, 1, &limits), whole, "{bytes:?} within {limits:?}");
            }
        }
    }
}
