//! DEFLATE by `zlib-rs`.

use alloc::boxed::Box;

use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateFlush, Status};

use super::ring::Ring;
use super::{BadStream, Flush};
use crate::Output;
use crate::deflate::WindowBits;

/// How many bytes are compressed at a time before they are copied to where they belong.
const PIECE: usize = 4096;

pub(super) struct Compressor {
    state: Deflate,
    /// Where it writes: kept, since memory has to be cleared before it can be written in place.
    piece: Box<[u8; PIECE]>,
}

impl Compressor {
    /// The smallest window that it keeps to.
    pub(super) const MIN_WINDOW: WindowBits = match WindowBits::new(9) {
        Some(bits) => bits,
        None => WindowBits::MAX,
    };

    pub(super) fn new(level: u8, window: WindowBits) -> Self {
        let window = window.max(Self::MIN_WINDOW);
        Self { state: Deflate::new(i32::from(level), false, window.get()), piece: Box::new([0; PIECE]) }
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
        // It doesn't flush twice at the same place, but each message has an end of its own.
        let ended = !silent || output.write(&[0x00, 0x00, 0x00, 0xff, 0xff]) == 5;
        (input.is_empty() && ended).then_some(())
    }

    pub(super) fn forget(&mut self) {
        self.state.reset();
    }
}

/// It has a window of its own, but forgets it at a final block: what can be referred to is kept beside it.
pub(super) struct Decompressor {
    state: Inflate,
    /// The window of `state`: at least the one that was agreed.
    window: WindowBits,
    /// The window that was agreed: all that is kept to be referred to behind a final block.
    agreed: WindowBits,
    /// Twice the window that was agreed: it may be written to behind what it is told to hold.
    ring: Ring,
}

impl Decompressor {
    pub(super) fn new(window: WindowBits) -> Self {
        // References to what came out in the same call are cheaper than those to its own window.
        let ring = Ring::new(window.size().saturating_mul(2), 0);
        Self { state: Inflate::new(false, window.get()), window, agreed: window, ring }
    }

    pub(super) fn reset(&mut self) {
        self.ring.clear();
        self.start_anew();
    }

    /// Sets the library's state to the beginning of a stream.
    fn start_anew(&mut self) {
        if self.window == WindowBits::MAX {
            self.state.reset(false);
        } else {
            // It can be reset to the largest window alone. What is reset will be again: better once larger than each
            // time made anew.
            self.window = WindowBits::MAX;
            self.state = Inflate::new(false, self.window.get());
        }
    }

    pub(super) fn decompress(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), BadStream> {
        while self.ring.deliver(output)? {
            let before = input.len();
            let place = output.place();
            let in_place = !place.is_empty();
            let place = if in_place { place } else { self.ring.free() };
            let (status, written) = run(&mut self.state, input, place, InflateFlush::NoFlush);
            let full = written == place.len();
            if in_place {
                let last = written.saturating_sub(self.agreed.size())..written;
                self.ring.keep(output.place().get(last).unwrap_or_default());
                output.advance(written);
            } else {
                self.ring.advance(written);
            }
            match status {
                // Blocks may follow the final one.
                //= rfc7692#7.2.3.4-1
                Ok(Status::StreamEnd) => self.restart()?,
                Ok(_) if input.is_empty() && !full => {
                    self.ring.deliver(output)?;
                    break;
                }
                Ok(_) if input.len() < before || written > 0 => {}
                Ok(_) | Err(BadStream) => self.ring.spoil(),
            }
        }
        Ok(())
    }

    pub(super) fn finish(&mut self) -> Result<(), BadStream> {
        // One byte more than the tail: it must be left where the tail ends a block.
        let mut tail: &[u8] = &[0x00, 0x00, 0xff, 0xff, 0x00];
        let mut nothing = [0; 8];
        let (status, written) = run(&mut self.state, &mut tail, &mut nothing, InflateFlush::Block);
        match status? {
            _ if written > 0 || tail.len() != 1 => Err(BadStream),
            Status::StreamEnd => self.restart(),
            Status::Ok | Status::BufError => Ok(()),
        }
    }

    /// Goes on after a final block, with the window as it was.
    #[cold]
    fn restart(&mut self) -> Result<(), BadStream> {
        let window = self.ring.last(self.agreed.size()).ok_or(BadStream)?;
        self.start_anew();
        if !window.is_empty() {
            self.state.set_dictionary(&window).map_err(|_| BadStream)?;
        }
        Ok(())
    }
}

/// Calls the decompressor once; returns how many bytes came out.
fn run(
    state: &mut Inflate,
    input: &mut &[u8],
    place: &mut [u8],
    flush: InflateFlush,
) -> (Result<Status, BadStream>, usize) {
    let before = (state.total_in(), state.total_out());
    let status = state.decompress(input, place, flush).map_err(|_| BadStream);
    let consumed = usize::try_from(state.total_in().saturating_sub(before.0)).unwrap_or(usize::MAX);
    let written = usize::try_from(state.total_out().saturating_sub(before.1)).unwrap_or(usize::MAX);
    *input = input.get(consumed..).unwrap_or_default();
    (status, written)
}
