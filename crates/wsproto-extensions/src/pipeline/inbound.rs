//! Receiving: a frame's payload on its way through the stages, in reverse order of the agreement.

use alloc::vec::Vec;
use core::mem;

use wsproto_frame::{FrameHeader, Opcode};

use super::stage::Stage;
use super::waiting_input::WaitingInput;
use super::{FrameEnd, Pipeline, Pulled};
use crate::{ExtensionError, Handling, Output};

/// The state of the frame that is being received.
pub(super) struct Inbound {
    header: FrameHeader,
    /// How many stages transform the frame.
    transforming: usize,
    /// Whether the last piece of the frame was fed.
    end: FrameEnd,
    /// Input that the first stage has not consumed yet.
    waiting: WaitingInput,
}

impl Default for Inbound {
    fn default() -> Self {
        let header = FrameHeader::new(Opcode::Continuation, 0);
        Self { header, transforming: 0, end: FrameEnd::Reached, waiting: WaitingInput::default() }
    }
}

impl Inbound {
    pub(super) fn header(
        &mut self,
        stages: &mut [Stage],
        header: &FrameHeader,
    ) -> Result<Handling, ExtensionError> {
        self.header = *header;
        self.end = FrameEnd::Pending;
        self.transforming = 0;
        //= rfc6455#9.1-7
        for stage in stages.iter_mut().rev() {
            if stage.inbound_header(header)? == Handling::Transform {
                self.transforming = self.transforming.saturating_add(1);
            }
        }
        Ok(match self.transforming {
            0 if stages.iter().any(Stage::is_swallowing) => Handling::Swallow,
            0 => Handling::Pass,
            _ => Handling::Transform,
        })
    }

    pub(super) fn feed(
        &mut self,
        stages: &mut [Stage],
        payload: &[u8],
        end: FrameEnd,
        output: &mut Output<'_>,
    ) -> Result<Pulled, ExtensionError> {
        self.end = end;
        if self.waiting.as_slice().is_empty() {
            let mut input = payload;
            let pulled = self.run(stages, &mut input, output)?;
            self.waiting.extend(input);
            return Ok(pulled);
        }
        self.waiting.extend(payload);
        self.pull(stages, output)
    }

    pub(super) fn pull(
        &mut self,
        stages: &mut [Stage],
        output: &mut Output<'_>,
    ) -> Result<Pulled, ExtensionError> {
        let mut waiting = mem::take(&mut self.waiting);
        let mut input = waiting.as_slice();
        let pulled = self.run(stages, &mut input, output)?;
        let consumed = waiting.as_slice().len().saturating_sub(input.len());
        waiting.consume(consumed);
        self.waiting = waiting;
        Ok(pulled)
    }

    /// Frees memory that isn't needed while the connection is idle.
    pub(super) fn park(&mut self) {
        self.waiting.park();
    }

    /// Works until no input or no room is left.
    fn run(
        &self,
        stages: &mut [Stage],
        input: &mut &[u8],
        output: &mut Output<'_>,
    ) -> Result<Pulled, ExtensionError> {
        if self.transforming == 0 {
            return Ok(self.copy(input, output));
        }
        while self.step(stages, input, output)? {}
        let last = stages.iter().find(|stage| stage.handling == Handling::Transform);
        if last.is_some_and(|stage| stage.ended) {
            if !stages.iter().any(Stage::keeps_memory) {
                for stage in stages {
                    stage.link = Vec::new();
                }
            }
            return Ok(Pulled::Finished);
        }
        if output.room() == 0 {
            return Ok(Pulled::More);
        }
        // The bytes before a refusal have gone through all stages, which may have refused them.
        let refused = stages.iter_mut().find_map(|stage| stage.refused.take());
        refused.map_or(Ok(Pulled::Drained), Err)
    }

    /// Lets each stage do one step, and returns whether any had something to do.
    fn step(
        &self,
        stages: &mut [Stage],
        input: &mut &[u8],
        output: &mut Output<'_>,
    ) -> Result<bool, ExtensionError> {
        let mut worked = false;
        let mut left = self.transforming;
        let mut before: Option<&mut Stage> = None;
        for stage in stages.iter_mut().rev().filter(|stage| stage.handling == Handling::Transform) {
            left = left.saturating_sub(1);
            worked |= if left == 0 {
                self.step_one(before, stage, input, output)?
            } else {
                let mut link = mem::take(&mut stage.link);
                let room = Pipeline::INPUT_PIECE.saturating_sub(link.len());
                let stepped = self.step_one(before, stage, input, &mut Output::new(&mut link, room));
                stage.link = link;
                stepped.unwrap_or_else(|refused| {
                    stage.refused = Some(refused);
                    true
                })
            };
            before = Some(stage);
        }
        Ok(worked)
    }

    /// Does a step of one stage. Its input is `input` or the output of the stage before it.
    fn step_one(
        &self,
        before: Option<&mut Stage>,
        stage: &mut Stage,
        input: &mut &[u8],
        output: &mut Output<'_>,
    ) -> Result<bool, ExtensionError> {
        let Some(before) = before else {
            return stage.step(&self.header, input, self.end == FrameEnd::Reached, output);
        };
        let mut linked = before.link.get(before.consumed..).unwrap_or_default();
        let worked = stage.step(&self.header, &mut linked, before.ended, output)?;
        before.consumed = before.link.len().saturating_sub(linked.len());
        if linked.is_empty() {
            before.link.clear();
            before.consumed = 0;
        }
        Ok(worked)
    }

    fn copy(&self, input: &mut &[u8], output: &mut Output<'_>) -> Pulled {
        let written = output.write(input);
        *input = input.get(written..).unwrap_or_default();
        match self.end {
            _ if !input.is_empty() => Pulled::More,
            FrameEnd::Pending => Pulled::Drained,
            FrameEnd::Reached => Pulled::Finished,
        }
    }
}
