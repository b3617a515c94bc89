//! The frames that we send, and their order (RFC 6455 §5.1, §5.4, §5.5, §6.1).

use crate::adapter::{Send, Sender};
use crate::ways::{FREE, Over, Side, Subject, subjects};
use crate::wire::{self, Frame, Sent};

/// Returns the first bytes of frames, without reserved bits.
fn firsts(frames: &[Sent]) -> Vec<u8> {
    frames.iter().map(|frame| frame.first & 0x8f).collect()
}

/// Checks that the masking fits the side, and that reserved bits are those of the extension.
fn assert_sound(subject: Subject, frames: &[Sent]) {
    for frame in frames {
        assert_eq!(frame.key.is_some(), subject.side == Side::Client, "{subject:?}: {frame:02x?}");
        let first = matches!(frame.first & 0x0f, 1 | 2);
        let bits = match subject.over {
            Over::Foreign if first => 0x20,
            Over::Takeover | Over::NoTakeover if first => frame.first & 0x40,
            _ => 0,
        };
        assert_eq!(frame.first & 0x70, bits, "{subject:?}: {frame:02x?}");
    }
}

fn sender(subject: Subject) -> Sender {
    Sender::new(subject)
}

//= rfc6455#5.1-3, rfc6455#5.1-5, rfc6455#5.2-1, rfc6455#5.5.1-3, rfc6455#5.5.1-9, rfc6455#6.1-2, rfc6455#6.1-3
#[test]
fn control_frames_go_out_while_our_own_message_is_under_way() {
    for subject in subjects(FREE) {
        for control in [Send::Ping(b"ping"), Send::Pong(b"pong"), Send::Close(1000)] {
            let mut sender = sender(subject);
            let mut sent = sender.send(Send::Text("Hel", false)).expect("a first fragment");
            let between = sender.send(control).unwrap_or_else(|| panic!("{control:?}: {subject:?}"));
            assert_sound(subject, &between);
            let (first, payload) = match control {
                Send::Ping(payload) => (0x89, payload),
                Send::Pong(payload) => (0x8a, payload),
                _ => (0x88, &b"\x03\xe8"[..]),
            };
            assert_eq!((between.len(), between[0].first, &*between[0].payload), (1, first, payload));
            let rest = sender.send(Send::Text("lo", true));
            if first == 0x88 {
                assert_eq!(rest, None, "{subject:?}: data after our Close");
                continue;
            }
            sent.extend(rest.expect("the message goes on"));
            assert_sound(subject, &sent);
            assert_eq!(firsts(&sent), [0x01, 0x80], "{subject:?}");
        }
    }
}

//= rfc6455#5.5.1-4, rfc6455#5.5.1-5, rfc6455#5.5.2-1, rfc6455#5.5.2-2, rfc6455#5.5.3-1, rfc6455#5.5.3-2
#[test]
fn what_is_owed_is_answered_while_our_own_message_is_under_way() {
    for subject in subjects(FREE) {
        let mut sender = sender(subject);
        sender.send(Send::Binary(b"first", false)).expect("a first fragment");
        let frames = [Frame::control(0x9, b"owed"), Frame::control(0xa, b"not"), Frame::control(0x9, b"")];
        let answers = sender.answers(&wire::bytes(subject.side, &frames));
        assert_sound(subject, &answers);
        let seen: Vec<_> = answers.iter().map(|frame| (frame.first, &*frame.payload)).collect();
        assert_eq!(seen, [(0x8a, &b"owed"[..]), (0x8a, b"")], "{subject:?}");
        assert!(sender.send(Send::Binary(b"last", true)).is_some_and(|sent| firsts(&sent) == [0x80]));

        sender.send(Send::Binary(b"first", false)).expect("a first fragment");
        let close = Frame::close(1001, b"away").to(subject.side);
        let answers = sender.answers(&close);
        assert_sound(subject, &answers);
        assert_eq!(
            (firsts(&answers), &answers[0].payload[..2]),
            (vec![0x88], &b"\x03\xe9"[..]),
            "{subject:?}"
        );
        for more in [Send::Binary(b"", true), Send::Ping(b""), Send::Pong(b""), Send::Close(1000)] {
            assert_eq!(sender.send(more), None, "{subject:?}: {more:?} after both Closes");
        }
    }
}

//= rfc6455#5.4-3, rfc6455#6.1-5, rfc6455#6.1-6
#[test]
fn messages_do_not_mix() {
    for subject in subjects(FREE) {
        let mut sender = sender(subject);
        sender.send(Send::Text("Hel", false)).expect("a first fragment");
        for other in [
            Send::Binary(b"x", true),
            Send::Binary(b"x", false),
            Send::Prepared(b"x"),
            Send::Apart(b"x"),
            Send::Fragmented(b"in fragments"),
        ] {
            assert_eq!(sender.send(other), None, "{subject:?}: {other:?} within a text");
        }
        let rest = [sender.send(Send::Text("l", false)), sender.send(Send::Text("o", true))];
        let rest: Vec<Sent> = rest.into_iter().flat_map(|sent| sent.expect("the text goes on")).collect();
        assert_sound(subject, &rest);
        assert_eq!(firsts(&rest), [0x00, 0x80], "{subject:?}");
        assert!(sender.send(Send::Prepared(b"x")).is_some_and(|sent| firsts(&sent) == [0x82]), "{subject:?}");
    }
}

//= rfc6455#5.5-1
#[test]
fn control_payloads_have_125_bytes_at_most() {
    for subject in subjects(FREE) {
        let mut sender = sender(subject);
        for within in [false, true] {
            if within {
                sender.send(Send::Text("first", false)).expect("a first fragment");
            }
            for (len, goes) in [(0, true), (125, true), (126, false), (65_536, false)] {
                let payload = vec![b'x'; len];
                for control in [Send::Ping(&payload), Send::Pong(&payload)] {
                    let sent = sender.send(control);
                    assert_eq!(sent.is_some(), goes, "{subject:?}: {len} bytes, in a message: {within}");
                    assert!(sent.is_none_or(|sent| sent[0].payload == payload));
                }
            }
        }
    }
}

//= rfc6455#6.1-1, rfc6455#6.1-4, rfc7692#6.1-1, rfc7692#7.2.1-1
#[test]
fn what_one_side_sends_the_other_takes() {
    use crate::ways::{Seen, assert_taken};
    let other = |side| if side == Side::Client { Side::Server } else { Side::Client };
    for subject in subjects(FREE) {
        let mut sender = sender(subject);
        let mut frames = Vec::new();
        let long = "lorem ipsum ".repeat(40);
        for what in [
            Send::Text("Hel", false),
            Send::Ping(b"p"),
            Send::Text("lo", true),
            Send::Binary(long.as_bytes(), true),
            Send::Text(&long, true),
            Send::Close(4000),
        ] {
            frames.extend(sender.send(what).expect("it can be sent"));
        }
        let receiver = Subject { side: other(subject.side), ..subject };
        let bytes: Vec<u8> = frames
            .iter()
            .flat_map(|frame| {
                let data = Frame::data(frame.first & 0x0f, &frame.payload).with_bits(frame.first & 0x70);
                if frame.first & 0x80 == 0 { data.unfinished() } else { data }.to(receiver.side)
            })
            .collect();
        let seen = [
            Seen::Ping(b"p".to_vec()),
            Seen::Text("Hello".to_owned()),
            Seen::Binary(long.clone().into_bytes()),
            Seen::Text(long),
            Seen::Close(4000, String::new()),
        ];
        assert_taken("a conversation", receiver, &bytes, &seen);
    }
}
