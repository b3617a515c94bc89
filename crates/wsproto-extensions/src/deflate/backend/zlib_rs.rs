//! Compression by `zlib-rs`.

use alloc::boxed::Box;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush};

use super::{Flush, Kind};
use crate::Output;
use crate::deflate::WindowBits;

/// How many bytes are compressed at a time before they are copied to their place.
const PIECE: usize = 4096;

pub(super) struct Compressor {
    state: Deflate,
    /// The memory for its output. It is kept, since memory must be cleared before it is written in place.
    piece: Box<[u8; PIECE]>,
}

impl Compressor {
    /// The smallest window that it supports.
    pub(super) const MIN_WINDOW: WindowBits = match WindowBits::new(9) {
        Some(bits) => bits,
        None => WindowBits::MAX,
    };

    pub(super) fn new(kind: Kind) -> Self {
        let window = kind.window.max(Self::MIN_WINDOW);
        let config = DeflateConfig {
            level: kind.level.into(),
            // A negative number means: no header, no checksum.
            window_bits: i32::from(window.get()).wrapping_neg(),
            mem_level: kind.memory_level.into(),
            ..DeflateConfig::default()
        };
        Self { state: Deflate::new_with_config(config), piece: Box::new([0; PIECE]) }
    }

    pub(super) fn run(&mut self, mut input: &[u8], flush: Flush, output: &mut Output<'_>) -> Option<()> {
        let flush = match flush {
            Flush::Keep => DeflateFlush::SyncFlush,
            Flush::Forget => DeflateFlush::FullFlush,
        };
        let mut silent = true;
        loop {
            let before = (self.state.total_in(), self.state.total_out());
            self.state.compress(input, &mut *self.piece, flush).ok()?;
            let consumed = usize::try_from(self.state.total_in().checked_sub(before.0)?).ok()?;
            let written = usize::try_from(self.state.total_out().checked_sub(before.1)?).ok()?;
            input = input.get(consumed..)?;
            let compressed = self.piece.get(..written)?;
            if output.write(compressed) < written {
                return None;
            }
            silent &= written == 0;
            if written < PIECE {
                break;
            }
        }
        // The library doesn't flush twice at the same place, but each message has its own end.
        let ended = !silent || output.write(&[0x00, 0x00, 0x00, 0xff, 0xff]) == 5;
        (input.is_empty() && ended).then_some(())
    }

    pub(super) fn forget(&mut self) {
        self.state.reset();
    }
}
