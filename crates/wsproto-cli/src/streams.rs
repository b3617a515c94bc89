//! Standard streams that may end, block or be a pipe. What is payload goes to standard output, all else to standard error.
//!
//! [`complain`] writes at once, and waits as long as that takes. Whoever must not wait, as a connection must not whose
//! Pings are to be answered, gives what it says to [`Output`].

mod output;
mod visible;

use std::{fmt, io::Write};

pub(crate) use self::{
    output::{Output, Pace},
    visible::visible,
};

/// Writes a line to standard error. Nobody may be there to read it: that is no reason to fail.
pub(crate) fn complain(line: fmt::Arguments<'_>) {
    drop(writeln!(anstream::stderr().lock(), "{line}"));
}
