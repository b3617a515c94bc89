//! Properties that hold for all inputs.

use proptest::{collection::vec, prelude::*, sample::select};
use wsproto_handshake::{
    AcceptConnection, Answer, ClientHandshake, HandshakeLimits, RejectConnection, RejectData, Request,
    ServerHandshake, WebSocketUrl,
};

use super::feed::{REQUEST, RESPONSE, Then, answer_chunks, head, serve_chunks};

const TOKEN: &str = "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}";
const NAME: &str = "X-[!#$%&'*+.^_`|~0-9A-Za-z-]{0,12}";

fn value() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![0x21_u8..=0x7e, 0x80_u8..=0xff, Just(b' '), Just(b'\t')];
    vec(byte, 0..20).prop_map(|value| value.trim_ascii().to_vec())
}

fn extension() -> impl Strategy<Value = String> {
    ("[a-z-]{1,8}", vec("; [a-z]{1,5}(=([a-z0-9]{1,4}|\"(\\\\?[!#-'*+.0-9A-Z^-z|~-]){1,6}\"))?", 0..3))
        .prop_map(|(name, parameters)| name + &parameters.concat())
}

prop_compose! {
    fn request()(
        host in "[a-z0-9.-]{1,12}(:[0-9]{1,4})?",
        target in "/[!-\"$-~]{0,20}",
        mut subprotocols in vec(TOKEN, 0..4),
        extensions in vec(extension(), 0..4),
        fields in vec((NAME, value()), 0..5),
    ) -> Request {
        subprotocols.sort();
        subprotocols.dedup();
        let request = Request::new(host, target);
        let request = subprotocols.into_iter().fold(request, Request::with_subprotocol);
        let request = extensions.into_iter().fold(request, Request::with_extension);
        fields.iter().fold(request, |request, (name, value)| request.with_header(name, value))
    }
}

/// Bytes that look like a head more often than random bytes do, with or without bytes after it.
fn nearly(lines: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), 0..3_u8, select(b"\r\n \t:,;=\"\\/#0aA\0\x7f\xff".to_vec()));
    let behind = select(vec!["", "", "\r\n", "\r\n\r\n", "\r\n\r\nmore\r\n\r\n"]);
    (vec(edit, 0..4), behind).prop_map(move |(edits, behind)| {
        let mut bytes = head(lines, &[]);
        for (at, what, byte) in edits {
            let at = at.index(bytes.len());
            match what {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        bytes.extend_from_slice(behind.as_bytes());
        bytes
    })
}

fn cut<'a>(bytes: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut rest = bytes;
    let mut chunks = Vec::new();
    for size in sizes {
        let (chunk, after) = rest.split_at(rest.len().min(*size));
        chunks.push(chunk);
        rest = after;
    }
    chunks.push(rest);
    chunks
}

proptest! {
    #[test]
    #[cfg_attr(miri, ignore = "random text takes minutes to make")]
    fn h23_what_a_client_sends_reads_back_the_same(request in request(), nonce in any::<[u8; 16]>()) {
        let mut out = Vec::new();
        ClientHandshake::new(HandshakeLimits::default()).send_request(&request, nonce, &mut out).unwrap();
        let mut server = ServerHandshake::new(HandshakeLimits::default());
        let mut input = &out[..];
        let received = server.receive(&mut input).unwrap().unwrap();
        prop_assert!(input.is_empty());
        prop_assert_eq!(received.target(), request.target());
        prop_assert!(received.subprotocols().eq(request.subprotocols()));
        prop_assert!(received.extensions().eq(request.extensions()));
        let own: Vec<_> = received.headers().iter().skip(4).collect();
        prop_assert_eq!(own, request.headers().iter().collect::<Vec<_>>(), "after the handshake's own four");
    }

    #[test]
    #[cfg_attr(miri, ignore = "random text takes minutes to make")]
    fn h23_what_a_server_sends_reads_back_the_same(
        request in request(),
        choice in any::<prop::sample::Index>(),
        fields in vec((NAME, value()), 0..5),
    ) {
        let mut client = ClientHandshake::new(HandshakeLimits::default());
        let mut server = ServerHandshake::new(HandshakeLimits::default());
        let (mut out, mut answer) = (Vec::new(), Vec::new());
        client.send_request(&request, [7; 16], &mut out).unwrap();
        server.receive(&mut &out[..]).unwrap().unwrap();
        let mut accept = AcceptConnection::new();
        let proposed: Vec<&str> = request.subprotocols().collect();
        accept.subprotocol = (!proposed.is_empty()).then(|| (*choice.get(&proposed)).into());
        accept.extensions = request.extensions().map(String::from).collect();
        accept.headers.extend(fields);
        server.accept(&accept, &mut answer).unwrap();
        let mut input = &answer[..];
        prop_assert_eq!(client.receive(&mut input), Ok(Some(Answer::Accept(accept))));
        prop_assert!(input.is_empty());
    }

    #[test]
    #[cfg_attr(miri, ignore = "random text takes minutes to make")]
    fn h23_whatever_the_caller_gives_either_fails_or_reads_back(
        host in ".{0,6}", target in ".{0,6}", subprotocol in ".{0,6}", extension in ".{0,6}",
        name in ".{0,6}", value in vec(any::<u8>(), 0..6),
    ) {
        let request = Request::new(host, target)
            .with_subprotocol(subprotocol)
            .with_extension(extension)
            .with_header(&name, &value);
        let mut out = Vec::new();
        if ClientHandshake::new(HandshakeLimits::default()).send_request(&request, [7; 16], &mut out).is_ok() {
            let mut server = ServerHandshake::new(HandshakeLimits::default());
            let received = server.receive(&mut &out[..]).unwrap().unwrap();
            prop_assert_eq!(received.target(), request.target());
            prop_assert!(received.subprotocols().eq(request.subprotocols()));
            prop_assert!(received.extensions().eq(request.extensions()));
            prop_assert_eq!(received.headers().iter().nth(4), Some((&name[..], &value[..])));
        } else {
            prop_assert!(out.is_empty());
        }
    }

    /// Any text is refused as a URL, or can be sent, shown and read back.
    #[test]
    fn k15_a_url_is_refused_or_reads_back(
        url in prop_oneof![
            "(ws|wss|http)://([a-z%:.@]{0,4}@)?[a-z0-9.%:\\[\\]-]{0,8}(:[0-9]{0,6})?[/?#a-z%0-9. ]{0,8}",
            "\\PC{0,20}",
        ],
        location in "((https?|wss?)://|//|/|\\?)?[a-z0-9./?#%: -]{0,12}",
    ) {
        let Ok(url) = url.parse::<WebSocketUrl>() else { return Ok(()) };
        for url in [Some(url.clone()), url.redirect(&location).ok()].into_iter().flatten() {
            let mut client = ClientHandshake::new(HandshakeLimits::default());
            prop_assert_eq!(client.send_request(&url.request(), [7; 16], &mut Vec::new()), Ok(()));
            let again: WebSocketUrl = url.to_string().parse().unwrap();
            prop_assert_eq!((again.host(), again.port()), (url.host(), url.port()));
            prop_assert_eq!((again.is_secure(), again.target()), (url.is_secure(), url.target()));
            prop_assert!(!url.host().is_empty() && url.target().starts_with('/'));
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "random text takes minutes to make")]
    fn rejections_read_back_the_same(
        status in (200_u16..600).prop_map(|status| if let 204 | 205 | 304 = status { 400 } else { status }),
        fields in vec((NAME, value()), 0..5),
        parts in vec(vec(any::<u8>(), 0..30), 1..5),
        framing in 0..3_u8,
    ) {
        let body = parts.concat();
        let mut reject = RejectConnection::new(status).with_body();
        match framing {
            0 => {}
            1 => reject = reject.with_header("Content-Length", body.len().to_string()),
            _ => reject = reject.with_header("Connection", "close"),
        }
        reject.headers.extend(fields);
        let mut server = ServerHandshake::new(HandshakeLimits::default());
        server.receive(&mut &head(&REQUEST, &[])[..]).unwrap();
        let mut out = Vec::new();
        server.reject(&reject, &mut out).unwrap();
        for (index, part) in parts.iter().enumerate() {
            let last = index + 1 == parts.len();
            let part = RejectData::new(part);
            server.reject_data(&if last { part } else { part.unfinished() }, &mut out).unwrap();
        }
        let outcome = answer_chunks(&Request::new("a", "/"), &[&out], Then::End, HandshakeLimits::default());
        let received = outcome.reject.unwrap();
        prop_assert_eq!(received.status, status);
        for (name, value) in reject.headers.iter().filter(|(name, _)| *name != "Connection") {
            prop_assert!(received.headers.get_all(name).any(|other| other == value));
        }
        prop_assert!(received.headers.get("Connection").is_some_and(|value| value.starts_with(b"close")));
        prop_assert_eq!((outcome.body, outcome.body_finished, outcome.error), (body, true, None));
    }

    #[test]
    fn h3_h9_requests_have_one_verdict_in_any_chunking(
        bytes in prop_oneof![vec(any::<u8>(), 0..200), nearly(&REQUEST)],
        sizes in vec(0..40_usize, 0..10),
    ) {
        let limits = HandshakeLimits::default().with_max_head_len(250).with_max_headers(7);
        let whole = serve_chunks(&[&bytes], limits);
        prop_assert_eq!(serve_chunks(&cut(&bytes, &sizes), limits), whole);
    }

    #[test]
    fn k13_responses_have_one_outcome_in_any_chunking(
        bytes in prop_oneof![vec(any::<u8>(), 0..200), nearly(&RESPONSE), nearly(&CHUNKED), nearly(&LENGTH)],
        sizes in vec(0..40_usize, 0..10),
        end in prop_oneof![Just(Then::More), Just(Then::End)],
    ) {
        let limits = HandshakeLimits::default().with_max_head_len(250).with_max_headers(7).with_max_reject_body(20);
        let request = Request::new("a", "/").with_subprotocol("chat");
        let whole = answer_chunks(&request, &[&bytes], end, limits);
        prop_assert_eq!(answer_chunks(&request, &cut(&bytes, &sizes), end, limits), whole);
    }
}

const CHUNKED: [&str; 9] = [
    "HTTP/1.1 403 Forbidden",
    "Transfer-Encoding: chunked\r\n",
    "5",
    "hello",
    "3;a=b",
    "abc",
    "0",
    "A: b",
    "C: d",
];

const LENGTH: [&str; 3] = ["HTTP/1.1 403 Forbidden", "Content-Length: 8\r\n", "hello"];
