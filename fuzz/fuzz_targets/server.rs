//! Any bytes to a whole server.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wsproto_fuzz_bodies::server(data));
