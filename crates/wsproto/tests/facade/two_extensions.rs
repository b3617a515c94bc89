//! Two extensions on one connection: permessage-deflate, and a third-party one that inverts bits.

use proptest::collection::vec;
use proptest::prelude::*;
use wsproto::extensions::deflate::DeflateConfig;
use wsproto::extensions::{
    Extension, ExtensionConfig, ExtensionError, Handling, Outbound, OutboundFrame, Output, Params, Progress,
    Reason, Refusal,
};
use wsproto::{
    BytesMessage, CloseCode, Config, Connection, ConnectionState, Event, LocalProtocolError, Ping,
    RemoteProtocolError, Role, TextMessage,
};
use wsproto_frame::{FrameHeader, Opcode, Rsv};

use crate::pair::{compressed, feed, frame_to, last, open};
use crate::seen::{Seen, Stand, merged};

/// An extension that inverts the bits of data frames and sets RSV2. It refuses a payload that begins with `refuse me`.
#[derive(Clone, Debug)]
struct Invert;

const REFUSAL: Refusal = Refusal::new(CloseCode::POLICY_VIOLATION, "asked for it");

impl ExtensionConfig for Invert {
    fn name(&self) -> &'static str {
        "x-invert"
    }

    fn rsv(&self) -> Rsv {
        Rsv::RSV2
    }

    fn offers(&self) -> Vec<Params<'static>> {
        vec![Params::new("x-invert")]
    }

    fn agree(&self, _: &Params<'_>) -> Result<Box<dyn Extension>, Reason> {
        Ok(Box::new(Self))
    }

    fn answer(&self, _: &Params<'_>) -> Option<(Params<'static>, Box<dyn Extension>)> {
        Some((Params::new("x-invert"), Box::new(Self)))
    }
}

impl Extension for Invert {
    fn rsv(&self) -> Rsv {
        Rsv::RSV2
    }

    fn inbound_header(&mut self, header: &FrameHeader) -> Result<Handling, Refusal> {
        match header.opcode {
            opcode if opcode.is_control() => Ok(Handling::Pass),
            _ if header.payload_len == 666 => Err(REFUSAL),
            _ if header.rsv.contains(Rsv::RSV2) => Ok(Handling::Transform),
            _ => Ok(Handling::Pass),
        }
    }

    fn inbound(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Refusal> {
        let turned: Vec<u8> = input.iter().take(output.room()).map(|byte| !byte).collect();
        let written = output.write(&turned);
        *input = &input[written..];
        if turned.starts_with(b"refuse me") { Err(REFUSAL) } else { Ok(()) }
    }

    fn inbound_end(&mut self, _: &FrameHeader, _: &mut Output<'_>) -> Result<Progress, Refusal> {
        Ok(Progress::Done)
    }

    fn outbound(&mut self, frame: &OutboundFrame<'_>, output: &mut Output<'_>) -> Result<Outbound, Refusal> {
        if frame.opcode.is_control() {
            return Ok(Outbound::PASS);
        }
        if frame.payload.starts_with(b"refuse me") {
            return Err(REFUSAL);
        }
        output.write(&frame.payload.iter().map(|byte| !byte).collect::<Vec<_>>());
        Ok(Outbound::transformed(Rsv::RSV2))
    }
}

pub(crate) fn inverting() -> Config {
    Config::default().with_extension(Invert)
}

fn inner_first() -> Config {
    Config::default().with_extension(Invert).with_extension(DeflateConfig::default().with_threshold(0))
}

pub(crate) fn deflate_first() -> Config {
    Config::default().with_extension(DeflateConfig::default().with_threshold(0)).with_extension(Invert)
}

#[test]
fn what_the_first_agreed_writes_the_second_takes() {
    // RFC 6455 §9.1: with "permessage-deflate, x-invert" agreed the sender inverts what it has compressed.
    let deflated: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let turned: Vec<u8> = deflated.iter().map(|byte| !byte).collect();
    let header = last(Opcode::Text).with_rsv(Rsv::RSV1 | Rsv::RSV2);
    for role in [Role::Server, Role::Client] {
        let bytes = frame_to(role, header, &turned);
        for read in 1..=bytes.len() {
            let (events, end) = feed(&mut open(role, &deflate_first()), bytes.chunks(read));
            assert_eq!(end, Ok(()), "{role:?}, reads of {read}");
            assert_eq!(merged(&events), [Seen::Text(b"Hello".to_vec(), Stand::MessageDone)]);
        }
        // In the other order the same bytes are no DEFLATE stream.
        assert!(feed(&mut open(role, &inner_first()), [&bytes[..]]).1.is_err());
    }
}

#[test]
fn d19_a_refusal_closes_with_the_code_of_the_extension() {
    let config = Config::default().with_extension(Invert);
    let flagged = last(Opcode::Binary).with_rsv(Rsv::RSV2);
    let turned: Vec<u8> = b"refuse me".iter().map(|byte| !byte).collect();
    for role in [Role::Server, Role::Client] {
        for bytes in [frame_to(role, flagged, &[0; 666]), frame_to(role, flagged, &turned)] {
            let mut connection = open(role, &config);
            let (events, end) = feed(&mut connection, [&bytes[..]]);
            let error = RemoteProtocolError::Extension(ExtensionError::Refused(REFUSAL));
            assert_eq!((events, end), (Vec::new(), Err(error.clone())));
            let Some(Event::CloseConnection(close)) = error.event_hint() else { panic!("no hint") };
            assert_eq!((close.code, &*close.reason), (CloseCode::POLICY_VIOLATION, "asked for it"));
            assert_eq!(connection.state(), ConnectionState::RemoteClosing);
        }
        let foreign = frame_to(role, compressed(last(Opcode::Binary)), b"");
        assert!(feed(&mut open(role, &config), [&foreign[..]]).1.is_err(), "RSV1 belongs to no extension");
    }
}

#[test]
fn d19_a_refused_send_writes_nothing_and_the_next_message_arrives() {
    for config in [Config::default().with_extension(Invert), inner_first(), deflate_first()] {
        let mut sender = open(Role::Client, &config);
        let mut out = b"before".to_vec();
        let refused = sender.send(TextMessage::new("refuse me"), &mut out);
        // After permessage-deflate the extension doesn't see those words.
        if config.extensions[0].name() == "x-invert" {
            assert_eq!(refused, Err(LocalProtocolError::Extension(ExtensionError::Refused(REFUSAL))));
            assert_eq!((&out[..], sender.state()), (&b"before"[..], ConnectionState::Open));
        }
        out.drain(..6);
        sender.send(Ping::new(b"1"), &mut out).unwrap();
        sender.send(TextMessage::new("fine"), &mut out).unwrap();
        let (events, end) = feed(&mut open(Role::Server, &config), [&out[..]]);
        assert_eq!(end, Ok(()));
        assert_eq!(merged(&events).last(), Some(&Seen::Text(b"fine".to_vec(), Stand::MessageDone)));
    }
}

/// An extension that refuses the second frame that is sent, and owns no bits.
#[derive(Clone, Debug)]
struct RefuseSecond {
    sent: usize,
}

impl ExtensionConfig for RefuseSecond {
    fn name(&self) -> &'static str {
        "x-refuse"
    }

    fn rsv(&self) -> Rsv {
        Rsv::NONE
    }

    fn offers(&self) -> Vec<Params<'static>> {
        vec![Params::new("x-refuse")]
    }

    fn agree(&self, _: &Params<'_>) -> Result<Box<dyn Extension>, Reason> {
        Ok(Box::new(self.clone()))
    }

    fn answer(&self, _: &Params<'_>) -> Option<(Params<'static>, Box<dyn Extension>)> {
        Some((Params::new("x-refuse"), Box::new(self.clone())))
    }
}

impl Extension for RefuseSecond {
    fn rsv(&self) -> Rsv {
        Rsv::NONE
    }

    fn inbound_header(&mut self, _: &FrameHeader) -> Result<Handling, Refusal> {
        Ok(Handling::Pass)
    }

    fn inbound(&mut self, _: &mut &[u8], _: &mut Output<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn inbound_end(&mut self, _: &FrameHeader, _: &mut Output<'_>) -> Result<Progress, Refusal> {
        Ok(Progress::Done)
    }

    fn outbound(&mut self, _: &OutboundFrame<'_>, _: &mut Output<'_>) -> Result<Outbound, Refusal> {
        self.sent += 1;
        if self.sent == 2 { Err(REFUSAL) } else { Ok(Outbound::PASS) }
    }
}

#[test]
fn d19_what_was_compressed_and_then_refused_is_not_referred_to() {
    let deflate = DeflateConfig::default().with_threshold(0);
    let config = Config::default().with_extension(deflate).with_extension(RefuseSecond { sent: 0 });
    let (mut sender, mut receiver) = (open(Role::Client, &config), open(Role::Server, &config));
    let numbers: Vec<String> =
        (0..200u32).map(|number| number.wrapping_mul(2_654_435_761).to_string()).collect();
    let words = numbers.join(" ");
    let mut wire = Vec::new();
    sender.send(TextMessage::new("one"), &mut wire).unwrap();
    let before = wire.len();
    assert!(sender.send(TextMessage::new(&words), &mut wire).is_err());
    assert_eq!(wire.len(), before);
    sender.send(TextMessage::new(&words), &mut wire).unwrap();
    let (events, end) = feed(&mut receiver, [&wire[..]]);
    assert_eq!(end, Ok(()));
    let text = |text: &str| Seen::Text(text.as_bytes().to_vec(), Stand::MessageDone);
    assert_eq!(merged(&events), [text("one"), text(&words)]);
}

fn exchange(
    sender: &mut Connection,
    receiver: &mut Connection,
    message: Event<'_>,
    read: usize,
) -> Vec<Seen> {
    let mut wire = Vec::new();
    sender.send(message, &mut wire).unwrap();
    let (events, end) = feed(receiver, wire.chunks(read));
    assert_eq!(end, Ok(()));
    merged(&events)
}

proptest! {
    #[test]
    fn messages_pass_through_both(messages in vec((vec(any::<u8>(), 0..80), 1..800usize), 1..6), swap: bool, read in 1..5000usize) {
        let config = if swap { inner_first() } else { deflate_first() };
        let (mut client, mut server) = (open(Role::Client, &config), open(Role::Server, &config));
        for (bytes, times) in messages {
            let data = bytes.repeat(times);
            let expected = [Seen::Bytes(data.clone(), Stand::MessageDone)];
            let message = || Event::from(BytesMessage::new(&data));
            prop_assert_eq!(&exchange(&mut client, &mut server, message(), read)[..], &expected[..]);
            prop_assert_eq!(&exchange(&mut server, &mut client, message(), read)[..], &expected[..]);
        }
    }
}

/// The refusal of one extension counts after a fault in the output of the next for earlier bytes, for all cuts.
#[test]
fn d19_what_is_wrong_first_is_said_however_the_bytes_come() {
    let stored = |bytes: &[u8]| {
        let len = u16::try_from(bytes.len()).unwrap();
        [&[0], &len.to_le_bytes()[..], &(!len).to_le_bytes(), bytes].concat()
    };
    let turned = |bytes: &[u8]| bytes.iter().map(|byte| !byte).collect::<Vec<_>>();
    let both = last(Opcode::Text).with_rsv(Rsv::RSV1 | Rsv::RSV2);
    let long = stored(&turned(&[b'a'; 1001]));
    #[rustfmt::skip]
    let table = [
        // The stream is invalid, after:
        ("no UTF-8", inner_first(), [&stored(&turned(b"l\xffo"))[..], &[0xff; 9]].concat()),
        ("too long", inner_first(), [&long[..], &[0xff; 9]].concat()),
    ];
    for (name, config, payload) in table {
        let config = config.with_max_message_len(1000);
        for role in [Role::Server, Role::Client] {
            let bytes = frame_to(role, both, &payload);
            let found = [1, 7, bytes.len()].map(|read| feed(&mut open(role, &config), bytes.chunks(read)).1);
            assert!(found[0].is_err() && found.iter().all(|one| *one == found[0]), "{name}: {found:?}");
        }
    }
}

/// RFC 7692 §6: a message that is not compressed has RSV1 clear and an unchanged payload, whatever came before it.
#[test]
fn d17_what_is_not_to_be_compressed_goes_out_as_it_is() {
    let config = Config::default().with_extension(DeflateConfig::default().with_threshold(5));
    for role in [Role::Server, Role::Client] {
        let table: [(&str, Event<'_>, bool); 5] = [
            ("a text", TextMessage::new("tick tick tick").into(), true),
            ("a verbatim text", TextMessage::new("tick tick tick").verbatim().into(), false),
            ("a binary message", BytesMessage::new(b"tick tick tick").into(), true),
            ("a verbatim binary message", BytesMessage::new(b"tick tick tick").verbatim().into(), false),
            ("a short one", TextMessage::new("tick").into(), false),
        ];
        for (name, message, compressed) in table {
            let (mut sender, mut receiver) = (open(role, &config), open(role.peer(), &config));
            let mut wire = b"before".to_vec();
            sender.send(message.clone(), &mut wire).unwrap();
            let mut frame = wire.strip_prefix(b"before").unwrap().to_vec();
            let (header, len) = FrameHeader::parse(&frame).unwrap().unwrap();
            assert_eq!(header.rsv, if compressed { Rsv::RSV1 } else { Rsv::NONE }, "{name}");
            assert_eq!(frame.len() as u64, header.payload_len + len as u64, "{name}");
            if let (false, Some(mut key)) = (compressed, header.mask) {
                key.apply(&mut frame[len..]);
                assert!(b"tick tick tick".starts_with(&frame[len..]), "{name}");
                header.mask.unwrap().apply(&mut frame[len..]);
            }
            let (events, outcome) = feed(&mut receiver, [&frame[..]]);
            assert_eq!(outcome, Ok(()), "{name}");
            assert_eq!(events.iter().map(data).collect::<Vec<_>>(), [data(&message)], "{name}");
        }
    }
}

/// Returns the bytes of a message.
fn data<'a>(event: &'a Event<'_>) -> &'a [u8] {
    match event {
        Event::TextMessage(message) => message.data.as_bytes(),
        Event::BytesMessage(message) => &message.data,
        _ => panic!("{event:?}"),
    }
}
