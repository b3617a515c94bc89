//! Feeds bytes to a handshake whole, at every split and one at a time, and checks that all results are equal.

use wsproto_handshake::{
    AcceptConnection, Answer, ClientHandshake, ClientUpgrade, HandshakeLimits, HeadError, HttpVersion,
    RejectConnection, Request, RequestError, RequestHead, ResponseError, ServerHandshake, Upgrade,
};

/// The lines of a valid request.
pub(crate) const REQUEST: [&str; 6] = [
    "GET /chat HTTP/1.1",
    "Host: example.com",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
];

/// The lines of the answer to that request.
pub(crate) const RESPONSE: [&str; 4] = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
];

/// Makes a head from lines. An edit replaces the line that begins with its name by its bytes, or removes the line where
/// it has no bytes. An edit named `+` adds its bytes after the last line.
pub(crate) fn head(lines: &[&str], edits: &[(&str, &[u8])]) -> Vec<u8> {
    let mut head = Vec::new();
    for line in lines {
        let edit = edits.iter().find(|(name, _)| line.starts_with(name));
        push_line(&mut head, edit.map_or(line.as_bytes(), |(_, bytes)| bytes));
    }
    for (_, bytes) in edits.iter().filter(|(name, _)| *name == "+") {
        push_line(&mut head, bytes);
    }
    head.extend_from_slice(b"\r\n");
    head
}

fn push_line(head: &mut Vec<u8>, line: &[u8]) {
    if !line.is_empty() {
        head.extend_from_slice(line);
        head.extend_from_slice(b"\r\n");
    }
}

/// All splits that the tests try; in Miri, where each takes a second, only the first.
pub(crate) fn chunkings(bytes: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    let splits = (1..bytes.len()).map(|at| vec![&bytes[..at], &bytes[at..]]);
    let one_by_one = bytes.chunks(1).collect();
    let threes = bytes.chunks(3).collect();
    let all = [vec![bytes], one_by_one, threes].into_iter().chain(splits);
    all.take(if cfg!(miri) { 1 } else { usize::MAX })
}

/// Gives a request to a server in every split; returns the verdict, the same for all, and the bytes that were not
/// taken.
pub(crate) fn serve(
    name: &str,
    bytes: &[u8],
    limits: HandshakeLimits,
) -> (Result<Option<Request>, RequestError>, Vec<u8>) {
    let mut verdicts = chunkings(bytes).map(|chunks| {
        let sizes: Vec<usize> = chunks.iter().map(|chunk| chunk.len()).collect();
        (serve_chunks(&chunks, limits), sizes)
    });
    let (first, _) = verdicts.next().expect("the undivided input");
    for (other, sizes) in verdicts {
        assert_eq!(other, first, "{name}: another verdict in chunks of {sizes:?}");
    }
    assert_parsed_agrees(name, bytes, limits, &first.0);
    first
}

/// Checks that the verdict is the same where another HTTP library has parsed the head.
fn assert_parsed_agrees(
    name: &str,
    bytes: &[u8],
    limits: HandshakeLimits,
    verdict: &Result<Option<Request>, RequestError>,
) {
    let Some((head, fields)) = cut(bytes) else { return };
    let upgrade = Upgrade::from_fields(&head, fields.iter().copied(), &limits);
    // Faults that only the bytes of a head show, and lengths that depend on them.
    let is_of_bytes = match (verdict, &upgrade) {
        (Ok(None), _) | (Err(RequestError::Head(HeadError::HttpVersion)), Ok(_)) => true,
        (Err(RequestError::Head(error)), _) => {
            !matches!(error, HeadError::TooManyHeaders { .. } | HeadError::TooManyItems { .. })
        }
        _ => false,
    };
    if is_of_bytes {
        return;
    }
    match (verdict, &upgrade) {
        (Ok(Some(request)), Ok(upgrade)) => assert_same(name, request, upgrade),
        (Err(expected), Err(error)) => {
            assert_eq!(error.error, *expected, "{name}, parsed");
            let rejection = expected.rejection();
            assert_eq!(error.response.status, rejection.status, "{name}, parsed");
        }
        _ => panic!("{name}: {verdict:?} from bytes, {upgrade:?} parsed"),
    }
    #[cfg(feature = "http")]
    if let Some(request) = http_request(&head, &fields) {
        let same = Upgrade::from_http_within(&limits, &request, None);
        match (upgrade, same) {
            (Ok(one), Ok(other)) => assert_same(name, &one, &other),
            (Err(one), Err(other)) => assert_eq!(other, one, "{name}: another verdict by the crate http"),
            (one, other) => panic!("{name}: {one:?} by fields, {other:?} by the crate http"),
        }
    }
}

/// Checks that a parsed request says the same, in the parts that are kept.
fn assert_same(name: &str, request: &Request, parsed: &Request) {
    assert_eq!((parsed.host(), parsed.target()), (request.host(), request.target()), "{name}, parsed");
    assert!(parsed.subprotocols().eq(request.subprotocols()), "{name}, parsed: subprotocols");
    assert!(parsed.extensions().eq(request.extensions()), "{name}, parsed: extensions");
    let origins =
        |request: &Request| request.headers().get_all("Origin").map(<[u8]>::to_vec).collect::<Vec<_>>();
    assert_eq!(origins(parsed), origins(request), "{name}, parsed");
}

/// Splits a head as another HTTP library may.
pub(crate) fn cut(bytes: &[u8]) -> Option<(RequestHead<'_>, Vec<(&str, &[u8])>)> {
    let bytes = bytes.strip_prefix(b"\r\n").unwrap_or(bytes);
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n")?;
    let mut lines =
        bytes[..end].split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut words = str::from_utf8(lines.next()?).ok()?.split(' ');
    let (method, target, version, None) = (words.next()?, words.next()?, words.next()?, words.next()) else {
        return None;
    };
    let version = match version {
        "HTTP/1.0" | "HTTP/2.0" => HttpVersion::Http10,
        _ => HttpVersion::Http11,
    };
    Some((RequestHead::new(version, method, target), cut_fields(lines)?))
}

/// Makes the same request with the crate `http`; `None` where that crate can't hold it.
#[cfg(feature = "http")]
fn http_request(head: &RequestHead<'_>, fields: &[(&str, &[u8])]) -> Option<http::Request<()>> {
    let uri: http::Uri = head.target.parse().ok()?;
    // The crate drops fragments, and adds a path where there is none.
    let kept = uri.to_string();
    if kept != head.target {
        return None;
    }
    let mut request = http::Request::builder().method(head.method).uri(uri);
    if head.version == HttpVersion::Http10 {
        request = request.version(http::Version::HTTP_10);
    }
    for (name, value) in fields {
        request = request.header(*name, value.trim_ascii());
    }
    request.body(()).ok()
}

pub(crate) fn serve_chunks(
    chunks: &[&[u8]],
    limits: HandshakeLimits,
) -> (Result<Option<Request>, RequestError>, Vec<u8>) {
    let mut server = ServerHandshake::new(limits);
    let mut verdict = Ok(None);
    let mut rest = Vec::new();
    for chunk in chunks {
        let mut input = *chunk;
        if let Ok(None) = verdict {
            verdict = server.receive(&mut input);
            match &verdict {
                Ok(None) => assert!(input.is_empty(), "all bytes of the head are taken"),
                Ok(Some(_)) => assert_eq!(server.receive(&mut input), Ok(None), "no second request"),
                Err(error) => assert_eq!(server.receive(&mut &b"more"[..]).unwrap_err(), *error),
            }
        }
        rest.extend_from_slice(input);
    }
    if verdict.is_err() {
        rest.clear();
    }
    (verdict, rest)
}

/// The outcome of a response.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) accept: Option<AcceptConnection>,
    pub(crate) reject: Option<RejectConnection>,
    pub(crate) body: Vec<u8>,
    pub(crate) body_finished: bool,
    pub(crate) error: Option<ResponseError>,
    /// The bytes that were not taken.
    pub(crate) rest: Vec<u8>,
}

/// The event after the bytes of a response.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Then {
    More,
    End,
}

/// Gives a response to a client in every split; returns the outcome, the same for all.
pub(crate) fn answer(
    name: &str,
    request: &Request,
    bytes: &[u8],
    then: Then,
    limits: HandshakeLimits,
) -> Outcome {
    let mut outcomes = chunkings(bytes).map(|chunks| {
        let sizes: Vec<usize> = chunks.iter().map(|chunk| chunk.len()).collect();
        (answer_chunks(request, &chunks, then, limits), sizes)
    });
    let (first, _) = outcomes.next().expect("the undivided input");
    for (other, sizes) in outcomes {
        assert_eq!(other, first, "{name}: another outcome in chunks of {sizes:?}");
    }
    assert_parsed_answer_agrees(name, request, bytes, limits, &first);
    first
}

/// Checks that the outcome is the same where another HTTP library has parsed the response.
fn assert_parsed_answer_agrees(
    name: &str,
    request: &Request,
    bytes: &[u8],
    limits: HandshakeLimits,
    outcome: &Outcome,
) {
    let Some((version, status, fields)) = cut_response(bytes) else { return };
    // An HTTP library skips interim responses, and checks the rules that only bytes of HTTP/1.1 can break.
    if (102..200).contains(&status) || status == 100 || version != "HTTP/1.1" {
        return;
    }
    let (_, client) = ClientUpgrade::http1(request, *b"the sample nonce").expect("the request is valid");
    let parsed = client.with_limits(limits).receive(status, fields);
    match (outcome, parsed) {
        (Outcome { accept: Some(accept), .. }, parsed) => {
            assert_eq!(parsed, Ok(Answer::Accept(accept.clone())), "{name}, parsed");
        }
        (Outcome { reject: Some(reject), .. }, parsed) => {
            let mut reject = reject.clone();
            reject.has_body = false;
            assert_eq!(parsed, Ok(Answer::Reject(reject)), "{name}, parsed");
        }
        (Outcome { error: Some(ResponseError::Head(error)), .. }, _)
            if !matches!(error, HeadError::TooManyHeaders { .. } | HeadError::TooManyItems { .. }) => {}
        (Outcome { error: Some(error), .. }, parsed) => {
            assert_eq!(parsed, Err(error.clone()), "{name}, parsed");
        }
        _ => {}
    }
}

/// Version, status and fields of a response.
type CutResponse<'a> = (&'a str, u16, Vec<(&'a str, &'a [u8])>);

/// Splits the head of a response as another HTTP library may.
fn cut_response(bytes: &[u8]) -> Option<CutResponse<'_>> {
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n")?;
    let (first, rest) =
        bytes[..end].split_at(bytes[..end].iter().position(|&byte| byte == b'\r').unwrap_or(end));
    let mut words = str::from_utf8(first).ok()?.split(' ');
    let (version, status) = (words.next()?, words.next()?.parse().ok()?);
    Some((version, status, cut_fields(rest.split(|&byte| byte == b'\n').skip(1))?))
}

/// Splits fields at their colons.
fn cut_fields<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Option<Vec<(&'a str, &'a [u8])>> {
    let mut fields = Vec::new();
    for line in lines {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let colon = line.iter().position(|&byte| byte == b':')?;
        fields.push((str::from_utf8(&line[..colon]).ok()?, line[colon + 1..].trim_ascii()));
    }
    Some(fields)
}

pub(crate) fn answer_chunks(
    request: &Request,
    chunks: &[&[u8]],
    then: Then,
    limits: HandshakeLimits,
) -> Outcome {
    let mut client = ClientHandshake::new(limits);
    client.send_request(request, *b"the sample nonce", &mut Vec::new()).expect("the request is valid");
    let mut outcome = Outcome::default();
    for chunk in chunks {
        let mut input = *chunk;
        while outcome.error.is_none() {
            match client.receive(&mut input) {
                Ok(Some(answer)) => outcome.add(answer),
                Ok(None) => break,
                Err(error) => outcome.error = Some(error),
            }
        }
        outcome.rest.extend_from_slice(input);
    }
    if then == Then::End && outcome.error.is_none() {
        match client.receive_eof() {
            Ok(Some(answer)) => outcome.add(answer),
            Ok(None) => {}
            Err(error) => outcome.error = Some(error),
        }
    }
    if let Some(error) = &outcome.error {
        assert_eq!(client.receive(&mut &b"more"[..]), Err(error.clone()), "an error is final");
        assert_eq!(client.receive_eof(), Err(error.clone()), "an error is final");
        outcome.rest.clear();
    }
    outcome
}

impl Outcome {
    fn add(&mut self, answer: Answer<'_>) {
        match answer {
            Answer::Accept(accept) => assert_eq!(self.accept.replace(accept), None),
            Answer::Reject(reject) => assert_eq!(self.reject.replace(reject), None),
            Answer::RejectData(part) => {
                assert!(!self.body_finished, "no part comes after the last one");
                assert_eq!(part.body_finished, part.data.is_empty(), "only the last part is empty");
                self.body.extend_from_slice(&part.data);
                self.body_finished = part.body_finished;
            }
            other => panic!("{other:?}"),
        }
    }
}
