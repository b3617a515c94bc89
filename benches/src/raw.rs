//! The DEFLATE libraries by themselves: the limit for any use of them.
//!
//! Each is used in its fastest way: whole messages, from memory to memory with enough room.

use miniz_oxide::{
    DataFormat,
    deflate::core::{CompressionStrategy, CompressorOxide, TDEFLFlush, TDEFLStatus, compress},
    inflate::{
        TINFLStatus,
        core::{DecompressorOxide, decompress, inflate_flags},
    },
};
use zlib_rs::{DeflateFlush, InflateFlush, Status};

use crate::Deflate;

/// The bytes that the sender omits at the end of a message (RFC 7692 §7.2.1).
pub const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// How far back a message may refer.
const WINDOW: usize = 32 << 10;

/// Returns each message as it is sent compressed.
#[must_use]
pub fn compressed(payloads: &[Vec<u8>], deflate: Deflate) -> Vec<Vec<u8>> {
    let mut deflater = ZlibRsDeflater::new(deflate, payloads[0].len());
    let without_tail = |payload: &Vec<u8>| {
        let compressed = deflater.deflate(payload);
        compressed.strip_suffix(&TAIL).expect("the end of a block").to_vec()
    };
    payloads.iter().map(without_tail).collect()
}

/// Compresses by `zlib-rs`.
pub struct ZlibRsDeflater {
    state: zlib_rs::Deflate,
    flush: DeflateFlush,
    out: Vec<u8>,
}

impl ZlibRsDeflater {
    /// Makes one for messages of at most `len` bytes.
    #[must_use]
    pub fn new(deflate: Deflate, len: usize) -> Self {
        Self {
            state: zlib_rs::Deflate::new(i32::from(deflate.level), false, 15),
            flush: if deflate.takeover { DeflateFlush::SyncFlush } else { DeflateFlush::FullFlush },
            out: vec![0; len + 1024],
        }
    }

    /// Returns a message compressed, to the end of a block.
    #[inline]
    pub fn deflate(&mut self, message: &[u8]) -> &[u8] {
        let before = self.state.total_out();
        let status = self.state.compress(message, &mut self.out, self.flush);
        assert_eq!(status, Ok(Status::Ok));
        &self.out[..(self.state.total_out() - before) as usize]
    }
}

/// Decompresses by `zlib-rs`.
pub struct ZlibRsInflater {
    state: zlib_rs::Inflate,
    takeover: bool,
    out: Vec<u8>,
}

impl ZlibRsInflater {
    /// Makes one for messages of at most `len` bytes.
    #[must_use]
    pub fn new(deflate: Deflate, len: usize) -> Self {
        let state = zlib_rs::Inflate::new(false, 15);
        Self { state, takeover: deflate.takeover, out: vec![0; len + 1024] }
    }

    /// Returns a message that was compressed to the end of a block.
    #[inline]
    pub fn inflate(&mut self, message: &[u8]) -> &[u8] {
        if !self.takeover {
            self.state.reset(false);
        }
        let before = (self.state.total_in(), self.state.total_out());
        let status = self.state.decompress(message, &mut self.out, InflateFlush::SyncFlush);
        assert_eq!(status, Ok(Status::Ok));
        assert_eq!(self.state.total_in() - before.0, message.len() as u64);
        &self.out[..(self.state.total_out() - before.1) as usize]
    }
}

/// Compresses by `miniz_oxide`.
pub struct MinizDeflater {
    state: Box<CompressorOxide>,
    flush: TDEFLFlush,
    out: Vec<u8>,
}

impl MinizDeflater {
    /// Makes one for messages of at most `len` bytes.
    #[must_use]
    pub fn new(deflate: Deflate, len: usize) -> Self {
        let strategy = CompressionStrategy::Default;
        Self {
            state: Box::new(CompressorOxide::with_params(DataFormat::Raw, deflate.level, strategy, 15)),
            flush: if deflate.takeover { TDEFLFlush::Sync } else { TDEFLFlush::Full },
            out: vec![0; len + 1024],
        }
    }

    /// Returns a message compressed, to the end of a block.
    #[inline]
    pub fn deflate(&mut self, message: &[u8]) -> &[u8] {
        let (status, consumed, written) = compress(&mut self.state, message, &mut self.out, self.flush);
        assert_eq!((status, consumed), (TDEFLStatus::Okay, message.len()));
        &self.out[..written]
    }
}

/// Decompresses by `miniz_oxide`.
///
/// Each message is written after the last one, so that no bytes are copied for later references, until there is no
/// room.
pub struct MinizInflater {
    state: Box<DecompressorOxide>,
    takeover: bool,
    len: usize,
    out: Vec<u8>,
    position: usize,
}

impl MinizInflater {
    /// Makes one for messages of at most `len` bytes.
    #[must_use]
    pub fn new(deflate: Deflate, len: usize) -> Self {
        let out = vec![0; WINDOW + len.max(128 << 10) + 1024];
        Self { state: Box::default(), takeover: deflate.takeover, len, out, position: 0 }
    }

    /// Returns a message that was compressed to the end of a block.
    #[inline]
    pub fn inflate(&mut self, message: &[u8]) -> &[u8] {
        if !self.takeover {
            self.state.init();
            self.position = 0;
        } else if self.position + self.len + 1024 > self.out.len() {
            self.out.copy_within(self.position - WINDOW..self.position, 0);
            self.position = WINDOW;
        }
        let flags = inflate_flags::TINFL_FLAG_HAS_MORE_INPUT
            | inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let start = self.position;
        let (status, consumed, written) = decompress(&mut self.state, message, &mut self.out, start, flags);
        assert_eq!((status, consumed), (TINFLStatus::NeedsMoreInput, message.len()));
        self.position = start + written;
        &self.out[start..self.position]
    }
}
