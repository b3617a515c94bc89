//! The exit statuses, the same for all commands, and failures that end a command.

use std::{fmt, process::ExitCode};

use crate::streams;

/// How a command ended, as scripts see it. The numbers never change: `--help` of each command lists those that it uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Status {
    /// All was well: the connection was closed in order, or no fault was found.
    Clean = 0,
    /// A rule of the protocol was broken, by a peer or in a recording; or an answer was wrong.
    Broken = 1,
    /// The command line can't be used; clap exits with it, too.
    Usage = 2,
    /// The host could not be reached, or TLS failed.
    Unreachable = 3,
    /// The server rejected the opening handshake, or ended the connection in it.
    Rejected = 4,
    /// The connection ended without a Close.
    Abnormal = 5,
    /// The peer closed the connection with a code that may mean a failure: any code but 1000 and 1001.
    ClosedWithError = 6,
    /// Something took longer than its deadline.
    TimedOut = 7,
    /// A file or a standard stream of this machine could not be read or written.
    Local = 8,
    /// The connection was closed in order, but too early: lines were not sent, or expected messages did not come.
    Unfinished = 9,
    /// A limit of this side was exceeded.
    Limit = 10,
    /// A second Ctrl-C, or one before the connection was open; shells use the same number.
    Interrupted = 130,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}

/// Why a command ended before its work was done.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: Status,
    /// What happened, and what to do about it if that is known: one or more lines.
    pub(crate) message: String,
}

impl Failure {
    /// Makes a failure with its message.
    pub(crate) fn new(status: Status, message: impl fmt::Display) -> Self {
        Self { status, message: message.to_string() }
    }

    /// Writes the message to standard error, and returns the status to exit with.
    pub(crate) fn report(self) -> ExitCode {
        streams::complain(format_args!("wsproto: {}", self.message));
        self.status.into()
    }
}
