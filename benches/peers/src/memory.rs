//! The memory that is kept after a long message: the bytes that `malloc` has allocated, before and after.

use crate::{
    Runner,
    work::{Delivered, Work},
};

/// How many more bytes are held than before a message: after it, and after a request to free memory.
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
