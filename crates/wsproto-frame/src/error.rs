//! Errors of frames: one variant for each rule.

use core::{error::Error, fmt};

use crate::{CloseCode, Rsv};

/// A broken rule for frames.
///
/// [`FrameDecoder`](crate::FrameDecoder) returns it for a peer's fault, [`FrameEncoder`](crate::FrameEncoder) for the
/// caller's. [`close_code`](Self::close_code) is the code to send to the peer.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum FrameError {
    /// The opcode, 3 to 7 or 11 to 15, has no meaning yet (§5.2).
    ReservedOpcode(u8),
    /// Reserved bits are set that no agreed extension owns (§5.2).
    ReservedBits(Rsv),
    /// A control frame without FIN (§5.5).
    ControlFragmented,
    /// A control frame with more than 125 bytes of payload (§5.5).
    ControlTooLong,
    /// The payload's length takes more bytes than it needs (§5.2).
    LengthNotMinimal,
    /// The topmost bit of a 64-bit length is set (§5.2).
    LengthTopBit,
    /// The payload is longer than the receiver's limit for a frame (§10.4).
    FrameTooLong {
        /// The limit in bytes.
        limit: u64,
    },
    /// The payloads of a message's frames are together longer than the receiver's limit for a message (§10.4).
    MessageTooLong {
        /// The limit in bytes.
        limit: u64,
    },
    /// A client's frame without a masking key (§5.1).
    NotMasked,
    /// A server's frame with a masking key (§5.1).
    Masked,
    /// A Continuation where no message is under way (§5.4).
    ContinuationWithoutMessage,
    /// A Text or Binary before the last fragment of the message under way (§5.4).
    MessageInterrupted,
    /// A text that isn't UTF-8, or that ends within a code point (§8.1).
    TextNotUtf8,
    /// A Close with one byte of payload, half a code (§5.5.1).
    ClosePayloadTooShort,
    /// A Close with a code that must not be sent (§7.4).
    CloseCodeInvalid(u16),
    /// A Close with this code and a reason that isn't UTF-8 (§5.5.1).
    CloseReasonNotUtf8(CloseCode),
}

impl FrameError {
    /// Returns the code of the Close frame that answers this error.
    ///
    /// RFC 6455 [§7.4.1](https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1)
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::TextNotUtf8 | Self::CloseReasonNotUtf8(_) => CloseCode::INVALID_PAYLOAD,
            Self::FrameTooLong { .. } | Self::MessageTooLong { .. } => CloseCode::MESSAGE_TOO_BIG,
            Self::ReservedOpcode(_)
            | Self::ReservedBits(_)
            | Self::ControlFragmented
            | Self::ControlTooLong
            | Self::LengthNotMinimal
            | Self::LengthTopBit
            | Self::NotMasked
            | Self::Masked
            | Self::ContinuationWithoutMessage
            | Self::MessageInterrupted
            | Self::ClosePayloadTooShort
            | Self::CloseCodeInvalid(_) => CloseCode::PROTOCOL_ERROR,
        }
    }

    /// Returns the RFC and the section of the broken rule.
    #[must_use]
    pub const fn section(self) -> &'static str {
        match self {
            Self::ReservedOpcode(_) | Self::ReservedBits(_) | Self::LengthNotMinimal | Self::LengthTopBit => {
                "RFC 6455 §5.2"
            }
            Self::ControlFragmented | Self::ControlTooLong => "RFC 6455 §5.5",
            Self::FrameTooLong { .. } | Self::MessageTooLong { .. } => "RFC 6455 §10.4",
            Self::NotMasked | Self::Masked => "RFC 6455 §5.1",
            Self::ContinuationWithoutMessage | Self::MessageInterrupted => "RFC 6455 §5.4",
            Self::TextNotUtf8 => "RFC 6455 §8.1",
            Self::ClosePayloadTooShort | Self::CloseReasonNotUtf8(_) => "RFC 6455 §5.5.1",
            Self::CloseCodeInvalid(_) => "RFC 6455 §7.4",
        }
    }

    /// Returns the error in words, the same for each value of a variant.
    ///
    /// The text has at most 123 bytes, so it fits as the reason of a Close frame.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::ReservedOpcode(_) => "reserved opcode",
            Self::ReservedBits(_) => "reserved bits that no extension owns",
            Self::ControlFragmented => "fragmented control frame",
            Self::ControlTooLong => "control frame longer than 125 bytes",
            Self::LengthNotMinimal => "payload length not in its shortest form",
            Self::LengthTopBit => "payload length with its topmost bit set",
            Self::FrameTooLong { .. } => "frame longer than the limit",
            Self::MessageTooLong { .. } => "message longer than the limit",
            Self::NotMasked => "client frame without a masking key",
            Self::Masked => "server frame with a masking key",
            Self::ContinuationWithoutMessage => "continuation without a message",
            Self::MessageInterrupted => "new message before the last one was finished",
            Self::TextNotUtf8 => "text is not UTF-8",
            Self::ClosePayloadTooShort => "close payload of one byte",
            Self::CloseCodeInvalid(_) => "close code that must not be sent",
            Self::CloseReasonNotUtf8(_) => "close reason is not UTF-8",
        }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())?;
        match self {
            Self::ReservedOpcode(bits) => write!(f, " ({bits:#x})"),
            Self::ReservedBits(rsv) => write!(f, " ({:#04x} in the first byte)", rsv.first_byte()),
            Self::FrameTooLong { limit } | Self::MessageTooLong { limit } => write!(f, " of {limit} bytes"),
            Self::CloseCodeInvalid(code) => write!(f, " ({code})"),
            Self::CloseReasonNotUtf8(code) => write!(f, " (with code {code})"),
            _ => Ok(()),
        }
    }
}

impl Error for FrameError {}

#[cfg(test)]
mod tests {
    use super::*;

    extern crate std;
    use std::string::ToString;

    #[test]
    fn each_error_says_rule_section_and_code() {
        #[rustfmt::skip]
        let table = [
            // error                                        section  code  display
            (FrameError::ReservedOpcode(0x3),               "5.2",   1002, "reserved opcode (0x3)"),
            (FrameError::ReservedBits(Rsv::RSV2),           "5.2",   1002, "reserved bits that no extension owns (0x20 in the first byte)"),
            (FrameError::ControlFragmented,                 "5.5",   1002, "fragmented control frame"),
            (FrameError::ControlTooLong,                    "5.5",   1002, "control frame longer than 125 bytes"),
            (FrameError::LengthNotMinimal,                  "5.2",   1002, "payload length not in its shortest form"),
            (FrameError::LengthTopBit,                      "5.2",   1002, "payload length with its topmost bit set"),
            (FrameError::FrameTooLong { limit: 9 },         "10.4",  1009, "frame longer than the limit of 9 bytes"),
            (FrameError::MessageTooLong { limit: 9 },       "10.4",  1009, "message longer than the limit of 9 bytes"),
            (FrameError::NotMasked,                         "5.1",   1002, "client frame without a masking key"),
            (FrameError::Masked,                            "5.1",   1002, "server frame with a masking key"),
            (FrameError::ContinuationWithoutMessage,        "5.4",   1002, "continuation without a message"),
            (FrameError::MessageInterrupted,                "5.4",   1002, "new message before the last one was finished"),
            (FrameError::TextNotUtf8,                       "8.1",   1007, "text is not UTF-8"),
            (FrameError::ClosePayloadTooShort,              "5.5.1", 1002, "close payload of one byte"),
            (FrameError::CloseCodeInvalid(999),             "7.4",   1002, "close code that must not be sent (999)"),
            (FrameError::CloseReasonNotUtf8(CloseCode::NORMAL), "5.5.1", 1007, "close reason is not UTF-8 (with code 1000)"),
        ];
        for (error, section, code, display) in table {
            assert_eq!(error.section().strip_prefix("RFC 6455 §"), Some(section), "{error:?}");
            assert_eq!(error.close_code().get(), code, "{error:?}");
            assert_eq!(error.to_string(), display);
            assert!(error.reason().len() <= 123);
        }
    }
}
