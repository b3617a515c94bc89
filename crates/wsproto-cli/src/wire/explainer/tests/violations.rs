//! Each rule of an open connection, broken by either end.

use wsproto::testing::{Needs, Violation};

use super::*;

fn sides(violation: Violation) -> impl Iterator<Item = Sender> {
    [Sender::Client, Sender::Server]
        .into_iter()
        .filter(move |side| violation.violator().is_none_or(|role| role == side.role()))
}

fn step(from: Sender, bytes: Vec<u8>) -> Step {
    match from {
        Sender::Client => Step::Client(bytes),
        Sender::Server => Step::Server(bytes),
    }
}

#[test]
fn each_violation_is_found_with_its_code_and_section() {
    for violation in Violation::ALL {
        for from in sides(*violation) {
            let name = format!("{violation} of the {}", from.name());
            // The rules of RFC 7692 only apply if permessage-deflate was agreed on.
            let needs_it = violation.needs() == Needs::Compression || violation.link().contains("rfc7692");
            let extensions = if needs_it { "permessage-deflate" } else { "" };
            let bytes = violation.bytes(from.role());
            let is_long = bytes.len() > 100_000;
            let mut steps = vec![step(from, bytes)];
            if violation.ends_stream() {
                steps.push(Step::End(from));
            }
            let records = if is_long {
                look(&open(extensions), &steps, usize::MAX)
            } else {
                explain(&name, &open(extensions), &steps)
            };
            if violation.ends_stream() {
                let end = records.iter().find(|record| matches!(record, Record::End(_)));
                assert!(matches!(end, Some(Record::End(End { clean: false, .. }))), "{name}");
                assert!(broken_of(&records).is_none(), "{name}");
                continue;
            }
            let broken = broken_of(&records).unwrap_or_else(|| panic!("{name} isn't found"));
            let code = Answer::Number(violation.close_code().get());
            assert_eq!((broken.answer, broken.from), (code, from), "{name}: {broken:?}");
            let (_, link) = violation.link().rsplit_once("/rfc").unwrap();
            let section = format!("RFC {}", link.replace("#section-", " §"));
            // The library names the section that defines the codes, not its part.
            let told = if broken.section == "RFC 6455 §7.4" { &section[..14] } else { &section };
            assert_eq!(broken.section, told, "{name}");
        }
    }
}

/// A frame of a server: its first byte, the bytes of its length, its payload. A client's frame also has a mask.
type Plain = (u8, &'static [u8], &'static [u8]);

/// The place of the offending byte: the frame's index, and the index in the first two bytes and the length, or in the
/// payload.
#[derive(Clone, Copy, Debug)]
enum At {
    Header(usize, usize),
    Payload(usize, usize),
}

/// Writes frames of an end. Returns also the offset of the offending byte, and the byte.
fn written(from: Sender, frames: &[Plain], at: At) -> (Vec<u8>, u64, u8) {
    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let (mut bytes, mut place) = (Vec::new(), 0);
    for (index, (first, length, payload)) in frames.iter().enumerate() {
        let is_client = from == Sender::Client;
        let header = bytes.len();
        bytes.push(*first);
        bytes.push(length[0] | if is_client { 0x80 } else { 0 });
        bytes.extend(&length[1..]);
        let key = if is_client { KEY } else { [0; 4] };
        bytes.extend(is_client.then_some(key).into_iter().flatten());
        let body = bytes.len();
        bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        match at {
            At::Header(frame, byte) if frame == index => place = header + byte,
            At::Payload(frame, byte) if frame == index => place = body + byte,
            _ => {}
        }
    }
    let byte = bytes[place];
    (bytes, u64::try_from(place).unwrap(), byte)
}

#[test]
fn the_offending_byte_is_exact() {
    use At::{Header, Payload};

    let limits = Config::default()
        .with_max_fragments(2)
        .with_max_empty_fragments(1)
        .with_max_control_frames(2)
        .with_max_message_len(600)
        .with_max_frame_len(500);
    #[rustfmt::skip]
    let table: [(&str, &str, &[Plain], At); 45] = [
        ("reserved bit",                     "", &[(0xa1, b"\x02", b"hi")], Header(0, 0)),
        ("reserved bit on a control frame",  "", &[(0x81, b"\x02", b"hi"), (0xc9, b"\x01", b"x")], Header(1, 0)),
        ("reserved bit on a continuation",   "", &[(0x01, b"\x02", b"hi"), (0x90, b"\x01", b"x")], Header(1, 0)),
        ("reserved bit, long frame",         "", &[(0xc2, b"\x7e\x01\x00", b"")], Header(0, 0)),
        ("bit 2 where bit 1 is owned",       "permessage-deflate", &[(0xa1, b"\x02", b"hi")], Header(0, 0)),
        ("bit 3 where bit 1 is owned",       "permessage-deflate", &[(0xd1, b"\x02", b"hi")], Header(0, 0)),
        ("owned bit on a continuation",      "permessage-deflate", &[(0x41, b"\x00", b""), (0xc0, b"\x01", b"x")], Header(1, 0)),
        ("owned bit on a Ping",              "permessage-deflate", &[(0xc9, b"\x02", b"hi")], Header(0, 0)),
        ("owned bit on a Close",             "permessage-deflate", &[(0xc8, b"\x00", b"")], Header(0, 0)),
        ("reserved opcode",                  "", &[(0x81, b"\x02", b"hi"), (0x83, b"\x02", b"hi")], Header(1, 0)),
        ("reserved opcode of control",       "", &[(0x8b, b"\x02", b"hi")], Header(0, 0)),
        ("length not shortest, 16 bits",     "", &[(0x82, b"\x7e\x00\x7d", b"Hello")], Header(0, 3)),
        ("length not shortest, 64 bits",     "", &[(0x82, b"\x7f\0\0\0\0\0\0\xff\xff", b"Hello")], Header(0, 7)),
        ("length with its top bit",          "", &[(0x82, b"\x7f\x80\0\0\0\0\0\0\0", b"Hello")], Header(0, 2)),
        ("frame too long, first byte",       "", &[(0x82, b"\x7e\x02\x00", b"Hello")], Header(0, 2)),
        ("frame too long, second byte",      "", &[(0x82, b"\x7e\x01\xf5", b"Hello")], Header(0, 3)),
        ("frame far too long",               "", &[(0x82, b"\x7f\x40\0\0\0\0\0\0\x01", b"Hello")], Header(0, 2)),
        ("frame too long by 64 bits",        "", &[(0x82, b"\x7f\0\0\0\0\0\x01\0\0", b"Hello")], Header(0, 7)),
        ("message too long, 7 bits",         "", &[(0x02, b"\x7e\x01\xf4", &[7; 500]), (0x80, b"\x65", b"Hello")], Header(1, 1)),
        ("message too long, 16 bits",        "", &[(0x02, b"\x7e\x01\xc2", &[7; 450]), (0x80, b"\x7e\x00\x97", b"Hello")], Header(1, 3)),
        ("message too long, 16 bits, early", "", &[(0x02, b"\x7e\x01\xf4", &[7; 500]), (0x80, b"\x7e\x01\x00", b"Hello")], Header(1, 2)),
        ("control too long",                 "", &[(0x89, b"\x7e\x00\x7e", b"Hello")], Header(0, 1)),
        ("control too long, 64 bits",        "", &[(0x89, b"\x7f\0\0\0\0\0\0\0\x7e", b"Hello")], Header(0, 1)),
        ("control fragmented",               "", &[(0x09, b"\x02", b"hi")], Header(0, 0)),
        ("continuation alone",               "", &[(0x80, b"\x02", b"hi")], Header(0, 0)),
        ("continuation after a message",     "", &[(0x81, b"\x00", b""), (0x00, b"\x7e\x00\x80", b"hi")], Header(1, 0)),
        ("message in a message",             "", &[(0x01, b"\x02", b"hi"), (0x81, b"\x02", b"ho")], Header(1, 0)),
        ("too many fragments",               "", &[(0x01, b"\x01", b"a"), (0x00, b"\x01", b"b"), (0x00, b"\x7e\x00\x80", b"")], Header(2, 0)),
        ("too many empty fragments",         "", &[(0x01, b"\x00", b""), (0x00, b"\x00", b"")], Header(1, 1)),
        ("too many control frames",          "", &[(0x89, b"\x00", b""), (0x8a, b"\x00", b""), (0x89, b"\x01", b"x")], Header(2, 0)),
        ("text",                             "", &[(0x81, b"\x05", b"He\xfflo")], Payload(0, 2)),
        ("text, known with a second byte",   "", &[(0x81, b"\x05", b"\xe0\x80\x80lo")], Payload(0, 1)),
        ("text ends in a code point",        "", &[(0x81, b"\x03", b"Hi\xc3")], Payload(0, 2)),
        ("and its last frame is empty",      "", &[(0x01, b"\x01", b"\xc3"), (0x80, b"\x00", b"")], Header(1, 1)),
        ("text in a second fragment",        "", &[(0x01, b"\x02", b"Hi"), (0x80, b"\x03", b"ab\xff")], Payload(1, 2)),
        ("a Ping between",                   "", &[(0x01, b"\x01", b"\xc3"), (0x89, b"\x01", b"x"), (0x80, b"\x01", b"y")], Payload(2, 0)),
        ("half a code",                      "", &[(0x88, b"\x01", b"\x03")], Header(0, 1)),
        ("code 999",                         "", &[(0x88, b"\x05", b"\x03\xe7bye")], Payload(0, 1)),
        ("code 5",                           "", &[(0x88, b"\x05", b"\x00\x05bye")], Payload(0, 0)),
        ("code 5120",                        "", &[(0x88, b"\x02", b"\x14\x00")], Payload(0, 0)),
        ("code 1005",                        "", &[(0x88, b"\x02", b"\x03\xed")], Payload(0, 1)),
        ("reason",                           "", &[(0x88, b"\x08", b"\x03\xe8b\xffyes!")], Payload(0, 3)),
        ("reason ends in a code point",      "", &[(0x88, b"\x05", b"\x03\xe8ab\xc3")], Payload(0, 4)),
        ("reason with half a surrogate",     "", &[(0x88, b"\x07", b"\x03\xe8\xed\xa0\x80ab")], Payload(0, 3)),
        ("data after a Close",               "", &[(0x88, b"\x00", b""), (0x82, b"\x7e\x00\x80", b"")], Header(1, 0)),
    ];
    let mut seen = std::collections::BTreeSet::new();
    for (rule, extensions, frames, at) in table {
        for from in [Sender::Client, Sender::Server] {
            let name = format!("{rule}, of the {}", from.name());
            let (bytes, place, byte) = written(from, frames, at);
            let records = explain_within(&name, &limits, &open(extensions), &[step(from, bytes)]);
            let broken = broken_of(&records).unwrap_or_else(|| panic!("{name}: {records:?}"));
            assert_eq!((broken.offset, broken.byte), (place, Some(byte)), "{name}: {broken:?}");
            let rule = broken.rule.split(" (").next().and_then(|rule| rule.split(" of ").next());
            seen.insert(rule.unwrap().to_owned());
        }
    }
    // All rules for frames, except those for the mask and for inflated payloads, which have their own tests below.
    assert_eq!(seen.len(), 20, "{seen:#?}");
}

#[test]
fn a_mask_is_at_fault_with_the_byte_that_has_its_bit() {
    let table: [(&str, Step); 3] = [
        ("a server's frame is masked", server(b"\x81\x85abcdHello")),
        ("a client's frame isn't", client(b"\x81\x05Hello")),
        ("a client's long frame isn't", client(b"\x81\x7e\x00\x80Hello")),
    ];
    for (name, step) in table {
        let records = explain(name, &open(""), &[step]);
        let broken = broken_of(&records).unwrap_or_else(|| panic!("{name}: {records:?}"));
        assert_eq!((broken.offset, &*broken.section), (1, "RFC 6455 §5.1"), "{name}: {broken:?}");
    }
}

#[test]
fn the_offending_byte_is_exact_in_what_is_compressed() {
    // A stored block of six bytes, the fifth of which is wrong.
    let stored = b"\x00\x06\x00\xf9\xffHell\xffo\x00";
    let mut frame = vec![0xc1, u8::try_from(stored.len()).unwrap()];
    frame.extend_from_slice(stored);
    let table: [(&str, &[u8], u64); 4] = [
        ("text", &frame, 11),
        ("block of the reserved type", b"\xc2\x02\x07\x00", 2),
        ("bit on a continuation", b"\x41\x00\xc0\x00", 2),
        ("the end of the stream is missing", b"\x42\x06\x00\x09\x00\xf6\xffH\x80\x00", 9),
    ];
    for (name, bytes, expected) in table {
        let records = explain(name, &open("permessage-deflate"), &[server(bytes)]);
        let broken = broken_of(&records).unwrap_or_else(|| panic!("{name}: {records:?}"));
        assert_eq!(broken.offset, expected, "{name}: {broken:?}");
    }
}

#[test]
fn a_fault_deep_in_a_long_frame_is_found() {
    for place in [0_usize, 1, 16_383, 16_384, 16_385, 99_999] {
        let mut bytes = b"\x81\x7f\0\0\0\0\0\x01\x86\xa0".to_vec();
        bytes.extend(vec![b'a'; 100_000]);
        bytes[10 + place] = 0xff;
        let records = look(&open(""), &[server(&bytes)], 5000);
        let broken = broken_of(&records).unwrap_or_else(|| panic!("{place}: {records:?}"));
        assert_eq!(broken.offset, u64::try_from(10 + place).unwrap());
        assert_eq!(broken.byte, Some(0xff));
    }
}
