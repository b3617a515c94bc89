//! Opcodes and reserved bits of a frame's first byte, and the two roles.

use core::{
    fmt,
    ops::{BitOr, BitOrAssign},
};

use crate::FrameError;

/// Our side of the connection.
///
/// A client masks the frames that it sends, a server doesn't (RFC 6455
/// [§5.1](https://www.rfc-editor.org/rfc/rfc6455#section-5.1)).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Role {
    /// We opened the connection.
    Client,
    /// We accepted the connection.
    Server,
}

impl Role {
    /// Returns the other side's role.
    #[must_use]
    #[inline]
    pub const fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// Returns whether this side masks the frames that it sends.
    #[must_use]
    #[inline]
    pub const fn masks(self) -> bool {
        matches!(self, Self::Client)
    }
}

/// Names the side: `client` or `server`.
impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}

/// The kind of a frame.
///
/// RFC 6455 [§5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2),
/// [§11.8](https://www.rfc-editor.org/rfc/rfc6455#section-11.8)
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum Opcode {
    /// A further fragment of the message under way.
    Continuation = 0x0,
    /// The first frame of a text message.
    Text = 0x1,
    /// The first frame of a binary message.
    Binary = 0x2,
    /// Starts or answers the closing handshake.
    Close = 0x8,
    /// Asks for a Pong with the same payload.
    Ping = 0x9,
    /// Answers a Ping, or comes unasked as a sign of life.
    Pong = 0xa,
}

impl Opcode {
    /// Reads the four bits of an opcode; returns `None` for a reserved one.
    ///
    /// ```
    /// use wsproto_frame::Opcode;
    ///
    /// assert_eq!(Opcode::from_bits(0x1), Some(Opcode::Text));
    /// assert_eq!(Opcode::from_bits(0x3), None);
    /// ```
    #[must_use]
    #[inline]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return None,
        })
    }

    /// Returns the four bits of the opcode.
    #[must_use]
    #[inline]
    pub const fn bits(self) -> u8 {
        self as u8
    }

    /// Returns whether this is Close, Ping or Pong.
    ///
    /// RFC 6455 [§5.5](https://www.rfc-editor.org/rfc/rfc6455#section-5.5)
    #[must_use]
    #[inline]
    pub const fn is_control(self) -> bool {
        self.bits() & 0x8 != 0
    }

    /// Returns whether this is Continuation, Text or Binary.
    ///
    /// RFC 6455 [§5.6](https://www.rfc-editor.org/rfc/rfc6455#section-5.6)
    #[must_use]
    #[inline]
    pub const fn is_data(self) -> bool {
        !self.is_control()
    }
}

impl From<Opcode> for u8 {
    fn from(opcode: Opcode) -> Self {
        opcode.bits()
    }
}

/// Reads the four bits as [`Opcode::from_bits`] does; the error is [`FrameError::ReservedOpcode`].
impl TryFrom<u8> for Opcode {
    type Error = FrameError;

    fn try_from(bits: u8) -> Result<Self, FrameError> {
        Self::from_bits(bits).ok_or(FrameError::ReservedOpcode(bits))
    }
}

/// Names the opcode in lower case: `text`, `ping`.
impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Continuation => "continuation",
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Close => "close",
            Self::Ping => "ping",
            Self::Pong => "pong",
        })
    }
}

/// A set of the three reserved bits of a frame; an agreed extension may own each of them.
///
/// RFC 6455 [§5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2)
///
/// ```
/// use wsproto_frame::Rsv;
///
/// let set = Rsv::RSV1 | Rsv::RSV3;
/// assert!(set.contains(Rsv::RSV1) && !set.contains(Rsv::RSV2));
/// ```
#[derive(Clone, Copy, Default, Eq, Hash, PartialEq)]
pub struct Rsv(
    /// The bits at their places in a frame's first byte: only the bits of 0x70 are ever set.
    u8,
);

impl Rsv {
    /// No bit.
    pub const NONE: Self = Self(0);
    /// The first reserved bit, which permessage-deflate owns.
    pub const RSV1: Self = Self(0x40);
    /// The second reserved bit.
    pub const RSV2: Self = Self(0x20);
    /// The third reserved bit.
    pub const RSV3: Self = Self(0x10);

    /// Reads the bits from a frame's first byte.
    #[must_use]
    #[inline]
    pub const fn from_first_byte(byte: u8) -> Self {
        Self(byte & 0x70)
    }

    /// Returns the bits at their places in a frame's first byte.
    #[must_use]
    #[inline]
    pub const fn first_byte(self) -> u8 {
        self.0
    }

    /// Returns whether no bit is set.
    #[must_use]
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns whether this set has every bit of `other`.
    #[must_use]
    #[inline]
    pub const fn contains(self, other: Self) -> bool {
        other.difference(self).is_empty()
    }

    /// Returns whether this set has at least one bit of `other`.
    #[must_use]
    #[inline]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns the bits that are in this set or in `other`.
    #[must_use]
    #[inline]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the bits of this set that are not in `other`.
    #[must_use]
    #[inline]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// Names the bits: `Rsv(1, 3)`.
impl fmt::Debug for Rsv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bits = f.debug_tuple("Rsv");
        for (number, bit) in [(1, Self::RSV1), (2, Self::RSV2), (3, Self::RSV3)] {
            if self.contains(bit) {
                bits.field(&number);
            }
        }
        bits.finish()
    }
}

/// Names the bits: `RSV1, RSV3`; an empty set is `none`.
impl fmt::Display for Rsv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "";
        for (name, bit) in [("RSV1", Self::RSV1), ("RSV2", Self::RSV2), ("RSV3", Self::RSV3)] {
            if self.contains(bit) {
                write!(f, "{before}{name}")?;
                before = ", ";
            }
        }
        if self.is_empty() { f.write_str("none") } else { Ok(()) }
    }
}

impl BitOrAssign for Rsv {
    fn bitor_assign(&mut self, other: Self) {
        *self = self.union(other);
    }
}

impl BitOr for Rsv {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    #[test]
    fn every_nibble_is_an_opcode_or_reserved() {
        let known = [0x0, 0x1, 0x2, 0x8, 0x9, 0xa];
        for bits in 0..=u8::MAX {
            let opcode = Opcode::from_bits(bits);
            assert_eq!(opcode.is_some(), known.contains(&bits), "{bits:#x}");
            if let Some(opcode) = opcode {
                assert_eq!(opcode.bits(), bits);
                assert_eq!(opcode.is_control(), bits >= 0x8);
                assert_ne!(opcode.is_control(), opcode.is_data());
            }
        }
    }

    #[test]
    fn rsv_is_a_set_of_three_bits() {
        let all = Rsv::RSV1 | Rsv::RSV2 | Rsv::RSV3;
        assert_eq!((all.first_byte(), all | Rsv::RSV2), (0x70, all));
        assert_eq!(Rsv::from_first_byte(0xff), all);
        assert!(all.contains(Rsv::RSV2) && !Rsv::RSV2.contains(all));
        assert!(all.intersects(Rsv::RSV3) && !Rsv::RSV1.intersects(Rsv::RSV2));
        assert_eq!(all.difference(Rsv::RSV1), Rsv::RSV2 | Rsv::RSV3);
        assert!(Rsv::NONE.is_empty() && Rsv::default().is_empty());
        assert_eq!(std::format!("{:?} {:?}", Rsv::RSV1 | Rsv::RSV3, Rsv::NONE), "Rsv(1, 3) Rsv");
        assert!(Rsv::NONE.contains(Rsv::NONE) && !Rsv::NONE.intersects(all));
    }

    #[test]
    fn opcodes_bits_and_sides_have_names() {
        #[rustfmt::skip]
        let table = [
            (0x0, Ok("continuation")), (0x1, Ok("text")), (0x2, Ok("binary")),
            (0x8, Ok("close")),        (0x9, Ok("ping")), (0xa, Ok("pong")),
            (0x3, Err(FrameError::ReservedOpcode(0x3))), (0x11, Err(FrameError::ReservedOpcode(0x11))),
        ];
        for (bits, expected) in table {
            let name = Opcode::try_from(bits).map(|opcode| (u8::from(opcode), std::format!("{opcode}")));
            assert_eq!(name, expected.map(|name| (bits, name.into())), "{bits:#x}");
        }
        let mut bits = Rsv::RSV1;
        bits |= Rsv::RSV3;
        assert_eq!(std::format!("{bits} {} {}", Rsv::RSV2, Rsv::NONE), "RSV1, RSV3 RSV2 none");
        assert_eq!(std::format!("{} {:>7}", Role::Client, Role::Server), "client  server");
    }

    #[test]
    fn only_clients_mask() {
        assert!(Role::Client.masks() && !Role::Server.masks());
        assert_eq!(Role::Client.peer(), Role::Server);
        assert_eq!(Role::Server.peer(), Role::Client);
    }
}
