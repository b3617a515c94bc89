//! The agreed extensions of one connection, stacked in the order in which they were agreed.
//!
//! With "foo, bar" agreed, the sender does bar(foo(data)), and the receiver reverses bar first. The output of one
//! extension goes through the next, including the output at the end of a frame. RFC 6455
//! [§9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::{fmt, mem};

use wsproto_frame::{FrameHeader, Opcode, Rsv};

use self::inbound::Inbound;
use self::stage::Stage;
use crate::{
    Extension, ExtensionConfig, ExtensionError, Handling, Outbound, OutboundFrame, Output, WriteBuffer,
};

mod inbound;
mod stage;
mod waiting_input;

/// The extensions that both sides agreed to, in order. By default there are none.
///
/// To receive a frame, pass its header to [`inbound_header`](Self::inbound_header). The result says what to do:
///
/// - [`Handling::Pass`]: use the payload unchanged.
/// - [`Handling::Swallow`]: drop the payload, since the frame is only for an extension.
/// - [`Handling::Transform`]: pass the payload to [`feed`](Self::feed) in pieces of some
///   [`INPUT_PIECE`](Self::INPUT_PIECE) bytes, and call [`pull`](Self::pull) as long as the result is [`Pulled::More`].
///   If [`is_swallowing`](Self::is_swallowing) returns true after a call, drop the output.
///
/// After an error the connection is over.
///
/// It is unwind-safe, even if its extensions are not: after a panic in one of them it calls none again, and returns
/// [`ExtensionError::Panicked`].
///
/// Without extensions it owns no memory. With extensions it holds at most one piece of input, and one piece between two
/// extensions.
#[derive(Default)]
pub struct Pipeline {
    inner: Option<Box<Inner>>,
}

struct Inner {
    /// In the order of the agreement: sending goes forwards, receiving backwards.
    stages: Vec<Stage>,
    /// All bits that an extension owns.
    rsv: Rsv,
    inbound: Inbound,
    /// Whether the message that is being sent is swallowed: its first frame was.
    swallowing: bool,
    /// The bytes that an extension wrote for the next one, when sending.
    scratch: [Vec<u8>; 2],
    /// Whether an extension is being called. After a panic it stays true.
    calling: bool,
}

/// The state after a panic is not used again: see `Inner::call`. Connections share configurations, which keep their
/// state consistent by their own locks.
impl UnwindSafe for Pipeline {}
impl RefUnwindSafe for Pipeline {}

/// Whether a piece of payload is the frame's last.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum FrameEnd {
    /// The frame's payload continues.
    Pending,
    /// The frame's payload ends here.
    Reached,
}

/// The next step after output was pulled.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Pulled {
    /// The room was used up, and there may be more: pull again.
    More,
    /// All output is out: feed the frame's next piece.
    Drained,
    /// The frame is finished.
    Finished,
}

impl Pipeline {
    /// A good length of the pieces that [`feed`](Self::feed) takes, in bytes.
    pub const INPUT_PIECE: usize = 16 << 10;

    pub(crate) fn new(agreed: Vec<(Arc<dyn ExtensionConfig>, Box<dyn Extension>)>) -> Self {
        if agreed.is_empty() {
            return Self::default();
        }
        let rsv = agreed.iter().fold(Rsv::NONE, |all, (_, extension)| all | extension.rsv());
        let stages = agreed.into_iter().map(Stage::new).collect();
        Self {
            inner: Some(Box::new(Inner {
                stages,
                rsv,
                inbound: Inbound::default(),
                swallowing: false,
                scratch: Default::default(),
                calling: false,
            })),
        }
    }

    /// Returns whether no extension was agreed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.inner.is_none()
    }

    /// Returns the names of the extensions, in the order in which they were agreed.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.inner.iter().flat_map(|inner| inner.stages.iter().map(Stage::name))
    }

    /// Returns the name and the [key](Extension::outbound_key) of each extension, in the order in which they were
    /// agreed.
    ///
    /// If all have a key, the output of [`outbound`](Self::outbound) for a whole message can be sent on each connection
    /// with the same names and keys.
    pub fn outbound_keys(&self) -> impl Iterator<Item = (&str, Option<u128>)> {
        self.inner.iter().flat_map(|inner| inner.stages.iter().map(Stage::outbound_key))
    }

    /// Returns whether any extension [keeps memory](Extension::keeps_memory) between messages.
    #[must_use]
    pub fn keeps_memory(&self) -> bool {
        self.inner.as_ref().is_some_and(|inner| inner.stages.iter().any(Stage::keeps_memory))
    }

    /// Returns all reserved bits that an extension owns.
    #[must_use]
    pub fn rsv(&self) -> Rsv {
        self.inner.as_ref().map_or(Rsv::NONE, |inner| inner.rsv)
    }

    /// Returns whether the frame that is being received is swallowed: drop its output.
    ///
    /// An extension may swallow the frame while its payload is fed, but never after any of it came out.
    #[must_use]
    pub fn is_swallowing(&self) -> bool {
        self.inner.as_ref().is_some_and(|inner| inner.stages.iter().any(Stage::is_swallowing))
    }

    /// Takes the header of the peer's frame, including control frames, and returns what happens to its payload.
    ///
    /// # Errors
    ///
    /// [`ExtensionError::UnownedRsv`] where a bit is set that no extension owns; an extension's refusal.
    #[inline]
    pub fn inbound_header(&mut self, header: &FrameHeader) -> Result<Handling, ExtensionError> {
        let unowned = header.rsv.difference(self.rsv());
        //= rfc6455#5.2-2
        if !unowned.is_empty() {
            return Err(ExtensionError::UnownedRsv(unowned));
        }
        match &mut self.inner {
            Some(inner) => inner.call(|inner| inner.inbound.header(&mut inner.stages, header)),
            None => Ok(Handling::Pass),
        }
    }

    /// Takes a piece of the frame's payload, unmasked, and writes as much of its output to `output` as fits.
    ///
    /// Input that doesn't fit is kept, so feed no further piece before [`pull`](Self::pull) has returned
    /// [`Pulled::Drained`]. If extensions were agreed and none transforms the frame, the payload comes out unchanged. A
    /// pipeline without extensions has no place to keep input, and drops it.
    ///
    /// # Errors
    ///
    /// An extension's refusal or fault.
    pub fn feed(
        &mut self,
        payload: &[u8],
        end: FrameEnd,
        output: &mut Output<'_>,
    ) -> Result<Pulled, ExtensionError> {
        match &mut self.inner {
            Some(inner) => inner.call(|inner| inner.inbound.feed(&mut inner.stages, payload, end, output)),
            None => Ok(Pulled::Drained),
        }
    }

    /// Writes more of the output that was kept back because it didn't fit.
    ///
    /// # Errors
    ///
    /// An extension's refusal or fault.
    pub fn pull(&mut self, output: &mut Output<'_>) -> Result<Pulled, ExtensionError> {
        match &mut self.inner {
            Some(inner) => inner.call(|inner| inner.inbound.pull(&mut inner.stages, output)),
            None => Ok(Pulled::Drained),
        }
    }

    /// Passes a frame to send through the extensions, including control frames.
    ///
    /// On [`Handling::Transform`] the new payload was appended to `out`. Otherwise nothing was: on [`Handling::Pass`]
    /// send the frame's own payload, on [`Handling::Swallow`] send nothing. Set the returned bits in the frame's
    /// header. A message whose first frame was swallowed is swallowed as a whole.
    ///
    /// # Errors
    ///
    /// An extension's refusal or fault. Then nothing was appended.
    #[inline]
    pub fn outbound<B: WriteBuffer>(
        &mut self,
        frame: &OutboundFrame<'_>,
        out: &mut B,
    ) -> Result<Outbound, ExtensionError> {
        match &mut self.inner {
            Some(inner) => inner.call(|inner| inner.outbound(frame, out)),
            None => Ok(Outbound::PASS),
        }
    }

    /// Passes the extensions the header of a data frame whose payload the caller writes unchanged.
    ///
    /// Returns the bits to set in the header. `None` means that an extension needs the payload, or swallows the
    /// message. Then nothing has changed, and [`outbound`](Self::outbound) takes the frame.
    ///
    /// ```
    /// # #[cfg(feature = "deflate")] {
    /// use std::sync::Arc;
    /// use wsproto_extensions::deflate::DeflateConfig;
    /// use wsproto_extensions::{ExtensionConfig, FrameHeader, Opcode, Rsv, respond};
    ///
    /// let configs: [Arc<dyn ExtensionConfig>; 1] = [Arc::new(DeflateConfig::default())];
    /// let (_, mut pipeline) = respond(&configs, &["permessage-deflate"]).unwrap();
    /// let header = FrameHeader::new(Opcode::Binary, 1 << 20); // for example of a file
    /// assert_eq!(pipeline.outbound_header(&header), Ok(Some(Rsv::NONE)));
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ExtensionError::ForeignRsv`], a fault of an extension.
    pub fn outbound_header(&mut self, header: &FrameHeader) -> Result<Option<Rsv>, ExtensionError> {
        match &mut self.inner {
            Some(inner) => {
                let header = FrameHeader { rsv: Rsv::NONE, mask: None, ..*header };
                inner.call(|inner| inner.outbound_header(&header))
            }
            None => Ok(Some(Rsv::NONE)),
        }
    }

    /// Returns whether all extensions are [per message](Extension::is_per_message): the output of
    /// [`outbound`](Self::outbound) for a frame may be cut into several, with the bits in the header of the first.
    #[must_use]
    pub fn is_per_message(&self) -> bool {
        self.inner.as_ref().is_none_or(|inner| inner.stages.iter().all(Stage::is_per_message))
    }

    /// Frees memory that an idle connection doesn't need: see [`Extension::park`].
    pub fn park(&mut self) {
        if let Some(inner) = &mut self.inner {
            // After a panic no extension is called, and the next call returns the error.
            let _parked = inner.call(|inner| {
                inner.stages.iter_mut().for_each(Stage::park);
                inner.inbound.park();
                inner.scratch = Default::default();
                Ok(())
            });
        }
    }

    /// Tells the extensions that the frame which [`outbound`](Self::outbound) returned last is not sent.
    pub fn outbound_dropped(&mut self) {
        if let Some(inner) = &mut self.inner {
            // After a panic no extension is called, and the next call returns the error.
            let _told = inner.call(|inner| {
                inner.stages.iter_mut().for_each(Stage::outbound_dropped);
                Ok(())
            });
        }
    }
}

/// Shows the names of the extensions, and no bytes on their way through them.
impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl Inner {
    /// Runs code that calls extensions, unless one of them has panicked.
    #[inline]
    fn call<T>(
        &mut self,
        call: impl FnOnce(&mut Self) -> Result<T, ExtensionError>,
    ) -> Result<T, ExtensionError> {
        if mem::replace(&mut self.calling, true) {
            return Err(ExtensionError::Panicked);
        }
        let result = call(self);
        self.calling = false;
        result
    }

    fn outbound_header(&mut self, header: &FrameHeader) -> Result<Option<Rsv>, ExtensionError> {
        if self.swallowing && header.opcode == Opcode::Continuation {
            return Ok(None);
        }
        let mut sum = Rsv::NONE;
        for (nth, stage) in self.stages.iter_mut().enumerate() {
            match stage.outbound_header(header) {
                Ok(Some(rsv)) => sum |= rsv,
                outcome => {
                    // An extension that needs the payload has not changed. One that set a foreign bit thinks that the
                    // frame is sent.
                    let seen = if outcome.is_err() { nth.saturating_add(1) } else { nth };
                    self.stages.iter_mut().take(seen).for_each(Stage::outbound_dropped);
                    return outcome;
                }
            }
        }
        Ok(Some(sum))
    }

    fn outbound<B: WriteBuffer>(
        &mut self,
        frame: &OutboundFrame<'_>,
        out: &mut B,
    ) -> Result<Outbound, ExtensionError> {
        let first = frame.opcode.is_data() && frame.opcode != Opcode::Continuation;
        if self.swallowing && frame.opcode == Opcode::Continuation {
            self.swallowing = !frame.fin;
            return Ok(Outbound::SWALLOW);
        }
        let start = out.len();
        let mut seen: usize = 1;
        let result = match self.stages.as_mut_slice() {
            [only] => only.outbound(frame, out, start),
            stages => outbound_through(stages, &mut self.scratch, frame, out, &mut seen),
        };
        let swallowed = matches!(result, Ok(Outbound { handling: Handling::Swallow, .. }));
        if first {
            self.swallowing = swallowed && !frame.fin;
        }
        if swallowed || result.is_err() {
            // The extension that swallowed the frame knows it.
            debug_assert!(seen > 0, "none but an extension swallows or fails");
            let others = seen.saturating_sub(usize::from(swallowed));
            self.stages.iter_mut().take(others).for_each(Stage::outbound_dropped);
        }
        if !matches!(result, Ok(Outbound { handling: Handling::Transform, .. })) {
            out.truncate(start);
        }
        if !self.stages.iter().any(Stage::keeps_memory) {
            self.scratch = Default::default();
        }
        result
    }
}

/// Lets each stage write for the next one, and the last one into `out`. `seen` counts the stages that have seen the
/// frame.
fn outbound_through<B: WriteBuffer>(
    stages: &mut [Stage],
    [current, next]: &mut [Vec<u8>; 2],
    frame: &OutboundFrame<'_>,
    out: &mut B,
    seen: &mut usize,
) -> Result<Outbound, ExtensionError> {
    *seen = 0;
    let mut sum = Outbound::PASS;
    //= rfc6455#9.1-7
    for stage in stages {
        let payload = if sum.handling == Handling::Transform { current.as_slice() } else { frame.payload };
        next.clear();
        *seen = seen.saturating_add(1);
        let one = stage.outbound(&frame.with_payload(payload), next, 0)?;
        if one.handling == Handling::Swallow {
            return Ok(Outbound::SWALLOW);
        }
        //= rfc6455#5.2-1
        sum.rsv |= one.rsv;
        if one.handling == Handling::Transform {
            sum.handling = Handling::Transform;
            mem::swap(current, next);
        }
    }
    if sum.handling == Handling::Transform {
        out.append(current);
    }
    Ok(sum)
}

#[cfg(test)]
mod tests;
