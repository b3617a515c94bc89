//! Heads of HTTP/1.1 messages: their end, and their parts.
//!
//! A head that arrives in one piece, with nothing after it, is parsed at once. For any other head, the end is searched
//! first, in new bytes only; then the whole head is parsed. `httparse` allows some heads that the RFC doesn't: they are
//! refused here. Bytes that can't become a request are refused at the first wrong byte.

mod field;
mod line_count;
mod request_line;

use alloc::vec::Vec;
use core::mem::{self, MaybeUninit};

use httparse::Header;
use smallvec::SmallVec;

pub(crate) use self::field::check_field;
use self::{line_count::LineCount, request_line::FirstLine};
use crate::{
    HandshakeLimits, HeadError, Headers,
    headers::{Field, place},
};

/// How many header fields a parse can hold without memory from the heap.
const FEW: usize = 32;

/// A head that is arriving.
pub(crate) struct HeadBuffer {
    /// The bytes of earlier pieces.
    kept: Vec<u8>,
    first_line: FirstLine,
    lines: LineCount,
}

impl HeadBuffer {
    /// The first bytes of each response.
    pub(crate) const RESPONSE_START: &[u8] = b"HTTP/1.";

    pub(crate) fn of_request() -> Self {
        Self { kept: Vec::new(), first_line: FirstLine::Start, lines: LineCount::default() }
    }

    pub(crate) fn of_response() -> Self {
        Self { first_line: FirstLine::RESPONSE, ..Self::of_request() }
    }

    /// Refuses the first byte that can't belong to a response: a server of another protocol may wait for our bytes.
    pub(crate) fn check_response_start(&self, input: &[u8]) -> Result<(), HeadError> {
        let awaited = Self::RESPONSE_START.get(self.len()..).unwrap_or_default();
        let Some((byte, awaited)) = input.iter().zip(awaited).find(|(byte, awaited)| byte != awaited) else {
            return Ok(());
        };
        let other_version = *awaited == b'1' && byte.is_ascii_digit();
        Err(if other_version { HeadError::HttpVersion } else { HeadError::StartLine })
    }

    /// Keeps a single byte that doesn't end a line; returns whether `input` was such a byte.
    ///
    /// A shortcut: with [`take`](Self::take) alone, a handshake that arrives byte by byte takes more than twice the
    /// steps.
    #[inline]
    pub(crate) fn keep_byte(&mut self, input: &mut &[u8], limits: &HandshakeLimits) -> bool {
        let &[byte] = *input else { return false };
        if byte == b'\n'
            || self.kept.len().saturating_add(1) >= limits.head_len()
            || !self.first_line.pass_kept(byte)
        {
            return false;
        }
        self.kept.push(byte);
        self.lines.pass_byte();
        *input = &[];
        true
    }

    /// Takes the bytes of the head off the front of the input; returns the head when it is complete, parsed by `cut`.
    ///
    /// An incomplete head is kept. The complete head lies in the input, or in `joined`.
    #[inline]
    pub(crate) fn take<'a, 't, 'i: 't, L>(
        &mut self,
        input: &mut &'i [u8],
        limits: &HandshakeLimits,
        joined: &'t mut Vec<u8>,
        storage: &'a mut FieldStorage<'t>,
        cut: impl Fn(&'t [u8], &'a mut [MaybeUninit<Header<'t>>]) -> Result<Head<'a, L>, HeadError>,
    ) -> Result<Option<Head<'a, L>>, HeadError> {
        self.first_line.skip_empty_line(input)?;
        let FieldStorage { few, many } = storage;
        let new = input.get(..limits.head_len()).unwrap_or(input);
        // If this fails, the search for the end gives the same result, or names the fault. This saves 25 % of the
        // instructions of a server's whole handshake, and 9 % of a client's.
        if self.kept.is_empty()
            && new.ends_with(b"\r\n\r\n")
            && let Some(room) =
                few.get_mut(..usize::try_from(limits.max_headers).map_or(FEW, |most| most.min(FEW)))
            && let Ok(head) = cut(new, room)
        {
            *input = input.get(new.len()..).unwrap_or_default();
            return Ok(Some(head));
        }
        let Some(text) = self.join(input, limits, joined)? else { return Ok(None) };
        let fields = mem::take(&mut self.lines).fields();
        many.reserve_exact(fields);
        many.resize_with(fields, MaybeUninit::uninit);
        cut(text, many).map(Some)
    }

    /// Joins the pieces of a head until it is complete, and returns it. A head in one piece isn't copied.
    #[inline(never)]
    fn join<'a, 'i: 'a>(
        &mut self,
        input: &mut &'i [u8],
        limits: &HandshakeLimits,
        joined: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>, HeadError> {
        let before = self.kept.len();
        debug_assert!(before <= limits.head_len(), "at most the limit is kept");
        let room = limits.head_len().saturating_sub(before);
        let new = input.get(..room).unwrap_or(input);
        self.first_line.pass(new)?;
        let text = if before == 0 {
            new
        } else {
            self.kept.extend_from_slice(new);
            &self.kept
        };
        if let Some(end) = self.lines.find_end(text, limits)? {
            debug_assert!(end >= before, "the end is searched in new bytes only");
            let (own, behind) = input.split_at_checked(end.saturating_sub(before)).unwrap_or((*input, &[]));
            *input = behind;
            let version = self.first_line.known_version().or_else(|| known_version_of_response(text));
            if before == 0 && version.is_none() {
                return Ok(Some(own));
            }
            *joined = if before == 0 { own.to_vec() } else { mem::take(&mut self.kept) };
            joined.truncate(end);
            if let Some(version) = version {
                write_version(version, joined);
            }
            return Ok(Some(joined));
        }
        if text.len() >= limits.head_len() {
            return Err(self.lines.too_long(limits));
        }
        if before == 0 {
            self.kept.extend_from_slice(new);
        }
        *input = input.get(new.len()..).unwrap_or_default();
        Ok(None)
    }

    /// Returns how many bytes are kept.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }
}

/// Returns the version that the parser must see for a response: HTTP/1.1 instead of a higher minor version, as in a
/// request.
///
/// A request never begins with the name of HTTP.
fn known_version_of_response(head: &[u8]) -> Option<[u8; 3]> {
    let version = head.strip_prefix(b"HTTP/")?;
    matches!(version, [b'1', b'.', b'2'..=b'9', ..]).then_some(*b"1.1")
}

/// Overwrites the version in the first line: a response begins with it, a request ends with it.
#[cold]
fn write_version(version: [u8; 3], head: &mut [u8]) {
    let end = head.iter().position(|&byte| byte == b'\r').unwrap_or_default();
    let place = match head {
        [b'H', b'T', b'T', b'P', b'/', rest @ ..] => rest.first_chunk_mut(),
        _ => head.get_mut(..end).and_then(<[u8]>::last_chunk_mut),
    };
    if let Some(place) = place {
        *place = version;
    }
}

/// Memory for the fields of a head; a usual head needs none from the heap.
pub(crate) struct FieldStorage<'t> {
    /// For a head that is parsed at once.
    few: [MaybeUninit<Header<'t>>; FEW],
    /// For any other head; it has as many fields as the head has lines.
    many: SmallVec<[MaybeUninit<Header<'t>>; FEW]>,
}

impl FieldStorage<'_> {
    #[inline]
    pub(crate) fn new() -> Self {
        Self { few: [const { MaybeUninit::uninit() }; FEW], many: SmallVec::new() }
    }
}

/// A parsed head.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a, L> {
    pub(crate) line: L,
    /// The text that holds the fields.
    pub(crate) text: &'a [u8],
    /// No value has white space at its ends.
    pub(crate) fields: &'a [Header<'a>],
}

impl<'a> Head<'a, RequestLine<'a>> {
    /// Parses the head of a request.
    #[inline]
    pub(crate) fn of_request<'t: 'a>(
        text: &'t [u8],
        storage: &'a mut [MaybeUninit<Header<'t>>],
    ) -> Result<Self, HeadError> {
        let mut request = httparse::Request::new(&mut []);
        let outcome = request.parse_with_uninit_headers(text, storage);
        check(text, outcome, request.headers)?;
        let httparse::Request { method: Some(method), path: Some(target), version: Some(version), headers } =
            request
        else {
            return Err(HeadError::StartLine);
        };
        let line = RequestLine { method, target, is_http_1_1: version == 1 };
        Ok(Self { line, text, fields: headers })
    }
}

impl<'a> Head<'a, StatusLine> {
    /// Parses the head of a response.
    #[inline]
    pub(crate) fn of_response<'t: 'a>(
        text: &'t [u8],
        storage: &'a mut [MaybeUninit<Header<'t>>],
    ) -> Result<Self, HeadError> {
        let mut response = httparse::Response::new(&mut []);
        let parser = httparse::ParserConfig::default();
        let outcome = parser.parse_response_with_uninit_headers(&mut response, text, storage);
        check(text, outcome, response.headers)?;
        let httparse::Response { version: Some(version), code: Some(status), headers, .. } = response else {
            return Err(HeadError::StartLine);
        };
        Ok(Self { line: StatusLine { status, is_http_1_1: version == 1 }, text, fields: headers })
    }
}

impl<'a, L> Head<'a, L> {
    /// Visits each field in order; returns copies of the fields for which `keep` is true.
    ///
    /// # Errors
    ///
    /// The first error of `keep`.
    #[inline]
    pub(crate) fn keep<E>(
        &self,
        mut keep: impl FnMut(&'a [u8], &'a [u8]) -> Result<bool, E>,
    ) -> Result<Headers, E> {
        let mut kept = Vec::with_capacity(self.fields.len());
        for header in self.fields {
            if keep(header.name.as_bytes(), header.value)? {
                kept.push(Field::of(header, self.text));
            }
        }
        Ok(Headers::of_head(self.text.to_vec(), kept))
    }

    /// Returns copies of all fields.
    pub(crate) fn all_fields(&self) -> Headers {
        let fields = self.fields.iter().map(|header| Field::of(header, self.text));
        Headers::of_head(self.text.to_vec(), fields.collect())
    }

    /// Returns the values of all fields with this name, in order.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let named = self.fields.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        named.map(|header| header.value)
    }
}

/// Checks that the parser took all of the text, and that each line ends as it must.
#[inline]
fn check(text: &[u8], outcome: httparse::Result<usize>, fields: &[Header<'_>]) -> Result<(), HeadError> {
    match outcome {
        Ok(httparse::Status::Complete(len)) if len == text.len() && has_good_lines(text, fields) => Ok(()),
        Ok(_) => Err(HeadError::StartLine),
        Err(error) => Err(fault(text, error)),
    }
}

/// Returns whether nothing comes before the first line, and a carriage return and a line feed before each field.
///
/// The last line ends with the text. The parser refuses carriage returns and line feeds anywhere else.
#[inline]
fn has_good_lines(text: &[u8], fields: &[Header<'_>]) -> bool {
    let is_led = |field: &Header<'_>| {
        let before = place(field.name.as_bytes(), text).start.checked_sub(2);
        before.and_then(|before| text.get(before..)).is_some_and(|line| line.starts_with(b"\r\n"))
    };
    text.ends_with(b"\r\n\r\n") && !matches!(text, [b'\r' | b'\n', ..]) && fields.iter().all(is_led)
}

/// Names the fault that the parser found.
#[cold]
fn fault(text: &[u8], error: httparse::Error) -> HeadError {
    match error {
        httparse::Error::HeaderName | httparse::Error::HeaderValue => field_fault(text),
        httparse::Error::Version if names_http_version(text) => HeadError::HttpVersion,
        _ if lines(text).next().is_some_and(|line| line.contains(&b'\r')) => HeadError::BareCarriageReturn,
        _ => HeadError::StartLine,
    }
}

/// Returns whether the first line names an HTTP version other than 1.1.
fn names_http_version(text: &[u8]) -> bool {
    let line = lines(text).next().unwrap_or_default();
    let words: Vec<&[u8]> = line.splitn(4, |&byte| byte == b' ').collect();
    match words.as_slice() {
        [_, _, version] if is_other_version(version) => true,
        [version, ..] => is_other_version(version),
        [] => false,
    }
}

fn field_fault(text: &[u8]) -> HeadError {
    lines(text).skip(1).find_map(field::fault).unwrap_or(HeadError::HeaderName)
}

/// Returns the lines without their ends, and without the empty one.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'\n')
        .filter_map(|line| line.strip_suffix(b"\r"))
        .filter(|line| !line.is_empty())
}

fn is_other_version(word: &[u8]) -> bool {
    let digits = word.strip_prefix(b"HTTP/");
    digits.is_some_and(|digits| match digits {
        b"1.1" => false,
        [major, b'.', minor] => major.is_ascii_digit() && minor.is_ascii_digit(),
        _ => false,
    })
}

/// The first line of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct RequestLine<'a> {
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    /// Whether the version is 1.1 or a higher minor one.
    pub(crate) is_http_1_1: bool,
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
    use alloc::{format, string::String};

    use proptest::prelude::*;

    use super::*;
    use crate::Headers;

    /// Parses as much as possible of a request: method and target, the fields, and their text.
    fn take(
        buffer: &mut HeadBuffer,
        input: &mut &[u8],
        limits: &HandshakeLimits,
    ) -> Result<Option<(String, Headers)>, HeadError> {
        let (mut joined, mut storage) = (Vec::new(), FieldStorage::new());
        let Some(head) = buffer.take(input, limits, &mut joined, &mut storage, Head::of_request)? else {
            return Ok(None);
        };
        let line = format!("{} {}", head.line.method, head.line.target);
        head.keep(|_, _| Ok(true)).map(|headers| Some((line, headers)))
    }

    #[test]
    fn a_head_in_one_piece_is_taken_without_what_follows() {
        let head = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        for behind in ["", "more", "\r\n\r\n"] {
            let bytes = [head, behind.as_bytes()].concat();
            let mut input = &bytes[..];
            let (line, headers) =
                take(&mut HeadBuffer::of_response(), &mut input, &HandshakeLimits::default())
                    .unwrap()
                    .unwrap();
            assert_eq!((input, headers.text()), (behind.as_bytes(), &head[..]), "{behind:?}");
            assert_eq!(line, "GET /");
            assert_eq!(headers.iter().collect::<Vec<_>>(), [("Host", &b"a"[..])]);
        }
    }

    #[test]
    fn what_the_tokeniser_ends_before_we_do_is_refused() {
        let cut = |text| Head::of_request(text, &mut []).map(|head| head.line.target);
        assert_eq!(cut(b"GET / HTTP/1.1\r\n\r\n"), Ok("/"));
        assert_eq!(cut(b"GET / HTTP/1.1\r\n\r\nmore"), Err(HeadError::StartLine));
        assert_eq!(cut(b"GET / HTTP/1.1\r\n\r\n\r\n\r\n"), Err(HeadError::StartLine));
    }

    #[test]
    fn h5_lines_that_the_tokeniser_lets_pass_are_refused() {
        #[rustfmt::skip]
        let table: [(&str, &[u8], bool); 12] = [
            ("valid",              b"GET / HTTP/1.1\r\nA: b\r\nC: d\r\n\r\n",     true),
            ("an empty value",     b"GET / HTTP/1.1\r\nA:\r\nC: \r\n\r\n",        true),
            ("white space",        b"GET / HTTP/1.1\r\nA:\t b \r\nC: d\t\r\n\r\n", true),
            ("no fields",          b"GET / HTTP/1.1\r\n\r\n",                     true),
            ("the first line",     b"GET / HTTP/1.1\nA: b\r\nC: d\r\n\r\n",       false),
            ("a field",            b"GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n",       false),
            ("an empty field",     b"GET / HTTP/1.1\r\nA:\nC: d\r\n\r\n",         false),
            ("the last field",     b"GET / HTTP/1.1\r\nA: b\r\nC: d\n\r\n",       false),
            ("the empty line",     b"GET / HTTP/1.1\r\nA: b\r\nC: d\r\n\n",       false),
            ("a line before",      b"\r\nGET / HTTP/1.1\r\nA: b\r\n\r\n",        false),
            ("a line feed before", b"\nGET / HTTP/1.1\r\nA: b\r\n\r\n",          false),
            ("a line feed alone",  b"GET / HTTP/1.1\n\r\n",                       false),
        ];
        for (name, text, good) in table {
            let mut storage = [const { MaybeUninit::uninit() }; 2];
            let mut parsed = httparse::Request::new(&mut []);
            let tokens = parsed.parse_with_uninit_headers(text, &mut storage);
            assert_eq!(tokens, Ok(httparse::Status::Complete(text.len())), "{name}: the parser accepts it");
            let mut storage = [const { MaybeUninit::uninit() }; 2];
            assert_eq!(Head::of_request(text, &mut storage).is_ok(), good, "{name}");
        }
    }

    proptest! {
        /// The shortcut gives the same results as the search for the end.
        #[test]
        fn h1_h2_h5_the_shortcut_takes_what_the_search_takes(
            text in "(GET / HTTP/1.1|GET /|\r\n)?(\r\n|\n)(([A-C]:? ?[ab\r]{0,2})?(\r\n|\r\n|\n)){0,5}(\r\n|\n)?",
            max_head_len in 1..60_u64,
            max_headers in 0..5_u64,
        ) {
            let limits = HandshakeLimits { max_head_len, max_headers, ..HandshakeLimits::default() };
            let mut whole = text.as_bytes();
            let at_once = take(&mut HeadBuffer::of_response(), &mut whole, &limits);
            let mut buffer = HeadBuffer::of_response();
            let (mut first, mut rest) = text.as_bytes().split_at(1);
            let in_pieces = match take(&mut buffer, &mut first, &limits) {
                Ok(None) => take(&mut buffer, &mut rest, &limits),
                outcome => outcome,
            };
            prop_assert_eq!(at_once, in_pieces);
        }
    }

    #[test]
    fn a_head_byte_by_byte_is_the_same_and_leaves_nothing_behind() {
        let bytes = b"HTTP/1.1 101 Switching Protocols\r\nA: b \r\nC:\r\n\r\n";
        let mut buffer = HeadBuffer::of_response();
        for byte in &bytes[..bytes.len() - 1] {
            let nothing = take(&mut buffer, &mut core::slice::from_ref(byte), &HandshakeLimits::default());
            assert_eq!(nothing, Ok(None));
        }
        let (mut joined, mut storage) = (Vec::new(), FieldStorage::new());
        let head = buffer.take(
            &mut &b"\nmore"[..],
            &HandshakeLimits::default(),
            &mut joined,
            &mut storage,
            Head::of_response,
        );
        let head = head.unwrap().unwrap();
        assert_eq!(head.line, StatusLine { status: 101, is_http_1_1: true });
        assert_eq!((head.text, head.fields.len()), (&bytes[..], 2));
        assert_eq!(head.values("a").chain(head.values("c")).collect::<Vec<_>>(), [&b"b"[..], b""]);
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
            let mut buffer = HeadBuffer::of_response();
            assert_eq!(take(&mut buffer, &mut &*before, &limits), Ok(None), "{name}");
            let len = input.len();
            assert_eq!(buffer.keep_byte(&mut input, &limits), kept, "{name}");
            let expected = if kept { (before.len() + 1, 0) } else { (before.len(), len) };
            assert_eq!((buffer.len(), input.len()), expected, "{name}");
        }
    }

    #[test]
    fn h1_h2_h3_the_limits_are_the_same_for_single_bytes() {
        let outcome = |bytes: &[u8], pieces: usize, limits: &HandshakeLimits| -> Result<_, HeadError> {
            let mut buffer = HeadBuffer::of_response();
            for mut piece in bytes.chunks(pieces) {
                if !buffer.keep_byte(&mut piece, limits)
                    && let Some((_, headers)) = take(&mut buffer, &mut piece, limits)?
                {
                    return Ok(Some(headers));
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
