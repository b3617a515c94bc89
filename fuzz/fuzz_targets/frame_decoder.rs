//! Any bytes, cut anywhere: no panic, no step without progress, and the same frames as from one read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wsproto_frame::{FrameDecoder, FrameError, FrameHeader, Role};

fuzz_target!(|data: (bool, u8, Vec<u8>)| {
    let (server, cut, bytes) = data;
    let role = if server { Role::Server } else { Role::Client };
    let whole = decode(role, bytes.len(), bytes.clone());
    assert_eq!(whole, decode(role, usize::from(cut), bytes.clone()), "in parts of {cut}");
    assert_eq!(whole, decode(role, 1, bytes), "byte by byte");
});

/// A frame as far as it came.
#[derive(Debug, PartialEq)]
struct Frame {
    header: FrameHeader,
    payload: Vec<u8>,
    finished: bool,
}

/// Decodes in parts of `cut` bytes.
fn decode(role: Role, cut: usize, mut bytes: Vec<u8>) -> (Vec<Frame>, Option<FrameError>) {
    let mut decoder = FrameDecoder::new(role);
    let mut frames: Vec<Frame> = Vec::new();
    for mut input in bytes.chunks_mut(cut.max(1)) {
        loop {
            let before = input.len();
            match decoder.decode(&mut input) {
                Ok(Some(chunk)) => {
                    if chunk.frame_started {
                        frames.push(Frame { header: chunk.header, payload: Vec::new(), finished: false });
                    }
                    let frame = frames.last_mut().expect("a frame has started");
                    frame.payload.extend_from_slice(chunk.payload);
                    frame.finished = chunk.frame_finished;
                    assert!(input.len() < before, "no progress");
                }
                Ok(None) => break assert!(input.is_empty(), "bytes were left"),
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}
