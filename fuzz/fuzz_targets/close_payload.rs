//! Any bytes as the payload of a Close frame.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wsproto_fuzz_bodies::close_payload(data));
