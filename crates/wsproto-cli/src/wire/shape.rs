//! The header of a frame, valid or not.
//!
//! This module only finds the parts of a header, because a header that breaks a rule is shown, too. The judge decides
//! whether it is valid.

use wsproto::frame::FrameHeader;

/// The bytes of a header that have come.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    bytes: Vec<u8>,
}

impl Shape {
    /// Takes bytes off the front of `rest` until the header is whole. Returns whether it is.
    pub(super) fn take(&mut self, rest: &mut &[u8]) -> bool {
        loop {
            let missing = self.needed().saturating_sub(self.bytes.len());
            if missing == 0 {
                return true;
            }
            let (taken, left) = rest.split_at_checked(missing).unwrap_or((rest, &[]));
            if taken.is_empty() {
                return false;
            }
            self.bytes.extend_from_slice(taken);
            *rest = left;
        }
    }

    /// Returns the length of the header in bytes, as far as it is known.
    fn needed(&self) -> usize {
        let extended = usize::try_from(self.length_len()).unwrap_or(usize::MAX);
        let mask: usize = if self.is_masked() { 4 } else { 0 };
        extended.saturating_add(mask).saturating_add(2).min(FrameHeader::MAX_LEN)
    }

    /// Returns the number of bytes of the extended length.
    pub(super) fn length_len(&self) -> u64 {
        match self.second() & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn first(&self) -> u8 {
        self.bytes.first().copied().unwrap_or_default()
    }

    fn second(&self) -> u8 {
        self.bytes.get(1).copied().unwrap_or_default()
    }

    pub(super) fn fin(&self) -> bool {
        self.first() & 0x80 != 0
    }

    /// Returns whether RSV1, RSV2 and RSV3 are set.
    pub(super) fn rsv(&self) -> [bool; 3] {
        [0x40, 0x20, 0x10].map(|bit| self.first() & bit != 0)
    }

    pub(super) fn opcode(&self) -> u8 {
        self.first() & 0x0f
    }

    pub(super) fn is_control(&self) -> bool {
        self.opcode() & 0x08 != 0
    }

    /// Returns the RFC's name of the opcode.
    pub(super) fn name(&self) -> &'static str {
        match self.opcode() {
            0 => "continuation",
            1 => "text",
            2 => "binary",
            8 => "close",
            9 => "ping",
            10 => "pong",
            _ => "reserved",
        }
    }

    fn is_masked(&self) -> bool {
        self.second() & 0x80 != 0
    }

    /// Returns the masking key, if there is one and it is whole.
    pub(super) fn key(&self) -> Option<[u8; 4]> {
        let is_whole = self.bytes.len() == self.needed();
        self.bytes.last_chunk().copied().filter(|_| is_whole && self.is_masked())
    }

    /// Returns the payload length that the header states; if the length was cut, its beginning.
    pub(super) fn length(&self) -> u64 {
        let extended = |len: usize| {
            let bytes = self.bytes.iter().skip(2).take(len);
            bytes.fold(0, |length: u64, byte| (length << 8) | u64::from(*byte))
        };
        match self.second() & 0x7f {
            126 => extended(2),
            127 => extended(8),
            short => short.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wsproto::frame::{MaskingKey, Opcode, Rsv};

    #[test]
    fn a_good_header_has_the_shape_that_the_codec_reads() {
        for length in [0, 1, 125, 126, 127, 128, 65_535, 65_536, u64::MAX >> 1] {
            for masked in [false, true] {
                for rsv in [Rsv::NONE, Rsv::RSV1, Rsv::RSV2, Rsv::RSV3] {
                    let mut header = FrameHeader::new(Opcode::Binary, length).with_rsv(rsv);
                    if masked {
                        header = header.with_mask(MaskingKey::new([1, 2, 3, 4]));
                    }
                    let encoded = header.encode();
                    for cut in 0..=encoded.len() {
                        let mut shape = Shape::default();
                        let whole = shape.take(&mut &encoded[..cut]);
                        assert_eq!(whole, cut == encoded.len(), "{header:?}, cut at {cut}");
                        let mut rest = &[&encoded[cut..], b"payload"].concat()[..];
                        assert!(shape.take(&mut rest), "{header:?}");
                        assert_eq!((rest, shape.length()), (&b"payload"[..], length), "{header:?}");
                        assert_eq!(shape.key(), masked.then_some([1, 2, 3, 4]), "{header:?}");
                        assert_eq!((shape.name(), shape.fin()), ("binary", true), "{header:?}");
                        let bits = [Rsv::RSV1, Rsv::RSV2, Rsv::RSV3].map(|bit| rsv.contains(bit));
                        assert_eq!(shape.rsv(), bits, "{header:?}");
                    }
                }
            }
        }
    }
}
