use proptest::prelude::*;

use super::*;

/// A segment `(sequence, payload, fin)`, or an acknowledgement.
enum Came {
    Segment(u32, &'static [u8], bool),
    Acknowledged(u32),
}

/// Bytes that come after this number of packets has acknowledged them.
fn acknowledged(times: u32) -> Vec<Came> {
    let mut came = vec![Came::Segment(10, b"a", false), Came::Segment(13, b"d", false)];
    came.extend((0..times).map(|_| Came::Acknowledged(14)));
    came.push(Came::Segment(11, b"bc", false));
    came
}

fn parts(begin: Option<u32>, came: &[Came]) -> Vec<Part> {
    let (mut stream, mut out) = (Reassembly::default(), Vec::new());
    if let Some(sequence) = begin {
        assert!(stream.begin(sequence));
    }
    for came in came {
        match came {
            Came::Segment(sequence, payload, fin) => stream.segment(*sequence, payload, *fin, &mut out),
            Came::Acknowledged(number) => stream.acknowledge(*number, &mut out),
        }
    }
    stream.finish(&mut out);
    joined(out)
}

/// Joins bytes that follow each other.
fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut joined: Vec<Part> = Vec::new();
    for part in parts {
        match (joined.last_mut(), part) {
            (Some(Part::Bytes(before)), Part::Bytes(bytes)) => {
                *before = [&before[..], &bytes[..]].concat().into();
            }
            (_, part) => joined.push(part),
        }
    }
    joined
}

#[test]
fn segments_are_put_in_order() {
    use Came::{Acknowledged, Segment};
    let bytes = |bytes: &'static [u8]| Part::Bytes(Bytes::from_static(bytes));
    let table: [(&str, Option<u32>, Vec<Came>, Vec<Part>); 14] = [
        (
            "in order",
            Some(9),
            vec![Segment(10, b"ab", false), Segment(12, b"c", true)],
            vec![bytes(b"abc"), Part::End],
        ),
        ("without SYN", None, vec![Segment(10, b"ab", false)], vec![bytes(b"ab")]),
        ("twice", Some(9), vec![Segment(10, b"ab", false), Segment(10, b"ab", false)], vec![bytes(b"ab")]),
        (
            "keep-alive",
            Some(9),
            vec![Segment(10, b"ab", false), Segment(11, b"x", false)],
            vec![bytes(b"ab")],
        ),
        (
            "overlap",
            Some(9),
            vec![Segment(10, b"abc", false), Segment(11, b"bcd", false)],
            vec![bytes(b"abcd")],
        ),
        (
            "out of order",
            Some(9),
            vec![
                Segment(12, b"c", false),
                Segment(14, b"e", true),
                Segment(13, b"d", false),
                Segment(10, b"ab", false),
            ],
            vec![bytes(b"abcde"), Part::End],
        ),
        (
            "overlaps out of order",
            Some(9),
            vec![
                Segment(12, b"cd", false),
                Segment(12, b"cdef", false),
                Segment(13, b"d", false),
                Segment(10, b"abc", false),
            ],
            vec![bytes(b"abcdef")],
        ),
        (
            "around the highest number",
            Some(u32::MAX - 2),
            vec![Segment(0, b"c", false), Segment(u32::MAX - 1, b"ab", false)],
            vec![bytes(b"abc")],
        ),
        (
            "missing and acknowledged",
            Some(9),
            acknowledged(PATIENCE + 1),
            vec![bytes(b"a"), Part::Gap(2), bytes(b"d")],
        ),
        ("acknowledged before it was captured", Some(9), acknowledged(PATIENCE), vec![bytes(b"abcd")]),
        (
            "missing at the end of the capture",
            Some(9),
            vec![Segment(11, b"b", true)],
            vec![Part::Gap(1), bytes(b"b"), Part::End],
        ),
        (
            "the last is missing",
            Some(9),
            vec![Segment(10, b"a", false), Acknowledged(19)],
            vec![bytes(b"a"), Part::Gap(7)],
        ),
        (
            "FIN is acknowledged",
            Some(9),
            vec![Segment(10, b"a", true), Acknowledged(12)],
            vec![bytes(b"a"), Part::End],
        ),
        (
            "a stray number",
            Some(9),
            vec![Segment(10 + (1 << 30) + 1, b"x", false), Segment(10, b"a", false)],
            vec![bytes(b"a")],
        ),
    ];
    for (name, begin, came, expected) in table {
        assert_eq!(parts(begin, &came), expected, "{name}");
    }
}

#[test]
fn what_waits_is_bounded() {
    let (mut stream, mut out) = (Reassembly::default(), Vec::new());
    stream.begin(0);
    // The first byte never comes.
    for place in 0..20_000_u32 {
        stream.segment(2 + place * 1000, &[7; 999], false, &mut out);
        assert!(stream.waiting_len <= WAITING_LEN && stream.waiting.len() <= WAITING_SEGMENTS);
        out.clear();
    }
}

proptest! {
    #[test]
    fn any_order_gives_the_stream(
        stream in prop::collection::vec(any::<u8>(), 1..200),
        first in any::<u32>(),
        cuts in prop::collection::vec((0..200_usize, 1..60_usize), 0..20),
    ) {
        // Random pieces, then all of it in pieces, so that nothing is missing.
        let whole = (0..stream.len()).step_by(7).map(|start| (start, 7));
        let (mut reassembly, mut out) = (Reassembly::default(), Vec::new());
        reassembly.begin(first.wrapping_sub(1));
        for (start, len) in cuts.into_iter().chain(whole) {
            let start = start % stream.len();
            let end = (start + len).min(stream.len());
            let sequence = first.wrapping_add(u32::try_from(start).unwrap());
            reassembly.segment(sequence, &stream[start..end], end == stream.len(), &mut out);
        }
        reassembly.finish(&mut out);
        prop_assert_eq!(joined(out), vec![Part::Bytes(stream.into()), Part::End]);
    }
}
