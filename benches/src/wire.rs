//! Bytes on the wire, written by the RFCs, without any of the code under test.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Writes a frame.
pub fn frame(first: u8, key: Option<u32>, payload: &[u8], out: &mut Vec<u8>) {
    let mask = if key.is_some() { 0x80 } else { 0 };
    out.push(first);
    match payload.len() {
        len @ 0..126 => out.push(mask | len as u8),
        len @ 126..0x1_0000 => {
            out.push(mask | 0x7e);
            out.extend((len as u16).to_be_bytes());
        }
        len => {
            out.push(mask | 0x7f);
            out.extend((len as u64).to_be_bytes());
        }
    }
    let key = key.map(u32::to_be_bytes);
    out.extend(key.iter().flatten());
    out.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ key.map_or(0, |key| key[i % 4])));
}

/// A browser's request.
pub const REQUEST: &str = "GET /chat?room=42 HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Connection: Upgrade\r\n\
    Pragma: no-cache\r\n\
    Cache-Control: no-cache\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\r\n\
    Upgrade: websocket\r\n\
    Origin: https://www.example.com\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n\
    Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

/// The accept token of that request's key, from RFC 6455 §1.3.
pub const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The answer of a server that a proxy forwards, before and after the accept token: 611 bytes with the token.
const ANSWER: [&str; 2] = [
    "HTTP/1.1 101 Switching Protocols\r\n\
    Server: nginx\r\n\
    Date: Sun, 22 Nov 2026 18:51:03 GMT\r\n\
    Connection: upgrade\r\n\
    Upgrade: websocket\r\n\
    Sec-WebSocket-Accept: ",
    "\r\n\
    Strict-Transport-Security: max-age=63072000; includeSubDomains; preload\r\n\
    X-Content-Type-Options: nosniff\r\n\
    X-Frame-Options: SAMEORIGIN\r\n\
    Cache-Control: private, no-store, max-age=0\r\n\
    Set-Cookie: session=0123456789abcdef0123456789abcdef; Path=/; Secure; HttpOnly; SameSite=Lax\r\n\
    Vary: Origin, Accept-Encoding\r\n\
    Referrer-Policy: strict-origin-when-cross-origin\r\n\
    X-Request-Id: 6f1c2a34-7be0-4c1d-9a55-3f0e8d2b9c71\r\n\
    Via: 1.1 edge.example\r\n\r\n",
];

/// Writes the answer to a request.
pub fn answer(request: &[u8], out: &mut Vec<u8>) {
    let request = str::from_utf8(request).expect("text");
    assert!(request.ends_with("\r\n\r\n"), "the end of a request");
    out.extend_from_slice(ANSWER[0].as_bytes());
    out.extend_from_slice(accept(key(request)).as_bytes());
    out.extend_from_slice(ANSWER[1].as_bytes());
}

/// Returns the accept token of a key (RFC 6455 §4.2.2).
#[must_use]
pub fn accept(key: &str) -> String {
    let mut sha1 = sha1_smol::Sha1::new();
    sha1.update(key.as_bytes());
    sha1.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    STANDARD.encode(sha1.digest().bytes())
}

/// Finds the key of a request. The case of its name doesn't matter.
#[must_use]
pub fn key(request: &str) -> &str {
    const NAME: &str = "sec-websocket-key: ";
    let line = request.lines().find(|line| line.to_ascii_lowercase().starts_with(NAME));
    &line.expect("a key")[NAME.len()..]
}
