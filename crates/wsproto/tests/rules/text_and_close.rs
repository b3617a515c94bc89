//! Rules for payloads (RFC 6455 §5.5.1, §5.6, §7.4, §8.1), and for bytes after a Close.

use crate::ways::{FREE, PLACES, Seen, assert_refused, assert_taken, refused, subjects};
use crate::wire::{self, Frame};

/// Returns every way to cut this many bytes into one frame, two, and one per byte; with a Ping between the frames, or
/// not.
fn cuts(len: usize) -> Vec<(Vec<usize>, bool)> {
    let mut all = vec![(vec![], false), ((1..len).collect(), false), ((1..len).collect(), true)];
    all.extend((0..=len).flat_map(|at| [(vec![at], false), (vec![at], true)]));
    all
}

//= rfc6455#5.4-12, rfc6455#5.6-1, rfc6455#8.1-1, rfc7692#6.1-1, rfc7692#6.2-1
#[test]
fn c1_c2_c3_f12_text_in_every_way() {
    #[rustfmt::skip]
    let table: [(&str, &[u8]); 20] = [
        ("nothing",                     b""),
        ("ASCII",                       b"plain"),
        ("two bytes",                   "é".as_bytes()),
        ("three bytes",                 "a€".as_bytes()),
        ("four bytes",                  "😀b".as_bytes()),
        ("the greatest",                b"\xf4\x8f\xbf\xbf"),
        ("around surrogates",           b"\xed\x9f\xbf\xee\x80\x80"),
        ("a continuation alone",        b"a\x80"),
        ("an impossible byte",          b"a\xffb"),
        ("C0, two bytes for one",       b"\xc0\x80"),
        ("C1",                          b"\xc1\xbf"),
        ("E0, three for two",           b"\xe0\x80\x80"),
        ("F0, four for three",          b"\xf0\x80\x80\x80"),
        ("a surrogate",                 b"\xed\xa0\x80"),
        ("beyond the greatest",         b"\xf4\x90\x80\x80"),
        ("F5",                          b"\xf5\x80\x80\x80"),
        ("ends within two",             b"a\xc3"),
        ("ends within three",           b"\xe2\x82"),
        ("ends within four",            b"\xf0\x9f\x98"),
        ("cut by ASCII",                b"\xe2\x82a"),
    ];
    for (name, data) in table {
        for subject in subjects(FREE) {
            let (bits, encoded) = wire::encoded(subject.over, data);
            for (cuts, pings) in cuts(encoded.len()) {
                let frames = wire::fragments(0x1, bits, &encoded, &cuts);
                let between = if pings { frames.len() - 1 } else { 0 };
                let frames = if pings { wire::with_pings(&frames) } else { frames };
                let bytes = wire::bytes(subject.side, &frames);
                let name = format!("{name}, cut at {cuts:?}, {between} Pings");
                let mut seen = vec![Seen::Ping(b"p".to_vec()); between];
                if let Ok(text) = str::from_utf8(data) {
                    seen.push(Seen::Text(text.to_owned()));
                    assert_taken(&name, subject, &bytes, &seen);
                    continue;
                }
                // It fails at the first invalid byte. The place of that byte decides which Pings come before.
                let (told, fault) = refused(&name, subject, &bytes);
                assert_eq!((fault.code, &*fault.words), (1007, "text is not UTF-8"), "{name}: {subject:?}");
                assert!(seen.starts_with(&told), "{name}: {subject:?}: {told:?}");
            }
        }
    }
}

/// The message continues after that byte.
#[test]
fn c2_the_first_impossible_byte_ends_the_connection_in_every_way() {
    #[rustfmt::skip]
    let table: [(&str, &[u8], usize); 8] = [
        // name                         text                    its first impossible byte
        ("at the front",                b"\xff and more",       0),
        ("within ASCII",                b"ab\x80 and more",     2),
        ("C0",                          b"\xc0\x80 and more",   0),
        ("a surrogate",                 b"abc\xed\xa0\x80 more", 4),
        ("four for three",              b"a\xf0\x8f\xbf\xbf more", 2),
        ("beyond the greatest",         b"\xf4\x90\x80\x80 more", 1),
        ("cut by ASCII",                b"\xf0\x9f\x98a, more", 3),
        ("after 80 bytes of ASCII",     &[&[b'x'; 80][..], b"\xff", &[b'x'; 80]].concat(), 80),
    ];
    for (name, data, bad) in table {
        for subject in subjects(FREE) {
            let (bits, encoded) = wire::encoded(subject.over, data);
            // Before the text, an extension has a header of its own; after it, an end.
            let start = if subject.over.deflates() { encoded.len() - 1 - data.len() } else { 0 };
            for cuts in [vec![], vec![start + 1], vec![start + bad, start + bad + 1]] {
                let frames = wire::fragments(0x1, bits, &encoded, &cuts);
                // The place of the byte: its frame, and its distance from the frame's end.
                let number = cuts.iter().filter(|cut| **cut <= start + bad).count();
                let end = cuts.get(number).copied().unwrap_or(encoded.len());
                let bytes = wire::bytes(subject.side, &frames[..=number]);
                let len = bytes.len() - (end - (start + bad));
                let name = format!("{name}, cut at {cuts:?}");
                assert_taken(&format!("{name}, a byte less"), subject, &bytes[..len], &[]);
                let fault = (1007, "text is not UTF-8");
                assert_refused(&name, subject, &bytes[..=len], &[], fault);
            }
        }
    }
}

#[test]
fn a_text_after_another_is_judged_by_itself() {
    for subject in subjects(FREE) {
        let good = wire::message(subject.over, 0x1, "é€😀".as_bytes(), &[3]);
        let binary = wire::message(subject.over, 0x2, b"\xff\xc3", &[1]);
        let before = [good.clone(), binary.clone(), good].concat();
        let seen = [
            Seen::Text("é€😀".to_owned()),
            Seen::Binary(b"\xff\xc3".to_vec()),
            Seen::Text("é€😀".to_owned()),
        ];
        assert_taken("three good ones", subject, &wire::bytes(subject.side, &before), &seen);
        let bad = [before, wire::message(subject.over, 0x1, b"\xa9", &[])].concat();
        let bytes = wire::bytes(subject.side, &bad);
        assert_refused("a fourth that is not", subject, &bytes, &seen, (1007, "text is not UTF-8"));
    }
}

//= rfc6455#5.5.1-1, rfc6455#5.5.1-10, rfc6455#7.1.5-1, rfc6455#7.1.5-2, rfc6455#7.1.6-1, rfc6455#7.4.1-1
//= rfc6455#7.4.1-2, rfc6455#7.4.1-4, rfc6455#7.4.1-5, rfc6455#7.4.2-1, rfc6455#7.4.2-2, rfc6455#7.4.2-3
#[test]
fn c4_to_c8_what_a_close_may_carry_in_every_way() {
    #[rustfmt::skip]
    let table: [(&str, Frame, Result<(u16, &str), (u16, &str)>); 22] = [
        ("nothing",              Frame::control(0x8, b""),                    Ok((1005, ""))),
        ("half a code",          Frame::control(0x8, b"\x03"),                Err((1002, "one byte"))),
        ("a code",               Frame::close(1000, b""),                     Ok((1000, ""))),
        ("a code and a reason",  Frame::close(1001, "grüß".as_bytes()),       Ok((1001, "grüß"))),
        ("0",                    Frame::close(0, b""),                        Err((1002, "close code"))),
        ("999",                  Frame::close(999, b""),                      Err((1002, "close code"))),
        ("1003",                 Frame::close(1003, b""),                     Ok((1003, ""))),
        ("1004",                 Frame::close(1004, b""),                     Err((1002, "close code"))),
        ("1005",                 Frame::close(1005, b""),                     Err((1002, "close code"))),
        ("1006",                 Frame::close(1006, b""),                     Err((1002, "close code"))),
        ("1007",                 Frame::close(1007, b""),                     Ok((1007, ""))),
        ("1014",                 Frame::close(1014, b""),                     Ok((1014, ""))),
        ("1015",                 Frame::close(1015, b""),                     Err((1002, "close code"))),
        ("1016",                 Frame::close(1016, b""),                     Err((1002, "close code"))),
        ("2999",                 Frame::close(2999, b""),                     Err((1002, "close code"))),
        ("3000",                 Frame::close(3000, b""),                     Ok((3000, ""))),
        ("4999",                 Frame::close(4999, b""),                     Ok((4999, ""))),
        ("5000",                 Frame::close(5000, b""),                     Err((1002, "close code"))),
        ("65535",                Frame::close(65535, b""),                    Err((1002, "close code"))),
        ("a surrogate",          Frame::close(1000, b"\xed\xa0\x80"),         Err((1007, "not UTF-8"))),
        ("a reason cut short",   Frame::close(1000, b"\xe2\x82"),             Err((1007, "not UTF-8"))),
        ("the code before the reason", Frame::close(999, b"\xff"),            Err((1002, "close code"))),
    ];
    for (name, close, expected) in table {
        for subject in subjects(FREE) {
            for place in PLACES {
                let (mut frames, mut seen) = place.before(subject.over);
                frames.push(close.clone());
                let name = format!("{name}, {place:?}");
                let bytes = wire::bytes(subject.side, &frames);
                match expected {
                    Ok((code, reason)) => {
                        seen.push(Seen::Close(code, reason.to_owned()));
                        assert_taken(&name, subject, &bytes, &seen);
                    }
                    Err(fault) => assert_refused(&name, subject, &bytes, &seen, fault),
                }
            }
        }
    }
}

//= rfc6455#7.1.3-1
#[test]
fn c10_what_follows_a_close_is_nothing_in_every_way() {
    #[rustfmt::skip]
    let table: [(&str, Vec<Frame>); 6] = [
        ("a text",              vec![Frame::data(0x1, b"late")]),
        ("a Ping",              vec![Frame::control(0x9, b"late")]),
        ("another Close",       vec![Frame::close(1001, b"")]),
        ("a reserved opcode",   vec![Frame::data(0x3, b"")]),
        ("no UTF-8",            vec![Frame::data(0x1, b"\xff")]),
        ("the rest of a message", vec![Frame::data(0x0, b"x"), Frame::data(0x2, b"y")]),
    ];
    for (name, after) in table {
        for subject in subjects(FREE) {
            for place in PLACES {
                let (mut frames, mut seen) = place.before(subject.over);
                frames.push(Frame::close(1000, b""));
                seen.push(Seen::Close(1000, String::new()));
                frames.extend(after.clone());
                let name = format!("{name}, {place:?}");
                assert_taken(&name, subject, &wire::bytes(subject.side, &frames), &seen);
            }
        }
    }
}
