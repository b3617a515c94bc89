//! DEFLATE by `miniz_oxide`.

use miniz_oxide::DataFormat;
use miniz_oxide::deflate::core::{
    CompressionStrategy, CompressorOxide, TDEFLFlush, TDEFLStatus, compress_to_output,
};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{decompress_with_limit, inflate_flags};

use super::ring::{Place, Ring};
use super::tables::Tables;
use super::{BadStream, Flush};
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

/// The window, and the tables while a message is under way.
pub(super) struct Decompressor {
    tables: Tables,
    ring: Ring,
    beginning: Beginning,
}

/// The first compressed bytes of a message: as long as there are no more, the tables are not kept for it between calls,
/// since it can be read again. A peer would make a connection take them by these few bytes. Not where the ring has wrapped:
/// what they refer to may be overwritten.
#[derive(Default)]
struct Beginning {
    bytes: [u8; Self::LEN],
    /// How many there are; more than these can't be read again.
    len: usize,
    /// Where the ring stood before them.
    place: Place,
}

impl Decompressor {
    pub(super) fn new(window: WindowBits) -> Self {
        // A ring that wraps holds it to a smaller window, but copies slowly: half of the references are ahead.
        let ring = match window {
            WindowBits::MAX => Ring::new(window.size().saturating_add(ROOM), window.size()),
            _ => Ring::new(window.size(), 0),
        };
        Self { tables: Tables::default(), ring, beginning: Beginning::default() }
    }

    pub(super) fn reset(&mut self) {
        self.tables.give_back();
        self.ring.clear();
        self.beginning = Beginning::default();
    }

    pub(super) fn decompress(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), BadStream> {
        self.wake();
        while self.deliver(output)? {
            let fed = *input;
            let ran = self.run(input, usize::MAX, 0);
            self.beginning.note(fed.get(..fed.len().saturating_sub(input.len())).unwrap_or_default());
            match ran {
                // Blocks may follow the final one.
                //= rfc7692#7.2.3.4-1
                (TINFLStatus::Done, _) => self.tables.get().init(),
                (TINFLStatus::HasMoreOutput, 1..) => {}
                (TINFLStatus::NeedsMoreInput, _) => {
                    self.deliver(output)?;
                    break;
                }
                _ => self.ring.spoil(),
            }
        }
        Ok(())
    }

    pub(super) fn finish(&mut self) -> Result<(), BadStream> {
        self.wake();
        let mut tail: &[u8] = &[0x00, 0x00, 0xff, 0xff];
        match self.run(&mut tail, 0, inflate_flags::TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY) {
            (TINFLStatus::BlockBoundary | TINFLStatus::Done, 0) if tail.is_empty() => {
                self.end_message();
                Ok(())
            }
            _ => Err(BadStream),
        }
    }

    /// Gives the tables back, unless the message ended within its last byte: the next one begins with what is left of it.
    fn end_message(&mut self) {
        let state = self.tables.get().block_boundary_state();
        if state.is_some_and(|state| state.num_bits > 0) {
            self.beginning.len = usize::MAX;
        } else {
            self.tables.give_back();
            self.beginning = Beginning::default();
        }
    }

    /// Gives the tables back where what they hold can be found again.
    pub(super) fn rest(&mut self) {
        if self.beginning.is_all() && self.ring.is_linear() {
            self.tables.give_back();
        }
    }

    /// Has the tables hold what they held before a [`rest`](Self::rest).
    fn wake(&mut self) {
        if self.tables.are_in_use() || self.beginning.len == 0 {
            return;
        }
        self.ring.rewind(self.beginning.place);
        let bytes = self.beginning.bytes;
        let mut again = bytes.get(..self.beginning.len).unwrap_or_default();
        while self.run(&mut again, usize::MAX, 0).0 == TINFLStatus::Done {
            self.tables.get().init();
        }
    }

    /// Delivers what there is, and tells whether there is room for more.
    fn deliver(&mut self, output: &mut Output<'_>) -> Result<bool, BadStream> {
        let before = self.ring.place();
        let room = self.ring.deliver(output)?;
        if self.beginning.len == 0 {
            self.beginning.place = self.ring.place();
        } else if self.ring.place() < before {
            self.beginning.len = usize::MAX;
        }
        Ok(room)
    }

    /// Calls the decompressor once; returns how many bytes came out, at most `most`.
    ///
    /// Where the ring doesn't wrap, or not yet, a reference to before the stream's beginning is an error.
    fn run(&mut self, input: &mut &[u8], most: usize, flags: u32) -> (TINFLStatus, usize) {
        let mut flags = flags | inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
        if self.ring.is_linear() {
            flags |= inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        }
        let (bytes, position) = self.ring.parts();
        let (status, consumed, written) =
            decompress_with_limit(self.tables.get(), input, bytes, position, most, flags);
        *input = input.get(consumed..).unwrap_or_default();
        self.ring.advance(written);
        (status, written)
    }
}

impl Beginning {
    /// A frame that is masked has no more than 8 in 14 bytes, and one that isn't 12.
    const LEN: usize = 12;

    /// Adds what was read.
    fn note(&mut self, bytes: &[u8]) {
        let len = self.len.saturating_add(bytes.len());
        if let Some(place) = self.bytes.get_mut(self.len..len) {
            place.copy_from_slice(bytes);
        }
        self.len = len;
    }

    /// Tells whether it is all of the message until now.
    const fn is_all(&self) -> bool {
        self.len <= Self::LEN
    }
}
