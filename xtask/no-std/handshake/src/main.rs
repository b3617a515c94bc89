//! Under construction.
#![no_std]
#![no_main]

use core::ffi::c_int;

use no_std_runtime as _;

#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    0
}
