//! The payload of a Close frame: a code and a reason.

use core::fmt;

use crate::{FrameError, FrameHeader};

/// A close code: it says why a connection ends.
///
/// Values: 1000 to 1003 and 1005 to 1015 by name (RFC 6455 and the IANA registry), 3000 to 3999 (registered by
/// libraries and frameworks), 4000 to 4999 (private use).
///
/// RFC 6455 [§7.4](https://www.rfc-editor.org/rfc/rfc6455#section-7.4)
///
/// ```
/// use wsproto_frame::CloseCode;
///
/// assert_eq!(CloseCode::new(1000), Some(CloseCode::NORMAL));
/// assert_eq!(CloseCode::new(4001).map(CloseCode::get), Some(4001));
/// assert_eq!(CloseCode::new(1004), None);
/// assert!(!CloseCode::ABNORMAL.may_be_sent());
///
/// let code = CloseCode::try_from(1001)?;
/// assert!(code == 1001 && u16::from(code) == 1001);
/// # Ok::<(), wsproto_frame::FrameError>(())
/// ```
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CloseCode(
    /// One of the values that the type's documentation names.
    u16,
);

impl CloseCode {
    /// 1000: the connection has done its work.
    pub const NORMAL: Self = Self(1000);
    /// 1001: the server goes down, or the browser leaves the page.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the other side broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: this side can't accept this kind of data.
    pub const UNSUPPORTED_DATA: Self = Self(1003);
    /// 1005: the Close frame had no code; never on the wire.
    pub const NO_STATUS: Self = Self(1005);
    /// 1006: the connection ended without a Close frame; never on the wire.
    pub const ABNORMAL: Self = Self(1006);
    /// 1007: the payload doesn't match the type of the message, for example a text that isn't UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// 1008: a message broke a policy, and no other code fits better.
    pub const POLICY_VIOLATION: Self = Self(1008);
    /// 1009: the message is too big to process.
    pub const MESSAGE_TOO_BIG: Self = Self(1009);
    /// 1010: the server did not agree to an extension that the client needs.
    pub const MANDATORY_EXTENSION: Self = Self(1010);
    /// 1011: the server met a condition that it did not expect.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// 1012: the service restarts (IANA registry).
    pub const SERVICE_RESTART: Self = Self(1012);
    /// 1013: the service is overloaded; try again later (IANA registry).
    pub const TRY_AGAIN_LATER: Self = Self(1013);
    /// 1014: a gateway got an invalid response from its upstream server (IANA registry).
    pub const BAD_GATEWAY: Self = Self(1014);
    /// 1015: the TLS handshake failed; never on the wire.
    pub const TLS_HANDSHAKE: Self = Self(1015);

    /// Checks a number; returns `None` where it has no meaning (§7.4.2).
    #[must_use]
    pub const fn new(code: u16) -> Option<Self> {
        match code {
            //= rfc6455#7.4.1-5, rfc6455#7.4.2-1, rfc6455#7.4.2-2, rfc6455#7.4.2-3
            1000..=1003 | 1005..=1015 | 3000..=4999 => Some(Self(code)),
            _ => None,
        }
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Returns whether a Close frame may carry this code: 1005, 1006 and 1015 stand for an end without a code on the
    /// wire.
    ///
    /// RFC 6455 [§7.4.1](https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1)
    #[must_use]
    pub const fn may_be_sent(self) -> bool {
        //= rfc6455#7.4.1-1, rfc6455#7.4.1-2, rfc6455#7.4.1-4
        !matches!(self, Self::NO_STATUS | Self::ABNORMAL | Self::TLS_HANDSHAKE)
    }

    /// Returns a code that can be sent: 1000 in place of 1006 and 1015, any other code as it is.
    ///
    /// A proxy may need it to pass on how the connection on its other side ended. The peer then reads "normal" where
    /// the code was "abnormal". A Close with 1005 is sent without a code.
    ///
    /// ```
    /// use wsproto_frame::CloseCode;
    ///
    /// assert_eq!(CloseCode::ABNORMAL.or_normal(), CloseCode::NORMAL);
    /// assert_eq!(CloseCode::GOING_AWAY.or_normal(), CloseCode::GOING_AWAY);
    /// ```
    #[must_use]
    pub const fn or_normal(self) -> Self {
        match self {
            Self::ABNORMAL | Self::TLS_HANDSHAKE => Self::NORMAL,
            other => other,
        }
    }
}

impl fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CloseCode({})", self.0)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.0
    }
}

/// Checks a number as [`CloseCode::new`] does; the error is [`FrameError::CloseCodeInvalid`].
impl TryFrom<u16> for CloseCode {
    type Error = FrameError;

    fn try_from(code: u16) -> Result<Self, FrameError> {
        Self::new(code).ok_or(FrameError::CloseCodeInvalid(code))
    }
}

/// Compares with the number.
impl PartialEq<u16> for CloseCode {
    fn eq(&self, number: &u16) -> bool {
        self.0 == *number
    }
}

/// Compares with the number.
impl PartialEq<CloseCode> for u16 {
    fn eq(&self, code: &CloseCode) -> bool {
        *self == code.0
    }
}

/// The payload of a Close frame.
///
/// RFC 6455 [§5.5.1](https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1)
///
/// ```
/// use wsproto_frame::{CloseCode, ClosePayload};
///
/// let mut buffer = [0; 125];
/// let bytes = ClosePayload { code: CloseCode::NORMAL, reason: "bye" }.write(&mut buffer)?;
/// assert_eq!(bytes, b"\x03\xe8bye");
/// assert_eq!(ClosePayload::parse(bytes)?.reason, "bye");
/// assert_eq!(ClosePayload::parse(b"")?.code, CloseCode::NO_STATUS);
/// # Ok::<(), wsproto_frame::FrameError>(())
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct ClosePayload<'a> {
    /// The close code; [`CloseCode::NO_STATUS`] for an empty payload.
    pub code: CloseCode,
    /// The reason, for logs; empty where the Close has none.
    pub reason: &'a str,
}

impl<'a> ClosePayload<'a> {
    /// The length in bytes of the longest reason.
    pub const MAX_REASON_LEN: usize = FrameHeader::MAX_CONTROL_PAYLOAD_LEN - 2;

    /// Reads the payload of a Close frame.
    ///
    /// # Errors
    ///
    /// [`FrameError::ClosePayloadTooShort`], [`FrameError::CloseCodeInvalid`], then
    /// [`FrameError::CloseReasonNotUtf8`].
    pub fn parse(payload: &'a [u8]) -> Result<Self, FrameError> {
        let Some((code, reason)) = payload.split_first_chunk() else {
            return if payload.is_empty() {
                //= rfc6455#7.1.5-2, rfc6455#7.1.6-1
                Ok(Self::default())
            } else {
                //= rfc6455#5.5.1-1
                Err(FrameError::ClosePayloadTooShort)
            };
        };
        let number = u16::from_be_bytes(*code);
        let code = CloseCode::new(number)
            .filter(|code| code.may_be_sent())
            .ok_or(FrameError::CloseCodeInvalid(number))?;
        //= rfc6455#5.5.1-10
        let reason = core::str::from_utf8(reason).map_err(|_| FrameError::CloseReasonNotUtf8(code))?;
        Ok(Self { code, reason })
    }

    /// Writes the payload into `buffer` and returns it.
    ///
    /// [`CloseCode::NO_STATUS`] gives an empty payload. A reason of more than 123 bytes is cut between two code points.
    ///
    /// # Errors
    ///
    /// [`FrameError::CloseCodeInvalid`] for 1006 and 1015, and for a reason together with [`CloseCode::NO_STATUS`].
    pub fn write(self, buffer: &mut [u8; FrameHeader::MAX_CONTROL_PAYLOAD_LEN]) -> Result<&[u8], FrameError> {
        //= rfc6455#7.4.1-1
        if self.code == CloseCode::NO_STATUS && self.reason.is_empty() {
            return Ok(&[]);
        }
        //= rfc6455#7.4.1-1, rfc6455#7.4.1-2, rfc6455#7.4.1-4
        if !self.code.may_be_sent() {
            return Err(FrameError::CloseCodeInvalid(self.code.get()));
        }
        let longest = self.reason.len().min(Self::MAX_REASON_LEN);
        let reason = (0..=longest).rev().find_map(|end| self.reason.get(..end)).unwrap_or_default();
        debug_assert!(reason.len().abs_diff(longest) < 4, "a code point that is cut has at most four bytes");
        let [high, low] = self.code.get().to_be_bytes();
        let len = reason.len().saturating_add(2);
        debug_assert!(len <= buffer.len(), "the reason is cut to what fits");
        for (to, from) in buffer.iter_mut().zip([high, low].into_iter().chain(reason.bytes())) {
            *to = from;
        }
        Ok(buffer.get(..len).unwrap_or_default())
    }
}

/// An empty payload: [`CloseCode::NO_STATUS`] and no reason.
impl Default for ClosePayload<'_> {
    fn default() -> Self {
        Self { code: CloseCode::NO_STATUS, reason: "" }
    }
}

/// Shows the length of the reason, not its text: a peer's words don't belong in logs.
impl fmt::Debug for ClosePayload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClosePayload")
            .field("code", &self.code)
            .field("reason", &format_args!("{} bytes", self.reason.len()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    extern crate std;
    use std::{format, string::String, vec::Vec};

    //= rfc6455#7.4.1-1, rfc6455#7.4.1-2, rfc6455#7.4.1-4, rfc6455#7.4.1-5, rfc6455#7.4.2-1, rfc6455#7.4.2-2, rfc6455#7.4.2-3
    #[test]
    #[cfg_attr(miri, ignore = "exhaustive")]
    fn c5_c6_c7_every_code() {
        for number in 0..=u16::MAX {
            let expected = match number {
                1000..=1003 | 1007..=1014 | 3000..=4999 => Ok(number),
                _ => Err(FrameError::CloseCodeInvalid(number)),
            };
            let parsed = ClosePayload::parse(&number.to_be_bytes()).map(|close| close.code.get());
            assert_eq!(parsed, expected, "{number}");
            let local_only = [1005, 1006, 1015].contains(&number);
            assert_eq!(CloseCode::new(number).is_some(), expected.is_ok() || local_only, "{number}");
        }
    }

    #[test]
    fn c4_c8_payloads() {
        #[rustfmt::skip]
        let table: [(&str, &[u8], Result<(u16, &str), FrameError>); 7] = [
            // name                     payload                     expectation
            ("none",                    b"",                        Ok((1005, ""))), //= rfc6455#7.1.5-2, rfc6455#7.1.6-1
            ("half a code",             b"\x03",                    Err(FrameError::ClosePayloadTooShort)), //= rfc6455#5.5.1-1
            ("code alone",              b"\x03\xe8",                Ok((1000, ""))), //= rfc6455#5.5.1-1
            ("code and reason",         b"\x03\xe9bye",             Ok((1001, "bye"))),
            ("bad code and bad reason", b"\x00\x00\xff",            Err(FrameError::CloseCodeInvalid(0))),
            ("bad reason",              b"\x03\xe8\xed\xa0\x80",    Err(FrameError::CloseReasonNotUtf8(CloseCode::NORMAL))), //= rfc6455#5.5.1-10
            ("reason cut short",        b"\x0f\xa1\xe2\x82",        Err(FrameError::CloseReasonNotUtf8(CloseCode(4001)))),
        ];
        for (name, payload, expected) in table {
            let parsed = ClosePayload::parse(payload).map(|close| (close.code.get(), close.reason));
            assert_eq!(parsed, expected, "{name}");
        }
    }

    #[test]
    fn c9_written_payloads() {
        let code_and = |reason: &str| Ok([b"\x03\xe8", reason.as_bytes()].concat());
        let invalid = |code: CloseCode| Err(FrameError::CloseCodeInvalid(code.get()));
        #[rustfmt::skip]
        let table: [(&str, CloseCode, &str, Result<Vec<u8>, FrameError>); 7] = [
            // name                  code                      reason    payload
            ("code alone",           CloseCode::NORMAL,        "",       code_and("")),
            ("code and reason",      CloseCode::NORMAL,        "é",      code_and("é")),
            ("no status",            CloseCode::NO_STATUS,     "",       Ok(Vec::new())), //= rfc6455#7.4.1-1
            ("no status, reason",    CloseCode::NO_STATUS,     "x",      invalid(CloseCode::NO_STATUS)), //= rfc6455#7.4.1-1
            ("abnormal",             CloseCode::ABNORMAL,      "x",      invalid(CloseCode::ABNORMAL)), //= rfc6455#7.4.1-2
            ("abnormal, no reason",  CloseCode::ABNORMAL,      "",       invalid(CloseCode::ABNORMAL)), //= rfc6455#7.4.1-2
            ("tls",                  CloseCode::TLS_HANDSHAKE, "",       invalid(CloseCode::TLS_HANDSHAKE)), //= rfc6455#7.4.1-4
        ];
        for (name, code, reason, expected) in table {
            let mut buffer = [0; 125];
            let written = ClosePayload { code, reason }.write(&mut buffer).map(<[u8]>::to_vec);
            assert_eq!(written, expected, "{name}");
        }
    }

    /// Code points of each length around the longest reason that fits.
    #[test]
    fn c9_a_long_reason_is_cut_between_two_code_points() {
        for last in ["a", "é", "€", "😀"] {
            for before in 0..=130 {
                let reason: String =
                    core::iter::repeat_n('x', before).collect::<String>() + last + "and more";
                let mut buffer = [0; 125];
                let payload =
                    ClosePayload { code: CloseCode::NORMAL, reason: &reason }.write(&mut buffer).unwrap();
                let written = ClosePayload::parse(payload).unwrap().reason;
                let whole = (0..=reason.len().min(123)).rfind(|&end| reason.is_char_boundary(end)).unwrap();
                assert_eq!(written, &reason[..whole], "{before} bytes, then {last:?}");
                assert!(reason.len() <= 123 || written.len() + last.len() > 123, "{before}: cut too short");
            }
        }
    }

    #[test]
    fn c9_what_can_not_be_sent_becomes_normal_when_asked() {
        for number in 0..=u16::MAX {
            let Some(code) = CloseCode::new(number) else { continue };
            let expected = if [1006, 1015].contains(&number) { 1000 } else { number };
            assert_eq!(code.or_normal().get(), expected, "{number}");
        }
    }

    #[test]
    fn a_code_is_shown_as_its_number() {
        let code = CloseCode::GOING_AWAY;
        assert_eq!((format!("{code}"), format!("{code:>6}")), ("1001".into(), "  1001".into()));
        assert_eq!((u16::from(code), format!("{code:?}")), (1001, "CloseCode(1001)".into()));
    }

    #[test]
    #[cfg_attr(miri, ignore = "exhaustive")]
    fn a_code_comes_from_its_number_and_compares_with_it() {
        for number in 0..=u16::MAX {
            let code = CloseCode::try_from(number);
            assert_eq!(code, CloseCode::new(number).ok_or(FrameError::CloseCodeInvalid(number)), "{number}");
            let Ok(code) = code else { continue };
            assert_eq!(u16::from(code), number);
            assert!(code == number && code != number + 1, "{number}");
            let both = [number, number + 1].map(|other| other == code);
            assert_eq!(both, [true, false], "{number}");
        }
    }

    #[test]
    fn the_default_is_what_an_empty_payload_says() {
        assert_eq!(ClosePayload::parse(b""), Ok(ClosePayload::default()));
        assert_eq!(ClosePayload::default().write(&mut [0; 125]), Ok(&[][..]));
    }

    #[test]
    fn debug_shows_no_reason() {
        let shown = format!("{:?}", ClosePayload { code: CloseCode::NORMAL, reason: "secret" });
        assert_eq!(shown, "ClosePayload { code: CloseCode(1000), reason: 6 bytes }");
    }
}
