//! The bytes that break each rule.

use alloc::{vec, vec::Vec};

use wsproto_frame::MaskingKey;

use super::Violation;
use crate::Role;

/// The key of the examples in RFC 6455 §5.7.
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Returns the bytes that break a rule.
pub(super) fn of(violation: Violation, role: Role) -> Vec<u8> {
    let wire = || Wire { masks: role.masks(), out: Vec::new() };
    let broken = match violation {
        Violation::UnmaskedFrame => Wire { masks: false, ..wire() }.frame(0x81, b"Hello"),
        Violation::MaskedFrame => Wire { masks: true, ..wire() }.frame(0x81, b"Hello"),
        Violation::ReservedBit1 => wire().frame(0xc2, b"Hello"),
        Violation::ReservedBit2 => wire().frame(0xa2, b"Hello"),
        Violation::ReservedBit3 => wire().frame(0x92, b"Hello"),
        Violation::ReservedBitOnControl => wire().frame(0xc9, b""),
        Violation::ReservedBitOnContinuation => wire().frame(0x01, b"Hel").frame(0xc0, b"lo"),
        Violation::ReservedDataOpcode => wire().frame(0x83, b"Hello"),
        Violation::ReservedControlOpcode => wire().frame(0x8b, b"Hello"),
        Violation::LengthNotShortest16 => wire().header(0x82, &[126, 0, 125]).payload(&[0; 125]),
        Violation::LengthNotShortest64 => {
            wire().header(0x82, b"\x7f\0\0\0\0\0\0\xff\xff").payload(&vec![0; 0xffff])
        }
        Violation::LengthTopBit => wire().header(0x82, b"\x7f\x80\0\0\0\0\0\0\x05").payload(b"Hello"),
        Violation::ContinuationWithoutMessage => wire().frame(0x80, b"Hello"),
        Violation::InterleavedMessage => wire().frame(0x01, b"Hel").frame(0x81, b"Hello").frame(0x80, b"lo"),
        Violation::FragmentedControl => wire().frame(0x09, b"Hel").frame(0x80, b"lo"),
        Violation::ControlTooLong => wire().frame(0x89, &[0; 126]),
        Violation::TextNotUtf8 => wire().frame(0x81, b"Hello \xff"),
        Violation::TextNotUtf8InFragment => wire().frame(0x01, b"Hello").frame(0x80, b" \xff"),
        Violation::TextEndsInCodePoint => wire().frame(0x81, b"Hello \xf0\x9f\x98"),
        Violation::FragmentEndsInCodePoint => wire().frame(0x01, b"Hello \xf0").frame(0x80, b"\x9f\x98"),
        Violation::TextOverlong => wire().frame(0x81, b"Hello \xc0\xaf"),
        Violation::TextSurrogate => wire().frame(0x81, b"Hello \xed\xa0\x80"),
        Violation::TextBeyondUnicode => wire().frame(0x81, b"Hello \xf4\x90\x80\x80"),
        Violation::CloseHalfCode => wire().frame(0x88, &[3]),
        Violation::CloseCode0 => wire().close(0),
        Violation::CloseCode999 => wire().close(999),
        Violation::CloseCode1004 => wire().close(1004),
        Violation::CloseCode1005 => wire().close(1005),
        Violation::CloseCode1006 => wire().close(1006),
        Violation::CloseCode1015 => wire().close(1015),
        Violation::CloseCode5000 => wire().close(5000),
        Violation::CloseReasonNotUtf8 => wire().frame(0x88, b"\x03\xe8bye \xff"),
        Violation::DataAfterClose => wire().frame(0x88, b"\x03\xe8").frame(0x81, b"Hello"),
        Violation::EndWithoutClose => wire(),
        Violation::EndInsideFrame => wire().header(0x82, &[5]).payload(b"Hel"),
        Violation::MessageTooLong => wire().header(0x82, b"\x7f\x40\0\0\0\0\0\0\0").payload(b"Hello"),
        Violation::FragmentsTooLong => {
            wire().frame(0x02, b"H").header(0x80, b"\x7f\x7f\xff\xff\xff\xff\xff\xff\xff")
        }
        Violation::TooManyFragments => wire().frame(0x02, b"H").fragments(199_998, b"H").frame(0x80, b"H"),
        Violation::TooManyEmptyFragments => wire().frame(0x02, b"").fragments(1_998, b"").frame(0x80, b""),
        Violation::CompressedReservedBlock => wire().frame(0xc2, &[0x07]),
        Violation::CompressedBeyondWindow => wire().frame(0xc2, &beyond_window()),
        // A stored block of 9 bytes, of which only one comes.
        Violation::CompressedEndsInBlock => wire().frame(0xc2, b"\x00\x09\x00\xf6\xffH"),
        // A stored block of one byte, then the empty one.
        Violation::CompressedTextNotUtf8 => wire().frame(0xc1, b"\x00\x01\x00\xfe\xff\xff\x00"),
        Violation::CompressedTooLong => wire().frame(0xc2, &zeros()),
    };
    broken.out
}

/// Appends frames without any check.
struct Wire {
    masks: bool,
    out: Vec<u8>,
}

impl Wire {
    /// Appends a frame with the right length.
    fn frame(self, first: u8, payload: &[u8]) -> Self {
        let len = payload.len();
        let len = match (u8::try_from(len), u16::try_from(len)) {
            (Ok(len @ 0..=125), _) => vec![len],
            (_, Ok(len)) => [&[126], &len.to_be_bytes()[..]].concat(),
            _ => [&[127], &u64::try_from(len).unwrap_or(u64::MAX).to_be_bytes()[..]].concat(),
        };
        self.header(first, &len).payload(payload)
    }

    /// Appends a header with these bytes as the length.
    fn header(mut self, first: u8, len: &[u8]) -> Self {
        self.out.push(first);
        if let [short, more @ ..] = len {
            self.out.push(if self.masks { short | 0x80 } else { *short });
            self.out.extend_from_slice(more);
        }
        if self.masks {
            self.out.extend_from_slice(&KEY);
        }
        self
    }

    fn close(self, code: u16) -> Self {
        self.frame(0x88, &code.to_be_bytes())
    }

    fn payload(mut self, payload: &[u8]) -> Self {
        let mut payload = payload.to_vec();
        if self.masks {
            MaskingKey::new(KEY).apply(&mut payload);
        }
        self.out.append(&mut payload);
        self
    }

    /// Appends `count` continuations with more to come.
    fn fragments(self, count: usize, payload: &[u8]) -> Self {
        (0..count).fold(self, |wire, _| wire.frame(0x00, payload))
    }
}

/// Returns a fixed block that copies 3 bytes from 32 768 bytes before, though no message has been that long.
fn beyond_window() -> Vec<u8> {
    let mut bits = Bits::default();
    bits.push("010"); // more blocks follow; this one has fixed codes
    bits.push("0000001"); // length 3
    bits.push("11101"); // distance 24 577 …
    bits.push("1111111111111"); // … and 8 191
    bits.push("0000000"); // the end of the block
    bits.flushed()
}

/// Returns a compressed message of 262 144 times 258 zeros, and one more.
fn zeros() -> Vec<u8> {
    let mut bits = Bits::default();
    bits.push("010");
    bits.push("00110000"); // a zero
    for _ in 0..262_144 {
        bits.push("11000101"); // length 258
        bits.push("00000"); // distance 1
    }
    bits.push("0000000");
    bits.flushed()
}

/// Bits as DEFLATE packs them (RFC 1951 §3.1.1): the first one is the lowest of a byte.
struct Bits {
    full: Vec<u8>,
    byte: u8,
    next: u8,
}

impl Default for Bits {
    fn default() -> Self {
        Self { full: Vec::new(), byte: 0, next: 1 }
    }
}

impl Bits {
    /// Appends bits, written in their order.
    fn push(&mut self, bits: &str) {
        for bit in bits.bytes() {
            if bit == b'1' {
                self.byte |= self.next;
            }
            self.next = self.next.rotate_left(1);
            if self.next == 1 {
                self.full.push(self.byte);
                self.byte = 0;
            }
        }
    }

    /// Returns the bytes of a message: with the header of an empty stored block, and without its length (RFC 7692
    /// §7.2.1).
    fn flushed(mut self) -> Vec<u8> {
        self.push("000");
        if self.next != 1 {
            self.full.push(self.byte);
        }
        self.full
    }
}
