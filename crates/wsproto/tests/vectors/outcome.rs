//! The outcome of a step, in the words of the scripts, without the cuts of reads into events.

use std::fmt::Write;

use wsproto::{ConnectionState, Event, Headers};

/// The lines of a step's outcome; parts of one frame become one line.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) lines: Vec<String>,
    part: Option<Part>,
}

struct Part {
    kind: &'static str,
    data: Vec<u8>,
    frame_finished: bool,
    message_finished: bool,
}

impl Outcome {
    pub(crate) fn event(&mut self, event: Event<'_>) {
        match event {
            Event::TextMessage(text) => {
                self.add("text", text.data.as_bytes(), text.frame_finished, text.message_finished);
            }
            Event::BytesMessage(bytes) => {
                self.add("bytes", &bytes.data, bytes.frame_finished, bytes.message_finished);
            }
            Event::RejectData(data) => self.add("data", &data.data, data.body_finished, data.body_finished),
            event => {
                self.end_part();
                self.lines.extend(lines(event));
            }
        }
    }

    /// Records an error. The parts of a frame before its violation depend on the reads, and are left out.
    pub(crate) fn error(&mut self, line: String) {
        self.part = None;
        self.lines.push(line);
    }

    pub(crate) fn finish(mut self) -> Vec<String> {
        self.end_part();
        self.lines
    }

    fn add(&mut self, kind: &'static str, data: &[u8], frame_finished: bool, message_finished: bool) {
        if self.part.as_ref().is_some_and(|part| part.kind != kind) {
            self.end_part();
        }
        let mut all = self.part.take().map_or(Vec::new(), |part| part.data);
        all.extend_from_slice(data);
        self.part = Some(Part { kind, data: all, frame_finished, message_finished });
        if frame_finished {
            self.end_part();
        }
    }

    fn end_part(&mut self) {
        let Some(Part { kind, data, frame_finished, message_finished }) = self.part.take() else { return };
        if data.is_empty() && !frame_finished {
            return;
        }
        let shown = match str::from_utf8(&data) {
            Ok(text) if kind == "text" && data.len() <= 64 => text.to_owned(),
            _ => digest(&data),
        };
        let flag = |on: bool, letter| if on { letter } else { '-' };
        let (frame, message) = (flag(frame_finished, 'F'), flag(message_finished, 'M'));
        self.lines.push(format!("{kind} {frame}{message} {shown}"));
    }
}

fn lines(event: Event<'_>) -> Vec<String> {
    match event {
        Event::Request(request) => {
            let mut lines = vec![
                format!("request {} {}", request.host(), request.target()),
                format!("subprotocols {}", request.subprotocols().collect::<Vec<_>>().join(", ")),
                format!("extensions {}", request.extensions().collect::<Vec<_>>().join(", ")),
            ];
            lines.extend(fields(request.headers()));
            lines
        }
        Event::AcceptConnection(accept) => {
            let names: Vec<&str> =
                accept.extensions.iter().filter_map(|text| text.split(';').next()).map(str::trim).collect();
            let mut lines = vec![
                format!("accept {}", accept.subprotocol.unwrap_or_default()),
                format!("extensions {}", names.join(", ")),
            ];
            lines.extend(fields(&accept.headers));
            lines
        }
        Event::RejectConnection(reject) => {
            let body = if reject.has_body { "body" } else { "alone" };
            let mut lines = vec![format!("reject {} {body}", reject.status)];
            lines.extend(fields(&reject.headers));
            lines
        }
        Event::CloseConnection(close) => {
            vec![format!("close {} {}", close.code.get(), &*close.reason).trim_end_matches(' ').to_owned()]
        }
        Event::Ping(ping) => vec![format!("ping {}", digest(&ping.payload))],
        Event::Pong(pong) => vec![format!("pong {}", digest(&pong.payload))],
        other => vec![format!("{other:?}")],
    }
}

fn fields(headers: &Headers) -> impl Iterator<Item = String> {
    headers.iter().map(|(name, value)| {
        let value = if value.len() <= 400 { latin_1(value) } else { digest(value) };
        format!("{}: {value}", name.to_lowercase())
    })
}

/// Returns the lines of a sent head. The words after a status, the case of names and the order of parameters have no
/// meaning.
pub(crate) fn head(bytes: &[u8]) -> Vec<String> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head");
    let text = latin_1(&bytes[..end]);
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let first = if first.starts_with("HTTP/") { &first[..12] } else { first };
    let mut found = vec![first.to_owned()];
    for line in lines {
        let (name, value) = line.split_once(": ").expect("a field");
        let name = name.to_lowercase();
        let mut parameters: Vec<&str> = value.split("; ").collect();
        if name == "sec-websocket-extensions" {
            parameters.sort_unstable();
        }
        found.push(format!("{name}: {}", parameters.join("; ")));
    }
    let body = &bytes[end + 4..];
    if !body.is_empty() {
        found.push(format!("sent {}", digest(body)));
    }
    found
}

fn latin_1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// Returns data in hexadecimal; for long data the beginning, the length and the Adler-32 checksum.
pub(crate) fn digest(data: &[u8]) -> String {
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    };
    if data.len() <= 48 {
        return hex(data);
    }
    let (a, b) = data.iter().fold((1, 0), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65521;
        (a, (b + a) % 65521)
    });
    format!("{}~{}:{:08x}", hex(&data[..16]), data.len(), (b << 16) | a)
}

pub(crate) fn letter(state: ConnectionState) -> char {
    match state {
        ConnectionState::Connecting => 'C',
        ConnectionState::Rejecting => 'J',
        ConnectionState::Open => 'O',
        ConnectionState::LocalClosing => 'L',
        ConnectionState::RemoteClosing => 'R',
        ConnectionState::Closed => 'X',
    }
}
