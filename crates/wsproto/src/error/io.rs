//! Conversions into errors of `std::io`, for functions that read and write.

use std::io;

use wsproto_extensions::ExtensionError;
use wsproto_handshake::{HeadError, RequestError, ResponseError};

use crate::{ConnectionState, LocalProtocolError, Remedy, RemoteProtocolError};

/// The kind is `InvalidInput` for a mistake, `NotConnected` for an event that comes too early, `BrokenPipe` for one
/// that comes too late, and `Other` where entropy or an extension has failed. The error itself is inside.
impl From<LocalProtocolError> for io::Error {
    fn from(error: LocalProtocolError) -> Self {
        let kind = match (&error, error.remedy()) {
            (_, Remedy::Discard) => io::ErrorKind::BrokenPipe,
            (LocalProtocolError::WrongState(ConnectionState::Connecting | ConnectionState::Rejecting), _) => {
                io::ErrorKind::NotConnected
            }
            (LocalProtocolError::Extension(fault), _) if !matches!(fault, ExtensionError::Refused(_)) => {
                io::ErrorKind::Other
            }
            (_, Remedy::End) => io::ErrorKind::Other,
            _ => io::ErrorKind::InvalidInput,
        };
        Self::new(kind, error)
    }
}

/// The kind is `UnexpectedEof` where the peer's stream ended too early, `Other` where an extension of ours has failed,
/// and `InvalidData` otherwise. The error itself is inside.
impl From<RemoteProtocolError> for io::Error {
    fn from(error: RemoteProtocolError) -> Self {
        let kind = match &error {
            RemoteProtocolError::EndOfStream { .. }
            | RemoteProtocolError::Request(RequestError::Head(HeadError::Ended))
            | RemoteProtocolError::Response(
                ResponseError::Head(HeadError::Ended) | ResponseError::BodyEnded,
            ) => io::ErrorKind::UnexpectedEof,
            RemoteProtocolError::Extension(fault)
                if !matches!(fault, ExtensionError::Refused(_) | ExtensionError::UnownedRsv(_)) =>
            {
                io::ErrorKind::Other
            }
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}
