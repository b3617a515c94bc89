//! Checks how much memory an extension holds.

use alloc::format;
use alloc::sync::Arc;

use super::message::{Cut, messages};
use super::negotiation::pair;
use super::traffic::round_trip;
use super::{Rule, Violation};
use crate::{ExtensionConfig, Pipeline};

const CUT: Cut = Cut { fragment: 1000, piece: 500, room: 4096 };

/// How often all messages are exchanged: some 500 KB in each direction, more than any window holds.
const MANY: usize = 40;

/// Checks how much memory an extension holds between messages.
///
/// `measure` calls its argument, and returns how many more bytes are allocated after the call than before.
///
/// Any counting allocator can measure; with the crate `allocation-counter`:
///
/// ```ignore
/// conformance::check_memory(make, |work| allocation_counter::measure(work).bytes_current)
/// ```
///
/// # Errors
///
/// [`Rule::KeptMemory`] where many messages leave more memory held than a few, or where any is held although
/// [`keeps_memory`](crate::Extension::keeps_memory) returns false; others as for [`check`](super::check).
pub fn check_memory(
    make: impl Fn() -> Arc<dyn ExtensionConfig>,
    measure: impl Fn(&mut dyn FnMut()) -> i64,
) -> Result<(), Violation> {
    let (mut client, mut server) = pair(&make)?;
    let keeps = client.keeps_memory() || server.keeps_memory();
    let mut outcome = Ok(());
    // From now on the memory that threads and configurations lend exists, and windows are full.
    let mut many = || (0..MANY).try_for_each(|_| exchange(&mut client, &mut server));
    many()?;
    let more = measure(&mut || outcome = many());
    outcome.clone()?;
    if more > 0 {
        let found = format!("{more} more bytes after each message was exchanged {MANY} more times");
        return Err(Violation::new(Rule::KeptMemory, found));
    }
    let (mut client, mut server) = pair(&make)?;
    let held = measure(&mut || outcome = exchange(&mut client, &mut server));
    outcome?;
    if held > 0 && !keeps {
        let found = format!("{held} bytes are kept although keeps_memory returns false");
        return Err(Violation::new(Rule::KeptMemory, found));
    }
    Ok(())
}

fn exchange(client: &mut Pipeline, server: &mut Pipeline) -> Result<(), Violation> {
    for message in messages() {
        round_trip(client, server, &message, CUT)?;
        round_trip(server, client, &message, CUT)?;
    }
    Ok(())
}
