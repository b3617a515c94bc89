//! One connection of a capture: it is shown once it proves to be a WebSocket.

use std::{fmt, mem, net::SocketAddr, time::Duration};

use crate::{
    explain::{
        Options,
        packet::Segment,
        raw::{begins_with_handshake, is_request},
        reassembly::{Part, Reassembly},
        show::{Show, Stop},
    },
    wire::{Chunk, Explainer, Handshake, Record, Sender},
};

/// A connection of a capture.
pub(super) struct Flow {
    /// When its first packet came, and the last one.
    pub(super) began: Duration,
    last: Duration,
    first: End,
    second: End,
    /// Whether the first end is the client, once that is known.
    first_is_client: Option<bool>,
    /// Looks at the bytes, from the first one on.
    explainer: Option<Box<Explainer>>,
    /// What was seen and not shown yet.
    records: Vec<Record>,
    /// The number under which it is shown.
    number: Option<u64>,
    skipped: Option<Skipped>,
    reset: bool,
}

/// One end, and what it has sent.
struct End {
    address: SocketAddr,
    stream: Reassembly,
    ended: bool,
}

/// Why a connection isn't shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skipped {
    Tls,
    Http2,
    /// It begins in the middle, or is something else.
    NoHandshake,
    NoWebSocket,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls => "TLS: the bytes are encrypted",
            Self::Http2 => "HTTP/2, in which no WebSocket is looked for",
            Self::NoHandshake => {
                "without an opening handshake at the beginning; --extensions VALUE reads it as frames"
            }
            Self::NoWebSocket => "HTTP without a WebSocket",
        })
    }
}

impl Flow {
    /// Makes a connection of its first segment.
    pub(super) fn new(at: Duration, segment: &Segment<'_>) -> Self {
        let end = |address| End { address, stream: Reassembly::default(), ended: false };
        Self {
            began: at,
            last: at,
            first: end(segment.from),
            second: end(segment.to),
            // Whoever sends a SYN with an ACK answers.
            first_is_client: segment.syn.then_some(segment.acknowledged.is_none()),
            explainer: None,
            records: Vec::new(),
            number: None,
            skipped: None,
            reset: false,
        }
    }

    /// Takes the number with which a SYN begins a direction; tells whether it belongs to this connection.
    pub(super) fn begin(&mut self, segment: &Segment<'_>) -> bool {
        !segment.syn || (self.skipped.is_none() && self.ends(segment.from).0.stream.begin(segment.sequence))
    }

    /// Returns the end with this address, and the other one.
    fn ends(&mut self, address: SocketAddr) -> (&mut End, &mut End) {
        if self.first.address == address {
            (&mut self.first, &mut self.second)
        } else {
            (&mut self.second, &mut self.first)
        }
    }

    /// Takes a segment.
    pub(super) fn segment(&mut self, at: Duration, segment: &Segment<'_>, options: &Options) {
        self.last = at;
        self.reset |= segment.rst;
        if self.skipped.is_some() {
            // All that counts is when its ports are free again.
            self.ends(segment.from).0.ended |= segment.fin;
            return;
        }
        let (mut own, mut others) = (Vec::new(), Vec::new());
        let (from, to) = self.ends(segment.from);
        // A SYN counts as a byte.
        let sequence = segment.sequence.wrapping_add(segment.syn.into());
        if !segment.rst && (segment.fin || !segment.payload.is_empty()) {
            from.stream.segment(sequence, segment.payload, segment.fin, &mut own);
        }
        if let Some(number) = segment.acknowledged {
            to.stream.acknowledge(number, &mut others);
        }
        self.parts(segment.from, own, options);
        self.parts(segment.to, others, options);
    }

    /// Returns how many bytes wait for some that are missing.
    pub(super) fn waiting(&self) -> usize {
        self.first.stream.waiting().saturating_add(self.second.stream.waiting())
    }

    /// Waits no longer for what is missing.
    pub(super) fn give_up(&mut self, options: &Options) {
        for address in [self.first.address, self.second.address] {
            let mut parts = Vec::new();
            self.ends(address).0.stream.give_up(&mut parts);
            self.parts(address, parts, options);
        }
    }

    /// Has what an end has sent looked at.
    fn parts(&mut self, address: SocketAddr, parts: Vec<Part>, options: &Options) {
        for part in parts {
            let is_first = self.first.address == address;
            self.ends(address).0.ended |= part == Part::End;
            if self.explainer.is_none() && self.skipped.is_none() && part != Part::End {
                self.start(is_first, &part, options);
            }
            let Some(explainer) = &mut self.explainer else { continue };
            let is_client = self.first_is_client == Some(is_first);
            let from = if is_client { Sender::Client } else { Sender::Server };
            let at = self.last.saturating_sub(self.began);
            match part {
                Part::Bytes(bytes) => explainer.look(&Chunk { at, from, bytes }, &mut self.records),
                Part::Gap(missing) => explainer.gap(from, Some(missing), at, &mut self.records),
                Part::End => explainer.end(from, at, &mut self.records),
            }
        }
    }

    /// Decides by the first part of a stream what the connection is.
    fn start(&mut self, is_first: bool, part: &Part, options: &Options) {
        let bytes: &[u8] = if let Part::Bytes(bytes) = part { bytes } else { &[] };
        let is_masked = bytes.get(1).is_some_and(|second| second & 0x80 != 0);
        let is_client = is_request(bytes) || (is_masked && !bytes.starts_with(b"HTTP/"));
        self.first_is_client.get_or_insert(is_first == is_client);
        self.skipped = match bytes {
            [0x16, 0x03, 0..=4, ..] => Some(Skipped::Tls),
            [b'P', b'R', b'I', b' ', b'*', ..] => Some(Skipped::Http2),
            _ if bytes.is_empty() || begins_with_handshake(bytes) || options.extensions.is_some() => None,
            _ => Some(Skipped::NoHandshake),
        };
        if self.skipped.is_none() {
            let open = !bytes.is_empty() && !begins_with_handshake(bytes);
            self.explainer = Some(Box::new(options.explainer(open)));
        } else {
            self.forget();
        }
    }

    /// Shows what was seen, once it is known that it is a WebSocket.
    pub(super) fn show(&mut self, shown: &mut u64, show: &mut Show) -> Result<(), Stop> {
        if self.number.is_none() {
            let Some(is_websocket) = self.records.iter().find_map(tells) else { return Ok(()) };
            if !is_websocket {
                self.skip(Skipped::NoWebSocket);
                return Ok(());
            }
            *shown = shown.saturating_add(1);
            self.number = Some(*shown);
            let (client, server) = match self.first_is_client {
                Some(false) => (self.second.address, self.first.address),
                _ => (self.first.address, self.second.address),
            };
            show.connection(*shown, client, server)?;
        }
        show.records(self.number, &mut self.records)
    }

    fn skip(&mut self, reason: Skipped) {
        self.skipped = Some(reason);
        self.forget();
    }

    /// Gives back the memory of a connection that isn't shown.
    fn forget(&mut self) {
        self.explainer = None;
        self.records = Vec::new();
        self.first.stream = Reassembly::default();
        self.second.stream = Reassembly::default();
    }

    /// Tells whether no more can come.
    pub(super) const fn is_over(&self) -> bool {
        self.reset || (self.first.ended && self.second.ended)
    }

    /// Ends the connection: after a reset in earnest, otherwise as far as it was captured.
    pub(super) fn finish(&mut self, options: &Options, shown: &mut u64, show: &mut Show) -> Result<(), Stop> {
        for address in [self.first.address, self.second.address] {
            let mut parts = Vec::new();
            self.ends(address).0.stream.finish(&mut parts);
            self.parts(address, parts, options);
        }
        let at = self.last.saturating_sub(self.began);
        if let Some(mut explainer) = mem::take(&mut self.explainer) {
            for from in [Sender::Client, Sender::Server] {
                if self.reset {
                    explainer.end(from, at, &mut self.records);
                } else if !self.has_ended(from) {
                    explainer.cut(from, at, &mut self.records);
                }
            }
            self.show(shown, show)?;
            if self.number.is_none() {
                self.skip(Skipped::NoHandshake);
            }
        }
        Ok(())
    }

    fn has_ended(&self, from: Sender) -> bool {
        let is_first = self.first_is_client == Some(from == Sender::Client);
        if is_first { self.first.ended } else { self.second.ended }
    }

    /// Tells why it isn't shown, if it isn't.
    pub(super) const fn skipped(&self) -> Option<Skipped> {
        self.skipped
    }
}

/// Tells whether a record proves that the connection is a WebSocket or wants to be one, or that it isn't.
fn tells(record: &Record) -> Option<bool> {
    match record {
        Record::Handshake(head) => Some(asks_for_websocket(head)),
        Record::Agreed(_) | Record::Frame(_) => Some(true),
        _ => None,
    }
}

/// Tells whether a head has anything of a WebSocket.
fn asks_for_websocket(head: &Handshake) -> bool {
    head.fields.iter().any(|field| {
        let (name, value) = (field.name.to_ascii_lowercase(), field.value.to_ascii_lowercase());
        name.starts_with("sec-websocket-") || (name == "upgrade" && value.contains("websocket"))
    })
}
