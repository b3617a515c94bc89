//! Standard streams that may end, block or be a pipe. What is payload goes to standard output, all else to standard error.

use std::{fmt, io::Write};

/// Writes a line to standard error. Nobody may be there to read it: that is no reason to fail.
pub(crate) fn complain(line: fmt::Arguments<'_>) {
    drop(writeln!(anstream::stderr().lock(), "{line}"));
}
