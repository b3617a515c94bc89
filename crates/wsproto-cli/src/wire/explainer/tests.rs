//! Records of whole connections, which don't depend on how the bytes are split.

mod bounds;
mod handshakes;
mod violations;

use bytes::Bytes;

use super::*;
use crate::wire::{Answer, Broken};

const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

/// A step of a connection.
#[derive(Clone, Debug)]
enum Step {
    Client(Vec<u8>),
    Server(Vec<u8>),
    Gap(Sender, Option<u64>),
    End(Sender),
    Cut(Sender),
}

fn client(bytes: &[u8]) -> Step {
    Step::Client(bytes.into())
}

fn server(bytes: &[u8]) -> Step {
    Step::Server(bytes.into())
}

fn open(extensions: &str) -> Start {
    Start::Open { extensions: extensions.into(), subprotocol: None }
}

/// Explains steps, cut into pieces of this length at most.
fn look(start: &Start, steps: &[Step], piece: usize) -> Vec<Record> {
    look_within(&Config::default(), start, steps, piece)
}

fn look_within(config: &Config, start: &Start, steps: &[Step], piece: usize) -> Vec<Record> {
    let mut explainer = Explainer::within(config.clone(), start.clone());
    let mut records = Vec::new();
    for step in steps {
        let (from, bytes) = match step {
            Step::Client(bytes) => (Sender::Client, bytes),
            Step::Server(bytes) => (Sender::Server, bytes),
            Step::Gap(from, missing) => {
                explainer.gap(*from, *missing, Duration::ZERO, &mut records);
                continue;
            }
            Step::End(from) => {
                explainer.end(*from, Duration::ZERO, &mut records);
                continue;
            }
            Step::Cut(from) => {
                explainer.cut(*from, Duration::ZERO, &mut records);
                continue;
            }
        };
        for part in bytes.chunks(piece) {
            let chunk = Chunk { at: Duration::ZERO, from, bytes: Bytes::copy_from_slice(part) };
            explainer.look(&chunk, &mut records);
        }
    }
    records
}

/// Explains steps in several splits, which all give the same records.
fn explain(name: &str, start: &Start, steps: &[Step]) -> Vec<Record> {
    explain_within(name, &Config::default(), start, steps)
}

fn explain_within(name: &str, config: &Config, start: &Start, steps: &[Step]) -> Vec<Record> {
    let whole = look_within(config, start, steps, usize::MAX);
    for piece in [1, 2, 3, 7, 64, 4096] {
        let split = look_within(config, start, steps, piece);
        let (whole, split) = (lines(&whole), lines(&split));
        assert!(
            whole == split,
            "{name} in pieces of {piece}:\n{}\nwhole:\n{}",
            split.join("\n"),
            whole.join("\n")
        );
    }
    whole
}

fn lines(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| serde_json::to_string(record).unwrap()).collect()
}

/// Each record in a few words.
fn told(records: &[Record]) -> Vec<String> {
    records.iter().map(told_one).collect()
}

fn told_one(record: &Record) -> String {
    match record {
        Record::Handshake(head) => {
            format!("{} {}", head.from.name(), head.text.lines().next().unwrap_or_default())
        }
        Record::Agreed(agreed) => format!("agreed {:?} {:?}", agreed.subprotocol, agreed.extensions),
        Record::Frame(frame) => {
            let cut = frame.cut.as_ref().map(|cut| format!(" cut at {}", cut.received)).unwrap_or_default();
            format!(
                "{} frame {} at {} {} {} {}{cut}",
                frame.from.name(),
                frame.number,
                frame.offset,
                frame.header,
                frame.name,
                frame.length,
            )
        }
        Record::Message(message) => format!(
            "{} message {:?} {} {} of {} {:?}",
            message.from.name(),
            message.frames,
            message.name,
            message.length,
            message.wire_length,
            message.payload.text.as_deref().unwrap_or(&message.payload.hex)
        ),
        Record::State(state) => format!("{} is {}", state.side.name(), state.now),
        Record::Broken(broken) => format!(
            "{} broke {:?} at {} {:02x?} {} {}",
            broken.from.name(),
            broken.rule,
            broken.offset,
            broken.byte,
            broken.section,
            match broken.answer {
                Answer::Number(number) => number.to_string(),
                other => format!("{other:?}"),
            }
        ),
        Record::Gap(gap) => format!("{} gap at {} {:?}", gap.from.name(), gap.offset, gap.missing),
        Record::End(end) => {
            format!("{} end {}", end.from.name(), if end.clean { "clean" } else { "abnormal" })
        }
    }
}

#[test]
fn a_whole_connection() {
    let steps = [
        client(REQUEST),
        server(ANSWER),
        // "Hello" compressed, as in RFC 7692 §7.2.3.1, in two fragments with a Ping between.
        client(b"\x41\x83\0\0\0\0\xf2\x48\xcd"),
        client(b"\x89\x82\0\0\0\0hi"),
        client(b"\x80\x84\0\0\0\0\xc9\xc9\x07\x00"),
        server(b"\x8a\x02hi"),
        server(b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"),
        client(b"\x88\x85\0\0\0\0\x03\xe8bye"),
        server(b"\x88\x02\x03\xe8"),
        Step::End(Sender::Server),
        Step::End(Sender::Client),
    ];
    let expected = [
        "client GET /chat HTTP/1.1",
        "client is connecting",
        "server is connecting",
        "server HTTP/1.1 101 Switching Protocols",
        r#"agreed Some("chat") "permessage-deflate""#,
        "client is open",
        "server is open",
        "client frame 1 at 254 418300000000 text 3",
        "client frame 2 at 263 898200000000 ping 2",
        "client frame 3 at 271 808400000000 continuation 4",
        r#"client message (1, 3) text 5 of 7 "Hello""#,
        "server frame 1 at 205 8a02 pong 2",
        "server frame 2 at 209 c107 text 7",
        r#"server message (2, 2) text 5 of 7 "Hello""#,
        "client frame 4 at 281 888500000000 close 5",
        "client is local_closing",
        "server is remote_closing",
        "server frame 3 at 218 8802 close 2",
        "server is closed",
        "client is closed",
        "server end clean",
        "client end clean",
    ];
    assert_eq!(told(&explain("connection", &Start::Handshake, &steps)), expected);
}

#[test]
fn what_ends_in_the_middle() {
    let table: [(&str, Vec<Step>, &[&str]); 7] = [
        (
            "payload cut by the end",
            vec![server(b"\x82\x05Hel"), Step::End(Sender::Server)],
            &[
                "server frame 1 at 0 8205 binary 5 cut at 3",
                "server end abnormal",
                "server is closed",
                "client is closed",
            ],
        ),
        (
            "header cut by the end",
            vec![server(b"\x82\x7e\x01"), Step::End(Sender::Server)],
            &[
                "server frame 1 at 0 827e01 binary 1 cut at 0",
                "server end abnormal",
                "server is closed",
                "client is closed",
            ],
        ),
        (
            "header cut after the offending byte",
            vec![server(b"\x83"), Step::End(Sender::Server)],
            &[
                "server frame 1 at 0 83 reserved 0",
                r#"server broke "reserved opcode (0x3)" at 0 Some(83) RFC 6455 §5.2 1002"#,
                "client is remote_closing",
                "server end abnormal",
                "server is closed",
            ],
        ),
        (
            "nothing is cut",
            vec![server(b"\x82\x00"), Step::Cut(Sender::Server)],
            &["server frame 1 at 0 8200 binary 0", r#"server message (1, 1) binary 0 of 0 """#],
        ),
        (
            "the recording ends",
            vec![server(b"\x82\x05Hel"), Step::Cut(Sender::Server)],
            &["server frame 1 at 0 8205 binary 5 cut at 3"],
        ),
        (
            "gap",
            vec![
                server(b"\x81\x05Hel"),
                Step::Gap(Sender::Server, Some(7)),
                server(b"\x81\x00"),
                client(b"\x8a\x80abcd"),
            ],
            &[
                "server frame 1 at 0 8105 text 5 cut at 3",
                "server gap at 5 Some(7)",
                "client frame 1 at 0 8a8061626364 pong 0",
            ],
        ),
        (
            "data after a Close",
            vec![client(b"\x88\x80\0\0\0\0\x8a\x80\0\0\0\0\x81\x80\0\0\0\0\x81\x80")],
            &[
                "client frame 1 at 0 888000000000 close 0",
                "client is local_closing",
                "server is remote_closing",
                "client frame 2 at 6 8a8000000000 pong 0",
                "client frame 3 at 12 818000000000 text 0",
                r#"client broke "data after a Close: it is ignored" at 12 Some(81) RFC 6455 §5.5.1 WithoutCode"#,
            ],
        ),
    ];
    for (name, steps, expected) in table {
        let records = told(&explain(name, &open(""), &steps));
        let opened = [r#"agreed None """#, "client is open", "server is open"];
        assert_eq!(records, [&opened[..], expected].concat(), "{name}");
    }
}

#[test]
fn an_extension_that_is_not_known_is_shown_and_not_judged() {
    let steps = [server(b"\xb1\x02\xff\xfe\x88\x02\x03\xe8"), Step::End(Sender::Server)];
    let records = told(&explain("x-foo", &open("x-foo; bar=1"), &steps));
    assert_eq!(
        records[3..],
        [
            "server frame 1 at 0 b102 text 2",
            "server frame 2 at 4 8802 close 2",
            "server is local_closing",
            "client is remote_closing",
            "server end clean",
        ]
    );
}

fn broken_of(records: &[Record]) -> Option<&Broken> {
    records.iter().find_map(|record| match record {
        Record::Broken(broken) => Some(broken),
        _ => None,
    })
}
