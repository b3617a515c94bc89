//! The payload of a Close frame, read and written.

use wsproto_frame::{CloseCode, ClosePayload, FrameError};

use crate::Source;

/// Reads any bytes as the payload of a Close frame, and writes a Close with any code and reason.
pub fn close_payload(data: &[u8]) {
    assert_eq!(ClosePayload::parse(data), expected(data));
    if let Ok(close) = ClosePayload::parse(data)
        && data.len() <= 125
    {
        assert_eq!(close.write(&mut [0; 125]), Ok(data), "written and read differ");
    }
    assert_written(data);
}

/// The rules of RFC 6455 §5.5.1 and §7.4 once more.
fn expected(data: &[u8]) -> Result<ClosePayload<'_>, FrameError> {
    match data {
        [] => Ok(ClosePayload { code: CloseCode::NO_STATUS, reason: "" }),
        [_] => Err(FrameError::ClosePayloadTooShort),
        [high, low, reason @ ..] => {
            let number = u16::from(*high) << 8 | u16::from(*low);
            let sendable = [1000..1004, 1007..1015, 3000..5000].iter().any(|range| range.contains(&number));
            let code = CloseCode::new(number).filter(|_| sendable);
            let code = code.ok_or(FrameError::CloseCodeInvalid(number))?;
            let reason = std::str::from_utf8(reason).map_err(|_| FrameError::CloseReasonNotUtf8(code))?;
            Ok(ClosePayload { code, reason })
        }
    }
}

/// A payload that was written for any arguments can be read, and loses only as much as necessary.
fn assert_written(data: &[u8]) {
    let mut source = Source::new(data);
    let Some(code) = CloseCode::new(source.number()) else { return };
    let reason = String::from_utf8_lossy(source.rest());
    let mut buffer = [0; 125];
    let outcome = ClosePayload { code, reason: &reason }.write(&mut buffer);
    if !(code.may_be_sent() || code == CloseCode::NO_STATUS && reason.is_empty()) {
        return assert_eq!(outcome, Err(FrameError::CloseCodeInvalid(code.get())));
    }
    let read = outcome.and_then(ClosePayload::parse).expect("what is written can be read");
    assert_eq!(read.code, code, "the code differs");
    assert!(reason.starts_with(read.reason), "the reason differs");
    let fits = reason.len() <= ClosePayload::MAX_REASON_LEN;
    assert!(!fits || read.reason == reason, "a reason was cut");
    assert!(fits || read.reason.len() > ClosePayload::MAX_REASON_LEN - 4, "cut too short");
}
