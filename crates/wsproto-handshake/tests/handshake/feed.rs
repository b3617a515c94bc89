//! Feeds bytes to a handshake whole, at every split and one at a time, and sees that nothing depends on it.

use wsproto_handshake::{
    AcceptConnection, Answer, ClientHandshake, HandshakeLimits, RejectConnection, Request, RequestError,
    ResponseError, ServerHandshake,
};

/// The lines of a request that is accepted.
pub(crate) const REQUEST: [&str; 6] = [
    "GET /chat HTTP/1.1",
    "Host: example.com",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
];

/// The lines of the answer to it.
pub(crate) const RESPONSE: [&str; 4] = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
];

/// Makes a head of lines: those that begin with a name are replaced by the bytes beside it, or left out where
/// there are none; bytes beside `+` come behind the last line.
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

/// All ways to feed bytes that the tests try; in Miri, where each takes a second, the first.
fn chunkings(bytes: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    let splits = (1..bytes.len()).map(|at| vec![&bytes[..at], &bytes[at..]]);
    let one_by_one = bytes.chunks(1).collect();
    let threes = bytes.chunks(3).collect();
    let all = [vec![bytes], one_by_one, threes].into_iter().chain(splits);
    all.take(if cfg!(miri) { 1 } else { usize::MAX })
}

/// Gives a request to a server in every chunking; returns the one verdict, and the bytes that were left.
pub(crate) fn serve(
    name: &str,
    bytes: &[u8],
    limits: HandshakeLimits,
) -> (Result<Option<Request>, RequestError>, Vec<u8>) {
    let mut verdicts = chunkings(bytes).map(|chunks| {
        let sizes: Vec<usize> = chunks.iter().map(|chunk| chunk.len()).collect();
        (serve_chunks(&chunks, limits), sizes)
    });
    let (first, _) = verdicts.next().expect("the whole");
    for (other, sizes) in verdicts {
        assert_eq!(other, first, "{name}: another verdict in chunks of {sizes:?}");
    }
    first
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
                Ok(None) => assert!(input.is_empty(), "bytes of the head were left"),
                Ok(Some(_)) => assert_eq!(server.receive(&mut input), Ok(None), "a second request"),
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

/// What came of a response.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) accept: Option<AcceptConnection>,
    pub(crate) reject: Option<RejectConnection>,
    pub(crate) body: Vec<u8>,
    pub(crate) body_finished: bool,
    pub(crate) error: Option<ResponseError>,
    /// The bytes that were left.
    pub(crate) rest: Vec<u8>,
}

/// What comes behind the bytes of a response.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Then {
    More,
    End,
}

/// Gives a response to a client in every chunking; returns the one outcome.
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
    let (first, _) = outcomes.next().expect("the whole");
    for (other, sizes) in outcomes {
        assert_eq!(other, first, "{name}: another outcome in chunks of {sizes:?}");
    }
    first
}

pub(crate) fn answer_chunks(
    request: &Request,
    chunks: &[&[u8]],
    then: Then,
    limits: HandshakeLimits,
) -> Outcome {
    let mut client = ClientHandshake::new(limits);
    client.send_request(request, *b"the sample nonce", &mut Vec::new()).expect("a good request");
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
        assert_eq!(client.receive(&mut &b"more"[..]), Err(error.clone()), "an error is for ever");
        assert_eq!(client.receive_eof(), Err(error.clone()), "an error is for ever");
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
                assert!(!self.body_finished, "a part behind the last one");
                assert_eq!(part.body_finished, part.data.is_empty(), "only the last part is empty");
                self.body.extend_from_slice(&part.data);
                self.body_finished = part.body_finished;
            }
            other => panic!("{other:?}"),
        }
    }
}
