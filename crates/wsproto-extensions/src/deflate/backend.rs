//! The interface to the libraries that compress: raw streams in pieces.

use alloc::boxed::Box;

use super::WindowBits;
use crate::Output;

mod miniz;
#[cfg(feature = "zlib-rs")]
mod zlib_rs;

/// The library that compresses. Decompression is the same for both.
///
/// The default is the faster one that is available: `zlib-rs` if its feature is on.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Backend {
    /// `miniz_oxide`, which is small and free of unsafe code.
    ///
    /// It knows no window smaller than 32 KiB. If a smaller one is agreed, the output begins anew at each multiple of
    /// it.
    #[cfg_attr(not(feature = "zlib-rs"), default)]
    Miniz,
    /// `zlib-rs`, which keeps smaller windows by itself.
    #[cfg(feature = "zlib-rs")]
    #[default]
    ZlibRs,
}

/// How to end the compressed bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Flush {
    /// The next bytes may refer to these.
    Keep,
    /// The next bytes begin with an empty window.
    Forget,
}

/// A raw DEFLATE stream that is being written.
///
/// If a library can't keep the window, no match crosses a multiple of the window's size: there the stream is flushed,
/// and the window begins anew.
pub(super) struct Compressor {
    state: CompressorState,
    kind: Kind,
    /// How many bytes a match could refer to.
    reach: usize,
}

/// All settings that determine the output of a compressor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Kind {
    pub(super) backend: Backend,
    /// From 1 to 9.
    pub(super) level: u8,
    /// From 1 to 9; only `zlib-rs` has it.
    pub(super) memory_level: u8,
    pub(super) window: WindowBits,
}

enum CompressorState {
    Miniz(Box<miniz::Compressor>),
    #[cfg(feature = "zlib-rs")]
    ZlibRs(zlib_rs::Compressor),
}

impl Compressor {
    pub(super) fn new(kind: Kind) -> Self {
        let state = match kind.backend {
            Backend::Miniz => CompressorState::Miniz(Box::new(miniz::Compressor::new(kind.level))),
            #[cfg(feature = "zlib-rs")]
            Backend::ZlibRs => CompressorState::ZlibRs(zlib_rs::Compressor::new(kind)),
        };
        Self { state, kind, reach: 0 }
    }

    #[cfg(feature = "std")]
    pub(super) const fn kind(&self) -> Kind {
        self.kind
    }

    /// Compresses and ends with an empty stored block (its last four bytes are 00 00 ff ff).
    ///
    /// Returns `None` where the output had no room. Then the stream is useless.
    pub(super) fn compress(&mut self, mut input: &[u8], flush: Flush, output: &mut Output<'_>) -> Option<()> {
        //= rfc7692#7.1.2.1-3, rfc7692#7.1.2.2-5
        while self.starts_afresh() {
            let reach = self.kind.window.size().saturating_sub(self.reach);
            let Some((segment, rest)) = input.split_at_checked(reach) else { break };
            self.run(segment, Flush::Forget, output)?;
            if rest.is_empty() {
                return Some(());
            }
            input = rest;
        }
        self.run(input, flush, output)
    }

    /// Empties the window without output in the stream.
    #[cfg(feature = "std")]
    pub(super) fn forget(&mut self) {
        if self.reach == 0 {
            return;
        }
        self.reach = 0;
        match &mut self.state {
            CompressorState::Miniz(state) => state.forget(),
            #[cfg(feature = "zlib-rs")]
            CompressorState::ZlibRs(state) => state.forget(),
        }
    }

    /// How many bytes a match could refer to.
    #[cfg(all(test, feature = "std"))]
    pub(super) const fn reach(&self) -> usize {
        self.reach
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

    /// Returns whether the library can't keep the window.
    fn starts_afresh(&self) -> bool {
        match self.kind.backend {
            Backend::Miniz => self.kind.window < WindowBits::MAX,
            #[cfg(feature = "zlib-rs")]
            Backend::ZlibRs => self.kind.window < zlib_rs::Compressor::MIN_WINDOW,
        }
    }
}

/// The end of a message that is omitted when it is sent (RFC 7692 §7.2.1).
pub(super) const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
