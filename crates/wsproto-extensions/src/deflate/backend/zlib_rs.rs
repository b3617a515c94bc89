//! DEFLATE by `zlib-rs`.

use alloc::boxed::Box;

use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateFlush, Status};

use super::beginning::Beginning;
use super::lent::{Lend, Lent, Spare};
use super::ring::Ring;
use super::{BadStream, Flush, TAIL};
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

/// The library has a window of its own, but forgets it at a final block, and can't be parted from it: what can be referred
/// to is kept beside it, so that it can be given back while that is little.
pub(super) struct Decompressor {
    /// Some 48 KB, whatever the window.
    state: Lent<Inflate>,
    /// How many bytes can be referred to behind a final block.
    window: usize,
    /// Twice that: the library may write behind what it tells of.
    ring: Ring,
    beginning: Beginning,
}

impl Lend for Inflate {
    fn fresh() -> Self {
        Self::new(false, WindowBits::MAX.get())
    }

    fn renew(&mut self) {
        self.reset(false);
    }

    fn with_spare<R>(call: impl FnOnce(&Spare<Self>) -> R) -> Option<R> {
        std::thread_local! {
            static SPARE: Spare<Inflate> = const { Spare::new(None) };
        }
        SPARE.try_with(call).ok()
    }
}

impl Decompressor {
    pub(super) fn new(window: WindowBits) -> Self {
        // As long as the ring is short it holds all that the library's window does, whatever was agreed.
        let window = window.size().max(Ring::FIRST.saturating_mul(2));
        // References to what came out in the same call are cheaper than those to the library's window.
        let ring = Ring::new(window.saturating_mul(2), 0);
        Self { state: Lent::NONE, window, ring, beginning: Beginning::default() }
    }

    pub(super) fn reset(&mut self) {
        self.state.give_back();
        self.ring.clear();
        self.beginning.clear();
    }

    pub(super) fn decompress(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), BadStream> {
        while self.ring.deliver(output)? {
            self.wake()?;
            self.beginning.note_place(&self.ring);
            let fed = *input;
            let (status, written, full) = self.run_to(input, output);
            let consumed = fed.get(..fed.len().saturating_sub(input.len())).unwrap_or_default();
            self.beginning.note(consumed);
            match status {
                // Blocks may follow the final one.
                //= rfc7692#7.2.3.4-1
                Ok(Status::StreamEnd) => self.restart()?,
                Ok(_) if input.is_empty() && !full => {
                    self.ring.deliver(output)?;
                    break;
                }
                Ok(_) if !consumed.is_empty() || written > 0 => {}
                Ok(_) | Err(BadStream) => self.ring.spoil(),
            }
        }
        Ok(())
    }

    /// Decompresses to where the output goes, if that can be, and else to the ring; returns how many bytes came out, and
    /// whether there was no room for more.
    fn run_to(
        &mut self,
        input: &mut &[u8],
        output: &mut Output<'_>,
    ) -> (Result<Status, BadStream>, usize, bool) {
        let place = output.place();
        let room = place.len();
        if room == 0 {
            return self.run_to_ring(input);
        }
        let (status, written) = run(self.state.get(), input, place, InflateFlush::NoFlush);
        let last = written.saturating_sub(self.window)..written;
        self.ring.keep(output.place().get(last).unwrap_or_default());
        output.advance(written);
        (status, written, written == room)
    }

    fn run_to_ring(&mut self, input: &mut &[u8]) -> (Result<Status, BadStream>, usize, bool) {
        let place = self.ring.free();
        let room = place.len();
        let (status, written) = run(self.state.get(), input, place, InflateFlush::NoFlush);
        self.ring.advance(written);
        (status, written, written == room)
    }

    pub(super) fn finish(&mut self) -> Result<(), BadStream> {
        self.wake()?;
        self.run_tail(TAIL)
    }

    /// Feeds the tail of a message, which must end a block and write nothing.
    ///
    /// Where that block is the final one the library tells only with the next bytes.
    fn run_tail(&mut self, tail: [u8; 4]) -> Result<(), BadStream> {
        let [a, b, c, d] = tail;
        // One byte more: it must be left.
        let mut tail = &[a, b, c, d, 0x00][..];
        let mut nothing = [0; 8];
        let (status, written) = run(self.state.get(), &mut tail, &mut nothing, InflateFlush::Block);
        if written > 0 || tail.len() != 1 {
            return Err(BadStream);
        }
        status.map(drop)
    }

    /// Gives the state back behind a message where what it holds can be found again.
    ///
    /// Behind one that is too long to be read again it can't be known whether bits of the last byte are left, with which
    /// the next one begins: from then on it is kept.
    pub(super) fn end_message(&mut self) {
        if !self.can_be_found_again() {
            self.beginning.give_up();
        } else if self.ended_within_its_last_byte() {
            self.beginning.end_within();
            self.state.give_back();
        } else {
            self.beginning.end();
            self.state.give_back();
        }
    }

    /// Reads the message once more, with another last bit: only to one that ended before that bit is it all the same.
    ///
    /// The state is useless after it.
    fn ended_within_its_last_byte(&mut self) -> bool {
        let [a, b, c, d] = TAIL;
        self.state.give_back();
        self.wake().is_ok() && self.run_tail([a, b, c, d ^ 0x80]).is_ok()
    }

    /// Gives the state back where what it holds can be found again.
    pub(super) fn rest(&mut self) {
        if self.can_be_found_again() {
            self.state.give_back();
        }
    }

    /// Tells whether the state can be made again, and without much to copy.
    fn can_be_found_again(&self) -> bool {
        self.ring.is_short() && self.beginning.can_be_read_again(&self.ring)
    }

    /// Has the state hold what it held before it was given back.
    fn wake(&mut self) -> Result<(), BadStream> {
        if self.state.is_in_use() {
            return Ok(());
        }
        if self.beginning.is_empty() {
            return self.start();
        }
        let (bytes, len) = self.beginning.go_back(&mut self.ring);
        let mut again = bytes.get(..len).unwrap_or_default();
        self.start()?;
        while !again.is_empty() {
            self.ring.make_room();
            let before = again.len();
            match self.run_to_ring(&mut again) {
                (Ok(Status::StreamEnd), ..) => self.restart()?,
                (Ok(_), written, _) if again.len() < before || written > 0 => {}
                _ => return Err(BadStream),
            }
        }
        self.ring.all_is_delivered();
        Ok(())
    }

    /// Goes on after a final block, with the window as it was.
    #[cold]
    fn restart(&mut self) -> Result<(), BadStream> {
        self.state.get().renew();
        self.start()
    }

    /// Has a stream that begins refer to what came before it.
    fn start(&mut self) -> Result<(), BadStream> {
        for part in self.ring.last(self.window).ok_or(BadStream)? {
            if !part.is_empty() {
                self.state.get().set_dictionary(part).map_err(|_| BadStream)?;
            }
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
