//! The C library's heap as the global allocator.

use core::alloc::{GlobalAlloc, Layout};
use core::ffi::c_void;

unsafe extern "C" {
    fn aligned_alloc(align: usize, size: usize) -> *mut c_void;
    fn free(block: *mut c_void);
}

struct Heap;

// SAFETY: aligned_alloc gives a block of the wanted size and alignment or null, and free takes it back.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the alignment is a power of two, as is that of a pointer, and the size is made a multiple of it.
        unsafe {
            let align = layout.align().max(size_of::<usize>());
            aligned_alloc(align, layout.size().next_multiple_of(align)).cast()
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        // SAFETY: the block comes from aligned_alloc.
        unsafe { free(block.cast()) }
    }
}

#[global_allocator]
static HEAP: Heap = Heap;
