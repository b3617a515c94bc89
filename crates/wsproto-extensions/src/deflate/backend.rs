//! The seam to the libraries that know DEFLATE: raw streams in pieces, each way.

use alloc::boxed::Box;

use super::WindowBits;
use crate::Output;

mod miniz;
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
    Miniz(miniz::Decompressor),
    #[cfg(feature = "zlib-rs")]
    ZlibRs(Box<zlib_rs::Decompressor>),
}

impl Decompressor {
    pub(super) fn new(backend: Backend, window: WindowBits) -> Self {
        let state = match backend {
            Backend::Miniz => DecompressorState::Miniz(miniz::Decompressor::new(window)),
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

    /// Ends a message: with its last four bytes restored it must end between two blocks.
    pub(super) fn finish(&mut self) -> Result<(), BadStream> {
        match &mut self.state {
            DecompressorState::Miniz(state) => state.finish(),
            #[cfg(feature = "zlib-rs")]
            DecompressorState::ZlibRs(state) => state.finish(),
        }
    }
}

/// The last bytes of a stream, at least as many as its window holds: decompressed here, and copied to where they belong.
struct Ring {
    bytes: Box<[u8]>,
    /// How far bytes were delivered; at most `position`.
    delivered: usize,
    /// Where the next byte goes; at most the length.
    position: usize,
    /// How many of the last bytes are moved to the front once it is full.
    moved: usize,
    /// Whether it was full once; all of a ring can be referred to from then on.
    wrapped: bool,
    /// The stream is bad behind what is not delivered yet.
    bad: bool,
}

impl Ring {
    /// More bytes than a backend, which copies in blocks, may write behind those that it tells of.
    const OVERSHOOT: usize = 1024;

    fn new(len: usize, moved: usize) -> Self {
        let bytes = alloc::vec![0; len].into_boxed_slice();
        Self { bytes, delivered: 0, position: 0, moved, wrapped: false, bad: false }
    }

    /// Forgets everything, so that no stream can be made to tell of another, whatever the backend reads.
    ///
    /// What was never written is zero already: clearing all of it would cost more than to decompress a short message.
    fn clear(&mut self) {
        let written =
            if self.wrapped || self.bad { usize::MAX } else { self.position.saturating_add(Self::OVERSHOOT) };
        let written = written.min(self.bytes.len());
        self.bytes.get_mut(..written).unwrap_or_default().fill(0);
        self.delivered = 0;
        self.position = 0;
        self.wrapped = false;
        self.bad = false;
    }

    /// Delivers what there is, and tells whether there is room for more.
    ///
    /// That a stream is bad shows only behind all that came before it, however it arrives.
    fn deliver(&mut self, output: &mut Output<'_>) -> Result<bool, BadStream> {
        let waiting = self.bytes.get(self.delivered..self.position).unwrap_or_default();
        self.delivered = self.delivered.saturating_add(output.write(waiting));
        if output.room() == 0 {
            return Ok(false);
        }
        if self.bad {
            return Err(BadStream);
        }
        if self.position >= self.bytes.len() {
            let moved = self.bytes.len().saturating_sub(self.moved)..;
            self.bytes.copy_within(moved, 0);
            self.delivered = self.moved;
            self.position = self.moved;
            self.wrapped = true;
        }
        Ok(true)
    }

    /// Returns where bytes can be written before it is full.
    #[cfg(feature = "zlib-rs")]
    fn free(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.position..).unwrap_or_default()
    }

    /// Keeps the last of bytes that came out elsewhere, while nothing waits to be delivered.
    #[cfg(feature = "zlib-rs")]
    fn keep(&mut self, bytes: &[u8]) {
        let kept = bytes.get(bytes.len().saturating_sub(self.bytes.len())..).unwrap_or_default();
        let free = self.free();
        let (first, rest) = kept.split_at_checked(free.len()).unwrap_or((kept, &[]));
        if let Some(place) = free.get_mut(..first.len()) {
            place.copy_from_slice(first);
        }
        self.advance(first.len());
        if let Some(place) = self.bytes.get_mut(..rest.len())
            && !rest.is_empty()
        {
            place.copy_from_slice(rest);
            self.position = rest.len();
            self.wrapped = true;
        }
        self.delivered = self.position;
    }

    /// Takes note of bytes that were written at its position.
    fn advance(&mut self, written: usize) {
        self.position = self.position.saturating_add(written).min(self.bytes.len());
    }
}
