//! The latest bytes of a direction, to show those around an offending byte.

use super::{Context, preview::hex};

/// The number of bytes that are kept: more than a control frame has, because it is judged when it is whole.
const LEN: usize = 192;
/// The number of bytes that are shown before the offending byte, and from it on.
const BEFORE: u64 = 32;
const FROM: usize = 16;

#[derive(Debug, Default)]
pub(super) struct Recent {
    bytes: Vec<u8>,
    /// The offset after the last byte.
    end: u64,
}

impl Recent {
    /// Takes the next bytes, which begin at `offset`.
    pub(super) fn push(&mut self, offset: u64, bytes: &[u8]) {
        let tail = bytes.get(bytes.len().saturating_sub(LEN)..).unwrap_or_default();
        let surplus = self.bytes.len().saturating_add(tail.len()).saturating_sub(LEN);
        self.bytes.drain(..surplus.min(self.bytes.len()));
        self.bytes.extend_from_slice(tail);
        self.end = offset.saturating_add(super::preview::len(bytes));
    }

    /// Returns the byte at an offset and those around it.
    pub(super) fn around(&self, offset: u64) -> (Option<u8>, Context) {
        let start = self.end.saturating_sub(super::preview::len(&self.bytes));
        let first = offset.saturating_sub(BEFORE).max(start);
        let skipped = usize::try_from(first.saturating_sub(start)).unwrap_or(usize::MAX);
        let place = usize::try_from(offset.saturating_sub(first)).unwrap_or(usize::MAX);
        let shown = self.bytes.get(skipped..).unwrap_or_default();
        let shown = shown.get(..place.saturating_add(FROM)).unwrap_or(shown);
        (shown.get(place).copied(), Context { offset: first, hex: hex(shown) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_around_one_are_the_same_however_they_came() {
        let stream: Vec<u8> = (0..=255).collect();
        for piece in [1, 2, 31, 192, 193, 256] {
            let mut recent = Recent::default();
            for (index, part) in stream.chunks(piece).enumerate() {
                recent.push(u64::try_from(index * piece).unwrap(), part);
            }
            let (byte, context) = recent.around(100);
            assert_eq!((byte, context.offset), (Some(100), 68), "{piece}");
            assert_eq!(context.hex, hex(&stream[68..116]), "{piece}");
            assert_eq!(recent.around(255).0, Some(255), "{piece}");
            assert_eq!(recent.around(256).0, None, "{piece}");
        }
    }
}
