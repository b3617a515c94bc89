//! The seam to the libraries that compress: raw streams in pieces.

use alloc::boxed::Box;

use super::WindowBits;
use crate::Output;

mod miniz;
#[cfg(feature = "zlib-rs")]
mod zlib_rs;

/// The library that compresses; what decompresses is the same for both.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Backend {
    /// `miniz_oxide`, which is small and free of unsafe code.
    ///
    /// It knows no window smaller than 32 KiB: where one is agreed, what is sent starts afresh at each multiple of it.
    #[default]
    Miniz,
    /// `zlib-rs`, which keeps to smaller windows by itself and takes more memory.
    #[cfg(feature = "zlib-rs")]
    ZlibRs,
}

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
/// Where a library can't keep to the window, no match crosses a multiple of the window's size: there the stream is
/// flushed and the window starts afresh.
pub(super) struct Compressor {
    state: CompressorState,
    backend: Backend,
    level: u8,
    window: WindowBits,
    /// How many bytes a match could refer to; where that needs no limit it isn't counted.
    reach: usize,
}

enum CompressorState {
    Miniz(Box<miniz::Compressor>),
    #[cfg(feature = "zlib-rs")]
    ZlibRs(zlib_rs::Compressor),
}

impl Compressor {
    pub(super) fn new(backend: Backend, level: u8, window: WindowBits) -> Self {
        let level = level.clamp(1, 9);
        let state = match backend {
            Backend::Miniz => CompressorState::Miniz(Box::new(miniz::Compressor::new(level))),
            #[cfg(feature = "zlib-rs")]
            Backend::ZlibRs => CompressorState::ZlibRs(zlib_rs::Compressor::new(level, window)),
        };
        Self { state, backend, level, window, reach: 0 }
    }

    pub(super) fn fits(&self, backend: Backend, level: u8, window: WindowBits) -> bool {
        self.backend == backend && self.level == level.clamp(1, 9) && self.window == window
    }

    /// Compresses and ends with an empty stored block (its last four bytes are 00 00 ff ff).
    ///
    /// Returns `None` where the output had no room; then the stream is useless.
    pub(super) fn compress(&mut self, mut input: &[u8], flush: Flush, output: &mut Output<'_>) -> Option<()> {
        //= rfc7692#7.1.2.1-3, rfc7692#7.1.2.2-5
        while self.starts_afresh() {
            let reach = self.window.size().saturating_sub(self.reach);
            let Some((segment, rest)) = input.split_at_checked(reach) else { break };
            self.run(segment, Flush::Forget, output)?;
            if rest.is_empty() {
                return Some(());
            }
            input = rest;
        }
        self.run(input, flush, output)
    }

    /// Empties the window without a trace in the stream.
    pub(super) fn forget(&mut self) {
        self.reach = 0;
        match &mut self.state {
            CompressorState::Miniz(state) => state.forget(),
            #[cfg(feature = "zlib-rs")]
            CompressorState::ZlibRs(state) => state.forget(),
        }
    }

    fn run(&mut self, input: &[u8], flush: Flush, output: &mut Output<'_>) -> Option<()> {
        self.reach = match flush {
            Flush::Forget => 0,
            Flush::Keep => self.reach.saturating_add(input.len()),
        };
        match &mut self.state {
            CompressorState::Miniz(state) => state.run(input, flush, output),
            #[cfg(feature = "zlib-rs")]
            CompressorState::ZlibRs(state) => state.run(input, flush, output),
        }
    }

    /// Tells whether the library can't keep to the window.
    fn starts_afresh(&self) -> bool {
        match self.backend {
            Backend::Miniz => self.window < WindowBits::MAX,
            #[cfg(feature = "zlib-rs")]
            Backend::ZlibRs => self.window < zlib_rs::Compressor::MIN_WINDOW,
        }
    }
}

/// The end of a message that is left out when it is sent (RFC 7692 §7.2.1).
pub(super) const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
