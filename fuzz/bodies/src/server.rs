//! A whole server, from the first byte.

use wsproto::{Config, Connection, DeflateConfig, HandshakeLimits};

use crate::{
    Source,
    drive::{self, Plan},
    source::Choices,
};

const HEAD: &str = "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

/// Passes any bytes to a server. The first byte chooses the configuration, the server's actions, and whether the bytes
/// come after a valid request.
pub fn server(data: &[u8]) {
    let mut source = Source::new(data);
    let choices = source.choices();
    let seed = source.byte();
    let mut wire = Vec::new();
    if choices.has(0) {
        let offer = if choices.has(1) { OFFER } else { "" };
        wire.extend_from_slice([HEAD, offer, "\r\n"].concat().as_bytes());
    }
    wire.extend_from_slice(source.rest());
    let plan = Plan {
        answers_late: choices.has(4),
        rejects: choices.has(5),
        closes: choices.has(6),
        ends: choices.has(7),
    };
    drive::compare(|_| Connection::server(config(choices)), &wire, seed, plan);
}

/// Returns a configuration: permessage-deflate or not, and small limits or those that inflating needs anyway.
pub(crate) fn config(choices: Choices) -> Config {
    let limits = HandshakeLimits::default();
    let config = if choices.has(3) {
        let limits = limits.with_max_head_len(400).with_max_headers(9).with_max_target_len(20);
        let limits = limits.with_max_interim_responses(2).with_max_reject_body(30);
        Config::default().with_handshake(limits).with_max_message_len(200).with_max_fragments(4)
    } else {
        Config::default().with_max_message_len(1 << 16)
    };
    if choices.has(2) { config.with_extension(DeflateConfig::default()) } else { config }
}
