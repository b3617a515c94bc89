//! Rules for an open connection that a peer can break, by their names.

mod bytes;
mod facts;

use alloc::vec::Vec;
use core::{error::Error, fmt, str::FromStr};

use crate::Role;

/// A rule for an open connection that a peer can break.
///
/// Its name is written in kebab case; [`FromStr`] reads it and [`Display`](fmt::Display) writes it.
///
/// ```
/// use wsproto::testing::Violation;
/// use wsproto::{CloseCode, Role};
///
/// let violation: Violation = "reserved-bit-2".parse()?;
/// assert_eq!(violation.bytes(Role::Server), b"\xa2\x05Hello");
/// assert_eq!(violation.close_code(), CloseCode::PROTOCOL_ERROR);
/// assert_eq!(violation.link(), "https://www.rfc-editor.org/rfc/rfc6455#section-5.2");
/// # Ok::<(), wsproto::testing::UnknownViolation>(())
/// ```
///
/// All violations of one side, on a connection without compression:
///
/// ```
/// use wsproto::testing::{Needs, Violation};
/// use wsproto::Role;
///
/// for violation in Violation::ALL {
///     if violation.violator().is_none_or(|only| only == Role::Client) && violation.needs() != Needs::Compression {
///         println!("{violation}: {}", violation.rule());
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Violation {
    /// A client's frame without a masking key: `unmasked-frame`.
    UnmaskedFrame,
    /// A server's frame with a masking key: `masked-frame`.
    MaskedFrame,
    /// A frame with RSV1, which belongs to no extension: `reserved-bit-1`.
    ReservedBit1,
    /// A frame with RSV2, which belongs to no extension: `reserved-bit-2`.
    ReservedBit2,
    /// A frame with RSV3, which belongs to no extension: `reserved-bit-3`.
    ReservedBit3,
    /// A Ping with RSV1, the bit of compression: `reserved-bit-on-control`.
    ReservedBitOnControl,
    /// A continuation with RSV1, the bit of compression: `reserved-bit-on-continuation`.
    ReservedBitOnContinuation,
    /// A frame with opcode 3: `reserved-data-opcode`.
    ReservedDataOpcode,
    /// A frame with opcode 11: `reserved-control-opcode`.
    ReservedControlOpcode,
    /// A length of 125 in 16 bits: `length-not-shortest-16`.
    LengthNotShortest16,
    /// A length of 65 535 in 64 bits: `length-not-shortest-64`.
    LengthNotShortest64,
    /// A length of 64 bits with the highest bit set: `length-top-bit`.
    LengthTopBit,
    /// A continuation where no message is under way: `continuation-without-message`.
    ContinuationWithoutMessage,
    /// A message inside a fragmented one: `interleaved-message`.
    InterleavedMessage,
    /// A Ping in two fragments: `fragmented-control`.
    FragmentedControl,
    /// A Ping of 126 bytes: `control-too-long`.
    ControlTooLong,
    /// A text with a byte that UTF-8 never has: `text-not-utf8`.
    TextNotUtf8,
    /// A text with such a byte in the second fragment: `text-not-utf8-in-fragment`.
    TextNotUtf8InFragment,
    /// A text that ends inside of a code point: `text-ends-in-code-point`.
    TextEndsInCodePoint,
    /// A fragmented text that ends inside of a code point: `fragment-ends-in-code-point`.
    FragmentEndsInCodePoint,
    /// A text with a code point in more bytes than it needs: `text-overlong`.
    TextOverlong,
    /// A text with half of a surrogate pair: `text-surrogate`.
    TextSurrogate,
    /// A text with a code point beyond U+10FFFF: `text-beyond-unicode`.
    TextBeyondUnicode,
    /// A Close of one byte: `close-half-code`.
    CloseHalfCode,
    /// A Close with code 0: `close-code-0`.
    CloseCode0,
    /// A Close with code 999: `close-code-999`.
    CloseCode999,
    /// A Close with code 1004: `close-code-1004`.
    CloseCode1004,
    /// A Close with code 1005: `close-code-1005`.
    CloseCode1005,
    /// A Close with code 1006: `close-code-1006`.
    CloseCode1006,
    /// A Close with code 1015: `close-code-1015`.
    CloseCode1015,
    /// A Close with code 5000: `close-code-5000`.
    CloseCode5000,
    /// A Close with a reason that isn't UTF-8: `close-reason-not-utf8`.
    CloseReasonNotUtf8,
    /// A message after a Close with code 1000: `data-after-close`. The receiver ignores the message.
    DataAfterClose,
    /// The end of the stream without a Close: `end-without-close`.
    EndWithoutClose,
    /// The end of the stream inside of a frame: `end-inside-frame`.
    EndInsideFrame,
    /// A message in one frame with an announced length of 2⁶² bytes: `message-too-long`.
    MessageTooLong,
    /// A message in fragments with an announced length of 2⁶³ bytes together: `fragments-too-long`.
    FragmentsTooLong,
    /// A message in 200 000 fragments of one byte: `too-many-fragments`.
    TooManyFragments,
    /// A message with 2 000 empty fragments: `too-many-empty-fragments`.
    TooManyEmptyFragments,
    /// A compressed message with a block of the reserved type: `compressed-reserved-block`.
    CompressedReservedBlock,
    /// A compressed message that refers to bytes before the first one: `compressed-beyond-window`.
    CompressedBeyondWindow,
    /// A compressed message that ends inside of a block: `compressed-ends-in-block`.
    CompressedEndsInBlock,
    /// A compressed text with a byte that UTF-8 never has: `compressed-text-not-utf8`.
    CompressedTextNotUtf8,
    /// A compressed message of 416 KiB that inflates to 64.5 MiB: `compressed-too-long`.
    CompressedTooLong,
}

/// The agreement under which a [`Violation`] is one.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Needs {
    /// Any: it is a violation on each connection.
    Nothing,
    /// No extension that owns RSV1, as permessage-deflate does.
    NoCompression,
    /// permessage-deflate.
    Compression,
}

impl Violation {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::UnmaskedFrame,
        Self::MaskedFrame,
        Self::ReservedBit1,
        Self::ReservedBit2,
        Self::ReservedBit3,
        Self::ReservedBitOnControl,
        Self::ReservedBitOnContinuation,
        Self::ReservedDataOpcode,
        Self::ReservedControlOpcode,
        Self::LengthNotShortest16,
        Self::LengthNotShortest64,
        Self::LengthTopBit,
        Self::ContinuationWithoutMessage,
        Self::InterleavedMessage,
        Self::FragmentedControl,
        Self::ControlTooLong,
        Self::TextNotUtf8,
        Self::TextNotUtf8InFragment,
        Self::TextEndsInCodePoint,
        Self::FragmentEndsInCodePoint,
        Self::TextOverlong,
        Self::TextSurrogate,
        Self::TextBeyondUnicode,
        Self::CloseHalfCode,
        Self::CloseCode0,
        Self::CloseCode999,
        Self::CloseCode1004,
        Self::CloseCode1005,
        Self::CloseCode1006,
        Self::CloseCode1015,
        Self::CloseCode5000,
        Self::CloseReasonNotUtf8,
        Self::DataAfterClose,
        Self::EndWithoutClose,
        Self::EndInsideFrame,
        Self::MessageTooLong,
        Self::FragmentsTooLong,
        Self::TooManyFragments,
        Self::TooManyEmptyFragments,
        Self::CompressedReservedBlock,
        Self::CompressedBeyondWindow,
        Self::CompressedEndsInBlock,
        Self::CompressedTextNotUtf8,
        Self::CompressedTooLong,
    ];

    /// Returns the bytes that a peer of this role sends to break the rule, between two messages. A client's bytes are
    /// masked with a fixed key.
    ///
    /// For [some violations](Self::ends_stream) the stream must end after the bytes. If only the other role can break
    /// the rule ([`violator`](Self::violator)), the bytes are a valid message.
    #[must_use]
    pub fn bytes(self, role: Role) -> Vec<u8> {
        bytes::of(self, role)
    }

    /// Returns the name, in kebab case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnmaskedFrame => "unmasked-frame",
            Self::MaskedFrame => "masked-frame",
            Self::ReservedBit1 => "reserved-bit-1",
            Self::ReservedBit2 => "reserved-bit-2",
            Self::ReservedBit3 => "reserved-bit-3",
            Self::ReservedBitOnControl => "reserved-bit-on-control",
            Self::ReservedBitOnContinuation => "reserved-bit-on-continuation",
            Self::ReservedDataOpcode => "reserved-data-opcode",
            Self::ReservedControlOpcode => "reserved-control-opcode",
            Self::LengthNotShortest16 => "length-not-shortest-16",
            Self::LengthNotShortest64 => "length-not-shortest-64",
            Self::LengthTopBit => "length-top-bit",
            Self::ContinuationWithoutMessage => "continuation-without-message",
            Self::InterleavedMessage => "interleaved-message",
            Self::FragmentedControl => "fragmented-control",
            Self::ControlTooLong => "control-too-long",
            Self::TextNotUtf8 => "text-not-utf8",
            Self::TextNotUtf8InFragment => "text-not-utf8-in-fragment",
            Self::TextEndsInCodePoint => "text-ends-in-code-point",
            Self::FragmentEndsInCodePoint => "fragment-ends-in-code-point",
            Self::TextOverlong => "text-overlong",
            Self::TextSurrogate => "text-surrogate",
            Self::TextBeyondUnicode => "text-beyond-unicode",
            Self::CloseHalfCode => "close-half-code",
            Self::CloseCode0 => "close-code-0",
            Self::CloseCode999 => "close-code-999",
            Self::CloseCode1004 => "close-code-1004",
            Self::CloseCode1005 => "close-code-1005",
            Self::CloseCode1006 => "close-code-1006",
            Self::CloseCode1015 => "close-code-1015",
            Self::CloseCode5000 => "close-code-5000",
            Self::CloseReasonNotUtf8 => "close-reason-not-utf8",
            Self::DataAfterClose => "data-after-close",
            Self::EndWithoutClose => "end-without-close",
            Self::EndInsideFrame => "end-inside-frame",
            Self::MessageTooLong => "message-too-long",
            Self::FragmentsTooLong => "fragments-too-long",
            Self::TooManyFragments => "too-many-fragments",
            Self::TooManyEmptyFragments => "too-many-empty-fragments",
            Self::CompressedReservedBlock => "compressed-reserved-block",
            Self::CompressedBeyondWindow => "compressed-beyond-window",
            Self::CompressedEndsInBlock => "compressed-ends-in-block",
            Self::CompressedTextNotUtf8 => "compressed-text-not-utf8",
            Self::CompressedTooLong => "compressed-too-long",
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Violation {
    type Err = UnknownViolation;

    fn from_str(name: &str) -> Result<Self, UnknownViolation> {
        Self::ALL.iter().copied().find(|violation| violation.name() == name).ok_or(UnknownViolation)
    }
}

/// No [`Violation`] and no [`HandshakeViolation`](super::HandshakeViolation) has this name.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct UnknownViolation;

impl fmt::Display for UnknownViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no violation has this name")
    }
}

impl Error for UnknownViolation {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_among_all_and_found_by_its_name() {
        assert_eq!(Violation::ALL.len(), Violation::CompressedTooLong as usize + 1);
        for (index, violation) in Violation::ALL.iter().enumerate() {
            assert_eq!(*violation as usize, index, "{violation}");
            assert_eq!(violation.name().parse(), Ok(*violation));
            let is_kebab = |byte: u8| byte == b'-' || byte.is_ascii_lowercase() || byte.is_ascii_digit();
            assert!(violation.name().bytes().all(is_kebab), "{violation}");
        }
        assert_eq!("reserved-bit".parse::<Violation>(), Err(UnknownViolation));
    }
}
