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
            // A rule of RFC 7692 is one where it is agreed on.
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
            let code = violation.close_code().get();
            assert_eq!((broken.answer, broken.from), (code, from), "{name}: {broken:?}");
            let (_, link) = violation.link().rsplit_once("/rfc").unwrap();
            let section = format!("RFC {}", link.replace("#section-", " §"));
            // The library says where codes are defined, not which part of it.
            let told = if broken.section == "RFC 6455 §7.4" { &section[..14] } else { &section };
            assert_eq!(broken.section, told, "{name}");
        }
    }
}

#[test]
fn the_offending_byte_is_exact() {
    // What a server sends, and where the offending byte is.
    let table: [(&str, &[u8], u64); 24] = [
        ("reserved bit", b"\xa1\x05Hello", 0),
        ("reserved opcode in the second frame", b"\x81\x02hi\x83\x05Hello", 4),
        ("masked", b"\x81\x85abcdHello", 1),
        ("length not shortest, 16 bits", b"\x82\x7e\x00\x7dHello", 3),
        ("length not shortest, 64 bits", b"\x82\x7f\0\0\0\0\0\0\xff\xffHello", 7),
        ("length with its top bit", b"\x82\x7f\x80\0\0\0\0\0\0\0Hello", 2),
        ("too long", b"\x82\x7f\0\0\0\0\x04\0\0\x01Hello", 9),
        ("far too long", b"\x82\x7f\x40\0\0\0\0\0\0\x01Hello", 2),
        ("control too long", b"\x89\x7e\x00\x7eHello", 1),
        ("control fragmented", b"\x09\x02hi", 0),
        ("continuation alone", b"\x80\x02hi", 0),
        ("message in a message", b"\x01\x02hi\x81\x02ho", 4),
        ("text", b"\x81\x05He\xfflo", 4),
        ("text, known with the second byte", b"\x81\x05\xe0\x80\x80lo", 3),
        ("text ends in a code point", b"\x81\x03Hi\xc3", 4),
        ("text ends in a code point, empty last frame", b"\x01\x01\xc3\x80\x00", 4),
        ("text in a second fragment", b"\x01\x02Hi\x80\x03ab\xff", 8),
        ("a Ping between", b"\x01\x01\xc3\x89\x01x\x80\x01y", 8),
        ("half a code", b"\x88\x01\x03", 1),
        ("code 999", b"\x88\x05\x03\xe7bye", 3),
        ("reason", b"\x88\x08\x03\xe8b\xffyes!", 5),
        ("reason ends in a code point", b"\x88\x05\x03\xe8ab\xc3", 6),
        ("reason with half a surrogate pair", b"\x88\x07\x03\xe8\xed\xa0\x80ab", 5),
        ("data after a Close", b"\x88\x00\x82\x00", 2),
    ];
    for (name, bytes, expected) in table {
        let records = explain(name, &open(""), &[server(bytes)]);
        let broken = broken_of(&records).unwrap_or_else(|| panic!("{name}: {records:?}"));
        assert_eq!(broken.offset, expected, "{name}: {broken:?}");
        assert_eq!(broken.byte, bytes.get(usize::try_from(expected).unwrap()).copied(), "{name}");
    }
}

#[test]
fn the_offending_byte_is_exact_in_what_is_compressed() {
    // A stored block of six bytes, of which the fifth is wrong.
    let stored = b"\x00\x06\x00\xf9\xffHell\xffo\x00";
    let mut frame = vec![0xc1, u8::try_from(stored.len()).unwrap()];
    frame.extend_from_slice(stored);
    let table: [(&str, &[u8], u64); 3] = [
        ("text", &frame, 11),
        ("block of the reserved type", b"\xc2\x02\x07\x00", 2),
        ("reserved bit on a continuation", b"\x41\x00\xc0\x00", 3),
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
