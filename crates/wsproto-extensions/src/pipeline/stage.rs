//! One agreed extension in its place, and the checks that it keeps the contract.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use wsproto_frame::{FrameHeader, Opcode, Rsv};

use crate::{
    Extension, ExtensionConfig, ExtensionError, Handling, Outbound, OutboundFrame, Output, Progress,
    WriteBuffer,
};

pub(super) struct Stage {
    config: Arc<dyn ExtensionConfig>,
    extension: Box<dyn Extension>,
    /// Its treatment of the frame that is being received.
    pub(super) handling: Handling,
    /// Whether its last call filled the output, so that there may be more.
    full: bool,
    fate: Fate,
    /// Whether it wrote the end of the frame.
    pub(super) ended: bool,
    /// Its refusal. It counts once the next stages have seen the earlier output.
    pub(super) refused: Option<ExtensionError>,
    /// Its output for the next stage.
    pub(super) link: Vec<u8>,
    /// How many bytes of `link` the next stage has consumed.
    pub(super) consumed: usize,
}

/// The progress of an extension with the frame that is being received.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    /// It wrote nothing yet, and may swallow the frame.
    Open,
    /// It wrote a part of it.
    Written,
    Swallowed,
}

impl Stage {
    pub(super) fn new((config, extension): (Arc<dyn ExtensionConfig>, Box<dyn Extension>)) -> Self {
        let handling = Handling::Pass;
        Self {
            config,
            extension,
            handling,
            full: false,
            fate: Fate::Open,
            ended: false,
            refused: None,
            link: Vec::new(),
            consumed: 0,
        }
    }

    pub(super) fn name(&self) -> &str {
        self.config.name()
    }

    pub(super) fn outbound_key(&self) -> (&str, Option<u128>) {
        (self.config.name(), self.extension.outbound_key())
    }

    pub(super) fn keeps_memory(&self) -> bool {
        self.extension.keeps_memory()
    }

    pub(super) fn inbound_header(&mut self, header: &FrameHeader) -> Result<Handling, ExtensionError> {
        self.handling = self.extension.inbound_header(header)?;
        self.full = false;
        self.fate = if self.handling == Handling::Swallow { Fate::Swallowed } else { Fate::Open };
        self.ended = false;
        check_control(header.opcode, self.handling)?;
        Ok(self.handling)
    }

    /// Does one step with the frame that is being received, and returns whether there was anything to do.
    ///
    /// `over` means that nothing comes after `input`.
    pub(super) fn step(
        &mut self,
        header: &FrameHeader,
        input: &mut &[u8],
        over: bool,
        output: &mut Output<'_>,
    ) -> Result<bool, ExtensionError> {
        let before = (input.len(), output.room());
        if self.ended || self.refused.is_some() || output.room() == 0 {
            return Ok(false);
        }
        if !input.is_empty() || self.full {
            self.extension.inbound(input, output)?;
            self.note_written(before.1, output)?;
            self.full = output.room() == 0;
            if !input.is_empty() && before == (input.len(), output.room()) {
                return Err(ExtensionError::Stalled);
            }
            return Ok(true);
        }
        if !over {
            return Ok(false);
        }
        self.ended = self.extension.inbound_end(header, output)? == Progress::Done;
        self.note_written(before.1, output)?;
        if !self.ended && before.1 == output.room() {
            return Err(ExtensionError::Stalled);
        }
        Ok(true)
    }

    /// Records whether a call with this much room wrote something, and whether it swallowed the frame.
    fn note_written(&mut self, room: usize, output: &mut Output<'_>) -> Result<(), ExtensionError> {
        let swallowed = output.take_swallowed();
        self.fate = match (self.fate, swallowed) {
            (Fate::Swallowed, _) => Fate::Swallowed,
            (Fate::Open, Some(left)) if left == room => Fate::Swallowed,
            (Fate::Open | Fate::Written, Some(_)) => return Err(ExtensionError::SwallowedLate),
            (Fate::Open, None) if output.room() == room => Fate::Open,
            (Fate::Open | Fate::Written, None) => Fate::Written,
        };
        Ok(())
    }

    /// Returns whether the extension swallows the frame that is being received.
    pub(super) fn is_swallowing(&self) -> bool {
        self.fate == Fate::Swallowed
    }

    /// Tells the extension that the frame it saw last is not sent.
    pub(super) fn outbound_dropped(&mut self) {
        self.extension.outbound_dropped();
    }

    /// Frees memory that isn't needed while the connection is idle.
    pub(super) fn park(&mut self) {
        self.link.shrink_to_fit();
        self.extension.park();
    }

    /// Passes a frame's payload through the extension. Its output in `out` begins at `start`.
    pub(super) fn outbound<B: WriteBuffer>(
        &mut self,
        frame: &OutboundFrame<'_>,
        out: &mut B,
        start: usize,
    ) -> Result<Outbound, ExtensionError> {
        let mut output = out.output();
        let mut one = self.extension.outbound(frame, &mut output)?;
        if output.take_swallowed().is_some() {
            one.handling = Handling::Swallow;
        }
        self.check_bits(one.rsv)?;
        check_control(frame.opcode, one.handling)?;
        if one.handling == Handling::Swallow && frame.opcode == Opcode::Continuation && frame.fin {
            return Err(ExtensionError::SwallowedEnd);
        }
        if one.handling != Handling::Transform {
            out.truncate(start);
        }
        Ok(one)
    }

    /// Passes the header of a frame without its payload. Returns the bits, or `None` if the extension needs the
    /// payload.
    pub(super) fn outbound_header(&mut self, header: &FrameHeader) -> Result<Option<Rsv>, ExtensionError> {
        let rsv = self.extension.outbound_header(header);
        self.check_bits(rsv.unwrap_or(Rsv::NONE))?;
        Ok(rsv)
    }

    pub(super) fn is_per_message(&self) -> bool {
        self.extension.is_per_message()
    }

    fn check_bits(&self, rsv: Rsv) -> Result<(), ExtensionError> {
        let foreign = rsv.difference(self.extension.rsv());
        if foreign.is_empty() { Ok(()) } else { Err(ExtensionError::ForeignRsv(foreign)) }
    }
}

/// Checks the treatment of a control frame.
const fn check_control(opcode: Opcode, handling: Handling) -> Result<(), ExtensionError> {
    match handling {
        Handling::Transform if opcode.is_control() => Err(ExtensionError::ControlTransformed),
        Handling::Swallow if matches!(opcode, Opcode::Close) => Err(ExtensionError::SwallowedClose),
        Handling::Pass | Handling::Transform | Handling::Swallow => Ok(()),
    }
}
