//! What a program without std has to bring itself: a panic handler and, as a feature, an allocator.
//!
//! If anything that the program links pulled in std, its panic handler would be a second one: error E0152.
#![no_std]

#[cfg(feature = "alloc")]
mod allocator;

use core::panic::PanicInfo;

#[link(name = "c")]
unsafe extern "C" {
    fn abort() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: abort has no preconditions.
    unsafe { abort() }
}

/// Stands in for the unwinder, which `core` was compiled to call and `panic = "abort"` never does.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// As [`rust_eh_personality`].
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() {}
