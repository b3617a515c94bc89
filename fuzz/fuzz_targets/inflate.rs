//! Any bytes as compressed messages.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wsproto_fuzz_bodies::inflate(data));
