//! What is kept after a long message: what `malloc` has given out, before and after.

use crate::{
    Runner,
    work::{Delivered, Work},
};

/// How much more memory is held than before a message, in bytes: after it, and after what can be given back was.
pub(crate) fn kept(runner: &mut Runner, work: &Work) -> (f64, f64) {
    let mut delivered = Delivered::default();
    let before = held();
    (runner.round)(work.messages(), &mut delivered);
    let after = held();
    delivered.shrinks = true;
    (runner.round)(0, &mut delivered);
    let kept = |now: usize| now.saturating_sub(before) as f64;
    (kept(after), kept(held()))
}

/// Returns how many bytes the program holds.
fn held() -> usize {
    // SAFETY: it takes nothing, and returns numbers.
    let info = unsafe { libc::mallinfo2() };
    info.uordblks + info.hblkhd
}
