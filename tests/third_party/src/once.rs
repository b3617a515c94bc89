//! `x-once`: what is said twice in a row arrives once, and heartbeats don't arrive at all.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::mem;

use wsproto_extensions::{
    CloseCode, Extension, ExtensionConfig, FrameHeader, Handling, Opcode, Outbound, OutboundFrame, Output,
    Params, Progress, Reason, Refusal, Rsv,
};

const NAME: &str = "x-once";

/// The first byte of each message.
const NEW: u8 = b'N';
const REPEATED: u8 = b'R';

/// The payload of a Pong that is a heartbeat.
const HEARTBEAT: &[u8] = b"heartbeat";

/// Negotiates `x-once`, which has no parameters.
///
/// A whole message that equals the one before it isn't sent, or is sent with a mark by which the peer swallows it: a proxy
/// on the way then sees that the connection lives. A Pong with the payload `heartbeat` and RSV3 is for the extension alone.
#[derive(Clone, Debug, Default)]
pub struct Once {
    /// Whether a message that is repeated is sent, with its mark.
    pub sends_repeated: bool,
}

impl ExtensionConfig for Once {
    fn name(&self) -> &str {
        NAME
    }

    fn rsv(&self) -> Rsv {
        Rsv::RSV3
    }

    fn offers(&self) -> Vec<Params<'static>> {
        vec![Params::new(NAME)]
    }

    fn agree(&self, answer: &Params<'_>) -> Result<Box<dyn Extension>, Reason> {
        if answer.iter().len() > 0 {
            return Err(Reason::new("it has no parameters"));
        }
        Ok(Box::new(Agreed {
            sends_repeated: self.sends_repeated,
            sent: None,
            before: None,
            place: Place::Within,
            swallows: false,
        }))
    }

    fn answer(&self, offer: &Params<'_>) -> Option<(Params<'static>, Box<dyn Extension>)> {
        self.agree(offer).ok().map(|agreed| (Params::new(NAME), agreed))
    }
}

#[derive(Debug)]
struct Agreed {
    sends_repeated: bool,
    /// The last message that was sent, if it was one frame, and what that was before the last frame.
    sent: Option<(Opcode, Vec<u8>)>,
    before: Option<(Opcode, Vec<u8>)>,
    /// Where in the message the payload stands that comes next.
    place: Place,
    /// Whether the message that comes is swallowed.
    swallows: bool,
}

#[derive(Debug)]
enum Place {
    Mark,
    Within,
}

impl Extension for Agreed {
    fn rsv(&self) -> Rsv {
        Rsv::RSV3
    }

    fn inbound_header(&mut self, header: &FrameHeader) -> Result<Handling, Refusal> {
        match (header.opcode, header.rsv.contains(Rsv::RSV3)) {
            (Opcode::Pong, true) => Ok(Handling::Swallow),
            (_, true) => Err(Refusal::new(CloseCode::PROTOCOL_ERROR, "RSV3 is for heartbeats")),
            (Opcode::Text | Opcode::Binary, false) => {
                self.place = Place::Mark;
                self.swallows = false;
                Ok(Handling::Transform)
            }
            // The mark is in the first frame that isn't empty.
            (Opcode::Continuation, false) if matches!(self.place, Place::Mark) => Ok(Handling::Transform),
            (Opcode::Continuation, false) if self.swallows => Ok(Handling::Swallow),
            _ => Ok(Handling::Pass),
        }
    }

    fn inbound(&mut self, input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Refusal> {
        if matches!(self.place, Place::Mark)
            && let Some((&mark, rest)) = input.split_first()
        {
            match mark {
                NEW => {}
                REPEATED => {
                    self.swallows = true;
                    output.swallow();
                }
                _ => return Err(Refusal::new(CloseCode::INVALID_PAYLOAD, "a message has no mark")),
            }
            self.place = Place::Within;
            *input = rest;
        }
        let written = output.write(input);
        *input = input.get(written..).unwrap_or_default();
        Ok(())
    }

    fn inbound_end(&mut self, header: &FrameHeader, _: &mut Output<'_>) -> Result<Progress, Refusal> {
        if header.fin && matches!(self.place, Place::Mark) {
            return Err(Refusal::new(CloseCode::INVALID_PAYLOAD, "a message has no mark"));
        }
        Ok(Progress::Done)
    }

    fn outbound(&mut self, frame: &OutboundFrame<'_>, output: &mut Output<'_>) -> Result<Outbound, Refusal> {
        self.before.clone_from(&self.sent);
        match frame.opcode {
            Opcode::Pong if frame.payload == HEARTBEAT => return Ok(Outbound::flagged(Rsv::RSV3)),
            Opcode::Close | Opcode::Ping | Opcode::Pong | Opcode::Continuation => return Ok(Outbound::PASS),
            Opcode::Text | Opcode::Binary => {}
        }
        let message = frame.fin.then(|| (frame.opcode, frame.payload.to_vec()));
        let repeated = message.is_some() && message == self.sent;
        self.sent = message;
        if repeated && !self.sends_repeated {
            return Ok(Outbound::SWALLOW);
        }
        output.write(&[if repeated { REPEATED } else { NEW }]);
        output.write(frame.payload);
        Ok(Outbound::transformed(Rsv::NONE))
    }

    fn outbound_dropped(&mut self) {
        self.sent = mem::take(&mut self.before);
    }
}
