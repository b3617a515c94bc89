//! The header of a frame: 2 to 14 bytes before the payload.

use core::{fmt, ops::Deref};

use crate::{FrameError, MaskingKey, Opcode, Role, Rsv};

/// A frame's header: all that stands before its payload.
///
/// RFC 6455 [§5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2)
///
/// ```
/// use wsproto_frame::{FrameHeader, Opcode};
///
/// let header = FrameHeader::new(Opcode::Binary, 256);
/// let bytes = header.encode();
/// assert_eq!(*bytes, [0x82, 0x7e, 0x01, 0x00]);
/// assert_eq!(FrameHeader::parse(&bytes)?, Some((header, 4)));
/// # Ok::<(), wsproto_frame::FrameError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FrameHeader {
    /// Whether this is the last frame of its message; always true for a control frame.
    pub fin: bool,
    /// The reserved bits that are set.
    pub rsv: Rsv,
    /// The kind of the frame.
    pub opcode: Opcode,
    /// The key of a masked frame.
    pub mask: Option<MaskingKey>,
    /// The length of the payload in bytes, less than 2⁶³.
    pub payload_len: u64,
}

impl FrameHeader {
    /// The length in bytes of the longest header.
    pub const MAX_LEN: usize = 14;

    /// The length in bytes of the longest payload of a control frame.
    ///
    /// RFC 6455 [§5.5](https://www.rfc-editor.org/rfc/rfc6455#section-5.5)
    pub const MAX_CONTROL_PAYLOAD_LEN: usize = 125;

    /// Makes the header of a whole message in one frame, unmasked and without reserved bits.
    ///
    /// `payload_len` is in bytes.
    #[must_use]
    #[inline]
    pub const fn new(opcode: Opcode, payload_len: u64) -> Self {
        Self { fin: true, rsv: Rsv::NONE, opcode, mask: None, payload_len }
    }

    /// Marks the frame as a fragment that isn't the last one of its message.
    #[must_use]
    #[inline]
    pub const fn unfinished(mut self) -> Self {
        self.fin = false;
        self
    }

    /// Sets the reserved bits.
    #[must_use]
    #[inline]
    pub const fn with_rsv(mut self, rsv: Rsv) -> Self {
        self.rsv = rsv;
        self
    }

    /// Sets the masking key; the caller must also mask the payload with it.
    #[must_use]
    #[inline]
    pub const fn with_mask(mut self, key: MaskingKey) -> Self {
        self.mask = Some(key);
        self
    }

    /// Reads a header from the front of `bytes`; returns `None` until all of it is there.
    ///
    /// On success, returns the header and its length in bytes. It doesn't check the rules that depend on the role, on
    /// earlier frames or on extensions: [`FrameDecoder`](crate::FrameDecoder) does.
    ///
    /// # Errors
    ///
    /// [`FrameError::ReservedOpcode`], [`ControlFragmented`](FrameError::ControlFragmented),
    /// [`ControlTooLong`](FrameError::ControlTooLong), [`LengthNotMinimal`](FrameError::LengthNotMinimal) and
    /// [`LengthTopBit`](FrameError::LengthTopBit). Each comes with the first byte that shows it: after `81 7f` and six
    /// zeros, the length would fit into two bytes, whatever follows.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, FrameError> {
        Self::parse_with(bytes, |_| Ok(()), |_| Ok(()), |_, _| Ok(()))
    }

    /// Reads a header as [`parse`](Self::parse) does, and asks the caller's checks on the way.
    ///
    /// `first_byte` sees the opcode and the flags, `mask_bit` whether the frame is masked. `length` runs at each byte
    /// of the length with the least value that it can still have. So an error comes with the byte that decides it, and
    /// is the same however the bytes arrive.
    #[inline]
    pub(crate) fn parse_with(
        bytes: &[u8],
        first_byte: impl FnOnce(&Self) -> Result<(), FrameError>,
        mask_bit: impl FnOnce(bool) -> Result<(), FrameError>,
        length: impl FnOnce(&Self, u64) -> Result<(), FrameError>,
    ) -> Result<Option<(Self, usize)>, FrameError> {
        let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
        let mut header = Self::from_first_byte(first)?;
        first_byte(&header)?;
        let Some((&second, rest)) = rest.split_first() else { return Ok(None) };
        let masked = second & 0x80 != 0;
        mask_bit(masked)?;
        let Some((payload_len, rest)) = header.read_payload_len(second & 0x7f, rest)? else {
            return length(&header, least_payload_len(second & 0x7f, rest)?).map(|()| None);
        };
        header.payload_len = payload_len;
        length(&header, payload_len)?;
        //= rfc6455#5.2-9, rfc6455#5.3-6
        let rest = if masked {
            let Some((key, rest)) = rest.split_first_chunk() else { return Ok(None) };
            header.mask = Some(MaskingKey::new(*key));
            rest
        } else {
            rest
        };
        Ok(Some((header, bytes.len().saturating_sub(rest.len()))))
    }

    /// Reads the header of a data frame from `sender` without naming faults.
    ///
    /// `None` for a control frame, fewer than 8 bytes, a length of eight bytes, or an invalid header.
    #[inline]
    pub(crate) fn parse_data(bytes: &[u8], sender: Role) -> Option<(Self, usize)> {
        let &[first, second, ref rest @ ..] = bytes.first_chunk::<8>()?;
        let [l0, l1, k0, k1, k2, k3] = *rest;
        let opcode = match first & 0x0f {
            0x0 => Opcode::Continuation,
            0x1 => Opcode::Text,
            0x2 => Opcode::Binary,
            _ => return None,
        };
        let (payload_len, key, header_len) = match (second, sender) {
            (0xfe, Role::Client) => (u16::from_be_bytes([l0, l1]), Some([k0, k1, k2, k3]), 8),
            (0x80..0xfe, Role::Client) => (u16::from(second & 0x7f), Some([l0, l1, k0, k1]), 6),
            (0x7e, Role::Server) => (u16::from_be_bytes([l0, l1]), None, 4),
            (..0x7e, Role::Server) => (u16::from(second), None, 2),
            _ => return None,
        };
        if payload_len < 126 && second & 0x7f == 0x7e {
            return None;
        }
        let (fin, rsv, mask) = (first & 0x80 != 0, Rsv::from_first_byte(first), key.map(MaskingKey::new));
        Some((Self { fin, rsv, opcode, mask, payload_len: u64::from(payload_len) }, header_len))
    }

    #[inline]
    fn from_first_byte(byte: u8) -> Result<Self, FrameError> {
        let bits = byte & 0x0f;
        //= rfc6455#5.2-3
        let opcode = Opcode::from_bits(bits).ok_or(FrameError::ReservedOpcode(bits))?;
        let fin = byte & 0x80 != 0;
        //= rfc6455#5.4-1, rfc6455#5.5-2
        if opcode.is_control() && !fin {
            return Err(FrameError::ControlFragmented);
        }
        Ok(Self { fin, rsv: Rsv::from_first_byte(byte), opcode, mask: None, payload_len: 0 })
    }

    /// Reads the payload's length in any of its three forms; returns `None` until all of its bytes are there.
    #[inline]
    fn read_payload_len(self, short: u8, rest: &[u8]) -> Result<Option<(u64, &[u8])>, FrameError> {
        if short < 126 {
            return Ok(Some((u64::from(short), rest)));
        }
        //= rfc6455#5.5-1
        if self.opcode.is_control() {
            return Err(FrameError::ControlTooLong);
        }
        let (len, rest) = if short == 126 {
            let Some((len, rest)) = rest.split_first_chunk() else { return Ok(None) };
            (u64::from(u16::from_be_bytes(*len)), rest)
        } else {
            //= rfc6455#5.2-4
            if rest.first().is_some_and(|byte| byte & 0x80 != 0) {
                return Err(FrameError::LengthTopBit);
            }
            let Some((len, rest)) = rest.split_first_chunk() else { return Ok(None) };
            //= rfc6455#5.2-8
            (u64::from_be_bytes(*len), rest)
        };
        //= rfc6455#5.2-5
        if len < shortest_of_form(short) {
            return Err(FrameError::LengthNotMinimal);
        }
        Ok(Some((len, rest)))
    }

    /// Checks the rules for a header that the caller made; they are the same for both roles.
    #[inline]
    pub(crate) const fn check(&self) -> Result<(), FrameError> {
        if self.opcode.is_control() && !self.fin {
            return Err(FrameError::ControlFragmented);
        }
        if self.opcode.is_control() && self.payload_len > Self::MAX_CONTROL_PAYLOAD_LEN as u64 {
            return Err(FrameError::ControlTooLong);
        }
        if self.payload_len >> 63 != 0 {
            return Err(FrameError::LengthTopBit);
        }
        Ok(())
    }

    /// Writes the header, its length in the shortest form.
    #[must_use]
    #[inline]
    pub fn encode(&self) -> EncodedHeader {
        let mut encoded = EncodedHeader { bytes: [0; Self::MAX_LEN], len: 0 };
        self.encode_to(|bytes| encoded.push(bytes));
        encoded
    }

    /// Writes the header as [`encode`](Self::encode) does, in one to three pieces with lengths known at compile time.
    ///
    /// This is the fastest way to append a header to a buffer.
    ///
    /// ```
    /// use wsproto_frame::{FrameHeader, Opcode};
    ///
    /// let mut out = Vec::new();
    /// FrameHeader::new(Opcode::Binary, 256).encode_to(|bytes| out.extend_from_slice(bytes));
    /// assert_eq!(out, [0x82, 0x7e, 0x01, 0x00]);
    /// ```
    #[inline]
    pub fn encode_to(&self, mut append: impl FnMut(&[u8])) {
        let first = if self.fin { 0x80 } else { 0 } | self.rsv.first_byte() | self.opcode.bits();
        //= rfc6455#5.3-1
        let mask_bit = if self.mask.is_some() { 0x80 } else { 0 };
        //= rfc6455#5.2-5
        match (u8::try_from(self.payload_len), u16::try_from(self.payload_len)) {
            (Ok(len @ ..126), _) => append(&[first, mask_bit | len]),
            (_, Ok(len)) => {
                let [a, b] = len.to_be_bytes();
                append(&[first, mask_bit | 0x7e, a, b]);
            }
            (_, Err(_)) => {
                append(&[first, mask_bit | 0x7f]);
                append(&self.payload_len.to_be_bytes());
            }
        }
        if let Some(key) = self.mask {
            append(&key.to_bytes());
        }
    }
}

/// Returns the smallest length that needs the form `short`: 126 (two bytes) or 127 (eight bytes).
#[inline]
const fn shortest_of_form(short: u8) -> u64 {
    if short == 126 { 126 } else { 0x1_0000 }
}

/// Returns the smallest value that a length can have after its first bytes.
#[cold]
fn least_payload_len(short: u8, first_bytes: &[u8]) -> Result<u64, FrameError> {
    let form = if short == 126 { 0..2 } else { 0..8 };
    let (least, most) = form.fold((0, 0), |(least, most), place| {
        let (low, high) = first_bytes.get(place).map_or((0, 0xff), |byte| (*byte, *byte));
        (least << 8 | u64::from(low), most << 8 | u64::from(high))
    });
    //= rfc6455#5.2-5
    if most < shortest_of_form(short) {
        return Err(FrameError::LengthNotMinimal);
    }
    Ok(least)
}

/// An encoded header, 2 to 14 bytes: [`FrameHeader::encode`] makes it.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct EncodedHeader {
    bytes: [u8; FrameHeader::MAX_LEN],
    /// How many of the bytes count: at most 14.
    len: u8,
}

impl EncodedHeader {
    #[inline]
    fn push(&mut self, bytes: &[u8]) {
        let place = self.bytes.get_mut(usize::from(self.len)..).unwrap_or_default();
        if let (Some(place), Ok(len)) = (place.get_mut(..bytes.len()), u8::try_from(bytes.len())) {
            place.copy_from_slice(bytes);
            self.len = self.len.saturating_add(len);
        }
    }
}

/// Shows the length of the header, not its bytes: a masked header ends with the key.
impl fmt::Debug for EncodedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncodedHeader({} bytes)", self.len)
    }
}

impl Deref for EncodedHeader {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or(&self.bytes)
    }
}

impl AsRef<[u8]> for EncodedHeader {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self
    }
}

#[cfg(test)]
mod tests;
