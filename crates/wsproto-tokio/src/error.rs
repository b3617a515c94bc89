//! Errors that both halves of a connection report.

use std::io;

use crate::Error;

/// Returns a copy of the error, for the other half of a connection.
pub(crate) fn again(error: &Error) -> Error {
    match error {
        Error::Io(error) => Error::Io(match error.raw_os_error() {
            Some(code) => io::Error::from_raw_os_error(code),
            None => io::Error::new(error.kind(), error.to_string()),
        }),
        Error::Remote(error) => Error::Remote(error.clone()),
        Error::TimedOut(deadline) => Error::TimedOut(*deadline),
        Error::Local(error) => Error::Local(error.clone()),
        Error::Rejected(rejection) => Error::Rejected(rejection.clone()),
        Error::Url(error) => Error::Url(*error),
        Error::Proxy(error) => Error::Proxy(error.clone()),
        _ => Error::Closed,
    }
}
