//! Compressed messages: what JSON costs, and what a peer can make it cost.

use std::hint::black_box;

use wsproto::extensions::deflate::{Backend, DeflateConfig, DeflateParams, PermessageDeflate, WindowBits};
use wsproto::frame::{FrameHeader, MaskingKey, Opcode, Rsv};
use wsproto::{BytesMessage, Config, Connection, Event, ReadBuffer, Role};
use wsproto_deflate_streams::{START, generate, hostile, repeated, start};

use crate::measured;

/// How many compressed bytes are sent, in one read and in reads of a byte; a read of a byte costs far more.
const LENGTHS: [usize; 2] = [8 << 10, 1 << 10];

/// A connection's settings, with a name.
struct Setting {
    name: &'static str,
    backend: Backend,
    window: WindowBits,
    no_context_takeover: bool,
}

const SETTINGS: [Setting; 4] = [
    Setting { name: "miniz", backend: Backend::Miniz, window: WindowBits::MAX, no_context_takeover: false },
    Setting {
        name: "zlib-rs",
        backend: Backend::ZlibRs,
        window: WindowBits::MAX,
        no_context_takeover: false,
    },
    Setting {
        name: "miniz, 256 bytes",
        backend: Backend::Miniz,
        window: WindowBits::MIN,
        no_context_takeover: false,
    },
    Setting {
        name: "miniz, no takeover",
        backend: Backend::Miniz,
        window: WindowBits::MAX,
        no_context_takeover: true,
    },
];

/// How the bytes of a message come.
#[derive(Clone, Copy)]
struct Way {
    name: &'static str,
    /// How many of them are in a frame.
    frame: usize,
    /// How many bytes are in a read.
    read: usize,
    /// Whether messages are given whole.
    whole: bool,
}

const WAYS: [Way; 6] = [
    Way { name: "parts", frame: usize::MAX, read: usize::MAX, whole: false },
    Way { name: "whole", frame: usize::MAX, read: usize::MAX, whole: true },
    Way { name: "parts by the byte", frame: usize::MAX, read: 1, whole: false },
    Way { name: "whole by the byte", frame: usize::MAX, read: 1, whole: true },
    Way { name: "parts in fragments of a byte", frame: 1, read: usize::MAX, whole: false },
    Way { name: "whole in fragments of a byte", frame: 1, read: usize::MAX, whole: true },
];

/// Measures JSON, and each hostile stream in each way.
pub(crate) fn all() -> Result<(), String> {
    for setting in &SETTINGS {
        setting.measure("JSON", &[setting.json()?], &WAYS[0])?;
        for (way, len) in WAYS.iter().zip([0, 0, 1, 1, 1, 1].map(|at| LENGTHS[at])) {
            // Without context takeover there is nothing to refer to.
            let streams =
                if setting.no_context_takeover { vec![] } else { hostile(len, setting.window.size()) };
            for stream in streams {
                setting.measure(stream.name, &[stream.payload], way)?;
            }
        }
        // As short as can be, and one of 32 KiB before each of them.
        let short = [&[0x00][..], &[0x01], &[0x03, 0x00, 0x00], &[0x02, 0x00]];
        let short: Vec<Vec<u8>> = short.iter().cycle().take(1000).map(|one| one.to_vec()).collect();
        let in_turn: Vec<Vec<u8>> = short.iter().take(40).flat_map(|one| [start(), one.clone()]).collect();
        for way in &WAYS[..2] {
            setting.measure("short messages", &short, way)?;
            setting.measure("short messages after long ones", &in_turn, way)?;
        }
    }
    Ok(())
}

/// Measures JSON, and what the generator makes of each of these bytes in hexadecimal.
pub(crate) fn candidates(bytes: &[String]) -> Result<(), String> {
    let [setting, ..] = &SETTINGS;
    setting.measure("JSON", &[setting.json()?], &WAYS[0])?;
    for bytes in bytes {
        let blocks = generate(&from_hex(bytes)?, START, 1 << 15);
        setting.measure(bytes, &[repeated(&blocks, LENGTHS[0])], &WAYS[0])?;
    }
    Ok(())
}

fn from_hex(digits: &str) -> Result<Vec<u8>, String> {
    let byte = |at| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes = (0..digits.len()).step_by(2).map(byte).collect::<Option<_>>();
    bytes.ok_or_else(|| format!("not hexadecimal: {digits}"))
}

impl Setting {
    fn deflate(&self) -> (DeflateParams, DeflateConfig) {
        let params = DeflateParams {
            client_max_window_bits: self.window,
            client_no_context_takeover: self.no_context_takeover,
            ..DeflateParams::default()
        };
        (params, DeflateConfig::default().with_backend(self.backend).with_params(params))
    }

    /// A message of 64 KiB at level 6.
    fn json(&self) -> Result<Vec<u8>, String> {
        let (params, config) = self.deflate();
        let mut payload = Vec::new();
        let mut client = PermessageDeflate::new(Role::Client, params, &config);
        client.compress(json(64 << 10).as_bytes(), &mut payload).map_err(|refusal| refusal.to_string())?;
        Ok(payload)
    }

    /// Prints what is measured, and how many bytes came and came out, how many frames, and how many reads.
    fn measure(&self, stream: &str, payloads: &[Vec<u8>], way: &Way) -> Result<(), String> {
        let mut wire = wire(payloads, way.frame);
        let compressed: usize = payloads.iter().map(Vec::len).sum();
        let frames: usize = payloads.iter().map(|payload| payload.len().div_ceil(way.frame)).sum();
        let reads = wire.len().div_ceil(way.read);
        let mut connection = self.server()?;
        let mut outcome = Ok(0);
        measured(&mut || {
            outcome = if way.whole {
                receive_whole(&mut connection, &wire, way.read)
            } else {
                receive(&mut connection, &mut wire, way.read)
            }
        });
        let (setting, way) = (self.name, way.name);
        let produced = outcome.map_err(|error| format!("{setting}, {stream}, {way}: {error}"))?;
        println!("{setting}|{stream}|{way}|{compressed}|{produced}|{frames}|{reads}");
        Ok(())
    }

    /// A server that has agreed to compression, and has received a message: its window is full.
    fn server(&self) -> Result<Connection, String> {
        let (_, config) = self.deflate();
        let config = Config::default().with_extension(config).with_max_fragments(u64::MAX);
        let mut connection = crate::kernels::agreed(Role::Server, &config)?;
        receive(&mut connection, &mut wire(&[start()], usize::MAX), usize::MAX)?;
        Ok(connection)
    }
}

/// The frames of a client.
fn wire(payloads: &[Vec<u8>], frame: usize) -> Vec<u8> {
    let key = MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);
    let mut wire = Vec::new();
    for payload in payloads {
        let mut chunks = payload.chunks(frame).peekable();
        let mut header = FrameHeader::new(Opcode::Binary, 0).with_rsv(Rsv::RSV1).with_mask(key);
        while let Some(chunk) = chunks.next() {
            header.payload_len = chunk.len() as u64;
            header.fin = chunks.peek().is_none();
            wire.extend_from_slice(&header.encode());
            let start = wire.len();
            wire.extend_from_slice(chunk);
            key.clone().apply(&mut wire[start..]);
            header = FrameHeader::new(Opcode::Continuation, 0).with_mask(key);
        }
    }
    wire
}

/// Receives messages in parts, and returns how many bytes they have.
fn receive(connection: &mut Connection, wire: &mut [u8], read: usize) -> Result<usize, String> {
    let mut produced = 0;
    for mut piece in wire.chunks_mut(read) {
        while let Some(event) = connection.receive(&mut piece).map_err(|error| error.to_string())? {
            produced += len(&black_box(event))?;
        }
    }
    Ok(produced)
}

/// Receives whole messages, and returns how many bytes they have.
fn receive_whole(connection: &mut Connection, mut wire: &[u8], read: usize) -> Result<usize, String> {
    let (mut buffer, mut produced) = (ReadBuffer::messages(), 0);
    while !wire.is_empty() {
        let room = buffer.room();
        let len = room.len().min(read).min(wire.len());
        room[..len].copy_from_slice(&wire[..len]);
        wire = &wire[len..];
        buffer.filled(len);
        while let Some(event) = connection.receive_from(&mut buffer).map_err(|error| error.to_string())? {
            produced += self::len(&black_box(event))?;
        }
    }
    Ok(produced)
}

fn len(event: &Event<'_>) -> Result<usize, String> {
    match event {
        Event::BytesMessage(BytesMessage { data, .. }) => Ok(data.len()),
        other => Err(format!("another event: {other:?}")),
    }
}

/// Text as of an interface: much of it again and again, but never the same.
fn json(len: usize) -> String {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state >> 8
    };
    let mut item = |_| {
        let (id, price, number) = (next(), next() % 10_000, next() % 100);
        format!("{{\"id\":{id},\"name\":\"item {number}\",\"price\":{price},\"in_stock\":true}},")
    };
    let mut text = (0..len / 32).map(&mut item).collect::<Vec<_>>().concat();
    text.truncate(len);
    text
}
