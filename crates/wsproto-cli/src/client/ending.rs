//! How an open connection ended, in words.

use std::fmt::Write as _;

use wsproto::{CloseCode, CloseConnection, CloseReport, RemoteProtocolError, frame::FrameError};

use crate::visible::escape;

/// The longest reason that is shown, in characters; a Close has no longer one.
const REASON: usize = 123;

/// What is said where no Close came.
pub(crate) const WITHOUT_CLOSE: &str = "the connection ended without a Close";

/// Tells how the server has ended a connection.
pub(crate) fn ending(report: &CloseReport) -> String {
    match &report.received {
        Some(close) => format!("closed by the server{}", said(close)),
        None => WITHOUT_CLOSE.into(),
    }
}

/// Tells what a Close says, after who has sent it: `: 4001 "bye"`.
pub(crate) fn said(close: &CloseConnection<'_>) -> String {
    let mut text = match close.code {
        CloseCode::NO_STATUS => ", without a code".into(),
        code => format!(": {}", code.get()),
    };
    if !close.reason.is_empty() {
        let _ = write!(text, " \"{}\"", escape(close.reason.as_str(), REASON));
    }
    text
}

/// Returns whether a limit of ours was passed, which is no rule of the protocol; returns what to do about it.
pub(crate) fn limit(error: &RemoteProtocolError) -> Option<&'static str> {
    match error {
        RemoteProtocolError::MessageTooLong { .. }
        | RemoteProtocolError::Frame(FrameError::FrameTooLong { .. } | FrameError::MessageTooLong { .. }) => {
            Some("--max-message raises it")
        }
        RemoteProtocolError::Extension(error) if error.close_code() == CloseCode::MESSAGE_TOO_BIG => {
            Some("--max-message raises it")
        }
        RemoteProtocolError::TooManyFragments { .. }
        | RemoteProtocolError::TooManyEmptyFragments { .. }
        | RemoteProtocolError::TooManyControlFrames { .. } => {
            Some("no option changes it: it guards against floods")
        }
        _ => None,
    }
}
