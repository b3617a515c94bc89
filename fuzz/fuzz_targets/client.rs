//! Any bytes to a whole client.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wsproto_fuzz_bodies::client(data));
