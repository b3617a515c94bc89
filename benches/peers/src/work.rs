//! The work that everybody does: what arrives or is sent, in which form, and how it is checked.

use wsproto::Role;

/// What is done with a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Task {
    /// Take messages off the transport.
    Receive,
    /// Put messages on the transport.
    Send,
    /// Send back what was received.
    Echo,
    /// Answer a request to open a connection.
    Handshake,
}

/// What a message holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Content {
    Ascii,
    /// Code points of one to four bytes.
    Mixed,
    Binary,
}

/// One case of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    pub(crate) name: &'static str,
    pub(crate) task: Task,
    pub(crate) role: Role,
    pub(crate) content: Content,
    /// The length of a message in bytes.
    pub(crate) len: usize,
    /// The number of frames that each message comes in.
    pub(crate) frames: usize,
    /// The most bytes that a read gives.
    pub(crate) read_len: usize,
}

const READ: usize = 64 << 10;

impl Work {
    const fn new(name: &'static str, task: Task, role: Role, content: Content, len: usize) -> Self {
        Self { name, task, role, content, len, frames: 1, read_len: READ }
    }

    const fn in_frames(mut self, frames: usize) -> Self {
        self.frames = frames;
        self
    }

    const fn in_reads_of(mut self, read_len: usize) -> Self {
        self.read_len = read_len;
        self
    }

    pub(crate) fn is_text(&self) -> bool {
        self.content != Content::Binary
    }

    pub(crate) fn is_client(&self) -> bool {
        self.role == Role::Client
    }

    /// Returns how many messages a round has: some 0.2 ms of work.
    pub(crate) fn messages(&self) -> usize {
        if self.task == Task::Handshake {
            return 200;
        }
        if self.read_len < 64 {
            return 64;
        }
        (8192 * 24 / (self.len + 24)).max(8)
    }

    /// Returns how many messages are sent before they are flushed.
    pub(crate) fn batch(&self) -> usize {
        ((32 << 10) / (self.len + 16)).clamp(1, self.messages())
    }

    /// Returns a message: the same for everybody.
    pub(crate) fn payload(&self) -> Vec<u8> {
        match self.content {
            Content::Ascii => (0..self.len).map(|i| b' ' + (i * 7 % 90) as u8).collect(),
            Content::Binary => (0..self.len).map(|i| (i * 131 % 256) as u8).collect(),
            Content::Mixed => mixed(self.len),
        }
    }

    /// Returns what the peer sends, again and again: whole messages, each with another key.
    pub(crate) fn tape(&self) -> Vec<u8> {
        if self.task == Task::Handshake {
            return REQUEST.into();
        }
        let payload = self.payload();
        let copies = ((256 << 10) / (self.len + 14)).clamp(1, self.messages());
        let mut tape = Vec::new();
        for copy in 0..copies {
            let part_len = self.len.div_ceil(self.frames);
            for (i, part) in payload.chunks(part_len).enumerate() {
                let opcode = match (i, self.is_text()) {
                    (0, true) => 1,
                    (0, false) => 2,
                    _ => 0,
                };
                let fin = if i + 1 == self.frames { 0x80 } else { 0 };
                let key = (!self.is_client()).then(|| (copy as u32).wrapping_mul(0x9e37_79b9) | 0x0101_0101);
                frame(fin | opcode, key, part, &mut tape);
            }
        }
        tape
    }
}

fn mixed(len: usize) -> Vec<u8> {
    let mut text: String = "aé€😀zß中𝄞".chars().cycle().take(len / 3).collect();
    while text.len() > len {
        text.pop();
    }
    while text.len() < len {
        text.push('x');
    }
    text.into_bytes()
}

/// Writes a frame as the RFC says, without any of the code under test.
fn frame(first: u8, key: Option<u32>, payload: &[u8], out: &mut Vec<u8>) {
    let mask = if key.is_some() { 0x80 } else { 0 };
    out.push(first);
    match payload.len() {
        len @ 0..126 => out.push(mask | len as u8),
        len @ 126..0x1_0000 => {
            out.push(mask | 126);
            out.extend((len as u16).to_be_bytes());
        }
        len => {
            out.push(mask | 127);
            out.extend((len as u64).to_be_bytes());
        }
    }
    let key = key.map(u32::to_be_bytes);
    out.extend(key.iter().flatten());
    out.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ key.map_or(0, |key| key[i % 4])));
}

/// Reads frames as the RFC says, without any of the code under test, and checks each against `payload`.
pub(crate) fn check_sent(mut wire: &[u8], work: &Work, count: usize) {
    let payload = work.payload();
    for _ in 0..count {
        let masked = wire[1] & 0x80 != 0;
        assert_eq!(masked, work.is_client(), "mask bit");
        assert_eq!(wire[0], if work.is_text() { 0x81 } else { 0x82 }, "first byte");
        let (len, at) = match wire[1] & 0x7f {
            126 => (usize::from(u16::from_be_bytes([wire[2], wire[3]])), 4),
            127 => (u64::from_be_bytes(wire[2..10].try_into().unwrap()) as usize, 10),
            len => (usize::from(len), 2),
        };
        let (key, at) = if masked { (wire[at..at + 4].to_vec(), at + 4) } else { (vec![0; 4], at) };
        let sent: Vec<u8> =
            wire[at..at + len].iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect();
        assert!(sent == payload, "a message that was sent differs");
        wire = &wire[at + len..];
    }
    assert!(wire.is_empty(), "more was sent than asked for");
}

/// Where everybody delivers the messages that he receives.
#[derive(Default)]
pub(crate) struct Delivered {
    /// What each must be, while that is checked.
    pub(crate) expected: Option<Vec<u8>>,
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

impl Delivered {
    #[inline(always)]
    pub(crate) fn message(&mut self, payload: &[u8]) {
        self.messages += 1;
        self.bytes += std::hint::black_box(payload).len();
        if let Some(expected) = &self.expected {
            assert!(payload == expected.as_slice(), "a message that was received differs");
        }
    }

    /// Takes a part of a message, `last` with the last.
    #[inline(always)]
    pub(crate) fn part(&mut self, part: &[u8], last: bool) {
        self.messages += usize::from(last);
        self.bytes += std::hint::black_box(part).len();
    }
}

/// What a browser sends.
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

/// The accept token of that request's key, from RFC 6455 §1.3.
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Checks that each request was answered.
pub(crate) fn check_answers(wire: &[u8], count: usize) {
    let answers = str::from_utf8(wire).unwrap().to_owned();
    assert_eq!(answers.matches("HTTP/1.1 101 ").count(), count);
    assert_eq!(answers.matches(ACCEPT).count(), count);
}

use Content::{Ascii, Binary, Mixed};
use Role::{Client, Server};
use Task::{Echo, Handshake, Receive, Send};

#[rustfmt::skip]
pub(crate) const TABLE: &[Work] = &[
    Work::new("receive as a server, text of 16 B",           Receive, Server, Ascii,  16),
    Work::new("receive as a server, text of 125 B",          Receive, Server, Ascii,  125),
    Work::new("receive as a server, ASCII of 1 KiB",         Receive, Server, Ascii,  1 << 10),
    Work::new("receive as a server, mixed text of 1 KiB",    Receive, Server, Mixed,  1 << 10),
    Work::new("receive as a server, binary of 16 KiB",       Receive, Server, Binary, 16 << 10),
    Work::new("receive as a server, text of 64 KiB",         Receive, Server, Ascii,  64 << 10),
    Work::new("receive as a server, binary of 1 MiB",        Receive, Server, Binary, 1 << 20),
    Work::new("receive as a client, text of 16 B",           Receive, Client, Ascii,  16),
    Work::new("receive as a client, text of 125 B",          Receive, Client, Ascii,  125),
    Work::new("receive as a client, ASCII of 1 KiB",         Receive, Client, Ascii,  1 << 10),
    Work::new("receive as a client, mixed text of 1 KiB",    Receive, Client, Mixed,  1 << 10),
    Work::new("receive as a client, binary of 16 KiB",       Receive, Client, Binary, 16 << 10),
    Work::new("receive as a client, text of 64 KiB",         Receive, Client, Ascii,  64 << 10),
    Work::new("receive as a client, binary of 1 MiB",        Receive, Client, Binary, 1 << 20),
    Work::new("send as a server, text of 16 B",              Send,    Server, Ascii,  16),
    Work::new("send as a server, text of 125 B",             Send,    Server, Ascii,  125),
    Work::new("send as a server, text of 1 KiB",             Send,    Server, Ascii,  1 << 10),
    Work::new("send as a server, binary of 16 KiB",          Send,    Server, Binary, 16 << 10),
    Work::new("send as a server, binary of 1 MiB",           Send,    Server, Binary, 1 << 20),
    Work::new("send as a client, text of 16 B",              Send,    Client, Ascii,  16),
    Work::new("send as a client, text of 125 B",             Send,    Client, Ascii,  125),
    Work::new("send as a client, text of 1 KiB",             Send,    Client, Ascii,  1 << 10),
    Work::new("send as a client, binary of 16 KiB",          Send,    Client, Binary, 16 << 10),
    Work::new("send as a client, binary of 1 MiB",           Send,    Client, Binary, 1 << 20),
    Work::new("echo as a server, text of 16 B",              Echo,    Server, Ascii,  16),
    Work::new("echo as a server, text of 1 KiB",             Echo,    Server, Ascii,  1 << 10),
    Work::new("echo as a server, text of 64 KiB",            Echo,    Server, Ascii,  64 << 10),
    Work::new("receive as a server, four fragments of 125 B", Receive, Server, Ascii, 500).in_frames(4),
    Work::new("receive as a server, text of 125 B in reads of 1 B", Receive, Server, Ascii, 125).in_reads_of(1),
    Work::new("receive as a server, text of 125 B in reads of 7 B", Receive, Server, Ascii, 125).in_reads_of(7),
    Work::new("receive as a server, binary of 16 KiB in reads of 1460 B", Receive, Server, Binary, 16 << 10).in_reads_of(1460),
    Work::new("handshake as a server", Handshake, Server, Ascii, 0),
];
