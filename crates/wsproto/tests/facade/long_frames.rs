//! Frames that span many reads, masked with any key: long texts and binary messages, whole and in fragments, valid and
//! damaged.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use wsproto::{BytesMessage, Config, Connection, Event, Ping, ReadBuffer, Role, TextMessage};
use wsproto_frame::{FrameHeader, MaskingKey, Opcode};

use crate::pair::{deflating, last, more, open, parts};
use crate::properties::{cut_at, received, role};
use crate::seen::is_prefix;
use crate::ways::{WAYS, Way};

/// A message: its type, its cuts into fragments, and whether a Ping comes between them.
#[derive(Clone, Debug)]
struct Sent {
    is_text: bool,
    payload: String,
    cuts: Vec<Index>,
    pings: bool,
    key: [u8; 4],
}

/// Lengths on both sides of the thresholds of the code.
fn len() -> impl Strategy<Value = usize> {
    let places = vec![0, 31, 125, 4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10];
    prop_oneof![3 => (select(places), 0..40usize).prop_map(|(len, more)| (len + more).saturating_sub(20)), 1 => 0..70_000usize]
}

fn sent() -> impl Strategy<Value = Sent> {
    let words = select(vec!["x", "grüezi ", "a€", "😀", "é"]);
    (any::<bool>(), words, len(), vec(any::<Index>(), 0..4), any::<bool>(), any::<[u8; 4]>()).prop_map(
        |(is_text, word, len, cuts, pings, key)| {
            let payload = word.repeat(len.div_ceil(word.len()));
            Sent { is_text, payload, cuts, pings, key }
        },
    )
}

impl Sent {
    fn wire_to(&self, role: Role) -> Vec<u8> {
        let opcode = if self.is_text { Opcode::Text } else { Opcode::Binary };
        let pieces = parts(self.payload.as_bytes(), &cut_at(self.payload.as_bytes(), &self.cuts));
        let mut wire = Vec::new();
        for (number, piece) in pieces.iter().enumerate() {
            let opcode = if number == 0 { opcode } else { Opcode::Continuation };
            let header = if number + 1 == pieces.len() { last(opcode) } else { more(opcode) };
            wire.extend(self.frame(role, header, piece));
            if self.pings && number + 1 < pieces.len() {
                wire.extend(self.frame(role, last(Opcode::Ping), b"between"));
            }
        }
        wire
    }

    fn frame(&self, role: Role, header: FrameHeader, payload: &[u8]) -> Vec<u8> {
        let header = FrameHeader { payload_len: payload.len() as u64, ..header };
        let mut key = MaskingKey::new(self.key);
        let header = if role == Role::Server { header.with_mask(key) } else { header };
        let mut frame = header.encode().to_vec();
        let start = frame.len();
        frame.extend_from_slice(payload);
        if role == Role::Server {
            key.apply(&mut frame[start..]);
        }
        frame
    }

    fn events(&self) -> Vec<Event<'static>> {
        let pings = if self.pings { cut_at(self.payload.as_bytes(), &self.cuts).len() } else { 0 };
        let mut events: Vec<Event<'static>> = (0..pings).map(|_| Ping::new(b"between").into()).collect();
        events.push(if self.is_text {
            TextMessage::new(self.payload.clone()).into()
        } else {
            BytesMessage::new(self.payload.clone().into_bytes()).into()
        });
        events
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn f16_long_messages_are_the_same_in_every_way(
        messages in vec(sent(), 1..4), role in role(), deflate: bool, reads in vec(1..9000usize, 1..9), small: bool,
        damage in proptest::option::weighted(0.3, (any::<Index>(), 1u8..=255)),
    ) {
        let config = if deflate { deflating() } else { Config::default() };
        let mut wire: Vec<u8> = messages.iter().flat_map(|message| message.wire_to(role)).collect();
        if let Some((place, bits)) = damage {
            let place = place.index(wire.len());
            wire[place] ^= bits;
        }
        let mut cuts = Vec::new();
        for read in reads.iter().cycle() {
            let read = if small { read % 50 + 1 } else { *read };
            let at = cuts.last().copied().unwrap_or(0) + read;
            if at >= wire.len() {
                break;
            }
            cuts.push(at);
        }
        let reads = parts(&wire, &cuts);
        let [oracle, others @ ..] = WAYS.map(|way| received(open(role, &config), way, &reads, false));
        if damage.is_none() {
            let sent: Vec<Event<'static>> = messages.iter().flat_map(Sent::events).collect();
            prop_assert!(oracle.messages == sent, "the messages differ from those that were sent");
        }
        for (way, other) in WAYS[1..].iter().zip(others) {
            prop_assert!(other.messages == oracle.messages, "{:?}: other messages", way);
            prop_assert_eq!(&other.stand, &oracle.stand, "{:?}", way);
            prop_assert_eq!(other.failed_at, oracle.failed_at, "{:?}: found with another read", way);
            if let Way::Parts(_) = way {
                let (one, two) = (&other.frames, &oracle.frames);
                let alike = one == two || !oracle.is_fine && (is_prefix(one, two) || is_prefix(two, one));
                prop_assert!(alike, "{:?}: other frames", way);
            }
        }
    }
}

/// A binary frame that was awaited leaves nothing behind: a text that begins after it is only lost in part.
#[test]
fn a_text_after_an_awaited_frame_may_go_on_in_memory_of_the_caller() {
    let mut client = Connection::open_client(Config::default());
    let mut buffer = ReadBuffer::messages();
    buffer.extend_from_slice(b"\x82\x0aabcde");
    assert_eq!(client.receive_from(&mut buffer), Ok(None));
    buffer.extend_from_slice(b"fghij");
    assert_eq!(client.receive_from(&mut buffer), Ok(Some(BytesMessage::new(b"abcdefghij").into())));
    buffer.extend_from_slice(b"\x81\x0aabcdefgh");
    assert_eq!(client.receive_from(&mut buffer), Ok(None));
    let mut rest = *b"ij";
    let event = client.receive(&mut &mut rest[..]).unwrap();
    assert_eq!(event, Some(TextMessage::new("ij").into()));
}
