//! Bodies of rejections as a client receives them (RFC 9112 §6.3, §7.1).

use wsproto_handshake::{HandshakeLimits, HeadError, Request, ResponseError};

use super::feed::{Outcome, Then, answer, answer_chunks};

fn refusal(head: &str, body: &[u8]) -> Vec<u8> {
    [b"HTTP/1.1 403 Forbidden\r\n", head.as_bytes(), b"\r\n", body].concat()
}

fn received(name: &str, head: &str, body: &[u8], then: Then) -> Outcome {
    answer(name, &Request::new("a", "/"), &refusal(head, body), then, HandshakeLimits::default())
}

#[test]
fn k6_bodies_by_length_by_chunks_and_until_the_end() {
    use Then::*;
    const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";
    #[rustfmt::skip]
    let table: [(&str, &str, &[u8], Then, &[u8], &[u8]); 25] = [
        // name                 head                              body                                              then   data            rest
        ("length",              "Content-Length: 5\r\n",          b"hello",                                         More,  b"hello",       b""),
        ("length, then more",   "content-length: 5\r\n",          b"hello, you",                                    More,  b"hello",       b", you"),
        ("length, then the end","Content-Length: 5\r\n",          b"hello",                                         End,   b"hello",       b""),
        ("length of zero",      "Content-Length: 0\r\n",          b"x",                                             More,  b"",            b"x"),
        ("one length twice",    "Content-Length: 5\r\nContent-Length: 5\r\n", b"hello, you",                           More,  b"hello",       b", you"),
        ("one length in a list","Content-Length: 5, 5\r\n",       b"hello, you",                                    More,  b"hello",       b", you"),
        ("no space in the list","Content-Length: 5,5\r\n",        b"hello, you",                                    More,  b"hello",       b", you"),
        ("both, and elements without length", "Content-Length: 5,, 5\r\nContent-Length: ,5\r\nContent-Length:\r\n", b"hello", More, b"hello", b""),
        ("zeros before",        "Content-Length: 5, 005\r\n",     b"hello",                                         More,  b"hello",       b""),
        ("until the end",       "",                               b"hello",                                         End,   b"hello",       b""),
        ("nothing",             "",                               b"",                                              End,   b"",            b""),
        ("chunks",              CHUNKED,                          b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",             More,  b"hello!",      b""),
        ("chunks, then more",   CHUNKED,                          b"5\r\nhello\r\n0\r\n\r\nmore",                   More,  b"hello",       b"more"),
        ("no chunks",           CHUNKED,                          b"0\r\n\r\n",                                     More,  b"",            b""),
        ("capitals, zeros",     CHUNKED,                          b"000A\r\n0123456789\r\n00\r\n\r\n",              More,  b"0123456789",  b""),
        ("size of 16 digits",   CHUNKED,                          b"0000000000000001\r\nx\r\n0\r\n\r\n",            More,  b"x",           b""),
        ("extensions",          CHUNKED,                          b"1;a=\"b\";c\r\nx\r\n1 \t;d\r\ny\r\n0;e\r\n\r\n", More, b"xy",          b""),
        ("trailer",             CHUNKED,                          b"1\r\nx\r\n0\r\nA: b\r\nC: \xff\r\n\r\n",        More,  b"x",           b""),
        ("coding in capitals",  "transfer-encoding: CHUNKED\r\n", b"1\r\nx\r\n0\r\n\r\n",                           More,  b"x",           b""),
        ("space behind a size", CHUNKED,                          b"1 \r\nx\r\n0 \t\r\n\r\n",                         More,  b"x",           b""),
        ("sizes in extensions", CHUNKED,                          b"1; 6\r\nx\r\n0;6 6\r\n\r\n",                      More,  b"x",           b""),
        ("coding in a list",    "Transfer-Encoding: , chunked ,\r\n", b"1\r\nx\r\n0\r\n\r\n",                      More,  b"x",           b""),
        ("an empty field",      "Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n", b"1\r\nx\r\n0\r\n\r\n",  More,  b"x",           b""),
        ("an empty one before", "Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n", b"1\r\nx\r\n0\r\n\r\n",  More,  b"x",           b""),
        ("binary data",         CHUNKED,                          b"4\r\n\r\n0\xff\r\n0\r\n\r\n",                   More,  b"\r\n0\xff",   b""),
    ];
    for (name, head, body, then, data, rest) in table {
        let outcome = received(name, head, body, then);
        assert_eq!((outcome.error, outcome.body_finished), (None, true), "{name}");
        assert_eq!((outcome.body.as_slice(), outcome.rest.as_slice()), (data, rest), "{name}");
        assert!(outcome.reject.is_some_and(|reject| reject.status == 403 && reject.has_body), "{name}");
    }
}

#[test]
fn k6_statuses_without_body_and_old_http() {
    let request = Request::new("a", "/");
    let limits = HandshakeLimits::default();
    for status in [204, 304] {
        for lines in [
            "",
            "Content-Length: 5\r\n",
            "Content-Length: x\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n",
        ] {
            let bytes = format!("HTTP/1.1 {status} X\r\n{lines}\r\nmore");
            let outcome = answer(lines, &request, bytes.as_bytes(), Then::More, limits);
            assert_eq!((outcome.error, outcome.body_finished), (None, true), "{status} {lines}");
            assert_eq!((&*outcome.body, &*outcome.rest), (&b""[..], &b"more"[..]), "{status} {lines}");
        }
    }
    let old = answer("1.0", &request, b"HTTP/1.0 404 Not Found\r\n\r\nnot here", Then::End, limits);
    assert_eq!((old.body.as_slice(), old.body_finished, old.error), (&b"not here"[..], true, None));
}

#[test]
fn k6_bodies_that_break_rules() {
    use ResponseError::*;
    use Then::*;
    const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";
    let long_extension = format!("1;{}\r\nx\r\n0\r\n\r\n", "e".repeat(256));
    let long_space = format!("1{}\r\nx\r\n0\r\n\r\n", " ".repeat(257));
    #[rustfmt::skip]
    let table: [(&str, &str, &[u8], Then, ResponseError); 45] = [
        ("length and coding",      "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", b"",             More, BodyAmbiguous),
        ("two lengths",            "Content-Length: 1\r\nContent-Length: 2\r\n", b"",                      More, ContentLengthInvalid),
        ("two lengths of a list",  "Content-Length: 1, 2\r\n", b"",                                        More, ContentLengthInvalid),
        ("one is none",            "Content-Length: 1, x\r\n", b"",                                        More, ContentLengthInvalid),
        ("lengths in one element", "Content-Length: 1 1\r\n", b"",                                         More, ContentLengthInvalid),
        ("empty length",           "Content-Length:\r\n", b"",                                             More, ContentLengthInvalid),
        ("elements without any",   "Content-Length: ,,\r\n", b"",                                          More, ContentLengthInvalid),
        ("length with a sign",     "Content-Length: +1\r\n", b"",                                          More, ContentLengthInvalid),
        ("length that is none",    "Content-Length: x\r\n", b"",                                           More, ContentLengthInvalid),
        ("length that overflows",  "Content-Length: 18446744073709551616\r\n", b"",                        More, ContentLengthInvalid),
        ("gzip",                   "Transfer-Encoding: gzip\r\n", b"",                                     More, TransferEncodingUnknown),
        ("identity",               "Transfer-Encoding: identity\r\n", b"",                                 More, TransferEncodingUnknown),
        ("gzip, then chunked",     "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", b"",       More, TransferEncodingUnknown),
        ("chunked and gzip",       "Transfer-Encoding: chunked, gzip\r\n", b"",                            More, TransferEncodingUnknown),
        ("chunked twice in a list","Transfer-Encoding: chunked, chunked\r\n", b"",                         More, TransferEncodingUnknown),
        ("chunked with a parameter","Transfer-Encoding: chunked;q=1\r\n", b"",                             More, TransferEncodingUnknown),
        ("gzip and chunked",       "Transfer-Encoding: gzip, chunked\r\n", b"",                            More, TransferEncodingUnknown),
        ("chunked twice",          "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"",    More, TransferEncodingUnknown),
        ("empty coding",           "Transfer-Encoding:\r\n", b"",                                          More, TransferEncodingUnknown),
        ("length, empty coding",   "Content-Length: 1\r\nTransfer-Encoding:\r\n", b"x",                  More, BodyAmbiguous),
        ("ends within the length", "Content-Length: 5\r\n", b"hell",                                       End,  BodyEnded),
        ("ends within a chunk",    CHUNKED, b"5\r\nhell",                                                  End,  BodyEnded),
        ("ends behind a chunk",    CHUNKED, b"5\r\nhello\r\n",                                             End,  BodyEnded),
        ("ends in the trailer",    CHUNKED, b"0\r\n",                                                      End,  BodyEnded),
        ("empty size",             CHUNKED, b"\r\n",                                                       More, Chunk),
        ("size with a sign",       CHUNKED, b"+5\r\nhello\r\n",                                            More, Chunk),
        ("size with a prefix",     CHUNKED, b"0x5\r\nhello\r\n",                                           More, Chunk),
        ("space before the size",  CHUNKED, b" 5\r\nhello\r\n",                                            More, Chunk),
        ("size that overflows",    CHUNKED, b"10000000000000000\r\n",                                      More, Chunk),
        ("size of 17 digits",      CHUNKED, b"00000000000000001\r\nx\r\n",                                 More, Chunk),
        ("two sizes",              CHUNKED, b"3 6\r\nhello!\r\n",                                         More, Chunk),
        ("a word behind a size",   CHUNKED, b"3\t a\r\nhello!\r\n",                                       More, Chunk),
        ("a dot behind a size",    CHUNKED, b"3.\r\nhello!\r\n",                                          More, Chunk),
        ("bare LF, space",         CHUNKED, b"3 \nhello!\r\n",                                            More, Chunk),
        ("long white space",       CHUNKED, long_space.as_bytes(),                                         More, Chunk),
        ("bare LF, size",          CHUNKED, b"5\nhello\r\n",                                               More, Chunk),
        ("bare CR, size",          CHUNKED, b"5\rhello\r\n",                                               More, Chunk),
        ("bare LF, extension",     CHUNKED, b"5;a\nhello\r\n",                                             More, Chunk),
        ("long extension",         CHUNKED, long_extension.as_bytes(),                                     More, Chunk),
        ("chunk too long",         CHUNKED, b"5\r\nhello!\r\n",                                            More, Chunk),
        ("bare LF, data",          CHUNKED, b"5\r\nhello\n",                                               More, Chunk),
        ("bare CR, data",          CHUNKED, b"5\r\nhello\r5\r\n",                                          More, Chunk),
        ("bare LF, trailer",       CHUNKED, b"0\r\nA: b\n\r\n",                                            More, Chunk),
        ("bare LF, end",           CHUNKED, b"0\r\n\n",                                                    More, Chunk),
        ("control, trailer",       CHUNKED, b"0\r\nA\x01\r\n\r\n",                                         More, Chunk),
    ];
    for (name, head, body, then, expected) in table {
        let outcome = received(name, head, body, then);
        assert_eq!((outcome.error, outcome.body_finished), (Some(expected), false), "{name}");
        let reject = outcome.reject.unwrap_or_else(|| panic!("{name}: status and fields must be kept"));
        assert_eq!((reject.status, reject.headers.is_empty()), (403, false), "{name}");
    }
    // HTTP/1.0 has no transfer codings (RFC 9112 §6.1).
    for (lines, expected) in [
        ("Transfer-Encoding: chunked\r\n", TransferEncodingUnknown),
        ("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", BodyAmbiguous),
    ] {
        let old = format!("HTTP/1.0 403 X\r\n{lines}\r\n0\r\n\r\n");
        let limits = HandshakeLimits::default();
        let outcome = answer("1.0", &Request::new("a", "/"), old.as_bytes(), Then::More, limits);
        assert_eq!(outcome.error, Some(expected), "{lines}");
        assert!(outcome.reject.is_some_and(|reject| reject.status == 403), "{lines}");
    }
}

#[test]
fn k6_a_body_without_frame_is_the_same_error_at_the_end() {
    let outcome = received("end", "Transfer-Encoding: gzip\r\n", b"", Then::End);
    assert_eq!(outcome.error, Some(ResponseError::TransferEncodingUnknown));
    assert!(outcome.reject.is_some_and(|reject| reject.headers.get_str("transfer-encoding") == Some("gzip")));
}

#[test]
fn k6_body_at_the_limit_and_a_byte_beyond() {
    let limits = HandshakeLimits::default().with_max_reject_body(10);
    let request = Request::new("a", "/");
    #[rustfmt::skip]
    let table: [(&str, &str, &[u8], &[u8]); 3] = [
        ("until the end", "",                               b"0123456789",                                b"0123456789a"),
        ("length",        "Content-Length: 11\r\n",         b"0123456789",                                b"0123456789a"),
        ("chunks",        "Transfer-Encoding: chunked\r\n", b"5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n",      b"5\r\n01234\r\n6\r\n56789a\r\n0\r\n\r\n"),
    ];
    for (name, head, at_limit, beyond) in table {
        let outcome = answer(name, &request, &refusal(head, at_limit), Then::More, limits);
        assert_eq!((outcome.error, outcome.body.as_slice()), (None, &b"0123456789"[..]), "{name}");
        let outcome = answer(name, &request, &refusal(head, beyond), Then::More, limits);
        assert_eq!(outcome.error, Some(ResponseError::BodyTooLong { limit: 10 }), "{name}");
        assert_eq!(outcome.body, b"0123456789", "{name}: bytes within the limit are returned");
    }
    let exact =
        answer("exact", &request, &refusal("Content-Length: 10\r\n", b"0123456789"), Then::More, limits);
    assert!(exact.body_finished);
}

#[test]
#[cfg_attr(miri, ignore = "much to read")]
fn k6_default_limit_of_a_body() {
    let body = vec![b'x'; 64 * 1024 + 1];
    let request = Request::new("a", "/");
    for (len, expected) in
        [(64 * 1024, None), (64 * 1024 + 1, Some(ResponseError::BodyTooLong { limit: 65_536 }))]
    {
        let bytes = refusal("", &body[..len]);
        let chunks: Vec<&[u8]> = bytes.chunks(1460).collect();
        let outcome = answer_chunks(&request, &chunks, Then::End, HandshakeLimits::default());
        assert_eq!(outcome.error, expected, "{len} bytes");
    }
}

#[test]
fn k6_trailer_at_the_limit_and_a_byte_beyond() {
    let limits = HandshakeLimits::default().with_max_head_len(60);
    let request = Request::new("a", "/");
    let with_trailer = |len: usize| {
        let field = format!("A: {}\r\n", "b".repeat(len - 7));
        refusal("Transfer-Encoding: chunked\r\n", format!("0\r\n{field}\r\n").as_bytes())
    };
    assert!(answer("at", &request, &with_trailer(60), Then::More, limits).body_finished);
    let outcome = answer("beyond", &request, &with_trailer(61), Then::More, limits);
    assert_eq!(outcome.error, Some(ResponseError::TrailerTooLong { limit: 60 }));
}

#[test]
fn an_end_before_a_body_is_no_body() {
    let outcome =
        answer("head", &Request::new("a", "/"), b"HTTP/1.1 403 X\r\n", Then::End, HandshakeLimits::default());
    assert_eq!(outcome.error, Some(HeadError::Ended.into()));
}
