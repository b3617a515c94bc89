//! Standard streams, which may end, block or be a pipe. Payload goes to standard output, everything else to standard
//! error.
//!
//! [`complain`] writes at once, and waits as long as that takes. A task with an open connection must not wait, since it
//! has to answer Pings: it hands its output to [`Output`].

mod output;
mod patient;

use std::{
    fmt,
    io::{self, Write},
};

use anstream::AutoStream;

pub(crate) use self::{
    output::{Output, Pace},
    patient::Patient,
};

/// Standard output or standard error, as [`stdout`] and [`stderr`] make them.
pub(crate) type Coloured = AutoStream<Box<dyn Write + Send>>;

/// Returns standard input, which waits for bytes.
pub(crate) fn stdin() -> Patient<io::Stdin> {
    Patient(io::stdin())
}

/// Returns standard output, with colours on a terminal alone.
pub(crate) fn stdout() -> Coloured {
    // The writer that removes colours writes in parts and can't begin again. So the stream below it waits.
    AutoStream::new(Box::new(Patient(io::stdout())), AutoStream::choice(&io::stdout()))
}

/// Returns standard error, with colours on a terminal alone.
pub(crate) fn stderr() -> Coloured {
    AutoStream::new(Box::new(Patient(io::stderr())), AutoStream::choice(&io::stderr()))
}

/// Writes a line to standard error. Nobody may be there to read it: that is no reason to fail.
pub(crate) fn complain(line: fmt::Arguments<'_>) {
    drop(stderr().write_all(format!("{line}\n").as_bytes()));
}
