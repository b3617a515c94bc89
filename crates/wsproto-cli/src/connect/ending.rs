//! How a connection ended, in words and as a status.

use std::io;

use wsproto::{CloseCode, RemoteProtocolError, Side};
use wsproto_tokio::Error;

use super::receive::Ended;
use crate::{
    client::{WITHOUT_CLOSE, limit, said},
    exit::Status,
};

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
            (Status::Abnormal, format!("{WITHOUT_CLOSE}{why}"))
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
        Ok(()) => (Status::Abnormal, WITHOUT_CLOSE.into()),
    }
}

/// Tells who closed, and with what.
fn closed(ended: &Ended) -> (Status, String) {
    let report = &ended.report;
    let Some(close) = &report.received else {
        return (Status::Clean, "closed".into());
    };
    let by = if report.begun_by == Some(Side::Remote) { "closed by the server" } else { "closed" };
    let mut text = format!("{by}{}", said(close));
    let is_well = matches!(close.code, CloseCode::NORMAL | CloseCode::GOING_AWAY | CloseCode::NO_STATUS);
    if report.expired.is_some() {
        text += ", but the server kept its stream open: given up";
    }
    // What the server echoes is what we said.
    let is_ours = report.begun_by == Some(Side::Local) && report.sent == Some(close.code);
    (if is_well || is_ours { Status::Clean } else { Status::ClosedWithError }, text)
}
