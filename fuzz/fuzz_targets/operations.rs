//! Sequences of operations on a pair of connections.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wsproto_fuzz_bodies::operations(data));
