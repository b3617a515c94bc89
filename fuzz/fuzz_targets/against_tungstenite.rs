//! Any bytes as frames, to us and to tungstenite.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wsproto_fuzz::against_tungstenite(data));
