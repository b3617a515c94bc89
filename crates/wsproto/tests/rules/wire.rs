//! Frames as bytes, and bytes as frames, by the diagram of RFC 6455 §5.2 and without the library.

use crate::ways::{Over, Side};

/// A frame of the peer, valid or invalid.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    first: u8,
    /// Whether its mask bit is wrong for the side.
    wrong_mask: bool,
    form: Form,
    payload: Vec<u8>,
}

/// The form of the length.
#[derive(Clone, Copy, Debug)]
enum Form {
    Shortest,
    /// In two bytes, even if one is enough.
    Two(u16),
    Eight(u64),
}

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

impl Frame {
    /// Makes a last or only data frame.
    pub(crate) fn data(opcode: u8, payload: &[u8]) -> Self {
        Self { first: 0x80 | opcode, wrong_mask: false, form: Form::Shortest, payload: payload.to_vec() }
    }

    pub(crate) fn control(opcode: u8, payload: &[u8]) -> Self {
        Self::data(opcode, payload)
    }

    pub(crate) fn close(code: u16, reason: &[u8]) -> Self {
        Self::control(0x8, &[&code.to_be_bytes()[..], reason].concat())
    }

    pub(crate) fn unfinished(mut self) -> Self {
        self.first &= 0x7f;
        self
    }

    /// Sets reserved bits, at their places in the first byte.
    pub(crate) fn with_bits(mut self, bits: u8) -> Self {
        self.first |= bits;
        self
    }

    pub(crate) fn with_wrong_mask(mut self) -> Self {
        self.wrong_mask = true;
        self
    }

    pub(crate) fn with_len_in_two(mut self, len: u16) -> Self {
        self.form = Form::Two(len);
        self
    }

    pub(crate) fn with_len_in_eight(mut self, len: u64) -> Self {
        self.form = Form::Eight(len);
        self
    }

    pub(crate) const fn opcode(&self) -> u8 {
        self.first & 0x0f
    }

    pub(crate) const fn is_last(&self) -> bool {
        self.first & 0x80 != 0
    }

    pub(crate) const fn payload_len(&self) -> usize {
        self.payload.len()
    }

    /// Returns the bytes of the frame to this side.
    pub(crate) fn to(&self, side: Side) -> Vec<u8> {
        let masked = (side == Side::Server) != self.wrong_mask;
        let bit = if masked { 0x80 } else { 0 };
        let mut bytes = vec![self.first];
        match (self.form, self.payload.len()) {
            (Form::Two(len), _) => bytes.extend([&[bit | 0x7e][..], &len.to_be_bytes()].concat()),
            (Form::Eight(len), _) => bytes.extend([&[bit | 0x7f][..], &len.to_be_bytes()].concat()),
            (Form::Shortest, len @ 0..126) => bytes.push(bit | u8::try_from(len).unwrap()),
            (Form::Shortest, len @ 126..0x1_0000) => {
                bytes.push(bit | 0x7e);
                bytes.extend(u16::try_from(len).unwrap().to_be_bytes());
            }
            (Form::Shortest, len) => {
                bytes.push(bit | 0x7f);
                bytes.extend((len as u64).to_be_bytes());
            }
        }
        if masked {
            bytes.extend(KEY);
        }
        let key = if masked { KEY } else { [0; 4] };
        bytes.extend(self.payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        bytes
    }
}

/// Returns the bytes of frames to this side.
pub(crate) fn bytes(side: Side, frames: &[Frame]) -> Vec<u8> {
    frames.iter().flat_map(|frame| frame.to(side)).collect()
}

/// Returns an extension's output for a whole message: the bits of its first frame, and its bytes.
pub(crate) fn encoded(over: Over, data: &[u8]) -> (u8, Vec<u8>) {
    match over {
        Over::Nothing => (0, data.to_vec()),
        Over::Foreign => (0x20, data.iter().map(|byte| byte ^ 0x55).collect()),
        Over::Takeover | Over::NoTakeover => (0x40, stored(data)),
    }
}

/// Returns a message after the extension, in frames that are cut at these places of its bytes.
pub(crate) fn message(over: Over, opcode: u8, data: &[u8], cuts: &[usize]) -> Vec<Frame> {
    let (bits, bytes) = encoded(over, data);
    fragments(opcode, bits, &bytes, cuts)
}

/// Returns a message with these bytes, in frames that are cut at these places.
pub(crate) fn fragments(opcode: u8, bits: u8, bytes: &[u8], cuts: &[usize]) -> Vec<Frame> {
    let places: Vec<usize> = [0].into_iter().chain(cuts.iter().copied()).chain([bytes.len()]).collect();
    let last = places.len() - 2;
    let frame = |(number, place): (usize, &[usize])| {
        let payload = &bytes[place[0]..place[1]];
        let frame = if number == 0 {
            Frame::data(opcode, payload).with_bits(bits)
        } else {
            Frame::data(0x0, payload)
        };
        if number == last { frame } else { frame.unfinished() }
    };
    places.windows(2).enumerate().map(frame).collect()
}

/// Returns the frames with a Ping of `p` between any two.
pub(crate) fn with_pings(frames: &[Frame]) -> Vec<Frame> {
    let ping = [Frame::control(0x9, b"p")];
    frames.iter().map(std::slice::from_ref).collect::<Vec<_>>().join(&ping[..])
}

/// Returns a message as one stored block of DEFLATE and the start of an empty one (RFC 7692 §7.2.3.3).
fn stored(data: &[u8]) -> Vec<u8> {
    if data.is_empty() {
        return vec![0];
    }
    let len = u16::try_from(data.len()).expect("a short message");
    [&[0][..], &len.to_le_bytes(), &(!len).to_le_bytes(), data, &[0]].concat()
}

/// Returns a message of 1 + 258·n zero bytes in one block with fixed codes: a literal, and n matches of 258 at distance
/// 1.
pub(crate) fn deflated_zeros(n: usize) -> Vec<u8> {
    // In order: not the last block, fixed codes, the literal 0; n times the symbol 285 and the distance code 0; the end
    // of the block, and the start of an empty stored block.
    let bits = ["01000110000", &"1100010100000".repeat(n), "0000000000"].concat();
    let byte = |bits: &[u8]| bits.iter().rev().fold(0, |sum, bit| sum << 1 | u8::from(*bit == b'1'));
    bits.as_bytes().chunks(8).map(byte).collect()
}

/// A frame that we sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Sent {
    pub(crate) first: u8,
    pub(crate) key: Option<[u8; 4]>,
    pub(crate) payload: Vec<u8>,
}

/// Reads all bytes that we sent, as frames.
pub(crate) fn sent(mut bytes: &[u8]) -> Vec<Sent> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        let (len, rest) = match second & 0x7f {
            126 => (usize::from(rest[0]) << 8 | usize::from(rest[1]), &rest[2..]),
            127 => (usize::try_from(u64::from_be_bytes(rest[..8].try_into().unwrap())).unwrap(), &rest[8..]),
            len => (usize::from(len), rest),
        };
        let (key, rest) = if second & 0x80 == 0 {
            (None, rest)
        } else {
            (Some(<[u8; 4]>::try_from(&rest[..4]).unwrap()), &rest[4..])
        };
        let (payload, rest) = rest.split_at(len);
        let mask = key.unwrap_or_default();
        let payload = payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
        frames.push(Sent { first: *first, key, payload });
        bytes = rest;
    }
    assert!(bytes.is_empty(), "half a header: {bytes:02x?}");
    frames
}
