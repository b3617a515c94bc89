//! Compression by `miniz_oxide`.

use miniz_oxide::DataFormat;
use miniz_oxide::deflate::core::{
    CompressionStrategy, CompressorOxide, TDEFLFlush, TDEFLStatus, compress_to_output,
};

use super::Flush;
use crate::Output;

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

    #[cfg(feature = "std")]
    pub(super) fn forget(&mut self) {
        compress_to_output(&mut self.state, &[], TDEFLFlush::Full, |_| true);
    }
}
