//! The bytes that entrants wrote, read by the RFCs, without any of the code under test.

use std::collections::BTreeSet;

use wsproto_benches::{
    raw::{TAIL, ZlibRsInflater},
    wire::{ACCEPT, key},
};

use crate::work::Work;

/// Reads `count` frames and checks that they are the work's messages, in order, again and again.
pub(crate) fn check_messages(mut wire: &[u8], work: &Work, count: usize) {
    let payloads = work.payloads();
    let mut inflater = work.deflate.map(|deflate| ZlibRsInflater::new(deflate, work.len));
    for i in 0..count {
        let masked = wire[1] & 0x80 != 0;
        assert_eq!(masked, work.is_client(), "mask bit");
        let first = if work.is_text() { 0x81 } else { 0x82 };
        let rsv1 = if work.deflate.is_some() { 0x40 } else { 0 };
        assert_eq!(wire[0], first | rsv1, "first byte");
        let (len, at) = match wire[1] & 0x7f {
            126 => (usize::from(u16::from_be_bytes([wire[2], wire[3]])), 4),
            127 => (u64::from_be_bytes(wire[2..10].try_into().unwrap()) as usize, 10),
            len => (usize::from(len), 2),
        };
        let (key, at) = if masked { (wire[at..at + 4].to_vec(), at + 4) } else { (vec![0; 4], at) };
        let sent = wire[at..at + len].iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]);
        let expected = payloads[i % payloads.len()].as_slice();
        match &mut inflater {
            Some(inflater) => {
                let sent: Vec<u8> = sent.chain(TAIL).collect();
                assert!(inflater.inflate(&sent) == expected, "a message that was sent differs");
            }
            None => assert!(sent.eq(expected.iter().copied()), "a message that was sent differs"),
        }
        wire = &wire[at + len..];
    }
    assert!(wire.is_empty(), "more was sent than asked for");
}

/// Checks that each request was answered.
pub(crate) fn check_answers(wire: &[u8], count: usize) {
    let answers = str::from_utf8(wire).unwrap().to_owned();
    assert_eq!(answers.matches("HTTP/1.1 101 ").count(), count);
    assert_eq!(answers.matches(ACCEPT).count(), count);
}

/// Checks that this many requests were sent, each with its own key.
pub(crate) fn check_requests(wire: &[u8], count: usize) {
    let requests: Vec<&str> = str::from_utf8(wire).unwrap().split_terminator("\r\n\r\n").collect();
    assert_eq!(requests.len(), count);
    assert!(requests.iter().all(|request| request.starts_with("GET /chat?room=42 HTTP/1.1\r\n")));
    let keys: BTreeSet<&str> = requests.iter().map(|request| key(request)).collect();
    assert_eq!(keys.len(), count, "each key is another");
}
