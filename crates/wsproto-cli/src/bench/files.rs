//! How many files the operating system lets this program open: a connection is one.

use crate::exit::Failure;

/// What a program has open besides: standard streams, the runtime's, a look-up's.
#[cfg(unix)]
const OTHERS: u64 = 32;

/// Says beforehand that so many connections can't be opened.
#[cfg(unix)]
pub(super) fn check(connections: u32) -> Result<(), Failure> {
    use rustix::process::{Resource, getrlimit};

    use crate::exit::Status;

    let needed = u64::from(connections).saturating_add(OTHERS);
    match getrlimit(Resource::Nofile).current {
        Some(limit) if limit < needed => Err(Failure::new(
            Status::Usage,
            format_args!(
                "{connections} connections need {needed} open files, and the limit is {limit}: raise it, `ulimit -n {needed}`, for the server, too"
            ),
        )),
        _ => Ok(()),
    }
}

/// Nothing is known of such a limit.
#[cfg(not(unix))]
pub(super) const fn check(_: u32) -> Result<(), Failure> {
    Ok(())
}
