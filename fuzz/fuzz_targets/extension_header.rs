//! Any text as Sec-WebSocket-Extensions.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wsproto_fuzz_bodies::extension_header(data));
