//! One connection of a capture. It is shown once its client asks for a WebSocket.

use std::{mem, net::SocketAddr, time::Duration};

use super::{
    http::{Found, Http},
    skipped::Skipped,
    watch::Watch,
};
use crate::{
    explain::{
        Options,
        packet::Segment,
        raw::{begins_with_handshake, is_request, tells},
        reassembly::{Part, Reassembly},
        show::{Show, Stop},
    },
    wire::{Chunk, Explainer, Record, Sender},
};

/// A connection of a capture.
pub(super) struct Flow {
    /// The times of its first and its last packet.
    pub(super) began: Duration,
    pub(super) last: Duration,
    first: End,
    second: End,
    /// Whether the first end is the client, once that is known.
    first_is_client: Option<bool>,
    stage: Stage,
    /// The HTTP before a WebSocket, and between two requests for one.
    http: Http,
    watch: Option<Watch>,
    /// The records that weren't shown yet.
    records: Vec<Record>,
    /// A note that wasn't shown yet.
    note: Option<String>,
    /// The number under which it is shown.
    number: Option<u64>,
    skipped: Option<Skipped>,
    reset: bool,
}

/// One end, and the bytes that it has sent.
struct End {
    address: SocketAddr,
    stream: Reassembly,
    ended: bool,
    /// Whether its FIN has come; bytes before it may be missing.
    fin: bool,
    /// Whether its SYN has come.
    syn: bool,
    /// The bytes that came before the connection's protocol was known, and the number of missing bytes before them.
    early: Vec<u8>,
    missing: u64,
}

/// The protocol of the next bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Unknown: too few bytes have come.
    Unknown,
    /// HTTP, as far as is known.
    Http,
    /// A WebSocket.
    WebSocket,
}

impl Flow {
    /// Makes a connection of its first segment.
    pub(super) fn new(at: Duration, segment: &Segment<'_>) -> Self {
        let end = |address| End {
            address,
            stream: Reassembly::default(),
            ended: false,
            fin: false,
            syn: false,
            early: Vec::new(),
            missing: 0,
        };
        Self {
            began: at,
            last: at,
            first: end(segment.from),
            second: end(segment.to),
            // A SYN with an ACK comes from the server.
            first_is_client: segment.syn.then_some(segment.acknowledged.is_none()),
            stage: Stage::Unknown,
            http: Http::default(),
            watch: None,
            records: Vec::new(),
            note: None,
            number: None,
            skipped: None,
            reset: false,
        }
    }

    /// Takes the sequence number of a segment with SYN. Returns whether the segment belongs to this connection.
    pub(super) fn begin(&mut self, segment: &Segment<'_>) -> bool {
        self.ends(segment.from).0.syn |= segment.syn;
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
        self.ends(segment.from).0.fin |= segment.fin;
        if self.skipped.is_some() {
            // Only its end matters: then its ports are free again.
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

    /// Returns the number of bytes that wait for others.
    pub(super) fn waiting(&self) -> usize {
        let streams = self.first.stream.waiting().saturating_add(self.second.stream.waiting());
        streams.saturating_add(self.http.kept())
    }

    /// Stops waiting for missing bytes.
    pub(super) fn give_up(&mut self, options: &Options) {
        for address in [self.first.address, self.second.address] {
            let mut parts = Vec::new();
            self.ends(address).0.stream.give_up(&mut parts);
            self.parts(address, parts, options);
        }
        let mut found = Vec::new();
        self.http.give_up(&mut found);
        self.found(found, options);
    }

    /// Takes parts of the stream of one end.
    fn parts(&mut self, address: SocketAddr, parts: Vec<Part>, options: &Options) {
        for part in parts {
            if self.skipped.is_some() {
                return;
            }
            if self.stage == Stage::Unknown {
                self.early(address, part, options);
            } else {
                self.part(address, part, options);
            }
        }
    }

    /// Keeps a part that comes before the connection's protocol is known.
    fn early(&mut self, address: SocketAddr, part: Part, options: &Options) {
        let (own, other) = self.ends(address);
        let is_enough = match &part {
            Part::Bytes(bytes) => {
                own.early.extend_from_slice(bytes);
                tells(&own.early)
            }
            Part::Gap(missing) if own.early.is_empty() => {
                own.missing = own.missing.saturating_add(*missing);
                if other.missing > 0 && options.extensions.is_none() {
                    self.skip(Skipped::NoHandshake);
                }
                false
            }
            Part::Gap(_) => true,
            Part::End => {
                own.ended = true;
                !own.early.is_empty()
            }
        };
        if is_enough {
            self.decide(address, options);
            if !matches!(part, Part::Bytes(_)) && self.skipped.is_none() {
                self.part(address, part, options);
            }
        }
    }

    /// Decides on the connection's protocol by the first bytes of an end.
    fn decide(&mut self, address: SocketAddr, options: &Options) {
        let is_first = self.first.address == address;
        let bytes = &self.ends(address).0.early[..];
        let is_masked = bytes.get(1).is_some_and(|second| second & 0x80 != 0);
        let is_client = is_request(bytes) || (is_masked && !bytes.starts_with(b"HTTP/"));
        let is_http = begins_with_handshake(bytes);
        let skipped = match bytes {
            [0x16, 0x03, ..] => Some(Skipped::Tls),
            [b'P', b'R', b'I', b' ', b'*', ..] => Some(Skipped::Http2),
            _ if is_http || options.extensions.is_some() => None,
            _ => Some(Skipped::NoHandshake),
        };
        self.first_is_client.get_or_insert(is_first == is_client);
        if let Some(reason) = skipped {
            return self.skip(reason);
        }
        let client_is_first = self.first_is_client == Some(true);
        if if client_is_first { self.first.syn } else { self.second.syn } {
            self.http.await_client();
        }
        self.stage = if is_http { Stage::Http } else { Stage::WebSocket };
        if !is_http {
            self.watch = Some(Watch::new(options.explainer(true)));
        }
        let other = self.ends(address).1.address;
        for address in [address, other] {
            let (end, _) = self.ends(address);
            let (missing, bytes) = (mem::take(&mut end.missing), mem::take(&mut end.early));
            let has_ended = end.ended && bytes.is_empty();
            if missing > 0 {
                self.part(address, Part::Gap(missing), options);
            }
            if !bytes.is_empty() {
                self.part(address, Part::Bytes(bytes.into()), options);
            }
            if has_ended {
                self.part(address, Part::End, options);
            }
        }
    }

    /// Takes a part once the connection's protocol is known.
    fn part(&mut self, address: SocketAddr, part: Part, options: &Options) {
        let is_client = self.first_is_client == Some(self.first.address == address);
        let from = if is_client { Sender::Client } else { Sender::Server };
        self.ends(address).0.ended |= part == Part::End;
        let mut found = Vec::new();
        match part {
            Part::Bytes(bytes) if self.stage == Stage::Http => self.http.take(from, &bytes, &mut found),
            Part::Gap(missing) if self.stage == Stage::Http => self.http.gap(from, missing, &mut found),
            Part::End if self.stage == Stage::Http => {
                self.http.end(from, &mut found);
                self.found(found, options);
                return self.watch(from, 0, |explainer, at, out| explainer.end(from, at, out));
            }
            part => {
                return self.watch(from, self.http.offset(from), |explainer, at, out| match part {
                    Part::Bytes(bytes) => explainer.look(&Chunk { at, from, bytes }, out),
                    Part::Gap(missing) => explainer.gap(from, Some(missing), at, out),
                    Part::End => explainer.end(from, at, out),
                });
            }
        }
        self.found(found, options);
        // The answer, and the server's end, may have been captured before the request. A second end has no effect.
        if self.stage == Stage::WebSocket && from == Sender::Client && self.has_ended(Sender::Server) {
            self.watch(Sender::Server, 0, |explainer, at, out| explainer.end(Sender::Server, at, out));
        }
    }

    /// Takes the findings of HTTP.
    fn found(&mut self, found: Vec<Found>, options: &Options) {
        for found in found {
            match found {
                Found::Ask => self.watch = Some(Watch::new(options.explainer(false))),
                Found::Bytes { from, offset, bytes } => self.watch(from, offset, |explainer, at, out| {
                    explainer.look(&Chunk { at, from, bytes: bytes.into() }, out);
                }),
                Found::Gap { from, offset, missing } => {
                    self.watch(from, offset, |explainer, at, out| explainer.gap(from, missing, at, out));
                }
                Found::Open => self.stage = Stage::WebSocket,
                Found::GiveUp { from, offset, why } => {
                    let (client, server) = self.addresses();
                    self.note = Some(format!(
                        "{client} → {server}: {why} at byte {offset} of the {}; what comes after it isn't looked at",
                        from.name()
                    ));
                    self.skip(Skipped::Unclear);
                }
            }
        }
    }

    /// Lets the explainer look. On the first call for a direction, `offset` is the number of bytes that came before.
    fn watch(
        &mut self,
        from: Sender,
        offset: u64,
        look: impl FnOnce(&mut Explainer, Duration, &mut Vec<Record>),
    ) {
        let at = self.last.saturating_sub(self.began);
        if let Some(watch) = &mut self.watch {
            watch.look(from, offset, &mut self.records, |explainer, out| look(explainer, at, out));
        }
    }

    /// Returns the client's address and the server's.
    const fn addresses(&self) -> (SocketAddr, SocketAddr) {
        match self.first_is_client {
            Some(false) => (self.second.address, self.first.address),
            _ => (self.first.address, self.second.address),
        }
    }

    /// Shows the new records and the note. Announces the connection before its first record.
    pub(super) fn show(&mut self, shown: &mut u64, show: &mut Show) -> Result<(), Stop> {
        if !self.records.is_empty() && self.number.is_none() {
            *shown = shown.saturating_add(1);
            self.number = Some(*shown);
            let (client, server) = self.addresses();
            show.connection(*shown, client, server)?;
        }
        show.records(self.number, &mut self.records)?;
        if let Some(note) = self.note.take() {
            show.note(format_args!("{note}"));
        }
        Ok(())
    }

    fn skip(&mut self, reason: Skipped) {
        self.skipped = Some(reason);
        self.forget();
    }

    /// Frees memory that is no longer needed.
    fn forget(&mut self) {
        self.watch = None;
        self.http = Http::default();
        for end in [&mut self.first, &mut self.second] {
            end.stream = Reassembly::default();
            end.early = Vec::new();
        }
    }

    /// Returns whether another connection may take its place: it isn't shown, or both ends have sent a FIN.
    pub(super) const fn is_idle(&self) -> bool {
        (self.skipped.is_some() && self.number.is_none()) || (self.first.fin && self.second.fin)
    }

    /// Returns whether no more bytes can come.
    pub(super) const fn is_over(&self) -> bool {
        self.reset || (self.first.ended && self.second.ended)
    }

    /// Ends the connection. After a reset its streams have ended; otherwise the capture cuts them off.
    pub(super) fn finish(&mut self, options: &Options, shown: &mut u64, show: &mut Show) -> Result<(), Stop> {
        let addresses = [self.first.address, self.second.address];
        for address in addresses {
            let mut parts = Vec::new();
            self.ends(address).0.stream.finish(&mut parts);
            self.parts(address, parts, options);
        }
        for address in addresses {
            if self.stage == Stage::Unknown
                && self.skipped.is_none()
                && !self.ends(address).0.early.is_empty()
            {
                self.decide(address, options);
            }
        }
        if self.stage == Stage::Http {
            let mut found = Vec::new();
            self.http.end(Sender::Client, &mut found);
            self.http.end(Sender::Server, &mut found);
            self.found(found, options);
        }
        for from in [Sender::Client, Sender::Server] {
            if self.reset {
                self.watch(from, 0, |explainer, at, out| explainer.end(from, at, out));
            } else if !self.has_ended(from) {
                self.watch(from, 0, |explainer, at, out| explainer.cut(from, at, out));
            }
        }
        if self.watch.is_none() && self.skipped.is_none() && self.stage != Stage::Unknown {
            self.skip(if self.http.has_heads() { Skipped::NoWebSocket } else { Skipped::NoHandshake });
        }
        self.show(shown, show)
    }

    fn has_ended(&self, from: Sender) -> bool {
        let is_first = self.first_is_client == Some(from == Sender::Client);
        if is_first { self.first.ended } else { self.second.ended }
    }

    /// Returns the reason if it isn't shown.
    pub(super) fn skipped(&self) -> Option<Skipped> {
        self.skipped.filter(|_| self.number.is_none())
    }
}
