//! Facts about each violation besides its bytes: the rule, the side that can break it, and the consequence.

use super::{Needs, Violation};
use crate::{CloseCode, Role};

impl Violation {
    /// Returns the rule that is broken, in words.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::UnmaskedFrame => "a client masks every frame",
            Self::MaskedFrame => "a server masks no frame",
            Self::ReservedBit1 => "RSV1 is 0 unless an extension gives it a meaning",
            Self::ReservedBit2 => "RSV2 is 0 unless an extension gives it a meaning",
            Self::ReservedBit3 => "RSV3 is 0 unless an extension gives it a meaning",
            Self::ReservedBitOnControl => "a control frame has no RSV1, not even with compression",
            Self::ReservedBitOnContinuation => "a continuation has no RSV1, not even with compression",
            Self::ReservedDataOpcode => "opcodes 3 to 7 have no meaning yet",
            Self::ReservedControlOpcode => "opcodes 11 to 15 have no meaning yet",
            Self::LengthNotShortest16 | Self::LengthNotShortest64 => "a length is in its shortest form",
            Self::LengthTopBit => "the highest bit of a length is 0",
            Self::ContinuationWithoutMessage => "a continuation follows a fragment",
            Self::InterleavedMessage => "the fragments of two messages are not mixed",
            Self::FragmentedControl => "a control frame is not fragmented",
            Self::ControlTooLong => "a control frame has at most 125 bytes",
            Self::TextNotUtf8
            | Self::TextNotUtf8InFragment
            | Self::TextEndsInCodePoint
            | Self::FragmentEndsInCodePoint
            | Self::TextOverlong
            | Self::TextSurrogate
            | Self::TextBeyondUnicode => "a text is UTF-8",
            Self::CloseHalfCode => "the body of a Close begins with a code of two bytes",
            Self::CloseCode0 | Self::CloseCode999 => "codes below 1000 are not used",
            Self::CloseCode1004 => "code 1004 is reserved",
            Self::CloseCode1005 => "code 1005 is in no Close: it says that there was no code",
            Self::CloseCode1006 => "code 1006 is in no Close: it says that there was none",
            Self::CloseCode1015 => "code 1015 is in no Close: it says that TLS failed",
            Self::CloseCode5000 => "codes end at 4999",
            Self::CloseReasonNotUtf8 => "the reason of a Close is UTF-8",
            Self::DataAfterClose => "no data follows a Close",
            Self::EndWithoutClose | Self::EndInsideFrame => {
                "a connection that ends without a Close was not closed cleanly"
            }
            Self::MessageTooLong | Self::FragmentsTooLong => "a receiver limits the length of messages",
            Self::TooManyFragments | Self::TooManyEmptyFragments => {
                "a receiver limits what it does for one message"
            }
            Self::CompressedReservedBlock | Self::CompressedBeyondWindow | Self::CompressedEndsInBlock => {
                "a compressed message is DEFLATE"
            }
            Self::CompressedTextNotUtf8 => "a text is UTF-8 once it is inflated",
            Self::CompressedTooLong => "a receiver limits the length of messages once they are inflated",
        }
    }

    /// Returns where the rule is written.
    #[must_use]
    pub const fn link(self) -> &'static str {
        match self {
            Self::UnmaskedFrame | Self::MaskedFrame => "https://www.rfc-editor.org/rfc/rfc6455#section-5.1",
            Self::ReservedBit1
            | Self::ReservedBit2
            | Self::ReservedBit3
            | Self::ReservedDataOpcode
            | Self::ReservedControlOpcode
            | Self::LengthNotShortest16
            | Self::LengthNotShortest64
            | Self::LengthTopBit => "https://www.rfc-editor.org/rfc/rfc6455#section-5.2",
            Self::ReservedBitOnControl | Self::ReservedBitOnContinuation => {
                "https://www.rfc-editor.org/rfc/rfc7692#section-6"
            }
            Self::ContinuationWithoutMessage | Self::InterleavedMessage => {
                "https://www.rfc-editor.org/rfc/rfc6455#section-5.4"
            }
            Self::FragmentedControl | Self::ControlTooLong => {
                "https://www.rfc-editor.org/rfc/rfc6455#section-5.5"
            }
            Self::TextNotUtf8
            | Self::TextNotUtf8InFragment
            | Self::TextEndsInCodePoint
            | Self::FragmentEndsInCodePoint
            | Self::TextOverlong
            | Self::TextSurrogate
            | Self::TextBeyondUnicode
            | Self::CompressedTextNotUtf8 => "https://www.rfc-editor.org/rfc/rfc6455#section-8.1",
            Self::CloseHalfCode | Self::CloseReasonNotUtf8 | Self::DataAfterClose => {
                "https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1"
            }
            Self::CloseCode0 | Self::CloseCode999 | Self::CloseCode5000 => {
                "https://www.rfc-editor.org/rfc/rfc6455#section-7.4.2"
            }
            Self::CloseCode1004 | Self::CloseCode1005 | Self::CloseCode1006 | Self::CloseCode1015 => {
                "https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1"
            }
            Self::EndWithoutClose | Self::EndInsideFrame => {
                "https://www.rfc-editor.org/rfc/rfc6455#section-7.1.4"
            }
            Self::MessageTooLong
            | Self::FragmentsTooLong
            | Self::TooManyFragments
            | Self::TooManyEmptyFragments
            | Self::CompressedTooLong => "https://www.rfc-editor.org/rfc/rfc6455#section-10.4",
            Self::CompressedReservedBlock | Self::CompressedBeyondWindow | Self::CompressedEndsInBlock => {
                "https://www.rfc-editor.org/rfc/rfc7692#section-7.2.2"
            }
        }
    }

    /// Returns the code with which the connection closes: the receiver answers with it in a Close.
    ///
    /// There are two exceptions. [`CloseCode::ABNORMAL`] is in no frame: the stream has ended, and the receiver's
    /// program learns this code. [`CloseCode::NORMAL`] is the code of the peer's own Close, which is answered. Bytes
    /// after it are ignored.
    ///
    /// The RFCs name no code for most of these rules. The code is 1002 for an invalid form, 1007 for data that don't
    /// fit their type, 1009 for too many data, and 1008 for other limits (RFC 6455
    /// [§7.4.1](https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1)).
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::UnmaskedFrame
            | Self::MaskedFrame
            | Self::ReservedBit1
            | Self::ReservedBit2
            | Self::ReservedBit3
            | Self::ReservedBitOnControl
            | Self::ReservedBitOnContinuation
            | Self::ReservedDataOpcode
            | Self::ReservedControlOpcode
            | Self::LengthNotShortest16
            | Self::LengthNotShortest64
            | Self::LengthTopBit
            | Self::ContinuationWithoutMessage
            | Self::InterleavedMessage
            | Self::FragmentedControl
            | Self::ControlTooLong
            | Self::CloseHalfCode
            | Self::CloseCode0
            | Self::CloseCode999
            | Self::CloseCode1004
            | Self::CloseCode1005
            | Self::CloseCode1006
            | Self::CloseCode1015
            | Self::CloseCode5000 => CloseCode::PROTOCOL_ERROR,
            Self::TextNotUtf8
            | Self::TextNotUtf8InFragment
            | Self::TextEndsInCodePoint
            | Self::FragmentEndsInCodePoint
            | Self::TextOverlong
            | Self::TextSurrogate
            | Self::TextBeyondUnicode
            | Self::CloseReasonNotUtf8
            | Self::CompressedReservedBlock
            | Self::CompressedBeyondWindow
            | Self::CompressedEndsInBlock
            | Self::CompressedTextNotUtf8 => CloseCode::INVALID_PAYLOAD,
            Self::DataAfterClose => CloseCode::NORMAL,
            Self::EndWithoutClose | Self::EndInsideFrame => CloseCode::ABNORMAL,
            Self::MessageTooLong | Self::FragmentsTooLong | Self::CompressedTooLong => {
                CloseCode::MESSAGE_TOO_BIG
            }
            Self::TooManyFragments | Self::TooManyEmptyFragments => CloseCode::POLICY_VIOLATION,
        }
    }

    /// Returns the side that alone can break the rule; `None` where both can.
    #[must_use]
    pub const fn violator(self) -> Option<Role> {
        match self {
            Self::UnmaskedFrame => Some(Role::Client),
            Self::MaskedFrame => Some(Role::Server),
            _ => None,
        }
    }

    /// Returns the agreement under which it is a violation.
    #[must_use]
    pub const fn needs(self) -> Needs {
        match self {
            Self::ReservedBit1 => Needs::NoCompression,
            Self::CompressedReservedBlock
            | Self::CompressedBeyondWindow
            | Self::CompressedEndsInBlock
            | Self::CompressedTextNotUtf8
            | Self::CompressedTooLong => Needs::Compression,
            _ => Needs::Nothing,
        }
    }

    /// Returns whether the end of the stream after the bytes breaks the rule.
    #[must_use]
    pub const fn ends_stream(self) -> bool {
        matches!(self, Self::EndWithoutClose | Self::EndInsideFrame)
    }
}
