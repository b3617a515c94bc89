//! The work of all entrants: the messages that arrive or are sent, and their form.

use std::sync::Mutex;

use bytes::Bytes;
use wsproto::Role;
use wsproto_benches::{Deflate, ascii, binary, json, mixed, raw, wire};

/// The action for a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Task {
    /// Take messages off the transport.
    Receive,
    /// Put messages on the transport.
    Send,
    /// Send received messages back.
    Echo,
    /// Open a connection: as a server, answer a request; as a client, ask and take the answer.
    Handshake,
}

/// The table to which a work belongs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Group {
    Messages,
    /// With permessage-deflate.
    Deflate,
    Handshakes,
    /// A message to many connections.
    Broadcast,
    /// Messages of many connections that take turns.
    Turns,
    /// Messages of many lengths, for a chart.
    Lengths,
    /// The memory that is kept after a long message.
    Memory,
}

/// The contents of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Content {
    Ascii,
    /// Code points of one to four bytes.
    Mixed,
    Binary,
    /// Text as programs send it. Each message is different.
    Json,
}

/// One case of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    name: &'static str,
    pub(crate) group: Group,
    pub(crate) task: Task,
    pub(crate) role: Role,
    pub(crate) content: Content,
    /// The length of a message in bytes.
    pub(crate) len: usize,
    /// The number of frames of each message.
    pub(crate) frames: usize,
    /// The most bytes of a read.
    pub(crate) read_len: usize,
    pub(crate) deflate: Option<Deflate>,
    pub(crate) connections: usize,
    /// How many messages are sent before they are written; 0 for as many as fit in 32 KiB.
    batch: usize,
    /// Whether received messages are delivered as text, and not as bytes. An entrant that checks text but returns bytes
    /// checks it again.
    pub(crate) as_str: bool,
}

const READ: usize = 64 << 10;

impl Work {
    const fn new(name: &'static str, task: Task, role: Role, content: Content, len: usize) -> Self {
        Self {
            name,
            group: Group::Messages,
            task,
            role,
            content,
            len,
            frames: 1,
            read_len: READ,
            deflate: None,
            connections: 1,
            batch: 0,
            as_str: false,
        }
    }

    const fn handshake(name: &'static str, role: Role) -> Self {
        let mut work = Self::new(name, Task::Handshake, role, Content::Ascii, 0);
        work.group = Group::Handshakes;
        work
    }

    const fn deflated(name: &'static str, task: Task, len: usize, level: u8, takeover: bool) -> Self {
        let mut work = Self::new(name, task, Role::Server, Content::Json, len);
        work.group = Group::Deflate;
        work.deflate = Some(Deflate { level, takeover });
        work
    }

    /// A message of 1 KiB to this many clients.
    const fn broadcast(name: &'static str, content: Content, connections: usize) -> Self {
        let mut work = Self::new(name, Task::Send, Role::Server, content, 1 << 10);
        work.group = Group::Broadcast;
        work.connections = connections;
        work
    }

    const fn compressed(mut self, level: u8) -> Self {
        self.deflate = Some(Deflate { level, takeover: false });
        self
    }

    const fn length(name: &'static str, len: usize) -> Self {
        let mut work = Self::new(name, Task::Receive, Role::Server, Content::Binary, len);
        work.group = Group::Lengths;
        work
    }

    const fn memory(name: &'static str, task: Task, content: Content) -> Self {
        let mut work = Self::new(name, task, Role::Server, content, 1 << 20);
        work.group = Group::Memory;
        work
    }

    /// Echoes of 125 B. This many clients take turns, each with one message per read.
    const fn turns(name: &'static str, connections: usize) -> Self {
        let mut work = Self::new(name, Task::Echo, Role::Server, Content::Ascii, 125);
        work.group = Group::Turns;
        work.connections = connections;
        work.read_len = 2 + 4 + 125;
        work
    }

    const fn in_frames(mut self, frames: usize) -> Self {
        self.frames = frames;
        self
    }

    const fn in_batches_of(mut self, batch: usize) -> Self {
        self.batch = batch;
        self
    }

    const fn in_reads_of(mut self, read_len: usize) -> Self {
        self.read_len = read_len;
        self
    }

    /// Returns the name of the row.
    pub(crate) fn name(&self) -> String {
        format!("{}{}", self.name, if self.as_str { ", as &str" } else { "" })
    }

    /// Returns the same work with text delivered as text, if any text is delivered. Not for connections that take
    /// turns, where caches matter.
    fn with_str(&self) -> Option<Self> {
        let is_delivered = !matches!(self.group, Group::Turns | Group::Memory);
        let receives = matches!(self.task, Task::Receive | Task::Echo) && is_delivered;
        (receives && self.is_text()).then_some(Self { as_str: true, ..*self })
    }

    pub(crate) fn is_text(&self) -> bool {
        self.content != Content::Binary
    }

    pub(crate) fn is_client(&self) -> bool {
        self.role == Role::Client
    }

    /// Returns how many messages a round has: some 0.2 ms of work, unless one message takes longer.
    ///
    /// Received messages are whole tapes: an entrant that decodes all of a read at once must not find messages of the
    /// last round, or leave any.
    pub(crate) fn messages(&self) -> usize {
        self.tape_messages() * self.wanted_messages().div_ceil(self.tape_messages())
    }

    fn wanted_messages(&self) -> usize {
        match self.group {
            Group::Handshakes => 200,
            Group::Broadcast => (1600 / self.connections).max(1),
            Group::Memory => 1,
            Group::Turns => self.connections.max(1 << 10),
            Group::Deflate => ((16 << 10) / self.len).max(2),
            Group::Messages if self.read_len < 64 => (65_536 / (self.len + 64)).max(2),
            Group::Lengths if self.len >= 1 << 20 => 2,
            Group::Messages | Group::Lengths => (8192 * 24 / (self.len + 24)).max(8),
        }
    }

    /// Returns how many messages the tape of a connection holds.
    fn tape_messages(&self) -> usize {
        match (self.group, self.task) {
            // The waiting bytes of a connection have their own memory, as in a kernel.
            (Group::Turns, _) => 4,
            (_, Task::Send | Task::Handshake) => 1,
            (Group::Deflate, _) => self.payload_count(),
            _ => ((256 << 10) / (self.len + 14)).clamp(1, self.wanted_messages()),
        }
    }

    /// Returns how many messages come before a round, so that the state of the caches after other entrants doesn't
    /// count.
    pub(crate) fn messages_before(&self) -> usize {
        match (self.group, self.task) {
            (Group::Turns, _) => self.connections,
            (Group::Deflate, Task::Send) => 1,
            (_, Task::Send | Task::Handshake) => (self.messages() / 16).max(2),
            _ => self.tape_messages(),
        }
    }

    /// Returns how many rounds there are if `most` are asked for: fewer of the long ones.
    pub(crate) fn rounds(&self, most: usize) -> usize {
        match self.group {
            _ if self.connections >= 100_000 => most.div_ceil(20),
            _ if self.connections >= 1000 => most.div_ceil(5),
            Group::Deflate => most.div_ceil(3),
            _ => most,
        }
    }

    /// Returns how many messages are sent before they are flushed.
    pub(crate) fn batch(&self) -> usize {
        let batch = if self.batch == 0 { (32 << 10) / (self.len + 16) } else { self.batch };
        batch.clamp(1, self.messages())
    }

    /// Returns a message, which is the same for all entrants.
    pub(crate) fn payload(&self) -> Vec<u8> {
        self.payloads().swap_remove(0)
    }

    /// Returns a message in shared memory.
    pub(crate) fn shared_payload(&self) -> Bytes {
        self.shared_payloads().swap_remove(0)
    }

    /// Returns consecutive messages in shared memory.
    pub(crate) fn shared_payloads(&self) -> Vec<Bytes> {
        static LAST: Mutex<Option<(Content, usize, Vec<Bytes>)>> = Mutex::new(None);
        let mut last = LAST.lock().unwrap();
        match &*last {
            Some((content, len, payloads)) if *content == self.content && *len == self.len => {
                payloads.clone()
            }
            _ => {
                let payloads: Vec<_> = self.payloads().into_iter().map(Bytes::from).collect();
                *last = Some((self.content, self.len, payloads.clone()));
                payloads
            }
        }
    }

    /// Returns consecutive messages, again and again.
    pub(crate) fn payloads(&self) -> Vec<Vec<u8>> {
        vec![match self.content {
            Content::Ascii => ascii(self.len),
            Content::Binary => binary(self.len),
            Content::Mixed => mixed(self.len),
            Content::Json => {
                return (0..self.payload_count()).map(|seed| json::text(self.len, seed)).collect();
            }
        }]
    }

    fn payload_count(&self) -> usize {
        match (self.content, self.group) {
            // The messages of many connections would be too many.
            (Content::Json, Group::Broadcast) => 1,
            (Content::Json, _) => (128 << 10) / self.len,
            _ => 1,
        }
    }

    /// Returns the peer's messages, again and again: whole messages, each with another key.
    pub(crate) fn tape(&self) -> Vec<u8> {
        let mut tape = Vec::new();
        if self.task == Task::Send {
            return tape;
        }
        if let Some(deflate) = self.deflate {
            for (i, payload) in raw::compressed(&self.payloads(), deflate).iter().enumerate() {
                wire::frame(0xc1, Some(key(i)), payload, &mut tape);
            }
            return tape;
        }
        if self.task == Task::Handshake {
            return wire::REQUEST.into();
        }
        let payload = self.payload();
        let part_len = self.len.div_ceil(self.frames);
        for copy in 0..self.tape_messages() {
            for (i, part) in payload.chunks(part_len).enumerate() {
                let opcode = match (i, self.is_text()) {
                    (0, true) => 1,
                    (0, false) => 2,
                    _ => 0,
                };
                let fin = if i + 1 == self.frames { 0x80 } else { 0 };
                wire::frame(fin | opcode, (!self.is_client()).then(|| key(copy)), part, &mut tape);
            }
        }
        tape
    }
}

/// Returns the masking key of a message.
fn key(message: usize) -> u32 {
    (message as u32).wrapping_mul(0x9e37_79b9) | 0x0101_0101
}

/// The place to which entrants deliver received messages.
#[derive(Default)]
pub(crate) struct Delivered {
    /// The expected messages, again and again, while they are checked.
    pub(crate) expected: Option<Vec<Vec<u8>>>,
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
    /// How many bytes of the message under way came before.
    pub(crate) before: usize,
    /// Nothing is received. Memory that can be freed is freed.
    pub(crate) shrinks: bool,
}

impl Delivered {
    #[inline(always)]
    pub(crate) fn message(&mut self, payload: &[u8]) {
        if let Some(expected) = &self.expected {
            let expected = &expected[self.messages % expected.len()];
            assert!(payload == expected.as_slice(), "a message that was received differs");
        }
        self.messages += 1;
        self.bytes += std::hint::black_box(payload).len();
    }

    #[inline(always)]
    pub(crate) fn text(&mut self, text: &str) {
        self.message(std::hint::black_box(text).as_bytes());
    }

    /// Takes a part of a text; `last` marks the last one.
    #[inline(always)]
    pub(crate) fn text_part(&mut self, part: &str, last: bool) {
        self.part(std::hint::black_box(part).as_bytes(), last);
    }

    /// Takes a part of a message; `last` marks the last one.
    #[inline(always)]
    pub(crate) fn part(&mut self, part: &[u8], last: bool) {
        if let Some(expected) = &self.expected {
            let expected = &expected[self.messages % expected.len()];
            assert!(expected[self.before..].starts_with(part), "a part that was received differs");
            let end = self.before + part.len();
            assert!(!last || end == expected.len(), "a message that was received is short");
            self.before = if last { 0 } else { end };
        }
        self.messages += usize::from(last);
        self.bytes += std::hint::black_box(part).len();
    }
}

/// Makes text of bytes for entrants that return no text, in the fastest way without unsafe code.
#[inline]
pub(crate) fn to_str(bytes: &[u8]) -> &str {
    simdutf8::basic::from_utf8(bytes).expect("the text of a message")
}

use Content::{Ascii, Binary, Mixed};
use Role::{Client, Server};
use Task::{Echo, Receive, Send};

const KIB: usize = 1 << 10;

#[rustfmt::skip]
const TABLE: &[Work] = &[
    Work::new("receive as a server, text of 16 B",           Receive, Server, Ascii,  16),
    Work::new("receive as a server, text of 125 B",          Receive, Server, Ascii,  125),
    Work::new("receive as a server, ASCII of 1 KiB",         Receive, Server, Ascii,  KIB),
    Work::new("receive as a server, mixed text of 1 KiB",    Receive, Server, Mixed,  KIB),
    Work::new("receive as a server, binary of 16 KiB",       Receive, Server, Binary, 16 * KIB),
    Work::new("receive as a server, text of 64 KiB",         Receive, Server, Ascii,  64 * KIB),
    Work::new("receive as a server, binary of 1 MiB",        Receive, Server, Binary, KIB * KIB),
    Work::new("receive as a client, text of 16 B",           Receive, Client, Ascii,  16),
    Work::new("receive as a client, text of 125 B",          Receive, Client, Ascii,  125),
    Work::new("receive as a client, ASCII of 1 KiB",         Receive, Client, Ascii,  KIB),
    Work::new("receive as a client, mixed text of 1 KiB",    Receive, Client, Mixed,  KIB),
    Work::new("receive as a client, binary of 16 KiB",       Receive, Client, Binary, 16 * KIB),
    Work::new("receive as a client, text of 64 KiB",         Receive, Client, Ascii,  64 * KIB),
    Work::new("receive as a client, binary of 1 MiB",        Receive, Client, Binary, KIB * KIB),
    Work::new("send as a server, text of 16 B", Send, Server, Ascii, 16).in_batches_of(1),
    Work::new("send as a server, text of 125 B", Send, Server, Ascii, 125).in_batches_of(1),
    Work::new("send as a server, text of 1 KiB", Send, Server, Ascii, KIB).in_batches_of(1),
    Work::new("send as a server, binary of 16 KiB", Send, Server, Binary, 16 * KIB).in_batches_of(1),
    Work::new("send as a server, text of 64 KiB", Send, Server, Ascii, 64 * KIB).in_batches_of(1),
    Work::new("send as a server, binary of 1 MiB", Send, Server, Binary, KIB * KIB).in_batches_of(1),
    Work::new("send as a server, text of 125 B in batches of 32", Send, Server, Ascii, 125).in_batches_of(32),
    Work::new("send as a server, text of 1 KiB in batches of 32", Send, Server, Ascii, KIB).in_batches_of(32),
    Work::new("send as a client, text of 16 B", Send, Client, Ascii, 16).in_batches_of(1),
    Work::new("send as a client, text of 125 B", Send, Client, Ascii, 125).in_batches_of(1),
    Work::new("send as a client, text of 1 KiB", Send, Client, Ascii, KIB).in_batches_of(1),
    Work::new("send as a client, binary of 16 KiB", Send, Client, Binary, 16 * KIB).in_batches_of(1),
    Work::new("send as a client, text of 64 KiB", Send, Client, Ascii, 64 * KIB).in_batches_of(1),
    Work::new("send as a client, binary of 1 MiB", Send, Client, Binary, KIB * KIB).in_batches_of(1),
    Work::new("send as a client, text of 125 B in batches of 32", Send, Client, Ascii, 125).in_batches_of(32),
    Work::new("send as a client, text of 1 KiB in batches of 32", Send, Client, Ascii, KIB).in_batches_of(32),
    Work::new("echo as a server, text of 16 B", Echo, Server, Ascii, 16),
    Work::new("echo as a server, text of 1 KiB", Echo, Server, Ascii, KIB),
    Work::new("echo as a server, text of 16 KiB", Echo, Server, Ascii, 16 * KIB),
    Work::new("echo as a server, text of 64 KiB", Echo, Server, Ascii, 64 * KIB),
    Work::new("receive as a server, four fragments of 125 B", Receive, Server, Ascii, 500).in_frames(4),
    Work::new("receive as a server, mixed text of 1 KiB in four fragments", Receive, Server, Mixed, KIB).in_frames(4),
    Work::new("receive as a server, text of 125 B in reads of 7 B", Receive, Server, Ascii, 125).in_reads_of(7),
    Work::new("receive as a server, text of 125 B in reads of 1 B", Receive, Server, Ascii, 125).in_reads_of(1),
    Work::new("receive as a server, mixed text of 1 KiB in reads of 1460 B", Receive, Server, Mixed, KIB).in_reads_of(1460),
    Work::new("receive as a server, mixed text of 1 KiB in reads of 7 B", Receive, Server, Mixed, KIB).in_reads_of(7),
    Work::new("receive as a server, mixed text of 1 KiB in reads of 1 B", Receive, Server, Mixed, KIB).in_reads_of(1),
    Work::new("receive as a server, binary of 16 KiB in reads of 1460 B", Receive, Server, Binary, 16 * KIB).in_reads_of(1460),
    Work::new("receive as a server, binary of 16 KiB in reads of 7 B", Receive, Server, Binary, 16 * KIB).in_reads_of(7),
    Work::new("receive as a server, binary of 16 KiB in reads of 1 B", Receive, Server, Binary, 16 * KIB).in_reads_of(1),

    Work::deflated("inflate 1 KiB of level 1",                      Receive, KIB,      1, true),
    Work::deflated("inflate 1 KiB of level 6",                      Receive, KIB,      6, true),
    Work::deflated("inflate 64 KiB of level 1",                     Receive, 64 * KIB, 1, true),
    Work::deflated("inflate 64 KiB of level 6",                     Receive, 64 * KIB, 6, true),
    Work::deflated("inflate 1 KiB of level 1, no context takeover",  Receive, KIB,      1, false),
    Work::deflated("inflate 1 KiB of level 6, no context takeover",  Receive, KIB,      6, false),
    Work::deflated("inflate 64 KiB of level 1, no context takeover", Receive, 64 * KIB, 1, false),
    Work::deflated("inflate 64 KiB of level 6, no context takeover", Receive, 64 * KIB, 6, false),
    Work::deflated("deflate 1 KiB at level 1",                      Send,    KIB,      1, true),
    Work::deflated("deflate 1 KiB at level 6",                      Send,    KIB,      6, true),
    Work::deflated("deflate 64 KiB at level 1",                     Send,    64 * KIB, 1, true),
    Work::deflated("deflate 64 KiB at level 6",                     Send,    64 * KIB, 6, true),
    Work::deflated("deflate 1 KiB at level 1, no context takeover",  Send,    KIB,      1, false),
    Work::deflated("deflate 1 KiB at level 6, no context takeover",  Send,    KIB,      6, false),
    Work::deflated("deflate 64 KiB at level 1, no context takeover", Send,    64 * KIB, 1, false),
    Work::deflated("deflate 64 KiB at level 6, no context takeover", Send,    64 * KIB, 6, false),

    Work::handshake("handshake as a server", Server),
    Work::handshake("handshake as a client", Client),

    Work::broadcast("broadcast 1 KiB to 100 connections",                 Ascii,         100),
    Work::broadcast("broadcast 1 KiB to 10000 connections",               Ascii,         10_000),
    Work::broadcast("broadcast 1 KiB to 10000 connections, compressed",   Content::Json, 10_000).compressed(6),

    Work::turns("echo 125 B, 1 connection",       1),
    Work::turns("echo 125 B, 10 connections",     10),
    Work::turns("echo 125 B, 100 connections",    100),
    Work::turns("echo 125 B, 1000 connections",   1_000),
    Work::turns("echo 125 B, 10000 connections",  10_000),
    Work::turns("echo 125 B, 100000 connections", 100_000),

    Work::length("length 1 B",     1),
    Work::length("length 4 B",     4),
    Work::length("length 16 B",    16),
    Work::length("length 64 B",    64),
    Work::length("length 256 B",   256),
    Work::length("length 1 KiB",   KIB),
    Work::length("length 4 KiB",   4 * KIB),
    Work::length("length 16 KiB",  16 * KIB),
    Work::length("length 64 KiB",  64 * KIB),
    Work::length("length 256 KiB", 256 * KIB),
    Work::length("length 1 MiB",   KIB * KIB),
    Work::length("length 4 MiB",   4 * KIB * KIB),
    Work::length("length 16 MiB",  16 * KIB * KIB),

    Work::memory("kept after receiving a text of 1 MiB",  Receive, Ascii),
    Work::memory("kept after receiving 1 MiB of binary",  Receive, Binary),
];

/// Returns all works: each received text once as bytes, and once as text.
pub(crate) fn works() -> impl Iterator<Item = Work> {
    TABLE.iter().flat_map(|work| [Some(*work), work.with_str()]).flatten()
}
