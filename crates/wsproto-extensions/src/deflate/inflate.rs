//! Decompression: DEFLATE (RFC 1951) with work per block that is bounded by its bytes and by its output.
//!
//! Libraries do more work for each block than its few bits pay for: tables are made anew, a window is copied. Here a
//! block without its own codes costs some forty instructions. A block with its own codes has at least twelve bytes, and
//! costs some thousands. The stream may pause at any bit. A final block doesn't end it (RFC 7692 §7.2.3.4).
//!
//! ```text
//!        ┌───────────────► BlockStart ◄───────────────────────────┐
//!        │                  │      │                              │
//!   Stored ◄── StoredLen ◄──┘      ├──► Symbols(Fixed) ───────────┤
//!                                  └──► Counts ─► LengthCode ─► Lengths ─► Symbols(Dynamic)
//! ```

mod bit_reader;
mod codes;
mod dynamic;
mod history;
mod spare_codes;
mod symbols;

use self::bit_reader::BitReader;
use self::codes::FIXED;
use self::dynamic::Dynamic;
use self::history::History;
use self::spare_codes::SpareCodes;
use self::symbols::Decoded;
use super::WindowBits;
use super::backend::TAIL;
use crate::Output;

/// The stream is invalid and can't continue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct BadStream;

/// A raw DEFLATE stream that is being read.
pub(super) struct Decompressor {
    history: History,
    bits: BitReader,
    step: Step,
    /// Whether the block is marked as the final one.
    last: bool,
    /// The rest of a match for which there was no room.
    repeat: Repeat,
    /// Present from the beginning to the end of a block with its own codes.
    dynamic: SpareCodes,
}

/// The next element of a stream.
#[derive(Clone, Copy)]
enum Step {
    /// The three bits with which a block begins.
    BlockStart,
    /// The length of a stored block and its complement.
    StoredLen,
    /// This many bytes of a stored block.
    Stored(u16),
    /// How many codes a block has.
    Counts,
    /// The code for the lengths of codes.
    LengthCode,
    /// The lengths of the block's codes.
    Lengths,
    /// A symbol.
    Symbols(Kind),
    /// Nothing: the stream is invalid.
    Bad,
}

/// The codes that a block uses.
#[derive(Clone, Copy)]
enum Kind {
    Fixed,
    Dynamic,
}

/// Bytes that are repeated.
#[derive(Clone, Copy, Default)]
struct Repeat {
    distance: u16,
    len: u16,
}

/// The reason why a stream pauses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Pause {
    /// The input is used up.
    Input,
    /// There is no room for output.
    Room,
}

impl Decompressor {
    pub(super) const fn new(window: WindowBits) -> Self {
        Self {
            history: History::new(window),
            bits: BitReader { value: 0, count: 0 },
            step: Step::BlockStart,
            last: false,
            repeat: Repeat { distance: 0, len: 0 },
            dynamic: SpareCodes::NONE,
        }
    }

    pub(super) const fn fits(&self, window: WindowBits) -> bool {
        self.history.window == window.size()
    }

    /// Begins a new stream: no byte of the old one can be referred to.
    pub(super) fn reset(&mut self) {
        self.history.clear();
        self.bits = BitReader::default();
        self.step = Step::BlockStart;
        self.repeat = Repeat::default();
        self.dynamic.give_back();
    }

    /// Keeps only the bytes that can be referred to, in memory of exactly that size.
    pub(super) fn park(&mut self) {
        self.history.park();
    }

    /// Decompresses until the input is used up or the output is full.
    ///
    /// An error in a stream is returned only after all output before it, however the stream arrives.
    pub(super) fn decompress(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), BadStream> {
        while self.history.deliver(output) {
            if matches!(self.step, Step::Bad) {
                return Err(BadStream);
            }
            self.history.make_room();
            match self.run(input, false) {
                Ok(Pause::Room) => {}
                Ok(Pause::Input) => {
                    self.history.deliver(output);
                    break;
                }
                Err(BadStream) => self.step = Step::Bad,
            }
        }
        Ok(())
    }

    /// Checks that a message may end: with its last four bytes restored it must end between two blocks.
    pub(super) fn finish(&mut self) -> Result<(), BadStream> {
        self.history.make_room();
        let ended = self.run(&mut &TAIL[..], true) == Ok(Pause::Input);
        let between = matches!(self.step, Step::BlockStart);
        if ended && between && self.history.is_delivered() { Ok(()) } else { Err(BadStream) }
    }

    /// Decodes until the stream pauses. If the input ends a message, no bit after the block in which its last byte ends
    /// is decoded.
    fn run(&mut self, input: &mut &[u8], ends: bool) -> Result<Pause, BadStream> {
        loop {
            let paused = match self.step {
                Step::BlockStart if ends && input.is_empty() && self.bits.count < 8 => Some(Pause::Input),
                Step::BlockStart => self.start_block(input)?,
                Step::StoredLen => self.start_stored(input)?,
                Step::Stored(left) => self.stored(left, input),
                Step::Counts | Step::LengthCode | Step::Lengths => self.read_codes(input)?,
                Step::Symbols(kind) => self.symbols(kind, input)?,
                Step::Bad => return Err(BadStream),
            };
            if let Some(pause) = paused {
                return Ok(pause);
            }
        }
    }

    fn start_block(&mut self, input: &mut &[u8]) -> Result<Option<Pause>, BadStream> {
        let Some(start) = self.bits.take(3, input) else { return Ok(Some(Pause::Input)) };
        self.last = start & 1 == 1;
        self.step = match start >> 1 {
            0 => {
                self.bits.align();
                Step::StoredLen
            }
            1 => Step::Symbols(Kind::Fixed),
            2 => Step::Counts,
            _ => return Err(BadStream),
        };
        Ok(None)
    }

    /// Continues with the next block. Blocks may follow the final one, from the next byte on.
    //= rfc7692#7.2.3.4-1
    const fn end_block(&mut self) {
        if self.last {
            self.bits.align();
        }
        self.step = Step::BlockStart;
    }

    fn start_stored(&mut self, input: &mut &[u8]) -> Result<Option<Pause>, BadStream> {
        let Some(lens) = self.bits.take(32, input) else { return Ok(Some(Pause::Input)) };
        let [a, b, c, d] = lens.to_le_bytes();
        let (len, complement) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
        if len != !complement {
            return Err(BadStream);
        }
        self.step = Step::Stored(len);
        Ok(None)
    }

    fn stored(&mut self, mut left: u16, input: &mut &[u8]) -> Option<Pause> {
        while left > 0 && self.bits.count > 0 && self.history.room() > 0 {
            let [byte, ..] = self.bits.value.to_le_bytes();
            self.bits.drop(8);
            self.history.write(&[byte]);
            left = left.wrapping_sub(1);
        }
        if self.bits.count == 0 {
            let written = self.history.write(input.get(..left.into()).unwrap_or(input));
            *input = input.get(written..).unwrap_or_default();
            left = left.saturating_sub(u16::try_from(written).unwrap_or(u16::MAX));
        }
        self.step = Step::Stored(left);
        match left {
            0 => self.end_block(),
            _ if self.history.room() == 0 => return Some(Pause::Room),
            _ => return Some(Pause::Input),
        }
        None
    }

    fn read_codes(&mut self, input: &mut &[u8]) -> Result<Option<Pause>, BadStream> {
        let dynamic = self.dynamic.get();
        let (done, next) = match self.step {
            Step::Counts => {
                let counts = self.bits.take(Dynamic::COUNTS_LEN, input);
                counts.map(|counts| dynamic.start(counts)).transpose()?;
                (counts.is_some(), Step::LengthCode)
            }
            Step::LengthCode => (dynamic.read_length_code(&mut self.bits, input)?, Step::Lengths),
            _ => (dynamic.read_codes(&mut self.bits, input)?, Step::Symbols(Kind::Dynamic)),
        };
        if !done {
            return Ok(Some(Pause::Input));
        }
        self.step = next;
        Ok(None)
    }

    fn symbols(&mut self, kind: Kind, input: &mut &[u8]) -> Result<Option<Pause>, BadStream> {
        if self.repeat.len > 0 {
            // If some bytes are left there is no room, so nothing more is decoded either.
            self.repeat.len = self.history.repeat(self.repeat.distance, self.repeat.len);
        }
        let codes = match kind {
            Kind::Fixed => &FIXED,
            Kind::Dynamic => &self.dynamic.get().codes,
        };
        match symbols::decode(codes, &mut self.bits, input, &mut self.history)? {
            Decoded::End => {
                self.dynamic.give_back();
                self.end_block();
            }
            Decoded::Repeat(repeat) => self.repeat = repeat,
            Decoded::Paused(pause) => return Ok(Some(pause)),
        }
        Ok(None)
    }
}
