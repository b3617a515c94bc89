//! DEFLATE by `miniz_oxide`.

use alloc::boxed::Box;

use miniz_oxide::DataFormat;
use miniz_oxide::deflate::core::{
    CompressionStrategy, CompressorOxide, TDEFLFlush, TDEFLStatus, compress_to_output,
};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress_with_limit, inflate_flags};

use super::{BadStream, Flush, Ring};
use crate::Output;
use crate::deflate::WindowBits;

/// How many bytes may come out before the window is moved to the front.
const ROOM: usize = 16 << 10;

pub(super) struct Compressor {
    state: CompressorOxide,
}

impl Compressor {
    pub(super) fn new(level: u8) -> Self {
        let state = CompressorOxide::with_params(DataFormat::Raw, level, CompressionStrategy::Default, 15);
        Self { state }
    }

    pub(super) fn run(&mut self, input: &[u8], flush: Flush, output: &mut Output<'_>) -> Option<()> {
        let flush = match flush {
            Flush::Keep => TDEFLFlush::Sync,
            Flush::Forget => TDEFLFlush::Full,
        };
        let (status, consumed) = compress_to_output(&mut self.state, input, flush, |compressed| {
            output.write(compressed) == compressed.len()
        });
        (status == TDEFLStatus::Okay && consumed == input.len()).then_some(())
    }

    pub(super) fn forget(&mut self) {
        compress_to_output(&mut self.state, &[], TDEFLFlush::Full, |_| true);
    }
}

/// Some 10.5 KB and the ring.
pub(super) struct Decompressor {
    state: Box<DecompressorOxide>,
    ring: Ring,
}

impl Decompressor {
    pub(super) fn new(window: WindowBits) -> Self {
        // A ring that wraps holds it to a smaller window, but copies slowly: half of the references are ahead.
        let ring = match window {
            WindowBits::MAX => Ring::new(window.size().saturating_add(ROOM), window.size()),
            _ => Ring::new(window.size(), 0),
        };
        Self { state: Box::default(), ring }
    }

    pub(super) fn reset(&mut self) {
        self.state.init();
        self.ring.clear();
    }

    pub(super) fn decompress(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), BadStream> {
        while self.ring.deliver(output)? {
            match self.run(input, usize::MAX, 0) {
                // Blocks may follow the final one.
                //= rfc7692#7.2.3.4-1
                (TINFLStatus::Done, _) => self.state.init(),
                (TINFLStatus::HasMoreOutput, 1..) => {}
                (TINFLStatus::NeedsMoreInput, _) => {
                    self.ring.deliver(output)?;
                    break;
                }
                _ => self.ring.bad = true,
            }
        }
        Ok(())
    }

    pub(super) fn finish(&mut self) -> Result<(), BadStream> {
        let mut tail: &[u8] = &[0x00, 0x00, 0xff, 0xff];
        match self.run(&mut tail, 0, inflate_flags::TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY) {
            (TINFLStatus::BlockBoundary, 0) if tail.is_empty() => Ok(()),
            (TINFLStatus::Done, 0) if tail.is_empty() => {
                self.state.init();
                Ok(())
            }
            _ => Err(BadStream),
        }
    }

    /// Calls the decompressor once; returns how many bytes came out, at most `most`.
    ///
    /// Where the ring doesn't wrap, or not yet, a reference to before the stream's beginning is an error.
    fn run(&mut self, input: &mut &[u8], most: usize, flags: u32) -> (TINFLStatus, usize) {
        let mut flags = flags | inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
        if !self.ring.wrapped || self.ring.moved > 0 {
            flags |= inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        }
        let Ring { bytes, position, .. } = &mut self.ring;
        let (status, consumed, written) =
            decompress_with_limit(&mut self.state, input, bytes, *position, most, flags);
        *input = input.get(consumed..).unwrap_or_default();
        self.ring.advance(written);
        (status, written)
    }
}
