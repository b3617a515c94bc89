use super::*;
use crate::{FrameEncoder, MaskingKey, TextCheck};

extern crate std;
use proptest::prelude::*;
use std::{vec, vec::Vec};

/// A frame with its parts joined, and what the decoder said of it.
#[derive(Clone, Debug, PartialEq)]
struct Whole {
    header: FrameHeader,
    message: Opcode,
    payload: Vec<u8>,
    finished: bool,
}

type Chunk<'a> = FrameChunk<&'a mut [u8]>;

/// Takes the next part in place, without the shortcut.
fn step_by_step<'a>(
    decoder: &mut FrameDecoder,
    input: &mut &'a mut [u8],
) -> Result<Option<Chunk<'a>>, FrameError> {
    let chunk = decoder.decode_any(input, 1, usize::MAX)?;
    if chunk.is_none() {
        *input = &mut [];
    }
    Ok(chunk.map(|chunk| chunk.split_off(input)))
}

/// Decodes the parts one after the other and joins the chunks of each frame.
fn decode_parts(
    mut decoder: FrameDecoder,
    parts: &[&[u8]],
    step: impl for<'a> Fn(&mut FrameDecoder, &mut &'a mut [u8]) -> Result<Option<Chunk<'a>>, FrameError>,
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
                    assert!(input.is_empty(), "the decoder takes all bytes before it asks for more");
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

/// Ranges for the bytes that a part should hold: any, few, many, and nonsense.
fn pieces() -> [RangeInclusive<usize>; 9] {
    let most = usize::MAX;
    [1..=most, 0..=most, 0..=0, 1..=1, 2..=3, 4..=most, RangeInclusive::new(5, 2), 4096..=most, most..=most]
}

/// Decodes in place: bytes that a call leaves come again, together with the next read.
///
/// The last frame may be shorter than its bytes, where the input ends within it.
fn decode_in_place(
    mut decoder: FrameDecoder,
    parts: &[&[u8]],
    pieces: &RangeInclusive<usize>,
) -> (Vec<Whole>, Result<(), FrameError>) {
    // The upper bound doesn't cut control frames.
    let lengths = |opcode: Opcode| match (*pieces.start(), (*pieces.end()).max(1)) {
        (least, most) if opcode.is_data() => least.min(most)..=most,
        (least, _) => least..=usize::MAX,
    };
    let (mut unread, mut as_read) = (Vec::new(), Vec::new());
    let mut frames: Vec<Whole> = Vec::new();
    for part in parts {
        unread.extend_from_slice(part);
        as_read.extend_from_slice(part);
        loop {
            let before = decoder.payload();
            let chunk = match decoder.decode_in_place(&mut unread, pieces.clone()) {
                Ok(chunk) => chunk,
                Err(error) => {
                    assert_eq!(
                        decoder.decode_in_place(&mut [], pieces.clone()).err(),
                        Some(error),
                        "an error is final"
                    );
                    return (frames, Err(error));
                }
            };
            let Some(chunk) = chunk else {
                assert_eq!(unread, as_read, "bytes that were not taken stay masked");
                match before {
                    Some((message, left)) => {
                        let is_awaited =
                            unread.len() < *lengths(message).start() && (unread.len() as u64) < left;
                        assert!(is_awaited || unread.is_empty(), "{} of {left} are left", unread.len());
                    }
                    None => (unread.clear(), as_read.clear()).1,
                }
                break;
            };
            let (start, end, len) = (chunk.payload.start, chunk.payload.end, chunk.payload.len());
            assert_eq!(unread[end..], as_read[end..], "the rest is as it was read");
            let lengths = lengths(chunk.header.opcode);
            assert!(len <= *lengths.end(), "{len}: more than {lengths:?}");
            assert!(
                chunk.frame_finished || len == 0 || len >= *lengths.start(),
                "{len}: less than {lengths:?}"
            );
            let is_cut = chunk.header.opcode.is_control() && !chunk.frame_finished && len > 0;
            assert!(!is_cut || end == unread.len(), "only the end of a read cuts a control frame");
            assert!(
                chunk.frame_started || start == 0 && len > 0,
                "a part that doesn't begin a frame has bytes"
            );
            if chunk.frame_started {
                let (header, message) = (chunk.header, chunk.message);
                frames.push(Whole { header, message, payload: vec![], finished: false });
            }
            let frame = frames.last_mut().expect("a frame has a first chunk");
            assert!(!frame.finished && (frame.header, frame.message) == (chunk.header, chunk.message));
            frame.payload.extend_from_slice(&unread[start..end]);
            frame.finished = chunk.frame_finished;
            let left = frame.header.payload_len - frame.payload.len() as u64;
            let payload = (!frame.finished).then_some((frame.message, left));
            assert_eq!(decoder.payload(), payload, "the bytes of payload still to come");
            (unread.drain(..end), as_read.drain(..end)).1.for_each(drop);
        }
    }
    if let Some(frame) = frames.last_mut().filter(|frame| !frame.finished) {
        let key = frame.header.mask.map_or([0; 4], MaskingKey::to_bytes);
        let already = frame.payload.len();
        frame.payload.extend(unread.iter().enumerate().map(|(at, byte)| byte ^ key[(already + at) % 4]));
    }
    (frames, Ok(()))
}

/// Decodes in one read, at every split, and byte by byte; with `decode`, and in place in pieces of any length. All
/// results must be equal.
fn decode(decoder: &FrameDecoder, bytes: &[u8]) -> (Vec<Whole>, Result<(), FrameError>) {
    let whole = decode_parts(decoder.clone(), &[bytes], FrameDecoder::decode);
    let by_byte = bytes.chunks(1).collect::<Vec<_>>();
    let cuts = (0..=bytes.len()).map(|cut| vec![&bytes[..cut], &bytes[cut..]]);
    for parts in cuts.chain([by_byte, vec![bytes]]) {
        let reads: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        let taken = decode_parts(decoder.clone(), &parts, FrameDecoder::decode);
        assert_eq!(taken, whole, "in reads of {reads:?}");
        let step_by_step = decode_parts(decoder.clone(), &parts, step_by_step);
        assert_eq!(step_by_step, whole, "step by step, in reads of {reads:?}");
        for pieces in pieces() {
            let in_place = decode_in_place(decoder.clone(), &parts, &pieces);
            assert_eq!(in_place, whole, "in pieces of {pieces:?}, in reads of {reads:?}");
        }
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
        if expected.is_some() {
            // The same bytes, with more after them in one read.
            let followed = [bytes, &[0; 16]].concat();
            assert_eq!(decode(&decoder, &followed).1.err(), expected, "{name}, followed by zeros");
        }
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
fn a_part_holds_as_much_as_is_wanted_and_leaves_the_rest_masked() {
    // A header of 6 bytes, five zeros that are masked, and the first byte of another frame.
    let frame = |first: u8| [first, 0x85, 1, 2, 3, 4, 1, 2, 3, 4, 1, 0x8a];
    let all = usize::MAX;
    #[rustfmt::skip]
    let table = [
        // name                           frame        read   pieces    where, and whether it ends
        ("all of it",                     frame(0x82), 12, 1..=all,    Some((6..11, true))),
        ("at most as much",               frame(0x82), 12, 1..=5,      Some((6..11, true))),
        ("a byte less",                   frame(0x82), 12, 1..=4,      Some((6..10, false))),
        ("0 counts as 1",                 frame(0x82), 12, 0..=0,      Some((6..7, false))),
        ("at least as much as there is",  frame(0x82), 9,  3..=all,    Some((6..9, false))),
        ("a byte more",                   frame(0x82), 9,  4..=all,    Some((6..6, false))),
        ("more than there can be",        frame(0x82), 11, 6..=all,    Some((6..11, true))),
        ("at least more than at most",    frame(0x82), 8,  RangeInclusive::new(9, 2), Some((6..8, false))),
        ("the header alone",              frame(0x82), 6,  1..=all,    Some((6..6, false))),
        ("less than a header",            frame(0x82), 5,  1..=all,    None),
        ("nothing",                       frame(0x82), 0,  1..=all,    None),
        ("a Ping is not cut",             frame(0x89), 12, 1..=1,      Some((6..11, true))),
        ("a Ping waits, too",             frame(0x89), 10, 4096..=all, Some((6..6, false))),
        ("only the read cuts a Ping",     frame(0x89), 10, 1..=1,      Some((6..10, false))),
    ];
    for (name, frame, read, pieces, expected) in table {
        let (mut decoder, mut bytes) = (server(), frame);
        let chunk = decoder.decode_in_place(&mut bytes[..read], pieces).unwrap();
        let place = chunk.map(|chunk| (chunk.payload, chunk.frame_finished));
        assert_eq!(place, expected, "{name}");
        let end = place.map_or(0, |(place, _)| place.end);
        assert!(bytes[..end].iter().skip(6).all(|byte| *byte == 0), "{name}");
        assert_eq!(bytes[end..], frame[end..], "{name}: the rest is masked");
    }
}

#[test]
fn what_is_too_little_of_a_payload_is_left() {
    let mut decoder = server();
    let mut bytes = [0x82, 0x85, 1, 2, 3, 4, 1, 2, 3, 4, 1];
    let header = decoder.decode_in_place(&mut bytes[..9], 4..=usize::MAX).unwrap().unwrap();
    assert_eq!((header.payload, header.frame_started, header.frame_finished), (6..6, true, false));
    for read in 6..10 {
        assert!(decoder.decode_in_place(&mut bytes[6..read], 4..=usize::MAX).unwrap().is_none(), "{read}");
        assert_eq!(bytes[6..], [1, 2, 3, 4, 1], "{read}");
    }
    let chunk = decoder.decode_in_place(&mut bytes[6..10], 4..=4).unwrap().unwrap();
    assert_eq!((chunk.payload, chunk.frame_started, chunk.frame_finished), (0..4, false, false));
    // Fewer bytes than wanted, but they end the frame.
    let chunk = decoder.decode_in_place(&mut bytes[10..], 4..=4).unwrap().unwrap();
    assert_eq!((chunk.payload, chunk.frame_finished), (0..1, true));
    assert_eq!(bytes[6..], [0; 5]);
    assert!(decoder.is_between_frames());
}

#[test]
fn the_rest_of_a_header_is_no_frame() {
    // From its second byte on, this input looks like a frame.
    let bytes = [0x82, 0x02, 0x02, 0x01].repeat(4);
    let (frames, end) = decode(&client(), &bytes);
    assert_eq!((frames.len(), end), (4, Ok(())));
    assert!(frames.iter().all(|frame| frame.payload == [2, 1]));
}

#[test]
fn the_shortcut_takes_whole_data_frames_alone() {
    let after = |mut bytes: Vec<u8>| {
        let mut decoder = client();
        decoder.decode(&mut &mut bytes[..]).unwrap();
        decoder
    };
    let text = || after(vec![0x01, 0x00]);
    let binary = || after(vec![0x02, 0x00]);
    // The shortcut needs eight bytes, whatever they are.
    let and_more = |frame: &[u8]| [frame, &[0; 8]].concat();
    let long = |len: u16| [&[0x82, 0x7e], &len.to_be_bytes()[..], &vec![0; usize::from(len)]].concat();
    let longer = [&[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0][..], &vec![0; 65_536]].concat();
    let (idle, in_text, in_binary) = (None, Some(Opcode::Text), Some(Opcode::Binary));
    #[rustfmt::skip]
    let table: [(&str, FrameDecoder, Vec<u8>, usize, Option<Range<usize>>, Option<Opcode>); 22] = [
        // name                   decoder                            input                                    most     where           then
        ("a text",                client(),                          and_more(&[0x81, 0x01, b'a', 0]),        9,       Some(2..3),     idle),
        ("a binary",              client(),                          and_more(&[0x82, 0x01, b'a']),           9,       Some(2..3),     idle),
        ("nothing in it",         client(),                          and_more(&[0x82, 0x00]),                 9,       Some(2..2),     idle),
        ("masked",                server(),                          and_more(&[0x82, 0x81, 1, 2, 3, 4, 5]),  9,       Some(6..7),     idle),
        ("126 bytes and more",    client(),                          long(200),                               999,     Some(4..204),   idle),
        ("64 KiB",                client(),                          longer,                                  99_999,  None,           idle),
        ("first of a text",       client(),                          and_more(&[0x01, 0x01, b'a']),           9,       Some(2..3),     in_text),
        ("first of a binary",     client(),                          and_more(&[0x02, 0x01, b'a']),           9,       Some(2..3),     in_binary),
        ("more of a text",        text(),                            and_more(&[0x00, 0x01, b'a']),           9,       Some(2..3),     in_text),
        ("more of a binary",      binary(),                          and_more(&[0x00, 0x01, b'a']),           9,       Some(2..3),     in_binary),
        ("last of a binary",      binary(),                          and_more(&[0x80, 0x01, b'a']),           9,       Some(2..3),     idle),
        ("text within a text",    text(),                            and_more(&[0x81, 0x01, b'a']),           9,       None,           in_text),
        ("more of nothing",       client(),                          and_more(&[0x80, 0x01, b'a']),           9,       None,           idle),
        ("a ping",                client(),                          and_more(&[0x89, 0x01, b'a']),           9,       None,           idle),
        ("not whole",             client(),                          and_more(&[0x82, 0x09]),                 9,       None,           idle),
        ("nothing",               client(),                          vec![],                                  9,       None,           idle),
        ("as much as is wanted",  client(),                          and_more(&[0x82, 0x01, b'a']),           1,       Some(2..3),     idle),
        ("more than is wanted",   client(),                          and_more(&[0x82, 0x01, b'a']),           0,       None,           idle),
        ("at the limit",          client().with_max_payload_len(1),  and_more(&[0x82, 0x01, b'a']),           9,       Some(2..3),     idle),
        ("over the limit",        client().with_max_payload_len(0),  and_more(&[0x82, 0x01, b'a']),           9,       None,           idle),
        ("a bit that is owned",   client().with_rsv(Rsv::RSV1),      and_more(&[0xc2, 0x01, b'a']),           9,       Some(2..3),     idle),
        ("a bit that is not",     client().with_rsv(Rsv::RSV1),      and_more(&[0xe2, 0x01, b'a']),           9,       None,           idle),
    ];
    for (name, mut decoder, input, most, expected, then) in table {
        let mut bytes = input.clone();
        let chunk = decoder.whole_data_frame(&mut bytes, most);
        assert_eq!(chunk.as_ref().map(|chunk| chunk.payload.clone()), expected, "{name}");
        assert!(chunk.is_none_or(|chunk| chunk.frame_started && chunk.frame_finished), "{name}");
        assert_eq!(decoder.message(), then, "{name}");
        assert!(decoder.is_between_frames(), "{name}");
        assert!(expected.is_some() || bytes == input, "{name}: refused bytes stay masked");
    }
    let mut masked = *b"\x81\x82\x01\x02\x03\x04ik";
    assert!(server().whole_data_frame(&mut masked, 9).is_some());
    assert_eq!(masked[6..], *b"hi");
}

#[test]
fn what_is_left_of_a_payload() {
    let mut decoder = client();
    let steps: [(&[u8], Option<(Opcode, u64)>); 7] = [
        (b"", None),
        (b"\x01", None),
        (b"\x05He", Some((Opcode::Text, 3))),
        (b"ll", Some((Opcode::Text, 1))),
        (b"o", None),
        (b"\x89\x02", Some((Opcode::Ping, 2))),
        (b"hi\x80\x02h", Some((Opcode::Text, 1))),
    ];
    for (bytes, expected) in steps {
        let mut bytes = bytes.to_vec();
        let mut input = &mut bytes[..];
        while decoder.decode(&mut input).unwrap().is_some() {}
        assert_eq!(decoder.payload(), expected, "{bytes:02x?}");
    }
    assert!(decoder.decode(&mut &mut [b'i', 0x83][..]).is_ok() && decoder.payload().is_none());
    assert!(decoder.decode(&mut &mut [0x83][..]).is_err());
    assert_eq!(decoder.payload(), None);
}

#[test]
fn debug_tells_where_the_decoder_stands_and_shows_no_key() {
    let mut decoder = server().with_max_payload_len(77);
    decoder.decode(&mut &mut [0x82, 0x85, 201, 202, 203, 204, 205][..]).unwrap();
    let text = std::format!("{decoder:?}");
    assert!(text.contains("role: Server") && text.contains("max_payload_len: 77"), "{text}");
    assert!(text.contains("left: 4"), "{text}");
    assert!(!["201", "202", "203", "204", "205"].iter().any(|byte| text.contains(byte)), "{text}");
}

/// A piece within the payload of a text is unmasked and checked; all other input is left unchanged for the general way.
#[test]
fn the_shortcut_for_text_takes_pieces_within_a_payload_alone() {
    let within = |frame: &[u8]| {
        let mut decoder = server();
        decoder.decode(&mut &mut frame.to_vec()[..]).unwrap().unwrap();
        decoder
    };
    let (text, binary) = (&b"\x81\x85\x01\x02\x03\x04"[..], &b"\x82\x85\x01\x02\x03\x04"[..]);
    let table: [(&str, FrameDecoder, &[u8], Option<bool>, &[u8]); 7] = [
        ("between frames", server(), b"ab", None, b"ab"),
        ("within a binary", within(binary), b"ab", None, b"ab"),
        ("within a text", within(text), b"`bbe", Some(true), b"a`aa"),
        ("a byte that is no UTF-8", within(text), b"\xfe", Some(false), b"\xff"),
        ("the end of the frame", within(text), b"abcde", None, b"abcde"),
        ("more than the frame", within(text), b"abcdef", None, b"abcdef"),
        ("within the rest of a text", within(&[text, b"ab"].concat()), b"bf", Some(true), b"ab"),
    ];
    for (name, mut decoder, input, verdict, unmasked) in table {
        let (mut bytes, mut check) = (input.to_vec(), TextCheck::new());
        assert_eq!(decoder.decode_within_text(&mut bytes, &mut check), verdict, "{name}");
        let is_looked_at = verdict != Some(false);
        assert!(!is_looked_at || bytes == unmasked, "{name}: {bytes:?}");
    }
    let mut decoder = within(text);
    let mut check = TextCheck::new();
    assert_eq!(decoder.decode_within_text(&mut b"ab".to_vec(), &mut check), Some(true));
    assert_eq!(decoder.payload(), Some((Opcode::Text, 3)), "the piece counts towards the payload");
}

#[test]
fn debug_tells_how_long_a_part_is() {
    let mut bytes = *b"\x82\x05Hello";
    let place =
        client().decode_in_place(&mut bytes.clone(), 1..=9).map(|chunk| std::format!("{chunk:?}")).unwrap();
    assert!(place.contains("payload: 2..7") && place.contains("frame_finished: true"), "{place}");
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
        let mut encoder = FrameEncoder::new(Role::Client);
        let mut expected = Vec::new();
        for (fin, payload, key) in frames {
            let opcode = if encoder.message().is_none() { Opcode::Binary } else { Opcode::Continuation };
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
        prop_assert_eq!(decode_parts(server(), &parts, step_by_step), (expected.clone(), Ok(())));
        for pieces in pieces() {
            prop_assert_eq!(decode_in_place(server(), &parts, &pieces), (expected.clone(), Ok(())), "pieces of {:?}", pieces);
        }
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
    while let Some(chunk) = decoder.decode_in_place(input, 0..=0).unwrap() {
        let chunk = chunk.split_off(&mut input);
        parts.push((chunk.header.opcode, chunk.payload.len(), chunk.frame_finished));
        assert!(parts.len() < 9, "{parts:?}");
    }
    let binary = Opcode::Binary;
    let expected = [(binary, 1, false), (binary, 1, false), (binary, 1, true), (Opcode::Ping, 0, true)];
    assert_eq!(parts, expected);
}

#[test]
fn a_frame_that_is_begun_goes_on_as_by_the_general_way() {
    // The shortcut needs eight bytes, whatever they are.
    let and_more = |frame: &[u8]| [frame, b"abcdefgh"].concat();
    let within = || {
        let mut decoder = client();
        decoder.decode(&mut &mut [0x01, 0x00][..]).unwrap();
        decoder
    };
    #[rustfmt::skip]
    let table = [
        // name                   decoder                             the start of a frame                               begins
        ("text",                  client(),                           and_more(&[0x81, 100]),                            true),
        ("a long length",         client(),                           and_more(&[0x82, 0x7e, 0x00, 0x80]),               true),
        ("masked",                server(),                           and_more(&[0x81, 0xe4, 1, 2, 3, 4]),         true),
        ("a first fragment",      client(),                           and_more(&[0x01, 100]),                            true),
        ("a continuation",        within(),                           and_more(&[0x80, 100]),                            true),
        ("within a message",      within(),                           and_more(&[0x81, 100]),                            false),
        ("no message",            client(),                           and_more(&[0x80, 100]),                            false),
        ("no payload yet",        server(),                           vec![0x82, 0xfe, 0x00, 0x80, 1, 2, 3, 4],          false),
        ("a byte of payload",     server(),                           vec![0x82, 0xfe, 0x00, 0x80, 1, 2, 3, 4, 5],       true),
        ("all of the payload",    client(),                           and_more(&[0x81, 8]),                              false),
        ("all but a byte",        client(),                           and_more(&[0x81, 9]),                              true),
        ("an empty one",          client(),                           and_more(&[0x81, 0]),                              false),
        ("a part of a header",    client(),                           vec![0x81, 0x7e, 0x00],                            false),
        ("a Ping",                client(),                           and_more(&[0x89, 100]),                            false),
        ("not masked",            server(),                           and_more(&[0x81, 100]),                            false),
        ("at the limit",          client().with_max_payload_len(100), and_more(&[0x81, 100]),                            true),
        ("over the limit",        client().with_max_payload_len(99),  and_more(&[0x81, 100]),                            false),
        ("a message's limit",     client().with_max_message_len(99),  and_more(&[0x81, 100]),                            false),
        ("a bit that is not",     client(),                           and_more(&[0xc1, 100]),                            false),
    ];
    for (name, mut decoder, input, begins) in table {
        let (mut bytes, mut general) = (input.clone(), decoder.clone());
        let chunk = decoder.begin_data(&mut bytes);
        assert_eq!(bytes, input, "{name}: the payload stays masked");
        assert_eq!(chunk.is_some(), begins, "{name}");
        if let Some(chunk) = chunk {
            let expected = general.decode_in_place(&mut bytes, 200..=usize::MAX).unwrap().unwrap();
            assert_eq!(std::format!("{chunk:?}"), std::format!("{expected:?}"), "{name}");
            assert!(decoder.begin_data(&mut bytes).is_none(), "{name}: it is under way");
        }
        assert_eq!(std::format!("{decoder:?}"), std::format!("{general:?}"), "{name}");
        assert_eq!(decoder.payload(), general.payload(), "{name}");
    }
}
