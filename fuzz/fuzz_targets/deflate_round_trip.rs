//! permessage-deflate from one side to the other.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wsproto_fuzz_bodies::deflate_round_trip(data));
