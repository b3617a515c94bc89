use alloc::vec::Vec;

use super::*;

/// Where a head ends, by the definition, for text whose lines are all fields.
fn slow_end(text: &[u8]) -> Result<Option<usize>, HeadError> {
    for (at, _) in text.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
        match &text[..at] {
            b"\r" => return Err(HeadError::StartLine),
            [.., b'\n', b'\r'] => return Ok(Some(at + 1)),
            [rest @ .., b'\r'] => {
                let line = rest.rsplit(|byte| *byte == b'\n').next().unwrap();
                let is_field = rest.contains(&b'\n');
                if is_field && line.contains(&b'\r') {
                    return Err(HeadError::BareCarriageReturn);
                }
            }
            _ => return Err(HeadError::BareLineFeed),
        }
    }
    Ok(None)
}

#[test]
fn h3_h5_the_end_is_found_wherever_it_is() {
    let limits = HandshakeLimits::default();
    for len in 2..100 {
        for (at, end) in
            (2..=len).flat_map(|at| ["\r\n", "\n", "\r\n\r\n", "\r\n\n", "\r\r\n"].map(|end| (at, end)))
        {
            let mut text = b"a:".repeat(len);
            text.splice(2 * at - 2..2 * at - 2, end.bytes());
            for lines in ["", "a\r\n", "a\r\nb:\r\n"] {
                let text = [lines.as_bytes(), &text].concat();
                let found = Lines::default().read(&text, &limits);
                assert_eq!(found, slow_end(&text), "{lines:?}, {end:?} at {at} of {len}");
            }
        }
    }
}

#[test]
fn h3_search_never_goes_back() {
    let head: Vec<u8> = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec();
    let mut buffer = HeadBuffer::default();
    let limits = HandshakeLimits::default();
    for (fed, byte) in head.iter().enumerate().take(head.len() - 1) {
        let mut input = core::slice::from_ref(byte);
        assert!(buffer.take(&mut input, &limits).unwrap().is_none());
        let awaits_line_feed = usize::from(*byte == b'\r');
        assert_eq!((buffer.lines.searched, buffer.kept.len()), (fed + 1 - awaits_line_feed, fed + 1));
    }
    let whole = buffer.take(&mut &b"\nmore"[..], &limits).unwrap().unwrap();
    assert_eq!(whole.headers.text(), head);
    assert_eq!(buffer.len(), 0, "ready for the next head");
}

#[test]
fn a_head_in_one_piece_is_copied_once_and_without_what_follows() {
    let bytes = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nmore";
    let mut input = &bytes[..];
    let head = HeadBuffer::default().take(&mut input, &HandshakeLimits::default()).unwrap().unwrap();
    assert_eq!((input, head.headers.text()), (&b"more"[..], &bytes[..bytes.len() - 4]));
}

/// Fields as somebody else cuts them; `None` where that is no head of this kind, or not the whole.
fn oracle(text: &[u8], is_request: bool) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut room = [httparse::EMPTY_HEADER; 40];
    let (outcome, fields) = if is_request {
        let mut request = httparse::Request::new(&mut room);
        let outcome = request.parse(text);
        (outcome, (request.version == Some(1)).then_some(request.headers)?)
    } else {
        let mut response = httparse::Response::new(&mut room);
        let outcome = response.parse(text);
        (outcome, response.headers)
    };
    let whole = outcome.ok()?.is_complete();
    let fields = fields.iter().map(|field| (field.name.into(), field.value.into()));
    whole.then(|| fields.collect())
}

proptest::proptest! {
    /// Where all lines end as they must, both take the same heads, with the same fields.
    #[test]
    fn h5_h6_h7_h8_heads_are_cut_as_httparse_does(
        first in proptest::sample::select(&[
            "GET / HTTP/1.1", "GET /\u{e9} HTTP/1.1", "GET  / HTTP/1.1", "G@T / HTTP/1.1", "GET / HTTP/1.0",
            "HTTP/1.1 101 Up", "HTTP/1.1 101", "HTTP/1.0 200 ", "HTTP/1.1 20 x", "HTTP/1.1 200x", "",
        ][..]),
        fields in proptest::collection::vec("[ \t:a-cX!(\u{1}\u{7f}\u{e9}-]{0,12}(:[ \t,:;a-d\"\u{7f}\u{0}\u{e9}]{0,20})?", 0..5),
    ) {
        let mut text = first.as_bytes().to_vec();
        text.extend_from_slice(b"\r\n");
        for field in fields {
            text.extend_from_slice(field.as_bytes());
            text.extend_from_slice(b"\r\n");
        }
        text.extend_from_slice(b"\r\n");
        let head = HeadBuffer::default().take(&mut &text[..], &HandshakeLimits::default());
        let head = head.map(|head| head.unwrap());
        for is_request in [true, false] {
            let is_kind = |head: &&Head| {
                if is_request { head.request_line().is_ok() } else { head.status_line().is_ok() }
            };
            let ours = head.as_ref().ok().filter(is_kind);
            let ours = ours.map(|head| {
                let fields = head.headers.iter().map(|(name, value)| (name.into(), value.to_vec()));
                fields.collect::<Vec<_>>()
            });
            let theirs = oracle(head.as_ref().map_or(&text, |head| head.headers.text()), is_request);
            proptest::prop_assert_eq!(ours, theirs.filter(|_| !first.is_empty()), "{:?}", text);
        }
    }
}
