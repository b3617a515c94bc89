//! Sending: into both kinds of memory, headers apart, in fragments; by each role, with extensions and without.

use allocation_counter::measure;
use bytes::BytesMut;
use proptest::collection::vec;
use proptest::prelude::*;
use wsproto::extensions::deflate::DeflateConfig;
use wsproto::extensions::{
    Extension, ExtensionConfig, Handling, Outbound, OutboundFrame, Output, Params, Progress, Reason, Refusal,
    conclude, offers, respond,
};
use wsproto::frame::{FrameError, FrameHeader, MaskingKey, Opcode, Rsv};
use wsproto::{
    AcceptConnection, BytesMessage, CloseCode, CloseConnection, Config, Connection, ConnectionState, Entropy,
    EntropyError, LocalProtocolError, Ping, Pong, PreparedMessage, RejectConnection, RejectData, Request,
    Role, TextMessage, WriteBuffer,
};

use crate::pair::{REQUEST, deflating, feed, open, settled};
use crate::seen::{Seen, Stand, messages};
use crate::two_extensions::{deflate_first, inverting};

const ROLES: [Role; 2] = [Role::Server, Role::Client];
const TEXT: &str = "na na na na, hey hey, grüezi mitenand € 😀, na na na na, hey hey, goodbye";

/// An extension that marks each message with RSV3 in its first frame, and changes no payload.
#[derive(Clone, Debug)]
struct Mark;

impl ExtensionConfig for Mark {
    fn name(&self) -> &'static str {
        "x-mark"
    }

    fn rsv(&self) -> Rsv {
        Rsv::RSV3
    }

    fn offers(&self) -> Vec<Params<'static>> {
        vec![Params::new("x-mark")]
    }

    fn agree(&self, _: &Params<'_>) -> Result<Box<dyn Extension>, Reason> {
        Ok(Box::new(Self))
    }

    fn answer(&self, _: &Params<'_>) -> Option<(Params<'static>, Box<dyn Extension>)> {
        Some((Params::new("x-mark"), Box::new(Self)))
    }
}

/// Returns the mark of a frame.
fn mark(opcode: Opcode) -> Rsv {
    if matches!(opcode, Opcode::Text | Opcode::Binary) { Rsv::RSV3 } else { Rsv::NONE }
}

impl Extension for Mark {
    fn rsv(&self) -> Rsv {
        Rsv::RSV3
    }

    fn inbound_header(&mut self, header: &FrameHeader) -> Result<Handling, Refusal> {
        let as_it_should = header.rsv.contains(Rsv::RSV3) != mark(header.opcode).is_empty();
        as_it_should
            .then_some(Handling::Pass)
            .ok_or(const { Refusal::new(CloseCode::PROTOCOL_ERROR, "a mark is missing") })
    }

    fn inbound(&mut self, _: &mut &[u8], _: &mut Output<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn inbound_end(&mut self, _: &FrameHeader, _: &mut Output<'_>) -> Result<Progress, Refusal> {
        Ok(Progress::Done)
    }

    fn outbound(&mut self, frame: &OutboundFrame<'_>, _: &mut Output<'_>) -> Result<Outbound, Refusal> {
        Ok(Outbound::flagged(mark(frame.opcode)))
    }

    fn outbound_header(&mut self, header: &FrameHeader) -> Option<Rsv> {
        Some(mark(header.opcode))
    }

    fn is_per_message(&self) -> bool {
        true
    }
}

fn forgetting() -> Config {
    let deflate = DeflateConfig::default()
        .with_threshold(0)
        .with_server_no_context_takeover()
        .with_client_no_context_takeover();
    Config::default().with_extension(deflate)
}

/// Configurations, and whether all of their extensions work per message.
fn settings() -> [(&'static str, Config, bool); 7] {
    [
        ("nothing", Config::default(), true),
        ("deflate", deflating(), true),
        ("deflate, forgetting", forgetting(), true),
        ("mark", Config::default().with_extension(Mark), true),
        ("deflate, mark", deflating().with_extension(Mark), true),
        ("invert", inverting(), false),
        ("deflate, invert", deflate_first(), false),
    ]
}

fn other(role: Role) -> Role {
    if role == Role::Server { Role::Client } else { Role::Server }
}

/// Returns the messages that the other side of `role` gets.
fn arrived(role: Role, config: &Config, wire: &[u8]) -> Vec<Seen> {
    let (events, end) = feed(&mut open(other(role), config), [wire]);
    assert_eq!(end, Ok(()));
    messages(&events)
}

fn text(text: &str) -> Seen {
    Seen::Text(text.as_bytes().to_vec(), Stand::MessageDone)
}

/// Returns the frames that were sent, unmasked.
fn frames(mut wire: &[u8]) -> Vec<(FrameHeader, Vec<u8>)> {
    let mut frames = Vec::new();
    while let Some((header, len)) = FrameHeader::parse(wire).unwrap() {
        let (payload, rest) = wire[len..].split_at(usize::try_from(header.payload_len).unwrap());
        let mut payload = payload.to_vec();
        if let Some(mut key) = header.mask {
            key.apply(&mut payload);
        }
        frames.push((header, payload));
        wire = rest;
    }
    assert!(wire.is_empty());
    frames
}

/// Sends all kinds of events in each way, including invalid ones. Returns the output and the results.
fn say_all<B: WriteBuffer>(
    role: Role,
    config: &Config,
    out: &mut B,
) -> Vec<Result<usize, LocalProtocolError>> {
    let mut ws = open(role, config);
    let prepared = PreparedMessage::new(TextMessage::new(TEXT)).unwrap();
    let noise: Vec<u8> = (0..70_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let says: [&dyn Fn(&mut Connection, &mut B) -> Result<(), LocalProtocolError>; 18] = [
        &|ws, out| ws.send(TextMessage::new(TEXT), out),
        &|ws, out| ws.send(BytesMessage::new(&noise), out),
        &|ws, out| ws.send(Ping::new(b"ping"), out),
        &|ws, out| ws.send(Ping::new(vec![0; 126]), out),
        &|ws, out| ws.send(BytesMessage::new(b"first").unfinished(), out),
        &|ws, out| ws.send(TextMessage::new("interrupts"), out),
        &|ws, out| ws.send_prepared(&prepared, out),
        &|ws, out| ws.reply(&Ping::new(b"owed").into(), out),
        &|ws, out| ws.send(BytesMessage::new(b""), out),
        &|ws, out| ws.send(TextMessage::new(TEXT).verbatim(), out),
        &|ws, out| ws.send_prepared(&prepared, out),
        &|ws, out| ws.send_fragmented(TextMessage::new(TEXT), 20, out),
        &|ws, out| ws.send_prepared_fragmented(&prepared, 20, out),
        &|ws, out| ws.send_fragmented(BytesMessage::new(&noise), 1000, out),
        &|ws, out| ws.send(Request::new("example.com", "/"), out),
        &|ws, out| ws.send(CloseConnection::new(CloseCode::NO_STATUS).with_reason("why"), out),
        &|ws, out| ws.send(CloseConnection::new(CloseCode::NORMAL).with_reason("bye"), out),
        &|ws, out| ws.send(Pong::new(b"late"), out),
    ];
    let say = |say: &&dyn Fn(&mut Connection, &mut B) -> Result<(), LocalProtocolError>| {
        let before = out.to_vec();
        let outcome = say(&mut ws, out);
        assert!(out.starts_with(&before));
        assert!(outcome.is_ok() || out.len() == before.len(), "appended although {outcome:?}");
        outcome.map(|()| out.len() - before.len())
    };
    says.iter().map(say).collect()
}

#[test]
fn both_kinds_of_memory_get_the_same() {
    for role in ROLES {
        // Each has its own pool: a compressor that was used before begins its stream differently.
        for ((name, config, _), (_, same, _)) in settings().into_iter().zip(settings()) {
            let (mut vec, mut bytes) = (b"before".to_vec(), BytesMut::from(&b"before"[..]));
            let outcomes = say_all(role, &config, &mut vec);
            assert_eq!(outcomes, say_all(role, &same, &mut bytes), "{role:?}, {name}");
            assert_eq!(vec, bytes, "{role:?}, {name}");
            let texts = arrived(role, &config, &vec[6..]).into_iter().filter(|seen| *seen == text(TEXT));
            let sent = outcomes
                .iter()
                .enumerate()
                .filter(|(nth, outcome)| [0, 9, 10, 11, 12].contains(nth) && outcome.is_ok());
            assert_eq!(texts.count(), sent.count(), "{role:?}, {name}: {outcomes:?}");
        }
    }
}

#[test]
fn both_kinds_of_memory_get_the_same_handshake() {
    fn shake<B: WriteBuffer + Default>() -> [Vec<u8>; 4] {
        let mut out = [(); 4].map(|()| B::default());
        let [asked, accepted, rejected, refused] = &mut out;
        for out in [&mut *asked, &mut *accepted, &mut *rejected, &mut *refused] {
            out.append(b"before");
        }
        let mut client = Connection::client_with_entropy(Config::default(), settled);
        assert!(client.send(AcceptConnection::new(), asked).is_err());
        client.send(Request::new("example.com", "/"), asked).unwrap();

        let asking = || {
            let mut server = Connection::server(Config::default());
            server.receive(&mut &mut REQUEST.to_vec()[..]).unwrap();
            server
        };
        let mut server = asking();
        assert!(server.send(AcceptConnection::new().with_header("a", "\r\n"), accepted).is_err());
        assert_eq!(&accepted[..], b"before");
        server.send(AcceptConnection::new(), accepted).unwrap();
        server.send(TextMessage::new("open"), accepted).unwrap();

        let mut server = asking();
        server.send(RejectConnection::new(404).with_body(), rejected).unwrap();
        server.send(RejectData::new("no").unfinished(), rejected).unwrap();
        server.send(RejectData::new("thing"), rejected).unwrap();

        let mut server = Connection::server(Config::default());
        let error = server.receive(&mut &mut b"GET / HTTP/1.0\r\n\r\n".to_vec()[..]).unwrap_err();
        server.reply_to_error(&error, refused).unwrap();
        assert!(refused.len() > 20);
        let mut server = open(Role::Server, &Config::default());
        let error = server.receive(&mut &mut [0xff][..]).unwrap_err();
        server.reply_to_error(&error, refused).unwrap();
        out.map(|out| out.to_vec())
    }
    assert_eq!(shake::<Vec<u8>>(), shake::<BytesMut>());
}

#[test]
fn nothing_is_allocated_per_message_in_either_kind_of_memory() {
    fn steady<B: WriteBuffer>(name: &str, config: &Config, mut out: B) {
        for role in ROLES {
            let mut ws = open(role, config);
            let mut round = || {
                out.truncate(0);
                ws.send(TextMessage::new(TEXT), &mut out).unwrap();
                ws.send_fragmented(TextMessage::new(TEXT), 20, &mut out).unwrap();
                ws.send(Ping::new(b"ping"), &mut out).unwrap();
            };
            (0..3).for_each(|_| round());
            let count = measure(|| (0..10).for_each(|_| round())).count_total;
            assert_eq!(count, 0, "{role:?}, {name}, {}", std::any::type_name::<B>());
        }
    }
    for (name, config, is_per_message) in settings() {
        if is_per_message {
            steady(name, &config, Vec::new());
            steady(name, &config, BytesMut::new());
        }
    }
}

/// Returns a frame as the caller of `send_apart` writes it.
fn written(header: FrameHeader, payload: &[u8]) -> Vec<u8> {
    let (mut wire, mut payload) = (header.encode().to_vec(), payload.to_vec());
    if let Some(mut key) = header.mask {
        key.apply(&mut payload);
    }
    wire.append(&mut payload);
    wire
}

#[test]
fn a_verbatim_message_goes_apart_where_no_extension_has_to_see_it() {
    for role in ROLES {
        for (name, config, goes) in settings() {
            let mut ws = open(role, &config);
            let mut wire = Vec::new();
            ws.send(TextMessage::new(TEXT), &mut wire).unwrap();
            let whole = TextMessage::new(TEXT).verbatim();
            let apart = |ws: &mut Connection, message: TextMessage<'static>, wire: &mut Vec<u8>| {
                let payload = message.data.as_bytes().to_vec();
                match ws.send_apart(message.clone()) {
                    Ok(header) => wire.extend(written(header, &payload)),
                    Err(error) => {
                        assert_eq!(
                            (error, goes),
                            (LocalProtocolError::PayloadApart, false),
                            "{role:?}, {name}"
                        );
                        ws.send(message, wire).unwrap(); // `send` takes a message that can't go apart
                    }
                }
            };
            apart(&mut ws, whole.clone(), &mut wire);
            // The message goes in parts. Only the first part is marked verbatim, and some go through `send`.
            apart(&mut ws, TextMessage::new("one, ").verbatim().unfinished(), &mut wire);
            ws.send(TextMessage::new("two, ").unfinished(), &mut wire).unwrap();
            apart(&mut ws, TextMessage::new("three, ").unfinished(), &mut wire);
            apart(&mut ws, TextMessage::new("four"), &mut wire);
            ws.send(TextMessage::new("one, ").verbatim().unfinished(), &mut wire).unwrap();
            apart(&mut ws, TextMessage::new("two"), &mut wire);
            ws.send(TextMessage::new(TEXT), &mut wire).unwrap();
            let expected = [TEXT, TEXT, "one, two, three, four", "one, two", TEXT].map(text);
            assert_eq!(arrived(role, &config, &wire), expected, "{role:?}, {name}");
            if goes {
                let plain = frames(&wire).into_iter().filter(|(_, payload)| payload == TEXT.as_bytes());
                assert!(plain.count() >= 1, "{role:?}, {name}: nothing was verbatim");
            }
        }
    }
}

#[test]
fn what_extensions_could_transform_does_not_go_apart() {
    for role in ROLES {
        for (name, config, _) in settings() {
            let mut ws = open(role, &config);
            let mut wire = Vec::new();
            let apart = Err(LocalProtocolError::PayloadApart);
            let refused = if name == "nothing" { Ok(()) } else { apart.clone() };
            let outcome = ws.send_apart(TextMessage::new(TEXT));
            assert_eq!(outcome.clone().map(|_| ()), refused, "{role:?}, {name}");
            if let Ok(header) = outcome {
                wire.extend(written(header, TEXT.as_bytes()));
            } else {
                ws.send(TextMessage::new(TEXT), &mut wire).unwrap();
            }
            // A compressed message stays compressed to its end.
            ws.send(TextMessage::new("one, ").unfinished(), &mut wire).unwrap();
            let rest = TextMessage::new("two").verbatim();
            match ws.send_apart(rest.clone()) {
                Ok(header) => {
                    assert!(["nothing", "mark"].contains(&name), "{name}");
                    wire.extend(written(header, b"two"));
                }
                Err(error) => {
                    assert_eq!(error, LocalProtocolError::PayloadApart, "{role:?}, {name}");
                    ws.send(rest, &mut wire).unwrap();
                }
            }
            assert_eq!(arrived(role, &config, &wire), [TEXT, "one, two"].map(text), "{role:?}, {name}");
            ws.send(CloseConnection::new(CloseCode::NORMAL), &mut wire).unwrap();
            let closed = LocalProtocolError::WrongState(ConnectionState::LocalClosing);
            assert_eq!(ws.send_apart(TextMessage::new(TEXT)), Err(closed), "{role:?}, {name}");
        }
    }
}

//= rfc6455#5.2-1, rfc6455#6.1-4, rfc6455#6.1-6
#[test]
fn a_header_alone_is_completed() {
    let key = MaskingKey::new([9; 4]);
    let binary = FrameHeader::new(Opcode::Binary, 5);
    #[rustfmt::skip]
    let table = [
        ("binary",             binary,                                            Ok((Opcode::Binary, 5, true))),
        ("text",               FrameHeader::new(Opcode::Text, 5),                 Ok((Opcode::Text, 5, true))),
        ("first of two",       binary.unfinished(),                               Ok((Opcode::Binary, 5, false))),
        ("bits and a key",     binary.with_rsv(Rsv::RSV2).with_mask(key),         Ok((Opcode::Binary, 5, true))),
        ("nothing",            FrameHeader::new(Opcode::Text, 0),                 Ok((Opcode::Text, 0, true))),
        ("longest",            FrameHeader::new(Opcode::Binary, (1 << 63) - 1),   Ok((Opcode::Binary, (1 << 63) - 1, true))),
        ("too long",           FrameHeader::new(Opcode::Binary, 1 << 63),         Err(LocalProtocolError::Frame(FrameError::LengthTopBit))),
        ("continuation",       FrameHeader::new(Opcode::Continuation, 5),         Err(LocalProtocolError::WrongEvent)),
        ("ping",               FrameHeader::new(Opcode::Ping, 5),                 Err(LocalProtocolError::WrongEvent)),
        ("pong",               FrameHeader::new(Opcode::Pong, 5),                 Err(LocalProtocolError::WrongEvent)),
        ("close",              FrameHeader::new(Opcode::Close, 5),                Err(LocalProtocolError::WrongEvent)),
    ];
    for role in ROLES {
        for (setting, config, goes) in settings() {
            for (name, asked, expected) in table.clone() {
                let name = format!("{role:?}, {setting}, {name}");
                let mut ws = open(role, &config);
                let apart = Err(LocalProtocolError::PayloadApart);
                let expected = if goes || expected.is_err() { expected } else { apart };
                let header = ws.send_header(asked);
                let seen = header.clone().map(|header| (header.opcode, header.payload_len, header.fin));
                assert_eq!(seen, expected, "{name}");
                if let Ok(header) = header {
                    let marked = if setting.contains("mark") { Rsv::RSV3 } else { Rsv::NONE };
                    assert_eq!((header.rsv, header.mask.is_some()), (marked, role == Role::Client), "{name}");
                    assert!(header.mask != Some(key), "{name}");
                    if !header.fin {
                        let rest = ws.send_header(FrameHeader::new(asked.opcode, 1)).unwrap();
                        assert_eq!((rest.opcode, rest.rsv), (Opcode::Continuation, Rsv::NONE), "{name}");
                        let mut wire = written(header, b"Hello");
                        wire.extend(written(rest, b"!"));
                        let message = Seen::Bytes(b"Hello!".to_vec(), Stand::MessageDone);
                        assert_eq!(arrived(role, &config, &wire), [message], "{name}");
                    }
                } else {
                    // Nothing has changed.
                    let mut wire = Vec::new();
                    ws.send(TextMessage::new(TEXT), &mut wire).unwrap();
                    assert_eq!(arrived(role, &config, &wire), [text(TEXT)], "{name}");
                }
            }
            let mut ws = open(role, &config);
            ws.send(TextMessage::new("text").unfinished(), &mut Vec::new()).unwrap();
            let interrupts = LocalProtocolError::Frame(FrameError::MessageInterrupted);
            assert_eq!(ws.send_header(binary), Err(interrupts), "{role:?}, {setting}");
            ws.send(CloseConnection::new(CloseCode::NORMAL), &mut Vec::new()).unwrap();
            let closed = LocalProtocolError::WrongState(ConnectionState::LocalClosing);
            assert_eq!(ws.send_header(binary), Err(closed), "{role:?}, {setting}");
        }
    }
}

/// Checks that frames are fragments of one message with at most `most` bytes each, and returns their payloads.
fn joined(name: &str, wire: &[u8], opcode: Opcode, most: usize) -> (Rsv, Vec<Vec<u8>>) {
    let frames = frames(wire);
    for (nth, (header, payload)) in frames.iter().enumerate() {
        let first = nth == 0;
        assert_eq!(header.opcode, if first { opcode } else { Opcode::Continuation }, "{name}, frame {nth}");
        assert_eq!(header.fin, nth + 1 == frames.len(), "{name}, frame {nth}");
        assert!(first || header.rsv.is_empty(), "{name}, frame {nth}: {header:?}");
        assert!(payload.len() <= most, "{name}, frame {nth}: {} bytes", payload.len());
        assert!(frames.len() == 1 || !payload.is_empty(), "{name}, frame {nth}: empty");
    }
    (frames[0].0.rsv, frames.into_iter().map(|(_, payload)| payload).collect())
}

//= rfc6455#5.2-1, rfc6455#5.4-2, rfc6455#6.1-1, rfc6455#6.1-4, rfc6455#6.1-5, rfc6455#6.1-6
//= rfc7692#6-1, rfc7692#6.1-1
#[test]
fn a_message_is_cut_into_fragments_of_a_length() {
    let texts = ["", "a", "aé€😀", &"a😀€é".repeat(40), TEXT];
    for (role, (setting, config, is_per_message)) in
        ROLES.into_iter().flat_map(|role| settings().map(|setting| (role, setting)))
    {
        for whole in texts.iter().filter(|_| is_per_message) {
            let lens = [
                0,
                1,
                2,
                3,
                4,
                5,
                7,
                125,
                126,
                127,
                whole.len().max(1) - 1,
                whole.len(),
                whole.len() + 1,
                usize::MAX,
            ];
            for len in lens {
                let name = format!("{role:?}, {setting}, {} bytes in {len}", whole.len());
                let most = len.max(1);
                let prepared = PreparedMessage::new(TextMessage::new(*whole)).unwrap();
                let (mut one, mut cut, mut cut_prepared, mut binary) =
                    (Vec::new(), Vec::new(), Vec::new(), Vec::new());
                open(role, &config).send(TextMessage::new(*whole), &mut one).unwrap();
                open(role, &config).send_fragmented(TextMessage::new(*whole), len, &mut cut).unwrap();
                open(role, &config).send_prepared_fragmented(&prepared, len, &mut cut_prepared).unwrap();
                assert_eq!(cut, cut_prepared, "{name}, prepared");
                assert_eq!(arrived(role, &config, &cut), [text(whole)], "{name}");
                let (header, payload) = frames(&one).remove(0);
                let (rsv, fragments) = joined(&name, &cut, Opcode::Text, most);
                assert_eq!((header.rsv, payload), (rsv, fragments.concat()), "{name}");
                let is_plain = fragments.concat() == whole.as_bytes();
                if is_plain && most >= 4 {
                    let fragments = fragments.iter();
                    assert!(fragments.clone().all(|text| str::from_utf8(text).is_ok()), "{name}");
                    assert!(fragments.rev().skip(1).all(|text| text.len() > most - 4), "{name}: too short");
                }

                open(role, &config).send_fragmented(BytesMessage::new(*whole), len, &mut binary).unwrap();
                let (_, fragments) = joined(&name, &binary, Opcode::Binary, most);
                assert!(fragments.iter().rev().skip(1).all(|bytes| bytes.len() == most), "{name}");
                let message = Seen::Bytes(whole.as_bytes().to_vec(), Stand::MessageDone);
                assert_eq!(arrived(role, &config, &binary), [message], "{name}");
            }
        }
    }
}

#[test]
fn fragments_stand_among_parts_and_control_frames() {
    for role in ROLES {
        for (name, config, _) in settings().into_iter().filter(|setting| setting.2) {
            let mut ws = open(role, &config);
            let mut wire = Vec::new();
            ws.send(TextMessage::new(TEXT), &mut wire).unwrap();
            ws.send_fragmented(TextMessage::new(TEXT).unfinished(), 9, &mut wire).unwrap();
            ws.send(Ping::new(b"between"), &mut wire).unwrap();
            ws.send(TextMessage::new(TEXT).unfinished(), &mut wire).unwrap();
            ws.send_fragmented(TextMessage::new(TEXT), 9, &mut wire).unwrap();
            ws.send_fragmented(TextMessage::new(TEXT).verbatim(), 9, &mut wire).unwrap();
            let expected = [TEXT, &TEXT.repeat(3), TEXT].map(text);
            assert_eq!(arrived(role, &config, &wire), expected, "{role:?}, {name}");
            let sent = frames(&wire);
            let ping = sent.iter().position(|(header, _)| header.opcode == Opcode::Ping).unwrap();
            let around = [ping - 1, ping + 1].map(|nth| (sent[nth].0.opcode, sent[nth].0.fin));
            assert_eq!(around, [(Opcode::Continuation, false); 2], "{role:?}, {name}");
        }
    }
}

#[test]
fn what_cannot_be_cut_changes_nothing() {
    for role in ROLES {
        for (name, config, is_per_message) in settings() {
            let mut ws = open(role, &config);
            let prepared = PreparedMessage::new(TextMessage::new(TEXT)).unwrap();
            let mut wire = Vec::new();
            if !is_per_message {
                let refused = Err(LocalProtocolError::NotPerMessage);
                assert_eq!(
                    ws.send_fragmented(TextMessage::new(TEXT), 9, &mut wire),
                    refused,
                    "{role:?}, {name}"
                );
                assert_eq!(ws.send_prepared_fragmented(&prepared, 9, &mut wire), refused, "{role:?}, {name}");
            }
            let ping = ws.send_fragmented(Ping::new(b""), 9, &mut wire);
            assert_eq!(ping, Err(LocalProtocolError::WrongEvent));
            assert!(wire.is_empty(), "{role:?}, {name}");
            ws.send(BytesMessage::new(b"first").unfinished(), &mut wire).unwrap();
            let before = wire.clone();
            assert!(ws.send_fragmented(TextMessage::new(TEXT), 9, &mut wire).is_err(), "{role:?}, {name}");
            assert!(ws.send_prepared_fragmented(&prepared, 9, &mut wire).is_err(), "{role:?}, {name}");
            assert_eq!(wire, before, "{role:?}, {name}");
            ws.send(BytesMessage::new(b", last"), &mut wire).unwrap();
            ws.send(TextMessage::new(TEXT), &mut wire).unwrap();
            let binary = Seen::Bytes(b"first, last".to_vec(), Stand::MessageDone);
            assert_eq!(arrived(role, &config, &wire), [binary, text(TEXT)], "{role:?}, {name}");
            ws.send(CloseConnection::new(CloseCode::NORMAL), &mut wire).unwrap();
            let closed = Err(LocalProtocolError::WrongState(ConnectionState::LocalClosing));
            assert_eq!(ws.send_fragmented(TextMessage::new(TEXT), 9, &mut wire), closed, "{role:?}, {name}");
            let prepared = ws.send_prepared_fragmented(&prepared, 9, &mut wire);
            assert_eq!(prepared, closed, "{role:?}, {name}");
        }
    }
}

/// A source of keys that fails once, when the count reaches zero.
struct Failing(usize);

impl Entropy for Failing {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        self.0 = self.0.wrapping_sub(1);
        if self.0 == 0 {
            return Err(EntropyError);
        }
        bytes.fill(7);
        Ok(())
    }
}

#[test]
fn a_key_that_is_missing_leaves_nothing_of_a_message() {
    for (name, config, _) in settings().into_iter().filter(|setting| setting.2) {
        let offers = offers(&config.extensions).unwrap();
        let (answer, _) = respond(&config.extensions, &offers).unwrap();
        let mut whole = Vec::new();
        open(Role::Client, &config).send_fragmented(TextMessage::new(TEXT), 5, &mut whole).unwrap();
        let (keys, mut failed) = (frames(&whole).len(), 0);
        for missing in 1..=keys + 1 {
            let agreed = conclude(&config.extensions, &answer).unwrap();
            // One key is for the earlier message.
            let mut client = Connection::open_client_with_entropy(config.clone(), Failing(missing + 1))
                .with_extensions(agreed);
            let mut wire = Vec::new();
            client.send(TextMessage::new(TEXT), &mut wire).unwrap();
            let before = wire.clone();
            let outcome = client.send_fragmented(TextMessage::new(TEXT), 5, &mut wire);
            // With context takeover, a repeated text needs fewer fragments.
            if outcome.is_err() {
                assert_eq!(outcome, Err(LocalProtocolError::Entropy), "{name}, key {missing}");
                assert_eq!(wire, before, "{name}, key {missing}");
                failed += 1;
                client.send_fragmented(TextMessage::new(TEXT), 5, &mut wire).unwrap();
            }
            let expected = [TEXT, TEXT].map(text);
            assert_eq!(arrived(Role::Client, &config, &wire), expected, "{name}, key {missing}");
        }
        assert!(failed >= 2, "{name}: {failed}");
    }
}

proptest! {
    /// The other side gets the messages that were sent, for all lengths of fragments.
    #[test]
    fn fragments_of_any_length_arrive(
        said in vec((".{0,200}", 0..300_usize, any::<bool>()), 1..6),
        setting in 0..5_usize,
        is_server in any::<bool>(),
    ) {
        let role = if is_server { Role::Server } else { Role::Client };
        let (_, config, _) = &settings()[setting];
        let (mut ws, mut wire) = (open(role, config), BytesMut::new());
        for (text, len, is_verbatim) in &said {
            let message = TextMessage::new(text);
            let message = if *is_verbatim { message.verbatim() } else { message };
            let before = wire.len();
            ws.send_fragmented(message, *len, &mut wire).unwrap();
            let longest = frames(&wire[before..]).iter().map(|(_, payload)| payload.len()).max();
            prop_assert!(longest <= Some((*len).max(1)));
        }
        let expected: Vec<Seen> = said.iter().map(|(said, ..)| text(said)).collect();
        prop_assert_eq!(arrived(role, config, &wire), expected);
    }
}
