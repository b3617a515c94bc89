//! The head of a response and the body of a rejection, with any cuts.

use wsproto_handshake::{
    Answer, ClientHandshake, ClientState, HandshakeLimits, RejectConnection, Request, ResponseError,
};

use crate::{Cuts, Source, source::Choices};

const NONCE: [u8; 16] = *b"the sample nonce";

/// Reads any bytes as the answer to a request.
pub fn response_head(data: &[u8]) {
    let mut source = Source::new(data);
    let choices = source.choices();
    let cuts = Cuts::all(source.byte());
    let wire = source.rest();
    let [whole, others @ ..] = cuts.map(|cuts| read(choices, cuts, wire));
    for other in others {
        assert_eq!(whole, other, "cuts change the verdict");
    }
    assert_body(&whole, wire);
}

#[derive(Debug, Default, PartialEq)]
struct Read {
    accepted: Option<wsproto_handshake::AcceptConnection>,
    rejected: Option<RejectConnection>,
    body: Vec<u8>,
    body_finished: bool,
    error: Option<ResponseError>,
    state: Option<ClientState>,
    /// How many bytes were left after the end. They don't belong to the handshake.
    behind: usize,
}

impl Read {
    fn take(&mut self, answer: Answer<'_>) {
        match answer {
            Answer::Accept(accept) => self.accepted = Some(accept),
            Answer::Reject(reject) => self.rejected = Some(reject),
            Answer::RejectData(part) => {
                assert!(self.rejected.is_some() && !self.body_finished, "a body where none is");
                self.body.extend_from_slice(&part.data);
                self.body_finished = part.body_finished;
            }
            other => panic!("an answer of a new kind: {other:?}"),
        }
    }
}

fn limits(choices: Choices) -> HandshakeLimits {
    let limits = HandshakeLimits::default();
    if !choices.has(0) {
        return limits;
    }
    limits.with_max_head_len(300).with_max_headers(8).with_max_interim_responses(2).with_max_reject_body(40)
}

fn client(choices: Choices) -> ClientHandshake {
    let client = ClientHandshake::new(limits(choices));
    let mut client = if choices.has(1) { client.require_subprotocol() } else { client };
    let request = Request::new("example.com", "/")
        .with_subprotocol("chat")
        .with_subprotocol("superchat")
        .with_extension("permessage-deflate");
    client.send_request(&request, NONCE, &mut Vec::new()).expect("the request is good");
    client
}

fn read(choices: Choices, cuts: Cuts, wire: &[u8]) -> Read {
    let (mut client, mut read) = (client(choices), Read::default());
    let mut bytes = wire.to_vec();
    let mut error = None;
    let mut taken = 0;
    for part in cuts.parts(&mut bytes) {
        let (len, mut input) = (part.len(), &*part);
        let outcome = receive(&mut client, &mut read, &mut input);
        taken += len - input.len();
        assert!(
            client.buffered() as u64 <= limits(choices).max_head_len,
            "more is kept than a head may have"
        );
        if outcome.is_err() || !input.is_empty() {
            error = outcome.err();
            break;
        }
    }
    if choices.has(2) && error.is_none() {
        match client.receive_eof() {
            Ok(answer) => answer.into_iter().for_each(|answer| read.take(answer)),
            Err(ended) => error = Some(ended),
        }
    }
    if let Some(error) = &error {
        assert_eq!(client.receive(&mut &b"HTTP"[..]), Err(error.clone()), "an error is final");
        // The part of a body before its fault depends on the reads.
        read.body.clear();
    } else {
        read.behind = wire.len() - taken;
    }
    assert!(read.body.len() as u64 <= limits(choices).max_reject_body, "a body over the limit");
    Read { error, state: Some(client.state()), ..read }
}

fn receive(client: &mut ClientHandshake, read: &mut Read, input: &mut &[u8]) -> Result<(), ResponseError> {
    let mut steps = input.len() + 3;
    while let Some(answer) = client.receive(input)? {
        read.take(answer);
        steps = steps.checked_sub(1).expect("no progress");
    }
    let over = matches!(client.state(), ClientState::Accepted | ClientState::Rejected);
    assert!(over || input.is_empty(), "bytes were left");
    Ok(())
}

/// Reads a complete body once more, with a reader that has all of it at once.
fn assert_body(read: &Read, wire: &[u8]) {
    let (Some(reject), true, None) = (&read.rejected, read.body_finished, &read.error) else { return };
    let body = behind_heads(wire).expect("a head is there");
    let body = &body[..body.len() - read.behind];
    let expected = match reject.headers.get_str("Content-Length") {
        _ if matches!(reject.status, 204 | 304) => Some(Vec::new()),
        None if reject.headers.contains("Transfer-Encoding") => dechunk(body),
        None => Some(body.to_vec()),
        // A list of equal lengths is one length (RFC 9112 §6.3).
        Some(lengths) => {
            let mut lengths = lengths.split(',').map(str::trim).filter(|length| !length.is_empty());
            lengths.all(|length| length.parse() == Ok(body.len())).then(|| body.to_vec())
        }
    };
    assert_eq!(expected.as_deref(), Some(&read.body[..]), "another body");
}

/// Returns the bytes after the head of the first response that is not an interim one.
fn behind_heads(mut wire: &[u8]) -> Option<&[u8]> {
    loop {
        let end = wire.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
        let interim = wire.get(9) == Some(&b'1');
        wire = &wire[end + 4..];
        if !interim {
            return Some(wire);
        }
    }
}

/// Reads all of a chunked body, including its trailer.
fn dechunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let (line, behind) = split_line(rest)?;
        let digits = line.split(|byte| matches!(byte, b';' | b' ' | b'\t')).next()?;
        let size = usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        if size == 0 {
            rest = behind;
            break;
        }
        let (data, behind) = behind.split_at_checked(size)?;
        body.extend_from_slice(data);
        rest = behind.strip_prefix(b"\r\n")?;
    }
    loop {
        let (line, behind) = split_line(rest)?;
        if line.is_empty() {
            return behind.is_empty().then_some(body);
        }
        rest = behind;
    }
}

fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.windows(2).position(|bytes| bytes == b"\r\n")?;
    Some((&bytes[..end], &bytes[end + 2..]))
}
