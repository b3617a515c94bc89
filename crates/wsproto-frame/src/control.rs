//! The payload of a control frame, joined from the reads that carry it.

use core::fmt;

use crate::{FrameChunk, FrameHeader};

/// Collects the payload of a control frame, at most 125 bytes, from the parts in which it arrives.
///
/// One collector serves a whole connection: no other frame comes between two parts of a control frame, and the first
/// part of the next control frame starts the collector again.
///
/// RFC 6455 [§5.5](https://www.rfc-editor.org/rfc/rfc6455#section-5.5)
///
/// ```
/// use wsproto_frame::{ControlPayload, FrameDecoder, Role};
///
/// let mut decoder = FrameDecoder::new(Role::Client);
/// let mut control = ControlPayload::new();
/// let (mut first, mut second) = (*b"\x89\x05He", *b"llo");
///
/// let chunk = decoder.decode(&mut &mut first[..])?.expect("the start of a Ping");
/// assert_eq!(control.push(&chunk), None);
/// let chunk = decoder.decode(&mut &mut second[..])?.expect("the rest of it");
/// assert_eq!(control.push(&chunk), Some(&b"Hello"[..]));
/// # Ok::<(), wsproto_frame::FrameError>(())
/// ```
#[derive(Clone)]
pub struct ControlPayload {
    bytes: [u8; FrameHeader::MAX_CONTROL_PAYLOAD_LEN],
    /// How many of the bytes have arrived: at most 125.
    len: u8,
}

impl ControlPayload {
    /// Makes a collector that holds nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; FrameHeader::MAX_CONTROL_PAYLOAD_LEN], len: 0 }
    }

    /// Takes a part of a control frame; returns the payload when the frame has ended.
    ///
    /// A part of a data frame gives `None` and changes nothing. A decoder never gives a control frame of more than 125
    /// bytes; in a part that the caller made itself, bytes past 125 are dropped.
    pub fn push(&mut self, part: &FrameChunk<impl AsRef<[u8]>>) -> Option<&[u8]> {
        if part.header.opcode.is_data() {
            return None;
        }
        if part.frame_started {
            self.len = 0;
        }
        for (to, from) in self.bytes.iter_mut().skip(usize::from(self.len)).zip(part.payload.as_ref()) {
            *to = *from;
            self.len = self.len.saturating_add(1);
        }
        part.frame_finished.then(|| self.bytes.get(..usize::from(self.len)).unwrap_or(&self.bytes))
    }
}

impl Default for ControlPayload {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows the length of the payload, not its bytes: payloads don't belong in logs.
impl fmt::Debug for ControlPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ControlPayload({} bytes)", self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FrameDecoder, Opcode, Role};

    extern crate std;
    use std::{format, vec::Vec};

    /// Decodes in reads of `size` bytes and collects the control frames.
    fn collected(bytes: &[u8], size: usize) -> Vec<(Opcode, Vec<u8>)> {
        let (mut decoder, mut control) = (FrameDecoder::new(Role::Server), ControlPayload::new());
        let mut found = Vec::new();
        for read in bytes.to_vec().chunks_mut(size) {
            let mut input = read;
            while let Some(part) = decoder.decode(&mut input).unwrap() {
                if let Some(payload) = control.push(&part) {
                    found.push((part.header.opcode, payload.to_vec()));
                }
            }
        }
        found
    }

    #[test]
    fn a_payload_comes_whole_however_it_was_read() {
        let key = [1, 2, 3, 4];
        let frame = |first: u8, payload: &[u8]| {
            let masked = payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key);
            let header = [&[first, 0x80 | u8::try_from(payload.len()).unwrap()][..], &key].concat();
            header.into_iter().chain(masked).collect::<Vec<u8>>()
        };
        let longest: Vec<u8> = (0..125).collect();
        let bytes = [
            frame(0x89, b"first"),
            frame(0x01, b"a message"),
            frame(0x8a, b""),
            frame(0x89, &longest),
            frame(0x80, b"ends"),
            frame(0x88, b"\x03\xe8"),
        ]
        .concat();
        let expected = [
            (Opcode::Ping, b"first".to_vec()),
            (Opcode::Pong, Vec::new()),
            (Opcode::Ping, longest),
            (Opcode::Close, b"\x03\xe8".to_vec()),
        ];
        for size in 1..=bytes.len() {
            assert_eq!(collected(&bytes, size), expected, "in reads of {size}");
        }
    }

    #[test]
    fn what_is_too_long_was_not_decoded_and_is_cut() {
        let mut control = ControlPayload::default();
        let header = FrameHeader::new(Opcode::Ping, 126);
        let (mut payload, message) = ([7; 126], Opcode::Ping);
        let part =
            FrameChunk { header, message, payload: &mut payload, frame_started: true, frame_finished: true };
        assert_eq!(control.push(&part), Some(&[7; 125][..]));
        assert_eq!(format!("{control:?}"), "ControlPayload(125 bytes)");
    }
}
