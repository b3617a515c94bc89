//! No input makes memory or work unbounded.

use proptest::prelude::*;

use super::*;

#[test]
fn what_is_kept_is_bounded() {
    let megabyte = vec![0_u8; 1 << 20];
    let table: [(&str, Start, &[u8], Vec<u8>); 5] = [
        ("a long frame", open(""), b"\x82\x7f\0\0\0\0\x04\0\0\0", megabyte.clone()),
        ("a head without an end", Start::Handshake, b"HTTP/1.1 101 x\r\na: ", vec![b'a'; 1 << 20]),
        ("empty frames", open(""), b"\x02\x00", [0_u8, 0].repeat(1 << 19)),
        ("short frames", open(""), b"", b"\x8a\x01x".repeat(1 << 10)),
        ("a bomb", open("permessage-deflate"), b"\xc2\x7f\0\0\0\0\x03\0\0\0", megabyte),
    ];
    for (name, start, first, again) in table {
        let mut explainer = Explainer::new(start);
        let mut records = Vec::new();
        for bytes in [first].into_iter().chain(std::iter::repeat_n(&again[..], 40)) {
            let bytes = Bytes::copy_from_slice(bytes);
            explainer.look(&Chunk { at: Duration::ZERO, from: Sender::Server, bytes }, &mut records);
            // The caller takes the records, each of which is short.
            assert!(lines(&records).iter().all(|record| record.len() < 64 << 10), "{name}");
            records.clear();
        }
        assert!(kept(&explainer) < 64 << 10, "{name}: {}", kept(&explainer));
    }
}

/// The bytes that the explainer itself keeps. The judge's memory is the library's.
fn kept(explainer: &Explainer) -> usize {
    let of = |side: &Side| match &side.stage {
        Stage::Request(reader) => reader.head.capacity(),
        Stage::Answer(reader) | Stage::Body(reader) => reader.head.capacity(),
        Stage::Early { bytes, .. } => bytes.capacity(),
        Stage::Frames(_) | Stage::Ignored => 0,
    };
    of(&explainer.client) + of(&explainer.server)
}

#[test]
fn early_frames_are_kept_up_to_a_limit() {
    let frame = [&b"\x82\xfe\xff\xff\0\0\0\0"[..], &vec![7; 65_535]].concat();
    let steps = [client(REQUEST), client(&frame), client(&frame)];
    let records = told(&look(&Start::Handshake, &steps, 1000));
    let found = records.iter().filter(|record| record.contains("message")).count();
    assert_eq!(found, 2, "{records:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_bytes_give_the_same_records_in_any_pieces(
        steps in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..60)), 0..6),
        head in any::<bool>(),
        deflate in any::<bool>(),
        piece in 1..9_usize,
    ) {
        let start = match (head, deflate) {
            (true, _) => Start::Handshake,
            (_, true) => open("permessage-deflate"),
            _ => open(""),
        };
        let step = |(from, bytes)| if from { Step::Client(bytes) } else { Step::Server(bytes) };
        let mut steps: Vec<Step> = steps.into_iter().map(step).collect();
        steps.extend([Step::End(Sender::Client), Step::End(Sender::Server)]);
        prop_assert_eq!(lines(&look(&start, &steps, usize::MAX)), lines(&look(&start, &steps, piece)));
    }
}
