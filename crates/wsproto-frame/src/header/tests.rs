use super::*;

extern crate std;
use proptest::prelude::*;
use std::{vec, vec::Vec};

/// §5.2 as its diagram has it, without care for speed. `Err` names the first broken rule.
fn oracle(bytes: &[u8]) -> Result<Option<(FrameHeader, usize)>, FrameError> {
    let byte = |i: usize| bytes.get(i).copied();
    let Some(b0) = byte(0) else { return Ok(None) };
    let opcode = match b0 % 16 {
        0 => Opcode::Continuation,
        1 => Opcode::Text,
        2 => Opcode::Binary,
        8 => Opcode::Close,
        9 => Opcode::Ping,
        10 => Opcode::Pong,
        bits => return Err(FrameError::ReservedOpcode(bits)),
    };
    let control = b0 % 16 >= 8;
    if control && b0 < 128 {
        return Err(FrameError::ControlFragmented);
    }
    let Some(b1) = byte(1) else { return Ok(None) };
    let masked = b1 >= 128;
    let short = b1 % 128;
    if control && short > 125 {
        return Err(FrameError::ControlTooLong);
    }
    let extra = if short == 127 {
        8
    } else if short == 126 {
        2
    } else {
        0
    };
    if short == 127 && byte(2).is_some_and(|b| b >= 128) {
        return Err(FrameError::LengthTopBit);
    }
    if short == 127 && bytes.get(2..8) == Some(&[0; 6]) {
        return Err(FrameError::LengthNotMinimal);
    }
    if bytes.len() < 2 + extra {
        return Ok(None);
    }
    let long = bytes[2..2 + extra].iter().fold(0u64, |len, b| len * 256 + u64::from(*b));
    let len = if extra == 0 { u64::from(short) } else { long };
    if (extra == 2 && len < 126) || (extra == 8 && len < 65_536) {
        return Err(FrameError::LengthNotMinimal);
    }
    let end = 2 + extra + if masked { 4 } else { 0 };
    if bytes.len() < end {
        return Ok(None);
    }
    let mask = masked.then(|| MaskingKey::new(bytes[end - 4..end].try_into().unwrap()));
    Ok(Some((
        FrameHeader { fin: b0 >= 128, rsv: Rsv::from_first_byte(b0), opcode, mask, payload_len: len },
        end,
    )))
}

/// The headers that the shortcut for data frames takes: valid, with a length below 64 KiB, no control frame.
fn data_oracle(bytes: &[u8], sender: Role) -> Option<(FrameHeader, usize)> {
    let (header, len) = oracle(bytes).ok()??;
    let fits = header.opcode.is_data() && header.payload_len < 65_536;
    (fits && header.mask.is_some() == (sender == Role::Client)).then_some((header, len))
}

//= rfc6455#5.2-3, rfc6455#5.2-4, rfc6455#5.2-5, rfc6455#5.2-8, rfc6455#5.2-9, rfc6455#5.5-1, rfc6455#5.5-2
#[test]
#[cfg_attr(miri, ignore = "exhaustive")]
fn f1_f5_f6_f7_f8_every_first_two_bytes_with_every_kind_of_tail_and_every_prefix() {
    let tails: [[u8; 12]; 10] = [
        [0; 12],
        [0xff; 12],
        [0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4],
        [0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4],
        [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4],
        [0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4],
        [0, 125, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        [0, 126, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        [1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        [0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4],
    ];
    for b0 in 0..=255 {
        for b1 in 0..=255 {
            for tail in tails {
                let mut bytes = vec![b0, b1];
                bytes.extend(tail);
                for prefix in (0..=bytes.len()).map(|n| &bytes[..n]) {
                    assert_eq!(FrameHeader::parse(prefix), oracle(prefix), "{prefix:02x?}");
                }
                for sender in [Role::Client, Role::Server] {
                    let found = FrameHeader::parse_data(&bytes, sender);
                    assert_eq!(found, data_oracle(&bytes, sender), "{bytes:02x?} from a {sender:?}");
                }
            }
        }
    }
}

#[test]
fn examples_of_the_rfc_5_7() {
    #[rustfmt::skip]
    let table: [(&str, FrameHeader, &[u8]); 6] = [
        // name                       header                                                        bytes
        ("unmasked text",             FrameHeader::new(Opcode::Text, 5),                            &[0x81, 0x05]),
        ("masked text",               FrameHeader::new(Opcode::Text, 5).with_mask(MaskingKey::new([0x37, 0xfa, 0x21, 0x3d])),
                                                                                                    &[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d]),
        ("first fragment",            FrameHeader::new(Opcode::Text, 3).unfinished(),               &[0x01, 0x03]),
        ("last fragment",             FrameHeader::new(Opcode::Continuation, 2),                    &[0x80, 0x02]),
        ("256 bytes of binary",       FrameHeader::new(Opcode::Binary, 256),                        &[0x82, 0x7e, 0x01, 0x00]),
        ("64 KiB of binary",          FrameHeader::new(Opcode::Binary, 65_536),                     &[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]),
    ];
    for (name, header, bytes) in table {
        assert_eq!(&*header.encode(), bytes, "{name}");
        assert_eq!(FrameHeader::parse(bytes), Ok(Some((header, bytes.len()))), "{name}");
    }
}

//= rfc6455#5.2-5, rfc6455#5.3-6
#[test]
fn the_shortest_form_on_both_sides_of_each_limit() {
    #[rustfmt::skip]
    let table = [
        // payload length   header length
        (0,                 2),
        (125,               2),
        (126,               4),
        (0xffff,            4),
        (0x1_0000,          10),
        (u64::MAX >> 1,     10),
    ];
    for (payload_len, len) in table {
        let header = FrameHeader::new(Opcode::Binary, payload_len);
        assert_eq!(header.encode().len(), len, "{payload_len}");
        assert_eq!(header.encode().as_ref().len(), len, "{payload_len}");
        let masked = header.with_mask(MaskingKey::new([9; 4]));
        assert_eq!(masked.encode().len(), len + 4, "{payload_len}");
        assert_eq!(FrameHeader::parse(&masked.encode()), Ok(Some((masked, len + 4))));
    }
}

proptest! {
    //= rfc6455#5.2-8, rfc6455#5.3-1
    #[test]
    fn encode_then_parse_is_the_identity(
        opcode in 0u8..3, fin: bool, rsv: u8, mask: Option<[u8; 4]>, payload_len in 0u64..1 << 63, shift in 0u32..63,
    ) {
        let header = FrameHeader {
            fin,
            rsv: Rsv::from_first_byte(rsv),
            opcode: Opcode::from_bits(opcode).unwrap(),
            mask: mask.map(MaskingKey::new),
            payload_len: payload_len >> shift,
        };
        let bytes = header.encode();
        prop_assert_eq!(FrameHeader::parse(&bytes), Ok(Some((header, bytes.len()))));
    }

    #[test]
    fn arbitrary_bytes_agree_with_the_oracle(bytes: Vec<u8>) {
        prop_assert_eq!(FrameHeader::parse(&bytes), oracle(&bytes));
    }
}

#[test]
fn the_shortcut_wants_eight_bytes() {
    let bytes = *b"\x82\x05Hello..";
    for len in 0..=bytes.len() {
        let found = FrameHeader::parse_data(&bytes[..len], Role::Server);
        assert!(found.is_none() || found == oracle(&bytes).unwrap(), "{len} bytes: {found:?}");
        assert!(found.is_some() || len < 8, "{len} bytes");
    }
}

#[test]
fn debug_shows_no_masking_key() {
    let header = FrameHeader::new(Opcode::Text, 5).with_mask(MaskingKey::new([222, 223, 224, 225]));
    assert_eq!(std::format!("{:?}", header.encode()), "EncodedHeader(6 bytes)");
}
