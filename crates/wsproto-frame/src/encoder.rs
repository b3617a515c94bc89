//! Outgoing frames: headers that the peer's decoder accepts.

use crate::{EncodedHeader, FrameError, FrameHeader, Opcode, Role, fragmentation::follow};

/// Encodes the headers of the frames that one side sends, and keeps the rules for their order.
///
/// Encoding a header changes the state, so the caller must send the payload next. A client masks it with the header's
/// key.
///
/// ```
/// use wsproto_frame::{FrameEncoder, FrameError, FrameHeader, Opcode, Role};
///
/// let mut encoder = FrameEncoder::new(Role::Server);
/// let first = encoder.encode(&FrameHeader::new(Opcode::Text, 3).unfinished())?;
/// assert_eq!(*first, [0x01, 0x03]);
/// let another = encoder.encode(&FrameHeader::new(Opcode::Text, 3));
/// assert_eq!(another, Err(FrameError::MessageInterrupted));
/// # Ok::<(), FrameError>(())
/// ```
#[derive(Clone, Debug)]
pub struct FrameEncoder {
    role: Role,
    /// The message under way, Text or Binary.
    message: Option<Opcode>,
}

impl FrameEncoder {
    /// Makes the encoder of the side that `role` names.
    #[must_use]
    pub const fn new(role: Role) -> Self {
        Self { role, message: None }
    }

    /// Returns our message under way, Text or Binary, while its last fragment hasn't been sent; `None` between
    /// messages.
    #[must_use]
    #[inline]
    pub const fn message(&self) -> Option<Opcode> {
        self.message
    }

    /// Checks a header and writes it.
    ///
    /// # Errors
    ///
    /// Any [`FrameError`] that the peer would raise at this header; the encoder stays unchanged.
    #[inline]
    pub fn encode(&mut self, header: &FrameHeader) -> Result<EncodedHeader, FrameError> {
        self.check(header)?;
        Ok(header.encode())
    }

    /// Checks a header and counts it as sent, as [`encode`](Self::encode) does, without writing it.
    ///
    /// # Errors
    ///
    /// As for [`encode`](Self::encode).
    #[inline]
    pub fn check(&mut self, header: &FrameHeader) -> Result<(), FrameError> {
        let (_, message) = follow(self.message, header)?;
        match (self.role, header.mask) {
            //= rfc6455#5.1-1, rfc6455#6.1-7
            (Role::Client, None) => return Err(FrameError::NotMasked),
            //= rfc6455#5.1-3
            (Role::Server, Some(_)) => return Err(FrameError::Masked),
            (Role::Client, Some(_)) | (Role::Server, None) => {}
        }
        header.check()?;
        self.message = message;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MaskingKey, Rsv};

    #[test]
    fn refuses_what_the_peer_would_refuse_and_stays_as_it_was() {
        let key = MaskingKey::new([1, 2, 3, 4]);
        let ping = |len| FrameHeader::new(Opcode::Ping, len);
        #[rustfmt::skip]
        let table = [
            // name                    role          header                                              expectation
            ("client without key",     Role::Client, FrameHeader::new(Opcode::Text, 1),                  Some(FrameError::NotMasked)), //= rfc6455#5.1-1
            ("client with key",        Role::Client, FrameHeader::new(Opcode::Text, 1).with_mask(key),   None),
            ("server with key",        Role::Server, FrameHeader::new(Opcode::Text, 1).with_mask(key),   Some(FrameError::Masked)), //= rfc6455#5.1-3
            ("orphan",                 Role::Server, FrameHeader::new(Opcode::Continuation, 1),          Some(FrameError::ContinuationWithoutMessage)),
            ("ping of 125",            Role::Server, ping(125),                                          None),
            ("ping of 126",            Role::Server, ping(126),                                          Some(FrameError::ControlTooLong)), //= rfc6455#5.5-1
            ("fragmented ping",        Role::Server, ping(0).unfinished(),                               Some(FrameError::ControlFragmented)), //= rfc6455#5.4-1, rfc6455#5.5-2
            ("length with top bit",    Role::Server, FrameHeader::new(Opcode::Binary, 1 << 63),          Some(FrameError::LengthTopBit)), //= rfc6455#5.2-4
            ("longest length",         Role::Server, FrameHeader::new(Opcode::Binary, (1 << 63) - 1),    None),
            ("reserved bits",          Role::Server, FrameHeader::new(Opcode::Text, 1).with_rsv(Rsv::RSV1), None),
        ];
        for (name, role, header, expected) in table {
            let mut encoder = FrameEncoder::new(role);
            assert_eq!(encoder.encode(&header).err(), expected, "{name}");
            assert_eq!(encoder.message(), None, "{name}");
        }
    }

    //= rfc6455#5.4-3, rfc6455#5.4-10
    #[test]
    fn follows_the_message_that_is_under_way() {
        let mut encoder = FrameEncoder::new(Role::Server);
        assert!(encoder.encode(&FrameHeader::new(Opcode::Binary, 0).unfinished()).is_ok());
        assert_eq!(encoder.message(), Some(Opcode::Binary));
        assert!(encoder.encode(&FrameHeader::new(Opcode::Ping, 0)).is_ok());
        assert_eq!(encoder.encode(&FrameHeader::new(Opcode::Text, 0)), Err(FrameError::MessageInterrupted));
        assert!(encoder.encode(&FrameHeader::new(Opcode::Continuation, 0)).is_ok());
        assert_eq!(encoder.message(), None);
    }
}
