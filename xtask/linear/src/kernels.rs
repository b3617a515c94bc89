//! The kernels: small pieces of work, each done many times with everything warm.
//!
//! Whatever is random in real use is fixed in here, so that a count is the same from run to run.

use std::{hint::black_box, io::Read, sync::Arc};

use wsproto::extensions::deflate::Backend;
use wsproto::frame::{FrameDecoder, FrameHeader, MaskingKey, Opcode, TextCheck};
use wsproto::{
    AcceptConnection, BytesMessage, Config, Connection, DeflateConfig, Event, PreparedMessage, ReadBuffer,
    Request, Role, TextMessage, extensions,
};

/// A kind of work.
pub(crate) struct Kernel {
    pub(crate) name: &'static str,
    pub(crate) prepare: fn() -> Result<Work, String>,
}

/// Does the work [`RUNS`] times, and returns how many times that went well; what it consumes is there for [`BATCHES`]
/// calls.
pub(crate) struct Work(pub(crate) Box<dyn FnMut() -> usize>);

impl Work {
    fn new(batch: impl FnMut() -> usize + 'static) -> Self {
        Self(Box::new(batch))
    }
}

/// How many times a call does the work.
pub(crate) const RUNS: usize = 100;

/// One call that warms everything up, and one that is counted.
pub(crate) const BATCHES: usize = 2;

/// What a browser sends, as in the benchmarks beside others.
const REQUEST: &str = "GET /chat?room=42 HTTP/1.1\r\n\
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

const KEY: MaskingKey = MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);

pub(crate) const KERNELS: &[Kernel] = &[
    Kernel { name: "header parse", prepare: || Ok(header_parse()) },
    Kernel { name: "header encode", prepare: || Ok(header_encode()) },
    Kernel { name: "mask 16 B", prepare: || Ok(mask(16)) },
    Kernel { name: "mask 1 KiB", prepare: || Ok(mask(1 << 10)) },
    Kernel { name: "text check 16 B", prepare: || Ok(text_check(ascii(16))) },
    Kernel { name: "text check 1 KiB ASCII", prepare: || Ok(text_check(ascii(1 << 10))) },
    Kernel { name: "text check 1 KiB mixed", prepare: || Ok(text_check(mixed(1 << 10))) },
    Kernel { name: "decode 16 B", prepare: || decode(16) },
    Kernel { name: "decode 1 KiB", prepare: || decode(1 << 10) },
    Kernel { name: "receive 16 B as a server", prepare: || receive(Role::Server, &ascii(16)) },
    Kernel { name: "receive 1 KiB as a server", prepare: || receive(Role::Server, &ascii(1 << 10)) },
    Kernel { name: "receive 1 KiB mixed as a server", prepare: || receive(Role::Server, &mixed(1 << 10)) },
    Kernel { name: "receive 16 B as a client", prepare: || receive(Role::Client, &ascii(16)) },
    Kernel { name: "receive 16 B whole as a server", prepare: || receive_whole(&ascii(16), usize::MAX) },
    Kernel { name: "receive 125 B whole, byte by byte", prepare: || receive_whole(&ascii(125), 1) },
    Kernel { name: "receive four fragments of 125 B", prepare: || fragments(&ascii(125)) },
    Kernel { name: "whole 1 KiB mixed", prepare: || receive_whole(&mixed(1 << 10), usize::MAX) },
    Kernel { name: "whole 1 KiB mixed, reads of 1460 B", prepare: || receive_whole(&mixed(1 << 10), 1460) },
    Kernel { name: "whole 1 KiB mixed, reads of 64 B", prepare: || receive_whole(&mixed(1 << 10), 64) },
    Kernel { name: "whole 1 KiB mixed, reads of 7 B", prepare: || receive_whole(&mixed(1 << 10), 7) },
    Kernel { name: "whole 1 KiB mixed, reads of 1 B", prepare: || receive_whole(&mixed(1 << 10), 1) },
    Kernel { name: "whole 1 KiB ASCII, reads of 1460 B", prepare: || receive_whole(&ascii(1 << 10), 1460) },
    Kernel { name: "whole 1 KiB ASCII, reads of 64 B", prepare: || receive_whole(&ascii(1 << 10), 64) },
    Kernel { name: "whole 1 KiB ASCII, reads of 7 B", prepare: || receive_whole(&ascii(1 << 10), 7) },
    Kernel { name: "whole 16 KiB binary, reads of 1460 B", prepare: || receive_binary(16 << 10, 1460) },
    Kernel { name: "whole 16 KiB binary, reads of 64 B", prepare: || receive_binary(16 << 10, 64) },
    Kernel { name: "whole 16 KiB binary, reads of 7 B", prepare: || receive_binary(16 << 10, 7) },
    Kernel { name: "whole 64 KiB mixed", prepare: || receive_whole(&mixed(64 << 10), usize::MAX) },
    Kernel { name: "whole 1 KiB mixed, four fragments", prepare: || fragments(&mixed(256)) },
    Kernel { name: "receive 125 B byte by byte", prepare: byte_by_byte },
    Kernel { name: "send 16 B as a server", prepare: || Ok(send(Role::Server, ascii(16))) },
    Kernel { name: "send 16 B as a client", prepare: || Ok(send(Role::Client, ascii(16))) },
    Kernel { name: "send 1 KiB as a client", prepare: || Ok(send(Role::Client, ascii(1 << 10))) },
    Kernel { name: "echo 16 B", prepare: || echo(&ascii(16)) },
    Kernel { name: "echo 1 KiB", prepare: || echo(&ascii(1 << 10)) },
    Kernel { name: "inflate 1 KiB, miniz_oxide", prepare: || inflate(Backend::Miniz) },
    Kernel { name: "inflate 1 KiB, zlib-rs", prepare: || inflate(Backend::ZlibRs) },
    Kernel { name: "deflate 1 KiB, miniz_oxide", prepare: || deflate(Backend::Miniz) },
    Kernel { name: "deflate 1 KiB, zlib-rs", prepare: || deflate(Backend::ZlibRs) },
    Kernel { name: "deflate 1 KiB for 100 connections", prepare: deflate_for_all },
    Kernel { name: "handshake as a server", prepare: || Ok(server_handshake()) },
    Kernel { name: "handshake as a client", prepare: client_handshake },
];

fn repeat(mut one: impl FnMut() -> bool + 'static) -> Work {
    Work::new(move || (0..RUNS).map(|_| usize::from(one())).sum())
}

fn header_parse() -> Work {
    let bytes = FrameHeader::new(Opcode::Binary, 1 << 10).with_mask(KEY).encode().to_vec();
    repeat(move || black_box(FrameHeader::parse(black_box(&bytes))).is_ok())
}

fn header_encode() -> Work {
    let header = FrameHeader::new(Opcode::Binary, 1 << 10).with_mask(KEY);
    repeat(move || !black_box(black_box(&header).encode()).is_empty())
}

fn mask(len: usize) -> Work {
    let mut payload = vec![0x55; len];
    repeat(move || {
        black_box(KEY).apply(black_box(&mut payload));
        true
    })
}

fn text_check(text: String) -> Work {
    repeat(move || black_box(TextCheck::new().push(black_box(text.as_bytes()))).is_ok())
}

fn decode(len: usize) -> Result<Work, String> {
    let mut wire = Wire::from(Role::Client, |sender, wire| {
        sender.send(BytesMessage::new(vec![7; len]), wire).map_err(|error| error.to_string())
    })?;
    let mut decoder = FrameDecoder::new(Role::Server);
    Ok(Work::new(move || {
        let (mut input, mut done) = (wire.batch(), 0_usize);
        while let Ok(Some(chunk)) = decoder.decode(&mut input) {
            black_box(&*chunk.payload);
            done = done.saturating_add(1);
        }
        done
    }))
}

/// The bytes of the peer: a copy for each batch, as payloads are unmasked where they lie.
struct Wire(Vec<Vec<u8>>, usize);

impl Wire {
    /// Lets the peer of this role send [`RUNS`] times.
    fn from(
        role: Role,
        send: impl FnMut(&mut Connection, &mut Vec<u8>) -> Result<(), String>,
    ) -> Result<Self, String> {
        Self::from_connection(connection(role, &Config::default()), send)
    }

    fn from_connection(
        mut sender: Connection,
        mut send: impl FnMut(&mut Connection, &mut Vec<u8>) -> Result<(), String>,
    ) -> Result<Self, String> {
        let mut batches = Vec::new();
        for _ in 0..BATCHES {
            let mut batch = Vec::new();
            for _ in 0..RUNS {
                send(&mut sender, &mut batch)?;
            }
            batches.push(batch);
        }
        Ok(Self(batches, 0))
    }

    /// The bytes of the next batch.
    fn batch(&mut self) -> &mut [u8] {
        let batch = self.0.get_mut(self.1).map(Vec::as_mut_slice);
        self.1 = self.1.saturating_add(1);
        batch.unwrap_or_default()
    }
}

fn receive(role: Role, text: &str) -> Result<Work, String> {
    let mut wire = Wire::from(role.peer(), |sender, wire| {
        sender.send(TextMessage::new(text), wire).map_err(|error| error.to_string())
    })?;
    let mut connection = connection(role, &Config::default());
    Ok(Work::new(move || {
        let (mut input, mut done) = (wire.batch(), 0_usize);
        while let Ok(Some(event)) = connection.receive(&mut input) {
            done = done.saturating_add(deliver(&event));
        }
        done
    }))
}

/// Receives as `receive` does, out of a buffer for whole messages; a batch of short ones is less than the longest read.
fn receive_whole(text: &str, read_len: usize) -> Result<Work, String> {
    let wire = Wire::from(Role::Client, |sender, wire| {
        sender.send(TextMessage::new(text), wire).map_err(|error| error.to_string())
    })?;
    Ok(whole(connection(Role::Server, &Config::default()), wire, read_len))
}

fn receive_binary(len: usize, read_len: usize) -> Result<Work, String> {
    let wire = Wire::from(Role::Client, |sender, wire| {
        sender.send(BytesMessage::new(vec![7; len]), wire).map_err(|error| error.to_string())
    })?;
    Ok(whole(connection(Role::Server, &Config::default()), wire, read_len))
}

/// Takes whole messages out of a buffer that `read_len` bytes at a time are read into.
fn whole(mut connection: Connection, mut wire: Wire, read_len: usize) -> Work {
    let mut buffer = ReadBuffer::messages();
    Work::new(move || {
        let (mut input, mut done) = (&*wire.batch(), 0_usize);
        while let Ok(read @ 1..) = {
            let room = buffer.room();
            let len = room.len().min(read_len);
            input.read(&mut room[..len])
        } {
            buffer.filled(read);
            while let Ok(Some(event)) = connection.receive_from(&mut buffer) {
                done = done.saturating_add(deliver(&event));
            }
        }
        done
    })
}

/// Looks at a part of a message as a caller does who wants its bytes, and returns how many messages it ends.
#[inline(always)]
#[expect(clippy::inline_always, reason = "an event that goes through memory costs more than the work itself")]
fn deliver(event: &Event<'_>) -> usize {
    if let Event::BytesMessage(message) = event {
        black_box(&*message.data);
        return usize::from(message.message_finished);
    }
    let Event::TextMessage(message) = event else { return 0 };
    black_box(message.data.as_str());
    usize::from(message.message_finished)
}

fn fragments(text: &str) -> Result<Work, String> {
    let wire = Wire::from(Role::Client, |sender, wire| {
        for _ in 0..3 {
            sender.send(TextMessage::new(text).unfinished(), wire).map_err(|error| error.to_string())?;
        }
        sender.send(TextMessage::new(text), wire).map_err(|error| error.to_string())
    })?;
    Ok(whole(connection(Role::Server, &Config::default()), wire, usize::MAX))
}

fn byte_by_byte() -> Result<Work, String> {
    let text = ascii(125);
    let mut wire = Wire::from(Role::Client, |sender, wire| {
        sender.send(TextMessage::new(&text), wire).map_err(|error| error.to_string())
    })?;
    let mut connection = connection(Role::Server, &Config::default());
    Ok(Work::new(move || {
        let mut done = 0_usize;
        for mut byte in wire.batch().chunks_mut(1) {
            while let Ok(Some(event)) = connection.receive(&mut byte) {
                done = done.saturating_add(deliver(&event));
            }
        }
        done
    }))
}

fn send(role: Role, text: String) -> Work {
    let mut connection = connection(role, &Config::default());
    let mut out = Vec::with_capacity(RUNS.saturating_mul(text.len().saturating_add(14)));
    Work::new(move || {
        out.clear();
        let mut one = || connection.send(TextMessage::new(black_box(text.as_str())), &mut out).is_ok();
        (0..RUNS).map(|_| usize::from(one())).sum()
    })
}

fn echo(text: &str) -> Result<Work, String> {
    let mut wire = Wire::from(Role::Client, |sender, wire| {
        sender.send(TextMessage::new(text), wire).map_err(|error| error.to_string())
    })?;
    let mut connection = connection(Role::Server, &Config::default());
    let mut out = Vec::with_capacity(RUNS.saturating_mul(text.len().saturating_add(14)));
    Ok(Work::new(move || {
        out.clear();
        let (mut input, mut done) = (wire.batch(), 0_usize);
        while let Ok(Some(event)) = connection.receive(&mut input) {
            done = done.saturating_add(usize::from(connection.send(event, &mut out).is_ok()));
        }
        done
    }))
}

fn inflate(backend: Backend) -> Result<Work, String> {
    let config = Config::default().with_extension(DeflateConfig::default().with_backend(backend));
    let mut documents = documents().into_iter();
    let wire = Wire::from_connection(agreed(Role::Client, &config)?, |sender, wire| {
        let document = documents.next().ok_or("too few documents")?;
        sender.send(TextMessage::new(document), wire).map_err(|error| error.to_string())
    })?;
    Ok(whole(agreed(Role::Server, &config)?, wire, usize::MAX))
}

fn deflate(backend: Backend) -> Result<Work, String> {
    let config = Config::default().with_extension(DeflateConfig::default().with_backend(backend));
    let mut connection = agreed(Role::Server, &config)?;
    let mut documents = documents().into_iter();
    let mut out = Vec::with_capacity(RUNS << 10);
    Ok(Work::new(move || {
        out.clear();
        let mut one = |document| connection.send(TextMessage::new(document), &mut out).is_ok();
        documents.by_ref().take(RUNS).map(|document| usize::from(one(document))).sum()
    }))
}

/// A message to as many connections as there are runs: what is compressed once is a hundredth of each.
fn deflate_for_all() -> Result<Work, String> {
    let deflate = DeflateConfig::default().with_server_no_context_takeover();
    let config = Config::default().with_extension(deflate);
    let mut connections = (0..RUNS).map(|_| agreed(Role::Server, &config)).collect::<Result<Vec<_>, _>>()?;
    let mut documents = documents().into_iter();
    let mut out = Vec::with_capacity(RUNS << 10);
    Ok(Work::new(move || {
        out.clear();
        let message = documents.next().map(TextMessage::new).map(PreparedMessage::new);
        let Some(Ok(message)) = message else { return 0 };
        connections.iter_mut().map(|one| usize::from(one.send_prepared(&message, &mut out).is_ok())).sum()
    }))
}

fn server_handshake() -> Work {
    let config = Arc::new(Config::default());
    let mut request = REQUEST.as_bytes().to_vec();
    let mut out = Vec::with_capacity(1 << 10);
    repeat(move || {
        let mut server = Connection::server(Arc::clone(&config));
        out.clear();
        let received = matches!(server.receive(&mut &mut request[..]), Ok(Some(Event::Request(_))));
        received && server.send(AcceptConnection::new(), &mut out).is_ok() && !black_box(&out).is_empty()
    })
}

fn client_handshake() -> Result<Work, String> {
    let config = Arc::new(Config::default());
    let (mut wire, mut answer) = (Vec::new(), Vec::new());
    let mut client = Connection::client_with_entropy(config.clone(), settled);
    client.send(request(), &mut wire).map_err(|error| error.to_string())?;
    let mut server = Connection::server(config.clone());
    server.receive(&mut &mut wire[..]).map_err(|error| error.to_string())?;
    let accept = AcceptConnection::new()
        .with_header("Server", "example/1.0")
        .with_header("Date", "Sun, 22 Nov 2026 12:00:00 GMT");
    server.send(accept, &mut answer).map_err(|error| error.to_string())?;
    let mut out = Vec::with_capacity(1 << 10);
    Ok(repeat(move || {
        let mut client = Connection::client_with_entropy(config.clone(), settled);
        out.clear();
        let sent = client.send(request(), &mut out).is_ok() && !black_box(&out).is_empty();
        sent && matches!(client.receive(&mut &mut answer[..]), Ok(Some(Event::AcceptConnection(_))))
    }))
}

fn request() -> Request {
    Request::new("server.example.com", "/chat?room=42")
}

/// An open connection without extensions.
fn connection(role: Role, config: &Config) -> Connection {
    match role {
        Role::Server => Connection::open_server(config.clone()),
        Role::Client => Connection::open_client_with_entropy(config.clone(), settled),
    }
}

/// An open connection with what both sides of `config` agree on.
pub(crate) fn agreed(role: Role, config: &Config) -> Result<Connection, String> {
    let offers = extensions::offers(&config.extensions).map_err(|error| error.to_string())?;
    let (answer, server) =
        extensions::respond(&config.extensions, &offers).map_err(|error| error.to_string())?;
    Ok(match role {
        Role::Server => connection(role, config).with_extensions(server),
        Role::Client => {
            let agreed = extensions::conclude(&config.extensions, &answer);
            connection(role, config).with_extensions(agreed.map_err(|error| error.to_string())?)
        }
    })
}

/// What stands in for entropy.
fn settled(bytes: &mut [u8]) {
    bytes.iter_mut().zip([0x37, 0xfa, 0x21, 0x3d].into_iter().cycle()).for_each(|(to, from)| *to = from);
}

fn ascii(len: usize) -> String {
    (b' '..0x7f).cycle().take(len).map(char::from).collect()
}

/// Characters of one to four bytes.
fn mixed(len: usize) -> String {
    let mut text = String::new();
    for c in "Grüße, 你好, Привет and 😀 ".chars().cycle() {
        if text.len().saturating_add(c.len_utf8()) > len {
            break;
        }
        text.push(c);
    }
    text
}

/// Messages of about 1 KiB, alike but not the same.
fn documents() -> Vec<String> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state >> 8
    };
    let mut item = || {
        let (id, price, number) = (next(), next() % 10_000, next() % 100);
        format!("{{\"id\":{id},\"name\":\"item {number}\",\"price\":{price},\"in_stock\":true}}")
    };
    let document = |_| format!("[{}]", (0..17).map(|_| item()).collect::<Vec<_>>().join(","));
    (0..RUNS.saturating_mul(BATCHES)).map(document).collect()
}
