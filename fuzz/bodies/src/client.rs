//! A whole client, from the first byte of the answer.

use wsproto::{Connection, Request};
use wsproto_handshake::{accept_token, generate_key};

use crate::{
    Source,
    drive::{self, Plan},
    server,
};

/// The byte that fills the nonce and the masking keys.
const ENTROPY: u8 = 7;

const HEAD: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
const ANSWER: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

/// Passes any bytes to a client that sent its request. The first byte chooses the configuration, the client's actions,
/// and whether the bytes come after a valid answer.
pub fn client(data: &[u8]) {
    let mut source = Source::new(data);
    let choices = source.choices();
    let seed = source.byte();
    let mut wire = Vec::new();
    if choices.has(0) {
        let answer = if choices.has(1) { ANSWER } else { "" };
        let token = accept_token(&generate_key([ENTROPY; 16]));
        let head = format!("{HEAD}Sec-WebSocket-Accept: {}\r\n{answer}\r\n", token.as_str());
        wire.extend_from_slice(head.as_bytes());
    }
    wire.extend_from_slice(source.rest());
    let plan = Plan { answers_late: false, rejects: false, closes: choices.has(6), ends: choices.has(7) };
    let connection = |out: &mut Vec<u8>| {
        let entropy = |bytes: &mut [u8]| bytes.fill(ENTROPY);
        let mut ws = Connection::client_with_entropy(server::config(choices), entropy);
        let request = Request::new("example.com", "/chat").with_subprotocol("chat").with_subprotocol("talk");
        ws.send(request, out).expect("the request is good");
        ws
    };
    drive::compare(connection, &wire, seed, plan);
}
