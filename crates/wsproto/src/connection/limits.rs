//! The limits for the peer, and the counters for them.

#![expect(clippy::inline_always, reason = "what goes through memory costs more than the work itself")]

use wsproto_frame::{FrameHeader, Opcode};

use super::Connection;
use crate::{Config, RemoteProtocolError};

/// The configuration's limits. One that doesn't fit in 32 bits means no limit: the counters saturate there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    fragments: u32,
    empty_fragments: u32,
    control_frames: u32,
}

impl Limits {
    pub(super) fn new(config: &Config) -> Self {
        let count = |limit| u32::try_from(limit).unwrap_or(u32::MAX);
        Self {
            fragments: count(config.fragments()),
            empty_fragments: count(config.max_empty_fragments),
            control_frames: count(config.max_control_frames),
        }
    }
}

/// How many frames of a message have arrived.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MessageSize {
    fragments: u32,
    /// How many of the last fragments were empty.
    empty_fragments: u32,
    /// How many Pings and Pongs came since the last data frame.
    control_frames: u32,
}

impl Connection {
    /// Counts a frame, and checks the limits.
    #[inline(always)]
    pub(super) fn count_frame(&mut self, header: &FrameHeader) -> Result<(), RemoteProtocolError> {
        match header.opcode {
            Opcode::Text | Opcode::Binary => {
                self.received = MessageSize::default();
                if header.fin { Ok(()) } else { self.count_fragment(header.payload_len) }
            }
            Opcode::Continuation => self.count_fragment(header.payload_len),
            Opcode::Ping | Opcode::Pong => self.count_control_frame(),
            Opcode::Close => Ok(()),
        }
    }

    fn count_fragment(&mut self, len: u64) -> Result<(), RemoteProtocolError> {
        let (received, limits) = (&mut self.received, self.limits);
        received.control_frames = 0;
        received.fragments = received.fragments.saturating_add(1);
        received.empty_fragments = if len == 0 { received.empty_fragments.saturating_add(1) } else { 0 };
        if received.fragments > limits.fragments {
            return Err(RemoteProtocolError::TooManyFragments { limit: limits.fragments.into() });
        }
        if received.empty_fragments > limits.empty_fragments {
            return Err(RemoteProtocolError::TooManyEmptyFragments { limit: limits.empty_fragments.into() });
        }
        Ok(())
    }

    fn count_control_frame(&mut self) -> Result<(), RemoteProtocolError> {
        let limit = self.limits.control_frames;
        self.received.control_frames = self.received.control_frames.saturating_add(1);
        if self.received.control_frames > limit {
            return Err(RemoteProtocolError::TooManyControlFrames { limit: limit.into() });
        }
        Ok(())
    }
}
