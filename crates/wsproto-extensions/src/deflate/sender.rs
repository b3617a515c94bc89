//! Compression of the messages that are sent.

use core::fmt;
use core::panic::UnwindSafe;

use wsproto_frame::CloseCode;

use super::backend::{Compressor, Flush, TAIL};
use super::{Backend, DeflateConfig, Pool, WindowBits};
use crate::{Output, Refusal};

/// The sending half of the extension.
pub(super) struct Sender {
    backend: Backend,
    window: WindowBits,
    no_context_takeover: bool,
    level: u8,
    pool: Pool,
    /// Made when the first message is compressed, and out of here while it works: one that panics is gone.
    compressor: Option<Compressor>,
}

impl UnwindSafe for Sender {}

impl Sender {
    pub(super) fn new(window: WindowBits, no_context_takeover: bool, config: &DeflateConfig) -> Self {
        Self {
            backend: config.backend,
            window,
            no_context_takeover,
            level: config.level,
            pool: config.pool.clone(),
            compressor: None,
        }
    }

    pub(super) const fn keeps_memory(&self) -> bool {
        !self.no_context_takeover
    }

    /// Names what decides how a whole message is compressed, in three bytes, where no earlier one does.
    pub(super) fn key(&self) -> Option<u128> {
        //= rfc7692#7.1.1.1-3, rfc7692#7.1.1.2-2
        let bytes = [0, self.backend as u8, self.level, self.window.get()];
        self.no_context_takeover.then(|| u32::from_be_bytes(bytes).into())
    }

    /// Compresses a part of a message that is not its last; the receiver can decompress all of it at once.
    pub(super) fn compress_part(&mut self, payload: &[u8], output: &mut Output<'_>) -> Result<(), Refusal> {
        self.compress(payload, Flush::Keep, output)
    }

    /// Compresses the last part of a message, or the whole of it.
    pub(super) fn compress_last(&mut self, payload: &[u8], output: &mut Output<'_>) -> Result<(), Refusal> {
        //= rfc7692#7.1.1.1-3, rfc7692#7.1.1.2-2, rfc7692#7.2.1-2
        let flush = if self.no_context_takeover { Flush::Forget } else { Flush::Keep };
        self.compress(payload, flush, output)?;
        let written = output.written();
        //= rfc7692#7.2.1-1
        let len = written.strip_suffix(&TAIL).unwrap_or(written).len();
        output.truncate(len);
        if self.no_context_takeover
            && let Some(compressor) = self.compressor.take()
        {
            self.pool.put_compressor(compressor);
        }
        Ok(())
    }

    /// Lets the next message refer to nothing, as the receiver won't see what was compressed last.
    pub(super) fn forget(&mut self) {
        if let Some(mut compressor) = self.compressor.take() {
            compressor.forget();
            self.compressor = Some(compressor);
        }
    }

    fn compress(&mut self, payload: &[u8], flush: Flush, output: &mut Output<'_>) -> Result<(), Refusal> {
        let kept = self.compressor.take();
        let mut compressor =
            kept.unwrap_or_else(|| self.pool.compressor(self.backend, self.level, self.window));
        if compressor.compress(payload, flush, output).is_none() {
            return Err(Refusal::new(CloseCode::INTERNAL_ERROR, "no room for a compressed message"));
        }
        self.compressor = Some(compressor);
        Ok(())
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("window", &self.window)
            .field("no_context_takeover", &self.no_context_takeover)
            .field("level", &self.level)
            .finish_non_exhaustive()
    }
}
