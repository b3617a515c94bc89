//! Each limit, on both sides of its edge.

use wsproto_handshake::{HandshakeLimits, HeadError, Request, RequestError, ResponseError, ServerHandshake};

use super::feed::{REQUEST, RESPONSE, Then, answer, head, serve, serve_chunks};

fn status(error: RequestError) -> u16 {
    error.rejection().status
}

#[test]
fn h1_head_at_the_limit_and_a_byte_beyond() {
    let bytes = head(&REQUEST, &[]);
    let exact = HandshakeLimits::default().with_max_head_len(bytes.len() as u64);
    assert!(matches!(serve("exact", &bytes, exact), (Ok(Some(_)), rest) if rest.is_empty()));
    let mut with_frames = bytes.clone();
    with_frames.extend_from_slice(&[b'f'; 100]);
    assert!(
        matches!(serve("frames do not count", &with_frames, exact), (Ok(Some(_)), rest) if rest == [b'f'; 100])
    );

    let limit = bytes.len() as u64 - 1;
    let (verdict, _) = serve("a byte beyond", &bytes, HandshakeLimits::default().with_max_head_len(limit));
    assert_eq!(verdict, Err(HeadError::TooLong { limit }.into()));
    assert_eq!(status(verdict.unwrap_err()), 431);
}

#[test]
#[cfg_attr(miri, ignore = "much to read")]
fn h1_endless_heads() {
    let endless = |start: &[u8], repeated: &[u8]| -> Vec<u8> {
        start.iter().chain(repeated.iter().cycle()).copied().take(20_000).collect()
    };
    let limit = 16 * 1024;
    #[rustfmt::skip]
    let table = [
        ("a target",  endless(b"GET /", b"a"),                        HeadError::StartLineTooLong { limit }, 414),
        ("a method",  endless(b"", b"A"),                             HeadError::StartLineTooLong { limit }, 414),
        ("a name",    endless(b"GET / HTTP/1.1\r\n", b"a"),           HeadError::TooLong { limit },          431),
        ("a value",   endless(b"GET / HTTP/1.1\r\nX: ", b"\xff"),     HeadError::TooLong { limit },          431),
        ("CRs",       endless(b"GET / HTTP/1.1\r\nX: ", b"\r"),       HeadError::TooLong { limit },          431),
    ];
    for (name, bytes, expected, expected_status) in table {
        for size in [bytes.len(), 1, 7, 1460] {
            let chunks: Vec<&[u8]> = bytes.chunks(size).collect();
            let (verdict, _) = serve_chunks(&chunks, HandshakeLimits::default());
            let error = verdict.unwrap_err();
            assert_eq!(
                (error, status(error)),
                (expected.into(), expected_status),
                "{name} in chunks of {size}"
            );
        }
    }
}

#[test]
fn h1_an_endless_head_is_not_kept_beyond_the_limit() {
    let mut server = ServerHandshake::new(HandshakeLimits::default().with_max_head_len(100));
    let mut input = &[b'A'; 99][..];
    assert_eq!(server.receive(&mut input), Ok(None));
    assert_eq!(server.buffered(), 99);
    assert!(server.receive(&mut &[b'A'; 1000][..]).is_err());
    assert_eq!(server.buffered(), 0);
}

#[test]
fn h1_target_at_the_limit_and_a_byte_beyond() {
    let limits = HandshakeLimits::default().with_max_target_len(10);
    let exact = head(&REQUEST, &[("GET", b"GET /123456789 HTTP/1.1")]);
    assert!(matches!(serve("exact", &exact, limits), (Ok(Some(_)), _)));
    let longer = head(&REQUEST, &[("GET", b"GET /1234567890 HTTP/1.1")]);
    let (verdict, _) = serve("longer", &longer, limits);
    assert_eq!(verdict, Err(RequestError::TargetTooLong { limit: 10 }));
    assert_eq!(status(verdict.unwrap_err()), 414);
}

#[test]
#[cfg_attr(miri, ignore = "much to read")]
fn h2_header_count_at_the_limit_and_one_beyond() {
    let with_fields = |count: usize| -> Vec<u8> {
        let more = "X: y\r\n".repeat(count - 5);
        head(&REQUEST, &[("+", more.trim_end().as_bytes())])
    };
    for count in [30, 31, 32, 33, 34, 99, 100] {
        let bytes = with_fields(count);
        let (verdict, _) = serve_chunks(&[&bytes], HandshakeLimits::default());
        assert_eq!(verdict.unwrap().unwrap().headers().len(), count - 1, "{count} fields, Host apart");
    }
    for count in [101, 102, 1000] {
        for size in [1, 100_000] {
            let bytes = with_fields(count);
            let chunks: Vec<&[u8]> = bytes.chunks(size).collect();
            let (verdict, _) = serve_chunks(&chunks, HandshakeLimits::default());
            let error = verdict.unwrap_err();
            assert_eq!(
                (error, status(error)),
                (HeadError::TooManyHeaders { limit: 100 }.into(), 431),
                "{count}"
            );
        }
    }
    let (verdict, _) = serve("five", &head(&REQUEST, &[]), HandshakeLimits::default().with_max_headers(5));
    assert!(verdict.is_ok());
    let (verdict, _) = serve("four", &head(&REQUEST, &[]), HandshakeLimits::default().with_max_headers(4));
    assert_eq!(verdict, Err(HeadError::TooManyHeaders { limit: 4 }.into()));
}

#[test]
fn h25_listed_items_at_the_limit_and_one_beyond() {
    let limits = HandshakeLimits::default().with_max_list_items(3);
    #[rustfmt::skip]
    let table: [(&[u8], bool); 8] = [
        (b"Sec-WebSocket-Protocol: a, b, c",                                    true),
        (b"Sec-WebSocket-Protocol: a, b, c, d",                                 false),
        (b"Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Protocol: c, d",       false),
        (b"Sec-WebSocket-Protocol: a,,, b,,, c,,,",                             true),
        (b"Sec-WebSocket-Extensions: a, b, c",                                  true),
        (b"Sec-WebSocket-Extensions: a, b, c, d",                               false),
        (b"Sec-WebSocket-Extensions: a\r\nSec-WebSocket-Extensions: b, c, d",   false),
        (b"Sec-WebSocket-Protocol: a, b, c\r\nSec-WebSocket-Extensions: a, b, c", true),
    ];
    for (line, fits) in table {
        let name = String::from_utf8_lossy(line);
        let (verdict, _) = serve(&name, &head(&REQUEST, &[("+", line)]), limits);
        if fits {
            assert!(matches!(verdict, Ok(Some(_))), "{name}: {verdict:?}");
        } else {
            assert_eq!(verdict, Err(HeadError::TooManyItems { limit: 3 }.into()), "{name}");
            assert_eq!(status(verdict.unwrap_err()), 431, "{name}");
        }
    }
    let request =
        ["a", "b", "c", "d"].into_iter().fold(Request::new("example.com", "/"), Request::with_extension);
    for (line, error) in
        [("a, b, c", None), ("a, b, c, d", Some(HeadError::TooManyItems { limit: 3 }.into()))]
    {
        let line = format!("Sec-WebSocket-Extensions: {line}");
        let bytes = head(&RESPONSE, &[("+", line.as_bytes())]);
        assert_eq!(answer(&line, &request, &bytes, Then::More, limits).error, error, "{line}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "much to read")]
fn h3_a_long_head_byte_by_byte_is_accepted() {
    let value = "v".repeat(15_000);
    let bytes = head(&REQUEST, &[("+", format!("X: {value}").as_bytes())]);
    let chunks: Vec<&[u8]> = bytes.chunks(1).collect();
    let (verdict, _) = serve_chunks(&chunks, HandshakeLimits::default());
    assert_eq!(verdict.unwrap().unwrap().headers().get_str("x"), Some(value.as_str()));
}

#[test]
#[cfg_attr(miri, ignore = "much to read")]
fn h25_ten_thousand_subprotocols_take_linear_work() {
    let list: Vec<String> = (0..10_000).map(|number| format!("{number}")).collect();
    let limits = HandshakeLimits::default().with_max_head_len(1 << 20).with_max_list_items(10_000);
    let good = head(&REQUEST, &[("+", format!("Sec-WebSocket-Protocol: {}", list.join(",")).as_bytes())]);
    let (verdict, _) = serve_chunks(&[&good], limits);
    assert_eq!(verdict.unwrap().unwrap().subprotocols().collect::<Vec<_>>(), list);
    let commas =
        head(&REQUEST, &[("+", format!("Sec-WebSocket-Protocol: {}", ",".repeat(100_000)).as_bytes())]);
    let (verdict, _) = serve_chunks(&[&commas], limits);
    assert_eq!(verdict, Err(RequestError::SubprotocolsEmpty));
}

#[test]
fn k13_response_heads_at_the_limits_and_beyond() {
    let request = Request::new("example.com", "/");
    let bytes = head(&RESPONSE, &[]);
    let limits = HandshakeLimits::default().with_max_head_len(bytes.len() as u64);
    assert!(answer("exact", &request, &bytes, Then::More, limits).accept.is_some());
    let limit = bytes.len() as u64 - 1;
    let outcome = answer("longer", &request, &bytes, Then::More, limits.with_max_head_len(limit));
    assert_eq!(outcome.error, Some(HeadError::TooLong { limit }.into()));

    assert!(answer("three", &request, &bytes, Then::More, limits.with_max_headers(3)).accept.is_some());
    let outcome = answer("two", &request, &bytes, Then::More, limits.with_max_headers(2));
    assert_eq!(outcome.error, Some(HeadError::TooManyHeaders { limit: 2 }.into()));

    let limits = HandshakeLimits::default().with_max_head_len(50);
    let endless = [&b"HTTP/1.1 101 "[..], &[b'X'; 60]].concat();
    let outcome = answer("endless", &request, &endless, Then::More, limits);
    assert_eq!(outcome.error, Some(HeadError::StartLineTooLong { limit: 50 }.into()));
}

#[test]
fn k5_interim_responses_at_the_limit_and_one_beyond() {
    let request = Request::new("example.com", "/");
    let interim = |count: usize| {
        let mut bytes =
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(count / 2);
        if count % 2 == 1 {
            bytes.extend_from_slice(b"HTTP/1.1 199\r\n\r\n");
        }
        bytes.extend_from_slice(&head(&RESPONSE, &[]));
        bytes.extend_from_slice(b"frames");
        bytes
    };
    for count in [0, 1, 2, 7, 8] {
        let outcome = answer("few", &request, &interim(count), Then::More, HandshakeLimits::default());
        assert!(outcome.accept.is_some(), "{count}: {outcome:?}");
        assert_eq!(outcome.rest, b"frames", "{count}");
    }
    let outcome = answer("nine", &request, &interim(9), Then::More, HandshakeLimits::default());
    assert_eq!(outcome.error, Some(ResponseError::TooManyInterimResponses { limit: 8 }));
}
