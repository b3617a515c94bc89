//! DEFLATE by `miniz_oxide`.

use miniz_oxide::DataFormat;
use miniz_oxide::deflate::core::{
    CompressionStrategy, CompressorOxide, TDEFLFlush, TDEFLStatus, compress_to_output,
};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress_with_limit, inflate_flags};

use super::beginning::Beginning;
#[cfg(feature = "std")]
use super::lent::Spare;
use super::lent::{Lend, Lent};
use super::ring::Ring;
use super::{BadStream, Flush, TAIL};
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
    /// Some 10.5 KB.
    tables: Lent<DecompressorOxide>,
    ring: Ring,
    beginning: Beginning,
}

impl Lend for DecompressorOxide {
    fn fresh() -> Self {
        Self::default()
    }

    fn renew(&mut self) {
        self.init();
    }

    #[cfg(feature = "std")]
    fn with_spare<R>(call: impl FnOnce(&Spare<Self>) -> R) -> Option<R> {
        std::thread_local! {
            static SPARE: Spare<DecompressorOxide> = const { Spare::new(None) };
        }
        SPARE.try_with(call).ok()
    }
}

impl Decompressor {
    pub(super) fn new(window: WindowBits) -> Self {
        // A ring that wraps holds it to a smaller window, but copies slowly: half of the references are ahead.
        let ring = match window {
            WindowBits::MAX => Ring::new(window.size().saturating_add(ROOM), window.size()),
            _ => Ring::new(window.size(), 0),
        };
        Self { tables: Lent::NONE, ring, beginning: Beginning::default() }
    }

    pub(super) fn reset(&mut self) {
        self.tables.give_back();
        self.ring.clear();
        self.beginning.clear();
    }

    pub(super) fn decompress(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), BadStream> {
        while self.ring.deliver(output)? {
            self.wake();
            self.beginning.note_place(&self.ring);
            let fed = *input;
            let ran = self.run(input, usize::MAX, 0);
            self.beginning.note(fed.get(..fed.len().saturating_sub(input.len())).unwrap_or_default());
            match ran {
                // Blocks may follow the final one.
                //= rfc7692#7.2.3.4-1
                (TINFLStatus::Done, _) => self.tables.get().init(),
                (TINFLStatus::HasMoreOutput, 1..) => {}
                (TINFLStatus::NeedsMoreInput, _) => {
                    self.ring.deliver(output)?;
                    break;
                }
                _ => self.ring.spoil(),
            }
        }
        Ok(())
    }

    pub(super) fn finish(&mut self) -> Result<(), BadStream> {
        self.wake();
        let mut tail = &TAIL[..];
        match self.run(&mut tail, 0, inflate_flags::TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY) {
            (TINFLStatus::BlockBoundary | TINFLStatus::Done, 0) if tail.is_empty() => Ok(()),
            _ => Err(BadStream),
        }
    }

    /// Gives the tables back behind a message, unless it ended within its last byte and can't be read again: the next one
    /// begins with what is left of that byte.
    pub(super) fn end_message(&mut self) {
        let within = self.tables.get().block_boundary_state().is_some_and(|state| state.num_bits > 0);
        if within {
            self.rest();
            self.beginning.end_within();
        } else {
            self.tables.give_back();
            self.beginning.end();
        }
    }

    /// Gives the tables back where what they hold can be found again.
    pub(super) fn rest(&mut self) {
        if self.beginning.can_be_read_again(&self.ring) {
            self.tables.give_back();
        }
    }

    /// Has the tables hold what they held before a [`rest`](Self::rest).
    fn wake(&mut self) {
        if self.tables.is_in_use() || self.beginning.is_empty() {
            return;
        }
        let (bytes, len) = self.beginning.go_back(&mut self.ring);
        let mut again = bytes.get(..len).unwrap_or_default();
        loop {
            self.ring.make_room();
            match self.run(&mut again, usize::MAX, 0) {
                (TINFLStatus::Done, _) => self.tables.get().init(),
                (TINFLStatus::HasMoreOutput, 1..) => {}
                // What is bad stays so, and the next call tells.
                _ => break,
            }
        }
        self.ring.make_room();
        self.ring.all_is_delivered();
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
