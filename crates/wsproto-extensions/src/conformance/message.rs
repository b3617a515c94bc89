//! The messages of a check, and how they arrive.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use wsproto_frame::Opcode;

use crate::OutboundFrame;

/// The ways in which a message is cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// How many bytes of a message each fragment has.
    pub(super) fragment: usize,
    /// How many bytes of a payload arrive at once.
    pub(super) piece: usize,
    /// How many bytes may come out at once.
    pub(super) room: usize,
}

/// A message to send.
#[derive(Clone)]
pub(super) struct Message {
    pub(super) opcode: Opcode,
    pub(super) payload: Vec<u8>,
}

impl Message {
    pub(super) fn name(&self, cut: Cut) -> String {
        format!("{:?} of {} bytes, {cut:?}", self.opcode, self.payload.len())
    }

    /// Returns the message in frames.
    pub(super) fn frames(&self, cut: Cut) -> Vec<OutboundFrame<'_>> {
        let mut parts: Vec<&[u8]> = self.payload.chunks(cut.fragment).collect();
        if parts.is_empty() {
            parts.push(&[]);
        }
        let last = parts.len().saturating_sub(1);
        let frame = |(at, part)| {
            let mut frame =
                OutboundFrame::new(if at == 0 { self.opcode } else { Opcode::Continuation }, part);
            frame.fin = at == last;
            frame
        };
        parts.into_iter().enumerate().map(frame).collect()
    }
}

/// Returns messages of all kinds, binary and text in turn: empty, short, repetitive, random.
pub(super) fn messages() -> [Message; 10] {
    let binary = |payload| Message { opcode: Opcode::Binary, payload };
    let text = |text: &str| Message { opcode: Opcode::Text, payload: text.as_bytes().to_vec() };
    [
        binary(Vec::new()),
        text(""),
        binary(vec![0]),
        text("Hello"),
        binary(b"Hello".to_vec()),
        text(&"All work and no play makes a dull message. ".repeat(40)),
        binary(noise(1500, 1)),
        text(&"Gr\u{fc}\u{df}e, \u{4e16}\u{754c}! ".repeat(60)),
        binary(vec![b'a'; 3000]),
        text("Hello"),
    ]
}

/// Returns bytes that look random, and are the same each time.
pub(super) fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let byte = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    core::iter::repeat_with(byte).take(len).collect()
}

/// Whether a message reaches the program, or a part of it was swallowed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fate {
    Arrived,
    Swallowed,
}

/// The received bytes of a message.
#[derive(Default)]
pub(super) struct Received {
    bytes: Vec<u8>,
    swallowed: bool,
}

impl Received {
    /// Adds the output of a frame, `None` where it was swallowed.
    pub(super) fn add(&mut self, taken: Option<Vec<u8>>) {
        match taken {
            Some(bytes) => self.bytes.extend(bytes),
            None => self.swallowed = true,
        }
    }

    /// Returns the fate of a message, `None` where a different one arrived. If a part was swallowed, the rest may be
    /// anything.
    pub(super) fn fate(&self, payload: &[u8]) -> Option<Fate> {
        if self.swallowed {
            return Some(Fate::Swallowed);
        }
        (self.bytes == payload).then_some(Fate::Arrived)
    }
}
