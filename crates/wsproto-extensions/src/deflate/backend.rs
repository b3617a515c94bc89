//! The seam to the libraries that know DEFLATE: raw streams in pieces, each way.

use alloc::boxed::Box;

use super::WindowBits;
use crate::Output;

mod beginning;
mod lent;
mod miniz;
mod ring;
#[cfg(feature = "zlib-rs")]
mod zlib_rs;

/// The library that compresses and decompresses.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Backend {
    /// `miniz_oxide`, which is small and free of unsafe code.
    ///
    /// It knows no window smaller than 32 KiB: where one is agreed, what is sent starts afresh at each multiple of it.
    #[default]
    Miniz,
    /// `zlib-rs`, which is faster and keeps to smaller windows by itself; it needs more memory to decompress.
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

/// The stream can't be read on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct BadStream;

/// A raw DEFLATE stream that is being read.
pub(super) struct Decompressor {
    state: DecompressorState,
    backend: Backend,
    window: WindowBits,
}

enum DecompressorState {
    Miniz(Box<miniz::Decompressor>),
    #[cfg(feature = "zlib-rs")]
    ZlibRs(Box<zlib_rs::Decompressor>),
}

impl Decompressor {
    pub(super) fn new(backend: Backend, window: WindowBits) -> Self {
        let state = match backend {
            Backend::Miniz => DecompressorState::Miniz(Box::new(miniz::Decompressor::new(window))),
            #[cfg(feature = "zlib-rs")]
            Backend::ZlibRs => DecompressorState::ZlibRs(Box::new(zlib_rs::Decompressor::new(window))),
        };
        Self { state, backend, window }
    }

    pub(super) fn fits(&self, backend: Backend, window: WindowBits) -> bool {
        self.backend == backend && self.window == window
    }

    /// Makes a new stream of it: no byte of the old one can be referred to.
    pub(super) fn reset(&mut self) {
        match &mut self.state {
            DecompressorState::Miniz(state) => state.reset(),
            #[cfg(feature = "zlib-rs")]
            DecompressorState::ZlibRs(state) => state.reset(),
        }
    }

    /// Decompresses until the input is used up or the output is full.
    pub(super) fn decompress(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), BadStream> {
        match &mut self.state {
            DecompressorState::Miniz(state) => state.decompress(input, output),
            #[cfg(feature = "zlib-rs")]
            DecompressorState::ZlibRs(state) => state.decompress(input, output),
        }
    }

    /// Keeps as little as can be until more of the message comes, all that came before being delivered.
    pub(super) fn rest(&mut self) {
        match &mut self.state {
            DecompressorState::Miniz(state) => state.rest(),
            #[cfg(feature = "zlib-rs")]
            DecompressorState::ZlibRs(state) => state.rest(),
        }
    }

    /// Tells whether a message may end: with its last four bytes restored it must end between two blocks.
    pub(super) fn finish(&mut self) -> Result<(), BadStream> {
        match &mut self.state {
            DecompressorState::Miniz(state) => state.finish(),
            #[cfg(feature = "zlib-rs")]
            DecompressorState::ZlibRs(state) => state.finish(),
        }
    }

    /// Keeps as little as can be between a message that may end and the next one, which may refer to it.
    pub(super) fn end_message(&mut self) {
        match &mut self.state {
            DecompressorState::Miniz(state) => state.end_message(),
            #[cfg(feature = "zlib-rs")]
            DecompressorState::ZlibRs(state) => state.end_message(),
        }
    }
}
