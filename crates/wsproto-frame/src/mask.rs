//! Masking: exclusive or with a key of four bytes. It can stop and go on at any byte.

// Measured: under AVX-512 a loop over words takes an eighth of the time of a loop over blocks, and a store that isn't
// aligned costs twice as much as one that is. Payloads of at most 16 bytes take two words, without a loop.

#![expect(clippy::inline_always, reason = "a call costs as much as the masking of a short payload")]

use core::fmt;

/// The masking key of a frame, turned so that its first byte belongs to the next byte of the payload.
///
/// RFC 6455 [§5.3](https://www.rfc-editor.org/rfc/rfc6455#section-5.3)
///
/// ```
/// use wsproto_frame::MaskingKey;
///
/// let mut whole = *b"Hello";
/// MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]).apply(&mut whole);
/// assert_eq!(whole, [0x7f, 0x9f, 0x4d, 0x51, 0x58]);
///
/// // In parts: the key goes on where it stopped.
/// let mut parts = *b"Hello";
/// let mut key = MaskingKey::new([0x37, 0xfa, 0x21, 0x3d]);
/// key.apply(&mut parts[..3]);
/// key.apply(&mut parts[3..]);
/// assert_eq!(parts, whole);
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct MaskingKey([u8; 4]);

impl MaskingKey {
    /// Makes a key from four bytes in the order of the wire.
    ///
    /// The key of an outgoing frame must be unpredictable (RFC 6455
    /// [§10.3](https://www.rfc-editor.org/rfc/rfc6455#section-10.3)).
    #[must_use]
    #[inline]
    pub const fn new(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// Returns the four bytes; the first one belongs to the next byte of the payload.
    #[must_use]
    #[inline]
    pub const fn to_bytes(self) -> [u8; 4] {
        self.0
    }

    /// Returns a masked copy of a part of a payload.
    ///
    /// Its length must be a multiple of four, so that the key stays as it is. The compiler knows the length, so the
    /// part stays in registers: use it to copy and mask at once.
    ///
    /// ```
    /// use wsproto_frame::MaskingKey;
    ///
    /// assert_eq!(MaskingKey::new([1, 2, 3, 4]).masked(*b"\x01\x02\x03\x04Hell"), *b"\0\0\0\0Igoh");
    /// ```
    #[must_use]
    #[inline]
    pub fn masked<const N: usize>(self, mut part: [u8; N]) -> [u8; N] {
        const { assert!(N.is_multiple_of(4), "the key would have to turn") };
        xor(&mut part, self.twice());
        part
    }

    /// Masks or unmasks the next part of a payload in place, and turns the key by its length.
    #[inline]
    pub fn apply(&mut self, payload: &mut [u8]) {
        self.apply_whole(payload);
        *self = self.turned(payload.len());
    }

    /// Returns the key for the byte that comes `len` bytes later.
    #[inline]
    pub(crate) fn turned(self, len: usize) -> Self {
        let bits = u32::try_from(len % 4).unwrap_or_default().wrapping_mul(8);
        Self(u32::from_le_bytes(self.0).rotate_right(bits).to_le_bytes())
    }

    /// Does as [`apply`](Self::apply) on 4 to 8 bytes and returns the result as a word, the first byte in its lowest bits;
    /// `None` for other lengths, which are left as they are.
    #[inline(always)]
    pub(crate) fn apply_to_word(&mut self, part: &mut [u8]) -> Option<u64> {
        let overlap = 8_usize.checked_sub(part.len())?;
        let last_key = self.turned(part.len());
        let first = u32::from_le_bytes(*part.first_chunk()?) ^ u32::from_le_bytes(self.0);
        let last = u32::from_le_bytes(*part.last_chunk()?) ^ u32::from_le_bytes(last_key.0);
        write_both(part, first.to_le_bytes(), last.to_le_bytes());
        *self = last_key;
        Some(u64::from(first) | u64::from(last) << 32 >> (overlap & 7).wrapping_mul(8))
    }

    /// Does as [`apply`](Self::apply) with a part of one byte.
    #[inline]
    pub(crate) fn apply_to_byte(&mut self, byte: &mut u8) {
        let [first, ..] = self.0;
        *byte ^= first;
        *self = self.turned(1);
    }

    /// Masks or unmasks a payload, or the last part of one, in place; the key isn't needed after it.
    #[inline(always)]
    pub(crate) fn apply_whole(self, payload: &mut [u8]) {
        if payload.len() <= SHORT {
            xor_short(payload, self);
        } else {
            self.apply_out_of_line(payload);
        }
    }

    #[inline(never)]
    fn apply_out_of_line(self, payload: &mut [u8]) {
        if self.0 == [0; 4] {
            return;
        }
        if payload.len() < LONG {
            xor(payload, self.twice());
        } else {
            xor_long(payload, self);
        }
    }

    /// Returns the key twice, as one word. To build the word from eight bytes would take thirty instructions.
    #[inline]
    fn twice(self) -> u64 {
        let key = u64::from(u32::from_ne_bytes(self.0));
        key << 32 | key
    }
}

/// The length of two words in bytes.
const SHORT: usize = 16;

/// Masks at most 16 bytes with two words. Both are read before one is written, so they may overlap.
#[inline(always)]
fn xor_short(payload: &mut [u8], key: MaskingKey) {
    let last_key = key.turned(payload.len());
    if let (Some(first), Some(last)) = (payload.first_chunk::<8>(), payload.last_chunk()) {
        let first = (u64::from_ne_bytes(*first) ^ key.twice()).to_ne_bytes();
        let last = (u64::from_ne_bytes(*last) ^ last_key.twice()).to_ne_bytes();
        write_both(payload, first, last);
    } else if let (Some(first), Some(last)) = (payload.first_chunk::<4>(), payload.last_chunk()) {
        let first = (u32::from_ne_bytes(*first) ^ u32::from_ne_bytes(key.0)).to_ne_bytes();
        let last = (u32::from_ne_bytes(*last) ^ u32::from_ne_bytes(last_key.0)).to_ne_bytes();
        write_both(payload, first, last);
    } else {
        for (byte, key) in payload.iter_mut().zip(key.0) {
            *byte ^= key;
        }
    }
}

#[inline(always)]
fn write_both<const N: usize>(payload: &mut [u8], first: [u8; N], last: [u8; N]) {
    if let Some(place) = payload.first_chunk_mut() {
        *place = first;
    }
    if let Some(place) = payload.last_chunk_mut() {
        *place = last;
    }
}

/// From this length on the blocks are aligned to memory first: an unaligned store costs twice as much.
const LONG: usize = 384;

/// The length of the longest vectors in bytes.
const VECTOR: usize = 64;

#[inline(never)]
fn xor_long(payload: &mut [u8], mut key: MaskingKey) {
    let start = payload.as_ptr().align_offset(VECTOR).min(VECTOR);
    let (start, rest) = payload.split_at_mut_checked(start).unwrap_or_default();
    key.apply(start);
    #[cfg(feature = "fearless_simd")]
    if rest.len() >= WIDE {
        return xor_wide(rest, key.twice());
    }
    xor(rest, key.twice());
}

/// From this length on, detecting the processor's instructions pays off.
#[cfg(feature = "fearless_simd")]
const WIDE: usize = 768;

/// Does as [`xor`], compiled for the best instructions of the processor.
#[cfg(feature = "fearless_simd")]
fn xor_wide(payload: &mut [u8], key: u64) {
    use fearless_simd::{Level, Simd, dispatch};

    let (words, tail) = payload.as_chunks_mut::<8>();
    dispatch!(Level::new(), simd => simd.vectorize(#[inline(always)] || xor_words(words, key)));
    xor_tail(tail, key);
}

/// Masks blocks of 64 bytes with vector instructions, then words, then bytes.
#[inline(always)]
fn xor(payload: &mut [u8], key: u64) {
    let (blocks, rest) = payload.as_chunks_mut::<64>();
    //= rfc6455#5.3-5
    for block in blocks {
        xor_words(block.as_chunks_mut().0, key);
    }
    let (words, tail) = rest.as_chunks_mut::<8>();
    xor_words(words, key);
    xor_tail(tail, key);
}

/// Masks word by word; the compiler chooses how many words go at once.
///
/// With blocks instead of words it gathers words across blocks under AVX-512, and the loop takes eight times as long.
#[inline(always)]
fn xor_words(words: &mut [[u8; 8]], key: u64) {
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ key).to_ne_bytes();
    }
}

/// Masks the at most 7 bytes after the last whole word, without a loop.
#[inline(always)]
fn xor_tail(tail: &mut [u8], key: u64) {
    let [a, b, c, d, ..] = key.to_ne_bytes();
    let (halves, rest) = tail.as_chunks_mut::<4>();
    if let [half, ..] = halves {
        *half = (u32::from_ne_bytes(*half) ^ u32::from_ne_bytes([a, b, c, d])).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip([a, b, c]) {
        *byte ^= key;
    }
}

/// Shows no byte of the key: a log with the key would reveal the payload.
impl fmt::Debug for MaskingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MaskingKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    extern crate std;
    use proptest::prelude::*;
    use std::{format, vec::Vec};

    /// §5.3 word for word: byte i of the result is byte i of the payload, exclusive or byte i modulo 4 of the key.
    fn oracle(payload: &[u8], key: [u8; 4]) -> Vec<u8> {
        payload.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect()
    }

    //= rfc6455#5.3-5, rfc6455#6.2-5
    #[test]
    fn every_length_to_200_in_two_parts() {
        let key = [0x12, 0x34, 0x56, 0x78];
        // Blocks of 64 bytes, and the bytes after them.
        let (longest, every): (u8, usize) = if cfg!(miri) { (70, 5) } else { (200, 1) };
        for len in 0..longest {
            let plain: Vec<u8> = (0..len).map(|i| i.wrapping_mul(7)).collect();
            let expected = oracle(&plain, key);
            for cut in (0..=plain.len()).step_by(every) {
                let mut masked = plain.clone();
                let mut mask = MaskingKey::new(key);
                let (front, back) = masked.split_at_mut(cut);
                mask.apply(front);
                mask.apply(back);
                assert_eq!(masked, expected, "length {len}, cut at {cut}");
                assert_eq!(mask.to_bytes()[0], key[plain.len() % 4]);
            }
        }
    }

    #[test]
    fn long_payloads_wherever_they_lie_in_memory() {
        let key = [0x12, 0x34, 0x56, 0x78];
        let plain: Vec<u8> = (0..2100_u16).map(|i| i.to_le_bytes()[0]).collect();
        for len in [LONG - 1, LONG, LONG + 1, LONG + 65, 500, 767, 768, 769, 801, 2000] {
            for start in (0..40).step_by(if cfg!(miri) { 7 } else { 1 }) {
                let mut masked = plain.clone();
                let mut mask = MaskingKey::new(key);
                mask.apply(&mut masked[start..start + len]);
                let expected = oracle(&plain[start..start + len], key);
                assert_eq!(&masked[start..start + len], expected, "length {len} from {start}");
                assert_eq!(
                    (&masked[..start], &masked[start + len..]),
                    (&plain[..start], &plain[start + len..])
                );
                assert_eq!(mask.to_bytes()[0], key[len % 4]);
            }
        }
    }

    #[test]
    fn a_masked_copy() {
        let plain = *b"eight by";
        assert_eq!(MaskingKey::new([9, 8, 7, 6]).masked(plain), *oracle(&plain, [9, 8, 7, 6]));
    }

    #[test]
    fn debug_hides_the_key() {
        assert_eq!(format!("{:?}", MaskingKey::new([1, 2, 3, 4])), "MaskingKey(..)");
    }

    proptest! {
        //= rfc6455#5.3-5
        #[test]
        fn any_chunking_equals_the_rfc(plain: Vec<u8>, key: [u8; 4], cuts in proptest::collection::vec(0usize..80, 0..20)) {
            let mut masked = plain.clone();
            let mut mask = MaskingKey::new(key);
            let mut rest = &mut masked[..];
            for cut in cuts {
                let cut = cut.min(rest.len());
                let (part, after) = rest.split_at_mut(cut);
                mask.apply(part);
                rest = after;
            }
            mask.apply(rest);
            prop_assert_eq!(masked, oracle(&plain, key));
        }
    }
}
