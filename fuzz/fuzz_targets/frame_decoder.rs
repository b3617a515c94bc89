//! Any bytes as frames.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wsproto_fuzz_bodies::frame_decoder(data));
