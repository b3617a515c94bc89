//! Libraries as simple, slow oracles for the contents of a stream.

use std::boxed::Box;
use std::vec;
use std::vec::Vec;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress_with_limit, inflate_flags};
use zlib_rs::{Inflate, InflateFlush, Status};

use super::TAIL;

/// A library that reads messages with one window of 32 KiB.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Library {
    /// `miniz_oxide`.
    Miniz,
    /// `zlib-rs`.
    ZlibRs,
}

/// The messages that could be read, and whether an invalid one followed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Read {
    /// The messages before the first invalid one.
    pub messages: Vec<Vec<u8>>,
    /// Whether there is an invalid one.
    pub bad: bool,
}

impl Library {
    /// Reads messages up to the first invalid one, with at most `most` bytes of output in all. Returns `None` beyond
    /// that: the verdict is unknown there.
    #[must_use]
    pub fn read(self, messages: &[&[u8]], most: usize) -> Option<Read> {
        let mut all = vec![0; most];
        let mut position = 0;
        let mut read = Read { messages: Vec::new(), bad: false };
        let mut miniz = Box::<DecompressorOxide>::default();
        let mut zlib = Inflate::new(false, 15);
        for message in messages {
            let start = position;
            let ended = match self {
                Self::Miniz => by_miniz(&mut miniz, message, &mut all, &mut position),
                Self::ZlibRs => by_zlib(&mut zlib, message, &mut all, &mut position),
            };
            match ended {
                Ended::Well => read.messages.push(all[start..position].to_vec()),
                Ended::Badly => return Some(Read { bad: true, ..read }),
                Ended::Full => return None,
            }
        }
        Some(read)
    }
}

enum Ended {
    Well,
    Badly,
    Full,
}

fn by_miniz(state: &mut DecompressorOxide, message: &[u8], all: &mut [u8], position: &mut usize) -> Ended {
    const FLAGS: u32 =
        inflate_flags::TINFL_FLAG_HAS_MORE_INPUT | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    if message.is_empty() {
        return Ended::Well;
    }
    let mut input = message;
    loop {
        let (status, consumed, written) =
            decompress_with_limit(state, input, all, *position, usize::MAX, FLAGS);
        input = &input[consumed..];
        *position += written;
        match status {
            TINFLStatus::Done => state.init(),
            TINFLStatus::NeedsMoreInput => break,
            TINFLStatus::HasMoreOutput => return Ended::Full,
            _ => return Ended::Badly,
        }
    }
    let flags = FLAGS | inflate_flags::TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY;
    match decompress_with_limit(state, &TAIL, all, *position, 0, flags) {
        (TINFLStatus::BlockBoundary, 4, 0) => Ended::Well,
        (TINFLStatus::Done, 4, 0) => {
            state.init();
            Ended::Well
        }
        _ => Ended::Badly,
    }
}

fn by_zlib(state: &mut Inflate, message: &[u8], all: &mut [u8], position: &mut usize) -> Ended {
    if message.is_empty() {
        return Ended::Well;
    }
    let mut input = message;
    while !input.is_empty() {
        let before = (state.total_in(), state.total_out());
        let status = state.decompress(input, &mut all[*position..], InflateFlush::NoFlush);
        input = &input[usize::try_from(state.total_in() - before.0).expect("it was there")..];
        *position += usize::try_from(state.total_out() - before.1).expect("it is there");
        match status {
            Ok(_) if *position == all.len() => return Ended::Full,
            Ok(Status::StreamEnd) => {
                // The window is the last output.
                *state = Inflate::new(false, 15);
                let window = &all[position.saturating_sub(32 << 10)..*position];
                if !window.is_empty() {
                    state.set_dictionary(window).expect("a new stream takes one");
                }
            }
            Ok(_) => {}
            Err(_) => return Ended::Badly,
        }
    }
    // One byte more, which must be left.
    let [a, b, c, d] = TAIL;
    let before = (state.total_in(), state.total_out());
    let status = state.decompress(&[a, b, c, d, 0], &mut [0; 8], InflateFlush::Block);
    let went = (state.total_in() - before.0, state.total_out() - before.1);
    if status.is_ok() && went == (4, 0) { Ended::Well } else { Ended::Badly }
}
