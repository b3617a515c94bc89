//! The limits: the work that every implementation must do, by the fastest means known.

use std::hint::black_box;

/// Copies bytes.
pub fn copy(from: &[u8], to: &mut [u8]) {
    black_box(to).copy_from_slice(black_box(from));
}

/// Masks or unmasks in place, 64 bytes at a time. The compiler uses SSE2 for it if nothing better is available.
pub fn mask(payload: &mut [u8]) {
    const KEY: u64 = 0x3d21_fa37_3d21_fa37;
    let flip = |word: &mut [u8; 8]| *word = (u64::from_ne_bytes(*word) ^ KEY).to_ne_bytes();
    let (blocks, rest) = black_box(payload).as_chunks_mut::<64>();
    for block in blocks {
        block.as_chunks_mut::<8>().0.iter_mut().for_each(flip);
    }
    let (words, rest) = rest.as_chunks_mut::<8>();
    words.iter_mut().for_each(flip);
    rest.iter_mut().zip(KEY.to_ne_bytes()).for_each(|(byte, key)| *byte ^= key);
}

/// Checks that bytes are UTF-8.
pub fn text_check(payload: &[u8]) {
    let text = simdutf8::basic::from_utf8(black_box(payload));
    assert!(black_box(text).is_ok());
}

/// Finds the parts of a request's head.
pub fn parse_request(head: &[u8]) {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let parsed = httparse::Request::new(&mut headers).parse(black_box(head));
    assert!(black_box(parsed).is_ok_and(|parsed| parsed.is_complete()));
}

/// Finds the parts of an answer's head.
pub fn parse_response(head: &[u8]) {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let parsed = httparse::Response::new(&mut headers).parse(black_box(head));
    assert!(black_box(parsed).is_ok_and(|parsed| parsed.is_complete()));
}
