//! No input causes a panic.

use std::io;

use proptest::prelude::*;

use super::{packet::Link, *};

fn options(extensions: Option<&str>) -> Options {
    Options { from: None, extensions: extensions.map(String::from), limits: Vec::new() }
}

/// Explains bytes, and discards the records.
fn run(bytes: Vec<u8>, kind: Option<Kind>, form: Form) -> bool {
    let Ok(input) = Input::read("test".into(), Box::new(io::Cursor::new(bytes)), kind) else { return false };
    let mut show = Show::new(Box::new(io::sink()), Box::new(io::sink()), form);
    explain(input, &options(Some("permessage-deflate")), &mut show).is_ok()
}

const FORMS: [Form; 2] = [Form::Json, Form::Lines { bits: true, times: true }];
const KINDS: [Option<Kind>; 5] =
    [None, Some(Kind::Raw), Some(Kind::Hex), Some(Kind::Session), Some(Kind::Pcap)];

/// A pcap of one packet of this link.
fn pcap(link: u32, packet: &[u8]) -> Vec<u8> {
    let len = u32::try_from(packet.len()).unwrap().to_le_bytes();
    let header = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0";
    [header, &link.to_le_bytes()[..], &[0; 8], &len, &len, packet].concat()
}

/// A segment from one port to another, on IPv4.
fn segment(ports: (u8, u8), sequence: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let len = u8::try_from(payload.len() + 40).unwrap();
    let ip = [0x45, 0, 0, len, 0, 0, 0, 0, 64, 6, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1];
    let tcp = [0, ports.0, 0, ports.1, 0, 0, 0, sequence, 0, 0, 0, sequence, 0x50, flags, 0, 0, 0, 0, 0, 0];
    [&ip[..], &tcp, payload].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_bytes_of_any_kind(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        kind in 0..KINDS.len(),
        form in 0..FORMS.len(),
    ) {
        run(bytes, KINDS[kind], FORMS[form]);
    }

    #[test]
    fn random_packets(
        packet in prop::collection::vec(any::<u8>(), 0..120),
        link in prop::sample::select(vec![0_u32, 1, 12, 101, 113, 228, 276, 9999]),
    ) {
        prop_assert!(run(pcap(link, &packet), None, Form::Json));
        if let Some(link) = Link::of(i32::try_from(link).unwrap()) {
            packet::segment(link, &packet);
        }
    }

    #[test]
    fn random_segments(
        segments in prop::collection::vec(
            (any::<bool>(), 0..40_u8, any::<u8>(), prop::sample::select(vec![
                &b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"[..], b"HTTP/1.1 101 x\r\n\r\n", b"\x81\x80abcd", b"\x81\x02hi", b"",
            ])),
            0..30,
        ),
        form in 0..FORMS.len(),
    ) {
        let mut file = pcap(101, &[]);
        for (forth, sequence, flags, payload) in segments {
            let ports = if forth { (1, 2) } else { (2, 1) };
            file.extend(&pcap(101, &segment(ports, sequence, flags, payload))[24..]);
        }
        prop_assert!(run(file, None, FORMS[form]));
    }
}
