//! DEFLATE by `miniz_oxide`, with the window that was agreed.

use alloc::boxed::Box;
use alloc::vec;

use miniz_oxide::DataFormat;
use miniz_oxide::deflate::core::{
    CompressionStrategy, CompressorOxide, TDEFLFlush, TDEFLStatus, compress_to_output,
};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress_with_limit, inflate_flags};

use super::WindowBits;
use crate::Output;

/// How to end what was compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Flush {
    /// The next bytes may refer to these.
    Keep,
    /// The next bytes begin with an empty window.
    Forget,
}

/// A raw DEFLATE stream that is being written.
///
/// `miniz_oxide` can't limit its window. So no match crosses a multiple of the window's size: there the stream is
/// flushed and the window starts afresh.
pub(super) struct Compressor {
    state: CompressorOxide,
    level: u8,
    window: WindowBits,
    /// How many bytes a match could refer to; at most the window's size, not counted where that is the full 32 KiB.
    reach: usize,
}

impl Compressor {
    pub(super) fn new(level: u8, window: WindowBits) -> Self {
        let level = level.clamp(1, 9);
        let state = CompressorOxide::with_params(DataFormat::Raw, level, CompressionStrategy::Default, 15);
        Self { state, level, window, reach: 0 }
    }

    pub(super) fn fits(&self, level: u8, window: WindowBits) -> bool {
        self.level == level.clamp(1, 9) && self.window == window
    }

    /// Compresses and ends with an empty stored block (its last four bytes are 00 00 ff ff).
    ///
    /// Returns `None` where the output had no room; then the stream is useless.
    pub(super) fn compress(&mut self, mut input: &[u8], flush: Flush, output: &mut Output<'_>) -> Option<()> {
        while self.window < WindowBits::MAX {
            let reach = self.window.size().saturating_sub(self.reach);
            let Some((segment, rest)) = input.split_at_checked(reach) else { break };
            if rest.is_empty() {
                return self.run(segment, Flush::Forget, output);
            }
            self.run(segment, Flush::Forget, output)?;
            input = rest;
        }
        self.run(input, flush, output)
    }

    /// Empties the window without a trace in the stream.
    pub(super) fn forget(&mut self) {
        compress_to_output(&mut self.state, &[], TDEFLFlush::Full, |_| true);
        self.reach = 0;
    }

    fn run(&mut self, input: &[u8], flush: Flush, output: &mut Output<'_>) -> Option<()> {
        self.reach = match flush {
            Flush::Forget => 0,
            Flush::Keep => self.reach.saturating_add(input.len()),
        };
        let flush = match flush {
            Flush::Keep => TDEFLFlush::Sync,
            Flush::Forget => TDEFLFlush::Full,
        };
        let (status, consumed) = compress_to_output(&mut self.state, input, flush, |compressed| {
            output.write(compressed) == compressed.len()
        });
        (status == TDEFLStatus::Okay && consumed == input.len()).then_some(())
    }
}

/// A raw DEFLATE stream that is being read: some 10.5 KB and the window.
pub(super) struct Decompressor {
    state: Box<DecompressorOxide>,
    /// The last bytes that came out: a ring of the window's size.
    ring: Box<[u8]>,
    /// Where the next byte goes; less than the ring's length.
    position: usize,
    /// Whether the ring is full, so that every place in it can be referred to.
    wrapped: bool,
}

/// The stream can't be read on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct BadStream;

impl Decompressor {
    pub(super) fn new(window: WindowBits) -> Self {
        let ring = vec![0; window.size()].into_boxed_slice();
        Self { state: Box::default(), ring, position: 0, wrapped: false }
    }

    pub(super) fn fits(&self, window: WindowBits) -> bool {
        self.ring.len() == window.size()
    }

    /// Makes a new stream of it: no byte of the old one can be referred to.
    pub(super) fn reset(&mut self) {
        self.state.init();
        self.position = 0;
        self.wrapped = false;
    }

    /// Decompresses until the input is used up or the output is full.
    pub(super) fn decompress(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), BadStream> {
        while output.room() > 0 {
            match self.run(input, output, 0)? {
                // Blocks may follow the final one.
                TINFLStatus::Done if !input.is_empty() => self.state.init(),
                TINFLStatus::Done => {
                    self.state.init();
                    return Ok(());
                }
                TINFLStatus::NeedsMoreInput => return Ok(()),
                TINFLStatus::HasMoreOutput => {}
                _ => return Err(BadStream),
            }
        }
        Ok(())
    }

    /// Ends a message: with its last four bytes restored it must end between two blocks.
    pub(super) fn finish(&mut self) -> Result<(), BadStream> {
        let mut tail: &[u8] = &[0x00, 0x00, 0xff, 0xff];
        let mut nothing = alloc::vec::Vec::new();
        let status = self.run(
            &mut tail,
            &mut Output::new(&mut nothing, 0),
            inflate_flags::TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY,
        )?;
        match status {
            TINFLStatus::BlockBoundary if tail.is_empty() => Ok(()),
            TINFLStatus::Done if tail.is_empty() => {
                self.state.init();
                Ok(())
            }
            _ => Err(BadStream),
        }
    }

    /// Calls the decompressor once and copies what came out.
    ///
    /// Until the ring was full once, it is not to wrap: a reference to before the stream's beginning is then an error.
    fn run(
        &mut self,
        input: &mut &[u8],
        output: &mut Output<'_>,
        flags: u32,
    ) -> Result<TINFLStatus, BadStream> {
        let mut flags = flags | inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
        if !self.wrapped {
            flags |= inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        }
        let room = output.room();
        let (status, consumed, written) =
            decompress_with_limit(&mut self.state, input, &mut self.ring, self.position, room, flags);
        *input = input.get(consumed..).ok_or(BadStream)?;
        let end = self.position.saturating_add(written);
        output.write(self.ring.get(self.position..end).ok_or(BadStream)?);
        self.position = end;
        if end >= self.ring.len() {
            self.position = 0;
            self.wrapped = true;
        }
        Ok(status)
    }
}
