//! The rules for headers (RFC 6455 §5.1 to §5.5), each tested at the byte that decides it.

use crate::ways::{
    FREE, OVERS, Over, PLACES, Place, Seen, Side, Subject, assert_refused, assert_taken, subjects,
};
use crate::wire::{self, Frame};

/// Makes a frame that breaks a rule at a place; `None` where it is valid there.
type Wrong = fn(Place, Over) -> Option<Frame>;

/// The length of the longest header: enough bytes to decide.
const HEADER: usize = 14;

fn data(place: Place) -> Frame {
    Frame::data(place.data_opcode(), b"x")
}

fn ping() -> Frame {
    Frame::control(0x9, b"x")
}

//= rfc6455#5.1-2, rfc6455#5.1-4, rfc6455#5.2-2, rfc6455#5.2-3, rfc6455#5.2-4, rfc6455#5.2-5, rfc6455#5.4-1, rfc6455#5.4-3
//= rfc6455#5.4-11, rfc6455#5.5-1, rfc6455#5.5-2, rfc6455#7.1.7-5, rfc7692#6-1, rfc7692#6-2
#[test]
fn f1_f5_to_f11_d7_f18_each_rule_for_headers_in_every_way() {
    #[rustfmt::skip]
    let table: [(&str, Wrong, usize, u16, &str); 41] = [
        // name                            frame                                                              decided at
        // code and words
        ("rsv1, data",                     |at, over| (!over.deflates() || at.is_within()).then(|| data(at).with_bits(0x40)), 0, 1002, ""),
        ("rsv2, data",                     |at, over| (over != Over::Foreign || at.is_within()).then(|| data(at).with_bits(0x20)), 0, 1002, ""),
        ("rsv3, data",                     |at, _| Some(data(at).with_bits(0x10)),                            1,      1002, "reserved bits"),
        ("rsv1, ping",                     |_, _| Some(ping().with_bits(0x40)),                               0,      1002, ""),
        ("rsv2, ping",                     |_, _| Some(ping().with_bits(0x20)),                               0,      1002, ""),
        ("rsv3, ping",                     |_, _| Some(ping().with_bits(0x10)),                               1,      1002, "reserved bits"),
        ("rsv3, close",                    |_, _| Some(Frame::close(1000, b"").with_bits(0x10)),              1,      1002, "reserved bits"),
        ("opcode 3",                       |_, _| Some(Frame::data(0x3, b"x")),                               1,      1002, "reserved opcode"),
        ("opcode 4",                       |_, _| Some(Frame::data(0x4, b"x")),                               1,      1002, "reserved opcode"),
        ("opcode 5",                       |_, _| Some(Frame::data(0x5, b"x")),                               1,      1002, "reserved opcode"),
        ("opcode 6",                       |_, _| Some(Frame::data(0x6, b"x")),                               1,      1002, "reserved opcode"),
        ("opcode 7",                       |_, _| Some(Frame::data(0x7, b"x")),                               1,      1002, "reserved opcode"),
        ("opcode b",                       |_, _| Some(Frame::data(0xb, b"x")),                               1,      1002, "reserved opcode"),
        ("opcode c",                       |_, _| Some(Frame::data(0xc, b"x")),                               1,      1002, "reserved opcode"),
        ("opcode d",                       |_, _| Some(Frame::data(0xd, b"x")),                               1,      1002, "reserved opcode"),
        ("opcode e",                       |_, _| Some(Frame::data(0xe, b"x")),                               1,      1002, "reserved opcode"),
        ("opcode f",                       |_, _| Some(Frame::data(0xf, b"x")),                               1,      1002, "reserved opcode"),
        ("mask, data",                     |at, _| Some(data(at).with_wrong_mask()),                          2,      1002, "masking key"),
        ("mask, fragment",                 |at, _| Some(data(at).unfinished().with_wrong_mask()),             2,      1002, "masking key"),
        ("mask, empty frame",              |at, _| Some(Frame::data(at.data_opcode(), b"").with_wrong_mask()), 2,     1002, "masking key"),
        ("mask, long frame",               |at, _| Some(Frame::data(at.data_opcode(), &[7; 300]).with_wrong_mask()), 2, 1002, "masking key"),
        ("mask, ping",                     |_, _| Some(ping().with_wrong_mask()),                             2,      1002, "masking key"),
        ("mask, pong",                     |_, _| Some(Frame::control(0xa, b"x").with_wrong_mask()),          2,      1002, "masking key"),
        ("mask, close",                    |_, _| Some(Frame::close(1000, b"x").with_wrong_mask()),           2,      1002, "masking key"),
        ("125 in two bytes",               |at, _| Some(data(at).with_len_in_two(125)),                       4,      1002, "shortest form"),
        ("0 in two bytes",                 |at, _| Some(data(at).with_len_in_two(0)),                         4,      1002, "shortest form"),
        ("125 in eight bytes",             |at, _| Some(data(at).with_len_in_eight(125)),                     8,      1002, "shortest form"),
        ("65535 in eight bytes",           |at, _| Some(data(at).with_len_in_eight(0xffff)),                  8,      1002, "shortest form"),
        ("the top bit",                    |at, _| Some(data(at).with_len_in_eight(1 << 63)),                 3,      1002, "topmost bit"),
        ("all bits",                       |at, _| Some(data(at).with_len_in_eight(u64::MAX)),                3,      1002, "topmost bit"),
        ("ping of 126",                    |_, _| Some(Frame::control(0x9, &[7; 126])),                       2,      1002, "125 bytes"),
        ("ping of 1 in two bytes",         |_, _| Some(ping().with_len_in_two(1)),                            2,      1002, "125 bytes"),
        ("pong of 65536",                  |_, _| Some(Frame::control(0xa, b"x").with_len_in_eight(0x1_0000)), 2,     1002, "125 bytes"),
        ("close of 126",                   |_, _| Some(Frame::close(1000, &[b'x'; 124])),                     2,      1002, "125 bytes"),
        ("fragmented ping",                |_, _| Some(ping().unfinished()),                                  1,      1002, "fragmented control"),
        ("fragmented pong",                |_, _| Some(Frame::control(0xa, b"").unfinished()),                1,      1002, "fragmented control"),
        ("fragmented close",               |_, _| Some(Frame::close(1000, b"").unfinished()),                 1,      1002, "fragmented control"),
        ("continuation of nothing",        |at, _| (!at.is_within()).then(|| Frame::data(0x0, b"x")),         1,      1002, "without a message"),
        ("unfinished, of nothing",         |at, _| (!at.is_within()).then(|| Frame::data(0x0, b"x").unfinished()), 1, 1002, "without a message"),
        ("text in a message",              |at, _| at.is_within().then(|| Frame::data(0x1, b"x")),            1,      1002, "before the last one"),
        ("binary in a message",            |at, _| at.is_within().then(|| Frame::data(0x2, b"x").unfinished()), 1,    1002, "before the last one"),
    ];
    for (name, wrong, decided, code, words) in table {
        for subject in subjects(FREE) {
            for place in PLACES {
                let Some(frame) = wrong(place, subject.over) else { continue };
                let (before, seen) = place.before(subject.over);
                let name = format!("{name}, {place:?}");
                let (before, frame) = (wire::bytes(subject.side, &before), frame.to(subject.side));
                // An extension's refusal is decided with the whole header. Later bytes have no effect.
                let len = if decided == 0 { frame.len().min(HEADER) } else { decided };
                let cut = |len: usize| [&before[..], &frame[..len]].concat();
                assert_refused(&name, subject, &cut(len), &seen, (code, words));
                assert_refused(&name, subject, &cut(frame.len()), &seen, (code, words));
                if decided > 0 {
                    assert_taken(&format!("{name}, a byte less"), subject, &cut(decided - 1), &seen);
                }
            }
        }
    }
}

//= rfc6455#5.4-2, rfc6455#5.4-4, rfc6455#5.4-5, rfc6455#5.4-10, rfc6455#5.5.3-2, rfc6455#6.2-3, rfc6455#6.2-4
//= rfc6455#6.2-6
#[test]
fn f12_what_is_right_is_taken_in_every_way() {
    for subject in subjects(FREE) {
        for place in PLACES {
            let (mut frames, mut seen) = place.before(subject.over);
            if place.is_within() {
                let (_, bytes) = wire::encoded(subject.over, b"ab");
                let rest = if subject.over.deflates() { &bytes[bytes.len() - 1..] } else { &[] };
                frames.extend([
                    Frame::data(0x0, rest).unfinished(),
                    Frame::control(0xa, b"q"),
                    Frame::data(0x0, b""),
                ]);
                seen.extend([Seen::Pong(b"q".to_vec()), Seen::Text("ab".to_owned())]);
            }
            frames.extend([
                Frame::data(0x2, &[7; 125]),
                Frame::data(0x2, &[8; 126]),
                Frame::data(0x1, "é".as_bytes()),
            ]);
            seen.extend([Seen::Binary(vec![7; 125]), Seen::Binary(vec![8; 126]), Seen::Text("é".to_owned())]);
            frames.extend([Frame::control(0x9, &[9; 125]), Frame::close(1000, b"bye")]);
            seen.extend([Seen::Ping(vec![9; 125]), Seen::Close(1000, "bye".to_owned())]);
            let name = format!("{place:?}");
            assert_taken(&name, subject, &wire::bytes(subject.side, &frames), &seen);
        }
    }
}

#[test]
fn the_longest_forms_of_a_length() {
    for over in OVERS {
        let subject = Subject { side: Side::Server, over, limits: FREE };
        for len in [0xffff, 0x1_0000] {
            let data = vec![7; len];
            let bytes = Frame::data(0x2, &data).to(Side::Server);
            let outcome = crate::adapter::receive(
                subject,
                crate::ways::Way::Whole(crate::ways::Steps::One),
                usize::MAX,
                &bytes,
            );
            assert_eq!((outcome.fault, outcome.seen), (None, vec![Seen::Binary(data)]), "{len}, {over:?}");
        }
    }
}
