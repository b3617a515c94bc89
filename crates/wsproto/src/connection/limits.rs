//! The limits for the peer, and the counters for them.

#![expect(clippy::inline_always, reason = "what goes through memory costs more than the work itself")]

use wsproto_frame::{FrameHeader, Opcode};

use super::Connection;
use crate::{Config, RemoteProtocolError};

/// The configuration's limits. One that doesn't fit in 32 bits means no limit: the counters saturate there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) message_len: u64,
    fragments: u32,
    empty_fragments: u32,
    control_frames: u32,
}

impl Limits {
    pub(super) fn new(config: &Config) -> Self {
        let count = |limit| u32::try_from(limit).unwrap_or(u32::MAX);
        Self {
            message_len: config.max_message_len,
            fragments: count(config.fragments()),
            empty_fragments: count(config.max_empty_fragments),
            control_frames: count(config.max_control_frames),
        }
    }
}

/// The size so far of a message. Of an unfragmented one, only the bytes that extensions made of it are counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MessageSize {
    /// How many bytes extensions made of its payloads.
    pub(super) transformed: u64,
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

    /// Counts the bytes that extensions made of a message, and checks the limit. The decoder has checked its payloads.
    pub(super) fn count_transformed(&mut self, len: usize) -> Result<(), RemoteProtocolError> {
        let (len, limit) = (self.received.transformed.saturating_add(len as u64), self.limits.message_len);
        self.received.transformed = len;
        //= rfc6455#10.4-1
        if len > limit { Err(RemoteProtocolError::MessageTooLong { limit }) } else { Ok(()) }
    }

    /// Returns the most bytes that extensions may make at once: at most `most`, and at most one byte beyond the limit.
    /// That byte shows that a message is too long before an error in the rest is found.
    pub(super) fn room_under_limit(&self, most: usize) -> usize {
        let allowed = self.limits.message_len.saturating_sub(self.received.transformed).saturating_add(1);
        usize::try_from(allowed).map_or(most, |allowed| most.min(allowed))
    }
}
