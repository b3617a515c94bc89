//! Events out of a read buffer are the same as those of `receive`, for all cuts and all ways to receive.

use std::iter;
use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;
use wsproto::{
    AcceptConnection, Bytes, BytesMessage, CloseCode, CloseConnection, Config, Connection, Event, Ping, Pong,
    ReadBuffer, RemoteProtocolError, Request, Role, TextMessage,
};
use wsproto_frame::{FrameError, FrameHeader, MaskingKey, Opcode, Rsv};

use crate::pair::{REQUEST, compressed, deflating, frame_to, last, more, open, parts, settled};
use crate::two_extensions::deflate_first;
use crate::ways::{Joining, Reader, STEPS, Steps, WAYS, Way, fill, fill_all};

/// Returns the messages of the oracle: the test joins the parts of `receive`.
pub(crate) fn joined_parts(
    mut connection: Connection,
    bytes: &[u8],
) -> (Vec<Event<'static>>, Result<(), RemoteProtocolError>) {
    let (mut reader, mut joining) = (Reader::new(Way::OwnMemory), Joining::default());
    let outcome = reader.read(&mut connection, bytes, |_, event| joining.push(event));
    (joining.events, outcome)
}

/// Returns the events out of a buffer into which the parts are read, each in as many reads as it needs.
pub(crate) fn with_buffer<'p>(
    connection: &mut Connection,
    buffer: &mut ReadBuffer,
    reads: impl IntoIterator<Item = &'p [u8]>,
) -> (Vec<Event<'static>>, Result<(), RemoteProtocolError>) {
    with_steps(Steps::One, connection, buffer, reads)
}

/// Returns the same, with these steps.
pub(crate) fn with_steps<'p>(
    steps: Steps,
    connection: &mut Connection,
    buffer: &mut ReadBuffer,
    reads: impl IntoIterator<Item = &'p [u8]>,
) -> (Vec<Event<'static>>, Result<(), RemoteProtocolError>) {
    let mut events = Vec::new();
    for mut read in reads {
        while !read.is_empty() {
            read = &read[fill(buffer, read)..];
            let outcome = steps.all(connection, buffer, |_, event| events.push(event.into_owned()));
            if outcome.is_err() {
                return (events, outcome);
            }
        }
    }
    (events, Ok(()))
}

fn assert_same(name: &str, role: Role, config: &Config, wire: &[u8], cuts: &[usize]) {
    let expected = joined_parts(open(role, config), wire);
    for way in WAYS {
        let mut connection = open(role, config);
        let (mut reader, mut joining) = (Reader::new(way), Joining::default());
        let mut read = |read| reader.read(&mut connection, read, |_, event| joining.push(event));
        let outcome = parts(wire, cuts).into_iter().try_for_each(&mut read);
        assert_eq!((joining.events, outcome), expected, "{name}, {role:?}, {way:?}, cut at {cuts:?}");
    }
}

/// Returns streams with everything that can come between two parts of a message, valid and invalid.
fn streams(role: Role) -> Vec<(&'static str, Vec<u8>)> {
    let frame = |header, payload: &[u8]| frame_to(role, header, payload);
    let (text, binary, rest) = (more(Opcode::Text), more(Opcode::Binary), more(Opcode::Continuation));
    let end = last(Opcode::Continuation);
    let long = vec![7; 200];
    let close = [&1000u16.to_be_bytes()[..], b"bye"].concat();
    #[rustfmt::skip]
    let table = vec![
        ("whole",               vec![frame(last(Opcode::Text), b"hello"), frame(last(Opcode::Binary), &long), frame(last(Opcode::Text), b"")]),
        ("fragments",           vec![frame(text, b"he"), frame(rest, b""), frame(rest, b"l"), frame(end, b"lo"), frame(last(Opcode::Binary), b"next")]),
        ("empty fragments",     vec![frame(binary, b""), frame(rest, b""), frame(end, b""), frame(text, b""), frame(end, b"x")]),
        ("control between",     vec![frame(text, b"he"), frame(last(Opcode::Ping), b"in between"), frame(rest, b"l"), frame(last(Opcode::Pong), b""), frame(end, b"lo"), frame(last(Opcode::Ping), b"after")]),
        ("cut code points",     vec![frame(text, &"€".as_bytes()[..1]), frame(rest, &"€".as_bytes()[1..2]), frame(end, &"€é😀".as_bytes()[2..]), frame(last(Opcode::Text), "é😀é😀é😀".as_bytes())]),
        ("close between",       vec![frame(text, b"he"), frame(last(Opcode::Close), &close), frame(end, b"lo")]),
        ("close",               vec![frame(last(Opcode::Text), b"hello"), frame(last(Opcode::Close), &close), vec![0xff; 9]]),
        ("not UTF-8",           vec![frame(text, b"he"), frame(end, b"l\xffo")]),
        ("ends in a code point",vec![frame(text, b"he"), frame(end, b"l\xe2\x82")]),
        ("interrupted",         vec![frame(text, b"he"), frame(last(Opcode::Text), b"llo")]),
        ("no message",          vec![frame(last(Opcode::Text), b"he"), frame(end, b"llo")]),
        ("reserved opcode",     vec![frame(last(Opcode::Text), b"he"), vec![0x83, 0x80, 0, 0, 0, 0]]),
        ("bad close",           vec![frame(text, b"he"), frame(last(Opcode::Close), &[3])]),
    ];
    table.into_iter().map(|(name, frames)| (name, frames.concat())).collect()
}

#[test]
fn every_split_and_byte_by_byte_give_what_receive_gives() {
    for role in [Role::Server, Role::Client] {
        for (name, wire) in streams(role) {
            let config = Config::default();
            for cut in 0..=wire.len() {
                assert_same(name, role, &config, &wire, &[cut]);
            }
            assert_same(name, role, &config, &wire, &(0..wire.len()).collect::<Vec<_>>());
        }
    }
}

/// Returns the last block of a message: stored, with `bytes` in it.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let len = u16::try_from(bytes.len()).unwrap();
    [&[0], &len.to_le_bytes()[..], &(!len).to_le_bytes(), bytes, &[0]].concat()
}

/// Returns streams of messages that both, one or none of two extensions transform, frame by frame. The second extension
/// inverts all bits.
fn transformed_streams(role: Role) -> Vec<(&'static str, Vec<u8>)> {
    let frame = |header, payload: &[u8]| frame_to(role, header, payload);
    let turned = |header: FrameHeader, payload: &[u8]| {
        let payload: Vec<u8> = payload.iter().map(|byte| !byte).collect();
        frame_to(role, header.with_rsv(header.rsv | Rsv::RSV2), &payload)
    };
    let (text, binary, rest) = (more(Opcode::Text), more(Opcode::Binary), more(Opcode::Continuation));
    let end = last(Opcode::Continuation);
    let euro = stored("€".as_bytes());
    let zeros = stored(&[0; 900]);
    let close = 1000u16.to_be_bytes();
    #[rustfmt::skip]
    let table = vec![
        ("whole",               vec![frame(compressed(last(Opcode::Text)), &euro), frame(last(Opcode::Text), b"as it is"), frame(compressed(last(Opcode::Binary)), &stored(b"")), frame(last(Opcode::Binary), b"")]),
        ("control between",     vec![frame(compressed(text), &euro[..6]), frame(last(Opcode::Ping), b"in between"), frame(rest, &euro[6..7]), frame(end, &euro[7..])]),
        ("nothing at the end",  vec![frame(compressed(text), &euro), frame(rest, b""), frame(end, b""), frame(compressed(binary), b""), frame(end, b"")]),
        ("passes first",        vec![frame(binary, b"one"), frame(rest, b"two"), turned(rest, b"three"), frame(rest, b"four"), turned(end, b"five"), frame(last(Opcode::Binary), b"next")]),
        ("is turned first",     vec![turned(text, "é€".as_bytes()), frame(rest, &"€".as_bytes()[..1]), turned(rest, &"€".as_bytes()[1..2]), frame(end, &"€".as_bytes()[2..]), turned(last(Opcode::Text), b"next")]),
        ("both",                vec![turned(compressed(last(Opcode::Text)), &euro), turned(compressed(text), &euro[..6]), turned(end, &euro[6..])]),
        ("close between",       vec![frame(compressed(text), &euro[..7]), frame(last(Opcode::Close), &close), frame(end, &euro[7..])]),
        ("just fits",           vec![frame(compressed(binary), &zeros), frame(end, &stored(&[0; 100])), frame(last(Opcode::Binary), b"next")]),
        ("too long",            vec![frame(compressed(binary), &zeros), frame(end, &stored(&[0; 101]))]),
        ("too long, then bad",  vec![frame(compressed(binary), &zeros), frame(end, &[&stored(&[0; 101])[..], &[0xff; 9]].concat())]),
        ("bad, then too long",  vec![frame(compressed(binary), &zeros), frame(end, &[&[0xff; 9], &stored(&[0; 101])[..]].concat())]),
        ("bad stream",          vec![frame(compressed(text), &euro), frame(end, &[0xff; 9])]),
        ("cut short",           vec![frame(compressed(last(Opcode::Binary)), &euro[..7])]),
        ("not UTF-8",           vec![frame(compressed(last(Opcode::Text)), &[&stored(b"l\xffo")[..], &[0xff; 9]].concat())]),
        ("ends in a code point",vec![frame(compressed(last(Opcode::Text)), &stored(b"l\xe2\x82")), frame(last(Opcode::Ping), b"")]),
        ("turned, not UTF-8",   vec![turned(text, b"l\xe2"), frame(end, b"o")]),
    ];
    table.into_iter().map(|(name, frames)| (name, frames.concat())).collect()
}

#[test]
fn what_extensions_make_is_the_same_in_the_buffer() {
    for role in [Role::Server, Role::Client] {
        for (name, wire) in transformed_streams(role) {
            let config = deflate_first().with_max_message_len(1000);
            for cut in 0..=wire.len() {
                assert_same(name, role, &config, &wire, &[cut]);
                // A fault is found at the wrong byte, not at the end of its frame.
                assert_same(name, role, &config, &wire[..cut], &[]);
            }
            assert_same(name, role, &config, &wire, &(0..wire.len()).collect::<Vec<_>>());
        }
    }
}

/// The program changes the way of receiving within a message: no bytes are invented, nothing after the message is lost,
/// and a text stays UTF-8. The exception is a binary frame that the buffer waits for as a whole: it must be received
/// from there.
#[test]
fn what_one_way_began_another_one_ends() {
    let text = "aé€😀".repeat(9);
    let next = frame_to(Role::Server, last(Opcode::Text), b"next");
    let mut squeezed = Vec::new();
    open(Role::Client, &deflating()).send(TextMessage::new(&text), &mut squeezed).unwrap();
    let fragments = [
        frame_to(Role::Server, more(Opcode::Text), &text.as_bytes()[..40]),
        frame_to(Role::Server, last(Opcode::Continuation), &text.as_bytes()[40..]),
    ];
    for (name, message) in [
        ("text", frame_to(Role::Server, last(Opcode::Text), text.as_bytes())),
        ("binary", frame_to(Role::Server, last(Opcode::Binary), text.as_bytes())),
        ("fragments", fragments.concat()),
        ("compressed", squeezed),
    ] {
        for cut in 1..message.len() {
            for (first, second) in WAYS.into_iter().flat_map(|first| WAYS.map(|second| (first, second))) {
                let case = format!("{name}, cut at {cut}, {first:?} and then {second:?}");
                let is_whole = matches!(first, Way::Whole(_));
                if is_whole && name == "binary" {
                    continue;
                }
                let mut server = open(Role::Server, &deflating());
                let (mut heard, mut ends) = (Vec::new(), 0);
                let mut note = |event: Event<'_>| {
                    let (data, end) = match event {
                        Event::TextMessage(part) => {
                            (part.data.to_string().into_bytes(), part.message_finished)
                        }
                        Event::BytesMessage(part) => (part.data.to_vec(), part.message_finished),
                        other => panic!("{case}: {other:?}"),
                    };
                    heard.extend(data);
                    ends += usize::from(end);
                };
                let (mut one, mut other) = (Reader::new(first), Reader::new(second));
                one.read(&mut server, &message[..cut], |_, event| note(event)).unwrap();
                let rest = [&message[cut..], &next].concat();
                other.read(&mut server, &rest, |_, event| note(event)).unwrap();
                let expected = [text.as_bytes(), b"next"].concat();
                assert!(expected.ends_with(&heard), "{case}: {heard:?}");
                assert!(is_whole || heard == expected, "{case}: {heard:?}");
                assert_eq!((ends, other.is_empty()), (2, true), "{case}");
            }
        }
    }
}

#[test]
fn what_receive_began_the_buffer_ends() {
    let (first, second) = ("a".repeat(20_000), "b".repeat(20_000));
    let mut client = open(Role::Client, &deflating());
    let mut server = open(Role::Server, &deflating());
    let mut wire = Vec::new();
    client.send(TextMessage::new(format!("{first}{second}")), &mut wire).unwrap();
    client.send(TextMessage::new("next"), &mut wire).unwrap();
    let mut input = &mut wire[..];
    let Ok(Some(Event::TextMessage(piece))) = server.receive(&mut input) else { panic!("a piece") };
    let (len, mut buffer) = (piece.data.len(), ReadBuffer::messages());
    assert!(len < 20_000, "{len}");
    let (events, outcome) = with_buffer(&mut server, &mut buffer, [&*input]);
    let rest = format!("{first}{second}").split_off(len);
    assert_eq!(
        (events, outcome),
        (vec![TextMessage::new(rest).into(), TextMessage::new("next").into()], Ok(()))
    );
    assert!(buffer.is_empty());
}

/// An empty buffer holds nothing of the frame, whatever waited in it before.
#[test]
fn receive_goes_on_after_an_empty_buffer() {
    let ping = frame_to(Role::Server, last(Opcode::Ping), b"waits to be whole");
    let message = frame_to(Role::Server, last(Opcode::Binary), b"message");
    for cut in 1..message.len() {
        for before in [&[][..], &ping] {
            let (mut server, mut buffer) = (open(Role::Server, &Config::default()), ReadBuffer::parts());
            let mut joining = Joining::default();
            for read in before.chunks(9).chain([&message[..cut]]) {
                fill_all(&mut buffer, read);
                Steps::One.all(&mut server, &mut buffer, |_, event| joining.push(event)).unwrap();
            }
            assert!(buffer.is_empty(), "{cut}");
            let mut rest = message[cut..].to_vec();
            joining.push(server.receive(&mut &mut rest[..]).unwrap().unwrap());
            assert_eq!(joining.events.last(), Some(&BytesMessage::new(b"message").into()), "{cut}");
        }
    }
}

#[test]
fn a_control_frame_that_receive_began_ends_in_the_buffer() {
    for role in [Role::Server, Role::Client] {
        let close = [&1000u16.to_be_bytes()[..], b"bye"].concat();
        let wires = [
            frame_to(role, last(Opcode::Ping), b"ping"),
            frame_to(role, last(Opcode::Pong), b"pong"),
            frame_to(role, last(Opcode::Close), &close),
        ];
        for (wire, steps) in wires.iter().flat_map(|wire| STEPS.map(|steps| (wire, steps))) {
            let (expected, _) = joined_parts(open(role, &Config::default()), wire);
            for cut in 0..wire.len() {
                let mut connection = open(role, &Config::default());
                assert_eq!(connection.receive(&mut &mut wire[..cut].to_vec()[..]), Ok(None));
                let mut buffer = ReadBuffer::messages();
                let (events, outcome) =
                    with_steps(steps, &mut connection, &mut buffer, wire[cut..].chunks(1));
                assert_eq!((&events, outcome), (&expected, Ok(())), "{role:?}, cut at {cut}");
                assert!(buffer.is_empty());
            }
        }
    }
}

/// Returns bytes that compress to three quarters.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0] & 0x3f
    };
    iter::repeat_with(byte).take(len).collect()
}

#[test]
fn a_long_compressed_frame_in_one_read_is_inflated_piece_by_piece() {
    let mut client = open(Role::Client, &deflating());
    let mut wire = Vec::new();
    let messages = [10_000, 60_000, 80_000].map(noise);
    for message in &messages {
        let start = wire.len();
        client.send(BytesMessage::new(message), &mut wire).unwrap();
        assert_eq!(wire[start], 0xc2, "compressed");
    }
    for read in [1000, 32 << 10, 60_000, wire.len()] {
        let mut server = open(Role::Server, &deflating());
        let (events, end) = with_buffer(&mut server, &mut ReadBuffer::messages(), wire.chunks(read));
        let expected: Vec<Event<'_>> = messages.iter().map(|bytes| BytesMessage::new(bytes).into()).collect();
        assert!(events == expected && end.is_ok(), "reads of {read}: {events:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_compressed_cut_and_damaged_is_the_same_in_the_buffer(
        messages in proptest::collection::vec((message(), any::<bool>()), 1..5),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..20),
        damage in proptest::option::of((any::<prop::sample::Index>(), 1u8..=255)),
        limit in prop_oneof![Just(1 << 20), 0u64..5000],
    ) {
        let mut client = open(Role::Client, &deflating());
        let mut wire = Vec::new();
        for ((is_text, content, fragments), verbatim) in &messages {
            if *is_text {
                let message = TextMessage::new(content);
                client.send(if *verbatim { message.verbatim() } else { message }, &mut wire).unwrap();
            } else {
                let pieces = content.as_bytes().chunks(content.len().div_ceil(*fragments).max(1));
                for piece in pieces {
                    client.send(BytesMessage::new(piece).unfinished(), &mut wire).unwrap();
                    client.send(Ping::new(b"between"), &mut wire).unwrap();
                }
                client.send(BytesMessage::new(b""), &mut wire).unwrap();
            }
        }
        if let Some((place, bits)) = damage {
            let place = place.index(wire.len());
            wire[place] ^= bits;
        }
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(wire.len())).collect();
        cuts.sort_unstable();
        let config = deflating().with_max_message_len(limit);
        assert_same("sent", Role::Server, &config, &wire, &cuts);
        // The fault is found at the same byte.
        assert_same("cut off", Role::Server, &config, &wire[..*cuts.last().unwrap_or(&0)], &[]);
    }
}

/// `receive` passes bounded pieces to extensions, whatever came out of the buffer before.
#[test]
fn d8_pieces_are_bounded_behind_a_control_frame_out_of_the_buffer() {
    let len = 4 << 20;
    let block = stored(&vec![7; 65_535]);
    let (block, end) = block.split_at(block.len() - 1);
    let payload = [&block.repeat(len / block.len()), end].concat();
    let mut wire = frame_to(Role::Client, compressed(last(Opcode::Binary)), &payload);
    let mut client = open(Role::Client, &deflating());
    let ping = frame_to(Role::Client, last(Opcode::Ping), b"");
    let (events, outcome) = with_buffer(&mut client, &mut ReadBuffer::messages(), [&ping[..]]);
    assert_eq!((events.len(), outcome), (1, Ok(())));
    let mut input = &mut wire[..];
    let info = allocation_counter::measure(|| while let Ok(Some(_)) = client.receive(&mut input) {});
    assert!(info.bytes_max < 256 << 10, "{} bytes", info.bytes_max);
}

#[test]
fn d8_memory_grows_with_what_comes_out_up_to_the_limit() {
    for limit in [20_000, 200_000, 1_000_000] {
        let config = deflating().with_max_message_len(limit as u64);
        for (len, read) in [(limit, 4096), (100 * limit, 100), (100 * limit, usize::MAX)] {
            let (mut client, mut server) = (open(Role::Client, &deflating()), open(Role::Server, &config));
            let mut buffer = ReadBuffer::messages();
            let mut wire = Vec::new();
            client.send(BytesMessage::new(vec![0; len]), &mut wire).unwrap();
            let info = allocation_counter::measure(|| {
                let (events, outcome) =
                    with_buffer(&mut server, &mut buffer, wire.chunks(read.min(wire.len())));
                assert_eq!(outcome.is_ok(), len == limit, "{limit}, {len}");
                assert!(events.len() <= 1);
            });
            // The inflater's memory, the bytes that were read, and a message that the test copies.
            let most = (160 << 10) + wire.len() as u64 + 4 * limit as u64;
            assert!(info.bytes_max <= most, "{limit}, {len}: {} bytes, more than {most}", info.bytes_max);
        }
    }
}

#[test]
fn f13_f15_limits_hold_in_the_buffer() {
    let config = Config::default().with_max_message_len(10).with_max_fragments(3);
    let frame = |header, payload: &[u8]| frame_to(Role::Server, header, payload);
    let many: Vec<u8> = [
        frame(more(Opcode::Text), b"a"),
        frame(more(Opcode::Continuation), b"b"),
        frame(more(Opcode::Continuation), b"c"),
        frame(last(Opcode::Continuation), b"d"),
    ]
    .concat();
    let long: Vec<u8> =
        [frame(more(Opcode::Binary), b"12345"), frame(last(Opcode::Continuation), b"678901")].concat();
    for (wire, error) in [
        (many, RemoteProtocolError::TooManyFragments { limit: 3 }),
        (long, RemoteProtocolError::MessageTooLong { limit: 10 }),
    ] {
        let cuts: Vec<usize> = (0..wire.len()).collect();
        let mut server = open(Role::Server, &config);
        let got = with_buffer(&mut server, &mut ReadBuffer::messages(), parts(&wire, &cuts));
        assert_eq!(got, (vec![], Err(error)));
    }
}

#[test]
fn f4_memory_grows_with_what_arrived_and_not_with_what_was_announced() {
    for opcode in [Opcode::Binary, Opcode::Text] {
        let mut server = open(Role::Server, &Config::default());
        let mut buffer = ReadBuffer::messages();
        let claim = crate::pair::claim_to(Role::Server, FrameHeader::new(opcode, 60 << 20));
        with_buffer(&mut server, &mut buffer, [&claim[..]]).1.unwrap();
        assert!(buffer.room().len() <= 16 << 10);
        assert!(buffer.capacity() <= 16 << 10, "{opcode:?}: {} bytes", buffer.capacity());
        let mut arrived = 0;
        for _ in 0..100 {
            with_buffer(&mut server, &mut buffer, [&vec![b'x'; 1000][..]]).1.unwrap();
            arrived += 1000;
            assert!(!buffer.room().is_empty());
            let held = buffer.capacity();
            assert!(held <= 2 * arrived + (32 << 10), "{opcode:?}: {held} bytes for {arrived}");
        }
        assert!(!buffer.is_empty());
    }
}

#[test]
fn an_empty_buffer_can_serve_another_connection() {
    let mut buffer = ReadBuffer::messages();
    for text in ["one", "two"] {
        let mut server = open(Role::Server, &Config::default());
        let wire = [
            frame_to(Role::Server, more(Opcode::Text), text.as_bytes()),
            frame_to(Role::Server, last(Opcode::Continuation), b"!"),
        ]
        .concat();
        let (events, outcome) = with_buffer(&mut server, &mut buffer, [&wire[..3], &wire[3..]]);
        assert_eq!((events, outcome), (vec![TextMessage::new(format!("{text}!")).into()], Ok(())));
        assert!(buffer.is_empty());
    }
}

#[test]
fn a_close_drops_the_message_under_way() {
    let wire = [
        frame_to(Role::Server, more(Opcode::Text), b"half"),
        frame_to(Role::Server, last(Opcode::Close), &1000u16.to_be_bytes()),
    ]
    .concat();
    for cut in 0..=wire.len() {
        let mut server = open(Role::Server, &Config::default());
        let mut buffer = ReadBuffer::messages();
        let (events, outcome) = with_buffer(&mut server, &mut buffer, parts(&wire, &[cut]));
        assert_eq!((events, outcome), (vec![CloseConnection::new(CloseCode::NORMAL).into()], Ok(())));
        assert!(buffer.is_empty(), "cut at {cut}");
        assert_eq!(
            format!("{buffer:?}"),
            "ReadBuffer { messages: true, waiting: 0, unread: 0, memory: 16384, .. }"
        );
    }
}

/// A message to send: its type, its text or bytes, and its cuts into fragments with a Ping between them.
fn message() -> impl Strategy<Value = (bool, String, usize)> {
    (any::<bool>(), prop_oneof!["\\PC{0,40}", "[a-zé😀]{0,3000}"], 1usize..6)
}

proptest! {
    #[test]
    fn whatever_is_sent_and_however_it_is_read(
        messages in proptest::collection::vec(message(), 1..8),
        reads in proptest::collection::vec(1usize..9000, 1..12),
        deflate: bool,
        key: [u8; 4],
    ) {
        let config = if deflate { deflating() } else { Config::default() };
        let mut client = Connection::open_client_with_entropy(config.clone(), move |bytes: &mut [u8]| {
            bytes.iter_mut().zip(key.iter().cycle()).for_each(|(to, from)| *to = *from);
        });
        if deflate {
            client = open(Role::Client, &config);
        }
        let mut wire = Vec::new();
        let mut expected: Vec<Event<'static>> = Vec::new();
        for (is_text, content, fragments) in &messages {
            let bytes = content.as_bytes();
            let size = bytes.len().div_ceil(*fragments).max(1);
            let pieces: Vec<&[u8]> = if *is_text { vec![bytes] } else { bytes.chunks(size).collect() };
            for (i, piece) in pieces.iter().enumerate() {
                let mut message = Event::from(BytesMessage::new(*piece));
                if *is_text {
                    message = TextMessage::new(content.as_str()).into();
                } else if i + 1 < pieces.len() {
                    message = BytesMessage::new(*piece).unfinished().into();
                }
                client.send(message, &mut wire).unwrap();
                if i + 1 < pieces.len() {
                    client.send(Ping::new(b"?"), &mut wire).unwrap();
                    expected.push(Event::from(Ping::new(b"?")).into_owned());
                }
            }
            if *is_text {
                expected.push(Event::from(TextMessage::new(content.as_str())).into_owned());
            } else if !pieces.is_empty() {
                expected.push(Event::from(BytesMessage::new(bytes)).into_owned());
            }
        }
        let mut ends: Vec<usize> = reads.iter().scan(0, |at, len| { *at += len; Some(*at) }).filter(|end| *end < wire.len()).collect();
        ends.dedup();
        let mut server = open(Role::Server, &config);
        let got = with_buffer(&mut server, &mut ReadBuffer::messages(), parts(&wire, &ends));
        prop_assert_eq!(got, (expected, Ok(())));
    }
}

#[test]
fn masked_with_any_key() {
    let payload: Vec<u8> = (0..70_000u32).map(|i| (i % 251) as u8).collect();
    let header =
        FrameHeader::new(Opcode::Binary, payload.len() as u64).with_mask(MaskingKey::new([9, 8, 7, 6]));
    let mut wire = header.encode().to_vec();
    wire.extend(&payload);
    MaskingKey::new([9, 8, 7, 6]).apply(&mut wire[14..]);
    wire.extend(frame_to(Role::Server, last(Opcode::Pong), b"then"));
    for read in [1, 7, 1460, 4096, 5000, 100_000] {
        let mut server = open(Role::Server, &Config::default());
        let got = with_buffer(&mut server, &mut ReadBuffer::messages(), wire.chunks(read));
        assert_eq!(
            got,
            (vec![Event::from(BytesMessage::new(&payload)).into_owned(), Pong::new(b"then").into()], Ok(())),
            "{read}"
        );
    }
}

#[test]
fn from_the_first_byte_of_http_with_messages_before_the_answer() {
    for ((name, config), way) in [("plain", Config::default()), ("deflate", deflating())]
        .into_iter()
        .flat_map(|one| WAYS.map(|way| (one.clone(), way)))
    {
        let name = format!("{name}, {way:?}");
        let mut client = Connection::client_with_entropy(config.clone(), settled);
        let mut wire = Vec::new();
        client.send(Request::new("server.example.com", "/chat"), &mut wire).unwrap();
        let mut server = Connection::server(config);
        let (mut at_server, mut at_client) = (Reader::new(way), Reader::new(way));
        let read = |reader: &mut Reader, connection: &mut Connection, bytes: &[u8]| {
            let mut joining = Joining::default();
            reader.read(connection, bytes, |_, event| joining.push(event)).unwrap();
            joining.events
        };
        // A message and half of another one come right after the request, before the server has answered.
        wire.extend(frame_to(Role::Server, last(Opcode::Text), b"early bird"));
        let next = frame_to(Role::Server, last(Opcode::Binary), b"next");
        wire.extend(&next[..7]);
        let events = read(&mut at_server, &mut server, &wire);
        assert!(matches!(events[..], [Event::Request(_)]), "{name}: {events:?}");
        let mut answer = Vec::new();
        server.send(AcceptConnection::new(), &mut answer).unwrap();
        let events = read(&mut at_server, &mut server, &[]);
        assert_eq!(events, [TextMessage::new("early bird").into()], "{name}");
        let events = read(&mut at_server, &mut server, &next[7..]);
        // Where parts come, its start was a part of its own.
        let start = if let Way::Whole(_) = way { 0 } else { 1 };
        assert_eq!(events, [BytesMessage::new(&b"next"[start..]).into()], "{name}");
        assert!(at_server.is_empty(), "{name}");

        server.send(TextMessage::new("hello"), &mut answer).unwrap();
        let events = read(&mut at_client, &mut client, &answer);
        assert!(matches!(events[0], Event::AcceptConnection(_)), "{name}");
        assert_eq!(events[1..], [TextMessage::new("hello").into()], "{name}");
    }
}

#[test]
fn a_code_point_that_was_cut_before_the_answer_is_kept() {
    let euro = "€".as_bytes();
    for (cut, way) in [1, 2].into_iter().flat_map(|cut| WAYS.map(|way| (cut, way))) {
        let mut server = Connection::server(Config::default());
        let (mut reader, mut joining) = (Reader::new(way), Joining::default());
        let mut read = |server: &mut Connection, bytes: &[u8]| {
            reader.read(server, bytes, |_, event| joining.push(event)).unwrap();
        };
        read(&mut server, REQUEST);
        read(&mut server, &frame_to(Role::Server, more(Opcode::Text), &euro[..cut]));
        server.send(AcceptConnection::new(), &mut Vec::new()).unwrap();
        read(&mut server, &[]);
        read(&mut server, &frame_to(Role::Server, more(Opcode::Continuation), &euro[cut..]));
        read(&mut server, &frame_to(Role::Server, last(Opcode::Continuation), b"!"));
        assert_eq!(joining.events[1..], [TextMessage::new("€!").into()], "cut at {cut}, {way:?}");
        assert!(reader.is_empty());
    }
}

/// The promise of `ReadBuffer`'s documentation about its memory.
#[test]
fn memory_is_at_most_twice_the_longest_message() {
    const LEN: usize = 1 << 20;
    let ping = frame_to(Role::Server, last(Opcode::Ping), &[0; 125]);
    let pings = ping.repeat(LEN / 64 / ping.len());
    let fragments = |first: Opcode, byte| {
        let mut wire = frame_to(Role::Server, more(first), &[byte; LEN / 64]);
        for _ in 1..64 {
            wire.extend(&pings);
            wire.extend(frame_to(Role::Server, more(Opcode::Continuation), &[byte; LEN / 64]));
        }
        wire.extend(frame_to(Role::Server, last(Opcode::Continuation), b""));
        wire
    };
    let long_and_short = |first| {
        let long = frame_to(Role::Server, more(first), &vec![b'x'; LEN - 1]);
        [long, frame_to(Role::Server, last(Opcode::Continuation), b"y")].concat()
    };
    let mut compressed = Vec::new();
    open(Role::Client, &deflating()).send(BytesMessage::new(noise(LEN)), &mut compressed).unwrap();
    let mut compressed_text = Vec::new();
    let text = String::from_utf8(noise(LEN / 2 + 1)).unwrap();
    open(Role::Client, &deflating()).send(TextMessage::new(text), &mut compressed_text).unwrap();
    #[rustfmt::skip]
    let table = [
        // name             what comes                                              most that is held
        ("binary",          frame_to(Role::Server, last(Opcode::Binary), &vec![7; LEN]), 2 * LEN + (32 << 10)),
        ("text",            frame_to(Role::Server, last(Opcode::Text), &vec![b'x'; LEN]), 2 * LEN + (32 << 10)),
        ("fragments",       fragments(Opcode::Binary, 7),                            2 * LEN + (64 << 10)),
        ("fragments of a text", fragments(Opcode::Text, b'x'),                       2 * LEN + (32 << 10)),
        ("a long fragment", long_and_short(Opcode::Binary),                          2 * LEN + (64 << 10)),
        ("a long fragment of a text", long_and_short(Opcode::Text),                  2 * LEN + (64 << 10)),
        ("a compressed text", compressed_text,                                       LEN + (192 << 10)),
        ("compressed",      compressed,                                              2 * LEN + (32 << 10)),
        ("pings",           ping.repeat(LEN / ping.len()),                           32 << 10),
    ];
    for (name, wire, most) in table {
        for read in [100, 4096, usize::MAX] {
            let mut server = open(Role::Server, &deflating().with_max_message_len(LEN as u64));
            let (mut buffer, mut held) = (ReadBuffer::messages(), 0);
            for part in wire.chunks(read.min(wire.len())) {
                let mut part = part;
                while !part.is_empty() {
                    part = &part[fill(&mut buffer, part)..];
                    held = held.max(buffer.capacity());
                    while server.advance(&mut buffer).unwrap() {
                        // The message is still there.
                        held = held.max(buffer.capacity());
                    }
                    held = held.max(buffer.capacity());
                }
            }
            assert!(held <= most, "{name}, reads of {read}: {held} bytes, more than {most}");
            assert!(buffer.is_empty(), "{name}");
        }
    }
}

/// Returns a stream with every length of header, and everything that can come between two parts of a message.
fn long_stream(role: Role) -> Vec<u8> {
    let text = "a€😀é".repeat(8000);
    let mut wire = Vec::new();
    for len in [0, 1, 125, 126, 4095, 4096, 65_535, 65_536] {
        wire.extend(frame_to(role, last(Opcode::Binary), &vec![3; len]));
        wire.extend(frame_to(role, more(Opcode::Text), &text.as_bytes()[..len]));
        wire.extend(frame_to(role, last(Opcode::Ping), &[b'p'; 125]));
        wire.extend(frame_to(role, more(Opcode::Continuation), b""));
        let end = (len..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap();
        wire.extend(frame_to(role, last(Opcode::Continuation), &text.as_bytes()[len..end]));
    }
    wire
}

#[test]
fn a_cleared_buffer_can_serve_another_connection() {
    let half = frame_to(Role::Server, more(Opcode::Text), b"half");
    let bad = [&half[..], &frame_to(Role::Server, last(Opcode::Continuation), b"\xff")].concat();
    for config in [Config::default(), deflating()] {
        for (wire, outcome) in [(&half, Ok(())), (&bad, Err(FrameError::TextNotUtf8.into()))] {
            let mut buffer = ReadBuffer::messages();
            let got = with_buffer(&mut open(Role::Server, &config), &mut buffer, [&wire[..]]);
            assert_eq!(got, (vec![], outcome.clone()));
            assert_eq!(buffer.is_empty(), outcome.is_err());
            buffer.clear();
            assert!(buffer.is_empty());
            let shown = format!("{buffer:?}");
            assert!(
                shown.starts_with("ReadBuffer { messages: true, waiting: 0, unread: 0, memory: 16"),
                "{shown}"
            );
            let next = frame_to(Role::Server, last(Opcode::Text), b"next");
            for steps in STEPS {
                let mut server = open(Role::Server, &config);
                let got = with_steps(steps, &mut server, &mut buffer, [&next[..2], &next[2..]]);
                assert_eq!(got, (vec![TextMessage::new("next").into()], Ok(())), "{steps:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_the_caller_does_between_reads(
        steps in proptest::collection::vec((0usize..20_000, 0u8..64), 1..60), server: bool, tiny: bool, whole: bool,
    ) {
        let role = if server { Role::Server } else { Role::Client };
        let wire = long_stream(role);
        let (expected, _) = joined_parts(open(role, &Config::default()), &wire);
        let mut connection = open(role, &Config::default());
        let mut buffer = if whole { ReadBuffer::messages() } else { ReadBuffer::parts() };
        let mut joining = Joining::default();
        let (mut rest, mut steps) = (&wire[..], steps.into_iter().cycle());
        while !rest.is_empty() {
            let (len, odd) = steps.next().unwrap();
            let len = if tiny { len % 40 + 1 } else { len };
            if odd & 1 != 0 {
                let _again = buffer.room();
                buffer.filled(0);
            }
            if odd & 8 != 0 {
                buffer.shrink_to(len);
            }
            let room = buffer.room();
            let len = len.min(room.len()).min(rest.len());
            room[..len].copy_from_slice(&rest[..len]);
            buffer.filled(len);
            rest = &rest[len..];
            // Take all events, one of them, or none, in one step or two.
            let mut most = if odd & 2 == 0 || rest.is_empty() { usize::MAX } else { usize::from(odd >> 2 & 1) };
            let way = STEPS[usize::from(odd >> 4) % 3];
            while most > 0 && let Some(event) = way.next(&mut connection, &mut buffer).unwrap() {
                joining.push(event);
                most -= 1;
            }
        }
        prop_assert!(buffer.is_empty());
        prop_assert!(joining.events == expected);
    }

    #[test]
    fn misuse_gives_bytes_of_others_and_no_panic(
        steps in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..3000, any::<u8>()), 1..60),
        deflate: bool, whole: bool,
    ) {
        let config = if deflate { deflating() } else { Config::default() };
        let mut connections = [open(Role::Server, &config), open(Role::Server, &Config::default())];
        let mut buffers = [if whole { ReadBuffer::messages() } else { ReadBuffer::parts() }, ReadBuffer::messages()];
        let wire = long_stream(Role::Server);
        for (at, len, odd) in steps {
            let connection = &mut connections[usize::from(odd & 1)];
            let buffer = &mut buffers[usize::from(odd >> 1 & 1)];
            let from = &wire[at.index(wire.len())..];
            match odd >> 2 & 7 {
                // Bytes that were never written there.
                0 => {
                    let room = buffer.room().len();
                    buffer.filled(len.min(room));
                }
                1 => {
                    let _event = buffer.take_event();
                }
                2 => {
                    // A debug assertion reports a frame that waits in a buffer.
                    let mut lent = from[..len.min(from.len())].to_vec();
                    let receive = || drop(connection.receive(&mut &mut lent[..]));
                    if std::panic::catch_unwind(std::panic::AssertUnwindSafe(receive)).is_err() {
                        *connection = open(Role::Server, &config);
                    }
                }
                3 => *connection = open(Role::Server, &config),
                4 => buffer.shrink_to(len),
                _ => {}
            }
            let room = buffer.room();
            let len = len.min(from.len()).min(room.len());
            room[..len].copy_from_slice(&from[..len]);
            buffer.filled(len);
            let way = STEPS[usize::from(odd >> 5) % 3];
            while let Ok(Some(event)) = way.next(connection, buffer) {
                if let Event::TextMessage(text) = &event {
                    assert!(str::from_utf8(text.data.as_bytes()).is_ok());
                }
            }
        }
    }
}

/// A program that reports more bytes than the room has made a mistake: a debug build panics. In any build no byte comes
/// out that was not read.
#[test]
fn more_than_the_room_is_not_counted() {
    let full = || {
        let mut buffer = ReadBuffer::messages();
        let room = buffer.room().len();
        buffer.filled(room);
        buffer
    };
    let given_back = |give_back: fn(&mut ReadBuffer)| {
        let mut buffer = ReadBuffer::messages();
        fill_all(&mut buffer, &frame_to(Role::Server, last(Opcode::Binary), &vec![7; 100_000]));
        assert!(open(Role::Server, &Config::default()).advance(&mut buffer).unwrap());
        give_back(&mut buffer);
        buffer
    };
    let table = [
        ("no room was asked for", ReadBuffer::messages()),
        ("all of it is full", full()),
        ("what was left over is no room", ReadBuffer::messages().with_unread(&b"abc"[..])),
        ("cleared", given_back(ReadBuffer::clear)),
        ("shrunk", given_back(|buffer| buffer.shrink_to(0))),
        ("taken", given_back(|buffer| assert!(buffer.take_event().is_some()))),
    ];
    for (name, mut buffer) in table {
        buffer.filled(0);
        let before = format!("{buffer:?}");
        for len in [1, usize::MAX] {
            let outcome = catch_unwind(AssertUnwindSafe(|| buffer.filled(len)));
            assert_eq!(outcome.is_err(), cfg!(debug_assertions), "{name}, {len}");
            assert_eq!(format!("{buffer:?}"), before, "{name}, {len}");
        }
    }
}

#[test]
fn what_another_reader_left_over_comes_first() {
    let frame = |text: &[u8]| frame_to(Role::Server, last(Opcode::Text), text);
    let (one, two) = (frame(b"one"), frame(b"two"));
    let left_over: Vec<u8> = [&one[..], &two[..4]].concat();
    let buffers: [(&str, fn(&[u8]) -> ReadBuffer); 4] = [
        ("Vec", |bytes| ReadBuffer::messages().with_unread(bytes)),
        ("Bytes", |bytes| ReadBuffer::messages().with_unread(Bytes::copy_from_slice(bytes))),
        ("twice", |bytes| ReadBuffer::messages().with_unread(&bytes[..3]).with_unread(&bytes[3..])),
        ("parts", |bytes| {
            let mut buffer = ReadBuffer::parts();
            buffer.extend_from_slice(&bytes[..1]);
            buffer.extend_from_slice(&bytes[1..]);
            buffer
        }),
    ];
    for (name, make) in buffers {
        for steps in STEPS {
            let (mut server, mut joining) = (open(Role::Server, &Config::default()), Joining::default());
            let mut buffer = make(&left_over);
            assert!(!buffer.is_empty(), "{name}");
            steps.all(&mut server, &mut buffer, |_, event| joining.push(event)).unwrap();
            buffer.extend_from_slice(&two[4..]);
            steps.all(&mut server, &mut buffer, |_, event| joining.push(event)).unwrap();
            let expected = [TextMessage::new("one").into(), TextMessage::new("two").into()];
            assert_eq!(joining.events, expected, "{name}, {steps:?}");
            assert!(buffer.is_empty(), "{name}, {steps:?}");
        }
    }
    let bytes = Bytes::from(one);
    let place = bytes.as_ptr();
    let mut buffer = ReadBuffer::parts().with_unread(bytes);
    let mut server = open(Role::Server, &Config::default());
    let Ok(Some(Event::TextMessage(text))) = server.receive_from(&mut buffer) else { panic!("no text") };
    assert_eq!(text.data.as_ptr().addr() - place.addr(), 6, "bytes that are not shared are not copied");
}

#[test]
fn the_memory_that_came_with_what_was_left_over_is_given_back() {
    let mut left_over = Vec::with_capacity(1 << 20);
    left_over.extend(frame_to(Role::Server, last(Opcode::Text), b"left over"));
    let mut buffer = ReadBuffer::messages().with_unread(left_over);
    Steps::One.all(&mut open(Role::Server, &Config::default()), &mut buffer, |_, _| {}).unwrap();
    let _room = buffer.room();
    assert_eq!(buffer.capacity(), 16 << 10);
}

#[test]
fn long_bytes_are_added_in_as_many_reads_as_they_take() {
    let long = noise(300_000);
    let wire = [
        frame_to(Role::Server, last(Opcode::Binary), &long),
        frame_to(Role::Server, last(Opcode::Ping), b""),
    ];
    let mut buffer = ReadBuffer::messages();
    fill_all(&mut buffer, &wire[0][..9]);
    buffer.extend_from_slice(&wire.concat()[9..]);
    let mut joining = Joining::default();
    Steps::One
        .all(&mut open(Role::Server, &Config::default()), &mut buffer, |_, event| joining.push(event))
        .unwrap();
    assert!(joining.events == [BytesMessage::new(long).into(), Ping::new(b"").into()]);
}

#[test]
fn what_is_wrong_with_a_message_in_one_read_is_said_as_by_receive() {
    for role in [Role::Server, Role::Client] {
        for text in
            [&b"\xff in a short text"[..], b"the end of a code point: \x80", &[0xff; 300], b"cut: \xe2\x82"]
        {
            let wire = frame_to(role, last(Opcode::Text), text);
            let (mut connection, mut other) =
                (open(role, &Config::default()), open(role, &Config::default()));
            let mut buffer = ReadBuffer::messages();
            let (events, outcome) = with_buffer(&mut connection, &mut buffer, [&wire[..]]);
            assert_eq!((events, outcome.clone()), joined_parts(open(role, &Config::default()), &wire));
            assert_eq!(outcome, Err(RemoteProtocolError::Frame(FrameError::TextNotUtf8)), "{text:?}");
            assert_eq!(connection.state(), {
                other.receive(&mut &mut wire.clone()[..]).unwrap_err();
                other.state()
            });
            assert_eq!(connection.receive_from(&mut buffer).unwrap_err(), outcome.unwrap_err(), "final");
        }
    }
}

/// Returns streams that break a limit, or a rule at a certain byte of a header or payload, each after a valid message.
fn faults(role: Role) -> Vec<(&'static str, Config, Vec<u8>)> {
    let frame = |header, payload: &[u8]| frame_to(role, header, payload);
    let claim = |opcode, payload_len| crate::pair::claim_to(role, FrameHeader::new(opcode, payload_len));
    let (config, rest) = (Config::default(), more(Opcode::Continuation));
    let (other, mask) = if role == Role::Server { (Role::Client, 0x80) } else { (Role::Server, 0) };
    let begun = frame(more(Opcode::Text), b"be");
    #[rustfmt::skip]
    let table = [
        ("too long a message",    config.clone().with_max_message_len(10),  claim(Opcode::Binary, 11)),
        ("too long by far",       config.clone().with_max_message_len(10),  claim(Opcode::Text, (1 << 63) - 1)),
        ("too long in fragments", config.clone().with_max_message_len(10),  [&begun[..], &claim(Opcode::Continuation, 9)].concat()),
        ("too long a frame",      config.clone().with_max_frame_len(10),    claim(Opcode::Binary, 300)),
        ("too many fragments",    config.clone().with_max_fragments(1),     [&begun[..], &claim(Opcode::Continuation, 1)].concat()),
        ("too many empty ones",   config.clone().with_max_empty_fragments(1), [&begun[..], &frame(rest, b""), &frame(rest, b"")].concat()),
        ("too many pings",        config.clone().with_max_control_frames(1), [frame(last(Opcode::Ping), b"1"), frame(last(Opcode::Ping), b"2")].concat()),
        ("not minimal",           config.clone(),                           vec![0x82, 0x7e | mask, 0, 125]),
        ("top bit",               config.clone(),                           vec![0x82, 0x7f | mask, 0x80]),
        ("mask",                  config.clone(),                           frame_to(other, last(Opcode::Text), b"x")),
        ("reserved bit",          config.clone(),                           vec![0xa1]),
        ("bad text",              config.clone(),                           frame(last(Opcode::Text), b"ascii for more than a word \xff")),
        ("ends in a code point",  config,                                   frame(last(Opcode::Text), b"ascii \xe2\x82")),
    ];
    table
        .into_iter()
        .map(|(name, config, wire)| {
            (name, config, [&frame(last(Opcode::Text), b"ok")[..], &wire, b"and some more"].concat())
        })
        .collect()
}

#[test]
fn an_error_comes_with_the_byte_that_shows_it() {
    for role in [Role::Server, Role::Client] {
        for (name, config, wire) in faults(role) {
            for cut in 1..=wire.len() {
                let parts = [&wire[..cut]].into_iter().chain(wire[cut..].chunks(1));
                let failed_at = |way| {
                    let (mut connection, mut reader) = (open(role, &config), Reader::new(way));
                    parts.clone().position(|part| reader.read(&mut connection, part, |_, _| {}).is_err())
                };
                let expected = failed_at(Way::OwnMemory);
                assert!(expected.is_some(), "{name}, {role:?}, cut at {cut}");
                for way in WAYS {
                    assert_eq!(failed_at(way), expected, "{name}, {role:?}, {way:?}, cut at {cut}");
                }
            }
        }
    }
}

#[test]
fn f18_an_error_is_final_in_the_buffer_too() {
    for role in [Role::Server, Role::Client] {
        for (name, config, wire) in faults(role) {
            let mut connection = open(role, &config);
            let mut buffer = ReadBuffer::messages();
            let error = with_buffer(&mut connection, &mut buffer, wire.chunks(1)).1.unwrap_err();
            for steps in STEPS {
                let again =
                    steps.next(&mut connection, &mut buffer).map(|event| event.map(Event::into_owned));
                assert_eq!(again, Err(error.clone()), "{name}, {role:?}");
                assert_eq!(buffer.event(), None, "{name}, {role:?}");
                assert_eq!(buffer.take_event(), None, "{name}, {role:?}");
                fill_all(&mut buffer, b"more");
            }
        }
    }
}

/// After an error a buffer can serve another connection: no bytes of the peer are left in it.
#[test]
fn f18_after_an_error_the_buffer_is_empty() {
    for role in [Role::Server, Role::Client] {
        for (name, config, wire) in faults(role) {
            for (whole, steps) in STEPS.into_iter().flat_map(|steps| [(true, steps), (false, steps)]) {
                let mut buffer = if whole { ReadBuffer::messages() } else { ReadBuffer::parts() };
                let outcome = with_steps(steps, &mut open(role, &config), &mut buffer, [&wire[..]]).1;
                assert!(outcome.is_err(), "{name}, {role:?}, {steps:?}");
                assert!(buffer.is_empty(), "{name}, {role:?}, {steps:?}: {buffer:?}");
            }
        }
    }
}

#[test]
fn nothing_waits_on_a_connection_that_is_over() {
    let wire = frame_to(Role::Server, last(Opcode::Binary), b"a message");
    for cut in 1..wire.len() {
        let error = RemoteProtocolError::MessageTooLong { limit: 5 };
        let (mut failed, mut ended) =
            (open(Role::Server, &Config::default()), open(Role::Server, &Config::default()));
        let mut buffers = [ReadBuffer::messages(), ReadBuffer::messages()];
        for (connection, buffer) in [&mut failed, &mut ended].into_iter().zip(&mut buffers) {
            assert_eq!(with_buffer(connection, buffer, wire[..cut].chunks(1)), (vec![], Ok(())));
        }
        failed.reply_to_error(&error, &mut Vec::new()).unwrap();
        let got = failed.receive_from(&mut buffers[0]).map(|event| event.map(Event::into_owned));
        assert_eq!(got, Err(error), "cut at {cut}");
        assert!(ended.receive_eof().unwrap().is_some());
        assert_eq!(ended.receive_from(&mut buffers[1]), Ok(None));
        assert!(buffers.iter().all(ReadBuffer::is_empty), "all bytes are taken and ignored, cut at {cut}");
        assert_eq!(
            ended.receive(&mut &mut wire[cut..].to_vec()[..]),
            Ok(None),
            "nor by `receive`, cut at {cut}"
        );
    }
}

#[test]
fn fragments_are_not_read_one_by_one() {
    for fragment in [9, 64, 1000] {
        let mut wire = frame_to(Role::Server, more(Opcode::Binary), b"");
        for _ in 0..(256 << 10) / fragment {
            wire.extend(frame_to(Role::Server, more(Opcode::Continuation), &vec![7; fragment]));
        }
        let mut server = open(Role::Server, &Config::default());
        let mut buffer = ReadBuffer::messages();
        let (mut rest, mut reads) = (&wire[..], 0);
        while !rest.is_empty() {
            let len = buffer.room().len().min(rest.len());
            with_buffer(&mut server, &mut buffer, [&rest[..len]]).1.unwrap();
            rest = &rest[len..];
            reads += 1;
        }
        assert!(
            reads <= wire.len() / 2000 + 10,
            "{reads} reads for {} bytes in fragments of {fragment}",
            wire.len()
        );
    }
}

#[test]
fn as_much_is_read_at_a_time_as_was_asked_for() {
    #[rustfmt::skip]
    let table = [
        // asked for     room
        (0,            4 << 10),
        ((4 << 10) - 1, 4 << 10),
        (4 << 10,      4 << 10),
        (5_000,        5_000),
        (16 << 20,     16 << 20),
        ((16 << 20) + 1, 16 << 20),
        (usize::MAX,   16 << 20),
    ];
    for (asked, room) in table {
        let mut buffer = ReadBuffer::messages().with_read_len(asked);
        assert_eq!(buffer.room().len(), room, "{asked}");
        assert!(buffer.capacity() <= room, "{asked}: {}", buffer.capacity());
    }
}

/// Each small read costs a system call, so there is room for 4 KiB, or for the rest of the message.
#[test]
fn there_is_room_for_the_rest_of_the_message_or_4_kib() {
    for len in [100, 5000, 9000, 40_000, 100_000] {
        let wire = frame_to(Role::Server, last(Opcode::Binary), &vec![7; len]).repeat(3);
        for (asked, read) in
            [(0, 3), (0, 1000), (5000, 4096), (16 << 10, 3), (16 << 10, 1000), (64 << 10, 1000)]
        {
            for shrinks in [false, true] {
                let case =
                    format!("messages of {len}, {asked} at a time, reads of {read}, shrinks: {shrinks}");
                let mut buffer = ReadBuffer::messages().with_read_len(asked);
                let mut server = open(Role::Server, &Config::default());
                let (mut rest, mut messages) = (&wire[..], 0);
                while !rest.is_empty() {
                    let to_end = (rest.len() - 1) % (wire.len() / 3) + 1;
                    let room = buffer.room().len();
                    assert!(room >= to_end.min(4096), "{case}: room for {room} of {to_end}");
                    rest = &rest[fill(&mut buffer, &rest[..read.min(rest.len())])..];
                    Steps::One.all(&mut server, &mut buffer, |_, _| messages += 1).unwrap();
                    if shrinks {
                        buffer.shrink_to(0);
                    }
                }
                assert_eq!(messages, 3, "{case}");
            }
        }
    }
}

#[test]
fn what_is_unread_is_what_the_peer_sent() {
    let table: [(&str, &[u8], &[u8]); 4] = [
        ("nothing", b"", b""),
        ("a whole frame before it", b"\x89\0\x81\x05Hel", b""),
        ("two frames before it", b"\x8a\0", b""),
        ("a frame and a half", b"\x89\0\x82\x03ab\x8a", b"\x82\x03ab\x8a"),
    ];
    for (name, bytes, unread) in table {
        let mut client = open(Role::Client, &Config::default());
        let mut buffer = ReadBuffer::messages().with_unread(bytes);
        assert_eq!(buffer.unread(), bytes, "{name}");
        let _event = client.receive_from(&mut buffer).unwrap();
        if unread.is_empty() {
            while client.receive_from(&mut buffer).unwrap().is_some() {}
        }
        assert_eq!(buffer.unread(), unread, "{name}");
        assert_eq!(buffer.into_unread(), unread, "{name}");
    }
}

/// An earlier message left memory, and this message begins far from its front.
#[test]
fn f4_a_message_that_begins_behind_others_takes_no_more_than_twice_its_length() {
    let long = |len: usize| frame_to(Role::Server, last(Opcode::Binary), &vec![7; len]);
    let short = frame_to(Role::Server, last(Opcode::Binary), &[7; 1000]);
    for (offset, len) in (0..100).flat_map(|at| [(at, 92_000), (at, 96_000)]) {
        let mut server = open(Role::Server, &Config::default());
        let mut buffer = ReadBuffer::messages();
        let mut stream = long(70_000);
        let memory_left = stream.len();
        for _ in 0..offset {
            stream.extend_from_slice(&short);
        }
        stream.extend_from_slice(&long(len));
        let (mut at, mut most) = (0, 0);
        while at < stream.len() {
            // Each read ends within a message, so no message ends with a read.
            let size = if at < memory_left { 5000 } else { 1500 };
            at += fill(&mut buffer, &stream[at..(at + size).min(stream.len())]);
            while server.receive_from(&mut buffer).unwrap().is_some() {}
            most = most.max(buffer.capacity());
        }
        assert!(most <= 2 * len + (64 << 10), "{offset} messages before {len} bytes: {most}");
    }
}
