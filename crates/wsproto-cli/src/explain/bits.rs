//! A frame's header, bit by bit.

use std::fmt::{self, Write};

use super::dump::spaced;
use crate::wire::{Frame, unhex};

/// The indentation of the parts of a header.
const INDENT: &str = "                ";

/// Shows each bit of a header (RFC 6455 §5.2).
pub(super) fn write(frame: &Frame, text: &mut String) -> fmt::Result {
    let header = unhex(&frame.header).unwrap_or_default();
    let mut line =
        |bytes: &str, bits: &str, what: &str| writeln!(text, "{INDENT}{bytes:<24}{bits:<10} {what}");
    let Some((&first, rest)) = header.split_first() else { return Ok(()) };
    let fin = if frame.fin { "FIN: the last frame of its message" } else { "no FIN: more frames follow" };
    line(&format!("{first:02x}"), &pick(first, 0x80), fin)?;
    for (bit, name, is_set) in
        [(0x40, "RSV1", frame.rsv1), (0x20, "RSV2", frame.rsv2), (0x10, "RSV3", frame.rsv3)]
    {
        let what = match (is_set, frame.compressed && bit == 0x40) {
            (true, true) => "set: the message is compressed",
            (true, false) => "set",
            (false, _) => "not set",
        };
        line("", &pick(first, bit), &format!("{name} {what}"))?;
    }
    line("", &pick(first, 0x0f), &format!("opcode {:#x}: {}", frame.opcode, frame.name))?;

    let Some((&second, rest)) = rest.split_first() else { return Ok(()) };
    let mask = if second & 0x80 == 0 { "no MASK: as a server sends" } else { "MASK: as a client sends" };
    line(&format!("{second:02x}"), &pick(second, 0x80), mask)?;
    let (extended, what) = match second & 0x7f {
        126 => (2, "126: the length is in the next 2 bytes".into()),
        127 => (8, "127: the length is in the next 8 bytes".into()),
        length => (0, format!("length {length}")),
    };
    line("", &pick(second, 0x7f), &what)?;
    let (length, key) = rest.split_at_checked(extended).unwrap_or((rest, &[]));
    if !length.is_empty() {
        line(&spaced(length), "", &format!("length {}", frame.length))?;
    }
    if !key.is_empty() {
        line(&spaced(key), "", "masking key")?;
    }
    Ok(())
}

/// Writes the bits of a mask as digits, and the others as dots: `.000 ....`.
fn pick(byte: u8, mask: u8) -> String {
    let digit = |place: u8| match (mask.checked_shr(place.into()), byte.checked_shr(place.into())) {
        (Some(mask), Some(byte)) if mask & 1 == 1 => char::from(b'0' | (byte & 1)),
        _ => '.',
    };
    let half = |places: [u8; 4]| places.map(digit).iter().collect::<String>();
    format!("{} {}", half([7, 6, 5, 4]), half([3, 2, 1, 0]))
}
