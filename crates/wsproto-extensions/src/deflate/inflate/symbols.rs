//! The symbols of a block: literals, and lengths with distances (RFC 1951 §3.2.3).

use super::bit_reader::BitReader;
use super::codes::{Codes, Entry};
use super::history::{self, History};
use super::{BadStream, Pause, Repeat};

/// The reason why decoding stopped.
pub(super) enum Decoded {
    /// The block is over.
    End,
    /// There was no room for the rest of a match.
    Repeat(Repeat),
    Paused(Pause),
}

/// This much input is enough to fill the bits twice. No symbol needs more.
const MARGIN: usize = 16;
/// The most output until the room is checked again: three literals and the longest match, or a copy that is rounded up.
const STRIDE: usize = 3 + 258 + 16;

/// Decodes until the block ends or the stream pauses.
pub(super) fn decode(
    codes: &Codes,
    bits: &mut BitReader,
    input: &mut &[u8],
    history: &mut History,
) -> Result<Decoded, BadStream> {
    if let Some(decoded) = decode_fast(codes, bits, input, history)? {
        return Ok(decoded);
    }
    loop {
        if history.room() == 0 {
            return Ok(Decoded::Paused(Pause::Room));
        }
        if let Some(decoded) = decode_one(codes, bits, input, history)? {
            return Ok(decoded);
        }
    }
}

/// Decodes a symbol whose bits may not all be there. Bits that are there stay until all are.
///
/// Missing bits are read as zeros. A symbol that is found with them has more bits than are there.
fn decode_one(
    codes: &Codes,
    bits: &mut BitReader,
    input: &mut &[u8],
    history: &mut History,
) -> Result<Option<Decoded>, BadStream> {
    const MORE: Result<Option<Decoded>, BadStream> = Ok(Some(Decoded::Paused(Pause::Input)));
    bits.fill(input);
    let mut ahead = *bits;
    let entry = codes.any_literal(ahead.value);
    if entry.code_len() > ahead.count {
        return MORE;
    }
    if entry.is_literal() || entry.is_special() {
        bits.drop(entry.len());
        return match () {
            () if entry.is_end() => Ok(Some(Decoded::End)),
            () if entry.is_special() => Err(BadStream),
            () => {
                history.write(&[entry.literal()]);
                Ok(None)
            }
        };
    }
    if entry.len() > ahead.count {
        return MORE;
    }
    let len = entry.value(ahead.value);
    ahead.drop(entry.len());
    let entry = codes.distance(ahead.value);
    if entry.code_len() > ahead.count {
        return MORE;
    }
    if entry.is_special() {
        return Err(BadStream);
    }
    if entry.len() > ahead.count {
        return MORE;
    }
    let distance = entry.value(ahead.value);
    ahead.drop(entry.len());
    if distance > history.reach() {
        return Err(BadStream);
    }
    *bits = ahead;
    // Both have 16 bits at most.
    let [distance, len] = [distance, len].map(|number| u16::try_from(number).unwrap_or_default());
    let len = history.repeat(distance, len);
    Ok((len > 0).then_some(Decoded::Repeat(Repeat { distance, len })))
}

/// Decodes while there is enough input and room that neither must be checked for each symbol.
fn decode_fast(
    codes: &Codes,
    bits: &mut BitReader,
    input: &mut &[u8],
    history: &mut History,
) -> Result<Option<Decoded>, BadStream> {
    let Some(last) = history.bytes.len().checked_sub(STRIDE) else { return Ok(None) };
    let (mut ahead, mut rest, mut position) = (*bits, *input, history.position);
    let (bytes, window) = (&mut *history.bytes, history.window);
    let outcome = loop {
        if rest.len() < MARGIN || position > last {
            break Ok(None);
        }
        ahead.fill_fast(&mut rest);
        let mut entry = codes.literal(ahead.value);
        // Three literals have at most 45 of 56 bits.
        if entry.is_literal() {
            put(bytes, &mut position, entry, &mut ahead);
            entry = codes.literal(ahead.value);
            if entry.is_literal() {
                put(bytes, &mut position, entry, &mut ahead);
                entry = codes.literal(ahead.value);
                if entry.is_literal() {
                    put(bytes, &mut position, entry, &mut ahead);
                    continue;
                }
            }
        }
        if entry.is_special() {
            if entry.is_second() {
                entry = codes.any_literal(ahead.value);
            }
            if entry.is_literal() {
                put(bytes, &mut position, entry, &mut ahead);
                continue;
            }
            if entry.is_special() {
                ahead.drop(entry.len());
                break if entry.is_end() { Ok(Some(Decoded::End)) } else { Err(BadStream) };
            }
        }
        let len = entry.value(ahead.value);
        ahead.drop(entry.len());
        // A distance has at most 28 bits.
        if ahead.count < 28 {
            ahead.fill_fast(&mut rest);
        }
        let entry = codes.distance(ahead.value);
        let distance = entry.value(ahead.value);
        if entry.is_special() || distance > position.min(window) {
            break Err(BadStream);
        }
        ahead.drop(entry.len());
        history::repeat_fast(bytes, position, distance, len);
        position = position.wrapping_add(len);
    };
    ahead.trim();
    *bits = ahead;
    *input = rest;
    history.position = position;
    outcome
}

/// Writes a literal at the place of the next byte.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the inner loop")]
fn put(bytes: &mut [u8], position: &mut usize, entry: Entry, bits: &mut BitReader) {
    if let Some(to) = bytes.get_mut(*position) {
        *to = entry.literal();
    }
    *position = position.wrapping_add(1);
    bits.drop(entry.len());
}

#[cfg(test)]
mod tests {
    use super::super::codes::FIXED;
    use super::*;
    use crate::deflate::WindowBits;

    /// The code of the literal 0x3f has 8 bits, and is the same in each byte: 0110 1111, its highest bit first.
    const LITERALS: [u8; 101] = [0xf6; 101];

    /// The fast way continues as long as there is input for a symbol and room for the longest one, and no longer.
    #[test]
    fn the_fast_way_is_taken_as_far_as_it_goes() {
        #[rustfmt::skip]
        let table = [
            // input  room  taken, three literals at a time after seven bytes
            (101,     1280, 88),
            (100,     1280, 85),
            (15,      1280, 0),
            (16,      1280, 7),
            (101,     277,  7),
            (101,     279,  7),
            (101,     280,  10),
            (101,     276,  0),
            (101,     0,    0),
        ];
        for (input, room, taken) in table {
            let mut history = History::new(WindowBits::MIN);
            history.make_room();
            history.position = history.bytes.len() - room;
            let start = history.position;
            let (mut bits, mut rest) = (BitReader::default(), &LITERALS[..input]);
            let decoded = decode_fast(&FIXED, &mut bits, &mut rest, &mut history);
            assert!(matches!(decoded, Ok(None)), "{input} {room}");
            assert_eq!(input - rest.len(), taken, "{input} bytes, room of {room}");
            let literals = taken - bits.count as usize / 8;
            assert!(history.bytes[start..history.position].iter().all(|&byte| byte == 0x3f));
            assert_eq!(history.position - start, literals, "{input} bytes, room of {room}");
        }
    }
}
