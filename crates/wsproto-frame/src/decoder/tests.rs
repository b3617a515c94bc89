use super::*;

extern crate std;
use proptest::prelude::*;
use std::{ops::Range, vec, vec::Vec};

/// A frame as it came, its parts joined.
#[derive(Clone, Debug, PartialEq)]
struct Whole {
    header: FrameHeader,
    message: Opcode,
    payload: Vec<u8>,
    finished: bool,
}

/// Takes the next part where it lies, by the shortcut where that does.
fn in_place<'a>(
    decoder: &mut FrameDecoder,
    input: &mut &'a mut [u8],
) -> Result<Option<FrameChunk<'a>>, FrameError> {
    let part = match decoder.decode_whole_message(input).or_else(|| decoder.decode_data(input, usize::MAX)) {
        Some(part) => Some(part),
        None => decoder.decode_in_place(input)?,
    };
    if part.is_none() {
        *input = &mut [];
    }
    Ok(part.map(|part| part.split_off(input)))
}

/// Feeds the parts and joins chunks of one frame.
fn decode_parts(
    mut decoder: FrameDecoder,
    parts: &[&[u8]],
    step: impl for<'a> Fn(&mut FrameDecoder, &mut &'a mut [u8]) -> Result<Option<FrameChunk<'a>>, FrameError>,
) -> (Vec<Whole>, Result<(), FrameError>) {
    let mut frames: Vec<Whole> = Vec::new();
    for part in parts {
        let mut part = part.to_vec();
        let mut input = &mut part[..];
        loop {
            match step(&mut decoder, &mut input) {
                Ok(Some(chunk)) => {
                    assert!(chunk.frame_started || !chunk.payload.is_empty(), "a part without a byte");
                    if chunk.frame_started {
                        frames.push(Whole {
                            header: chunk.header,
                            message: chunk.message,
                            payload: vec![],
                            finished: false,
                        });
                    }
                    let frame = frames.last_mut().expect("a frame has a first chunk");
                    assert!(
                        !frame.finished && frame.header == chunk.header && frame.message == chunk.message
                    );
                    frame.payload.extend_from_slice(chunk.payload);
                    frame.finished = chunk.frame_finished;
                    assert_eq!(chunk.message_finished(), chunk.frame_finished && frame.header.fin);
                }
                Ok(None) => {
                    assert!(input.is_empty(), "what is not needed is not left");
                    break;
                }
                Err(error) => {
                    assert_eq!(decoder.decode(&mut input).err(), Some(error), "an error is final");
                    assert_eq!(decoder.decode(&mut &mut [][..]).err(), Some(error), "an error is final");
                    return (frames, Err(error));
                }
            }
        }
    }
    assert_eq!(
        decoder.is_between_frames(),
        parts.is_empty() || frames.last().is_none_or(|f| f.finished) && decoder.started_len == 0
    );
    (frames, Ok(()))
}

/// Decodes whole, at every split, and byte by byte, taken off the front and in place; all must agree, up to frames that
/// an error cut off.
fn decode(decoder: &FrameDecoder, bytes: &[u8]) -> (Vec<Whole>, Result<(), FrameError>) {
    let whole = decode_parts(decoder.clone(), &[bytes], FrameDecoder::decode);
    let by_byte = bytes.chunks(1).collect::<Vec<_>>();
    let cuts = (0..=bytes.len()).map(|cut| vec![&bytes[..cut], &bytes[cut..]]);
    for parts in cuts.chain([by_byte, vec![bytes]]) {
        let pieces: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        let taken = decode_parts(decoder.clone(), &parts, FrameDecoder::decode);
        assert_eq!(taken, whole, "in pieces of {pieces:?}");
        let in_place = decode_parts(decoder.clone(), &parts, in_place);
        assert_eq!(in_place, whole, "in place, in pieces of {pieces:?}");
    }
    whole
}

fn server() -> FrameDecoder {
    FrameDecoder::new(Role::Server)
}

fn client() -> FrameDecoder {
    FrameDecoder::new(Role::Client)
}

#[test]
fn f1_to_f11_each_rule_of_section_5() {
    #[rustfmt::skip]
    let table: [(&str, FrameDecoder, &[u8], Option<FrameError>); 36] = [
        // name                              decoder                                bytes                              expectation
        ("reserved opcode 3",                client(),                              &[0x83],                           Some(FrameError::ReservedOpcode(0x3))), //= rfc6455#5.2-3
        ("reserved opcode 7",                client(),                              &[0x87],                           Some(FrameError::ReservedOpcode(0x7))),
        ("reserved opcode b",                client(),                              &[0x8b],                           Some(FrameError::ReservedOpcode(0xb))), //= rfc6455#5.2-3
        ("reserved opcode f",                client(),                              &[0x8f],                           Some(FrameError::ReservedOpcode(0xf))),
        ("rsv1 without owner",               client(),                              &[0xc1],                           Some(FrameError::ReservedBits(Rsv::RSV1))), //= rfc6455#5.2-2
        ("rsv2 without owner",               client(),                              &[0xa1],                           Some(FrameError::ReservedBits(Rsv::RSV2))),
        ("rsv3 without owner",               client(),                              &[0x91],                           Some(FrameError::ReservedBits(Rsv::RSV3))),
        ("rsv1 owned",                       client().with_rsv(Rsv::RSV1),          &[0xc1, 0x00],                     None),
        ("rsv1 owned, rsv2 set too",         client().with_rsv(Rsv::RSV1),          &[0xe1, 0x00],                     Some(FrameError::ReservedBits(Rsv::RSV2))), //= rfc6455#5.2-2
        ("fragmented close",                 client(),                              &[0x08],                           Some(FrameError::ControlFragmented)), //= rfc6455#5.4-1, rfc6455#5.5-2
        ("fragmented ping",                  client(),                              &[0x09],                           Some(FrameError::ControlFragmented)),
        ("fragmented pong",                  client(),                              &[0x0a],                           Some(FrameError::ControlFragmented)),
        ("ping, 126 form",                   client(),                              &[0x89, 0x7e],                     Some(FrameError::ControlTooLong)), //= rfc6455#5.5-1
        ("ping, 127 form",                   client(),                              &[0x89, 0x7f],                     Some(FrameError::ControlTooLong)),
        ("unmasked to a server",             server(),                              &[0x81, 0x00],                     Some(FrameError::NotMasked)), //= rfc6455#5.1-2
        ("masked to a client",               client(),                              &[0x81, 0x80],                     Some(FrameError::Masked)), //= rfc6455#5.1-4
        ("125 in two bytes",                 client(),                              &[0x81, 0x7e, 0x00, 0x7d],         Some(FrameError::LengthNotMinimal)), //= rfc6455#5.2-5
        ("0 in two bytes",                   client(),                              &[0x81, 0x7e, 0x00, 0x00],         Some(FrameError::LengthNotMinimal)),
        ("126 in two bytes",                 client(),                              &[0x81, 0x7e, 0x00, 0x7e],         None),
        ("65535 in eight bytes",             client(),                              &[0x81, 0x7f, 0, 0, 0, 0, 0, 0, 0xff, 0xff], Some(FrameError::LengthNotMinimal)), //= rfc6455#5.2-5
        ("65536 in eight bytes",             client(),                              &[0x81, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0],       None),
        ("top bit of 64",                    client(),                              &[0x81, 0x7f, 0x80],               Some(FrameError::LengthTopBit)), //= rfc6455#5.2-4
        ("longest length",                   client(),                              &[0x81, 0x7f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], None),
        ("2^32 + 5 is not 5",                client().with_max_payload_len(99),     &[0x81, 0x7f, 0, 0, 0, 1, 0, 0, 0, 5], Some(FrameError::FrameTooLong { limit: 99 })),
        ("one below the limit",              client().with_max_payload_len(2),      &[0x81, 0x01, b'a'],               None),
        ("at the limit",                     client().with_max_payload_len(2),      &[0x81, 0x02, b'a', b'b'],         None),
        ("one over the limit",               client().with_max_payload_len(2),      &[0x81, 0x03],                     Some(FrameError::FrameTooLong { limit: 2 })), //= rfc6455#10.4-1
        ("continuation without message",     client(),                              &[0x80],                           Some(FrameError::ContinuationWithoutMessage)), //= rfc6455#5.4-11
        ("continuation after the last",      client(),                              &[0x81, 0x00, 0x80],               Some(FrameError::ContinuationWithoutMessage)),
        ("text inside text",                 client(),                              &[0x01, 0x00, 0x81],               Some(FrameError::MessageInterrupted)), //= rfc6455#5.4-3
        ("binary inside text",               client(),                              &[0x01, 0x00, 0x82],               Some(FrameError::MessageInterrupted)), //= rfc6455#5.4-3, rfc6455#5.4-10
        ("text inside binary",               client(),                              &[0x02, 0x00, 0x01],               Some(FrameError::MessageInterrupted)),
        ("controls inside a message",        client(),                              &[0x01, 0x00, 0x89, 0x00, 0x8a, 0x00, 0x80, 0x00], None), //= rfc6455#5.4-4
        ("first fault wins: rsv, then mask", server(),                              &[0xc1, 0x00],                     Some(FrameError::ReservedBits(Rsv::RSV1))),
        ("mask before control length",       client(),                              &[0x89, 0xfe],                     Some(FrameError::Masked)),
        ("empty frames",                     client(),                              &[0x81, 0x00, 0x82, 0x00],         None),
    ];
    for (name, decoder, bytes, expected) in table {
        assert_eq!(decode(&decoder, bytes).1.err(), expected, "{name}");
    }
}

//= rfc6455#5.4-2, rfc6455#5.4-4, rfc6455#5.4-10, rfc6455#6.2-1, rfc6455#6.2-3, rfc6455#6.2-5
#[test]
fn a_masked_conversation_in_any_pieces() {
    let bytes = [
        &[0x01, 0x83, 1, 2, 3, 4, b'H' ^ 1, b'e' ^ 2, b'l' ^ 3][..],
        &[0x89, 0x80, 9, 9, 9, 9],
        &[0x80, 0x82, 5, 6, 7, 8, b'l' ^ 5, b'o' ^ 6],
    ]
    .concat();
    let (frames, end) = decode(&server(), &bytes);
    assert_eq!(end, Ok(()));
    let seen: Vec<_> =
        frames.iter().map(|f| (f.message, f.payload.as_slice(), f.header.fin, f.finished)).collect();
    #[rustfmt::skip]
    assert_eq!(seen, [
        (Opcode::Text, &b"Hel"[..], false, true),
        (Opcode::Ping, b"",         true,  true),
        (Opcode::Text, b"lo",       true,  true),
    ]);
}

#[test]
fn f4_a_claimed_length_costs_nothing() {
    assert!(size_of::<FrameDecoder>() <= 88, "{}", size_of::<FrameDecoder>());
}

#[test]
fn a_bounded_part_leaves_the_rest_masked() {
    let mut decoder = server();
    let mut bytes = [0x82, 0x85, 1, 2, 3, 4, 1, 2, 3, 4, 1];
    let mut input = &mut bytes[..];
    let chunk = decoder.decode_at_most(&mut input, 2).unwrap().unwrap();
    assert_eq!((&*chunk.payload, chunk.frame_finished), (&[0, 0][..], false));
    assert_eq!(input, [3, 4, 1]);
    let chunk = decoder.decode(&mut input).unwrap().unwrap();
    assert_eq!((&*chunk.payload, chunk.frame_finished), (&[0, 0, 0][..], true));
}

#[test]
fn a_control_frame_is_not_cut() {
    let mut bytes = [0x89, 0x83, 0, 0, 0, 0, 1, 2, 3];
    let mut input = &mut bytes[..];
    let mut decoder = server();
    let chunk = decoder.decode_at_most(&mut input, 1).unwrap().unwrap();
    assert_eq!((&*chunk.payload, chunk.frame_finished), (&[1, 2, 3][..], true));
}

#[test]
fn the_rest_of_a_header_is_no_frame() {
    // Cut behind a first byte, what follows looks like a frame.
    let bytes = [0x82, 0x02, 0x02, 0x01].repeat(4);
    let (frames, end) = decode(&client(), &bytes);
    assert_eq!((frames.len(), end), (4, Ok(())));
    assert!(frames.iter().all(|frame| frame.payload == [2, 1]));
}

#[test]
fn the_shortcut_takes_whole_data_frames_and_what_follows_in_data() {
    let after = |mut decoder: FrameDecoder, mut bytes: Vec<u8>| {
        decoder.decode(&mut &mut bytes[..]).unwrap();
        decoder
    };
    let text = || after(client(), vec![0x01, 0x00]);
    let binary = || after(client(), vec![0x02, 0x00]);
    let within = |first: u8| after(client(), vec![first, 0x03, b'a']);
    // It wants eight bytes, whatever they are.
    let and_more = |frame: &[u8]| [frame, &[0; 8]].concat();
    let long = |len: u16| [&[0x82, 0x7e], &len.to_be_bytes()[..], &vec![0; usize::from(len)]].concat();
    let longer = [&[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0][..], &vec![0; 65_536]].concat();
    let (idle, in_text, in_binary) = (Fragmentation::Idle, Fragmentation::Text, Fragmentation::Binary);
    #[rustfmt::skip]
    let table: [(&str, FrameDecoder, Vec<u8>, usize, Option<(Range<usize>, bool)>, Fragmentation); 26] = [
        // name                   decoder                            input                                    most     where, finished        then
        ("a text",                client(),                          and_more(&[0x81, 0x01, b'a', 0]),        9,       Some((2..3, true)),    idle),
        ("a binary",              client(),                          and_more(&[0x82, 0x01, b'a']),           9,       Some((2..3, true)),    idle),
        ("nothing in it",         client(),                          and_more(&[0x82, 0x00]),                 9,       Some((2..2, true)),    idle),
        ("masked",                server(),                          and_more(&[0x82, 0x81, 1, 2, 3, 4, 5]),  9,       Some((6..7, true)),    idle),
        ("126 bytes and more",    client(),                          long(200),                               999,     Some((4..204, true)),  idle),
        ("64 KiB",                client(),                          longer,                                  99_999,  None,                  idle),
        ("first of a text",       client(),                          and_more(&[0x01, 0x01, b'a']),           9,       Some((2..3, true)),    in_text),
        ("first of a binary",     client(),                          and_more(&[0x02, 0x01, b'a']),           9,       Some((2..3, true)),    in_binary),
        ("more of a text",        text(),                            and_more(&[0x00, 0x01, b'a']),           9,       Some((2..3, true)),    in_text),
        ("more of a binary",      binary(),                          and_more(&[0x00, 0x01, b'a']),           9,       Some((2..3, true)),    in_binary),
        ("last of a binary",      binary(),                          and_more(&[0x80, 0x01, b'a']),           9,       Some((2..3, true)),    idle),
        ("text within a text",    text(),                            and_more(&[0x81, 0x01, b'a']),           9,       None,                  in_text),
        ("more of nothing",       client(),                          and_more(&[0x80, 0x01, b'a']),           9,       None,                  idle),
        ("a ping",                client(),                          and_more(&[0x89, 0x01, b'a']),           9,       None,                  idle),
        ("not whole",             client(),                          and_more(&[0x82, 0x09]),                 9,       None,                  idle),
        ("nothing",               client(),                          vec![],                                  9,       None,                  idle),
        ("as much as is wanted",  client(),                          and_more(&[0x82, 0x01, b'a']),           1,       Some((2..3, true)),    idle),
        ("more than is wanted",   client(),                          and_more(&[0x82, 0x01, b'a']),           0,       None,                  idle),
        ("at the limit",          client().with_max_payload_len(1),  and_more(&[0x82, 0x01, b'a']),           9,       Some((2..3, true)),    idle),
        ("over the limit",        client().with_max_payload_len(0),  and_more(&[0x82, 0x01, b'a']),           9,       None,                  idle),
        ("a bit that is owned",   client().with_rsv(Rsv::RSV1),      and_more(&[0xc2, 0x01, b'a']),           9,       Some((2..3, true)),    idle),
        ("a bit that is not",     client().with_rsv(Rsv::RSV1),      and_more(&[0xe2, 0x01, b'a']),           9,       None,                  idle),
        ("within a header",       after(client(), vec![0x82]),       and_more(&[0x82]),                       9,       None,                  idle),
        ("goes on",               within(0x82),                      vec![b'b'],                              9,       Some((0..1, false)),   idle),
        ("ends",                  within(0x82),                      vec![b'b', b'c', 0x82],                  9,       Some((0..2, true)),    idle),
        ("a ping goes on",        within(0x89),                      vec![b'b'],                              9,       None,                  idle),
    ];
    for (name, mut decoder, mut input, most, expected, then) in table {
        let part = decoder.decode_data(&mut input, most);
        assert_eq!(part.map(|part| (part.payload, part.frame_finished)), expected, "{name}");
        assert_eq!(decoder.fragmentation(), then, "{name}");
    }
    let mut waiting = within(0x82);
    assert!(waiting.decode_data(&mut [], 9).is_none(), "no part without a byte");
    assert_eq!(waiting.decode_data(&mut [b'b', b'c'], 1).map(|part| part.payload), Some(0..1), "one at most");
    assert!(waiting.decode_data(&mut [b'c'], 1).is_some_and(|part| part.frame_finished));
    assert!(waiting.is_between_frames());
}

#[test]
fn what_is_left_of_a_payload() {
    let mut decoder = client();
    assert_eq!(decoder.payload_left(), 0);
    let mut read = *b"\x82\x05He";
    decoder.decode(&mut &mut read[..]).unwrap();
    assert_eq!(decoder.payload_left(), 3);
    decoder.decode(&mut &mut b"ll".to_vec()[..]).unwrap();
    assert_eq!(decoder.payload_left(), 1);
    decoder.decode(&mut &mut b"o".to_vec()[..]).unwrap();
    assert_eq!(decoder.payload_left(), 0);
    assert!(decoder.decode(&mut &mut [0x83][..]).is_err());
    assert_eq!(decoder.payload_left(), 0);
}

#[test]
fn the_shortcut_for_messages_takes_whole_ones_alone() {
    #[rustfmt::skip]
    let table: [(&str, &[u8], Option<Range<usize>>); 10] = [
        // name                     input                      payload of a message
        ("a text",                  b"\x81\x06hello!",         Some(2..8)),
        ("a binary message",        b"\x82\x06hello!\x8a",     Some(2..8)),
        ("an empty one",            b"\x82\x00\x81\x06hello!", Some(2..2)),
        ("a first fragment",        b"\x01\x06hello!",         None),
        ("a continuation",          b"\x80\x06hello!",         None),
        ("a Ping",                  b"\x89\x06hello!",         None),
        ("a part",                  b"\x81\x07hello!",         None),
        ("a masked one",            b"\x81\x82\0\0\0\0hi",     None),
        ("a bit that nobody owns",  b"\xc1\x06hello!",         None),
        ("one that is too long",    b"\x82\x08too long",       None),
    ];
    for (name, input, payload) in table {
        let mut decoder = client().with_max_payload_len(7);
        let mut bytes = input.to_vec();
        let part = decoder.decode_whole_message(&mut bytes);
        assert_eq!(part.map(|part| part.payload), payload, "{name}");
        assert_eq!(bytes, input, "{name}: nothing was unmasked");
        assert!(decoder.is_between_frames(), "{name}");
    }
    let mut masked = *b"\x81\x82\x01\x02\x03\x04ik";
    assert!(server().decode_whole_message(&mut masked).is_some());
    assert_eq!(masked[6..], *b"hi");

    let mut within_message = client();
    within_message.decode(&mut &mut b"\x01\x02hi".to_vec()[..]).unwrap();
    assert!(within_message.decode_whole_message(&mut b"\x81\x06hello!".to_vec()).is_none());
    let mut within_header = client();
    within_header.decode(&mut &mut b"\x81".to_vec()[..]).unwrap();
    assert!(within_header.decode_whole_message(&mut b"\x81\x06hello!".to_vec()).is_none());
}

#[test]
fn what_can_wait_of_a_payload_breaks_no_rule() {
    let under_way = |first: u8| {
        let mut decoder = server();
        let mut header = [first, 0xfe, 0x48, 0, 0, 0x80, 1, 2];
        decoder.decode(&mut &mut header[..]).unwrap();
        decoder
    };
    let (text, binary) = (under_way(0x81), under_way(0x82));
    // The key is 00 80 01 02.
    let ascii: Vec<u8> = [b'a', b'a' ^ 0x80, b'a' ^ 1, b'a' ^ 2].repeat(5000);
    let mut other = ascii.clone();
    other[13] ^= 0x80;
    let len = 0x4800;
    #[rustfmt::skip]
    let table = [
        // name                    decoder   input            still to come
        ("binary",                 &binary,  &other[..4],     Some(len - 4)),
        ("binary, none",           &binary,  &other[..0],     Some(len)),
        ("binary, almost 16 KiB",  &binary,  &other[..16383], Some(len - 16383)),
        ("binary, 16 KiB",         &binary,  &other[..16384], None),
        ("text, none",             &text,    &ascii[..0],     Some(len)),
        ("text, 16 bytes",         &text,    &ascii[..16],    Some(len - 16)),
        ("text, 17 bytes",         &text,    &ascii[..17],    None),
        ("text, not all ASCII",    &text,    &other[..14],    None),
        ("text, not ASCII behind", &text,    &other[..13],    Some(len - 13)),
    ];
    for (name, decoder, input, left) in table {
        assert_eq!(decoder.can_wait(input, u64::MAX).map(|wait| wait.message_left()), left, "{name}");
    }
    let mut short = server();
    short.decode(&mut &mut [0x82, 0x85, 0, 0, 0, 0][..]).unwrap();
    let left = [4, 5, 6].map(|len| short.can_wait(&ascii[..len], u64::MAX).map(|wait| wait.message_left()));
    assert_eq!(left, [Some(1), None, None]);
    let mut ping = server();
    ping.decode(&mut &mut [0x89, 0x85, 0, 0, 0, 0][..]).unwrap();
    assert!(ping.can_wait(&ascii[..4], u64::MAX).is_none());
}

#[test]
fn what_can_wait_of_a_frame_that_begins_breaks_no_rule() {
    let within = |kind: u8| {
        let mut decoder = server();
        decoder.decode(&mut &mut [kind, 0x80, 1, 2, 3, 4][..]).unwrap();
        decoder
    };
    let (idle, text, limited) = (server(), within(0x01), server().with_max_payload_len(4));
    let mut in_pieces = server();
    in_pieces.decode(&mut &mut [0x82][..]).unwrap();
    #[rustfmt::skip]
    let table: [(&str, &FrameDecoder, &[u8], Option<u64>); 19] = [
        // name                      decoder     input                                        still to come
        ("nothing",                  &idle,      &[],                                         Some(0)),
        ("half a header",            &idle,      &[0x81, 0x85, 0, 0x80],                      Some(0)),
        ("half a length",            &idle,      &[0x82, 0xff, 0, 0, 0, 0],                   Some(0)),
        ("a ping's",                 &idle,      &[0x89, 0x85],                               Some(0)),
        ("a fragment's",             &text,      &[0x80, 0x85],                               Some(0)),
        ("reserved bit",             &idle,      &[0xc1],                                     None),
        ("reserved opcode",          &idle,      &[0x83],                                     None),
        ("not masked",               &idle,      &[0x81, 0x05],                               None),
        ("too long a ping",          &idle,      &[0x89, 0xfe],                               None),
        ("message in a message",     &text,      &[0x81],                                     None),
        ("too long a frame",         &limited,   &[0x82, 0x85, 0, 0, 0, 0],                   None),
        ("no payload yet",           &idle,      &[0x81, 0x85, 0, 0x80, 1, 2],                Some(5)),
        ("some payload",             &idle,      &[0x81, 0x85, 0, 0x80, 1, 2, b'a', 0xe1],    Some(3)),
        ("not ASCII",                &idle,      &[0x81, 0x85, 0, 0x80, 1, 2, b'a', b'a'],    None),
        ("all of a message",         &idle,      &[0x82, 0x81, 0, 0x80, 1, 2, b'a'],          None),
        ("more than all",            &idle,      &[0x82, 0x81, 0, 0x80, 1, 2, b'a', 0x82],    None),
        ("of more frames",           &idle,      &[0x02, 0x85, 0, 0x80, 1, 2, b'a'],          None),
        ("the last fragment",        &text,      &[0x80, 0x85, 0, 0x80, 1, 2, b'a'],          None),
        ("a header in two pieces",   &in_pieces, &[0x85],                                     None),
    ];
    for (name, decoder, input, left) in table {
        assert_eq!(decoder.can_wait(input, u64::MAX).map(|wait| wait.message_left()), left, "{name}");
    }
    let five = [0x82, 0x85, 0, 0, 0, 0, 7];
    assert!(idle.can_wait(&five, 4).is_none() && idle.can_wait(&five, 5).is_some());
}

#[test]
fn debug_tells_where_the_decoder_stands_and_shows_no_key() {
    let mut decoder = server().with_max_payload_len(77);
    decoder.decode(&mut &mut [0x82, 0x85, 201, 202, 203, 204, 205][..]).unwrap();
    let text = std::format!("{decoder:?}");
    assert!(text.contains("role: Server") && text.contains("max_payload_len: 77"), "{text}");
    assert!(text.contains("remaining: 4"), "{text}");
    assert!(!["201", "202", "203", "204", "205"].iter().any(|byte| text.contains(byte)), "{text}");
}

#[test]
fn debug_tells_how_long_a_part_is() {
    let mut bytes = *b"\x82\x05Hello";
    let chunk = client().decode(&mut &mut bytes[..]).map(|chunk| std::format!("{chunk:?}")).unwrap();
    assert!(chunk.contains("payload: 5 bytes") && chunk.contains("frame_finished: true"), "{chunk}");
}

fn any_frame() -> impl Strategy<Value = (bool, Vec<u8>, [u8; 4])> {
    (any::<bool>(), proptest::collection::vec(any::<u8>(), 0..300), any::<[u8; 4]>())
}

proptest! {
    //= rfc6455#5.4-5, rfc6455#5.4-12, rfc6455#5.3-5
    #[test]
    fn what_is_encoded_is_decoded_in_any_chunking(frames in proptest::collection::vec(any_frame(), 0..6), cuts: Vec<prop::sample::Index>) {
        let mut bytes = Vec::new();
        let mut encoder = crate::FrameEncoder::new(Role::Client);
        let mut expected = Vec::new();
        for (fin, payload, key) in frames {
            let opcode = if encoder.fragmentation() == Fragmentation::Idle { Opcode::Binary } else { Opcode::Continuation };
            let mut key = MaskingKey::new(key);
            let header = FrameHeader { fin, ..FrameHeader::new(opcode, payload.len() as u64).with_mask(key) };
            bytes.extend_from_slice(&encoder.encode(&header).unwrap());
            let mut masked = payload.clone();
            key.apply(&mut masked);
            bytes.extend(masked);
            expected.push(Whole { header, message: Opcode::Binary, payload, finished: true });
        }
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).chain([0, bytes.len()]).collect();
        cuts.sort_unstable();
        let parts: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        prop_assert_eq!(decode_parts(server(), &parts, FrameDecoder::decode), (expected.clone(), Ok(())));
        prop_assert_eq!(decode_parts(server(), &parts, in_place), (expected, Ok(())));
    }

    #[test]
    fn arbitrary_bytes_give_one_verdict(bytes in proptest::collection::vec(any::<u8>(), 0..60), role: bool, rsv: u8) {
        let role = if role { Role::Client } else { Role::Server };
        let _ = decode(&FrameDecoder::new(role).with_rsv(Rsv::from_first_byte(rsv)).with_max_payload_len(70_000), &bytes);
    }
}

#[test]
fn f1_f2_f5_a_header_fails_at_the_byte_that_decides_it() {
    let limited = || server().with_max_payload_len(1000);
    let bounded = || server().with_max_message_len(1000);
    let after_900 = || {
        let mut decoder = bounded();
        let mut frame = [&[0x02, 0xfe, 0x03, 0x84, 0, 0, 0, 0][..], &[0; 900]].concat();
        decoder.decode(&mut &mut frame[..]).unwrap();
        decoder
    };
    let frame_too_long = FrameError::FrameTooLong { limit: 1000 };
    let message_too_long = FrameError::MessageTooLong { limit: 1000 };
    #[rustfmt::skip]
    let table: [(&str, FrameDecoder, &[u8], Option<FrameError>); 25] = [
        // name                              decoder                         up to the byte that decides it        verdict
        ("reserved opcode",                  server(),                       &[0x83],                              Some(FrameError::ReservedOpcode(3))),
        ("not masked",                       server(),                       &[0x82, 0x7f],                        Some(FrameError::NotMasked)),
        ("long control frame",               server(),                       &[0x89, 0xff],                        Some(FrameError::ControlTooLong)),
        ("over the limit, one byte",         server().with_max_payload_len(9), &[0x82, 0x8a],                      Some(FrameError::FrameTooLong { limit: 9 })),
        ("at the limit, one byte",           server().with_max_payload_len(9), &[0x82, 0x89],                      None),
        ("125 in two bytes",                 server(),                       &[0x81, 0xfe, 0, 125],                Some(FrameError::LengthNotMinimal)),
        ("126 in two bytes",                 server(),                       &[0x81, 0xfe, 0, 126],                None),
        ("less than 64 KiB in eight",        server(),                       &[0x81, 0xff, 0, 0, 0, 0, 0, 0],      Some(FrameError::LengthNotMinimal)),
        ("perhaps 64 KiB in eight",          server(),                       &[0x81, 0xff, 0, 0, 0, 0, 0, 1],      None),
        ("the top bit",                      server(),                       &[0x81, 0xff, 0x80],                  Some(FrameError::LengthTopBit)),
        ("the top bit before the limit",     limited(),                      &[0x81, 0xff, 0xff],                  Some(FrameError::LengthTopBit)),
        ("ff, over the limit",               limited(),                      &[0x81, 0xfe, 0xff],                  Some(frame_too_long)),
        ("1001",                             limited(),                      &[0x81, 0xfe, 0x03, 0xe9],            Some(frame_too_long)),
        ("1000",                             limited(),                      &[0x81, 0xfe, 0x03, 0xe8],            None),
        ("1024 and more",                    limited(),                      &[0x81, 0xfe, 0x04],                  Some(frame_too_long)),
        ("2^24 and more in eight",           limited(),                      &[0x81, 0xff, 0, 0, 0, 0, 1],         Some(frame_too_long)),
        ("not minimal before the limit",     server().with_max_payload_len(9), &[0x81, 0xfe, 0, 100],              Some(FrameError::LengthNotMinimal)),
        ("a message of 1001",                bounded(),                      &[0x82, 0xfe, 0x03, 0xe9],            Some(message_too_long)),
        ("a message of 1000",                bounded(),                      &[0x82, 0xfe, 0x03, 0xe8],            None),
        ("a fragment of 1001",               bounded(),                      &[0x02, 0xfe, 0x03, 0xe9],            Some(message_too_long)),
        ("900 and 101",                      after_900(),                    &[0x80, 0xe5],                        Some(message_too_long)),
        ("900 and 100",                      after_900(),                    &[0x80, 0xe4],                        None),
        ("900 and a Ping of 125",            after_900(),                    &[0x89, 0xfd],                        None),
        ("the lower limit is named",         bounded().with_max_payload_len(2000), &[0x82, 0xfe, 0x07],            Some(message_too_long)),
        ("or the frame's where they agree",  bounded().with_max_payload_len(1000), &[0x82, 0xfe, 0x07],            Some(frame_too_long)),
    ];
    for (name, decoder, start, expected) in table {
        assert_eq!(decode(&decoder, start).1.err(), expected, "{name}");
        assert_eq!(decode(&decoder, &start[..start.len() - 1]).1, Ok(()), "{name}: a byte less");
        assert!(expected.is_none() == decoder.can_wait(start, u64::MAX).is_some(), "{name}: waiting");
    }
}

//= rfc6455#10.4-1
#[test]
fn f2_f15_a_message_counts_its_own_frames_alone() {
    let frames: [(u8, u8); 8] =
        [(0x02, 6), (0x00, 2), (0x89, 9), (0x80, 2), (0x82, 10), (0x01, 10), (0x80, 0), (0x82, 10)];
    let bytes = |frames: &[(u8, u8)]| {
        frames
            .iter()
            .flat_map(|&(first, len)| [&[first, len][..], &vec![b'a'; usize::from(len)]].concat())
            .collect()
    };
    let good: Vec<u8> = bytes(&frames);
    let decoder = client().with_max_message_len(10);
    assert_eq!(decode(&decoder, &good).1, Ok(()));
    for (place, (first, len)) in frames.into_iter().enumerate().filter(|(_, (first, _))| *first != 0x89) {
        let left = match place {
            1 => 4,
            3 => 2,
            6 => 0,
            _ => 10,
        };
        assert!(len <= left);
        let bad: Vec<u8> = [bytes(&frames[..place]), bytes(&[(first, left + 1)])].concat();
        let error = FrameError::MessageTooLong { limit: 10 };
        assert_eq!(decode(&decoder, &bad).1, Err(error), "frame {place}");
    }
}

#[test]
fn no_part_is_empty_for_ever() {
    let mut bytes = [0x82, 0x83, 1, 2, 3, 4, 1, 2, 3, 0x89, 0x80, 0, 0, 0, 0];
    let mut input = &mut bytes[..];
    let mut decoder = server();
    let mut parts = Vec::new();
    while let Some(chunk) = decoder.decode_at_most(&mut input, 0).unwrap() {
        parts.push((chunk.header.opcode, chunk.payload.len(), chunk.frame_finished));
        assert!(parts.len() < 9, "{parts:?}");
    }
    let binary = Opcode::Binary;
    let expected = [(binary, 1, false), (binary, 1, false), (binary, 1, true), (Opcode::Ping, 0, true)];
    assert_eq!(parts, expected);
}
