//! The bytes of a client without a library, and how it reads the answer.

use wsproto::{CloseCode, Config, Connection, Event, ReadBuffer};
use wsproto_frame::{FrameHeader, MaskingKey, Opcode};

/// The request of RFC 6455 §1.3.
pub(crate) const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// The answer to it.
pub(crate) const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// Returns a client's frame, with a masking key of zeros.
pub(crate) fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let header = FrameHeader::new(opcode, payload.len() as u64).with_mask(MaskingKey::new([0; 4]));
    [&header.encode(), payload].concat()
}

pub(crate) fn close(code: CloseCode) -> Vec<u8> {
    frame(Opcode::Close, &code.get().to_be_bytes())
}

/// Returns a connection's events for bytes.
fn events(ws: &mut Connection, bytes: &[u8]) -> Vec<Event<'static>> {
    let (mut buffer, mut events, mut rest) = (ReadBuffer::messages(), Vec::new(), bytes);
    while !rest.is_empty() {
        let room = buffer.room();
        let len = room.len().min(rest.len());
        room[..len].copy_from_slice(&rest[..len]);
        buffer.filled(len);
        rest = &rest[len..];
        while let Some(event) = ws.receive_from(&mut buffer).expect("it keeps the rules") {
            events.push(event.into_owned());
        }
    }
    events
}

/// Returns a server's events after its consent.
pub(crate) fn server_events(bytes: &[u8]) -> Vec<Event<'static>> {
    let entropy = |bytes: &mut [u8]| bytes.copy_from_slice(&b"the sample nonce"[..bytes.len()]);
    let mut client = Connection::client_with_entropy(Config::default(), entropy);
    client.send(wsproto::Request::new("server.example.com", "/chat"), &mut Vec::new()).expect("it is sound");
    let mut events = events(&mut client, bytes);
    assert!(matches!(events.remove(0), Event::AcceptConnection(_)), "it consents");
    events
}
