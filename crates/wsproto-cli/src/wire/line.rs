//! A record as a line for a terminal.

use std::fmt;

use anstyle::{AnsiColor, Style};

use super::{Agreed, Answer, Broken, Frame, Gap, Handshake, Message, Preview, Record, Sender, State};
use crate::visible::escape;

/// The number of characters of a text, and of digits of hex, that are shown.
const TEXT_LEN: usize = 72;
const HEX_LEN: usize = 48;

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const CLIENT: Style = AnsiColor::Cyan.on_default();
const SERVER: Style = AnsiColor::Magenta.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// Shows a record as one line, without its end: `   0.001234 → #1 text …`.
///
/// The arrow shows the sender: `→` is from the client, `←` from the server. It is coloured; `anstream` removes the
/// colours if the output is no terminal. Everything that a peer sent is escaped.
pub(crate) struct Line<'a>(pub(crate) &'a Record);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = at(self.0);
        let (seconds, micros) = (at / 1_000_000, at % 1_000_000);
        write!(f, "{DIM}{seconds:>4}.{micros:06}{DIM:#} {}", What(self.0))
    }
}

/// Shows a record like [`Line`], but with the offset of its frame in place of the time, which raw bytes don't have.
pub(crate) struct Placed<'a>(pub(crate) &'a Record);

impl fmt::Display for Placed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = match self.0 {
            Record::Frame(frame) => frame.offset.to_string(),
            Record::Broken(broken) => broken.offset.to_string(),
            Record::Gap(gap) => gap.offset.to_string(),
            _ => String::new(),
        };
        write!(f, "{DIM}{offset:>11}{DIM:#} {}", What(self.0))
    }
}

/// Returns the time of a record.
const fn at(record: &Record) -> u64 {
    match record {
        Record::Handshake(head) => head.at,
        Record::Agreed(agreed) => agreed.at,
        Record::Frame(frame) => frame.at,
        Record::Message(message) => message.at,
        Record::State(state) => state.at,
        Record::Broken(broken) => broken.at,
        Record::Gap(gap) => gap.at,
        Record::End(end) => end.at,
    }
}

/// The sender and the content of a record.
struct What<'a>(&'a Record);

impl fmt::Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = match self.0 {
            Record::Handshake(head) => Some(head.from),
            Record::Frame(frame) => Some(frame.from),
            Record::Message(message) => Some(message.from),
            Record::Broken(broken) => Some(broken.from),
            Record::Gap(gap) => Some(gap.from),
            Record::End(end) => Some(end.from),
            Record::Agreed(_) | Record::State(_) => None,
        };
        match from {
            Some(Sender::Client) => write!(f, "{CLIENT}→{CLIENT:#} ")?,
            Some(Sender::Server) => write!(f, "{SERVER}←{SERVER:#} ")?,
            None => write!(f, "  ")?,
        }
        match self.0 {
            Record::Handshake(head) => handshake(f, head),
            Record::Agreed(agreed) => self::agreed(f, agreed),
            Record::Frame(frame) => self::frame(f, frame),
            Record::Message(message) => self::message(f, message),
            Record::State(State { side, now, .. }) => {
                write!(f, "{DIM}{} is {}{DIM:#}", side.name(), now.replace('_', " "))
            }
            Record::Broken(broken) => self::broken(f, broken),
            Record::Gap(gap) => self::gap(f, gap),
            Record::End(end) if end.clean => write!(f, "{DIM}end of the stream{DIM:#}"),
            Record::End(_) => write!(f, "end of the stream, without a Close"),
        }
    }
}

fn handshake(f: &mut fmt::Formatter<'_>, head: &Handshake) -> fmt::Result {
    let first = head.text.lines().next().unwrap_or_default();
    if !first.is_empty() {
        return write!(f, "{BOLD}{}{BOLD:#}", escape(first, 200));
    }
    // HTTP/2 has no line of text.
    write!(f, "{BOLD}{}{BOLD:#}", head.version)?;
    for field in head.fields.iter().filter(|field| field.name.starts_with(':')) {
        write!(f, " {} {}", escape(&field.name, TEXT_LEN), escape(&field.value, TEXT_LEN))?;
    }
    Ok(())
}

fn agreed(f: &mut fmt::Formatter<'_>, agreed: &Agreed) -> fmt::Result {
    let or_none = |text: &str| if text.is_empty() { "none".into() } else { escape(text, 200) };
    write!(f, "{BOLD}open{BOLD:#}: extensions {}", or_none(&agreed.extensions))?;
    write!(f, ", subprotocol {}", or_none(agreed.subprotocol.as_deref().unwrap_or_default()))?;
    if let Some(unknown) = &agreed.unknown {
        write!(f, "; {} isn't known here: frames are shown, not judged", escape(unknown, TEXT_LEN))?;
    }
    Ok(())
}

fn frame(f: &mut fmt::Formatter<'_>, frame: &Frame) -> fmt::Result {
    write!(f, "#{} {BOLD}{}{BOLD:#}", frame.number, frame.name)?;
    if frame.name == "reserved" {
        write!(f, " opcode {:#x}", frame.opcode)?;
    }
    let bits = [(frame.fin, "FIN"), (frame.rsv1, "RSV1"), (frame.rsv2, "RSV2"), (frame.rsv3, "RSV3")];
    for (_, name) in bits.into_iter().filter(|(is_set, _)| *is_set) {
        write!(f, " {name}")?;
    }
    if let Some(mask) = &frame.mask {
        write!(f, " mask {mask}")?;
    }
    write!(f, " {}", bytes(frame.length))?;
    if frame.compressed {
        write!(f, " compressed")?;
    }
    if let Some(cut) = &frame.cut {
        write!(f, ", of which {} came", cut.received)?;
    }
    match &frame.close {
        Some(close) => write!(f, " {} \"{}\"", close.code, escape(&close.reason, TEXT_LEN)),
        None => payload(f, frame.name, &frame.payload),
    }
}

fn message(f: &mut fmt::Formatter<'_>, message: &Message) -> fmt::Result {
    let Message { name, frames: (first, last), length, wire_length, compressed, .. } = message;
    write!(f, "{BOLD}{name} message{BOLD:#} of #{first}")?;
    if first != last {
        write!(f, " to #{last}")?;
    }
    write!(f, ", {}", bytes(*length))?;
    if *compressed {
        write!(f, " inflated from {wire_length}")?;
    }
    payload(f, name, &message.payload)
}

fn bytes(count: u64) -> String {
    if count == 1 { "1 byte".into() } else { format!("{count} bytes") }
}

/// Shows the beginning of a payload, as text if it is text or looks like it.
fn payload(f: &mut fmt::Formatter<'_>, name: &str, payload: &Preview) -> fmt::Result {
    if payload.hex.is_empty() {
        return Ok(());
    }
    let is_text = |text: &&String| name == "text" || !text.contains(|letter: char| letter.is_control());
    if let Some(text) = payload.text.as_ref().filter(is_text) {
        let escaped = escape(text, TEXT_LEN);
        let more = if payload.more && !escaped.ends_with('…') { "…" } else { "" };
        return write!(f, " \"{escaped}{more}\"");
    }
    let shown = payload.hex.get(..HEX_LEN).unwrap_or(&payload.hex);
    let more = if payload.more || shown.len() < payload.hex.len() { "…" } else { "" };
    write!(f, " {shown}{more}")
}

fn broken(f: &mut fmt::Formatter<'_>, broken: &Broken) -> fmt::Result {
    write!(f, "{BAD}broken{BAD:#} at byte {}", broken.offset)?;
    if let Some(byte) = broken.byte {
        write!(f, " ({byte:#04x})")?;
    }
    write!(f, ": {} ({})", escape(&broken.rule, 200), broken.section)?;
    match broken.answer {
        Answer::Number(number) => write!(f, "; answered with {number}"),
        Answer::WithoutCode => write!(f, "; answered with a Close without a code"),
        Answer::Nothing => write!(f, "; not answered: the connection ends"),
    }
}

fn gap(f: &mut fmt::Formatter<'_>, gap: &Gap) -> fmt::Result {
    write!(f, "{BAD}gap{BAD:#} at byte {}: ", gap.offset)?;
    match gap.missing {
        Some(1) => write!(f, "1 byte is missing")?,
        Some(missing) => write!(f, "{missing} bytes are missing")?,
        None => write!(f, "bytes are missing")?,
    }
    write!(f, "; frames can't be told after it")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::wire::{Chunk, Explainer, Start};

    #[test]
    fn records_are_lines_with_nothing_of_the_peer_in_the_raw() {
        let request = "GET /\u{202e}\x1b HTTP/1.1\r\n\r\n";
        let start =
            Start::Open { extensions: "permessage-deflate".into(), subprotocol: Some("a\x1bb".into()) };
        let table: [(&str, Start, Sender, &[u8]); 3] = [
            ("head", Start::Handshake, Sender::Client, request.as_bytes()),
            (
                "frames",
                start.clone(),
                Sender::Server,
                b"\x81\x09<\x1b\xe2\x80\xae\r\n\t>\x88\x05\x03\xe8\x1b\x9b\x07",
            ),
            ("compressed", start, Sender::Server, b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xa3\x00"),
        ];
        for (name, start, from, bytes) in table {
            let mut explainer = Explainer::new(start);
            let mut records = Vec::new();
            let chunk = Chunk { at: Duration::from_millis(1500), from, bytes: bytes.into() };
            explainer.look(&chunk, &mut records);
            for record in &records {
                let line = anstream::adapter::strip_str(&Line(record).to_string()).to_string();
                assert!(line.starts_with("   1.500000 "), "{name}: {line:?}");
                let is_raw = |character: char| {
                    character.is_control() || ('\u{202a}'..='\u{202e}').contains(&character)
                };
                assert!(!line.contains(is_raw), "{name}: {line:?}");
            }
        }
    }

    #[test]
    fn an_answer_that_is_no_number_is_said_in_words() {
        let table: [(&str, Start, &[u8], &str); 4] = [
            ("a code", open(), b"\x83\x00", "answered with 1002"),
            ("after a Close with a code", open(), b"\x88\x02\x03\xe9\x82\x00", "answered with 1001"),
            ("after a Close without", open(), b"\x88\x00\x82\x00", "answered with a Close without a code"),
            (
                "a bad answer",
                Start::Handshake,
                b"HTTP/1.1 101 x\r\n\r\n",
                "not answered: the connection ends",
            ),
        ];
        for (name, start, bytes, expected) in table {
            let (mut explainer, mut records) = (Explainer::new(start), Vec::new());
            explainer
                .look(&Chunk { at: Duration::ZERO, from: Sender::Server, bytes: bytes.into() }, &mut records);
            let broken = records.iter().find(|record| matches!(record, Record::Broken(_))).unwrap();
            let line = anstream::adapter::strip_str(&Line(broken).to_string()).to_string();
            assert!(line.ends_with(&format!("; {expected}")), "{name}: {line}");
            let json = serde_json::to_value(broken).unwrap();
            let number = expected.rsplit(' ').next().unwrap().parse::<u16>().ok();
            let number = if expected.ends_with("without a code") { Some(1005) } else { number };
            assert_eq!(json["answer"], serde_json::json!(number), "{name}: {json}");
        }
    }

    fn open() -> Start {
        Start::Open { extensions: String::new(), subprotocol: None }
    }

    #[test]
    fn lines_say_what_was_seen() {
        let mut explainer =
            Explainer::new(Start::Open { extensions: "permessage-deflate".into(), subprotocol: None });
        let mut records = Vec::new();
        let bytes: &[u8] = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x88\x05\x03\xe8bye\x82\x00";
        explainer
            .look(&Chunk { at: Duration::ZERO, from: Sender::Server, bytes: bytes.into() }, &mut records);
        explainer.gap(Sender::Client, Some(1), Duration::ZERO, &mut records);
        explainer.end(Sender::Client, Duration::ZERO, &mut records);
        let lines: Vec<String> = records
            .iter()
            .map(|record| anstream::adapter::strip_str(&Line(record).to_string()).to_string())
            .collect();
        let expected = [
            "  open: extensions permessage-deflate, subprotocol none",
            "  client is open",
            "  server is open",
            "← #1 text FIN RSV1 7 bytes compressed f248cdc9c90700",
            "← text message of #1, 5 bytes inflated from 7 \"Hello\"",
            "← #2 close FIN 5 bytes 1000 \"bye\"",
            "  server is local closing",
            "  client is remote closing",
            "← #3 binary FIN 0 bytes",
            "← broken at byte 16 (0x82): data after a Close: it is ignored (RFC 6455 §5.5.1); answered with 1000",
            "→ gap at byte 0: 1 byte is missing; frames can't be told after it",
            "→ end of the stream, without a Close",
            "  client is closed",
            "  server is closed",
        ];
        assert_eq!(lines, expected.map(|line| format!("   0.000000 {line}")));
    }
}
