//! Each limit of a configuration at its edge: a stream passes with the limit that it needs, and fails with one less.

use crate::ways::{FREE, Limits, Over, Seen, Subject, assert_taken, outcome, refused, subjects};
use crate::wire::{self, Frame};

/// A limit: its name, a function that sets it to n, the code, and words of the error.
type Limit = (&'static str, fn(u64) -> Limits, u16, &'static str);

const FRAME: Limit = ("frame", |n| Limits { frame: n, ..FREE }, 1009, "frame longer than the limit of");
const MESSAGE: Limit =
    ("message", |n| Limits { message: n, ..FREE }, 1009, "message longer than the limit of");
const FRAGMENTS: Limit = ("fragments", |n| Limits { fragments: n, ..FREE }, 1008, "");
const EMPTY: Limit = ("empty fragments", |n| Limits { empty_fragments: n, ..FREE }, 1008, "");
const CONTROL: Limit = ("control frames", |n| Limits { control_frames: n, ..FREE }, 1008, "");

/// Returns messages to test limits with: a name, and the frames.
fn streams(over: Over) -> Vec<(String, Vec<Frame>)> {
    let mut all = Vec::new();
    let long = wire::message(over, 0x1, b"abcdefghijklmnopqrstuvwxyz", &[5, 12, 13]);
    let with_empty = wire::message(over, 0x2, b"abcdef", &[0, 0, 3, 3, 3, 6, 6]);
    let whole = wire::message(over, 0x2, b"abcdefghij", &[]);
    let plain = wire::message(Over::Nothing, 0x2, b"0123456789", &[4, 4]);
    let ping = || Frame::control(0x9, b"p");
    for (name, frames) in
        [("whole", whole.clone()), ("cut", long), ("empty fragments", with_empty), ("not extended", plain)]
    {
        all.push((name.to_owned(), frames.clone()));
        all.push((format!("{name}, Pings between"), wire::with_pings(&frames)));
        all.push((format!("{name}, after a Ping"), [vec![ping()], frames.clone()].concat()));
        all.push((format!("{name}, after another"), [whole.clone(), frames].concat()));
    }
    all
}

/// The least value of each limit that a stream needs, by the rules as they are documented.
struct Needs {
    frame: u64,
    message: u64,
    fragments: u64,
    empty: u64,
    control: u64,
}

fn needs(frames: &[Frame]) -> Needs {
    let mut needs = Needs { frame: 0, message: 0, fragments: 0, empty: 0, control: 0 };
    let (mut message, mut fragments, mut empty, mut control) = (0, 0, 0, 0);
    for frame in frames {
        let len = frame.payload_len() as u64;
        needs.frame = needs.frame.max(len);
        if frame.opcode() >= 8 {
            control += 1;
            needs.control = needs.control.max(control);
            continue;
        }
        control = 0;
        if frame.opcode() != 0 {
            (message, fragments, empty) = (0, 0, 0);
        }
        message += len;
        needs.message = needs.message.max(message);
        if frame.opcode() != 0 && frame.is_last() {
            continue;
        }
        fragments += 1;
        empty = if len == 0 { empty + 1 } else { 0 };
        needs.fragments = needs.fragments.max(fragments);
        needs.empty = needs.empty.max(empty);
    }
    needs
}

/// Checks that a stream passes with a limit of n, and ends the connection with one of n − 1.
fn assert_edge(name: &str, subject: Subject, bytes: &[u8], (limit, set, code, words): Limit, n: u64) {
    let name = format!("{limit} of {n}, {name}");
    let roomy = outcome(&name, subject, bytes);
    assert_eq!(roomy.fault, None, "{name}: {subject:?}");
    let exact = Subject { limits: set(n), ..subject };
    assert_taken(&name, exact, bytes, &roomy.seen);
    if n == 0 {
        return;
    }
    let tight = Subject { limits: set(n - 1), ..subject };
    let (seen, fault) = refused(&format!("{name}, one less"), tight, bytes);
    assert_eq!(fault.code, code, "{name}, one less: {subject:?}: {}", fault.words);
    assert!(fault.words.contains(words), "{name}, one less: {subject:?}: {}", fault.words);
    assert!(fault.words.contains(&(n - 1).to_string()), "{name}, one less: {subject:?}: {}", fault.words);
    assert!(seen.len() < roomy.seen.len() && roomy.seen.starts_with(&seen), "{name}, one less: {seen:?}");
}

//= rfc6455#10.4-1
#[test]
fn f2_f13_f14_f15_f19_f20_each_limit_on_the_wire_in_every_way() {
    for subject in subjects(FREE) {
        for (name, frames) in streams(subject.over) {
            let bytes = wire::bytes(subject.side, &frames);
            let needs = needs(&frames);
            let table = [
                (FRAME, needs.frame),
                (MESSAGE, needs.message),
                (FRAGMENTS, needs.fragments),
                (EMPTY, needs.empty),
            ];
            for (limit, n) in table.into_iter().chain([(CONTROL, needs.control)]) {
                assert_edge(&name, subject, &bytes, limit, n);
            }
        }
    }
}

//= rfc6455#10.4-1
#[test]
fn d8_what_an_extension_makes_of_a_message_has_the_same_limit_in_every_way() {
    let blocks = 3;
    let len = 1 + 258 * blocks as u64;
    let zeros = wire::deflated_zeros(blocks);
    for subject in subjects(FREE).filter(|subject| subject.over.deflates()) {
        let whole = wire::fragments(0x2, 0x40, &zeros, &[]);
        let every: Vec<usize> = (1..zeros.len()).collect();
        let cut = wire::fragments(0x2, 0x40, &zeros, &every);
        let text = wire::fragments(0x1, 0x40, &zeros, &[3]);
        #[rustfmt::skip]
        let table = [
            ("one frame",               whole.clone()),
            ("a byte a frame",          cut.clone()),
            ("Pings between",           wire::with_pings(&cut)),
            ("text",                    text.clone()),
            ("text, Pings between",     wire::with_pings(&text)),
            ("after one as long",       [whole.clone(), cut].concat()),
            ("after a plain one",       [vec![Frame::data(0x2, b"plain")], whole.clone()].concat()),
            ("after a Ping",            [vec![Frame::control(0x9, b"")], whole].concat()),
        ];
        for (name, frames) in table {
            assert_edge(name, subject, &wire::bytes(subject.side, &frames), MESSAGE, len);
        }
    }
}

#[test]
fn f19_f20_control_frames_are_counted_between_data_frames_in_every_way() {
    let controls = |n: usize| (0..n).map(|at| Frame::control(if at % 2 == 0 { 0x9 } else { 0xa }, b""));
    for subject in subjects(FREE) {
        let message = wire::message(subject.over, 0x2, b"abcdef", &[2]);
        #[rustfmt::skip]
        let table: [(&str, Vec<Frame>, u64); 4] = [
            ("at the start",            controls(3).collect(),                                                                   3),
            ("in a message",            [&message[..1], &controls(3).collect::<Vec<_>>(), &message[1..]].concat(),               3),
            ("more in a message",       [&controls(2).collect::<Vec<_>>(), &message[..1], &controls(3).collect::<Vec<_>>(), &message[1..]].concat(), 3),
            ("after a message",         [message.clone(), controls(3).collect()].concat(),                                       3),
        ];
        for (name, frames, n) in table {
            assert_edge(name, subject, &wire::bytes(subject.side, &frames), CONTROL, n);
        }
    }
}

//= rfc6455#10.4-1
#[test]
fn f2_a_limit_on_messages_is_judged_by_what_headers_announce() {
    for subject in subjects(Limits { message: 1000, ..FREE }) {
        let announced = Frame::data(0x2, b"").with_len_in_two(1001).to(subject.side);
        let outcome = outcome("four bytes", subject, &announced[..4]);
        let fault = outcome.fault.expect("four bytes are enough");
        assert_eq!(fault.words, "message longer than the limit of 1000 bytes", "{subject:?}");
        let seen: [Seen; 0] = [];
        let fits = Frame::data(0x2, b"").with_len_in_two(1000).to(subject.side);
        assert_taken("1000", subject, &fits[..4], &seen);
    }
}

//= rfc7692#7.2.3.2-1, rfc7692#7.1.1.1-3, rfc7692#7.1.1.2-2
#[test]
fn d18_a_window_is_kept_or_not_as_was_agreed() {
    // RFC 7692 §7.2.3.2: the second message refers to the first.
    let first: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
    let second: &[u8] = b"\xf2\x00\x11\x00\x00";
    for subject in subjects(FREE).filter(|subject| subject.over.deflates()) {
        for (between, count) in
            [(vec![], 0), (vec![Frame::control(0x9, b"p"), Frame::data(0x2, b"plain")], 2)]
        {
            let mut frames = wire::fragments(0x1, 0x40, first, &[2, 2]);
            frames.extend(between);
            frames.extend(wire::fragments(0x1, 0x40, second, &[1, 4]));
            let outcome = outcome("Hello twice", subject, &wire::bytes(subject.side, &frames));
            let hello = Seen::Text("Hello".to_owned());
            let seen = if subject.over == Over::Takeover { 2 } else { 1 };
            assert_eq!(outcome.seen.len(), seen + count, "{subject:?}");
            assert_eq!(outcome.seen.iter().filter(|one| **one == hello).count(), seen, "{subject:?}");
            assert_eq!(outcome.fault.map(|fault| fault.code), (seen == 1).then_some(1007), "{subject:?}");
        }
    }
}
