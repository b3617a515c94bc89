//! How a connection ended, in words and as a status.

use std::{fmt::Write as _, io};

use wsproto::{CloseCode, RemoteProtocolError, Side, frame::FrameError};
use wsproto_tokio::Error;

use super::receive::Ended;
use crate::{exit::Status, wire::escape};

/// How much of a reason is shown; none is longer.
const REASON: usize = 123;

/// Tells how a connection ended.
pub(super) fn tell(ended: &Ended) -> (Status, String) {
    let report = &ended.report;
    match &ended.outcome {
        Err(Error::Remote(RemoteProtocolError::EndOfStream { .. }) | Error::Io(_))
            if report.received.is_none() =>
        {
            let why = match &ended.outcome {
                Err(Error::Io(error)) if error.kind() != io::ErrorKind::UnexpectedEof => format!(": {error}"),
                _ => String::new(),
            };
            (Status::Abnormal, format!("the connection ended without a Close{why}"))
        }
        Err(Error::Remote(error)) => match limit(error) {
            Some(option) => {
                (Status::Limit, format!("the server sent more than this client takes: {error}. {option}"))
            }
            None => (Status::Broken, format!("the server broke a rule: {error}")),
        },
        Err(Error::TimedOut(step)) if !report.clean => (Status::TimedOut, step.to_string()),
        _ if report.clean => closed(ended),
        Err(error) => (Status::Abnormal, error.to_string()),
        Ok(()) => (Status::Abnormal, "the connection ended without a Close".into()),
    }
}

/// Tells whether a limit of ours was passed, which is no rule of the protocol; returns what to do about it.
fn limit(error: &RemoteProtocolError) -> Option<&'static str> {
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

/// Tells who closed, and with what.
fn closed(ended: &Ended) -> (Status, String) {
    let report = &ended.report;
    let Some(close) = &report.received else {
        return (Status::Clean, "closed".into());
    };
    let by = if report.begun_by == Some(Side::Remote) { "closed by the server" } else { "closed" };
    let mut text = match close.code {
        CloseCode::NO_STATUS => format!("{by}, without a code"),
        code => format!("{by}: {}", code.get()),
    };
    if !close.reason.is_empty() {
        let _ = write!(text, " \"{}\"", escape(close.reason.as_str(), REASON));
    }
    let is_well = matches!(close.code, CloseCode::NORMAL | CloseCode::GOING_AWAY | CloseCode::NO_STATUS);
    if report.expired.is_some() {
        text += ", but the server kept its stream open: given up";
    }
    // What the server echoes is what we said.
    let is_ours = report.begun_by == Some(Side::Local) && report.sent == Some(close.code);
    (if is_well || is_ours { Status::Clean } else { Status::ClosedWithError }, text)
}
