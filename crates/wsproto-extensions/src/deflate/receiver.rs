//! Decompression of the messages that arrive, within limits.

use alloc::boxed::Box;
use core::fmt;
use core::num::NonZeroU32;

use wsproto_frame::CloseCode;

use super::inflate::{BadStream, Decompressor};
use super::{DeflateConfig, Pool, WindowBits};
use crate::{Output, Refusal};

/// How many bytes a message may expand to before its ratio counts: a short text may be a run of one letter.
const RATIO_FREE: u64 = 64 * 1024;

/// After this many compressed bytes the ratio is checked, so the places don't depend on how the message arrives. They
/// expand to some 64 KiB at most.
const RATIO_STEP: u64 = 64;

/// The receiving half of the extension.
pub(super) struct Receiver {
    window: WindowBits,
    no_context_takeover: bool,
    max_ratio: Option<NonZeroU32>,
    pool: Pool,
    /// Made for the first compressed message.
    decompressor: Option<Box<Decompressor>>,
    /// The error after which nothing more is decompressed.
    failed: Option<Refusal>,
    /// Whether the message has any compressed bytes yet.
    begun: bool,
    /// How many of them were consumed. This field and the next ones are counted only with a limit on the ratio.
    consumed: u64,
    /// After how many of them the ratio was checked last.
    checked: u64,
    /// How many bytes came out of the message.
    produced: u64,
}

impl Receiver {
    pub(super) fn new(window: WindowBits, no_context_takeover: bool, config: &DeflateConfig) -> Self {
        Self {
            window,
            no_context_takeover,
            max_ratio: config.max_ratio,
            pool: config.pool.clone(),
            decompressor: None,
            failed: None,
            begun: false,
            consumed: 0,
            checked: 0,
            produced: 0,
        }
    }

    pub(super) const fn keeps_memory(&self) -> bool {
        !self.no_context_takeover
    }

    pub(super) fn start_message(&mut self) {
        self.begun = false;
        self.consumed = 0;
        self.checked = 0;
        self.produced = 0;
    }

    /// Decompresses until the input is used up or the output is full. After an error it returns that error again.
    pub(super) fn decompress(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Refusal> {
        self.verdict()?;
        let decompressed = self.decompress_some(input, output);
        decompressed.map_err(|refusal| self.fail(refusal))
    }

    /// Ends the message: it must end where a block ends (RFC 7692 §7.2.2).
    pub(super) fn finish(&mut self) -> Result<(), Refusal> {
        self.verdict()?;
        self.end_message().map_err(|refusal| self.fail(refusal))
    }

    /// Refuses all later messages, since the stream can't continue anywhere else. Returns the reason.
    pub(super) fn fail(&mut self, refusal: Refusal) -> Refusal {
        self.decompressor = None;
        self.failed = Some(refusal.clone());
        refusal
    }

    /// Keeps only the bytes of the stream that the next bytes may refer to.
    pub(super) fn park(&mut self) {
        if let Some(decompressor) = &mut self.decompressor {
            decompressor.park();
        }
    }

    fn verdict(&self) -> Result<(), Refusal> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    fn decompress_some(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Refusal> {
        self.begun |= !input.is_empty();
        if !self.begun {
            return Ok(());
        }
        match self.max_ratio {
            None => self.decompress_part(input, output),
            Some(ratio) => self.decompress_at_most(ratio, input, output),
        }
    }

    fn decompress_part(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Refusal> {
        let decompressor = self.decompressor.get_or_insert_with(|| self.pool.decompressor(self.window));
        //= rfc7692#7.2.3.1-1, rfc7692#7.2.3.3-1, rfc7692#7.2.3.5-1, rfc7692#7.2.3.6-1
        decompressor.decompress(input, output).map_err(refuse)
    }

    /// Does the same, and checks the ratio after every [`RATIO_STEP`] compressed bytes.
    fn decompress_at_most(
        &mut self,
        ratio: NonZeroU32,
        input: &mut &[u8],
        output: &mut Output<'_>,
    ) -> Result<(), Refusal> {
        loop {
            let step = usize::try_from(self.before_check()).unwrap_or(usize::MAX);
            let next = input.get(..step).unwrap_or(input);
            let (mut part, room) = (next, output.room());
            self.decompress_part(&mut part, output)?;
            let taken = next.len().saturating_sub(part.len());
            *input = input.get(taken..).unwrap_or_default();
            self.consumed = self.consumed.saturating_add(difference(taken, 0));
            self.produced = self.produced.saturating_add(difference(room, output.room()));
            if output.room() == 0 {
                return Ok(());
            }
            if self.before_check() == 0 {
                self.checked = self.consumed;
                self.check_ratio(ratio)?;
            }
            if input.is_empty() {
                return Ok(());
            }
        }
    }

    /// Returns how many compressed bytes may be consumed before the next check of the ratio.
    const fn before_check(&self) -> u64 {
        RATIO_STEP.saturating_sub(self.consumed.saturating_sub(self.checked))
    }

    fn end_message(&mut self) -> Result<(), Refusal> {
        if let Some(ratio) = self.max_ratio {
            self.check_ratio(ratio)?;
        }
        // An empty payload is no DEFLATE stream, but it can only mean an empty message.
        let Some(mut decompressor) = self.decompressor.take() else { return Ok(()) };
        if self.begun {
            //= rfc7692#7.2.2-1
            decompressor.finish().map_err(refuse)?;
        }
        //= rfc7692#7.2.3.2-1
        if self.no_context_takeover {
            self.pool.put_decompressor(decompressor);
            return Ok(());
        }
        self.decompressor = Some(decompressor);
        Ok(())
    }

    fn check_ratio(&self, ratio: NonZeroU32) -> Result<(), Refusal> {
        let allowed = self.consumed.saturating_mul(u64::from(ratio.get()));
        if self.produced.saturating_sub(RATIO_FREE) > allowed {
            return Err(Refusal::new(
                CloseCode::MESSAGE_TOO_BIG,
                "a message expands beyond the allowed ratio",
            ));
        }
        Ok(())
    }
}

/// Returns how many bytes were used. Lengths fit in 64 bits.
fn difference(before: usize, after: usize) -> u64 {
    u64::try_from(before.saturating_sub(after)).unwrap_or(u64::MAX)
}

fn refuse(BadStream: BadStream) -> Refusal {
    Refusal::new(CloseCode::INVALID_PAYLOAD, "a compressed message is not a DEFLATE stream")
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("window", &self.window)
            .field("no_context_takeover", &self.no_context_takeover)
            .finish_non_exhaustive()
    }
}
