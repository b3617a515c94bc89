//! The head of a request: with any cuts, parsed elsewhere, and sent once more by a client.

use wsproto_handshake::{
    AcceptConnection, ClientHandshake, HandshakeLimits, Headers, HttpVersion, Request, RequestError,
    RequestHead, ServerHandshake, Upgrade,
};

use crate::{Cuts, Source};

/// Reads any bytes as a request.
pub fn request_head(data: &[u8]) {
    let mut source = Source::new(data);
    let small = HandshakeLimits::default().with_max_head_len(400).with_max_headers(9).with_max_target_len(20);
    let limits = if source.choices().has(0) { small } else { HandshakeLimits::default() };
    let cuts = Cuts::all(source.byte());
    let wire = source.rest();
    let [whole, others @ ..] = cuts.map(|cuts| read(limits, cuts, wire));
    for other in others {
        assert_eq!(whole, other, "cuts change the verdict");
    }
    let Read { outcome: Ok(Some(request)), behind } = whole else { return };
    let head = &wire[..wire.len() - behind];
    assert!(head.len() as u64 <= limits.max_head_len, "a head over the limit");
    assert!(request.headers().len() as u64 <= limits.max_headers, "headers over the limit");
    assert_parsed_agrees(limits, head, &request);
    assert_sent_again(&request);
}

#[derive(Debug, PartialEq)]
struct Read {
    outcome: Result<Option<Request>, RequestError>,
    /// How many bytes were left after its end. They don't belong to the handshake.
    behind: usize,
}

fn read(limits: HandshakeLimits, cuts: Cuts, wire: &[u8]) -> Read {
    let mut bytes = wire.to_vec();
    let mut server = ServerHandshake::new(limits);
    let mut taken = 0;
    for part in cuts.parts(&mut bytes) {
        let (len, mut input) = (part.len(), &*part);
        let outcome = server.receive(&mut input);
        taken += len - input.len();
        assert!(server.buffered() as u64 <= limits.max_head_len, "more is kept than a head may have");
        match outcome {
            Ok(None) => assert!(input.is_empty(), "bytes were left"),
            Ok(request) => {
                server.accept(&AcceptConnection::new(), &mut Vec::new()).expect("a request can be accepted");
                return Read { outcome: Ok(request), behind: wire.len() - taken };
            }
            Err(error) => {
                assert_eq!(server.receive(&mut &b"GET"[..]), Err(error), "an error is final");
                let mut out = Vec::new();
                server.reject(&error.rejection(), &mut out).expect("a bad request can be rejected");
                assert!(out.starts_with(b"HTTP/1.1 4") || out.starts_with(b"HTTP/1.1 5"), "{error}");
                return Read { outcome: Err(error), behind: 0 };
            }
        }
    }
    Read { outcome: Ok(None), behind: 0 }
}

/// The same request from an HTTP server that splits at line ends and colons gets the same verdict.
fn assert_parsed_agrees(limits: HandshakeLimits, head: &[u8], request: &Request) {
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut lines = lines.by_ref().skip_while(|line| line.is_empty());
    let first = std::str::from_utf8(lines.next().unwrap()).expect("the first line is ASCII");
    let [method, target, version] = first.split(' ').collect::<Vec<_>>()[..] else {
        panic!("the first line was taken: {first:?}");
    };
    assert!(version.starts_with("HTTP/1."), "the version was taken: {first:?}");
    let mut headers = Headers::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        let colon = line.iter().position(|byte| *byte == b':').expect("a field has a colon");
        let name = std::str::from_utf8(&line[..colon]).expect("a name is ASCII");
        headers.push(name, &line[colon + 1..]);
    }
    let line = RequestHead::new(HttpVersion::Http11, method, target);
    let parsed = Upgrade::from_fields(&line, &headers, &limits).expect("parsed elsewhere, another verdict");
    assert_eq!((parsed.host(), parsed.target()), (request.host(), request.target()), "parsed elsewhere");
    assert!(parsed.subprotocols().eq(request.subprotocols()), "parsed elsewhere: subprotocols");
    assert!(parsed.extensions().eq(request.extensions()), "parsed elsewhere: extensions");
    assert!(
        parsed.headers().get_all("Origin").eq(request.headers().get_all("Origin")),
        "parsed elsewhere: origins"
    );
    parsed.accept(&AcceptConnection::new()).expect("a request can be accepted");
}

/// A client can send a request that a server has accepted, and it is then the same.
fn assert_sent_again(request: &Request) {
    let copy = Request::new(request.host(), request.target());
    let copy = request.subprotocols().fold(copy, Request::with_subprotocol);
    let copy = request.extensions().fold(copy, Request::with_extension);
    let mut out = Vec::new();
    let sent = ClientHandshake::new(HandshakeLimits::default()).send_request(&copy, [1; 16], &mut out);
    // A server leaves the check of an offer to the extensions.
    if sent.is_err() && request.extensions().next().is_some() {
        return;
    }
    sent.expect("what was received can be sent");
    let limits = HandshakeLimits::default().with_max_head_len(1 << 20).with_max_target_len(1 << 20);
    let again = ServerHandshake::new(limits).receive(&mut &out[..]).expect("what is sent is good").unwrap();
    assert_eq!((again.host(), again.target()), (copy.host(), copy.target()), "another request");
    assert!(again.subprotocols().eq(copy.subprotocols()), "other subprotocols");
    assert!(again.extensions().eq(copy.extensions()), "other extensions");
}
