//! Regressions: faults that were found and fixed.

use wsproto::{Config, Event, Role};
use wsproto_frame::Opcode;

use crate::pair::{deflating, feed, frame_to, last, more, open};
use crate::seen::{Seen, Stand, merged, messages};

#[test]
fn c2_a_code_point_cut_between_frames_that_an_extension_lets_pass() {
    for config in [Config::default(), deflating()] {
        for role in [Role::Server, Role::Client] {
            let mut bytes = frame_to(role, more(Opcode::Text), b"a\xc3");
            bytes.extend(frame_to(role, more(Opcode::Continuation), b"\xa9bc\xf0\x9f"));
            bytes.extend(frame_to(role, last(Opcode::Continuation), b"\x98\x80d"));
            let (events, end) = feed(&mut open(role, &config), [&bytes[..]]);
            assert_eq!(end, Ok(()));
            let whole = Seen::Text("aébc😀d".into(), Stand::MessageDone);
            assert_eq!(messages(&events), [whole], "{role:?}");
        }
    }
}

#[test]
fn a_ping_is_not_split_while_a_code_point_is() {
    for config in [Config::default(), deflating()] {
        let mut bytes = frame_to(Role::Server, more(Opcode::Text), b"\xf0\x9f");
        bytes.extend(frame_to(Role::Server, last(Opcode::Ping), b"0123456789"));
        let range = bytes.as_ptr_range();
        let mut input = &mut bytes[..];
        let mut connection = open(Role::Server, &config);
        let Ok(Some(Event::TextMessage(empty))) = connection.receive(&mut input) else {
            panic!("the frame's end")
        };
        assert_eq!(empty.data, "");
        let Ok(Some(Event::Ping(ping))) = connection.receive(&mut input) else { panic!("no ping") };
        assert_eq!(ping.payload, b"0123456789");
        assert!(range.contains(&ping.payload.as_ptr()), "the payload was copied");
        assert_eq!(merged(&[Event::Ping(ping)]), [Seen::Ping(b"0123456789".to_vec())]);
    }
}
