//! The most memory that a hostile peer can make a connection take, as a function of the limit.

use allocation_counter::measure;

use wsproto::extensions::deflate::{Backend, DeflateConfig, WindowBits};
use wsproto::{BytesMessage, Config, Connection, HandshakeLimits, RemoteProtocolError, Role};
use wsproto_frame::{FrameHeader, Opcode};

use crate::limits::At;
use crate::pair::{REQUEST, claim_to, compressed, deflating, frame_to, last, more, open};

/// The largest window, with room for 16 KiB after it.
const WINDOW: u64 = 48 << 10;

/// The tables of codes for one block.
const CODES: u64 = 5_904;

/// The tables, a window, and the smaller window before it grew.
const INFLATER: u64 = CODES + WINDOW + (32 << 10);

/// The most other memory for inflating: a piece of output, a copy of it that events share, and waiting input.
const PIECES: u64 = (16 << 10) + (16 << 10) + (17 << 10);

/// Returns the most bytes that were allocated at once while `bytes` came in reads of `read` bytes.
fn peak(at: At, config: &Config, bytes: &[u8], read: usize) -> u64 {
    peak_of([at.connection(config)], bytes, read)
}

/// Does the same with several connections. Each gets the bytes, one after the other, and stays open.
fn peak_of<const N: usize>(mut connections: [Connection; N], bytes: &[u8], read: usize) -> u64 {
    let mut buffer = vec![0; read];
    let info = measure(|| {
        for connection in &mut connections {
            feed(connection, bytes, &mut buffer);
        }
    });
    info.bytes_max
}

fn feed(connection: &mut Connection, bytes: &[u8], buffer: &mut [u8]) {
    for part in bytes.chunks(buffer.len()) {
        let mut input = &mut buffer[..part.len()];
        input.copy_from_slice(part);
        loop {
            match connection.receive(&mut input) {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
}

/// A script against a limit: it returns the configuration and the peer's bytes.
type Script = fn(usize) -> (Config, Vec<u8>);

/// Returns a configuration whose limit on fields is never reached before that on the head's length.
fn heads_of(limit: usize) -> Config {
    let limits = HandshakeLimits::default().with_max_head_len(limit as u64).with_max_headers(limit as u64);
    Config::default().with_handshake(limits.with_max_reject_body(limit as u64))
}

/// Returns `len` bytes: a start, and then repeated bytes.
fn endless(start: &[u8], repeated: &[u8], len: usize) -> Vec<u8> {
    start.iter().chain(repeated.iter().cycle()).copied().take(len).collect()
}

/// Returns a valid request of almost `len` bytes, with a field and repeated bytes.
fn request(field: &str, repeated: &[u8], len: usize) -> Vec<u8> {
    let start = [&REQUEST[..REQUEST.len() - 2], field.as_bytes()].concat();
    let times = (len - start.len() - 9) / repeated.len();
    [&start, &repeated.repeat(times)[..], b"x: y\r\n\r\n"].concat()
}

fn rejection(start: &str, repeated: &[u8], times: usize) -> Vec<u8> {
    [b"HTTP/1.1 404 X\r\n", start.as_bytes(), &repeated.repeat(times)].concat()
}

/// Returns a message that inflates to 400 bytes for each byte of the limit. The limit allows three quarters of it.
fn bomb(config: &Config, limit: usize) -> (Config, Vec<u8>) {
    let mut wire = Vec::new();
    open(Role::Client, config).send(BytesMessage::new(vec![0; 400 * limit]), &mut wire).unwrap();
    (config.clone().with_max_message_len(300 * limit as u64), wire)
}

#[rustfmt::skip]
const SCRIPTS: [(&str, At, Script, u64, u64); 21] = [
    // name                   where            script
    // bytes for each of the limit, and besides
    ("h1 endless target",     At::Request,  |limit| (heads_of(limit), endless(b"GET /", b"a", 2 * limit)),                                      3, 512),
    ("h1 endless field",      At::Request,  |limit| (heads_of(limit), endless(b"GET / HTTP/1.1\r\nX: ", b"a", 2 * limit)),                      3, 512),
    ("h2 endless fields",     At::Request,  |limit| (heads_of(limit), endless(b"GET / HTTP/1.1\r\n", b"a:b\r\n", 2 * limit)),                  14, 512),
    ("h2 fields that fit",    At::Request,  |limit| (heads_of(limit), request("", b"a:b\r\n", limit)),                                          17, 512),
    ("h25 subprotocols",      At::Request,  |limit| (heads_of(limit), request("Sec-WebSocket-Protocol: b\r\nX:", b"a,", limit)),               14, 512),
    ("h21 early bytes",       At::Request,  |limit| (heads_of(limit), [REQUEST, &vec![0; 2 * limit]].concat()),                                 0, 640),
    ("d2 offers",             At::Request,  |limit| (heads_of(limit), request("Sec-WebSocket-Extensions: x\r\nX:", b"y; z=\"\\a\",", limit)), 14, 512),
    ("k13 endless field",     At::Response, |limit| (heads_of(limit), endless(b"HTTP/1.1 101 X\r\nX: ", b"a", 2 * limit)),                      3, 512),
    ("k5 interim responses",  At::Response, |limit| (heads_of(limit), endless(b"", b"HTTP/1.1 103 X\r\n\r\n", 9 * limit)),                      0, 640),
    ("k6 body",               At::Response, |limit| (heads_of(limit), rejection("\r\n", b"x", 2 * limit)),                                     1, 640),
    ("k6 body in chunks",     At::Response, |limit| (heads_of(limit), rejection("Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n", 2 * limit)), 0, 640),
    ("k6 trailer",            At::Response, |limit| (heads_of(limit), rejection("Transfer-Encoding: chunked\r\n\r\n0\r\n", b"a:b\r\n", limit)), 0, 640),
    ("f4 claim",              SERVER,       |limit| (unlimited(), endless(&claim_to(Role::Server, FrameHeader::new(Opcode::Binary, u64::MAX >> 1)), b"x", limit)), 0, 0),
    ("f14 empty fragments",   SERVER,       |limit| (Config::default().with_max_empty_fragments(limit as u64), fragments(b"", 2 * limit)),       0, 0),
    ("f15 endless message",   SERVER,       |limit| (Config::default().with_max_message_len(limit as u64), fragments(b"xy", limit)),             0, 0),
    ("f19 pings",             SERVER,       |limit| (Config::default().with_max_control_frames(limit as u64), frame_to(Role::Server, last(Opcode::Ping), &[7; 125]).repeat(2 * limit)), 0, 251),
    ("d8 bomb",               SERVER,       |limit| bomb(&deflating(), limit),                                                                  0, INFLATER + PIECES),
    ("d8 bomb in fragments",  SERVER,       |limit| (deflating(), in_fragments(&bomb(&deflating(), limit).1)),                                  0, INFLATER + PIECES),
    ("d8 small window",       SERVER,       |limit| bomb(&small_window(), limit),                                                               0, INFLATER - (76 << 10) + PIECES),
    ("d12 stored block",      SERVER,       |_| (deflating(), deflated(&[&[0, 0xff, 0xff, 0, 0][..], &[7; 60_000]].concat())),                  0, INFLATER + PIECES),
    ("d14 bad stream",        SERVER,       |_| (deflating(), deflated(&[0xff; 100])),                                                          0, INFLATER + PIECES),
];

const SERVER: At = At::Open(Role::Server);

fn unlimited() -> Config {
    Config::default().with_max_message_len(u64::MAX)
}

fn small_window() -> Config {
    let deflate = DeflateConfig::default().with_threshold(0);
    let deflate = deflate.with_client_max_window_bits(WindowBits::MIN);
    Config::default().with_extension(deflate)
}

/// Returns a message of `times` fragments and one more.
fn fragments(payload: &[u8], times: usize) -> Vec<u8> {
    let next = frame_to(Role::Server, more(Opcode::Continuation), payload);
    [frame_to(Role::Server, more(Opcode::Text), payload), next.repeat(times)].concat()
}

fn deflated(payload: &[u8]) -> Vec<u8> {
    frame_to(Role::Server, compressed(last(Opcode::Binary)), payload)
}

/// Returns the same compressed message, each byte of it in its own frame.
fn in_fragments(message: &[u8]) -> Vec<u8> {
    let (header, len) = FrameHeader::parse(message).unwrap().unwrap();
    let mut payload = message[len..].to_vec();
    header.mask.expect("a client masks").apply(&mut payload);
    let first = frame_to(Role::Server, compressed(more(Opcode::Binary)), &payload[..1]);
    let next = payload[1..].iter().map(|byte| frame_to(Role::Server, more(Opcode::Continuation), &[*byte]));
    std::iter::once(first).chain(next).collect::<Vec<_>>().concat()
}

#[test]
fn f4_f14_f15_f19_h1_h2_h21_k5_k6_k13_d2_d8_d12_d14_memory_is_a_multiple_of_the_limit() {
    for (name, at, script, each, besides) in SCRIPTS {
        for limit in [500, 2000, 16_000] {
            let (config, bytes) = script(limit);
            for read in [1, 100, 4096, bytes.len()] {
                // This includes the stored error.
                let most = each * limit as u64 + besides.max(size_of::<RemoteProtocolError>() as u64);
                let peak = peak(at, &config, &bytes, read);
                assert!(
                    peak <= most,
                    "{name}, limit {limit}, reads of {read}: {peak} bytes, more than {most}"
                );
            }
        }
    }
}

/// Bytes that may follow the first two, without a masking key or with one of zeros. Among them are the longest messages
/// that twelve and eight compressed bytes make.
const TAILS: [[u8; 12]; 11] = [
    [0; 12],
    [0xff; 12],
    *b"\x40\0\0\0\0\0\0\0\0\0\0\0",
    *b"\xf2\x48\xcd\xc9\xc9\x07\0\0abcd",
    *b"\x4a\x1c\x05\xa3\x60\x14\x8c\x82\x51\x30\x0a\x46",
    *b"\0\0\0\0\x4a\x1c\x05\xa3\x60\x14\x8c\x82",
    // The end of this ends a block within a byte.
    *b"\x04\xe1\x81\x08\x00\x00\x00\x00\x20\xf8\x8b\x56",
    // With control frames in pieces.
    *b"\x01\0\0\xff\xff\0\x8a\x02\x03\0\x89\x02",
    *b"\x01\x8a\x03\x04\xc0\0\x8a\x05\x04\xe1\x81\x08",
    // 1549 bytes, too long for some, and an invalid bit.
    *b"\x4a\x1c\x05\xa3\x60\x14\x8c\x82\x51\x30\x0e\x46",
    // With an empty message and an unfinished one.
    *b"\x00\xc2\x00\xc2\x02\x4a\x1c\xc2\x01\x00\x41\x7e",
];

/// Returns a server's and a client's configuration with that window and library, if both exist.
fn with_window(backend: Backend, bits: u8) -> Config {
    let window = WindowBits::new(bits).unwrap();
    let config = DeflateConfig::default().with_threshold(0).with_backend(backend);
    Config::default()
        .with_extension(config.with_server_max_window_bits(window).with_client_max_window_bits(window))
}

/// Tests four connections, as in a program that has run for a while: one of them gets the memory that the thread lends.
#[test]
fn f4_fourteen_bytes_after_the_handshake() {
    let backends = [
        Backend::Miniz,
        #[cfg(feature = "zlib-rs")]
        Backend::ZlibRs,
    ];
    let mut configs = vec![("plain".to_owned(), unlimited())];
    for (backend, bits) in backends.into_iter().flat_map(|one| [8, 9, 10, 11, 15].map(|bits| (one, bits))) {
        let config = with_window(backend, bits);
        let (limited, bomb) = bomb(&config, 100);
        peak(SERVER, &limited, &bomb, 14);
        peak(SERVER, &limited.with_max_message_len(1), &bomb, bomb.len());
        configs.push((format!("{backend:?}, window {bits}"), config));
    }
    for (role, (name, config)) in
        [Role::Server, Role::Client].into_iter().flat_map(|role| configs.iter().map(move |one| (role, one)))
    {
        let widest = name == "plain" || name.ends_with("15");
        let firsts = (0..=255_u8).filter(|first| widest || [0x41, 0xc1, 0xc2].contains(first));
        for (first, second) in
            firsts.flat_map(|first| [0, 1, 2, 8, 12, 125, 126, 127].map(|len| (first, len)))
        {
            let second = if role == Role::Server { second | 0x80 } else { second };
            for tail in TAILS {
                let bytes = [&[first, second][..], &tail].concat();
                for (read, limit) in [(1, u64::MAX), (14, u64::MAX), (14, 1000)] {
                    let config = config.clone().with_max_message_len(limit);
                    let connections = [(); 4].map(|()| At::Open(role).connection(&config));
                    let peak = peak_of(connections, &bytes, read) / 4;
                    // A compressed payload needs the first part of the window, and its own tables of codes, whatever
                    // length it has or claims.
                    let compressed = first & 0x40 != 0 || tail.contains(&0xc2);
                    let most = if name == "plain" || !compressed { 256 } else { CODES + (2 << 10) + 320 };
                    assert!(peak <= most, "{name}, {role:?}, {bytes:02x?} in reads of {read}: {peak} bytes");
                }
            }
        }
    }
}
